"""Weights of places against what a loop over facts counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.siting.weighing import hours_at_risk, in_excess

PLACES = 4
FACT = st.tuples(st.integers(0, PLACES - 1), st.integers(0, 2), st.sampled_from([0, 5, 22, 23, 24, 255]), st.integers(0, 2))


@given(st.lists(FACT, max_size=30))
def test_an_hour_at_a_place_counts_once(facts: list[tuple[int, int, int, int]]) -> None:
    place, day, hour, span = (np.array(column, dtype=np.int64) for column in (zip(*facts, strict=True) if facts else [()] * 4))
    taken = {(where, when, at) for where, when, at, more in facts if at < 24 and more == 0}
    found, unknown = hours_at_risk(place, (day, hour, span), PLACES)
    assert found.tolist() == [sum(where == each for where, _, _ in taken) for each in range(PLACES)]
    assert unknown == sum(at >= 24 or more > 0 for _, _, at, more in facts)
    assert found.sum() <= len(facts) - unknown


@given(st.lists(st.tuples(st.integers(0, PLACES - 1), st.integers(-1, 2)), max_size=30))
def test_an_excess_is_shared_by_the_facts_of_its_area(facts: list[tuple[int, int]]) -> None:
    share = np.array([0.5, 0.0, 0.25])
    place, unit = (np.array(column, dtype=np.int64) for column in (zip(*facts, strict=True) if facts else [()] * 2))
    found, nothing = in_excess(place, unit, share, PLACES)
    each = [0.0 if area < 0 else float(share[area]) for _, area in facts]
    assert found.tolist() == pytest.approx([sum(worth for (at, _), worth in zip(facts, each, strict=True) if at == one)
                                            for one in range(PLACES)])
    assert nothing == sum(worth == 0 for worth in each)
    assert found.sum() == pytest.approx(sum(each))
