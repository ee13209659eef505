"""Published counts (SSMSI): zone × period × indicator × unit, with withheld values kept as withheld.

A withheld value has neither count nor rate, whatever the file gives beside it: `complement_info_*` columns hold the mean
of the département and are never read. Burglary is counted per dwelling, everything else per inhabitant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

from geoservice.catalog.intake import feature_values as values
from geoservice.catalog.intake.common import Collector, Memo
from geoservice.catalog.rows import Batch, Taken
from geoservice.catalog.schema import SourceSpec

FIELDS = ("zone", "zone_name", "level", "period", "indicator", "unit", "count", "rate", "population", "dwellings",
          "denominator_unit", "diffusion")
# INSEE codes: 2A and 2B for Corsica, 97x and 98x overseas. Spreadsheets eat the leading zero: it is given back.
_CODES = {"commune": (5, re.compile(r"(\d{2}|2[AB])\d{3}")), "departement": (2, re.compile(r"97\d|98\d|\d{2}|2[AB]"))}
_TEXTS = ("zone", "zone_name", "level", "period", "indicator", "unit", "denominator_unit", "diffusion")
_NUMBERS = ("count", "rate", "population", "dwellings")
BAD = object()


class AggregateIntake:
    """Validates batches of published counts. Memory is bounded: nothing is kept between batches but small look-ups."""

    def __init__(self, source: SourceSpec, today: date) -> None:
        self._source = source

    def take(self, batch: Batch) -> Taken:
        """AGGREGATE rows, rejects and notes of a batch."""
        bound = self._source.bind(batch.columns)
        found = Collector(batch)
        table = {field: self._texts(field, bound, batch) for field in _TEXTS}
        nothing = [None] * len(batch.lines)
        table |= {field: _numbers(batch.columns[bound[field]]) if field in bound else nothing for field in _NUMBERS}
        rows, lines = [], []
        for row, line in enumerate(batch.lines):
            cells = {field: column[row] for field, column in table.items()}
            fault = _fault(cells)
            if fault is not None:
                field, code, sentence = fault
                column = bound.get(field, field)
                found.reject(row, column, batch.columns[column][row] if field in bound else "", code, sentence)
                continue
            rows.append(_row(cells))
            lines.append(line)
            if cells["diffusion"] == "ndiff":
                found.note("non-diffuse", "Valeurs non diffusées par la source : gardées comme telles, ni zéro ni moyenne.", row)
        return Taken(rows, lines, found.all_rejects(), found.notes())

    def _texts(self, field: str, bound: Mapping[str, str], batch: Batch) -> list[Any]:
        constant = self._source.constants.get(field)
        if field not in bound:
            return [None if constant is None else str(constant)] * len(batch.lines)
        mapping = self._source.values.get(field)

        def read(value: Any) -> str | None:
            text = values.text_of(value)
            return values.mapped(mapping, text, {}) if mapping is not None and text is not None else text

        column = Memo(read).column(batch.columns[bound[field]])
        if field == "zone":
            level = str(self._source.constants.get("level", ""))
            return Memo(lambda text: zone_code(text, level)).column(column)
        return column


def zone_code(text: str | None, level: str) -> Any:
    """An INSEE code as text, its leading zero given back; BAD when it cannot be one; any text for levels without a rule."""
    if text is None or level not in _CODES:
        return text
    width, pattern = _CODES[level]
    code = text.upper().zfill(width)
    return code if pattern.fullmatch(code) else BAD


def _numbers(column: Sequence[Any]) -> list[Any]:
    def read(value: Any) -> Any:
        try:
            number = values.number_of(value)
        except values.Unreadable:
            return BAD
        return BAD if number is not None and number < 0 else number

    return Memo(read).column(column)


def _fault(cells: dict[str, Any]) -> tuple[str, str, str] | None:
    """(field, code, sentence) of the first thing that makes a line unusable."""
    for field, code, sentence in (("zone", "zone-absente", "Le code de la zone manque ; complétez-le."),
                                  ("period", "periode-absente", "L’année manque ; complétez-la."),
                                  ("indicator", "indicateur-absent", "L’indicateur manque ; complétez-le.")):
        if cells[field] is None:
            return field, code, sentence
    if cells["zone"] is BAD:
        return "zone", "zone-inconnue", "Ce code n’est pas un code INSEE ; vérifiez qu’il est resté du texte (01, 2A, 971)."
    if not re.fullmatch(r"(19|20)\d\d(-\d\d)?", cells["period"]):
        return "period", "periode-illisible", "La période n’est ni une année ni un mois (2024 ou 2024-05) ; corrigez-la."
    if cells["diffusion"] not in (None, "diff", "ndiff"):
        return "diffusion", "diffusion-inconnue", "La diffusion est « diff » ou « ndiff » ; corrigez la valeur."
    if cells["diffusion"] == "ndiff":
        return None
    return _count_fault(cells)


def _count_fault(cells: dict[str, Any]) -> tuple[str, str, str] | None:
    for field in _NUMBERS:
        if cells[field] is BAD:
            return field, "nombre-illisible", "Ce nombre est illisible ou négatif ; corrigez-le."
    count = cells["count"]
    if count is None:
        return "count", "nombre-absent", "Le nombre manque sans être déclaré non diffusé ; complétez-le."
    return None if count.is_integer() else ("count", "nombre-illisible", "Le nombre de faits n’est pas un entier ; corrigez-le.")


def _row(cells: dict[str, Any]) -> tuple[Any, ...]:
    withheld = cells["diffusion"] == "ndiff"
    per = cells["denominator_unit"] or "habitants"
    base = cells["dwellings" if per == "logements" else "population"]
    known = (cells["zone"], cells["zone_name"] or "", cells["level"] or "", cells["period"], cells["indicator"],
             cells["unit"] or "", None if withheld else int(cells["count"]), int(withheld), None if withheld else cells["rate"],
             None if base is BAD else base, per)
    return *known, blake2b(repr(known).encode(), digest_size=16).digest()
