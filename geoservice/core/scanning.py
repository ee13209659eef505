"""Counting and selecting with compiled loops, where they are at hand: the same answers as `core.facts` gives with numpy.

What needs more than columns and ranges (polygons, units) is left to numpy: None says so.
"""

from __future__ import annotations

import weakref
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from geoservice.core import compiled, facts, grid
from geoservice.core.factindex import EVERYWHERE, GROUP, STARTED, UNCERTAIN, Area, Counts, FactIndex
from geoservice.core.query import FactQuery

_READ = ("day", "category", "kind", "nature", "gravity", "place", "hour", "span", "lon", "lat")
_ALL = np.ones(256, dtype=np.uint8)
_WEEK = np.ones(7, dtype=np.uint8)
_HOURS = np.ones((25, 24), dtype=np.uint8)
_NO_BOX = np.zeros(4, dtype=np.int64)
_KEPT = 512  # lists of ranges an index, a few thousand at most in each
_Ranges = tuple[np.ndarray, np.ndarray]
_CellsAndCounts = tuple[np.ndarray, np.ndarray]
_Asked = tuple[int, Area, FactQuery]  # resolution, where, which


def loops() -> ModuleType:
    """The compiled loops, imported."""
    from geoservice.core import kernels

    return kernels


def count(index: FactIndex, resolution: int, area: Area, query: FactQuery) -> Counts | None:
    """Facts per cell of a kind in reach; None where numpy has to answer."""
    kernels = _at_hand(index, area)
    if kernels is None:
        return None
    unknown = np.zeros(len(UNCERTAIN), dtype=np.int64)
    if area.cells is not None:
        cells, counts = _of_given_cells(kernels, index, (resolution, area, query), unknown)
    elif resolution <= STARTED[-1]:
        cells, counts = _of_started(kernels, index, (resolution, area, query), unknown)
    else:
        cells, counts = _of_rows(kernels, index, (resolution, area, query), _ranges(kernels, index, area)[:2], unknown)
    return Counts(cells, counts, dict(zip(UNCERTAIN, unknown.tolist(), strict=True)), facts.unplaced(index, area, query))


def select(index: FactIndex, area: Area, query: FactQuery) -> tuple[np.ndarray, dict[str, int]] | None:
    """Matching rows with a point, and what the query could not know; None where numpy has to answer."""
    kernels = _at_hand(index, area)
    if kernels is None:
        return None
    ranges = _ranges(kernels, index, area)
    unknown, out = np.zeros(len(UNCERTAIN), dtype=np.int64), np.empty(_work(ranges), dtype=np.int64)
    found = kernels.rows(_columns(index), *_both_tests(index, area, query), ranges, out, unknown)
    return out[:found].copy(), dict(zip(UNCERTAIN, unknown.tolist(), strict=True))


def _at_hand(index: FactIndex, area: Area) -> Any:
    return None if area.polygon is not None or area.residence is not None else compiled.at_hand(loops, len(index))


def _apart(kernels: Any, index: FactIndex, area: Area) -> _Ranges:
    """The rows of each cell of an area, in order of cells; kept for cells that nobody can change, as those of a tile."""
    assert area.cells is not None
    kept = index.kept.get(id(area.cells))
    if kept is not None and kept[0]() is area.cells:
        return kept[1]
    low, high = grid.span(np.sort(area.cells))
    first, last = np.empty(len(low), dtype=np.int64), np.empty(len(low), dtype=np.int64)
    kernels.bounds(index["cell"], low, high, first, last)
    if not area.cells.flags.writeable:
        if len(index.kept) >= _KEPT:
            index.kept.clear()
        index.kept[id(area.cells)] = (weakref.ref(area.cells), (first, last))
    return first, last


def _ranges(kernels: Any, index: FactIndex, area: Area) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that may lie in an area, as first rows, last rows + 1, and whether all of them lie in its box."""
    if area.cells is None and area.box is not None:
        return kernels.touched(index.blocks, index.groups, GROUP, np.array(facts.rounded(area.box), dtype=np.int64))
    pairs = np.array(facts.candidates(index, area), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy(), np.full(len(pairs), area.box is None, dtype=np.int64)


def _work(ranges: tuple[np.ndarray, ...]) -> int:
    return int((ranges[1] - ranges[0]).sum())


def _of_given_cells(kernels: Any, index: FactIndex, asked: _Asked, unknown: np.ndarray) -> _CellsAndCounts:
    """Chosen cells: each is a range of rows, counted without looking at a row's own cell where they are those to count."""
    resolution, area, query = asked
    assert area.cells is not None
    if area.box is not None or bool((grid.resolutions(area.cells) != resolution).any()):
        return _of_rows(kernels, index, asked, _ranges(kernels, index, area)[:2], unknown)
    ranges = _apart(kernels, index, area)
    counts = np.empty(len(ranges[0]), dtype=np.int64)
    kernels.per_range(_columns(index), _tests(query, area, len(index.kinds) > 1), *ranges, counts, unknown)
    some = counts > 0
    return np.sort(area.cells).compress(some), counts.compress(some)


def _of_started(kernels: Any, index: FactIndex, asked: _Asked, unknown: np.ndarray) -> _CellsAndCounts:
    """A resolution whose cells' first rows are known, or a coarser one: no row's own cell is looked at."""
    resolution, area, query = asked
    starts = index.starts[max(resolution, STARTED[0])]
    first, counts = kernels.per_start(_columns(index), *_both_tests(index, area, query), starts, _ranges(kernels, index, area),
                                      unknown)
    cells = grid.parents(index["cell"].take(first), resolution)
    if resolution >= STARTED[0] or not len(cells):
        return cells, counts
    runs = facts.run_starts(cells)
    return cells[runs], np.add.reduceat(counts, runs)


def _of_rows(kernels: Any, index: FactIndex, asked: _Asked, ranges: _Ranges, unknown: np.ndarray) -> _CellsAndCounts:
    """Any cells, by looking at those of all matching rows."""
    resolution, area, query = asked
    # as many places as rows, of which the system only gives those that are written
    ranks, counts = np.empty(_work(ranges), dtype=np.uint64), np.empty(_work(ranges), dtype=np.int64)
    tests, shift = _tests(query, area, len(index.kinds) > 1), grid.rank_shift(resolution)
    found = kernels.per_cell(_columns(index), tests, index["cell"], shift, *ranges, ranks, counts, unknown)
    return grid.of_ranks(ranks[:found], resolution), counts[:found].copy()


def _columns(index: FactIndex) -> tuple[np.ndarray, ...]:
    return tuple(index[name] for name in _READ)


@lru_cache(maxsize=256)
def _conditions(query: FactQuery, several_kinds: bool) -> tuple[tuple[np.ndarray, ...], dict[str, bool]]:
    """What a query asks as the tables that the loops read."""
    days = facts.days_of(query) or (0, 65_535)
    categories = facts.chosen(query.categories) if query.categories else _ALL
    window = np.array([*days, int.from_bytes(np.packbits(categories[:64].astype(bool), bitorder="little").tobytes(), "little")],
                      dtype=np.uint64)
    kind = query.kind is not None and several_kinds
    states = facts.uncertain(query)
    weekdays = np.isin(np.arange(7), [number - 1 for number in query.weekdays]).astype(np.uint8) if query.weekdays else _WEEK
    tables = (window, facts.chosen((query.kind,)).view(np.uint8) if kind else _ALL, weekdays,
              *(states.get(name, _ALL) for name in ("nature", "gravity", "place")),
              _HOURS if query.hours is None else facts.hour_table(*query.hours))
    return tables, {"kind": kind, "weekday": bool(query.weekdays), "hour": query.hours is not None,
                    **{name: name in states for name in ("gravity", "place", "nature")}}


def _tests(query: FactQuery, area: Area, several_kinds: bool) -> tuple[np.ndarray, ...]:
    tables, asked = _conditions(query, several_kinds)
    box = _NO_BOX if area.box is None else np.array(facts.rounded(area.box), dtype=np.int64)
    order = ("kind", "weekday", "hour", "gravity", "place", "nature")
    return (*tables, box, np.array([*(asked[name] for name in order), area.box is not None], dtype=np.uint8))


def _both_tests(index: FactIndex, area: Area, query: FactQuery) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """The tests of rows that may lie outside the area's box, and of those that cannot."""
    several = len(index.kinds) > 1
    return _tests(query, area, several), _tests(query, EVERYWHERE, several)
