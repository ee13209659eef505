"""What every reader has: columns, notes, batches, close."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from geoservice.catalog.readers.unpack import Member, Workspace
from geoservice.catalog.rows import Batch, Note
from geoservice.catalog.schema import ReadHints


class Reader:
    """One table, from one file or from several members of an archive that share their columns.

    `columns` in the file's order and words; `notes` say how the file was understood. Every call of `batches`
    reads from the start.
    """

    columns: list[str]
    notes: list[Note]

    def __init__(self, members: list[Member], hints: ReadHints, workspace: Workspace) -> None:
        self.members, self.hints, self._workspace = members, hints, workspace
        self.columns, self.notes = [], []
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
    names: list[str] = []
    for position, value in enumerate(raw, start=1):
        name = base = str(value).strip().lstrip("\ufeff") if value not in (None, "") else f"colonne {position}"
        again = 2
        while name in names:
            name, again = f"{base} ({again})", again + 1
        names.append(name)
    return names
