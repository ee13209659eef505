"""Real hours of periods against the clock asked hour by hour, over every change of a few years, in every French zone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.crs import TERRITORIES
from geoservice.core.query import EPOCH, day_number
from geoservice.core.stats import exposure
from geoservice.errors import BadInput

ZONES = sorted({territory.timezone for territory in TERRITORIES})


def slow(since: int, until: int, zone: str) -> list[tuple[int, int]]:
    clock = ZoneInfo(zone)
    moment = datetime.combine(EPOCH + timedelta(since), datetime.min.time(), clock).astimezone(UTC)
    out = []
    while (local := moment.astimezone(clock)).date() < EPOCH + timedelta(until):
        out.append((day_number(local.date()), local.hour))
        moment += timedelta(hours=1)
    return out


@settings(max_examples=25, deadline=None)
@given(first=st.integers(day_number(date(1996, 1, 1)), day_number(date(2030, 1, 1))), length=st.integers(1, 250),
       zone=st.sampled_from(ZONES))
def test_hours_are_those_of_the_clock(first, length, zone):
    found = exposure.hours(first, first + length, zone)
    assert list(zip(found.day.tolist(), found.hour.tolist(), strict=True)) == slow(first, first + length, zone)
    week = exposure.week(first, first + length, zone)
    assert week.sum() == len(found.day)
    counted = Counter(((day + 3) % 7, hour) for day, hour in slow(first, first + length, zone))
    assert all(week[weekday, hour] == number for (weekday, hour), number in counted.items())


def test_the_nights_on_which_the_clock_changes():
    autumn, spring = day_number(date(2024, 10, 27)), day_number(date(2024, 3, 31))
    assert exposure.hours(autumn, autumn + 1).hour.tolist() == [0, 1, 2, 2, *range(3, 24)]
    assert exposure.hours(spring, spring + 1).hour.tolist() == [0, 1, *range(3, 24)]
    assert exposure.week(autumn, autumn + 1)[6, 2] == 2
    assert exposure.week(spring, spring + 1)[6, 2] == 0
    assert len(exposure.hours(autumn, autumn + 1, "Indian/Reunion").hour) == 24


def test_a_year_has_its_hours():
    first = day_number(date(2023, 1, 1))
    assert exposure.week(first, first + 365).sum() == 365 * 24
    assert exposure.days(first, first + 365) == 365
    assert np.array_equal(exposure.week(first, first + 7, "Indian/Mayotte"), np.ones((7, 24)))


@pytest.mark.parametrize(("since", "until", "zone"), [(5, 5, "Europe/Paris"), (6, 5, "Europe/Paris"), (0, 40_000, "Europe/Paris"),
                                                      (0, 5, "Europe/Lutèce"), (0, 5, ""), (0, 5, "../etc")])
def test_what_cannot_be_is_refused(since, until, zone):
    with pytest.raises(BadInput):
        exposure.hours(since, until, zone)
