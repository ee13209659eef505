"""Series, calendars and facets against counts made one fact at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core import facts, profiles
from geoservice.core.query import EPOCH, FactQuery
from geoservice.types import Category, Kind, Nature, Place, code_of
from tests.core.test_facts import UNITS, columns, queries

DATA = columns(1_500, seed=7, kinds=2, unplaced=40)
INDEX = facts.build(DATA, UNITS)
ROWS = np.arange(len(INDEX))
_LISTS = {"category": Category, "nature": Nature, "place": Place}


def day_of(row: int) -> date:
    return EPOCH + timedelta(int(INDEX["day"][row]))


def start_of(day: date, step: str) -> date:
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(day.weekday()) if step == "week" else day


@pytest.mark.parametrize("step", profiles.STEPS)
def test_series_is_the_slow_count_and_has_no_gap(step):
    rows = ROWS[::3]
    slow = Counter(start_of(day_of(row), step) for row in rows.tolist())
    found = profiles.series(INDEX, rows, step)
    assert {day: number for day, number in zip(found.days, found.counts.tolist(), strict=True) if number} == dict(slow)
    expected = []
    day = min(slow)
    while day <= max(slow):
        expected.append(day)
        day = start_of(day + timedelta({"day": 1, "week": 7, "month": 32}[step]), step)
    assert list(found.days) == expected


@given(first=st.integers(0, 65_000), length=st.integers(0, 900), step=st.sampled_from(profiles.STEPS))
def test_steps_cover_every_day_once(first, length, step):
    starts = profiles.step_starts(step, first, first + length)
    days = [EPOCH + timedelta(day) for day in range(first, first + length + 1)]
    assert profiles.days_of(step, first, first + length) == tuple(dict.fromkeys(start_of(day, step) for day in days))
    assert (np.diff(starts) > 0).all()


def test_a_series_of_a_period_counts_only_it_and_shows_it_whole():
    low, high = int(INDEX["day"].min()) - 40, int(np.median(INDEX["day"]))
    found = profiles.series(INDEX, ROWS, "day", (low, high))
    assert len(found.days) == high - low + 1
    assert found.counts.sum() == (INDEX["day"] <= high).sum()
    assert found.counts[:40].sum() == 0
    nothing = profiles.series(INDEX, ROWS[:0], "week")
    assert (nothing.days, nothing.counts.tolist()) == ((), [])


def test_calendar_is_the_slow_count_and_leaves_nothing_out_silently():
    slow: Counter = Counter()
    left = 0
    for row in ROWS.tolist():
        hour, span = int(INDEX["hour"][row]), int(INDEX["span"][row])
        if hour == 255 or span:
            left += 1
        else:
            slow[day_of(row).weekday(), hour] += 1
    found = profiles.calendar(INDEX, ROWS)
    assert found.counts.shape == (7, 24)
    assert {(day, hour): int(found.counts[day, hour]) for day, hour in slow} == dict(slow)
    assert found.unknown == left > 0
    assert found.counts.sum() + found.unknown == len(ROWS)


@settings(max_examples=60, deadline=None)
@given(query=queries)
def test_each_facet_is_counted_without_its_own_condition(query):
    query = replace(query, kind=query.kind or Kind.BAILLEUR)
    found = profiles.facets(INDEX, facts.EVERYWHERE, query)
    for name, lifted in (("category", replace(query, categories=())), ("nature", replace(query, natures=())),
                         ("place", replace(query, places=())), ("gravity", replace(query, gravity_min=None))):
        rows = facts.select(INDEX, facts.EVERYWHERE, lifted).rows
        slow = Counter(int(INDEX[name][row]) for row in rows.tolist())
        assert {code: int(number) for code, number in enumerate(found[name]) if number} == dict(slow)
        assert found[name].sum() == len(rows)


def test_a_facet_agrees_with_the_filter_it_stands_beside():
    query = FactQuery(Kind.BAILLEUR, categories=(Category.DEG,), places=(Place.HALL, Place.CAVE))
    found = profiles.facets(INDEX, facts.EVERYWHERE, query)
    for name, words in _LISTS.items():
        for word in words:
            one = replace(query, **{{"category": "categories", "nature": "natures", "place": "places"}[name]: (word,)})
            assert found[name][code_of(word)] == len(facts.select(INDEX, facts.EVERYWHERE, one).rows), (name, word)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.69), (1, 0.025, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39),
                                                    (100, 81.4, 121.6)])
def test_interval_of_a_count_is_near_the_exact_poisson_limits(count, low, high):
    found = profiles.poisson_interval(count)
    assert found == (pytest.approx(low, rel=0.01, abs=0.03), pytest.approx(high, rel=0.01, abs=0.03))
