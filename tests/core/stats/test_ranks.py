"""Ranks that can be told apart are, the others are not, and the same seed gives the same answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.ranks import groups, ranks
from geoservice.core.stats.rates import gamma_poisson
from geoservice.errors import BadInput


def test_clear_differences_make_groups():
    found = ranks([400, 405, 100, 20], [100, 100, 100, 100], seed=1)
    assert found.group.tolist() == [1, 1, 2, 3]
    assert found.ranked
    assert found.low.tolist() == [1, 1, 3, 4]
    assert found.high.tolist() == [2, 2, 3, 4]
    assert "3 groupes" in found.sentence


def test_small_numbers_are_not_ranked():
    """Ten residences with the same true rate: raw rates differ by a factor of several, and say nothing."""
    facts = np.random.default_rng(3).poisson(4, 10)
    posterior = gamma_poisson(facts, np.full(10, 50.0))
    found = ranks(posterior.shape, posterior.rate, seed=1)
    assert facts.max() >= 3 * facts.min()
    assert not found.ranked
    assert "ne peuvent pas être classés" in found.sentence


def test_ranks_add_up_and_repeat():
    shape = np.random.default_rng(5).gamma(3, 10, 30) + 0.1
    one, again, other = (ranks(shape, np.ones(30), seed=seed) for seed in (7, 7, 8))
    assert one.rank.sum() == pytest.approx(30 * 31 / 2)
    np.testing.assert_array_equal(one.rank, again.rank)
    assert (one.rank != other.rank).any()
    assert np.abs(one.rank - other.rank).max() < 1
    assert (one.low - 0.5 <= one.rank).all()  # a mean may leave the interval of a rank that hardly varies
    assert (one.rank <= one.high + 0.5).all()
    assert np.corrcoef(one.rank, -shape)[0, 1] > 0.9


def test_intervals_are_those_of_pairs():
    """Two units: the chance to be first is a beta probability."""
    from scipy.stats import beta

    found = ranks([12, 8], [1, 1], seed=2, draws=20_000)
    assert 2 - found.rank[0] == pytest.approx(beta.sf(0.5, 12, 8), abs=0.01)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), min_size=1, max_size=25))
def test_groups_never_overlap_and_hang_together(pairs):
    low = np.array([first for first, _ in pairs])
    high = np.array([first + wide for first, wide in pairs])
    group = groups(low, high)
    assert sorted(set(group.tolist())) == list(range(1, group.max() + 1))
    for a in range(len(low)):
        for b in range(len(low)):
            overlap = low[a] <= high[b] and low[b] <= high[a]
            assert not overlap or group[a] == group[b]
            assert not group[a] < group[b] or high[a] < low[b]


def test_what_cannot_be_is_refused():
    with pytest.raises(NotEnough, match="au moins deux"):
        ranks([1], [1], seed=1)
    for shape, rate, draws in (([1, 0], [1, 1], 500), ([1, np.nan], [1, 1], 500), ([1, 2], [1], 500), ([1, 2], [1, 1], 10)):
        with pytest.raises(BadInput):
            ranks(shape, rate, seed=1, draws=draws)
