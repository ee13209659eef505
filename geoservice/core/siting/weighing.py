"""What facts at places are worth seeing: by number, by gravity, by the hours they take, by what chance does not explain."""

from __future__ import annotations

import numpy as np

_HOURS = 24  # hours of a day; anything from there on is an unknown one


def hours_at_risk(place: np.ndarray, when: tuple[np.ndarray, np.ndarray, np.ndarray], places: int) -> tuple[np.ndarray, int]:
    """Distinct date-hours with a fact at each of so many places, (places,); and how many facts have no hour known to the hour.

    place (m,) int64; when: day, hour (24 or more: unknown) and span, further clock hours touched, (m,) each. A fact known to an
    interval alone takes no hour: which one is not known.
    """
    day, hour, span = (np.asarray(column, dtype=np.int64) for column in when)
    known = (hour < _HOURS) & (span == 0)
    taken = np.unique(np.column_stack([place[known], day[known] * _HOURS + hour[known]]), axis=0)[:, 0]
    return np.bincount(taken, minlength=places).astype(np.float64), int((~known).sum())


def in_excess(place: np.ndarray, unit: np.ndarray, share: np.ndarray, places: int) -> tuple[np.ndarray, int]:
    """The excess that facts carry to each of so many places, (places,); and how many facts carry none.

    place (m,) int64; unit (m,) int64 of each fact, -1 outside; share (units,): the part of a unit's facts that is above what
    chance gives, 0 where it is not hot. Facts of one area share its excess alike: no place is worth more than it holds.
    """
    carried = np.append(share, 0.0)[unit]
    return np.bincount(place, carried, places), int((carried <= 0).sum())
