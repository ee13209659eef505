"""Places of one's own for a camera that a file says (layer `emplacements`): where they are, and what would carry the camera."""

from __future__ import annotations

import numpy as np
import shapely

from geoservice.core.siting import candidates as hung
from geoservice.operations.reader import Reader
from geoservice.operations.sitingground import Ground

LAYER = "emplacements"
ON_WALL_M = 5.0  # a place may be pointed at so far inside a building: it is put before the façade


def surveyed(reader: Reader, ground: Ground) -> tuple[np.ndarray, list[str], int]:
    """Places (n, 2) in metres inside the box of a ground, put before façades, the support of each (`supports.toml`, empty where
    it is not said), and how many lie deep inside a building."""
    if LAYER not in reader.catalog.layers:
        return np.empty((0, 2)), [], 0
    found = reader.features(LAYER, ground.box)
    found = found.take(np.flatnonzero(~shapely.is_missing(found.geometry)))
    places, fine = before_walls(ground, shapely.get_coordinates(shapely.centroid(found.geometry)).reshape(-1, 2))
    said = [str(each.get("support") or "") for each, kept in zip(found.properties, fine.tolist(), strict=True) if kept]
    return places, said, int((~fine).sum())


def before_walls(ground: Ground, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) lon, lat as metres before their façade, without those deep inside a building; which of all were kept (n,)."""
    if not len(lonlat):
        return np.empty((0, 2)), np.zeros(0, dtype=bool)
    places, moved = hung.outside(ground.walls, ground.metres(lonlat))
    fine = moved <= ON_WALL_M  # NaN is not
    return places[fine], fine
