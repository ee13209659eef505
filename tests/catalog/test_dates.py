"""Dates as French files write them, and the clock of each territory."""
# ruff: noqa: DTZ001 - local times without a zone are what files hold

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.catalog.dates import DOUBLE, GAP, ORIGIN, Clock, DateReader, read_time


def day(year, month, number):
    return date(year, month, number).toordinal() - ORIGIN


FIRST = day(2024, 2, 3)


@pytest.mark.parametrize(("cell", "minute", "duration"), [
    ("03/02/2024", None, None), ("3/2/24", None, None), ("2024-02-03", None, None), ("03.02.2024", None, None),
    ("20240203", None, None), ("3 février 2024", None, None), ("45325", None, None), (45325, None, None),
    (45325.9375, 1350, None), (date(2024, 2, 3), None, None), (datetime(2024, 2, 3, 22, 30), 1350, None),
    ("03/02/2024 22:30", 1350, None), ("03/02/2024 22h30", 1350, None), ("03/02/2024 à 22 h", 1320, None),
    ("2024-02-03T22:30:15.250", 1350, None), ("03/02/2024 22h-2h", 1320, 240), ("03/02/2024 0h15", 15, None),
    ("2024-02-03 00:00:00", None, None), (datetime(2024, 2, 3), None, None), ("03/02/2024 le soir", None, None),
])
def test_a_date_is_read_and_a_date_without_time_stays_one(cell, minute, duration):
    found = DateReader().read(cell)
    assert (found.day, found.minute, found.duration) == (FIRST, minute, duration)


@pytest.mark.parametrize("cell", ["", "hier", "31/02/2024", "2024-13-01", "2024", 7, True, None, "03/02/2024/05", float("nan")])
def test_what_is_no_date_is_none(cell):
    assert DateReader().read(cell) is None


def test_an_offset_is_kept_and_a_declared_format_goes_first():
    assert DateReader().read("2024-02-03T22:30:00+02:00").offset == 7200
    assert DateReader().read("2024-02-03T22:30:00Z").offset == 0
    assert DateReader(["%m/%d/%Y"]).read("02/03/2024").day == FIRST


@pytest.mark.parametrize(("cell", "expected"), [
    ("22:30", (1350, None)), ("22h30", (1350, None)), ("22 h", (1320, None)), ("2230", (1350, None)), (22, (1320, None)),
    (0.5, (720, None)), (time(7, 5), (425, None)), (timedelta(hours=7), (420, None)), ("22h-2h", (1320, 240)),
    ("de 22h à 2h", (1320, 240)), ("9h30–10h", (570, 30)), ("00:00", (0, None)), ("soir", None), ("25h", None), (-1, None),
])
def test_times_and_intervals(cell, expected):
    assert read_time(cell) == expected


def utc(zone, when):
    seconds, odd = Clock(zone).utc(np.array([day(*when[:3])]), np.array([when[3] * 60 + when[4]]))
    return datetime.fromtimestamp(int(seconds[0]), UTC).replace(tzinfo=None), odd.get(0)


def test_local_time_of_each_territory():
    assert utc("Europe/Paris", (2024, 7, 1, 12, 0)) == (datetime(2024, 7, 1, 10), None)
    assert utc("Indian/Reunion", (2024, 7, 1, 12, 0)) == (datetime(2024, 7, 1, 8), None)
    assert utc("America/Cayenne", (2024, 1, 1, 22, 0)) == (datetime(2024, 1, 2, 1), None)


def test_the_hour_that_does_not_exist_and_the_one_that_exists_twice():
    assert utc("Europe/Paris", (2024, 3, 31, 2, 30))[1] == GAP
    assert utc("Europe/Paris", (2024, 10, 27, 2, 30)) == (datetime(2024, 10, 27, 0, 30), DOUBLE)
    assert utc("Europe/Paris", (2024, 3, 31, 3, 0)) == (datetime(2024, 3, 31, 1), None)
    assert utc("Indian/Reunion", (2024, 3, 31, 2, 30))[1] is None


@given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),
       st.sampled_from(["Europe/Paris", "America/Miquelon", "Indian/Mayotte"]))
def test_the_clock_comes_back_to_where_it_started(when, zone):
    clock = Clock(zone)
    seconds, flag = clock.one(when.toordinal() - ORIGIN, when.hour * 60 + when.minute)
    if flag != GAP:
        assert clock.local(seconds) == (when.toordinal() - ORIGIN, when.hour * 60 + when.minute)


@given(st.text(max_size=40))
def test_no_text_crashes_the_reader(text):
    found = DateReader().read(text)
    assert found is None or isinstance(found.day, int)
    assert read_time(text) is None or read_time(text)[0] is not None
