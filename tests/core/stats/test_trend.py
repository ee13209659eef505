"""Mann–Kendall and Theil–Sen against scipy and by hand, over ties, and what short or autocorrelated series say of themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.trend import mann_kendall, trend
from geoservice.errors import BadInput

SERIES = st.lists(st.integers(0, 6), min_size=4, max_size=40)


@settings(max_examples=80, deadline=None)
@given(SERIES)
def test_it_is_kendalls_tau_against_time(values):
    """scipy: tau-b, and its asymptotic p without continuity correction from the same variance."""
    found = trend(values)
    if len(set(values)) == 1:
        assert (found.p, found.tau, found.slope, found.direction) == (1, 0, 0, "aucune")
        return
    theirs = stats.kendalltau(np.arange(len(values)), values, method="asymptotic")
    assert found.tau == pytest.approx(theirs.statistic, abs=1e-9)
    assert 2 * stats.norm.sf(abs(found.s) / found.variance**0.5) == pytest.approx(theirs.pvalue, abs=1e-9)
    assert found.p >= theirs.pvalue - 1e-9


@settings(max_examples=80, deadline=None)
@given(SERIES)
def test_the_slope_is_scipys(values):
    found, theirs = trend(values), stats.theilslopes(values, alpha=0.95)
    assert found.slope == pytest.approx(theirs.slope, abs=1e-9)
    assert found.low <= found.slope <= found.high
    if len(set(values)) > 1:
        assert (found.low, found.high) == pytest.approx((theirs.low_slope, theirs.high_slope), abs=1e-9)


def test_a_case_by_hand():
    """2 4 4 5 1: of ten pairs five rise, four fall, one is tied; variance (5·4·15 - 2·1·9) / 18."""
    found = trend([2, 4, 4, 5, 1])
    assert found.s == 5 - 4
    assert found.variance == pytest.approx((300 - 18) / 18)
    assert (found.z, found.p) == (0, 1)  # continuity corrected


def test_many_rows_are_rows_one_by_one():
    table = np.random.default_rng(4).poisson(2, (50, 17)).astype(float)
    s, variance, z, p = mann_kendall(table)
    for row in range(50):
        one = trend(table[row])
        assert (one.s, one.variance, one.z, one.p) == pytest.approx((s[row], variance[row], z[row], p[row]))


def test_directions_mirror():
    up = trend([1, 2, 2, 4, 5, 6, 7, 9, 9, 12, 14, 13])
    down = trend([-value for value in [1, 2, 2, 4, 5, 6, 7, 9, 9, 12, 14, 13]])
    assert (up.direction, down.direction) == ("hausse", "baisse")
    assert (up.slope, up.low, up.high) == pytest.approx((-down.slope, -down.high, -down.low))
    assert up.p == down.p < 0.001


def test_the_level_is_held_on_counts_with_many_ties():
    draws = np.random.default_rng(9).poisson(0.4, (4_000, 24)).astype(float)
    assert (mann_kendall(draws)[3] <= 0.05).mean() <= 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5


def test_caveats_are_said():
    walk = np.cumsum(np.random.default_rng(1).normal(size=60))
    assert any("successives" in caveat for caveat in trend(walk).caveats)
    assert trend(np.random.default_rng(1).normal(size=60)).caveats == ()
    assert any("courte" in caveat for caveat in trend([1, 3, 2, 5]).caveats)
    assert trend([5, 5, 5, 5, 5]).autocorrelation == 0
    assert trend([0.1 * step for step in range(12)]).autocorrelation == 0  # residuals of rounding say nothing


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3]])
def test_short_series_are_not_enough(values):
    with pytest.raises(NotEnough, match="au moins 4"):
        trend(values)


@pytest.mark.parametrize("values", [[1, 2, 3, np.nan], [1, 2, 3, np.inf], [[1, 2, 3, 4]], ["a", "b", "c", "d"]])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(BadInput):
        trend(values)
