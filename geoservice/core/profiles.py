"""What chosen facts look like in time and by word: a series of days, a calendar of hours, counts by closed list.

Functions take rows of one FactIndex, as `facts.select` gives them; sums over several indexes are plain additions, since the
callers say which days they count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from geoservice.core.facts import Area, FactIndex, select
from geoservice.core.query import EPOCH, FactQuery
from geoservice.types import UNKNOWN_HOUR

STEPS = ("day", "week", "month")
FACETS = ("category", "nature", "place", "gravity")
_LIFTED: dict[str, dict[str, Any]] = {"category": {"categories": ()}, "nature": {"natures": ()}, "place": {"places": ()},
                                      "gravity": {"gravity_min": None}}
_CODES = 256


@dataclass(frozen=True)
class Series:
    """Facts per day, week (from Monday) or month of local days: first days (n,) of the steps, counts (n,) int64, no gap."""

    step: str
    days: tuple[date, ...]
    counts: np.ndarray


@dataclass(frozen=True)
class Calendar:
    """Facts by weekday (row 0 Monday) and local clock hour, (7, 24) int64; `unknown` lack an hour or last over several."""

    counts: np.ndarray
    unknown: int


def series(index: FactIndex, rows: np.ndarray, step: str, period: tuple[int, int] | None = None) -> Series:
    """Counts of rows per step, zeros included. `period`: first and last day number, both included; by default the rows' own."""
    days = index["day"][rows].astype(np.int64)
    if period is None:
        period = (int(days.min()), int(days.max())) if len(days) else (0, -1)
    starts = step_starts(step, *period)
    days = days[(days >= period[0]) & (days <= period[1])]
    which = np.searchsorted(starts, days, side="right") - 1
    return Series(step, days_of(step, *period), np.bincount(which, minlength=len(starts)).astype(np.int64))


def days_of(step: str, first: int, last: int) -> tuple[date, ...]:
    """`step_starts` as dates."""
    return tuple(EPOCH + timedelta(int(day)) for day in step_starts(step, first, last))


def step_starts(step: str, first: int, last: int) -> np.ndarray:
    """Day numbers on which the steps that hold `first` to `last` begin; (n,) int64, empty when `last` is before `first`."""
    if last < first:
        return np.empty(0, np.int64)
    if step == "day":
        return np.arange(first, last + 1)
    if step == "week":
        return np.arange(first - (first + 3) % 7, last + 1, 7)  # 1970-01-01 was a Thursday
    months = np.arange(_month(first), _month(last) + 1)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _month(day: int) -> int:
    """Months since 1970-01 of a day number."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))


def calendar(index: FactIndex, rows: np.ndarray) -> Calendar:
    """Rows whose clock hour is known, by weekday of their day and hour: moments and intervals within one clock hour."""
    hour, weekday = index["hour"][rows], (index["day"][rows].astype(np.int64) + 3) % 7
    known = (hour != UNKNOWN_HOUR) & (index["span"][rows] == 0)
    counts = np.bincount(weekday[known] * 24 + hour[known], minlength=7 * 24).reshape(7, 24)
    return Calendar(counts.astype(np.int64), int(len(rows) - known.sum()))


def code_counts(index: FactIndex, rows: np.ndarray, name: str) -> np.ndarray:
    """Rows per code of a closed list (`category`, `nature`, `place`, `gravity`); (256,) int64, position 0 is unknown."""
    return np.bincount(index[name][rows], minlength=_CODES)


def facets(index: FactIndex, area: Area, query: FactQuery) -> dict[str, np.ndarray]:
    """For each facet, counts per code under every condition but the facet's own; see `code_counts`.

    Conditions that are not set are not lifted twice: with none set, one selection serves all four.
    """
    found: dict[FactQuery, np.ndarray] = {}
    counts = {}
    for name in FACETS:
        lifted = replace(query, **_LIFTED[name])
        if lifted not in found:
            found[lifted] = select(index, area, lifted).rows
        counts[name] = code_counts(index, found[lifted], name)
    return counts


def added(parts: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Facets of several indexes, code by code."""
    return {name: sum((part[name] for part in parts), np.zeros(_CODES, np.int64)) for name in FACETS}


def poisson_interval(count: int) -> tuple[float, float]:
    """95 % interval of a count of rare events (Byar's approximation of the exact Poisson limits, within 1 % from 5 on).

    Breslow and Day, Statistical Methods in Cancer Research II, IARC 1987, p. 69.
    """
    z = 1.959964
    low = 0.0 if count == 0 else count * (1 - 1 / (9 * count) - z / (3 * count**0.5)) ** 3
    above = count + 1
    return max(0.0, low), above * (1 - 1 / (9 * above) + z / (3 * above**0.5)) ** 3
