"""To which hall, building or residence a fact belongs: by the code it names, else by distance, with a certainty.

Stated rule: a code of the patrimoine is certain. Without one, the nearest hall within 30 m, else the nearest building within
50 m, else the nearest residence within 100 m is probable. Beyond, a fact belongs to none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.types import Place

REACH_M = {"hall": 30.0, "batiment": 50.0, "residence": 100.0}  # by level, the finest first
NONE, PROBABLE, CERTAIN = 0, 1, 2
COMMON_PARTS = frozenset({Place.HALL, Place.CAGE, Place.PALIER, Place.ASC, Place.CAVE, Place.SSOL, Place.PARK_SS, Place.POUB,
                          Place.VELO, Place.TOIT, Place.LOGE})
SURROUNDINGS = frozenset({Place.COUR, Place.FACADE, Place.ABORDS, Place.VOIE, Place.PARK_AIR})
COMMON, AROUND, HOME, UNKNOWN = "parties communes", "abords", "logement", "inconnu"


@dataclass(frozen=True)
class Known:
    """m places of the patrimoine: their level (a word of REACH_M) and xy (m, 2) in metres, NaN where a place has no point."""

    level: np.ndarray
    xy: np.ndarray


@dataclass(frozen=True)
class Attached:
    """Of n facts: the row of the place (-1 none), metres to it (NaN where one has no point), NONE, PROBABLE or CERTAIN."""

    place: np.ndarray
    metres: np.ndarray
    certainty: np.ndarray


def attach(xy: np.ndarray, named: np.ndarray, known: Known) -> Attached:
    """xy: (n, 2) metres of facts, NaN without a point; named: (n,) row of the place whose code a fact gives, -1 for none."""
    place, certainty = named.astype(np.int64).copy(), np.where(named >= 0, CERTAIN, NONE)
    metres = np.full(len(xy), np.nan)
    metres[named >= 0] = np.hypot(*(xy[named >= 0] - known.xy[named[named >= 0]]).T)
    for level, reach in REACH_M.items():
        left = np.flatnonzero((place < 0) & np.isfinite(xy).all(axis=1))
        there = np.flatnonzero((known.level == level) & np.isfinite(known.xy).all(axis=1))
        if len(left) and len(there):
            _nearest((place, metres, certainty), left, there, (xy, known.xy, reach))
    return Attached(place, metres, certainty)


def _nearest(out: tuple[np.ndarray, ...], left: np.ndarray, there: np.ndarray, given: tuple) -> None:
    from scipy.spatial import cKDTree

    xy, places, reach = given
    metres, which = cKDTree(places[there]).query(xy[left], distance_upper_bound=reach * (1 + 1e-12))
    here = np.isfinite(metres)
    for column, values in zip(out, (there[which[here]], metres[here], PROBABLE), strict=True):
        column[left[here]] = values


def part_of(place: Place | None, level: str | None = None) -> str:
    """Common parts or surroundings: as the place says; a fact that says none and lies within reach of a residence but of none of
    its halls and buildings is in the ring around it."""
    if place is not None:
        return COMMON if place in COMMON_PARTS else AROUND if place in SURROUNDINGS else HOME
    return AROUND if level == "residence" else UNKNOWN
