"""Counts and rows of a FactIndex: every fact of an area that passes a query.

This is numpy's way, and the one that says what is right; `core.scanning` gives the same with compiled loops.
"""

from __future__ import annotations

import numpy as np

from geoservice.core import grid
from geoservice.core.conditions import chosen, days_of, hour_table, hours_of, rounded, uncertain
from geoservice.core.factindex import (
    BLOCK_RESOLUTION,
    BYTES_A_FACT,
    COLUMNS,
    DEGREE,
    EVERYWHERE,
    GROUP,
    UNCERTAIN,
    Area,
    Counts,
    FactIndex,
    Selection,
    Units,
    build,
    run_starts,
)
from geoservice.core.query import FactQuery
from geoservice.errors import KindRequired
from geoservice.types import Box

__all__ = [
    "BLOCK_RESOLUTION", "BYTES_A_FACT", "COLUMNS", "DEGREE", "EVERYWHERE", "GROUP", "NEARBY", "PIECE", "UNCERTAIN", "Area",
    "Counts", "FactIndex", "Selection", "Units", "build", "candidates", "category_counts", "chosen", "count", "days_of",
    "hour_table", "hours_of", "in_reach", "merge", "rounded", "rows_of_units", "select", "uncertain", "unit_counts", "unplaced",
]

NEARBY = 8_192  # rows: scanning fewer than this costs less than starting another range
PIECE = 65_536  # rows looked at together: what is computed on the way stays in the processor's cache


def count(index: FactIndex, resolution: int, area: Area = EVERYWHERE, query: FactQuery = FactQuery()) -> Counts:
    """Facts per cell of `resolution` inside an area; KindRequired when the index holds several kinds and none is chosen."""
    from geoservice.core import scanning  # which counts what this module describes

    if not in_reach(index, query):
        return Counts(np.empty(0, np.uint64), np.empty(0, np.int64))
    return scanning.count(index, resolution, area, query) or _count(index, resolution, area, query)


def _count(index: FactIndex, resolution: int, area: Area, query: FactQuery) -> Counts:
    selection = _select(index, area, query)
    cells = index["cell"].take(selection.rows)
    starts = run_starts(grid.ranks(cells, resolution))
    counts = np.diff(np.append(starts, len(cells)))
    return Counts(grid.parents(cells[starts], resolution), counts, selection.unknown, selection.unplaced)


def merge(parts: list[Counts]) -> Counts:
    """Counts of several indexes, of one and the same kind, cell by cell."""
    if len(parts) == 1:
        return parts[0]
    cells, where = np.unique(np.concatenate([part.cells for part in parts] or [np.empty(0, np.uint64)]), return_inverse=True)
    counts = np.bincount(where, np.concatenate([part.counts for part in parts]), len(cells)) if parts else np.empty(0)
    unknown = {name: sum(part.unknown[name] for part in parts) for name in UNCERTAIN}
    return Counts(cells, counts.astype(np.int64), unknown, sum(part.unplaced for part in parts))


def select(index: FactIndex, area: Area = EVERYWHERE, query: FactQuery = FactQuery()) -> Selection:
    """Rows that match a query inside an area, with what the query could not know; KindRequired as for `count`."""
    from geoservice.core import scanning

    if not in_reach(index, query):
        return Selection(np.empty(0, np.int64), dict.fromkeys(UNCERTAIN, 0), 0)
    found = scanning.select(index, area, query)
    return _select(index, area, query) if found is None else Selection(*found, unplaced(index, area, query))


def in_reach(index: FactIndex, query: FactQuery) -> bool:
    """Whether an index holds the kind that is asked for; KindRequired when it holds several and none is chosen."""
    if query.kind is None and len(index.kinds) > 1:
        raise KindRequired("Plusieurs origines de faits sont à portée et ne s’additionnent pas. Choisissez « kind » parmi : "
                           + ", ".join(index.kinds) + ".")
    return query.kind is None or query.kind in index.kinds


def _select(index: FactIndex, area: Area, query: FactQuery) -> Selection:
    touched = _touched(index, area)
    rows = _matching(index, candidates(index, area), query)
    rows = rows.compress(_inside(index, rows, area, touched))
    rows, unknown = _split_unknown(index, rows, query)
    return Selection(rows, unknown, unplaced(index, area, query))


def unplaced(index: FactIndex, area: Area, query: FactQuery) -> int:
    """Matching facts without a point: all of them without an area, else those whose unit says they belong."""
    if area.box is not None or area.cells is not None or (area.polygon is not None and area.commune is None):
        return 0
    rows = _matching(index, [(0, index.placed_from)], query)
    for level, code in (("residence", area.residence), ("commune", area.commune)):
        if code is not None:
            rows = rows[index.units.rows_of(level, code)[index["unit"][rows]]]
    return len(_split_unknown(index, rows, query)[0])


def candidates(index: FactIndex, area: Area) -> list[tuple[int, int]]:
    """Row ranges that may hold facts of an area: few and wide."""
    if area.cells is not None:
        return _ranges_of_cells(index, area.cells)
    if area.box is None and area.polygon is None:
        return [(index.placed_from, len(index))]
    touched = _touched(index, area)
    return _joined(touched[:, 0], touched[:, 1], NEARBY)


def _touched(index: FactIndex, area: Area) -> np.ndarray:
    """The blocks whose box meets the area's box and polygon, in order: (t, 6) as `index.blocks`; none without either."""
    box = area.box
    if area.polygon is not None:
        bounds = Box(*area.polygon.bounds)
        box = bounds if box is None else Box(max(box.west, bounds.west), max(box.south, bounds.south),
                                             min(box.east, bounds.east), min(box.north, bounds.north))
    if box is None or not len(index.blocks):
        return index.blocks[:0]
    groups = np.flatnonzero(_meets(index.groups, box)).tolist()
    near = np.concatenate([index.blocks[GROUP * group:GROUP * (group + 1)] for group in groups] or [index.blocks[:0]])
    return near[_meets(near.T[2:], box)]


def _meets(sides: np.ndarray, box: Box) -> np.ndarray:
    """Which boxes (west, south, east, north; each (n,) in 1e-7 degree) meet a box; (n,) bool."""
    west, south, east, north = sides
    left, bottom, right, top = rounded(box)
    return (west <= right) & (east >= left) & (south <= top) & (north >= bottom)


def _ranges_of_cells(index: FactIndex, cells: np.ndarray) -> list[tuple[int, int]]:
    low, high = grid.span(np.sort(cells))
    first = np.searchsorted(index["cell"], low, side="left")
    last = np.searchsorted(index["cell"], high, side="right")
    return _joined(first, last)


def _joined(low: np.ndarray, high: np.ndarray, apart: int = 0) -> list[tuple[int, int]]:
    """Sorted ranges, empty ones dropped, those at most `apart` rows from one another made one."""
    full = high > low
    low, high = low[full], high[full]
    if not len(low):
        return []
    gap = low[1:] > np.maximum.accumulate(high)[:-1] + apart
    starts = low[np.concatenate([[True], gap])]
    stops = np.maximum.accumulate(high)[np.concatenate([gap, [True]])]
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _matching(index: FactIndex, ranges: list[tuple[int, int]], query: FactQuery) -> np.ndarray:
    """Rows inside ranges that pass every condition that is always known: kind, days, categories, weekdays."""
    tables = _certain(index, query)
    days = days_of(query)
    found = [_piece(index, slice(first, min(first + PIECE, high)), days, tables)
             for low, high in ranges for first in range(low, high, PIECE)]
    rows = np.concatenate(found) if found else np.empty(0, np.int64)
    if query.weekdays:
        # 1970-01-01 was a Thursday, ISO day 4
        weekday = (index["day"].take(rows) + np.uint16(3)) % np.uint16(7)
        rows = rows.compress(np.isin(np.arange(7), [number - 1 for number in query.weekdays]).take(weekday))
    return rows


_Tables = list[tuple[np.ndarray, np.ndarray]]


def _certain(index: FactIndex, query: FactQuery) -> _Tables:
    """Coded columns that are asked about, each with the table of the codes that pass."""
    tables = [(index["category"], chosen(query.categories))] if query.categories else []
    if query.kind is not None and len(index.kinds) > 1:
        tables.append((index["kind"], chosen((query.kind,))))
    return tables


def _piece(index: FactIndex, piece: slice, days: tuple[int, int] | None, tables: _Tables) -> np.ndarray:
    """Matching rows of one piece: days first, for they leave few; then each table looks at what is left."""
    day = index["day"][piece]
    # One comparison instead of two: what is before the first day wraps round to a large number
    rows = np.arange(len(day)) if days is None else np.flatnonzero(day - np.uint16(days[0]) < days[1])
    for column, table in tables:
        rows = rows.compress(table.take(column[piece].take(rows)))
    return rows + piece.start


def _inside(index: FactIndex, rows: np.ndarray, area: Area, touched: np.ndarray) -> np.ndarray:
    """Which rows lie inside an area, tested on positions (cells are exact already); (n,) bool."""
    keep = np.ones(len(rows), dtype=bool)
    if area.box is not None:
        doubtful = _doubtful(rows, area.box, touched)
        asked = rows.take(doubtful)
        lon, lat = index["lon"].take(asked), index["lat"].take(asked)
        west, south, east, north = rounded(area.box)
        keep[doubtful] = (lon >= west) & (lon < east) & (lat >= south) & (lat < north)
    if area.residence is not None:
        keep &= index.units.rows_of("residence", area.residence)[index["unit"][rows]]
    if area.polygon is not None:
        import shapely

        shapely.prepare(area.polygon)
        # `intersects`: a point on the boundary belongs, so that a fact on a zone's edge is not lost from every zone
        inside = np.flatnonzero(keep)
        keep[inside] = shapely.intersects_xy(area.polygon, index["lon"][rows[inside]] / DEGREE,
                                             index["lat"][rows[inside]] / DEGREE)
    return keep


def _doubtful(rows: np.ndarray, box: Box, touched: np.ndarray) -> np.ndarray:
    """Which of sorted rows lie in no block that is wholly inside a box: only those are looked at one by one."""
    low, high, west, south, east, north = touched.T
    left, bottom, right, top = rounded(box)
    within = (west >= left) & (east < right) & (south >= bottom) & (north < top)
    doubtful = np.ones(len(rows), dtype=bool)
    for first, last in np.searchsorted(rows, np.array(_joined(low[within], high[within]), np.int64).reshape(-1, 2)).tolist():
        doubtful[first:last] = False
    return np.flatnonzero(doubtful)


def _split_unknown(index: FactIndex, rows: np.ndarray, query: FactQuery) -> tuple[np.ndarray, dict[str, int]]:
    """Rows that pass the uncertain conditions, and for each how many fail by being unknown to it alone."""
    unknown = dict.fromkeys(UNCERTAIN, 0)
    states = {name: table[index[name][rows]] for name, table in uncertain(query).items()}
    if query.hours is not None:
        states["hour"] = _hour_state(index, rows, query.hours)
    if not states:
        return rows, unknown
    sure = np.logical_and.reduce([state == 1 for state in states.values()])
    for name, state in states.items():
        others = [other == 1 for key, other in states.items() if key != name]
        unknown[name] = int(np.logical_and.reduce([state == 2, *others]).sum())
    return rows[sure], unknown


def _hour_state(index: FactIndex, rows: np.ndarray, hours: tuple[int, int]) -> np.ndarray:
    """0 outside the hours, 1 inside, 2 unknown: no hour, or an interval that is only partly inside."""
    hour, span = index["hour"][rows], np.minimum(index["span"][rows], 23)
    return hour_table(*hours)[np.minimum(hour, 24), span]


def unit_counts(index: FactIndex, query: FactQuery, level: str, attached: bool = False) -> dict[str, int]:
    """Facts per residence or commune of their unit, with and without a point; codes with none are left out. `attached`: those
    alone that lie near it and do not name it."""
    owners = index.units.residence if level == "residence" else index.units.commune
    if query.kind is not None and query.kind not in index.kinds:
        return {}
    rows = _split_unknown(index, _matching(index, [(0, len(index))], query), query)[0]
    numbers = np.bincount(index["unit"][rows], minlength=len(owners))
    if attached:
        numbers[:index.units.attached_from] = 0
    totals: dict[str, int] = {}
    named = np.flatnonzero(numbers)
    for unit, number in zip(named.tolist(), numbers[named].tolist(), strict=True):
        if owner := owners[unit]:
            totals[owner] = totals.get(owner, 0) + number
    return totals


def rows_of_units(index: FactIndex, query: FactQuery, wanted: np.ndarray) -> np.ndarray:
    """Matching rows whose unit is wanted, with and without a point, `AGP` included; `wanted` is (units,) bool."""
    if query.kind is not None and query.kind not in index.kinds:
        return np.empty(0, np.int64)
    rows = _matching(index, [(0, len(index))], query)
    return _split_unknown(index, rows.compress(wanted[index["unit"][rows]]), query)[0]


def category_counts(index: FactIndex, rows: np.ndarray) -> np.ndarray:
    """Facts per category code of chosen rows; (256,) int64."""
    return np.bincount(index["category"][rows], minlength=256)
