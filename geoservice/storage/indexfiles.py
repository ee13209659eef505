"""The FactIndex files on disk: one an organisation, opened once and kept mapped until another is swapped in."""

from __future__ import annotations

import os
from pathlib import Path

from geoservice.core import factfile
from geoservice.core.facts import FactIndex


def path_of(folder: Path, organisation_id: int) -> Path:
    """The index file of one organisation (0: open facts)."""
    return folder / f"{organisation_id}.facts"


class IndexFiles:
    """Opens index files and keeps them mapped until another one is swapped in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: dict[int, str] = {}
        self._open: dict[int, tuple[tuple[int, int], FactIndex]] = {}

    def get(self, organisation_id: int) -> FactIndex | None:
        """The newest index of an organisation; None where there is none yet."""
        path = self._paths.get(organisation_id)
        if path is None:
            path = self._paths[organisation_id] = str(path_of(self.folder, organisation_id))
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return None
        mark = (status.st_ino, status.st_mtime_ns)
        known = self._open.get(organisation_id)
        if known is None or known[0] != mark:
            known = (mark, factfile.open_index(Path(path)))
            self._open[organisation_id] = known
        return known[1]
