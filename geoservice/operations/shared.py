"""The folder of shared releases: what is in it, and one release opened, with its seal checked. No database, no index.

Files: `TERRITORY.release`, `seal` (32 bytes), and what is public besides: `TERRITORY.names.json` (names of places for people) and
`TERRITORY.disclosed.json` (halls that their owners disclosed), both sealed. Whoever publishes swaps whole files.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geoservice.core.disclosure import releasefile
from geoservice.core.disclosure.release import Release
from geoservice.errors import NotFound, NotReady, UnreadableFile

ENDING, SEAL, PINNED = ".release", "seal", "pinned"
_TERRITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}", re.ASCII)
_NAMES, _DISCLOSED = ".names.json", ".disclosed.json"
_MOST_BYTES = 1 << 24
log = logging.getLogger("geoservice.shared")
_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, eq=False)
class Opened:
    """A release with its public name `id` (SHA-256 of its bytes), names of places, and what was computed from it."""

    territory: str
    release: Release
    id: str
    names: dict[str, str] = field(default_factory=dict)
    title: str = ""
    disclosed: tuple[dict[str, Any], ...] = ()
    beside: str = ""  # digest of the public files beside the release
    kept: dict[Any, Any] = field(default_factory=dict)

    def keep(self, key: Any, make: Any) -> Any:
        """What `make` gave once; all of it follows from the release."""
        if key not in self.kept:
            if len(self.kept) > 256:
                self.kept.clear()
            self.kept[key] = make()
        return self.kept[key]


class Folder:
    """The releases of a folder, opened once each time a file changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: dict[str, tuple[_Stamp, Opened]] = {}
        self._lock = threading.Lock()

    def territories(self) -> list[str]:
        """Names of the territories that have a release, sorted."""
        try:
            names = [entry.name for entry in os.scandir(self.path)]
        except OSError:
            return []
        stems = [name[:-len(ENDING)] for name in names if name.endswith(ENDING)]
        return sorted(stem for stem in stems if _TERRITORY.fullmatch(stem))

    def open(self, territory: str) -> Opened:
        """The current release of a territory; NotFound without one, NotReady when it is damaged or another's."""
        if not _TERRITORY.fullmatch(territory):
            raise unknown()
        stamp = self._stamp(territory)
        with self._lock:
            held = self._opened.get(territory)
        if held is not None and held[0] == stamp:
            return held[1]
        opened = self._read(territory, self.path / f"{territory}{ENDING}")
        with self._lock:
            self._opened[territory] = (stamp, opened)
        return opened

    def readable(self) -> list[Opened]:
        """All releases that can be opened, by territory; a damaged one is left out, and said in the log."""
        out = []
        for territory in self.territories():
            try:
                out.append(self.open(territory))
            except (NotReady, NotFound):
                log.error("a release cannot be opened")
        return out

    def pinned(self, territory: str, identity: str) -> Opened:
        """One release by its public name: the current one, or the copy that a share link keeps."""
        if not re.fullmatch(r"[0-9a-f]{64}", identity, re.ASCII) or not _TERRITORY.fullmatch(territory):
            raise unknown()
        key = f"{PINNED}/{identity}"
        path = self.path / PINNED / f"{identity}{ENDING}"
        with self._lock:
            held = self._opened.get(key)
        if held is not None and path.is_file():
            return held[1]
        opened = self._read(territory, path)
        if opened.id != identity:
            raise unknown()
        with self._lock:
            self._opened[key] = ((), opened)
        return opened

    def pin(self, opened: Opened) -> None:
        """Keep a copy of a release under its public name, so that a link goes on showing it and no other."""
        target = self.path / PINNED / f"{opened.id}{ENDING}"
        if target.is_file():
            return
        data = _bytes(self.path / f"{opened.territory}{ENDING}")
        if data is None or releasefile.digest(data) != opened.id:
            raise NotReady("Une nouvelle diffusion vient d’arriver ; recommencez.")
        target.parent.mkdir(mode=0o700, exist_ok=True)
        partial = target.with_suffix(".part")
        partial.write_bytes(data)
        partial.replace(target)

    def unpin(self, kept: set[str]) -> None:
        """Remove the copies that no link needs any more."""
        for path in sorted((self.path / PINNED).glob(f"*{ENDING}")):
            if path.name[:-len(ENDING)] not in kept:
                path.unlink(missing_ok=True)
                with self._lock:
                    self._opened.pop(f"{PINNED}/{path.name[:-len(ENDING)]}", None)

    def _stamp(self, territory: str) -> _Stamp:
        found = []
        for name in (f"{territory}{ENDING}", SEAL, f"{territory}{_NAMES}", f"{territory}{_DISCLOSED}"):
            try:
                state = os.stat(self.path / name)
                found.append((state.st_mtime_ns, state.st_size, state.st_ino))
            except OSError:
                found.append((0, 0, 0))
        return tuple(found)

    def _read(self, territory: str, path: Path) -> Opened:
        data, seal = _bytes(path), _bytes(self.path / SEAL)
        if data is None:
            raise unknown()
        try:
            if seal is None or len(seal) < 32:
                raise UnreadableFile("Le sceau manque.")
            return self._told(territory, path, data, seal)
        except (UnreadableFile, ValueError, KeyError, TypeError) as error:
            raise NotReady("La diffusion de ce territoire est abîmée ou scellée par un autre service : rien n’en est montré. "
                           "Demandez à qui la publie de la publier de nouveau.") from error

    def _told(self, territory: str, path: Path, data: bytes, seal: bytes) -> Opened:
        release, identity = releasefile.unpack(data, seal), releasefile.digest(data)
        fitting = identity if path.parent == self.path else None  # a kept copy is older than what lies beside
        named = self._beside(f"{territory}{_NAMES}", seal, fitting)
        halls = _halls(self._beside(f"{territory}{_DISCLOSED}", seal, fitting))
        names = {str(ref): str(name)[:120] for ref, name in named.get("names", {}).items()}
        title = str(named.get("title", ""))[:120]
        said = json.dumps([sorted(names.items()), title, halls], ensure_ascii=True)
        beside = hashlib.sha256(said.encode()).hexdigest()[:16]  # of what is shown, and of nothing else in the files
        return Opened(territory, release, identity, names, title, halls, beside)

    def _beside(self, name: str, seal: bytes, identity: str | None) -> dict[str, Any]:
        """What a file beside a release says; nothing where there is none, where it was altered or where it goes with another
        release than `identity` (None: with any)."""
        data = _bytes(self.path / name)
        if data is None:
            return {}
        try:
            told = releasefile.unpack_beside(name, data[:_MOST_BYTES], seal)
        except UnreadableFile:
            told = {}
        if told and identity in (None, *told["fits"]):
            return told
        log.error("what lies beside a release was altered or goes with another one: it is not shown")
        return {}


def unknown() -> NotFound:
    """The one answer for a territory that does not exist and for one that somebody may not open."""
    return NotFound("Ce territoire n’a pas de diffusion que vous puissiez ouvrir.")


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


_HALL = ("residence", "hall", "state", "date", "owner")


def _halls(told: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Halls that owners disclosed: only these fields, only texts; in the order of the file."""
    return tuple({name: str(row[name])[:120] if row.get(name) is not None else None for name in _HALL}
                 for row in told.get("halls", []))
