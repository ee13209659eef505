"""Dates as French files write them, and local time of a territory → UTC.

A date without a time stays a date; an interval stays an interval. Days are counted from 1970-01-01, minutes from midnight,
both local. Two-digit years 00–68 are 20xx. Day comes before month.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from geoservice.catalog.recognise import fold_value

ORIGIN = date(1970, 1, 1).toordinal()
EXCEL_ORIGIN = 25_569  # 1970-01-01 as a serial of the 1900 system
EXCEL_RANGE = (20_000, 80_000)  # 1954 to 2119: a smaller number is no date of ours
DAY = 1440
CACHE_SIZE = 200_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What one cell says: local day, local minute or None, minutes of an interval or None.

    `offset`: seconds east of UTC when the text gives them (day and minute are then in that offset). `midnight`: the cell held
    a date at 00:00 exactly, which files write for "no time". `vague`: what follows the date is no time of day.
    """

    day: int
    minute: int | None = None
    duration: int | None = None
    offset: int | None = None
    midnight: bool = False
    vague: bool = False


_MONTHS = {name: number for number, names in enumerate((
    "janvier janv jan", "fevrier fevr fev", "mars mar", "avril avr", "mai", "juin", "juillet juil", "aout", "septembre sept sep",
    "octobre oct", "novembre nov", "decembre dec"), start=1) for name in names.split()}
_DAY = r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<d2>\d{1,2})[-/. ](?P<m2>\d{1,2})[-/. ](?P<y2>\d{4}|\d{2})" \
       r"|(?P<y3>(?:19|20)\d{2})(?P<m3>\d{2})(?P<d3>\d{2})|(?P<d4>\d{1,2})(?:er)? (?P<m4>[a-z]+)\.? (?P<y4>\d{4}))"
_DATE = re.compile(rf"^{_DAY}(?:(?:\s*[t,]\s*|\s+)(?:a\s+)?(?P<rest>\S.*))?$")
_HOUR = r"(\d{1,2})(?:\s*[:h]\s*(\d{2})?(?:\s*(?:min|mn|m)\b)?(?::(\d{2})(?:[.,]\d+)?)?)?"
_TIME = re.compile(rf"^{_HOUR}\s*(z|[+-]\d{{2}}(?::?\d{{2}})?)?$")
_SPAN = re.compile(rf"^(?:de |entre )?{_HOUR}\s*(?:-|–|—|a|et|/|>)\s*{_HOUR}$")
_COMPACT = re.compile(r"^(\d{2})(\d{2})$")


def parse_day(text: str) -> tuple[int, str | None]:
    """Day number and what follows the date; ValueError when the text is no date."""
    match = _DATE.match(fold_value(text))
    if match is None:
        raise ValueError("date")
    part = match.groupdict()
    year = int(part["y"] or part["y2"] or part["y3"] or part["y4"])
    named = part["m4"]
    month = _MONTHS[named] if named in _MONTHS else int(part["m"] or part["m2"] or part["m3"] or 0)
    if len(part["y2"] or "") == 2:
        year += 2000 if year <= 68 else 1900
    day = int(part["d"] or part["d2"] or part["d3"] or part["d4"])
    return date(year, month, day).toordinal() - ORIGIN, part["rest"]


def parse_time(text: str) -> tuple[int | None, int | None, int | None]:
    """Minute of the day, duration of an interval, seconds east of UTC; ValueError when the text is no time."""
    folded = fold_value(text)
    if match := _SPAN.match(folded):
        start, end = _minute(match[1], match[2]), _minute(match[4], match[5])
        return start, (end - start) % DAY or None, None
    if match := _COMPACT.match(folded):
        return _minute(match[1], match[2]), None, None
    if match := _TIME.match(folded):
        return _minute(match[1], match[2]), None, _offset(match[4])
    raise ValueError("time")


def _minute(hour: str, minute: str | None) -> int:
    h, m = int(hour), int(minute or 0)
    if h > 24 or m > 59 or (h == 24 and m):
        raise ValueError("time")
    return (h * 60 + m) % DAY


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (1 if zone[0] == "+" else -1)


class DateReader:
    """Cells of a date column → Moments, each distinct text parsed once. `formats`: strptime patterns tried first."""

    def __init__(self, formats: Sequence[str] = ()) -> None:
        self._formats = formats
        self._cells: dict[Any, Moment | None] = {}
        self._days: dict[str, int] = {}
        self._times: dict[str, tuple[int | None, int | None, int | None]] = {}

    def column(self, values: Sequence[Any]) -> list[Moment | None]:
        """One Moment a cell, None where it is not a date."""
        if len(self._cells) > CACHE_SIZE:
            self._cells.clear()
        known = self._cells
        for value in set(values) - known.keys():
            known[value] = self.read(value)
        return [known[value] for value in values]

    def read(self, value: Any) -> Moment | None:
        """The Moment of one cell, or None."""
        try:
            if isinstance(value, str):
                return self._text(value.strip())
            if isinstance(value, datetime):
                return _from_datetime(value)
            if isinstance(value, date):
                return Moment(value.toordinal() - ORIGIN)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return _from_serial(float(value))
        except (ValueError, OverflowError, KeyError):
            pass
        return None

    def _text(self, text: str) -> Moment | None:
        for pattern in self._formats:
            try:
                return _from_datetime(datetime.strptime(text, pattern))  # noqa: DTZ007 - local time; the territory is known later
            except ValueError:
                continue
        head, gap, tail = text.partition("T" if "T" in text[8:11] else " ")
        if gap and len(head) >= 8 and tail.strip()[:1].isdigit():
            day = self._days.get(head)
            if day is None:
                day = self._days[head] = parse_day(head)[0]
            return _dated(day, self._time(tail))
        if text.replace(".", "", 1).isdigit() and len(text.partition(".")[0]) == 5:
            return _from_serial(float(text))
        day, rest = parse_day(text)
        return Moment(day) if rest is None else _dated(day, self._time(rest))

    def _time(self, text: str) -> tuple[int | None, int | None, int | None] | None:
        known = self._times.get(text)
        if known is None:
            try:
                known = parse_time(text)
            except ValueError:
                return None
            if len(self._times) < CACHE_SIZE:
                self._times[text] = known
        return known


def _dated(day: int, found: tuple[int | None, int | None, int | None] | None) -> Moment:
    if found is None:
        return Moment(day, vague=True)
    minute, duration, offset = found
    if minute == 0 and duration is None:
        return Moment(day, midnight=True)
    return Moment(day, minute, duration, offset)


def _from_datetime(value: datetime) -> Moment:
    day = value.toordinal() - ORIGIN
    if value.time() == time(0):
        return Moment(day, midnight=True)
    offset = value.utcoffset()
    return Moment(day, value.hour * 60 + value.minute, offset=None if offset is None else int(offset.total_seconds()))


def _from_serial(serial: float) -> Moment | None:
    if not EXCEL_RANGE[0] <= serial <= EXCEL_RANGE[1]:
        return None
    day, minute = divmod(round(serial * DAY), DAY)
    return Moment(day - EXCEL_ORIGIN, minute or None)


def read_time(value: Any) -> tuple[int | None, int | None] | None:
    """Minute and duration of a cell of a time column; None when it says nothing readable. Here 00:00 is midnight."""
    try:
        if isinstance(value, (time, datetime)):
            return value.hour * 60 + value.minute, None
        if isinstance(value, timedelta):
            return int(value.total_seconds() // 60) % DAY, None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _time_from_number(float(value)), None
        minute, duration, _ = parse_time(str(value).strip())
        return minute, duration
    except (ValueError, OverflowError):
        return None


def _time_from_number(value: float) -> int:
    """A fraction of a day as spreadsheets store times, else a whole hour."""
    if 0 < value < 1:
        return round(value * DAY) % DAY
    if value.is_integer() and 0 <= value <= 24:
        return int(value) * 60 % DAY
    raise ValueError("time")


GAP, DOUBLE = "gap", "double"
_LAST = date.max.toordinal() - ORIGIN


class Clock:
    """Local time of one time zone → UTC, vectorised: only the days on which the clock changes are looked at one by one."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._offsets: dict[int, float] = {}

    def utc(self, days: np.ndarray, minutes: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """UTC seconds of local times, and the rows that fall in a GAP (no such time) or are DOUBLE (the first is taken).

        days, minutes: (n,) int64.
        """
        unique, inverse = np.unique(days, return_inverse=True)
        offsets = np.array([self._offset(int(day)) for day in unique], dtype=float)[inverse]
        seconds = days * 86_400 + minutes * 60
        changing = np.isnan(offsets)
        utc = seconds - np.where(changing, 0, offsets).astype(np.int64)
        odd: dict[int, str] = {}
        for row in np.flatnonzero(changing).tolist():
            utc[row], flag = self.one(int(days[row]), int(minutes[row]))
            if flag:
                odd[row] = flag
        return utc, odd

    def _offset(self, day: int) -> float:
        """Seconds east of UTC throughout a local day; NaN on a day of change."""
        if day >= _LAST:
            return float("nan")  # no day follows the last one
        if day not in self._offsets:
            midnight = datetime.fromordinal(day + ORIGIN).replace(tzinfo=self._zone)
            first, last = midnight.utcoffset(), (midnight + timedelta(days=1)).utcoffset()
            steady = first == last and first is not None
            self._offsets[day] = first.total_seconds() if steady and first is not None else float("nan")
        return self._offsets[day]

    def one(self, day: int, minute: int) -> tuple[int, str | None]:
        """UTC seconds of one local time, with GAP or DOUBLE."""
        local = datetime.fromordinal(day + ORIGIN) + timedelta(minutes=minute)
        first, second = local.replace(tzinfo=self._zone, fold=0), local.replace(tzinfo=self._zone, fold=1)
        seconds = int(first.timestamp())
        if first.utcoffset() == second.utcoffset():
            return seconds, None
        exists = datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None) == local
        return seconds, DOUBLE if exists else GAP

    def local(self, seconds: int) -> tuple[int, int]:
        """Local day and minute of a UTC time."""
        found = datetime.fromtimestamp(seconds, UTC).astimezone(self._zone)
        return found.toordinal() - ORIGIN, found.hour * 60 + found.minute


@lru_cache(maxsize=32)
def clock(zone: str) -> Clock:
    """The Clock of a time zone name."""
    return Clock(zone)
