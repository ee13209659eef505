"""What several server processes tell each other of their long computations: a file each in a folder that they alone share.

`geoservice serve --workers` makes the folder and removes it at its end. A file is named by a hash of its viewer and its name:
nobody finds somebody else's.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from geoservice.types import Viewer

FOLDER = "GEOSERVICE_COMPUTING"  # set by `server.serve` for its own processes, never by people


class Board:
    """Writes and reads how far computations are; a file may go between two looks, and is then nobody's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, owner: Viewer, name: str, said: dict[str, Any]) -> None:
        """Replace what was said."""
        path = self._path(owner, name)
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(said, allow_nan=False))
        os.replace(beside, path)

    def read(self, owner: Viewer, name: str) -> dict[str, Any] | None:
        """What was said last, None where there is nothing for this viewer."""
        try:
            return json.loads(self._path(owner, name).read_text())  # type: ignore[no-any-return]
        except FileNotFoundError:
            return None

    def ask_to_stop(self, owner: Viewer, name: str) -> None:
        """Leave word for the process that computes."""
        self._path(owner, name).with_suffix(".stop").touch()

    def is_to_stop(self, owner: Viewer, name: str) -> bool:
        """Whether another process was asked to end it."""
        return self._path(owner, name).with_suffix(".stop").exists()

    def remove(self, owner: Viewer, name: str) -> None:
        """Forget it."""
        for suffix in (".json", ".stop"):
            self._path(owner, name).with_suffix(suffix).unlink(missing_ok=True)

    def _path(self, owner: Viewer, name: str) -> Path:
        return self.folder / (hashlib.sha256(f"{owner!r}\0{name}".encode()).hexdigest() + ".json")
