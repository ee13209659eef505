"""Two tenants ask for the same addresses in turn: does anything kept for one reach the other? `python -m tests.attack.caches`.

First in the process, with validators of one's own and of the other's; then by real HTTP through a cache that several share, which
keeps what headers let it keep. Answers are compared with those that each tenant gets of a service that nobody else asks.
"""

from __future__ import annotations

import argparse
import http.client
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from geoservice.settings import Settings
from geoservice.web import responses
from geoservice.web.app import create_app
from geoservice.web.routes import tiles
from tests import folders
from tests.bench.figures import Figure, commit, save, show, today
from tests.web.world import CANARY, World, build

COMMAND = "python -m tests.attack.caches"
_TILES = ("11/1036/705", "11/1037/704", "12/2073/1410", "12/2074/1408", "10/518/352", "13/4147/2820")
ADDRESSES = (
    *(f"/tiles/incidents/{tile}.{form}?kind=bailleur" for tile in _TILES for form in ("mvt", "png")),
    *(f"/tiles/patrimoine/{tile}.mvt" for tile in _TILES[:3]),
    *(f"/api/{name}?kind=bailleur&resolution={step}" for name in ("cells", "values", "geometry") for step in (7, 8, 9)),
    "/api/cells?kind=bailleur&resolution=8&category=DEG", "/api/cells?kind=bailleur&format=csv", "/api/layers", "/api/session",
    "/api/units?kind=bailleur", "/api/series?kind=bailleur&step=month", "/api/calendar?kind=bailleur",
    "/api/facets?kind=bailleur", "/api/features/patrimoine", "/api/residences?kind=bailleur", "/api/search?q=residence",
    "/api/zones?layer=qpv",
    "/tiles/patrimoine/tilejson.json", "/tiles/incidents/tilejson.json",
)


@dataclass(frozen=True)
class Answer:
    """What came back: status, body, headers that caches look at."""

    status: int
    body: bytes
    headers: dict[str, str]


Ask = Callable[[str, str, dict[str, str]], Answer]  # token, address, headers


@dataclass
class Found:
    """Requests made, answers that were another tenant's, and what headers would let a cache keep for everybody."""

    requests: int = 0
    crossings: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        self.crossings += 1
        self.kinds[what] += 1


def in_process(app: FastAPI) -> Ask:
    """Asks the application without a network."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def ask(token: str, address: str, headers: dict[str, str]) -> Answer:
        answer = client.get(address, headers={"Authorization": f"Bearer {token}", **headers})
        return Answer(answer.status_code, answer.content, dict(answer.headers))

    return ask


def references(world: World, folder: Path) -> dict[tuple[str, str], Answer]:
    """What each tenant gets of a service that nobody else asks, on a folder of its own."""
    found = {}
    for name, token in (("rives", world.rives), ("plaine", world.plaine)):
        with TestClient(create_app(folders.copied(world.settings.data, folder / name))) as client:
            ask = in_process(client.app)  # type: ignore[arg-type]
            found.update({(token, address): ask(token, address, {}) for address in ADDRESSES})
    return found


def alternate(ask: Ask, world: World, own: dict[tuple[str, str], Answer], requests: int, seed: int = 7) -> Found:
    """Requests of both in turn, at random addresses; every third shows a validator, of its own or of the other's."""
    chance, found = random.Random(seed), Found()
    tags: dict[tuple[str, str], str] = {}
    for number in range(requests):
        me, other = (world.rives, world.plaine) if number % 2 else (world.plaine, world.rives)
        address = chance.choice(ADDRESSES)
        shown = tags.get((chance.choice((me, other)), address)) if number % 3 == 0 else None
        answer = ask(me, address, {"If-None-Match": shown} if shown else {})
        found.requests += 1
        _judge(found, (own[me, address], own[other, address]), answer, shown == tags.get((other, address)) and shown is not None
               and shown != tags.get((me, address)))
        if "etag" in answer.headers:
            tags[me, address] = answer.headers["etag"]
    return found


def _judge(found: Found, expected: tuple[Answer, Answer], answer: Answer, theirs: bool) -> None:
    mine, other = expected
    differ = (mine.status, mine.body) != (other.status, other.body)
    if answer.status == 304:
        if theirs and differ:
            found.note("304 to the other's validator")
        return
    if differ and (answer.status, answer.body) == (other.status, other.body):
        found.note("the other's answer")
    elif CANARY.encode() in answer.body and CANARY.encode() not in mine.body:
        found.note("the other's word")
    if "private" not in answer.headers.get("cache-control", "") and "no-store" not in answer.headers.get("cache-control", ""):
        found.note("kept for everybody by its headers")


# --- by HTTP, through a cache that several share

class SharedCache:
    """A proxy as networks have them: keeps what it may, by address and by what Vary names, and revalidates what it must."""

    def __init__(self, port: int) -> None:
        self.port, self.kept = port, {}  # type: ignore[var-annotated]
        self.hits = 0
        self._local = threading.local()

    def ask(self, token: str, address: str, headers: dict[str, str]) -> Answer:
        """What a client behind the proxy gets."""
        sent = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity", **headers}
        for varied, answer in self.kept.get(address, ()):
            if all(sent.get(name) == value for name, value in varied.items()):
                self.hits += 1
                return answer
        answer = self._forward(address, sent)
        rules = {part.strip().partition("=")[0] for part in answer.headers.get("cache-control", "").lower().split(",")}
        if answer.status == 200 and not rules & {"private", "no-store", "no-cache"}:
            names = [name.strip().title() for name in answer.headers.get("vary", "").split(",") if name.strip()]
            self.kept.setdefault(address, []).append(({name: sent.get(name) for name in names}, answer))
        return answer

    def _forward(self, address: str, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        finally:
            connection.close()


@contextmanager
def served(settings: Settings) -> Iterator[int]:
    """The service on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="error", proxy_headers=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


# --- builds that cross, to see that this would be seen

@contextmanager
def careless_server() -> Iterator[None]:
    """A build that keeps tiles and marks answers without saying whose they are."""
    def nobody(*identity: object) -> str:
        return responses.tag_of(*(part for part in identity if not isinstance(part, int) and "-" not in str(part)))

    with mock.patch.object(tiles, "organisations_of", return_value=()), mock.patch.object(tiles, "tag_of", nobody):
        yield


@contextmanager
def careless_headers() -> Iterator[None]:
    """A build whose answers may be kept by anybody."""
    def respond(*given: Any, **also: Any) -> Any:
        answer = responses.respond(*given, **also)
        answer.headers["Cache-Control"] = "public, max-age=60"
        answer.headers["Vary"] = "Accept-Encoding"
        return answer

    with mock.patch.object(tiles, "respond", respond):
        yield


def run(requests: int, by_http: int) -> dict[str, Found]:
    """Both runs, and the same on careless builds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = build(folder)
        own = references(world, folder)
        found = {}
        for label, number, how in (("process", requests, None), ("process careless", requests // 10, careless_server)):
            with TestClient(create_app(world.settings)) as client, how() if how else mock.patch.dict({}):
                found[label] = alternate(in_process(client.app), world, own, number)  # type: ignore[arg-type]
        for label, number, how in (("proxy", by_http, None), ("proxy careless", by_http // 4, careless_headers)):
            with how() if how else mock.patch.dict({}), served(world.settings) as port:
                found[label] = alternate(SharedCache(port).ask, world, own, number)
    return found


def figures(found: dict[str, Found]) -> list[Figure]:
    """One row a way, beside its careless build."""
    return [Figure(f"attack/caches/{name}, {found[name].requests} requests of two tenants", 5, found[name].crossings, "crossings",
                   f"a careless build, {found[f'{name} careless'].requests} requests", found[f"{name} careless"].crossings,
                   found[name].crossings / max(1, found[f"{name} careless"].crossings),
                   "0, and more than 0 in the careless build", found[name].crossings == 0 < found[f"{name} careless"].crossings,
                   COMMAND, today(), commit()) for name in ("process", "proxy")]


def main() -> None:
    """Measure, print, and keep with --save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    found = run(given.requests, given.requests // 5)
    for name, each in found.items():
        print(name, each.requests, each.crossings, dict(each.kinds))
    rows = figures(found)
    print(show(rows))
    if given.save:
        save("caches", rows)


if __name__ == "__main__":
    main()
