"""What every reader has: columns, notes, batches, close."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from geoservice.catalog.readers.unpack import Member, Workspace
from geoservice.catalog.rows import Batch, Note
from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    from geoservice.catalog.schema import ReadHints

COLUMNS_MAX, NAME_MAX = 5_000, 200


class Reader:
    """One table, from one file or from several members of an archive that share their columns.

    `columns` in the file's order and words; `notes` say how the file was understood. Every call of `batches`
    reads from the start.
    """

    columns: list[str]
    notes: list[Note]
    tables: list[str]  # sheets of a workbook or layers of a GeoPackage, the one that is read first; empty elsewhere

    def __init__(self, members: list[Member], hints: ReadHints, workspace: Workspace) -> None:
        self.members, self.hints, self._workspace = members, hints, workspace
        self.columns, self.notes, self.tables = [], [], []
        self.prepare()

    def prepare(self) -> None:
        """Fill `columns` and `notes`; raise UnreadableFile when the file cannot be read at all."""
        raise NotImplementedError

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        """Batches of at most about `rows` lines, in the order of the file."""
        raise NotImplementedError

    def close(self) -> None:
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def distinct_names(raw: list[object]) -> list[str]:
    """Column names as text, none empty and none twice: `colonne 3` for a blank, `nom (2)` for a repeated one."""
    names: dict[str, None] = {}
    repeats: dict[str, int] = {}
    for position, value in enumerate(raw, start=1):
        name = base = readable(str(value)) if value not in (None, "") else f"colonne {position}"
        while name in names:
            repeats[base] = repeats.get(base, 1) + 1
            name = f"{base} ({repeats[base]})"
        names[name] = None
    return list(names)


def readable(name: str) -> str:
    """A name that can be shown: bounded, without control characters; lone surrogates are replaced."""
    text = name[:NAME_MAX].strip().lstrip("\ufeff").encode("utf-8", "replace").decode("utf-8")
    return "".join(character for character in text if character.isprintable() or character.isspace())


def few_columns(columns: list[str], file: str) -> list[str]:
    """The same columns; UnreadableFile when there are more than any export has."""
    if len(columns) > COLUMNS_MAX:
        raise UnreadableFile(f"{file} : ce fichier a {len(columns)} colonnes ou plus, {COLUMNS_MAX} au plus sont lues. Gardez "
                             "celles qui servent, ou vérifiez le séparateur.")
    return columns
