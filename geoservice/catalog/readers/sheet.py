"""XLSX, XLS and ODS through calamine. Dates come as dates; a date cell formatted as a number stays a serial."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from geoservice.catalog.readers.base import Reader, distinct_names, few_columns, readable
from geoservice.catalog.rows import Batch, Note
from geoservice.errors import UnreadableFile

CELLS_MAX = 4_000_000  # of a sheet, empty ones included: one cell far away makes a sheet as large as it is far


class SheetReader(Reader):
    def prepare(self) -> None:
        self._rows, sheet, others = self._load()
        self._start = next((i for i, row in enumerate(self._rows) if any(not _blank(c) for c in row)), None)
        if self._start is None:
            raise UnreadableFile(f"{self.members[0].name} : ce classeur est vide.")
        header = list(self._rows[self._start])
        while header and _blank(header[-1]):
            header.pop()
        self.columns = few_columns(distinct_names(header), self.members[0].name)
        self.tables = [readable(name) for name in (sheet, *others)]
        if others:
            self.notes = [Note("feuille", f"Feuille lue : « {sheet} ». Feuilles laissées : {', '.join(others)}.", 1, 1)]

    def _load(self) -> tuple[list[list[Any]], str, list[str]]:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError

        member = self.members[0]
        try:
            book = CalamineWorkbook.from_path(str(member.path))
            names = list(book.sheet_names)
            wanted = self.hints.sheet
            if wanted is not None and wanted not in names:
                raise UnreadableFile(f"{member.name} : la feuille « {wanted} » n’existe pas. Feuilles : {', '.join(names)}.")
            for name in [wanted] if wanted else names:
                sheet = book.get_sheet_by_name(name)
                if sheet.total_height * sheet.total_width > CELLS_MAX:
                    raise UnreadableFile(f"{member.name} : la feuille « {readable(name)} » s’étend sur {sheet.total_height} "
                                         f"lignes et {sheet.total_width} colonnes. Enregistrez-la en CSV.")
                rows = sheet.to_python(skip_empty_area=False)
                if rows:
                    return rows, name, [n for n in names if n != name]
        except PasswordError as error:
            raise UnreadableFile(f"{member.name} : ce classeur est protégé par un mot de passe. Enregistrez-le sans.") from error
        except (CalamineError, OSError, ValueError) as error:
            raise UnreadableFile(f"{member.name} : ce classeur ne peut pas être lu. Enregistrez-le en XLSX ou en CSV.") from error
        return [], "", []

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        width, member = len(self.columns), self.members[0]
        numbered = ((line, row) for line, row in enumerate(self._rows[self._start + 1:], self._start + 2)
                    if any(not _blank(c) for c in row))
        while chunk := list(islice(numbered, rows)):
            lines = [line for line, _ in chunk]
            cells = [[None if _blank(c) else c for c in (*row[:width], *[None] * (width - len(row)))] for _, row in chunk]
            yield Batch(member.name, lines, dict(zip(self.columns, zip(*cells, strict=True), strict=True)))


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
