"""Files that wait for an import, and the requests that ask for one, under `uploads/attente`.

    attente/NUMBER/SHA256/NAME     bytes received for an organisation, under the name they came with
    attente/demandes/IMPORT.json   what an import that was asked for has to do

An import copies the bytes to its own keep (see uploads.py); what nobody asks for goes after a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from geoservice.core.factfile import sync_folder
from geoservice.errors import BadInput, TooLarge, disk_full
from geoservice.storage.engine import plain_errors

KEPT_S = 24 * 3_600
MOST_FILES = 20  # of an organisation; the oldest go first
LEAST_FREE = 200 << 20
NAME_BYTES = 120
_FOLDER, _REQUESTS = "attente", "demandes"


class Reception:
    """One file on its way in: `write` pieces, then `keep`; `drop` at the end in any case."""

    def __init__(self, uploads: Path, organisation_id: int, limit_mb: int) -> None:
        self.folder = uploads / _FOLDER / str(organisation_id)
        self._limit_mb, self._digest, self.size = limit_mb, hashlib.sha256(), 0
        with plain_errors():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self.folder).free < LEAST_FREE:
                raise disk_full()
            self._path = self.folder / f"{os.getpid()}-{time.time_ns():x}.part"
            self._file: IO[bytes] = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        """Add bytes; TooLarge beyond the limit, DiskFull where there is no room."""
        self.size += len(piece)
        if self.size > self._limit_mb << 20:
            raise TooLarge(f"Ce fichier dépasse {self._limit_mb} Mo ; découpez-le en plusieurs fichiers.")
        self._digest.update(piece)
        with plain_errors():
            self._file.write(piece)

    def keep(self, name: str) -> str:
        """Put the bytes in their place, durably; their SHA-256. BadInput for an empty file."""
        if not self.size:
            raise BadInput("Ce fichier est vide : choisissez-en un autre.")
        sha256 = self._digest.hexdigest()
        with plain_errors():
            self._file.flush()
            os.fsync(self._file.fileno())
            own = self.folder / sha256
            own.mkdir(exist_ok=True, mode=0o700)
            for older in own.iterdir():  # the same bytes under another name
                older.unlink(missing_ok=True)
            os.replace(self._path, own / name)
            sync_folder(own)
            os.utime(own)
        return sha256

    def drop(self) -> None:
        """Let go of the file, and of what was written when it was not kept."""
        with suppress(OSError):
            self._file.close()
            self._path.unlink(missing_ok=True)


def clean_name(name: str) -> str:
    """A file name as people know it, that stays in its folder whatever was sent."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "replace").decode("utf-8")
    shown = "".join(character for character in last if character.isprintable()).strip()
    stem, dot, ending = shown.rpartition(".")
    if not dot:
        stem, ending = ending, ""
    room = NAME_BYTES - len(ending.encode()) - 1
    if room < 1:
        stem, dot, ending, room = stem + dot + ending, "", "", NAME_BYTES
    stem = stem.encode()[:room].decode("utf-8", "ignore").lstrip(".") or "fichier"
    return f"{stem}{dot}{ending}"


def find(uploads: Path, organisation_id: int, sha256: str) -> Path | None:
    """The file that an organisation sent, None when it never did or it is gone."""
    folder = uploads / _FOLDER / str(organisation_id) / sha256
    try:
        return next((path for path in folder.iterdir() if path.is_file()), None)
    except OSError:
        return None


def discard(uploads: Path, organisation_id: int, sha256: str) -> None:
    """Forget a file that was imported; other requests for the same bytes keep it."""
    if (organisation_id, sha256) not in _asked_for(uploads):
        shutil.rmtree(uploads / _FOLDER / str(organisation_id) / sha256, ignore_errors=True)


def prune(uploads: Path, organisation_id: int) -> None:
    """Delete what nobody asked to import for a day, and the oldest of too many files."""
    folder, wanted, now = uploads / _FOLDER / str(organisation_id), _asked_for(uploads), time.time()
    with suppress(OSError):
        aged = sorted(((path.stat().st_mtime, path) for path in folder.iterdir()), reverse=True)
        for position, (moment, path) in enumerate(aged):
            if (organisation_id, path.name) in wanted or (position < MOST_FILES and now - moment < KEPT_S):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif now - moment > KEPT_S:  # what a killed server was receiving
                path.unlink(missing_ok=True)


def forgotten(uploads: Path, before: float) -> list[Path]:
    """Files that nobody asked to import, received before a moment (seconds since 1970); whoever sent them."""
    wanted, found = _asked_for(uploads), []
    for path in sorted((uploads / _FOLDER).rglob("*")):
        parts = path.relative_to(uploads / _FOLDER).parts
        asked = parts[0] == _REQUESTS or (parts[0].isdigit() and len(parts) > 1 and (int(parts[0]), parts[1]) in wanted)
        with suppress(OSError):
            if path.is_file() and not asked and path.stat().st_mtime < before:
                found.append(path)
    return found


def _asked_for(uploads: Path) -> set[tuple[int, str]]:
    return {(request["organisation_id"], request["upload"]) for request in _requests(uploads)}


def _requests(uploads: Path) -> Iterator[dict[str, Any]]:
    for path in (uploads / _FOLDER / _REQUESTS).glob("*.json"):
        with suppress(OSError, ValueError):
            yield json.loads(path.read_text("utf-8"))


def _request_path(uploads: Path, import_id: int) -> Path:
    return uploads / _FOLDER / _REQUESTS / f"{import_id}.json"


def write_request(uploads: Path, import_id: int, request: dict[str, Any]) -> None:
    """Note what an import has to do, durably."""
    path = _request_path(uploads, import_id)
    part = path.with_suffix(".part")
    with plain_errors():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with part.open("w", encoding="utf-8") as file:
            json.dump(request, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)


def read_request(uploads: Path, import_id: int) -> dict[str, Any] | None:
    """What an import has to do; None when nobody noted it here."""
    try:
        return json.loads(_request_path(uploads, import_id).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def forget_request(uploads: Path, import_id: int) -> None:
    """The import has ended."""
    with suppress(OSError):
        _request_path(uploads, import_id).unlink(missing_ok=True)


def forget_requests_but(uploads: Path, numbers: set[int]) -> None:
    """Forget every request but those of some imports."""
    for path in (uploads / _FOLDER / _REQUESTS).glob("*.json"):
        if not path.stem.isdigit() or int(path.stem) not in numbers:
            path.unlink(missing_ok=True)
