"""Limits against scipy and by their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geoservice.core.profiles import poisson_interval
from geoservice.core.stats.intervals import gamma_limits, poisson_limits, ratio_limits, wilson_limits
from geoservice.errors import BadInput


def test_poisson_limits_are_garwoods():
    counts = np.arange(60)
    low, high = poisson_limits(counts)
    np.testing.assert_allclose(low[1:], stats.chi2.ppf(0.025, 2 * counts[1:]) / 2)
    np.testing.assert_allclose(high, stats.chi2.ppf(0.975, 2 * counts + 2) / 2)
    assert low[0] == 0
    np.testing.assert_allclose((low[20], high[20]), poisson_interval(20), rtol=0.01)  # Byar's, which the page shows


def test_gamma_limits():
    low, high = gamma_limits(np.array([3.0]), np.array([2.0]), 0.9)
    assert (low[0], high[0]) == pytest.approx(tuple(stats.gamma.interval(0.9, 3, scale=0.5)))


def test_ratio_limits_cover_over_dispersed_counts():
    draw = np.random.default_rng(3)
    mean, spread = 40.0, 5.0
    counts = draw.negative_binomial(mean / (spread - 1), 1 / spread, 4_000)
    low, high = ratio_limits(counts, np.full(4_000, mean), spread)
    assert 0.93 < ((low <= 1) & (high >= 1)).mean() < 0.985
    plain = ratio_limits(counts, np.full(4_000, mean))
    assert ((plain[0] <= 1) & (plain[1] >= 1)).mean() < 0.7
    assert np.isfinite(ratio_limits([0], [3.0], 33.0)).all()


def test_wilson_limits_are_scipys():
    for part, whole in ((0, 10), (3, 10), (10, 10), (850, 1_000)):
        theirs = stats.binomtest(part, whole).proportion_ci(method="wilson")
        assert wilson_limits(part, whole) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert wilson_limits(0, 0) == (0, 1)


@pytest.mark.parametrize("call", [
    lambda: poisson_limits([-1]), lambda: poisson_limits([1], 1.0), lambda: ratio_limits([1], [0]),
    lambda: ratio_limits([1], [1, 2]),
    lambda: ratio_limits([1], [1], float("nan")), lambda: wilson_limits(1, 2, 0.0), lambda: ratio_limits([np.nan], [1]),
])
def test_what_cannot_be_is_refused(call):
    with pytest.raises(BadInput):
        call()
