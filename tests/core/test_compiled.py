"""Compiled loops answer as numpy does, are never loaded unasked, and are not missed where they cannot be had."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from geoservice.core import compiled, facts, grid, scanning
from geoservice.core.facts import Area, FactIndex
from geoservice.core.query import FactQuery
from geoservice.testing.bulk import facts as many
from geoservice.types import Box, Category, Kind, Nature, Place

BOX = Box(2.30, 48.83, 2.40, 48.89)
QUERIES = (
    FactQuery(kind=Kind.VILLE),
    FactQuery(kind=Kind.BAILLEUR, since=date(2023, 3, 1), until=date(2024, 1, 1), categories=(Category.OCC, Category.DEG)),
    FactQuery(kind=Kind.VILLE, weekdays=(1, 6), hours=(20, 6)),
    FactQuery(kind=Kind.VILLE, gravity_min=3, places=tuple(Place)[:3], natures=tuple(Nature)[:4], hours=(8, 12)),
    FactQuery(kind=Kind.VILLE, since=date(2148, 1, 1)),
    FactQuery(kind=Kind.HABITANT),
)


@pytest.fixture(scope="module")
def index() -> FactIndex:
    """Facts of two kinds, a tenth without a point, more than the loading of compiled loops asks for."""
    number = compiled.LARGE + 7
    given = many(number, seed=3)
    rng = np.random.default_rng(4)
    cells = grid.index(given["lon"], given["lat"])
    placed = rng.random(number) > 0.1
    lon, lat = (np.where(placed, np.round(given[name] * facts.DEGREE), 0).astype(np.int32) for name in ("lon", "lat"))
    return facts.build({
        **{name: given[name] for name in ("day", "hour", "category", "nature", "gravity", "place")},
        "cell": np.where(placed, cells, 0).astype(np.uint64), "lon": lon, "lat": lat, "kind": 1 + (rng.random(number) < 0.6),
        "span": rng.integers(0, 4, number), "unit": np.zeros(number, np.uint32), "placement": np.ones(number, np.uint8)})


@pytest.fixture(scope="module")
def areas() -> tuple[Area, ...]:
    """Everywhere, a box, cells of the counted resolution and coarser ones, cells within a box."""
    cells = grid.cover(BOX, 9)
    return (Area(), Area(box=BOX), Area(cells=cells), Area(cells=np.unique(grid.parents(cells, 7))), Area(cells=cells, box=BOX))


@pytest.fixture(autouse=True)
def loaded() -> None:
    """These tests are of the loops: without numba they say so."""
    if not compiled.load(scanning.loops):
        pytest.skip("numba is not installed")


def test_counts_and_rows_are_those_of_numpy(index: FactIndex, areas: tuple[Area, ...]) -> None:
    totals = []
    for query in QUERIES:
        for area in areas:
            for resolution in (6, 8, 9, 11, 12):
                ours, plain = facts.count(index, resolution, area, query), facts._count(index, resolution, area, query)
                if query.kind in index.kinds:
                    assert scanning.count(index, resolution, area, query) is not None
                    np.testing.assert_array_equal(ours.cells, plain.cells)
                    np.testing.assert_array_equal(ours.counts, plain.counts)
                    assert (ours.unknown, ours.unplaced) == (plain.unknown, plain.unplaced)
                totals.append(ours.total)
            ours, plain = facts.select(index, area, query), facts._select(index, area, query)
            if query.kind in index.kinds:
                np.testing.assert_array_equal(ours.rows, plain.rows)
                assert (ours.unknown, ours.unplaced) == (plain.unknown, plain.unplaced)
    assert sum(total > 100 for total in totals) > 30, totals


@pytest.mark.parametrize("width", [0.0001, 0.004, 0.3, 3.0])
def test_blocks_that_meet_a_box_are_found_and_told_whether_they_lie_in_it(index: FactIndex, width: float) -> None:
    box = Box(2.35 - width, 48.86 - width / 2, 2.35 + width, 48.86 + width / 2)
    found = scanning._ranges(compiled.at_hand(scanning.loops), index, Area(box=box))
    plain = np.array(facts.candidates(index, Area(box=box))).reshape(-1, 2)
    ranges = list(zip(*(part.tolist() for part in found), strict=True))
    rows = {row for first, last, _ in ranges for row in range(first, last)}
    assert rows <= {row for first, last in plain.tolist() for row in range(first, last)}
    lon, lat = index["lon"], index["lat"]
    west, south, east, north = facts.rounded(box)
    inside = (lon >= west) & (lon < east) & (lat >= south) & (lat < north) & (np.arange(len(index)) >= index.placed_from)
    assert set(np.flatnonzero(inside).tolist()) <= rows
    sure = [row for first, last, within in ranges if within for row in range(first, last)]
    assert inside[sure].all()
    assert len(sure) > 100 or width < 0.1


def test_a_polygon_is_left_to_numpy(index: FactIndex) -> None:
    import shapely

    area = Area(polygon=shapely.box(BOX.west, BOX.south, BOX.east, BOX.north))
    assert scanning.count(index, 9, area, QUERIES[0]) is None
    assert facts.count(index, 9, area, QUERIES[0]).total > 100


def test_spans_of_cells_are_found_from_one_to_the_next(index: FactIndex) -> None:
    low, high = grid.span(grid.cover(BOX, 8))
    first, last = np.empty(len(low), np.int64), np.empty(len(low), np.int64)
    compiled.at_hand(scanning.loops).bounds(index["cell"], low, high, first, last)
    np.testing.assert_array_equal(first, np.searchsorted(index["cell"], low, "left"))
    np.testing.assert_array_equal(last, np.searchsorted(index["cell"], high, "right"))
    assert (last > first).sum() > 10


def test_ranges_of_cells_that_cannot_change_are_kept_for_them_alone(index: FactIndex) -> None:
    for k in range(3):  # arrays that die leave their identity to the next
        cells = grid.cover(Box(2.30 + k / 50, 48.83, 2.34 + k / 50, 48.86), 9)
        cells.setflags(write=False)
        for _ in range(2):
            ours, plain = (way(index, 9, Area(cells=cells), QUERIES[0]) for way in (facts.count, facts._count))
            np.testing.assert_array_equal(ours.counts, plain.counts)
        assert index.kept[id(cells)][0]() is cells
        free = cells.copy()
        facts.count(index, 9, Area(cells=free), QUERIES[0])
        assert id(free) not in index.kept or index.kept[id(free)][0]() is not free
        del cells


def test_a_category_fits_the_word_of_bits() -> None:
    assert len(Category) < 64


def test_nothing_is_loaded_unasked_and_numpy_answers_without_numba() -> None:
    code = """
import sys
from geoservice.core import compiled, facts, scanning
assert compiled.at_hand(scanning.loops, 10**9) is None and not compiled._threads
sys.modules["numba"] = None  # as where it is not installed
assert not compiled.load(scanning.loops)
compiled.allow()
assert compiled.at_hand(scanning.loops, 10**9) is None and compiled._threads
compiled.settle()
assert compiled.at_hand(scanning.loops, 10**9) is None
import geoservice.web.asgi
assert "llvmlite" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_large_question_loads_the_loops_behind_it() -> None:
    code = """
import sys
from geoservice.core import compiled, scanning
compiled.allow()
assert compiled.at_hand(scanning.loops, 10) is None and not compiled._threads
assert compiled.at_hand(scanning.loops) is None and len(compiled._threads) == 1
compiled.settle()
assert compiled.at_hand(scanning.loops, 0) is not None
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
