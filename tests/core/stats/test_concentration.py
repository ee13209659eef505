"""Gini and Gini' against published values, their bounds and invariances; how few units hold how much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.stats.concentration import concentration, gini
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=60).filter(any)


def test_the_published_values(checks):
    """lorenzgini vignette (Bernasco and Steenbeek 2017), as reference/checks.json quotes it."""
    cases = checks["gini_prime"]["cases"]
    assert len(cases) == 3
    for case in cases:
        found = concentration(case["x"])
        assert found.gini_prime == pytest.approx(case["Gp"], abs=1e-9)
        if "G" in case:
            assert found.gini == pytest.approx(case["G"], abs=1e-9)


def test_a_case_by_hand():
    found = concentration([0, 5, 1, 2, 0, 0, 0, 0, 0, 0])
    assert [(held.share, held.units, held.unit_share) for held in found.held] == [(0.25, 1, 0.1), (0.5, 1, 0.1), (0.8, 2, 0.2)]
    assert (found.units, found.units_with_facts, found.facts) == (10, 3, 8)
    np.testing.assert_allclose(found.lorenz[:4], [[0, 0], [0.1, 0.625], [0.2, 0.875], [0.3, 1]])
    assert found.sentence == "1 lieu sur 10 (10\u00a0%) réunit au moins 50\u00a0% des faits."


def test_exact_shares_are_not_missed_by_rounding():
    assert [held.units for held in concentration([1] * 10, levels=(0.1, 0.3, 0.7, 0.8)).held] == [1, 3, 7, 8]
    assert [held.units for held in concentration([0.1] * 10, levels=(0.1, 0.3, 0.7, 0.8)).held] == [1, 3, 7, 8]


@given(COUNTS)
def test_gini_is_the_mean_difference(counts):
    values = np.array(counts, dtype=float)
    slow = np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean())
    assert gini(counts) == pytest.approx(slow, abs=1e-9)


@given(COUNTS, st.randoms(use_true_random=False))
def test_bounds_and_invariances(counts, random):
    found = concentration(counts)
    assert 0 <= found.gini_prime <= found.gini + 1e-12 <= 1
    shuffled = list(counts)
    random.shuffle(shuffled)
    assert concentration(shuffled).gini == pytest.approx(found.gini)
    assert (np.diff(found.lorenz, axis=0) >= -1e-12).all()
    assert found.lorenz[-1].tolist() == [1, 1]
    assert (np.diff(found.lorenz[:, 1], n=2) <= 1e-9).all()  # from the busiest: concave
    for held in found.held:
        best = np.sort(counts)[::-1]
        assert best[:held.units].sum() >= held.share * best.sum() - 1e-9 > best[:held.units - 1].sum() - 2e-9


def test_few_facts_are_not_called_concentrated():
    few = np.zeros(1_000)
    few[:20] = 1
    assert concentration(few).gini == pytest.approx(0.98)
    assert concentration(few).gini_prime == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("counts", [[], [0], [0, 0, 0]])
def test_nothing_is_not_enough(counts):
    with pytest.raises(NotEnough) as told:
        concentration(counts)
    assert told.value.code == "aucun_fait"
    assert "Aucun fait" in str(told.value)


def test_one_unit_and_constant_series_have_answers():
    assert concentration([7]).gini == 0
    assert concentration([3, 3, 3]).gini == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("counts", [[1, -1], [1, np.nan], [1, np.inf], [[1]]])
def test_what_cannot_be_is_refused(counts):
    with pytest.raises(BadInput):
        concentration(counts)


def test_levels_are_shares():
    with pytest.raises(BadInput, match="levels"):
        concentration([1, 2], levels=(0.5, 1.0))
