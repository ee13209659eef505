"""Addresses of the Base adresse nationale: `adresses-XX.csv(.gz)` → ADDRESS rows for the offline geocoder.

Column by column, because a département has half a million lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from geoservice.catalog.intake.common import Collector, Memo, numbers, text
from geoservice.catalog.intake.feature_geometry import NO_POINT, OUTSIDE, UNREADABLE
from geoservice.catalog.rows import Batch, Taken
from geoservice.catalog.schema import SourceSpec
from geoservice.catalog.streets import normalise_street, plain
from geoservice.core import crs

_COMPLETE = (("street", "voie-absente", "Le nom de la voie manque ; retirez la ligne."),
             ("citycode", "commune-absente", "Le code INSEE de la commune manque ; complétez-le."))


class AddressIntake:
    """Validates batches of addresses; look-ups of street names are kept between batches."""

    def __init__(self, source: SourceSpec, today: date) -> None:
        self._source = source
        self._text, self._street = Memo(text), Memo(lambda name: normalise_street(name or ""))
        self._postcode, self._number = Memo(_code), Memo(_number)
        self._suffix = Memo(lambda value: plain(text(value) or ""))

    def take(self, batch: Batch) -> Taken:
        """ADDRESS rows, rejects and notes of a batch."""
        bound = self._source.bind(batch.columns)
        found, size = Collector(batch), len(batch.lines)

        def column(field: str) -> Sequence[Any]:
            return batch.columns[bound[field]] if field in bound else [None] * size

        lon, lat = self._places(column, bound, found)
        table = {"key": [text(value) for value in column("key")], "number": self._number.column(column("number")),
                 "suffix": self._suffix.column(column("suffix")), "street": self._text.column(column("street")),
                 "postcode": self._postcode.column(column("postcode")), "citycode": self._postcode.column(column("citycode")),
                 "city": self._text.column(column("city"))}
        _incomplete(table, bound, found)
        rows = list(zip(_keys(table), table["number"], table["suffix"], table["street"], self._street.column(table["street"]),
                        table["postcode"], table["citycode"], table["city"], lon.tolist(), lat.tolist(), strict=True))
        lines = list(batch.lines)
        if found.rejected:
            kept = [row for row in range(size) if row not in found.rejected]
            rows, lines = [rows[row] for row in kept], [lines[row] for row in kept]
        return Taken(rows, lines, found.all_rejects(), found.notes())

    def _places(self, column: Any, bound: dict[str, str], found: Collector) -> tuple[np.ndarray, np.ndarray]:
        """(lon, lat), each (n,), from lon/lat or, failing that, Lambert-93; faults are rejected."""
        names = ("lon", "lat") if "lon" in bound else ("x", "y")
        (x, given_x, bad_x), (y, given_y, bad_y) = numbers(column(names[0])), numbers(column(names[1]))
        lon, lat = (x, y) if names[0] == "lon" else crs.to_lonlat(x, y, self._source.crs or "EPSG:2154")
        given = given_x & given_y & np.isfinite(x) & np.isfinite(y)
        for row in {*bad_x, *bad_y}:
            found.reject(row, bound.get(names[0], "lon"), "", *UNREADABLE)
        for row in np.flatnonzero(~given):
            found.reject(int(row), bound.get(names[0], "lon"), "", *NO_POINT)
        for row in np.flatnonzero(given & (crs.territories_of(lon, lat) < 0)):
            found.reject(int(row), bound.get(names[0], "lon"), f"{x[row]}, {y[row]}", *OUTSIDE)
        return lon, lat


def _keys(table: dict[str, list[Any]]) -> list[str]:
    """The file's own key, else one made of what an address is."""
    made = zip(table["key"], table["citycode"], table["street"], table["number"], table["suffix"], strict=True)
    return [key or "~" + "|".join(str(part if part is not None else "") for part in parts) for key, *parts in made]


def _incomplete(table: dict[str, list[Any]], bound: dict[str, str], found: Collector) -> None:
    for field, code, sentence in _COMPLETE:
        if None in table[field]:
            for row, value in enumerate(table[field]):
                if value is None:
                    found.reject(row, bound.get(field, field), "", code, sentence)


def _code(value: Any) -> str | None:
    """A postcode or INSEE code as five characters; spreadsheets eat the leading zero."""
    found = text(value)
    return None if found is None else found.upper().zfill(5)


def _number(value: Any) -> int | None:
    """A house number; 0 and 99999 stand for a hamlet without numbers."""
    found = text(value)
    digits = int(found) if found is not None and found.isdigit() and len(found) < 6 else 0
    return digits if 0 < digits < 99_999 else None
