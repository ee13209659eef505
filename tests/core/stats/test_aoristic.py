"""Aoristic weights against facts shared out one by one, over changes of the clock; nothing is lost, nothing counts twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.facts import hours_of
from geoservice.core.query import day_number
from geoservice.core.stats import exposure
from geoservice.core.stats.aoristic import Period, profile, profile_of_moments
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

AUTUMN, SPRING = day_number(date(2024, 10, 27)), day_number(date(2024, 3, 31))
YEAR = Period(day_number(date(2024, 1, 1)), day_number(date(2025, 1, 1)))


def slow(day, hour, span, period):
    """One fact at a time, walking real hours."""
    real = exposure.hours(period.since - 500, period.until + 500, period.zone)
    first = {}
    for row, name in enumerate(zip(real.day.tolist(), real.hour.tolist(), strict=True)):
        first.setdefault(name, row)
    out, unknown = np.zeros((7, 24)), 0
    for a, b, c in zip(day.tolist(), hour.tolist(), span.tolist(), strict=True):
        if b == 255 or (a, b) not in first:
            unknown += 1
            continue
        for row in range(first[a, b], first[a, b] + c + 1):
            if period.since <= real.day[row] < period.until:
                out[(real.day[row] + 3) % 7, real.hour[row]] += 1 / (c + 1)
    return out, unknown


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), zone=st.sampled_from(["Europe/Paris", "America/Miquelon", "Indian/Reunion"]),
       start=st.sampled_from([AUTUMN - 3, SPRING - 3, AUTUMN, SPRING]))
def test_it_is_the_slow_count(seed, zone, start):
    draw = np.random.default_rng(seed)
    period = Period(start, start + 6, zone)
    day, hour, span = draw.integers(start, start + 6, 60), draw.integers(0, 24, 60), draw.integers(0, 40, 60)
    hour[::7], span[::3] = 255, 0
    found, (weights, unknown) = profile(day, hour, span, period), slow(day, hour, span, period)
    np.testing.assert_allclose(found.weights, weights, atol=1e-9)
    assert found.unknown == unknown
    assert found.weights.sum() + found.unknown + found.outside == pytest.approx(60)
    assert found.exposure.sum() == exposure.week(start, start + 6, zone).sum()


def test_the_day_of_25_hours():
    """From 1:00 on, three further hours: 1, 2, 2 again, 3. The second two o'clock is as long as the first."""
    found = profile(np.array([AUTUMN]), np.array([1]), np.array([3]), Period(AUTUMN, AUTUMN + 1))
    assert found.weights[6, 1:4].tolist() == pytest.approx([0.25, 0.5, 0.25])
    assert found.exposure[6, 2] == 2
    assert found.rates[6, 1:4].tolist() == pytest.approx([0.25, 0.25, 0.25])


def test_an_hour_that_comes_twice_is_the_first():
    found = profile(np.array([AUTUMN]), np.array([2]), np.array([1]), Period(AUTUMN, AUTUMN + 1))
    assert found.weights[6, 2:4].tolist() == pytest.approx([1, 0])


def test_an_hour_that_does_not_exist_is_unknown():
    found = profile(np.array([SPRING]), np.array([2]), np.array([0]), Period(SPRING, SPRING + 1))
    assert (found.unknown, found.weights.sum()) == (1, 0)
    assert np.isfinite(found.rates).all()
    assert found.rates[6, 2] == 0


def test_what_lies_outside_the_period_is_told():
    found = profile(np.array([AUTUMN, AUTUMN + 90]), np.array([22, 3]), np.array([3, 0]), Period(AUTUMN, AUTUMN + 1))
    assert found.weights.sum() == pytest.approx(0.5)
    assert found.outside == pytest.approx(1.5)


def test_moments_known_to_the_second():
    clock = ZoneInfo("Europe/Paris")
    start = datetime(2024, 10, 27, 1, 30, tzinfo=clock).astimezone(UTC).timestamp()
    found = profile_of_moments(np.array([start, start]), np.array([2 * 3600, 0]), Period(AUTUMN, AUTUMN + 1))
    assert found.weights[6, 1] == pytest.approx(0.25 + 1)
    assert found.weights[6, 2] == pytest.approx(0.75)
    assert found.outside == pytest.approx(0, abs=1e-9)


def test_both_forms_agree_on_whole_hours():
    draw = np.random.default_rng(1)
    day, hour = draw.integers(YEAR.since, YEAR.until - 1, 400), draw.integers(4, 20, 400)
    lasted = draw.integers(1, 4, 400)
    clock = ZoneInfo("Europe/Paris")
    moments = np.array([datetime.combine(date.fromordinal(int(a) + date(1970, 1, 1).toordinal()), datetime.min.time(), clock)
                        .replace(hour=int(b)).timestamp() for a, b in zip(day, hour, strict=True)])
    span = hours_of(hour * 60, lasted * 60)[1]
    theirs = profile_of_moments(moments, lasted * 3600, YEAR)
    np.testing.assert_allclose(profile(day, hour, span, YEAR).weights, theirs.weights, atol=1e-6)


def test_even_facts_have_even_ratios():
    real = exposure.hours(YEAR.since, YEAR.until)
    first = np.unique(real.day * 24 + real.hour)
    found = profile(first // 24, first % 24, np.zeros(len(first), dtype=int), YEAR)
    ratios = np.delete(found.ratios.ravel(), 6 * 24 + 2)  # the doubled hour is counted as its first only
    np.testing.assert_allclose(ratios, 1, rtol=1e-3)
    low, high = found.limits()
    assert (low <= found.rates).all()
    assert (found.rates <= high).all()


def test_what_cannot_be_is_refused():
    one = np.array([AUTUMN])
    with pytest.raises(NotEnough):
        profile(np.array([], dtype=int), np.array([], dtype=int), np.array([], dtype=int), YEAR)
    with pytest.raises(NotEnough):
        profile_of_moments(np.array([]), np.array([]), YEAR)
    for hour, span in (([24], [0]), ([5], [-1]), ([5, 6], [0])):
        with pytest.raises(BadInput):
            profile(one, np.array(hour), np.array(span), YEAR)
    with pytest.raises(BadInput):
        profile(one, np.array([5]), np.array([0]), Period(10, 10))
    for start, seconds in (([np.nan], [0]), ([0.0], [-5])):
        with pytest.raises(BadInput):
            profile_of_moments(np.array(start), np.array(seconds), YEAR)
