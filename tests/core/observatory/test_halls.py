"""States of halls, against tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.observatory import halls
from geoservice.core.observatory.halls import UNKNOWN, WORDS, Seen
from geoservice.operations.census import told
from geoservice.operations.census_rules import in_words, rules
from geoservice.types import Category, code_of

STARTS = np.array([100, 131, 161])  # two months
V, J, R, N = 0, 1, 3, UNKNOWN  # N: nobody knows


def seen(*facts: tuple[int, int, int]) -> Seen:
    hall, day, nature = (np.array(column) for column in zip(*facts, strict=True))
    return Seen(hall, day, nature)


def settled(states: list[int], known: str | None = None) -> list[int]:
    """States shown of one hall; known: x for a month in which somebody reports."""
    told_in = np.array([[letter == "x" for letter in known or "x" * len(states)]])
    return halls.settled(np.array([states], dtype=np.int8), told_in, 2, 3)[0].tolist()


def test_days_are_counted_once_at_their_gravest_act():
    found = halls.days_with(seen((0, 100, 1), (0, 100, 1), (0, 100, 3), (0, 130, 2), (0, 131, 1), (1, 160, 3), (-1, 110, 3),
                                 (0, 161, 3), (0, 99, 3), (0, 120, 0)), STARTS, 2, 3)
    assert found.tolist() == [[[2, 1], [0, 1]], [[2, 0], [0, 1]], [[1, 0], [0, 1]]]


def test_no_fact_at_all_is_no_day():
    none = Seen(*(np.empty(0, np.int64),) * 3)
    assert halls.days_with(none, STARTS, 3, 3).shape == (3, 3, 2)
    assert not halls.days_with(none, STARTS, 3, 3).any()


def test_a_state_needs_one_line_of_the_grid():
    grid = ((18, 6, 2), (0, 19, 3), (0, 0, 10))
    days = np.array([[[17, 18, 6, 30, 30, 30, 9, 10]], [[5, 0, 6, 19, 3, 3, 9, 10]], [[1, 0, 0, 0, 2, 3, 9, 10]]])
    assert halls.raw(days, grid)[0].tolist() == [0, 1, 1, 2, 1, 2, 2, 3]


def test_up_after_two_looks_down_after_three():
    assert settled([V, V, R, V, V]) == [N, V, V, V, V]  # once is not twice
    assert settled([V, V, R, R, V, V, V, V]) == [N, V, V, R, R, R, V, V]
    assert settled([V, V, J, R, R, V]) == [N, V, V, J, R, R]  # two looks at least yellow, then two red
    assert settled([R, R, J, V, J, V]) == [N, R, R, R, J, J]  # down to the highest of the last three


def test_months_without_reports_are_unknown_and_count_for_nothing():
    assert settled([V, V, R, V, R, R], "xxx-xx") == [N, V, V, N, R, R]
    assert settled([R, R, V, V, V, R, R], "xx---xx") == [N, R, N, N, N, N, R]  # forgotten after three
    assert settled([V] * 4, "----") == [N] * 4


def test_a_hall_is_known_where_its_residence_reports():
    known = rules()
    reports = np.zeros((3, known.remembered + known.present + 6), np.int64)
    reports[0] = 5
    reports[1, :-6] = 5  # reported often, silent for six months
    found = told(reports, np.full(3, 50.0), known)
    assert found[0].all()
    assert not found[1, -1]
    assert found[1, 0]
    assert not found[2].any()


def test_a_residence_that_reports_rarely_is_believed_for_a_while():
    known = rules()
    months = known.remembered + known.present + 12
    reports = np.zeros((40, months), np.int64)
    reports[:, ::4] = 1  # one report in four months: three silent months say nothing
    reports[39, -12:] = 0
    found = told(reports, np.full(40, 20.0), known)
    assert found[0].all()
    assert not found[39, -1]


def test_natures_of_acts():
    table = rules().natures()
    nature = {(Category.SAL, 1): 1, (Category.DEG, 1): 1, (Category.DEG, 2): 2, (Category.DEG, 0): 2, (Category.OCC, 3): 2,
              (Category.BRU, 3): 2, (Category.BRU, 4): 3, (Category.TRF, 0): 3, (Category.TRF, 1): 3, (Category.AGL, 2): 3,
              (Category.TEC, 4): 0, (Category.AUT, 1): 0, (Category.AGP, 4): 0}
    for (category, gravity), rank in nature.items():
        assert table[code_of(category), gravity] == rank, (category, gravity)
    assert not table[0].any()


def test_transitions_hold_every_hall():
    before, after = np.array([V, V, J, N, R]), np.array([V, J, N, N, V])
    found = halls.transitions(before, after)
    assert found.sum() == 5
    assert found[0, 1] == 1
    assert found[4, 4] == 1
    assert found[1, 4] == 1
    assert found[3, 0] == 1
    assert halls.tally(after).tolist() == [2, 1, 0, 0, 2]
    assert [WORDS[state] for state in (0, 1, 2, 3, -1)] == ["vert", "jaune", "orange", "rouge", "inconnu"]


def test_rules_are_told_in_words():
    told_so = " ".join(in_words())
    for word in ("jaune", "orange", "rouge", "inconnu", "18 jours", "2 regards"):
        assert word in told_so


@pytest.mark.parametrize("months", [1, 3, 12])
def test_rolling_sums(months):
    counts = np.random.default_rng(months).integers(0, 9, (4, 20))
    found = halls.rolling(counts, months)
    for month in range(20):
        assert (found[:, month] == counts[:, max(0, month - months + 1):month + 1].sum(axis=1)).all()
