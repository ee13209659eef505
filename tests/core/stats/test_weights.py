"""Neighbourhoods: those of H3, cut by the study area and knowing it, on hexagons and on the twelve pentagons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core import grid
from geoservice.core.stats import weights
from geoservice.errors import BadInput


def listed(neighbours: weights.Neighbours) -> list[list[int]]:
    return [neighbours.indices[a:b].tolist() for a, b in zip(neighbours.indptr, neighbours.indptr[1:], strict=False)]


@pytest.mark.parametrize("k", [0, 1, 2, 4])
@pytest.mark.parametrize("itself", [True, False])
def test_disks_are_those_of_h3_within_the_study_area(cells: np.ndarray, k: int, itself: bool) -> None:
    shuffled = np.random.default_rng(1).permutation(cells)
    found = weights.disks(shuffled, k, itself)
    known = {cell: place for place, cell in enumerate(shuffled.tolist())}
    wanted = [{known[cell] for cell in grid.disk(centre, k).tolist() if cell in known} - (set() if itself else {known[centre]})
              for centre in known]
    assert listed(found) == [sorted(some) for some in wanted]
    assert set(found.ring_size.tolist()) == {3 * k * (k + 1) + itself}
    np.testing.assert_array_equal(found.counts, [len(some) for some in wanted])
    np.testing.assert_array_equal(found.edge, found.counts < 3 * k * (k + 1) + itself)
    assert (k == 0) == (not found.edge.any())
    assert (found.itself == itself).all()


def test_a_pentagon_has_five_neighbours_and_is_no_edge() -> None:
    pentagon = int("85080003fffffff", 16)
    found = weights.disks(grid.disk(pentagon, 4), 1)
    here = int(np.flatnonzero(grid.disk(pentagon, 4) == pentagon)[0])
    assert (found.ring_size[here], found.counts[here], found.edge[here]) == (6, 6, False)
    assert sorted(set(found.ring_size.tolist())) == [6, 7]
    assert (found.ring_size == 6).sum() == 1


def test_the_unit_itself_comes_and_goes(cells: np.ndarray) -> None:
    plus, minus = weights.disks(cells, 2), weights.disks(cells, 2, itself=False)
    for ours, other in ((plus.without_itself(), minus), (minus.with_itself(), plus)):
        for name in ("indptr", "indices", "ring_size"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(other, name))
    assert plus.with_itself() is plus
    assert minus.without_itself() is minus


def test_sums_are_those_of_each_neighbourhood(both_ways: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    dense = rng.random((40, 40)) < 0.1
    dense[[0, 7, 39]] = False  # nobody near: a sum of 0
    found = weights.from_lists(np.concatenate([[0], np.cumsum(dense.sum(1))]), np.nonzero(dense)[1])
    for values in (rng.poisson(3, 40), rng.normal(size=40), rng.normal(size=(5, 40))):
        np.testing.assert_allclose(found.sums(values), values @ dense.T, atol=1e-12)
    assert (found.sums(np.full(40, 2**40)) == dense.sum(1) * 2**40).all()
    with pytest.raises(BadInput):
        found.sums(np.ones(39))


def test_no_unit_one_unit_and_each_alone() -> None:
    none, one = (weights.disks(np.array(cells, dtype=np.uint64), 1) for cells in ([], [0x891FB466257FFFF]))
    assert (len(none), len(one), one.counts.tolist(), one.ring_size.tolist()) == (0, 1, [1], [7])
    assert none.sums(np.zeros(0)).shape == (0,)
    assert one.without_itself().sums(np.ones(1)).tolist() == [0.0]
    alone = weights.each_alone(3)
    assert alone.sums(np.array([1.0, 2.0, 3.0])).tolist() == [1.0, 2.0, 3.0]
    assert not alone.edge.any()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=60), st.integers(1, 30), st.booleans())
def test_points_within_a_distance_bound_included(points: list[tuple[int, int]], metres: int, itself: bool) -> None:
    xy = np.array(points, dtype=float).reshape(-1, 2)
    found = weights.within(xy[:, 0], xy[:, 1], metres, itself)
    near = ((xy[:, None] - xy) ** 2).sum(2) <= metres**2
    np.fill_diagonal(near, itself)
    assert listed(found) == [np.flatnonzero(row).tolist() for row in near]
    assert not found.edge.any()


def test_pairs_are_found_once_in_parts_and_not_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(3).uniform(0, 500, (2, 400))
    whole = set(zip(*(some.tolist() for some in weights.pairs(x, y, 80)), strict=True))
    monkeypatch.setattr(weights, "_COMPARED", 50)
    first, second = weights.pairs(x, y, 80)
    assert len(first) == len(whole) > 1000
    assert {frozenset(pair) for pair in zip(first.tolist(), second.tolist(), strict=True)} == {frozenset(pair) for pair in whole}
    with pytest.raises(BadInput, match="réduisez la distance"):
        weights.pairs(x, y, 80, most=len(first) - 1)
    assert len(weights.pairs(np.zeros(5), np.zeros(5), 0.0)[0]) == 10


@pytest.mark.parametrize("call", [
    lambda cells: weights.disks(cells, -1), lambda cells: weights.disks(cells, 21),
    lambda cells: weights.disks(np.concatenate([cells, cells[:1]]), 1),
    lambda cells: weights.disks(np.concatenate([cells, grid.parents(cells[:1], 8)]), 1),
    lambda cells: weights.from_lists([0, 1], [1]), lambda cells: weights.from_lists([0, 2], [0, 0]),
    lambda cells: weights.from_lists([0, 2, 1], [0]), lambda cells: weights.from_lists([], []),
    lambda cells: weights.from_lists([0, 1], [0], [0]), lambda cells: weights.within(np.zeros(2), np.zeros(2), 0),
    lambda cells: weights.within(np.array([0.0, np.nan]), np.zeros(2), 10),
    lambda cells: weights.within(np.zeros(2), np.zeros(3), 1),
])
def test_what_is_no_neighbourhood_is_refused(cells: np.ndarray, call) -> None:
    with pytest.raises(BadInput):
        call(cells)
