"""Residences to which facts may go by use rather than by mere nearness: one walks through both, or they share a street.

A hall that is open on both sides makes a way through its building; whoever used it may use the next one. A street is what people
of a landlord's residences have in common, and where the same customers come by. Both hold at a short walk only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core.stats.given import same_length

REACH_M = 250.0  # a walk of three minutes


@dataclass(frozen=True, eq=False)
class Halls:
    """h halls of r residences: metres (h, 2), NaN unknown; home (h,) row of a residence; through (h,) bool: one walks through.

    street, landlord (r,) int64: equal numbers are the same one, -1 unknown (an unknown street is nobody's; an unknown landlord is
    the one whose register this is).
    """

    metres: np.ndarray
    home: np.ndarray
    through: np.ndarray
    street: np.ndarray
    landlord: np.ndarray


@dataclass(frozen=True, eq=False)
class Linked:
    """Rows of residences, sorted: by a through-route, by a street; one may be both."""

    by_route: np.ndarray
    by_street: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """All of them, sorted."""
        return np.union1d(self.by_route, self.by_street)


def linked(halls: Halls, treated: np.ndarray, reach_m: float = REACH_M) -> Linked:
    """Residences of the same landlord as a treated one (rows), none of these, at most `reach_m` away (hall to hall), and linked
    to it: a through-hall of each within reach, or the same street with halls within reach."""
    same_length("halls", halls.home, halls.through)
    placed = np.isfinite(halls.metres).all(axis=1)
    route: list[int] = []
    street: list[int] = []
    for row in treated.tolist():
        others = placed & (halls.home != row) & (halls.landlord[halls.home] == halls.landlord[row])
        mine = placed & (halls.home == row)
        route += _near(halls, mine & halls.through, others & halls.through, reach_m)
        if halls.street[row] >= 0:
            street += _near(halls, mine, others & (halls.street[halls.home] == halls.street[row]), reach_m)
    return Linked(*(np.setdiff1d(np.array(each, dtype=np.int64), treated) for each in (route, street)))


def _near(halls: Halls, mine: np.ndarray, others: np.ndarray, reach_m: float) -> list[int]:
    """Residences of the others of which a hall is within reach of one of mine."""
    ours, rows = halls.metres[mine], np.flatnonzero(others)
    if not len(ours) or not len(rows):
        return []
    low, high = ours.min(axis=0) - reach_m, ours.max(axis=0) + reach_m
    rows = rows[((halls.metres[rows] >= low) & (halls.metres[rows] <= high)).all(axis=1)]
    tree = shapely.STRtree(shapely.points(ours))
    hit, _ = tree.query(shapely.points(halls.metres[rows]), predicate="dwithin", distance=reach_m)
    return np.unique(halls.home[rows[hit]]).tolist()
