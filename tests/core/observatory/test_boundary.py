"""The account of a change of outline: against Shapley's own definition over both orders, on tables and on facts one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.observatory.boundary import decompose, tabulate

COUNTS = st.lists(st.integers(0, 10**9), min_size=6, max_size=6).map(lambda values: np.array(values).reshape(3, 2))
FACTS = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=80).map(
    lambda rows: np.array(rows, dtype=bool).reshape(-1, 3))


def held(counts: np.ndarray, later: bool, redrawn: bool) -> int:
    """Facts of the quarter in one period on one outline."""
    period = int(later)
    return int(counts[0, period] + counts[1 if redrawn else 2, period])


def shapley(counts: np.ndarray) -> dict[str, Fraction]:
    """What each reason changes, on the mean of both orders of coming."""
    mean = {"time": Fraction(0), "boundary": Fraction(0)}
    for order in permutations(mean):
        there: set[str] = set()
        for reason in order:
            before = held(counts, "time" in there, "boundary" in there)
            there.add(reason)
            mean[reason] += Fraction(held(counts, "time" in there, "boundary" in there) - before, 2)
    return mean


@settings(max_examples=300, deadline=None)
@given(COUNTS)
def test_it_adds_up_to_the_fact_in_every_row_and_in_all(counts):
    found = decompose(counts)
    for part in found.parts:
        assert part.time_halves + part.boundary_halves == 2 * part.change
    assert found.change == found.new - found.old == held(counts, True, True) - held(counts, False, False)
    assert found.time_halves + found.boundary_halves == 2 * found.change
    assert all(isinstance(value, int) for part in found.parts for value in (part.change, part.time_halves, part.boundary_halves))


@settings(max_examples=300, deadline=None)
@given(COUNTS)
def test_each_reason_weighs_its_shapley_value(counts):
    found = decompose(counts)
    assert {"time": Fraction(found.time_halves, 2), "boundary": Fraction(found.boundary_halves, 2)} == shapley(counts)


@settings(max_examples=200, deadline=None)
@given(COUNTS)
def test_an_outline_that_did_not_move_changes_nothing_and_time_that_stood_still_neither(counts):
    same = counts.copy()
    same[1:] = 0
    assert decompose(same).boundary_halves == 0
    still = counts.copy()
    still[:, 1] = still[:, 0]
    assert decompose(still).time_halves == 0


@settings(max_examples=200, deadline=None)
@given(COUNTS)
def test_going_back_is_the_opposite(counts):
    """Periods and outlines exchanged together: every weight changes its sign."""
    there, back = decompose(counts), decompose(counts[[0, 2, 1], ::-1])
    assert (back.change, back.time_halves, back.boundary_halves) == (-there.change, -there.time_halves, -there.boundary_halves)


@settings(max_examples=200, deadline=None)
@given(FACTS)
def test_facts_one_by_one(rows):
    old, new, after = rows.T
    counts = tabulate(old, new, after)
    assert counts.sum() == (old | new).sum()
    found = decompose(counts)
    assert found.old == sum(bool(o and not a) for o, _, a in rows)
    assert found.new == sum(bool(n and a) for _, n, a in rows)
    by_area = {(True, True): 0, (False, True): 1, (True, False): 2}
    for (in_old, in_new), row in by_area.items():
        for period in (False, True):
            assert counts[row, int(period)] == sum((o, n, a) == (in_old, in_new, period) for o, n, a in rows.tolist())


def test_a_case_by_hand():
    """100 facts before, of which 40 leave: 60 stable become 90, the entering area goes from 10 to 20, the leaving one from 40
    to 50. The quarter goes from 100 to 110; on either fixed outline it would have grown by 40, so time weighs +40 and the
    boundary -30."""
    found = decompose(np.array([[60, 90], [10, 20], [40, 50]]))
    assert (found.old, found.new, found.change) == (100, 110, 10)
    assert (found.time_halves / 2, found.boundary_halves / 2) == (40, -30)
    assert [part.change for part in found.parts] == [30, 20, -40]
