"""What every intake shares: rejects and notes as they gather, cells as text and numbers, and coordinates in degrees."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoservice.catalog.rows import Batch, Note, Reject

VALUE_SHOWN = 200  # characters of a rejected value that are kept
EMPTY = frozenset({"", "nan", "none", "null", "n/a", "na", "nat", "(vide)", "#n/a", "nr", "-"})
MEMO_SIZE = 100_000


class Memo(dict[Any, Any]):
    """A function of one value, remembered: columns hold few distinct values, and a look-up costs less than a call."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, value: Any) -> Any:
        if len(self) >= MEMO_SIZE:  # a column of distinct values: bounded memory
            self.clear()
        found = self[value] = self._function(value)
        return found

    def column(self, values: Sequence[Any]) -> list[Any]:
        return [self[value] for value in values]


@dataclass
class Collector:
    """Rejects and notes of one batch. A line is rejected once, for the first fault found."""

    batch: Batch
    _faults: dict[int, Reject] = field(default_factory=dict)
    _notes: dict[str, Note] = field(default_factory=dict)

    def reject(self, row: int, column: str, value: Any, code: str, sentence: str) -> None:
        """Row `row` (from 0 in the batch) cannot be used."""
        if row not in self._faults:
            shown = "" if value is None else str(value)[:VALUE_SHOWN]
            self._faults[row] = Reject(self.batch.file, self.batch.lines[row], column, shown, code, sentence)

    def note(self, code: str, sentence: str, row: int, count: int = 1) -> None:
        """Something to know about row `row`; notes of one code are counted together under the first sentence."""
        known = self._notes.get(code)
        line = self.batch.lines[row] if len(self.batch.lines) else 0
        self._notes[code] = Note(code, known.sentence if known else sentence, count + (known.count if known else 0),
                                 known.example_line if known else line)

    @property
    def rejected(self) -> set[int]:
        return set(self._faults)

    def all_rejects(self) -> list[Reject]:
        """The reader's rejects of this batch, then ours, in the order of the lines."""
        return [*self.batch.rejects, *(self._faults[row] for row in sorted(self._faults))]

    def notes(self) -> list[Note]:
        return list(self._notes.values())


def text(value: Any) -> str | None:
    """A cell as trimmed text; None for what people write where there is nothing. `75011.0` of a spreadsheet is `75011`."""
    if value is None:
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    trimmed = str(value).strip()
    return None if trimmed.casefold() in EMPTY else trimmed


_SPACES = re.compile(r"[\s\u00a0\u202f]")


def number(value: Any) -> float | None:
    """A cell as a number: decimal comma, spaces between thousands, trailing euro sign. None when empty; ValueError otherwise.

    What is written as NaN or Infinity, or is too great for a float, comes back as it is: the caller says what that means.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if value is None or not (cleaned := _SPACES.sub("", str(value)).removesuffix("€")):
        return None
    if cleaned.casefold() in EMPTY - {"nan"}:
        return None
    if "_" in cleaned:
        raise ValueError(cleaned)
    return float(cleaned.replace(",", "."))


def numbers(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """A column as floats: values (NaN where absent or bad), a mask of cells that hold something, rows that are no number."""
    try:
        found = np.array(list(map(float, values)), dtype=float)
        return found, np.ones(len(found), dtype=bool), []
    except (ValueError, TypeError, OverflowError):
        return _numbers_one_by_one(values)


def _numbers_one_by_one(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    found, given, bad = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool), []
    for row, value in enumerate(values):
        try:
            parsed = number(value)
        except (ValueError, OverflowError):
            bad.append(row)
            continue
        if parsed is not None:
            found[row], given[row] = parsed, True
    return found, given, bad


_NUMBER = r"([-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|\.\d+|nan|inf(?:inity)?))"
_ODS = re.compile(r"\{['\"]lon['\"]: ([-+.\deE]+), ['\"]lat['\"]: ([-+.\deE]+)\}")
_LON = re.compile(rf"['\"]?lon(?:gitude)?['\"]?\s*:\s*['\"]?{_NUMBER}", re.IGNORECASE)
_LAT = re.compile(rf"['\"]?lat(?:itude)?['\"]?\s*:\s*['\"]?{_NUMBER}", re.IGNORECASE)
_COORDINATES = re.compile(rf"['\"]?coordinates['\"]?\s*:\s*[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}", re.IGNORECASE)
_WKT = re.compile(rf"(?:SRID=\d+;)?\s*POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}", re.IGNORECASE)
_PAIR = re.compile(rf"^[\[(]?\s*{_NUMBER}\s*[,; ]\s*{_NUMBER}\s*[\])]?$", re.IGNORECASE)


def point_of(cell: Any) -> tuple[float, float] | None:
    """(lon, lat) from `lat, lon`, `{'lon': …, 'lat': …}`, a GeoJSON point (JSON or Python text) or WKT.

    None when the cell is empty; ValueError when it holds something else. Numbers are not checked here.
    """
    found = text(cell)
    if found is None:
        return None
    if match := _ODS.match(found):
        return float(match[1]), float(match[2])
    if "{" in found:
        lon, lat = _LON.search(found), _LAT.search(found)
        if lon and lat:
            return float(lon[1]), float(lat[1])
        if match := _COORDINATES.search(found):
            return float(match[1]), float(match[2])
    elif match := _WKT.match(found):
        return float(match[1]), float(match[2])
    elif match := _PAIR.match(found):
        return float(match[2]), float(match[1])
    raise ValueError("point")
