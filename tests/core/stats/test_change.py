"""The e-test against published values and the plain double sum; dispersion; ratios; what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import poisson

from geoservice.core.stats import bunching, change
from geoservice.core.stats.change import Periods
from geoservice.errors import BadInput


def plain(k1: int, k2: int, n1: float, n2: float) -> float:
    """The definition: outcomes at least as extreme, one by one."""
    rate, size = (k1 + k2) / (n1 + n2), 260

    def statistic(a, b):
        variance = a / n1**2 + b / n2**2
        return np.where(variance > 0, np.abs(a / n1 - b / n2) / np.sqrt(np.where(variance > 0, variance, 1)), 0)

    a, b = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    extreme = statistic(a, b) >= statistic(np.array(k1), np.array(k2)) * (1 - 1e-9)
    return float((poisson.pmf(a, n1 * rate) * poisson.pmf(b, n2 * rate) * extreme).sum())


def test_the_published_value(checks):
    """ptools tests (Poisson e-test of two counts), as reference/checks.json quotes them."""
    cases = checks["e_test"]["cases"]
    assert len(cases) >= 1
    for case in cases:
        first, second = case["k"]
        assert change.e_test([first], [second])[0] == pytest.approx(case["p"], abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(k1=st.integers(0, 60), k2=st.integers(0, 60), days=st.sampled_from([(1, 1), (1, 2), (7, 1), (30, 31), (90, 365)]))
def test_the_quick_sum_is_the_double_sum(k1, k2, days):
    assert change.e_test([k1], [k2], [days[0]], [days[1]])[0] == pytest.approx(min(1, plain(k1, k2, *days)), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), min_size=1, max_size=30))
def test_a_test_has_no_side_and_no_order(pairs):
    first, second = np.array(pairs).T
    p = change.e_test(first, second)
    assert ((p > 0) & (p <= 1)).sum() + (p == 0).sum() == len(p)
    np.testing.assert_allclose(p, change.e_test(second, first), atol=1e-12)
    np.testing.assert_array_equal(p[::-1], change.e_test(first[::-1], second[::-1]))


def test_the_size_of_the_test_is_held_over_draws():
    """Krishnamoorthy and Thomson: the e-test stays near its level, also for small means and unequal exposure."""
    draw = np.random.default_rng(5)
    for mean in (0.5, 3, 20):
        p = change.e_test(draw.poisson(mean, 4_000), draw.poisson(3 * mean, 4_000), 1.0, 3.0)
        assert (p <= 0.05).mean() <= 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5


def test_a_planted_change_is_found_and_only_it():
    draw = np.random.default_rng(11)
    before, after = draw.poisson(8, 400), draw.poisson(8, 400)
    before[:3], after[:3] = 8, (40, 45, 50)
    before[3], after[3] = 60, 5
    found = change.changes(before, after, Periods(90, 90))
    assert found.direction[:4].tolist() == [1, 1, 1, -1]
    assert (found.direction[4:] != 0).sum() <= 1
    assert found.dispersion_estimated
    assert 1 <= found.dispersion < 2.5
    assert "two-sided" in found.method
    assert "bh" in found.method


@pytest.mark.parametrize("units", [40, 200, 600])
def test_changes_do_not_hide_each_other(units):
    """A few fourfold changes are not taken for bunches of everybody's facts."""
    found = 0
    for seed in range(10):
        draw = np.random.default_rng([seed, units])
        before, after = draw.poisson(10, units), draw.poisson(10, units)
        (before[7], after[7]), (before[11], after[11]) = (10, 40), (40, 10)
        direction = change.changes(before, after, Periods(90, 90)).direction
        found += int(direction[7] == 1) + int(direction[11] == -1)
        assert (np.delete(direction, [7, 11]) != 0).sum() <= 1
    assert found >= 10  # of 20; none of them when the laws were those of all units


def test_bunched_facts_do_not_become_changes():
    """Variance / mean of 6 in both periods: the plain e-test shouts, with the dispersion it does not."""
    draw = np.random.default_rng(3)
    before, after = (draw.negative_binomial(2, 2 / 12, 800) for _ in range(2))
    plainly = change.changes(before, after, Periods(90, 90, dispersion=1.0))
    told = change.changes(before, after, Periods(90, 90))
    assert (plainly.direction != 0).sum() > 20
    assert (told.direction != 0).sum() <= 2
    assert 4 < told.dispersion < 8


@pytest.mark.parametrize(("mean", "spread"), [(0.1, 15), (0.5, 5), (2, 15), (10, 2), (10, 15), (50, 15)])
def test_maps_without_changes_rarely_show_one(mean, spread):
    """300 cells whose rates differ lastingly, facts in bursts (variance / mean `spread`): at most 5 % of maps, within chance."""
    draw = np.random.default_rng(20)
    shown = []
    for _ in range(12):
        shape = np.maximum(mean * draw.gamma(2, 0.5, 300) / (spread - 1), 1e-9)
        before, after = (draw.negative_binomial(shape, 1 / spread) for _ in range(2))
        shown.append((change.changes(before, after, Periods(90, 90)).direction != 0).any())
    assert sum(shown) <= 2  # of 12 at 5 %, three or more have a probability of 2 %


def test_the_tails_are_scipys_beta_binomial():
    draw = np.random.default_rng(1)
    both = draw.integers(0, 60, 80).astype(float)
    second, share = draw.integers(0, both + 1).astype(float), draw.uniform(0.2, 0.8, 80)
    for law in (bunching.Law("same", 3.0), bunching.Law("proportional", 0.2), bunching.Law("same", 1e6)):
        strength = law.of(both)
        theirs = stats.betabinom(both.astype(int), share * strength, (1 - share) * strength)
        tails = 2 * np.minimum(theirs.cdf(second), theirs.sf(second - 1))
        np.testing.assert_allclose(bunching.two_sided(second, both, share, law), np.minimum(tails, 1), atol=1e-7)
        np.testing.assert_allclose(law.dispersion(both), np.where(both > 1, 1 + (both - 1) / (strength + 1), 1))


def test_the_strength_of_bunches_is_found_from_the_careful_side():
    draw = np.random.default_rng(4)
    both = draw.integers(5, 80, 2_000)
    second = draw.binomial(both, draw.beta(4, 4, 2_000)).astype(float)
    same = bunching.laws(second, both.astype(float), np.full(2_000, 0.5))[0]
    assert same.name == "same"
    assert 6 < same.strength <= 8.5
    few = [bunching.laws(second[start:start + 15], both[start:start + 15].astype(float), np.full(15, 0.5))[0].strength
           for start in range(0, 1_995, 15)]
    assert 0.85 < np.mean(np.array(few) <= 8) < 0.995  # a one-sided 95 % limit


def test_a_trend_that_all_share_is_not_dispersion():
    draw = np.random.default_rng(8)
    found = change.changes(draw.poisson(5, 500), draw.poisson(10, 500), Periods(30, 30))
    assert found.dispersion < 1.2


def test_exposure_counts_days():
    found = change.changes([30], [31], Periods(30, 31, dispersion=1.0))
    assert found.p[0] == pytest.approx(1.0, abs=1e-9)
    assert found.low[0] < 1 < found.high[0]
    doubled = change.changes([30], [30], Periods(60, 30, dispersion=1.0))
    assert doubled.ratio[0] == pytest.approx(2.0)


@settings(max_examples=60, deadline=None)
@given(k1=st.integers(0, 5_000), k2=st.integers(0, 5_000), spread=st.floats(1, 30))
def test_ratios_are_finite_and_lie_in_their_interval(k1, k2, spread):
    one = np.ones(1)
    ratio, low, high = change.rate_ratio(np.array([k1 * 1.0]), np.array([k2 * 1.0]), one, one, spread)
    assert 0 < low[0] <= high[0] < np.inf
    if min(k1, k2) > 0:
        assert low[0] * 0.999 <= ratio[0] <= high[0] * 1.001


def test_the_interval_covers_its_ratio():
    draw = np.random.default_rng(2)
    first, second = draw.poisson(12, 4_000) * 1.0, draw.poisson(24, 4_000) * 1.0
    one = np.ones(4_000)
    _, low, high = change.rate_ratio(first, second, one, one)
    assert 0.935 < ((low <= 2) & (high >= 2)).mean() < 0.975


def test_nothing_before_and_nothing_after_is_no_change():
    found = change.changes([0, 0, 5], [0, 0, 5], Periods(10, 10))
    assert found.p.tolist() == pytest.approx([1, 1, 1])
    assert np.isfinite([found.ratio, found.low, found.high]).all()
    assert len(change.changes([], [], Periods(10, 10)).p) == 0


@pytest.mark.parametrize(("before", "after", "periods", "words"), [
    ([1, -1], [1, 1], Periods(1, 1), "négatifs"),
    ([1, 1.5], [1, 1], Periods(1, 1), "entiers"),
    ([1, np.nan], [1, 1], Periods(1, 1), "manquantes"),
    ([1], [1, 1], Periods(1, 1), "longueur"),
    ([1, 1], [1, 1], Periods(0, 1), "plus grandes que zéro"),
    ([1, 1], [1, 1], Periods(np.array([1, np.nan]), 1), "manquantes"),
    ([1, 1], [1, 1], Periods(np.array([1.0]), 1), "2 attendues"),
    ([1, 1], [1, 1], Periods(1, 1, correction="magique"), "bh"),
    ([1, 1], [1, 1], Periods(1, 1, alpha=0), "alpha"),
    ([1, 1], [1, 1], Periods(1, 1, dispersion=np.nan), "dispersions"),
    (["a"], [1], Periods(1, 1), "nombres"),
    ([[1]], [[1]], Periods(1, 1), "dimension"),
])
def test_what_cannot_be_is_refused_in_french(before, after, periods, words):
    with pytest.raises(BadInput, match=words):
        change.changes(before, after, periods)
