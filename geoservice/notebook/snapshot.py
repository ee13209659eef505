"""A meeting's snapshot for analysts: its figures as a DataFrame, each made again from the frozen facts of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geoservice.core.snapshotfile import Snapshot, unpack
from geoservice.errors import NotFound
from geoservice.operations.snapshotfigures import Erased, compute, same
from geoservice.operations.snapshotview import View

if TYPE_CHECKING:
    from pandas import DataFrame


def open_snapshot(path: Path | str) -> Snapshot:
    """The snapshot of a `.geosnap` file; NotFound without the file, UnreadableFile where a byte of it was changed."""
    path = Path(path)
    if not path.is_file():
        raise NotFound(f"« {path} » n’existe pas : prenez le fichier d’un instantané sur la page Réunions.")
    return unpack(path.read_bytes())


def figures(snapshot: Snapshot) -> DataFrame:
    """Every figure: id, what, value, operation, the value made again, and whether they are one (None: its facts were erased)."""
    from pandas import DataFrame

    view = View(snapshot)
    rows = []
    for figure in snapshot.header["figures"]:
        try:
            again, _ = compute(view, figure["how"])
            equal = same(again, figure["value"])
        except Erased:
            again, equal = None, None
        rows.append((figure["id"], figure["what"], figure["value"], figure["how"]["operation"], again, equal))
    return DataFrame(rows, columns=["id", "what", "value", "operation", "again", "same"]).set_index("id")
