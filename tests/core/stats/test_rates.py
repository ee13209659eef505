"""Empirical Bayes against published values and PySAL, posteriors and funnel limits against scipy, and what cannot be said."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geoservice.core.stats import rates
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.weights import each_alone, from_lists
from geoservice.errors import BadInput


@pytest.fixture(scope="module")
def sids():
    """Sudden infant deaths of North Carolina, the example that PySAL tests itself with: deaths, births.

    Read from the installed file: importing libpysal for it takes seconds.
    """
    import pyogrio

    folder = Path(importlib.util.find_spec("libpysal").submodule_search_locations[0])
    table = pyogrio.read_dataframe(folder / "examples" / "sids2" / "sids2.dbf", columns=["SID74", "BIR74"], read_geometry=False)
    assert len(table) == 100
    return table["SID74"].to_numpy(), table["BIR74"].to_numpy()


def test_the_published_values(sids, checks):
    """esda tests on libpysal example sids2, as reference/checks.json quotes them."""
    published = checks["empirical_bayes"]["first_five"]
    np.testing.assert_allclose(rates.global_bayes(*sids)[:5], published, atol=5e-8)


def test_global_and_local_are_pysals(sids, pysal):
    from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes
    from libpysal.weights import W

    deaths, births = sids
    n = len(deaths)
    draw = np.random.default_rng(4)
    lists = {unit: sorted(set(draw.choice(n, 5).tolist()) - {unit}) for unit in range(n)}
    theirs = Spatial_Empirical_Bayes(deaths, births, W(lists, id_order=list(range(n)))).r.ravel()
    flat = [neighbour for unit in range(n) for neighbour in lists[unit]]
    starts = np.concatenate([[0], np.cumsum([len(lists[unit]) for unit in range(n)])])
    np.testing.assert_allclose(rates.global_bayes(deaths, births), Empirical_Bayes(deaths, births).r.ravel(), rtol=1e-9)
    np.testing.assert_allclose(rates.local_bayes(deaths, births, from_lists(starts, flat)), theirs, rtol=1e-9)


def test_a_unit_alone_keeps_its_rate():
    assert rates.local_bayes([3, 10], [10, 20], each_alone(2)).tolist() == [0.3, 0.5]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 400)), min_size=2, max_size=40))
def test_rates_are_pulled_towards_the_common_one(pairs):
    facts, homes = np.array(pairs, dtype=float).T
    pulled, raw, mean = rates.global_bayes(facts, homes), facts / homes, facts.sum() / homes.sum()
    assert np.isfinite(pulled).all()
    assert (np.abs(pulled - mean) <= np.abs(raw - mean) + 1e-12).all()
    assert ((pulled - mean) * (raw - mean) >= -1e-12).all()


def test_rates_that_differ_by_chance_alone_become_one():
    facts, homes = np.array([10, 20, 30]), np.array([100, 200, 300])
    np.testing.assert_allclose(rates.global_bayes(facts, homes), 0.1)
    found = rates.gamma_poisson(facts, homes)
    np.testing.assert_allclose(found.mean, 0.1, rtol=1e-6)
    assert (found.low < found.mean).all()


def test_posteriors_are_gamma_and_cover_the_truth():
    draw = np.random.default_rng(7)
    homes = draw.integers(20, 300, 3_000).astype(float)
    truth = draw.gamma(3, 0.1 / 3, 3_000)
    found = rates.gamma_poisson(draw.poisson(truth * homes), homes)
    assert found.prior_mean == pytest.approx(0.1, rel=0.1)
    assert found.prior_facts == pytest.approx(3, rel=0.25)
    assert 0.93 < ((found.low <= truth) & (truth <= found.high)).mean() < 0.97
    np.testing.assert_allclose(found.low[:20], stats.gamma.ppf(0.025, found.shape[:20], scale=1 / found.rate[:20]), rtol=1e-9)


@pytest.mark.parametrize("shape", [3, 20, 1e6])
def test_posteriors_of_a_dozen_units_cover_the_truth(shape):
    draw, held = np.random.default_rng(11), []
    for _ in range(60):
        homes = draw.integers(20, 400, 12).astype(float)
        truth = 0.5 * draw.gamma(shape, 1 / shape, 12)
        found = rates.gamma_poisson(draw.poisson(truth * homes), homes)
        held.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(held) > 0.91


def test_per_hundred_dwellings():
    assert rates.per_hundred([3, 0], [150, 20]).tolist() == [2, 0]


def test_funnel_limits_enclose_their_share():
    """P(X < low) and P(X > high) are the tail at most, and would be more one fact further in."""
    mean = np.array([0.3, 2.5, 12, 80, 1_000, -np.log(0.025)])  # the last: P(0) is the tail itself
    found = rates.funnel(np.round(mean * 10), mean * 10, target=0.1, levels=(0.95, 0.998))
    for row, tail in enumerate((0.025, 0.001)):
        low, high = np.round(found.low[row] * mean * 10, 9), np.round(found.high[row] * mean * 10, 9)
        assert (stats.poisson.cdf(np.ceil(low) - 1, mean) <= tail + 1e-9).all()
        assert (stats.poisson.sf(np.floor(high), mean) <= tail + 1e-9).all()
        np.testing.assert_allclose(low, stats.poisson.ppf(tail, mean), atol=1e-9)
        np.testing.assert_allclose(high, stats.poisson.ppf(1 - tail, mean), atol=1e-9)
    assert (found.low[1] <= found.low[0]).all()
    assert (found.high[1] >= found.high[0]).all()


def test_a_funnel_of_bunched_facts_says_so():
    draw = np.random.default_rng(2)
    homes = draw.integers(50, 400, 400).astype(float)
    even, bunched = draw.poisson(homes * 0.2), draw.negative_binomial(4, 4 / (4 + homes * 0.2))
    assert rates.funnel(even, homes).dispersion < 1.3
    assert (rates.funnel(even, homes).outside != 0).sum() <= 4
    found = rates.funnel(bunched, homes)
    assert found.dispersion > 4
    assert (found.outside_poisson != 0).sum() > 40 > 3 * (found.outside != 0).sum()
    even[:8] *= 20  # outliers must not hide themselves in the dispersion
    assert rates.funnel(even, homes, target=0.2).dispersion < 1.6
    assert (rates.funnel(even, homes, target=0.2).outside[:8] == 1).all()
    bunched[0] = homes[0] * 4
    assert rates.funnel(bunched, homes).outside[0] == 1


def test_a_funnel_of_rates_that_differ_calls_few_outside_whatever_their_size():
    draw = np.random.default_rng(5)
    homes = np.exp(draw.uniform(np.log(20), np.log(2_000), 3_000))
    found = rates.funnel(draw.poisson(homes * 0.5 * draw.gamma(8, 1 / 8, 3_000)), homes)
    assert found.between == pytest.approx(1 / 8, rel=0.2)
    for some in (homes < 100, homes > 500):
        assert (found.outside[some] != 0).mean() < 0.01
    assert (found.outside_poisson[homes > 500] != 0).mean() > 0.5
    low, high = rates.limits(0.5, np.array([40.0]), 0.95)
    assert (float(low[0]) * 40, float(high[0]) * 40) == pytest.approx(stats.poisson.ppf((0.025, 0.975), 20).tolist())


def test_nothing_to_compare_is_an_answer():
    for call in (lambda: rates.global_bayes([], []), lambda: rates.gamma_poisson([0, 0], [1, 1]), lambda: rates.funnel([1], [1]),
                 lambda: rates.funnel([0, 0, 0], [1, 1, 1])):
        with pytest.raises(NotEnough):
            call()
    assert rates.global_bayes([0, 0], [5, 10]).tolist() == [0, 0]
    assert rates.global_bayes([4], [10]).tolist() == [0.4]


@pytest.mark.parametrize(("facts", "homes"), [([1, 2], [1, 0]), ([1, 2], [1, np.nan]), ([1, -2], [1, 1]), ([1, 2], [1]),
                                              ([1, np.inf], [1, 1])])
def test_what_cannot_be_is_refused(facts, homes):
    for call in (rates.global_bayes, rates.gamma_poisson, rates.funnel, rates.per_hundred):
        with pytest.raises(BadInput):
            call(facts, homes)
    with pytest.raises(BadInput, match="voisinage"):
        rates.local_bayes([1, 2], [1, 1], each_alone(3))
    with pytest.raises(BadInput, match="cible"):
        rates.funnel([1, 2, 3], [1, 1, 1], target=np.nan)
