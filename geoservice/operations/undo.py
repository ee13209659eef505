"""Undoing an import: one transaction, after which the folder is what the other imports alone would have made of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit
from geoservice.operations.indexing import refresh_as_writer
from geoservice.storage import imports
from geoservice.storage import undo as storage_undo
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN


@dataclass(frozen=True)
class Undone:
    """What became of the rows that the import had met: gone, back to an earlier version, or kept since others have them too."""

    import_id: int
    layer: str
    removed: int
    restored: int
    kept: int

    def as_json(self) -> dict[str, Any]:
        """What `undo --json` prints."""
        return asdict(self)


def undo(storage: Storage, import_id: int) -> Undone:
    """Take an import back; its rejects and uploads stay listed. NotFound without such an import, BadInput where it cannot be."""
    with storage.only_writer():
        with storage.write() as connection:
            run = _run(imports.find(connection, import_id), import_id)
            taken = storage_undo.take_back(connection, import_id, run["layer"])
            if taken is None and run["accepted"] + run["updated"] + run["unchanged"]:
                raise BadInput(
                    f"L’import n° {import_id} date d’avant les annulations : restaurez une sauvegarde faite avant lui."
                )
            taken = taken or storage_undo.Taken()
            for number in taken.organisations or {OPEN}:
                imports.touch(connection, run["layer"], number)
            imports.finish(connection, import_id, "undone")
            audit.note(connection, run["organisation_id"], audit.SERVICE, "annulation", f"import {import_id} {run['layer']}")
        refresh_as_writer(storage)
    return Undone(import_id, run["layer"], taken.removed, taken.restored, taken.kept)


def _run(found: dict[str, Any] | None, import_id: int) -> dict[str, Any]:
    if found is None:
        raise NotFound(f"L’import n° {import_id} n’existe pas.")
    if found["status"] == "undone":
        raise BadInput(f"L’import n° {import_id} est déjà annulé.")
    return found
