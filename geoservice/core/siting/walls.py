"""What stands between a camera and what it looks at: walls of buildings, with the height of the roof behind each.

Metres of one projected CRS throughout. Ground is flat, roofs are flat, and a building blocks from the ground to its roof; one
whose height is not known (missing, or not above 0) blocks at any height, and `Walls.unknown` says how many do.
Footprints and walls are closed: a line that only touches a corner or runs along a wall is blocked. So nothing is seen through
the point where two buildings meet, nor along the wall that two houses share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from geoservice.errors import BadInput

CELL_M = 20.0  # of the grid in which walls and points are found again
_MOST_CELLS = 4_000_000


def loops() -> ModuleType:
    """The compiled loops, imported: `core.compiled.load` may do it ahead of the first question."""
    from geoservice.core.siting import loops as compiled_loops

    return compiled_loops


@dataclass(frozen=True, eq=False)
class Grid:
    """Which numbered things lie in which square: of square s (row × columns + column) are `indices[indptr[s]:indptr[s + 1]]`.

    frame: (west, south, side of a square in metres, columns, rows) as float64.
    """

    indptr: np.ndarray
    indices: np.ndarray
    frame: np.ndarray


@dataclass(frozen=True, eq=False)
class Walls:
    """footprints (b,) shapely polygons, valid; roof_m (b,) float64, inf where unknown; ends (s, 4) float64, x, y, x, y of each
    wall with its building on the left, courtyards included; owner and ring (s,) int64, the building and the ring (exterior or
    courtyard) of each wall, ring by ring in order; grid of the walls."""

    footprints: np.ndarray
    roof_m: np.ndarray
    ends: np.ndarray
    owner: np.ndarray
    ring: np.ndarray
    grid: Grid

    @property
    def unknown(self) -> int:
        """How many buildings block at any height because theirs is not known."""
        return int(np.isinf(self.roof_m).sum())

    @cached_property
    def table(self) -> tuple[np.ndarray, ...]:
        """What the compiled loops read: ends, roof of each wall, and the grid."""
        return self.ends, self.roof_m[self.owner], self.grid.indptr, self.grid.indices, self.grid.frame

    @cached_property
    def tree(self) -> Any:
        """Footprints as a shapely STRtree."""
        import shapely

        return shapely.STRtree(self.footprints)

    def roofs_over(self, places: np.ndarray) -> np.ndarray:
        """The highest roof over each place (n, 2), walls included: (n,) float64, -inf in the open, inf under an unknown one."""
        import shapely

        out = np.full(len(places), -np.inf)
        place, building = self.tree.query(shapely.points(places), predicate="intersects")
        np.maximum.at(out, place, self.roof_m[building])
        return out


def walls(footprints: Sequence[Any] | np.ndarray, heights_m: Sequence[float | None] | np.ndarray | None = None) -> Walls:
    """Walls of shapely polygons, with a height each (None or NaN: unknown; no heights at all: none is known).

    Invalid polygons are repaired, not simplified; what is no surface is left out. BadInput for coordinates that are no metres.
    """
    import shapely

    given = np.atleast_1d(np.asarray(footprints, dtype=object))
    heights = np.full(len(given), np.nan) if heights_m is None else np.array(
        [np.nan if height is None else height for height in heights_m], dtype=np.float64)
    if len(heights) != len(given):
        raise BadInput(f"Il faut une hauteur par bâtiment (vide si inconnue) : {len(given)} bâtiments, {len(heights)} hauteurs.")
    whole = np.where(shapely.is_valid(given), given, shapely.make_valid(given))
    parts, owner = shapely.get_parts(shapely.force_2d(whole), return_index=True)
    kept = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)
    parts, heights = shapely.orient_polygons(parts[kept]), heights[owner[kept]]
    ends, polygon, ring = _segments(parts)
    if not np.isfinite(ends).all():
        raise BadInput("Les bâtiments ont des coordonnées manquantes ou infinies.")
    roofs = np.where(heights > 0, heights, np.inf)
    boxes = np.column_stack([np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])])
    return Walls(parts, roofs, ends, polygon, ring, _grid_of_boxes(boxes))


def grid_of(places: np.ndarray, cell_m: float = CELL_M) -> Grid:
    """The grid of points (n, 2)."""
    return _grid_of_boxes(np.column_stack([places, places]), cell_m)


def _segments(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sides of all rings, without those of no length; the polygon and the ring of each."""
    import shapely

    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    side = np.flatnonzero((ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1))
    return np.hstack([xy[side], xy[side + 1]]), polygon[ring[side]].astype(np.int64), ring[side].astype(np.int64)


def _grid_of_boxes(boxes: np.ndarray, cell_m: float = CELL_M) -> Grid:
    """Each box (west, south, east, north) in every square that it touches; squares grow until there are not too many."""
    if not len(boxes):
        return Grid(np.zeros(2, dtype=np.int64), np.empty(0, dtype=np.int64), np.array([0.0, 0.0, cell_m, 1.0, 1.0]))
    south_west, north_east = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    while np.prod(np.floor((north_east - south_west) / cell_m) + 1) > _MOST_CELLS:
        cell_m *= 2
    columns, rows = (np.floor((north_east - south_west) / cell_m) + 1).astype(np.int64)
    low = np.floor((boxes[:, :2] - south_west) / cell_m).astype(np.int64)
    size = np.floor((boxes[:, 2:] - south_west) / cell_m).astype(np.int64) - low + 1
    many = size.prod(axis=1)
    box = np.repeat(np.arange(len(boxes)), many)
    step = np.arange(len(box)) - np.repeat(np.cumsum(many) - many, many)
    square = (low[box, 1] + step // size[box, 0]) * columns + low[box, 0] + step % size[box, 0]
    order = np.argsort(square, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(square, minlength=columns * rows))])
    return Grid(indptr.astype(np.int64), box[order].astype(np.int64),
                np.array([*south_west, cell_m, columns, rows], dtype=np.float64))
