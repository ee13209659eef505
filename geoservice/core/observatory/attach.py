"""To which hall, building or residence a fact belongs: by the code it names, else by distance, with a certainty.

Stated rule: a code of the patrimoine is certain. Without one, the nearest hall within 30 m, else the nearest building within
50 m, else the nearest residence within 100 m is probable. Beyond, a fact belongs to none. An address is that of a building, and
no hall's: only a point of its own may lie near a hall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core import crs
from geoservice.core.factindex import DEGREE, FactIndex, Units
from geoservice.types import Kind, Place, Placement, code_of

KIND = Kind.BAILLEUR  # facts of other kinds are never moved into a landlord's counts
REACH_M = {"hall": 30.0, "batiment": 50.0, "residence": 100.0}  # by level, the finest first
NONE, PROBABLE, CERTAIN = 0, 1, 2
COMMON_PARTS = frozenset({Place.HALL, Place.CAGE, Place.PALIER, Place.ASC, Place.CAVE, Place.SSOL, Place.PARK_SS, Place.POUB,
                          Place.VELO, Place.TOIT, Place.LOGE})
SURROUNDINGS = frozenset({Place.COUR, Place.FACADE, Place.ABORDS, Place.VOIE, Place.PARK_AIR})
PARTS = COMMON, AROUND, HOME, UNKNOWN = "parties communes", "abords", "logement", "inconnu"
_OWN_POINT = [code_of(placement) for placement in (Placement.COORDONNEES, Placement.HALL)]
_BEYOND = 0.01  # degrees, more than the longest reach anywhere in France


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


@dataclass(frozen=True, eq=False)
class Places:
    """m places of a patrimoine as facts name them: level (a word of REACH_M), code, residence ("" for a hall without one), and
    points (m, 2) lon, lat, NaN unknown."""

    level: tuple[str, ...]
    code: tuple[str, ...]
    residence: tuple[str, ...]
    points: np.ndarray


def hung(index: FactIndex, places: Places) -> FactIndex:
    """The index whose facts of a landlord's kind with a point and no code of hall, building or residence have the unit of the
    place they lie near; other kinds stand beside.

    Units from `attached_from` on are such; the index itself where there is none. What a fact says is never changed.
    """
    units, rows = index.units, loose(index)
    found = nearest(places, *(index[name].take(rows) for name in ("lon", "lat", "placement")))
    near = np.flatnonzero(found.place >= 0)
    if not len(near):
        return index
    rows, size = rows[near], len(units.code)
    distinct, at = np.unique(found.place[near] * size + index["unit"].take(rows), return_inverse=True)
    place, old = (part.tolist() for part in np.divmod(distinct, size))
    unit = np.array(index["unit"])
    unit[rows] = size + at
    more = ((places.level[each] for each in place), (places.code[each] for each in place),
            (places.residence[each] for each in place), (units.commune[each] for each in old))
    both = Units(*((*mine, *their) for mine, their in zip(
        (units.level, units.code, units.residence, units.commune), more, strict=True)), attached_from=size)
    return replace(index, columns={**index.columns, "unit": unit}, units=both)


def loose(index: FactIndex) -> np.ndarray:
    """Rows of a landlord's kind with a point that name no hall, building or residence."""
    nameless = np.array([level in ("", "commune") for level in index.units.level])
    placed = slice(index.placed_from, None)
    return index.placed_from + np.flatnonzero(nameless.take(index["unit"][placed]) & (index["kind"][placed] == code_of(KIND)))


def nearest(places: Places, lon: np.ndarray, lat: np.ndarray, placement: np.ndarray) -> Attached:
    """To which place points belong that name none; lon, lat (n,) in 1e-7 degree and placement (n,), as every index has them."""
    found = Attached(np.full(len(lon), -1), np.full(len(lon), np.nan), np.full(len(lon), NONE))
    at, level = crs.territories_of(*places.points.T), np.array(places.level, dtype="U9")
    for number in np.unique(at[at >= 0]).tolist():
        there, epsg = np.flatnonzero(at == number), crs.TERRITORIES[number].epsg
        low, high = places.points[there].min(axis=0) - _BEYOND, places.points[there].max(axis=0) + _BEYOND
        here = np.flatnonzero((lon > low[0] * DEGREE) & (lon < high[0] * DEGREE) & (lat > low[1] * DEGREE)
                              & (lat < high[1] * DEGREE))
        xy = np.column_stack(crs.project(lon[here] / DEGREE, lat[here] / DEGREE, epsg))
        known = Known(level[there], np.column_stack(crs.project(*places.points[there].T, epsg)))
        some = attach(xy, np.full(len(here), -1), known, np.isin(placement[here], _OWN_POINT))
        near = some.place >= 0
        found.place[here[near]] = there[some.place[near]]
        found.metres[here[near]], found.certainty[here[near]] = some.metres[near], PROBABLE
    return found


def attach(xy: np.ndarray, named: np.ndarray, known: Known, fine: np.ndarray | None = None) -> Attached:
    """xy: (n, 2) metres of facts, NaN without a point; named: (n,) row of the place whose code a fact gives, -1 for none; fine:
    (n,) bool, whether a point is near enough to the truth to tell a hall (all of them, without)."""
    place, certainty = named.astype(np.int64).copy(), np.where(named >= 0, CERTAIN, NONE)
    metres = np.full(len(xy), np.nan)
    metres[named >= 0] = np.hypot(*(xy[named >= 0] - known.xy[named[named >= 0]]).T)
    for level, reach in REACH_M.items():
        told = np.ones(len(xy), bool) if fine is None or level != "hall" else fine
        left = np.flatnonzero((place < 0) & told & np.isfinite(xy).all(axis=1))
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


_PART_OF = np.array([PARTS.index(UNKNOWN), *(PARTS.index(part_of(place)) for place in Place)])


def parts(index: FactIndex, rows: np.ndarray) -> np.ndarray:
    """How many facts of chosen rows each of PARTS has, (4,) int64: as `part_of` says of each."""
    unit, place = index["unit"].take(rows), index["place"].take(rows)
    at_home = np.array([level == "residence" for level in index.units.level]) & (
        np.arange(len(index.units.level)) >= index.units.attached_from)
    part = np.where((place == 0) & at_home.take(unit), PARTS.index(AROUND), _PART_OF.take(place))
    return np.bincount(part, minlength=len(PARTS))
