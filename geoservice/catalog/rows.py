"""The values that travel from a file to the database: batches, rejects, notes, and the column order of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# Rows are tuples in the order of these names; docs/ARCHITECTURE.md gives units and meanings.
FACT = ("key", "content", "seen", "line", "day", "minute", "duration", "utc", "category", "subcategory", "kind", "nature",
        "gravity", "place", "placement", "lon", "lat", "cell", "residence", "building", "hall", "commune", "complaint",
        "cost_cents")
FEATURE = ("key", "generation", "name", "content", "geometry", "west", "south", "east", "north", "properties")
AGGREGATE = ("zone", "zone_name", "level", "period", "indicator", "unit", "count", "withheld", "rate", "denominator",
             "denominator_unit", "content")
ADDRESS = ("key", "number", "suffix", "street", "street_norm", "postcode", "citycode", "city", "lon", "lat")


@dataclass(frozen=True)
class Reject:
    """One line that could not be used: `sentence` is French and says what to do, `code` is for machines."""

    file: str
    line: int
    column: str
    value: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Note:
    """Something the import did that a person should know; counted by code."""

    code: str
    sentence: str
    count: int
    example_line: int


@dataclass(frozen=True)
class Batch:
    """Some lines of a file, as columns under the file's own names; values are str, float, int, date, datetime, time or None.

    `geometry` holds shapely geometries or None, in `crs` (whatever pyproj understands; None when the file does not say).
    `lines` counts physical lines of text from 1 (the header is line 1), rows of a sheet, or features from 1.
    `rejects` are the lines that the reader could not turn into a row; they are not in `lines`, and every intake passes them on.
    """

    file: str
    lines: Sequence[int]
    columns: dict[str, Sequence[Any]]
    geometry: np.ndarray | None = None
    crs: str | None = None
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True)
class Taken:
    """What an intake made of a batch: `len(rows) + len(rejects)` is the number of lines that the reader saw."""

    rows: list[tuple[Any, ...]]
    lines: list[int]
    rejects: list[Reject]
    notes: list[Note]
