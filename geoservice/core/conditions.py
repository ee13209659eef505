"""What a FactQuery asks, as numbers and look-up tables that columns are compared with."""

from __future__ import annotations

import numpy as np

from geoservice.core.factindex import DEGREE
from geoservice.core.query import FactQuery, day_number
from geoservice.types import UNKNOWN_HOUR, Box, code_of

_LAST_DAY = 65_535  # the greatest of a column of days: in 2149, never reached


def days_of(query: FactQuery) -> tuple[int, int] | None:
    """First day asked for and how many, within what a column holds; None for all."""
    if query.since is None and query.until is None:
        return None
    first = 0 if query.since is None else min(max(0, day_number(query.since)), _LAST_DAY)
    after = _LAST_DAY if query.until is None else min(day_number(query.until), _LAST_DAY)
    return first, max(0, after - first)


def chosen(members: tuple) -> np.ndarray:
    """Look-up table of 256 codes, true for the members."""
    table = np.zeros(256, dtype=bool)
    table[[code_of(member) for member in members]] = True
    return table


def uncertain(query: FactQuery) -> dict[str, np.ndarray]:
    """For each uncertain condition that is asked, hours apart, a table from code to 0 no, 1 yes, 2 unknown."""
    tables: dict[str, np.ndarray] = {}
    for name, members in (("nature", query.natures), ("place", query.places)):
        if members:
            tables[name] = _state_table(chosen(members))
    if query.gravity_min is not None:
        tables["gravity"] = _state_table(np.arange(256) >= query.gravity_min)
    return tables


def _state_table(yes: np.ndarray) -> np.ndarray:
    table = yes.astype(np.uint8)
    table[0] = 2
    return table


def hour_table(first: int, last: int) -> np.ndarray:
    """(25, 24) states for start hour (24 = unknown) and number of further clock hours touched."""
    window = np.array([first <= h < last if first < last else h >= first or h < last for h in range(24)])
    touched = window[(np.arange(24)[:, None] + np.arange(24)[None, :]) % 24]
    inside = np.logical_and.accumulate(touched, axis=1)
    outside = np.logical_and.accumulate(~touched, axis=1)
    table = np.full((25, 24), 2, dtype=np.uint8)
    table[:24] = np.where(inside, 1, np.where(outside, 0, 2))
    return table


def hours_of(minute: np.ndarray, duration: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hour (255 unknown) and further clock hours touched, from local minute of the day (-1 unknown) and minutes lasted."""
    hour = np.where(minute < 0, UNKNOWN_HOUR, minute // 60)
    last = (minute + np.maximum(duration, 1) - 1) // 60
    return hour.astype(np.uint8), np.where(minute < 0, 0, np.minimum(last - minute // 60, 65_535)).astype(np.uint16)


def rounded(box: Box) -> tuple[int, int, int, int]:
    """West, south, east, north as positions are stored, in 1e-7 degree."""
    return round(box.west * DEGREE), round(box.south * DEGREE), round(box.east * DEGREE), round(box.north * DEGREE)
