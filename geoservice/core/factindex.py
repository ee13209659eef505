"""The FactIndex itself: the facts of ONE organisation as columns sorted by finest cell, and what is asked of and found in it.

All descendants of a coarse cell are contiguous, so a viewport is a handful of slices. At most 32 bytes a fact; immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoservice.core import grid
from geoservice.types import Box, Kind, code_of

if TYPE_CHECKING:
    from shapely import Geometry

COLUMNS: dict[str, str] = {
    "cell": "<u8", "lon": "<i4", "lat": "<i4", "unit": "<u4", "day": "<u2", "span": "<u2", "hour": "u1", "category": "u1",
    "kind": "u1", "nature": "u1", "gravity": "u1", "place": "u1", "placement": "u1",
}
BYTES_A_FACT = sum(np.dtype(kind).itemsize for kind in COLUMNS.values())
DEGREE = 10_000_000  # positions are stored in 1e-7 degree, about a centimetre
BLOCK_RESOLUTION = 8
GROUP = 64  # blocks
STARTED = (8, 9, 10, 11)  # resolutions whose cells' first rows are kept: those that are drawn and hold several facts a cell
_TOGETHER = 1 << 20  # rows whose cells are compared at a time: a hundred million facts must not need their size again
UNCERTAIN = ("hour", "gravity", "place", "nature")


@dataclass(frozen=True)
class Units:
    """Places facts hang on. Row 0 is "none"; each row has a level, a code, and the residence and commune it belongs to.

    Facts name the rows before `attached_from`; those from it on lie near them (`core.observatory.attach`), and no file has them.
    """

    level: tuple[str, ...] = ("",)
    code: tuple[str, ...] = ("",)
    residence: tuple[str, ...] = ("",)
    commune: tuple[str, ...] = ("",)
    attached_from: int = 0xFFFFFFFF

    @property
    def named(self) -> int:
        """How many rows facts name."""
        return min(self.attached_from, len(self.code))

    def rows_of(self, level: str, code: str) -> np.ndarray:
        """Mask over unit rows whose residence or commune is `code`; (units,) bool."""
        owners = self.residence if level == "residence" else self.commune
        return np.array([owner == code for owner in owners])


@dataclass(frozen=True)
class FactIndex:
    """Columns of n facts (see COLUMNS), the units they name, and blocks: row ranges with the box of their positions.

    `blocks` is (b, 6) int64: first row, last row + 1, west, south, east, north in 1e-7 degree. Rows before
    `placed_from` have no point. `starts`: for each resolution of STARTED the first row of every cell with facts, and n at
    the end, uint32.
    """

    columns: Mapping[str, np.ndarray]
    units: Units
    blocks: np.ndarray
    placed_from: int
    kinds: Mapping[Kind, int]
    starts: Mapping[int, np.ndarray]
    version: str = "0"

    @cached_property
    def groups(self) -> np.ndarray:
        """Boxes of runs of GROUP blocks, (4, g) int64: looked at first, for a viewport touches few."""
        starts = np.arange(0, len(self.blocks), GROUP)
        sides = zip((np.minimum, np.minimum, np.maximum, np.maximum), self.blocks.T[2:], strict=True)
        return np.array([extreme.reduceat(side, starts) if len(starts) else starts for extreme, side in sides])

    @cached_property
    def bounds(self) -> Box | None:
        """The box of every position; None without any."""
        if not len(self.blocks):
            return None
        low, high = self.blocks[:, 2:4].min(axis=0) / DEGREE, self.blocks[:, 4:].max(axis=0) / DEGREE
        return Box(*low.tolist(), *high.tolist())

    @cached_property
    def kept(self) -> dict[int, Any]:
        """What `core.scanning` has worked out of this index and may need again."""
        return {}

    def __len__(self) -> int:
        return len(self.columns["cell"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def attached(self, rows: np.ndarray) -> int:
        """How many of chosen rows hang on a place that they do not name but lie near."""
        return int((self["unit"].take(rows) >= self.units.attached_from).sum())


@dataclass(frozen=True)
class Area:
    """Where: every condition that is given must hold, on positions (`box`, `polygon`), on cells, or on units."""

    box: Box | None = None
    polygon: Geometry | None = None
    cells: np.ndarray | None = None
    residence: str | None = None
    commune: str | None = None


EVERYWHERE = Area()


@dataclass(frozen=True)
class Selection:
    """Rows with a point that match; facts that pass all but one uncertain condition; matching facts without a point."""

    rows: np.ndarray
    unknown: dict[str, int]
    unplaced: int


@dataclass(frozen=True)
class Counts:
    """Facts per cell at one resolution for one kind: cells (n,) sorted uint64, counts (n,) int64."""

    cells: np.ndarray
    counts: np.ndarray
    unknown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(UNCERTAIN, 0))
    unplaced: int = 0

    @property
    def total(self) -> int:
        return int(self.counts.sum())


def build(columns: Mapping[str, np.ndarray], units: Units = Units(), version: str = "0") -> FactIndex:
    """A FactIndex from unsorted columns of equal length, named and typed as COLUMNS. O(n log n)."""
    order = np.argsort(columns["cell"], kind="stable")
    ordered = {name: np.ascontiguousarray(columns[name][order].astype(kind, copy=False)) for name, kind in COLUMNS.items()}
    placed_from = int(np.searchsorted(ordered["cell"], np.uint64(1)))
    numbers = np.bincount(ordered["kind"], minlength=len(Kind) + 1)
    kinds = {kind: int(numbers[code_of(kind)]) for kind in Kind if numbers[code_of(kind)]}
    starts = {resolution: _starts(ordered["cell"], resolution, placed_from) for resolution in STARTED}
    return FactIndex(ordered, units, _blocks(ordered, starts[BLOCK_RESOLUTION]), placed_from, kinds, starts, version)


def _starts(cells: np.ndarray, resolution: int, placed_from: int) -> np.ndarray:
    """First rows of the distinct ancestors of sorted cells, and the number of rows; uint32."""
    found = []
    for low in range(placed_from, len(cells), _TOGETHER):
        before = int(low > placed_from)  # one row of the piece before tells whether the first cell here is a new one
        some = cells[low - before:low + _TOGETHER]
        found.append(run_starts(grid.ranks(some, resolution))[before:] + (low - before))
    return np.concatenate([*found, [len(cells)]]).astype(np.uint32)


def _blocks(columns: Mapping[str, np.ndarray], starts: np.ndarray) -> np.ndarray:
    if len(starts) == 1:
        return np.empty((0, 6), dtype=np.int64)
    first, last = starts[:-1].astype(np.int64), starts[1:]
    lon, lat = columns["lon"], columns["lat"]
    sides = (extreme.reduceat(side, first) for extreme in (np.minimum, np.maximum) for side in (lon, lat))
    return np.stack([first, last, *sides], axis=1, dtype=np.int64)


def run_starts(values: np.ndarray) -> np.ndarray:
    """First row of each run of equal values; (runs,) int64."""
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.empty(0, np.int64)
