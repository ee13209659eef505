"""Neighbours, and improved halls beside worsened ones."""

from __future__ import annotations

import numpy as np

from geoservice.core.observatory import spillover


def test_neighbours_are_of_one_residence_or_near():
    metres = np.array([[0.0, 0], [50, 0], [500, 0], [np.nan, np.nan], [520, 0]])
    found = spillover.neighbours(metres, np.array([0, 0, 1, 1, 2]), 100.0)
    assert found.tolist() == [[0, 1], [2, 3], [2, 4]]


def test_nobody_is_a_neighbour_of_nobody():
    assert spillover.neighbours(np.full((2, 2), np.nan), np.array([0, 1]), 100.0).shape == (0, 2)


def test_a_large_residence_has_bounded_neighbours():
    found = spillover.neighbours(np.full((500, 2), np.nan), np.zeros(500, int), 100.0)
    assert len(found) < 500 * 60


def test_what_is_observed_and_what_chance_gives():
    before, after = np.array([2, 0, 2, 0, -1, 1, 1]), np.array([1, 1, 1, 0, 1, 1, -1])
    pairs = np.array([[0, 1], [2, 3], [4, 5], [0, 6]])
    found = spillover.observe(before, after, pairs, seed=1)
    assert (found.observed, found.improved, found.worsened) == (1, 2, 1)
    assert found.halls.tolist() == [0]
    assert found.beside.tolist() == [1]
    # both orange halls improve in any deal; the one worsened green hall is beside one of them in every deal
    assert found.expected == 1.0
    assert found.p == 1.0


def test_planted_displacement_is_seen():
    rng = np.random.default_rng(5)
    before = np.tile([2, 0, 0, 0, 0], 200)
    after = before.copy()
    better = np.flatnonzero((before == 2) & (rng.random(1000) < 0.3))
    after[better] = 0
    after[better + 1 + rng.integers(0, 4, len(better))] = 1
    pairs = spillover.neighbours(np.full((1000, 2), np.nan), np.arange(1000) // 5, 100.0)
    assert spillover.observe(before, after, pairs, seed=2).p <= 0.01
