"""Which reports may tell the same fact: alike in kind and category, close in time and place. A proposal, never a decision."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

WINDOW_H = 24  # hours between two reports whose hours are known; else one day at most
REACH_M = 50.0  # between points, where the halls are not both known
_HOURS = 24


@dataclass(frozen=True)
class Reports:
    """n reports. `group`: kind and category as one number; `day` since 1970-01-01 and `minute` of the day (-1 unknown); the codes
    of subcategory, place, hall and residence as numbers (0 unknown); `xy` (n, 2) metres, NaN without a point."""

    group: np.ndarray
    day: np.ndarray
    minute: np.ndarray
    subcategory: np.ndarray
    place: np.ndarray
    hall: np.ndarray
    residence: np.ndarray
    xy: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: np.ndarray) -> Reports:
        """Some of them."""
        return Reports(*(getattr(self, field.name)[rows] for field in fields(self)))


def alike(reports: Reports, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Whether the reports of each pair (rows) may be of one fact.

    Same kind and category; 24 hours apart at most, or one day where an hour is unknown; the same hall where both name one, else
    the same residence, or points at most 50 m apart. What both say of subcategory and place has to agree.
    """
    one, other = reports.take(first), reports.take(second)
    known = (one.minute >= 0) & (other.minute >= 0)
    minutes = np.abs((one.day - other.day) * _HOURS * 60 + np.where(known, one.minute - other.minute, 0))
    near = minutes <= np.where(known, WINDOW_H * 60, _HOURS * 60)
    metres = np.hypot(*(one.xy - other.xy).T)
    halls = (one.hall > 0) & (other.hall > 0)
    home = (one.residence > 0) & (one.residence == other.residence)
    here = np.where(halls, (one.hall == other.hall) & home, home | (metres <= REACH_M))  # NaN is not close
    return (one.group == other.group) & near & here & _agree(one.subcategory, other.subcategory) & _agree(one.place, other.place)


def _agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one == 0) | (other == 0) | (one == other)


def gathered(reports: Reports) -> list[np.ndarray]:
    """Rows that may be one fact, together: the earliest first, then those alike to it; no row twice."""
    order = np.lexsort((np.where(reports.minute < 0, _HOURS * 60, reports.minute), reports.day, reports.group))
    one, other = _pairs(reports.take(order))
    taken = np.zeros(len(reports), bool)
    found: list[np.ndarray] = []
    starts = np.flatnonzero(np.diff(one, prepend=-1))
    for head, those in zip(one[starts].tolist(), np.split(other, starts[1:]), strict=True) if len(one) else ():
        left = those[~taken[those]]
        if not taken[head] and len(left):
            taken[left] = True
            found.append(order[np.concatenate([[head], left])])
    return found


def _pairs(ordered: Reports) -> tuple[np.ndarray, np.ndarray]:
    """Rows (earlier, later) that are alike, in order, of reports sorted by group and day."""
    ones, others = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for step in range(1, len(ordered)):
        one = np.arange(len(ordered) - step)
        here = (ordered.group[one] == ordered.group[one + step]) & (ordered.day[one + step] - ordered.day[one] <= 1)
        if not here.any():
            break
        one = one[here]
        chosen = one[alike(ordered, one, one + step)]
        ones.append(chosen)
        others.append(chosen + step)
    one, other = np.concatenate(ones), np.concatenate(others)
    order = np.lexsort((other, one))
    return one[order], other[order]
