"""Where a camera could be put: façades, corners, poles, points; a little before the wall, and never two too near each other.

Metres of one projected CRS, as the walls. Every candidate has a reason to be there (`kind`, `source`) and, on a building, the
azimuth straight away from it; what is refused is counted by its reason, so that a plan can say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geoservice.core.siting.walls import Walls
from geoservice.errors import BadInput

KINDS = ("facade", "corner", "pole", "point", "existing")
FINE, IN_BUILDING, FORBIDDEN = range(3)  # what `refusals` says
OFFSET_M = 0.3   # of an arm on a wall
_TURN_DEG = 30.0  # a corner turns at least so much
_REACHES = (5.0, 20.0, 80.0)  # metres within which a façade is looked for, one after another


@dataclass(frozen=True, eq=False)
class Candidates:
    """n places (n, 2); azimuth_deg (n,) straight away from the wall, NaN where any will do; kind (n,) int8, of KINDS; source (n,)
    int64, the building, or the row among the points given."""

    places: np.ndarray
    azimuth_deg: np.ndarray
    kind: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def where(self, kept: np.ndarray) -> Candidates:
        """Some of them: (n,) bool, or row numbers."""
        return Candidates(self.places[kept], self.azimuth_deg[kept], self.kind[kept], self.source[kept])


def together(*some: Candidates) -> Candidates:
    """Several lists as one, in the order given."""
    return Candidates(*(np.concatenate([getattr(one, name) for one in some])
                        for name in ("places", "azimuth_deg", "kind", "source")))


def ordered(some: Candidates) -> Candidates:
    """The same in an order of their own (kind, place, azimuth): which of equal plans is found is nobody's order of files."""
    turned = np.nan_to_num(some.azimuth_deg, nan=-1.0)
    return some.where(np.lexsort((turned, some.places[:, 1], some.places[:, 0], some.kind)))


def points(places: np.ndarray, kind: str = "point") -> Candidates:
    """Poles, imported points or existing cameras, as they are; BadInput for an unknown kind or places that are no numbers."""
    if kind not in KINDS:
        raise BadInput(f"Sorte d’emplacement inconnue. Choisissez parmi : {', '.join(KINDS)}.")
    places = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(places).all():
        raise BadInput("Des positions d’emplacements manquent ou sont infinies.")
    return _made(places, np.full(len(places), np.nan), kind, np.arange(len(places)))


def facades(walls: Walls, every_m: float, offset_m: float = OFFSET_M, least_m: float = 2.0) -> Candidates:
    """Places along every wall of at least least_m, courtyards too, evenly and at most every_m apart, offset_m before it.

    A wall shared with another building has no façade: what would stand inside a building is left out.
    """
    if not (every_m > 0 and offset_m > 0 and least_m >= 0):
        raise BadInput("L’écart entre emplacements et leur distance au mur sont des mètres, au-dessus de 0.")
    along = walls.ends[:, 2:] - walls.ends[:, :2]
    length = np.hypot(*along.T)
    long = np.flatnonzero(length >= least_m)
    many = np.ceil(length[long] / every_m).astype(np.int64)
    wall = np.repeat(long, many)
    step = np.arange(len(wall)) - np.repeat(np.cumsum(many) - many, many)
    share = (step + 0.5) / np.repeat(many, many)
    away = _right(along[wall] / length[wall, None])
    return _before(walls, walls.ends[wall, :2] + share[:, None] * along[wall], away, offset_m, ("facade", walls.owner[wall]))


def corners(walls: Walls, offset_m: float = OFFSET_M) -> Candidates:
    """The corners that stick out by 30 degrees or more, offset_m before them: from there two façades are watched."""
    if not offset_m > 0:
        raise BadInput("La distance au mur est un nombre de mètres au-dessus de 0.")
    along = walls.ends[:, 2:] - walls.ends[:, :2]
    along = along / np.hypot(*along.T)[:, None]
    last = np.roll(np.arange(len(along)), 1)
    begins = np.flatnonzero(np.diff(walls.ring, prepend=-1))
    last[begins] = np.append(begins[1:], len(along))[:len(begins)] - 1  # a ring is closed
    turn = np.degrees(np.arctan2(along[last, 0] * along[:, 1] - along[last, 1] * along[:, 0], (along[last] * along).sum(axis=1)))
    out = np.flatnonzero(turn >= _TURN_DEG)
    away = _right(along[last[out]]) + _right(along[out])
    away /= np.maximum(np.hypot(*away.T), 1e-12)[:, None]
    return _before(walls, walls.ends[out, :2], away, offset_m, ("corner", walls.owner[out]))


def outside(walls: Walls, places: np.ndarray, offset_m: float = OFFSET_M) -> tuple[np.ndarray, np.ndarray]:
    """Doors as points that a camera can see: what lies in or on a building is moved to offset_m before the nearest façade.

    Returns the places (n, 2) and how far each was moved, in metres: 0 in the open, NaN (and left) without a façade within 80 m.
    """
    import shapely

    out, moved = np.array(places, dtype=np.float64).reshape(-1, 2), np.zeros(len(places))
    tree = shapely.STRtree(shapely.linestrings(walls.ends.reshape(-1, 2, 2)))
    for row in np.flatnonzero(walls.roofs_over(out) > -np.inf):  # few: registers put some doors in the middle of their building
        put = next((put for reach in _REACHES if (put := _facade_of(walls, tree, out[row], (reach, offset_m))) is not None), None)
        moved[row] = np.nan if put is None else np.hypot(*(put - out[row]))
        out[row] = out[row] if put is None else put
    return out, moved


def _facade_of(walls: Walls, tree: Any, place: np.ndarray, how: tuple[float, float]) -> np.ndarray | None:
    """The place before the nearest façade within a reach; None where every wall in it is shared."""
    import shapely

    reach, offset_m = how
    point = shapely.Point(place)
    near = tree.query(point, predicate="dwithin", distance=reach)
    near = near[np.argsort(shapely.distance(tree.geometries[near], point), kind="stable")]
    feet = shapely.line_interpolate_point(tree.geometries[near], shapely.line_locate_point(tree.geometries[near], point))
    along = walls.ends[near, 2:] - walls.ends[near, :2]
    put = shapely.get_coordinates(feet) + offset_m * _right(along / np.hypot(*along.T)[:, None])
    free = np.flatnonzero(walls.roofs_over(put) == -np.inf)
    return put[free[0]] if len(free) else None


def refusals(candidates: Candidates, walls: Walls, forbidden: Sequence[Any] = ()) -> np.ndarray:
    """Why each candidate cannot be used, (n,) int8: FINE, IN_BUILDING or FORBIDDEN (in a polygon given, or on its edge)."""
    import shapely

    out = np.full(len(candidates), FINE, dtype=np.int8)
    if len(forbidden):
        tree = shapely.STRtree(np.asarray(forbidden, dtype=object))
        out[tree.query(shapely.points(candidates.places), predicate="intersects")[0]] = FORBIDDEN
    out[walls.roofs_over(candidates.places) > -np.inf] = IN_BUILDING
    return out


def apart(candidates: Candidates, separation_m: float, order: np.ndarray | None = None) -> np.ndarray:
    """Row numbers, increasing, of candidates at least separation_m from each other: the first in `order` (as they come, if there
    is none) are kept, and those too near one that is kept are not."""
    from scipy.spatial import cKDTree

    if not separation_m >= 0:
        raise BadInput("La distance minimale entre emplacements est un nombre de mètres, 0 ou plus.")
    rows = np.arange(len(candidates)) if order is None else np.asarray(order, dtype=np.int64)
    if separation_m == 0 or len(rows) < 2:
        return np.sort(rows)
    tree, alive = cKDTree(candidates.places), np.zeros(len(candidates), dtype=bool)
    alive[rows] = True
    near = tree.query_ball_point(candidates.places[rows], np.nextafter(separation_m, 0))
    for row, others in zip(rows, near, strict=True):
        if alive[row]:
            alive[others] = False
            alive[row] = True
    return np.flatnonzero(alive)


def _right(along: np.ndarray) -> np.ndarray:
    """A quarter turn clockwise: away from a building that stands on the left."""
    return np.column_stack([along[:, 1], -along[:, 0]])


def _before(walls: Walls, feet: np.ndarray, away: np.ndarray, offset_m: float, what: tuple[str, np.ndarray]) -> Candidates:
    found = _made(feet + offset_m * away, np.degrees(np.arctan2(away[:, 0], away[:, 1])) % 360, *what)
    return found.where(walls.roofs_over(found.places) == -np.inf)


def _made(places: np.ndarray, azimuth_deg: np.ndarray, kind: str, source: np.ndarray) -> Candidates:
    return Candidates(places, azimuth_deg, np.full(len(places), KINDS.index(kind), dtype=np.int8), source.astype(np.int64))
