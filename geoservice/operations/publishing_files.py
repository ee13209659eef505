"""The shared folder as the database says it should be: whole files, swapped in; what a killed publication left is finished here.

The database decides (one transaction), the folder follows: whoever is killed in between leaves the release of before, and the
next command puts the decided one in its place. In the folder: `TERRITORY.release`, `seal`, and what is public beside it,
`TERRITORY.names.json` and `TERRITORY.disclosed.json`, each sealed and naming the release it goes with. Nothing private is ever
written there.
"""

from __future__ import annotations

import hmac
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from geoservice.core.disclosure import releasefile
from geoservice.core.disclosure.release import Release
from geoservice.core.factfile import sync_folder
from geoservice.core.query import EPOCH
from geoservice.errors import Conflict, NotReady, UnreadableFile
from geoservice.operations import territories
from geoservice.storage import engine as db
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage

RELEASE, NAMES, DISCLOSED, SEAL = ".release", ".names.json", ".disclosed.json", "seal"
SEAL_BYTES = 32
FIGURE = "chiffre"  # the state of a disclosure that is no hall's
_PART = ".part"


def private_seal(secret: bytes) -> bytes:
    """What seals a release inside the database: nobody else has it."""
    return hmac.digest(secret, b"geoservice kept release", "sha256")


def settle(storage: Storage) -> list[str]:
    """Make the shared folder what the database says; codes of territories whose release was (re)written."""
    with storage.read() as connection:
        rows = stored.latest(connection)
        told = {row.id: stored.disclosures(connection, row.id) for row in rows}
    if not rows:
        return []
    folder = storage.settings.shared_folder
    written = []
    with db.plain_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seal = _seal(folder)
        for row in rows:
            release = releasefile.unpack(row.packed, private_seal(row.secret))
            _no_step_back(folder / f"{row.code}{RELEASE}", seal, release)
            names = territories.load(storage, row.code).ground.names
            halls = [_hall(each) for each in told[row.id] if each.state != FIGURE]
            beside = {f"{row.code}{NAMES}": {"title": row.name, "names": names, "openers": _openers(storage, names)},
                      f"{row.code}{DISCLOSED}": {"halls": halls}}
            if _put(folder, row.code, releasefile.pack(release, seal), beside, seal):
                written.append(row.code)
    return written


def _put(folder: Path, code: str, packed: bytes, beside: dict[str, Any], seal: bytes) -> bool:
    """A release and what goes with it, so that at no moment one lies beside what does not fit it; False when all was there."""
    path = folder / f"{code}{RELEASE}"
    new = releasefile.digest(packed)
    there = releasefile.digest(path.read_bytes()) if path.is_file() else new
    changed = there != new and _put_beside(folder, beside, (there, new), seal)
    changed |= _swap(path, packed)
    return _put_beside(folder, beside, (new,), seal) or changed


def _put_beside(folder: Path, beside: dict[str, Any], fits: tuple[str, ...], seal: bytes) -> bool:
    swapped = [_swap(folder / name, releasefile.pack_beside(name, said, fits, seal)) for name, said in beside.items()]
    return any(swapped)


def in_folder(storage: Storage, code: str) -> Path:
    """Where a territory's release lies."""
    return storage.settings.shared_folder / f"{code}{RELEASE}"


def _no_step_back(path: Path, seal: bytes, release: Release) -> None:
    """Conflict when what lies there is later than what the database knows: an older backup was restored, and its next release
    would draw other numbers for months that are out."""
    try:
        there = releasefile.unpack(path.read_bytes(), seal)
    except (OSError, UnreadableFile, ValueError, KeyError, TypeError):
        return  # nothing there, damaged or sealed by another: it is put right
    if (there.revision, max(there.months)) > (release.revision, max(release.months)):
        raise Conflict(f"« {path} » est plus récent que cette base (une sauvegarde plus ancienne ?) : rien n’est écrit. "
                       "Reprenez la base qui l’a publié, ou donnez un autre dossier par GEOSERVICE_SHARED.")


def _seal(folder: Path) -> bytes:
    """The key that the publisher and the surface share: made once, of 32 random bytes, readable by their account alone."""
    path = folder / SEAL
    if path.is_file():
        found = path.read_bytes()
        if len(found) != SEAL_BYTES:
            raise NotReady(f"« {path} » n’est pas un sceau : effacez ce fichier, un autre sera créé.")
        return found
    made = secrets.token_bytes(SEAL_BYTES)
    _swap(path, made)
    return made


def _swap(path: Path, data: bytes) -> bool:
    """Write beside, onto the disk, then rename over it; False when the file says this already."""
    if path.is_file() and path.read_bytes() == data:
        return False
    part = path.with_name(f".{path.name}{_PART}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)
    return True


def _openers(storage: Storage, names: dict[str, str]) -> list[dict[str, str]]:
    """Organisations that an agreement lets open what is published here, from a day to the one before another."""
    with storage.read() as connection:
        found = stored.agreements(connection)
    return [{"organisation": each.opener, "since": _day(each.since), "until": _day(each.until)} for each in found
            if each.zone in names and each.revoked is None]


def _day(number: int) -> str:
    return (EPOCH + timedelta(days=number)).isoformat()


def _hall(row: Any) -> dict[str, Any]:
    return {"residence": row.residence, "hall": row.hall, "state": row.state, "owner": row.owner,
            "date": _day(row.day)}
