"""The score of a site, from its parts."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.observatory import cumul


def test_the_score_is_the_product_of_its_parts():
    facts = np.zeros((2, 3, 12), int)
    facts[0, 0] = 2  # every month
    facts[0, 1, :6] = 1  # with another family in six of them
    facts[0, 2, 0] = 2  # two facts: no family
    days = np.zeros((2, 12), int)
    days[0] = 3
    found = cumul.score(facts, days)
    assert found.families.tolist() == [2, 0]
    assert found.months.tolist() == [6, 0]
    assert found.days.tolist() == [3, 0]
    assert found.score.tolist() == [pytest.approx(2 * 0.5 * 3), 0]


def test_a_single_month_makes_a_wide_interval():
    facts = np.zeros((2, 2, 12), int)
    facts[0, :, 4] = 30
    facts[1] = 3
    days = facts.sum(axis=1).clip(max=20)
    (low, steady_low), (high, steady_high) = cumul.interval(facts, days, seed=1)
    assert low == 0
    assert high > 2 * cumul.score(facts, days).score[0]
    assert steady_low == steady_high
