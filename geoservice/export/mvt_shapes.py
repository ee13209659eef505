"""Shapely geometries to the integer paths of one tile: clipped, rounded, valid on the integer grid."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.errors import GEOSException

from geoservice.errors import BadInput
from geoservice.export.mvt_paths import POINT, POLYGON, Paths, doubled_areas, reversed_where, select, without_repeats
from geoservice.export.tile import Tile

_COLLECTION = 7
_MULTI = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}


def paths(tile: Tile, geometries: np.ndarray) -> tuple[Paths, np.ndarray]:
    """Paths of the geometries (n,) that leave something in the buffered tile, and their positions in the input.

    World units in. A collection keeps its parts of the highest dimension (a feature has one type). None and empty
    geometries are left out; a coordinate that is not finite is BadInput.
    """
    shapes, rows = in_tile(tile, geometries)
    shapes, kept = _on_grid(shapes)
    found, owners = _paths(shapes)
    return found, rows[kept][owners]


def refuse_undefined(coordinates: np.ndarray) -> None:
    """BadInput when a coordinate is not a finite number."""
    if not np.isfinite(coordinates).all():
        raise BadInput("Une géométrie contient une coordonnée indéfinie (NaN ou infinie) : la corriger.")


def in_tile(tile: Tile, geometries: np.ndarray, per_side: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Geometries clipped to the buffered tile, in float tile units, and their positions in the input."""
    geometries = np.asarray(geometries, object)
    refuse_undefined(shapely.get_coordinates(geometries))
    west, north, east, south = tile.buffered()
    box = _boxes(geometries)  # NaN for None and empty: every comparison is then false
    rows = np.flatnonzero((box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= south) & (box[:, 3] >= north))
    side = per_side or tile.extent
    shapes = shapely.transform(geometries[rows], lambda world: tile.units(world, side))
    margin = tile.buffer * side / tile.extent
    dimension = shapely.get_dimensions(shapes)
    shapes = _same_dimension(_clipped(shapes, (-margin, -margin, side + margin, side + margin)), dimension)
    some = ~shapely.is_empty(shapes) & (shapely.get_dimensions(shapes) == dimension)
    return shapes[some], rows[some]


def repaired(shapes: np.ndarray) -> np.ndarray:
    """Valid geometries (n,) without collapsed parts; empty where even the repair fails."""
    try:
        return shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    except GEOSException:
        return np.array([_repaired_alone(shape) for shape in shapes], object)


def _repaired_alone(shape: shapely.Geometry) -> shapely.Geometry:
    for method in ("structure", "linework"):
        try:
            return shapely.make_valid(shape, method=method, keep_collapsed=method == "linework")
        except GEOSException:  # some collapsed shells with long holes defeat one method or both
            continue
    return shapely.Point()


def _boxes(shapes: np.ndarray) -> np.ndarray:
    """West, north, east, south of all vertices (n, 4), NaN without any; GEOS overlooks holes outside their shell."""
    points, row = shapely.get_coordinates(shapes, return_index=True)
    out = np.full((len(shapes), 4), np.nan)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    if len(first):
        out[row[first], :2] = np.minimum.reduceat(points, first)
        out[row[first], 2:] = np.maximum.reduceat(points, first)
    return out


def _clipped(shapes: np.ndarray, rectangle: tuple[float, float, float, float]) -> np.ndarray:
    """Geometries cut by a rectangle; what lies wholly inside is left as it is."""
    west, north, east, south = rectangle
    box = _boxes(shapes)
    out = np.flatnonzero((box[:, 0] < west) | (box[:, 1] < north) | (box[:, 2] > east) | (box[:, 3] > south))
    broken = out[(shapely.get_dimensions(shapes[out]) == 2) & ~shapely.is_valid(shapes[out])]
    shapes[broken] = repaired(shapes[broken])
    try:
        shapes[out] = shapely.clip_by_rect(shapes[out], *rectangle)
    except GEOSException:  # one bad shape must not lose the tile
        shapes[out] = [_cut(shape, shapely.box(*rectangle)) for shape in shapes[out]]
    return shapes


def _cut(shape: shapely.Geometry, box: shapely.Polygon) -> shapely.Geometry:
    try:
        return shapely.intersection(shape, box)
    except GEOSException:
        return shapely.Point()


def _on_grid(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Geometries on whole tile units and the positions of those that are still something there.

    Rounding is enough for nearly all; a polygon that it breaks is snapped and rebuilt, which drops collapsed parts.
    """
    dimension = shapely.get_dimensions(shapes)
    whole = shapely.transform(shapes, np.rint)
    for row in np.flatnonzero((dimension == 2) & ~shapely.is_valid(whole)):
        whole[row] = _snapped(shapes[row])
    whole = _same_dimension(whole, dimension)
    kept = np.flatnonzero(~shapely.is_empty(whole) & (shapely.get_dimensions(whole) == dimension))
    return whole[kept], kept


def _snapped(shape: shapely.Geometry) -> shapely.Geometry:
    try:
        return shapely.set_precision(repaired(np.array([shape], object))[0], 1.0)
    except GEOSException:
        return shapely.Point()


def _same_dimension(shapes: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """Collections replaced by those of their parts that have the wanted dimension (n,)."""
    for row in np.flatnonzero(shapely.get_type_id(shapes) == _COLLECTION):
        parts = _leaves(shapes[row])
        shapes[row] = _MULTI[max(dimension[row], 0)](parts[shapely.get_dimensions(parts) == dimension[row]])
    return shapes


def _leaves(shape: shapely.Geometry) -> np.ndarray:
    """All simple parts of a collection, however deep."""
    parts = shapely.get_parts(shape)
    while np.isin(shapely.get_type_id(parts), (4, 5, 6, _COLLECTION)).any():
        parts = shapely.get_parts(parts)
    return parts


def _paths(shapes: np.ndarray) -> tuple[Paths, np.ndarray]:
    """Paths of geometries on whole units, and the position of each feature that has at least one."""
    element, row, hole = _elements(shapes)
    kind = shapely.get_dimensions(shapes)[row] + 1
    points = shapely.get_coordinates(element).astype(np.int64)
    heads = _heads(row, kind)
    counts = np.add.reduceat(shapely.get_num_coordinates(element).astype(np.int64), heads) if len(heads) else heads
    row, kind, hole = row[heads], kind[heads], hole[heads]
    points, counts, keep = _wound(points, counts, kind, hole)
    features, owner = np.unique(row[keep], return_inverse=True)
    return Paths(points, counts, owner, kind[keep]), features


def _elements(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, lines and rings of the geometries in order; for each its geometry and whether it is a hole."""
    parts, part_row = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    other = np.flatnonzero(shapely.get_dimensions(parts) < 2)
    element = np.concatenate([rings, parts[other]])
    part = np.concatenate([ring_part, other]).astype(np.int64)
    order = np.argsort(part, kind="stable")
    element, part = element[order], part[order]
    hole = np.zeros(len(part), bool)
    hole[1:] = part[1:] == part[:-1]
    return element, part_row[part].astype(np.int64), hole


def _heads(row: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Where paths begin among the elements: all the points of one multipoint are one path."""
    begins = np.ones(len(row), bool)
    begins[1:] = (kind[1:] != POINT) | (row[1:] != row[:-1])
    return np.flatnonzero(begins)


def _wound(
    points: np.ndarray, counts: np.ndarray, kind: np.ndarray, hole: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths without repeats or collapsed parts, rings wound as the format asks; also the mask of the paths kept."""
    if not len(counts):
        return points, counts, np.zeros(0, bool)
    points, counts = without_repeats(points, counts, kind)
    enough = counts >= np.choose(kind - 1, (1, 2, 3))
    points, counts = select(points, counts, enough)
    if not len(counts):
        return points, counts, enough
    area = doubled_areas(points, counts)
    ring = kind[enough] == POLYGON
    points = reversed_where(points, counts, ring & ((area > 0) == hole[enough]))
    flat = ring & (area == 0)
    points, counts = select(points, counts, ~flat)
    enough[enough] = ~flat
    return points, counts, enough
