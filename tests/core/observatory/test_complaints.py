"""Complaints per fact: posteriors by hand, a prior that is found again, an alert where it is due and hardly elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from geoservice.core.observatory.complaints import Period, Prior, at_the_mix_of, fit, lassitude, ratios
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

PRIOR = Prior(2.0, 8.0)


def periods(*units: tuple[int, int, int, int]) -> tuple[Period, Period]:
    """(filed, asked before, filed, asked after) a unit; facts are those asked about."""
    first, one, second, two = (np.array(column, dtype=float) for column in zip(*units, strict=True))
    return Period(first, one, one, 365.0), Period(second, two, two, 365.0)


def test_a_ratio_is_the_beta_posterior() -> None:
    found = ratios([3, 0], [10, 0], PRIOR)
    assert found.mean == pytest.approx([5 / 20, 2 / 10])
    assert (found.low[0], found.high[0]) == pytest.approx(beta.interval(0.95, 5, 15))
    assert (found.low[1], found.high[1]) == pytest.approx(beta.interval(0.95, 2, 8))  # nothing known: the landlord's


def test_the_prior_is_found_again() -> None:
    random = np.random.default_rng(3)
    asked = random.integers(20, 200, 400)
    prior = fit(random.binomial(asked, random.beta(3.0, 17.0, 400)), asked)
    assert prior.mean == pytest.approx(0.15, abs=0.01)
    assert prior.strength == pytest.approx(20.0, rel=0.35)


def test_ratios_that_do_not_differ_have_a_sharp_prior() -> None:
    random = np.random.default_rng(4)
    asked = np.full(200, 100)
    assert fit(random.binomial(asked, 0.2), asked).strength > 300


def test_too_few_residences_are_an_answer() -> None:
    with pytest.raises(NotEnough, match="au moins 3 résidences"):
        fit([1, 1, 0], [5, 5, 0])
    with pytest.raises(BadInput, match="plus de plaintes"):
        fit([2, 1, 1], [1, 5, 5])


def test_a_clear_fall_is_an_alarm_and_stable_residences_are_none() -> None:
    still = [(20, 100, 20, 100)] * 20
    found = lassitude(*periods((40, 100, 4, 100), *still), PRIOR)
    assert found.alarm.tolist() == [True] + [False] * 20
    assert found.fell[0] > 0.99 > 0.05 > found.fell[1:].max()


def test_a_rise_is_no_alarm() -> None:
    assert not lassitude(*periods((4, 100, 40, 100), *[(20, 100, 20, 100)] * 20), PRIOR).alarm.any()


def test_facts_that_fell_too_are_no_lassitude() -> None:
    before, after = periods((80, 200, 4, 80), *[(20, 100, 20, 100)] * 20)
    found = lassitude(before, after, PRIOR)
    assert found.fell[0] > 0.9
    assert found.kept[0] < 0.01
    assert not found.alarm.any()


def test_periods_of_other_lengths_are_compared_by_day() -> None:
    before, after = periods((40, 100, 4, 50), *[(20, 100, 10, 50)] * 20)
    shorter = Period(after.filed, after.asked, after.facts, 182.5)
    assert lassitude(before, shorter, PRIOR).kept[0] > 0.9 > 0.01 > lassitude(before, after, PRIOR).kept[0]


def test_a_unit_nobody_knows_anything_of_is_never_alarmed() -> None:
    found = lassitude(*periods((0, 0, 0, 0), *[(40, 100, 4, 100)] * 5), PRIOR)
    assert found.both[0] == 0


def test_another_mix_of_categories_is_no_fall() -> None:
    usual = np.array([0.4, 0.05])
    first, second = np.array([[100, 100]]), np.array([[0, 200]])
    told = at_the_mix_of(np.array([45.0]), first, second, usual)
    assert told == pytest.approx([10.0])  # 200 facts of the second sort
    assert at_the_mix_of(np.array([45.0]), first, first, usual) == pytest.approx([45.0])
    assert at_the_mix_of(np.array([0.0]), np.zeros((1, 2)), second, usual) == pytest.approx([0.0])
