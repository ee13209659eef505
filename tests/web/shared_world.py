"""A shared folder with two releases, and what a guest needs to open it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from geoservice.core.disclosure import releasefile
from geoservice.core.disclosure.release import Release, publish
from geoservice.operations import shared_access
from geoservice.operations.shared_access import KeyWish
from geoservice.web.shared.app import create_shared_app
from tests.attack.worlds import synthetic

SEAL, SECRET = b"k" * 32, b"s" * 32
TOWN, OTHER, QPV, COMMUNE = "petite-ville", "autre-ville", "qpv2024:QN00000", "commune:00000"


@lru_cache(maxsize=2)
def release(revision: int = 0) -> Release:
    """The small town's release, of one revision and secret."""
    world = synthetic("small_town")
    return publish(world.order(revision), world.facts, SECRET if revision == 0 else b"t" * 32).release


def build(folder: Path) -> Path:
    """A shared folder with the same release under two names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seal").write_bytes(SEAL)
    for name in (TOWN, OTHER):
        put(folder, name, release())
    return folder


def put(folder: Path, territory: str, made: Release) -> None:
    """Publish a release as a publisher would: the whole file at once."""
    partial = folder / f"{territory}.part"
    partial.write_bytes(releasefile.pack(made, SEAL))
    partial.replace(folder / f"{territory}.release")


def beside(folder: Path, territory: str, **said: Any) -> None:
    """What is public beside the release that lies there, sealed: `names` (with a `title`) or `halls`."""
    name = f"{territory}.{'disclosed' if 'halls' in said else 'names'}.json"
    fits = releasefile.digest((folder / f"{territory}.release").read_bytes())
    (folder / name).write_bytes(releasefile.pack_beside(name, said, (fits,), SEAL))


def key(folder: Path, territory: str = TOWN, **wish: object) -> str:
    """A reading key."""
    return shared_access.make_key(shared_access.open_shared(folder), KeyWish(territory, "essai", **wish))  # type: ignore[arg-type]


def client(folder: Path, secret: str | None = None) -> TestClient:
    """The shared surface; exceptions that escape are a 500, as they would be for a person."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return TestClient(create_shared_app(folder), headers=headers, raise_server_exceptions=False, follow_redirects=False)
