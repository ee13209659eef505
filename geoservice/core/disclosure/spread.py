"""Households of statistical squares, spread over the homes in them: what atoms are built from."""

from __future__ import annotations

import numpy as np

from geoservice.core import crs, grid
from geoservice.core.disclosure.atoms import Source
from geoservice.errors import BadInput

_SIDE = 5  # a square without any footprint is spread over 5 by 5 points


def spread(name: str, squares: np.ndarray, households: np.ndarray, footprints: np.ndarray, epsg: int) -> Source:
    """A complete source from the INSEE grid. squares, footprints: shapely polygons in metres of `epsg`; households: (n,) ≥ 0.

    Each square's households go to the pieces of residential footprints inside it, by area; where it has none, evenly over the
    square. Totals survive. Heights are not used: they are missing too often (null, 0 or 9999 in BD TOPO).
    """
    import shapely

    if len(squares) != len(households) or np.any(~np.isfinite(households)) or np.any(households < 0):
        raise BadInput("Chaque carreau a besoin d’un nombre de ménages, positif ou nul.")
    kept = shapely.make_valid(footprints)
    square, building = shapely.STRtree(kept).query(squares, predicate="intersects")
    pieces = shapely.intersection(squares[square], kept[building])
    area = shapely.area(pieces)
    square, pieces, area = square[area > 0], pieces[area > 0], area[area > 0]
    whole = np.bincount(square, weights=area, minlength=len(squares))
    points = shapely.get_coordinates(shapely.centroid(pieces)).reshape(-1, 2)
    share = households[square] * area / whole[square] if len(square) else np.empty(0)
    bare = np.flatnonzero((whole == 0) & (households > 0))
    even, each = _evenly(squares[bare], households[bare])
    lon, lat = crs.to_lonlat(*np.concatenate([points, even]).T, epsg)
    return Source(name, grid.index(lon, lat), np.concatenate([share, each]), True)


def _evenly(squares: np.ndarray, households: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points over squares and what each carries."""
    import shapely

    west, south, east, north = shapely.bounds(squares).reshape(-1, 4).T
    steps = (np.arange(_SIDE) + 0.5) / _SIDE
    x = west[:, None, None] + (east - west)[:, None, None] * steps[None, :, None] + np.zeros((1, 1, _SIDE))
    y = south[:, None, None] + (north - south)[:, None, None] * steps[None, None, :] + np.zeros((1, _SIDE, 1))
    return np.column_stack([x.ravel(), y.ravel()]), np.repeat(households / _SIDE**2, _SIDE**2)
