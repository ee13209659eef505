"""Rejected lines as a CSV that a spreadsheet opens, so that they can be corrected and imported again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geoservice.catalog.rows import Reject
from geoservice.export.tables import Table, to_csv

_TITLES = {"fichier": "file", "ligne": "line", "colonne": "column", "valeur": "value", "code": "code",
           "explication": "sentence"}


def write(path: Path, rejects: Sequence[Reject]) -> None:
    """The lines of `text_of` in a file."""
    path.write_bytes(text_of(rejects))


def text_of(rejects: Sequence[Reject]) -> bytes:
    """`;` between columns and a BOM, as French spreadsheets expect; formula cells neutralised."""
    columns = {title: [getattr(reject, name) for reject in rejects] for title, name in _TITLES.items()}
    return to_csv(Table(columns), bom=True, delimiter=";")
