"""The ground of a camera plan: buildings in reach as walls, public roads, which buildings are one's own, and the lenses.

Metres of the territory's own CRS. Walls of an area are kept while its layers do not change: a camera that is moved asks often.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.siting.dori import Optics
from geoservice.core.siting.walls import Walls, walls
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.operations.features import Features
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.types import Box

SENSOR_MM, WIDTH_PX = 5.4, 1920
LENSES = {"2.8": "2,8 mm, très large", "4": "4 mm, large", "6": "6 mm, moyen", "12": "12 mm, étroit"}
PURPOSES = {"detect": "détecter", "observe": "observer", "recognise": "reconnaître", "identify": "identifier"}
OPERATORS = {"bailleur": "un bailleur", "commune": "une commune"}
HEIGHT_M = (2.0, 30.0)  # of a camera
MOST_WIDE_M = 1_500.0
MARGIN_M = 250.0  # beyond what any lens detects at
_TILE_DEG = 0.01
_ROAD_M = 6.0  # width of a road that does not say it
# how near a footprint a register puts its places: a door, the middle of a building, of an estate
_OWN_M = {"hall": 15.0, "batiment": 15.0, "residence": 40.0}
LAYERS = ("batiments", "voies", "patrimoine", "halls", "cameras")
_METRES_DEG = 111_320.0
_kept: Shelf[Ground] = Shelf(16, 400_000, lambda ground: len(ground.walls.ends))


@dataclass(frozen=True, eq=False)
class Ground:
    """Walls around a box in EPSG:4326; roads (r,) shapely polygons; own (b,) bool, footprints of one's patrimoine."""

    box: Box
    epsg: int
    walls: Walls
    roads: np.ndarray
    own: np.ndarray

    def metres(self, lonlat: np.ndarray) -> np.ndarray:
        """Places (n, 2) lon, lat in metres."""
        return np.column_stack(crs.project(lonlat[:, 0], lonlat[:, 1], self.epsg)).reshape(-1, 2)

    def lonlat(self, places: np.ndarray) -> np.ndarray:
        """Places (n, 2) in metres as lon, lat."""
        return np.column_stack(crs.to_lonlat(places[:, 0], places[:, 1], self.epsg)).reshape(-1, 2)

    @cached_property
    def road_tree(self) -> shapely.STRtree:
        """Roads as a shapely STRtree."""
        return shapely.STRtree(self.roads)

    def on_road(self, places: np.ndarray) -> np.ndarray:
        """Whether places (n, 2) in metres lie on a public road, (n,) bool."""
        out = np.zeros(len(places), dtype=bool)
        out[self.road_tree.query(shapely.points(places), predicate="intersects")[0]] = True
        return out

    def road_share(self, field: Any) -> float:
        """The share of a field of view that is public road, 0 to 1."""
        near = self.roads[self.road_tree.query(field, predicate="intersects")]
        area = float(field.area)
        return float(shapely.union_all(near).intersection(field).area) / area if len(near) and area else 0.0

    def near_own(self, places: np.ndarray, metres: float) -> np.ndarray:
        """Whether places are at most so far from a building of one's own, (n,) bool."""
        out = np.zeros(len(places), dtype=bool)
        if self.own.any():
            tree = shapely.STRtree(self.walls.footprints[self.own])
            out[tree.query(shapely.points(places), predicate="dwithin", distance=metres)[0]] = True
        return out


def optics_of(lens: str) -> Optics:
    """One of the named lenses, on the sensor of DORI's worked example; BadInput for another."""
    if lens not in LENSES:
        raise BadInput(f"Objectif inconnu. Choisissez parmi : {', '.join(LENSES)}.")
    return Optics(float(lens), SENSOR_MM, WIDTH_PX)


def around(reader: Reader, lon: float, lat: float) -> Ground:
    """The ground around a point, of a tile that its neighbours share."""
    west, south = math.floor(lon / _TILE_DEG) * _TILE_DEG, math.floor(lat / _TILE_DEG) * _TILE_DEG
    return ground(reader, Box(round(west, 6), round(south, 6), round(west + _TILE_DEG, 6), round(south + _TILE_DEG, 6)))


def ground(reader: Reader, box: Box) -> Ground:
    """The ground of a box in EPSG:4326. NotEnough where no building is known; BadInput outside France or too wide."""
    return _kept.get((*state_of(reader), box), lambda: _made(reader, box))


def state_of(reader: Reader) -> tuple[Any, ...]:
    """Whose ground, and the state of its layers."""
    versions = tuple(reader.version(name) for name in LAYERS if name in reader.catalog.layers)
    return str(reader.shelf.storage.settings.data), reader.viewer.organisation_id, versions


def width_m(box: Box) -> float:
    """The longer side of a box, in metres."""
    wide = (box.east - box.west) * _METRES_DEG * math.cos(math.radians((box.south + box.north) / 2))
    return max(wide, (box.north - box.south) * _METRES_DEG)


def widened(box: Box, metres: float) -> Box:
    """A box with so much more on each side."""
    north = metres / _METRES_DEG
    east = north / math.cos(math.radians((box.south + box.north) / 2))
    return Box(box.west - east, box.south - north, box.east + east, box.north + north)


def _made(reader: Reader, box: Box) -> Ground:
    epsg, wide = crs.metric_epsg((box.west + box.east) / 2, (box.south + box.north) / 2), widened(box, MARGIN_M)
    found = _in_metres(reader, "batiments", wide, epsg)
    if found is None:
        raise NotEnough("sans_batiments", "Aucun bâtiment n’est connu ici : importez la couche « batiments » (BD TOPO ou "
                        "OpenStreetMap) de cette commune, ou choisissez un autre lieu.")
    known, shapes = found
    built = walls(shapes, [each.get("height") for each in known.properties])
    return Ground(box, epsg, built, _roads(reader, wide, epsg), _own(reader, wide, epsg, built))


def _in_metres(reader: Reader, layer: str, box: Box, epsg: int) -> tuple[Features, np.ndarray] | None:
    """Features of a layer with a geometry, and these in metres; None where there is none."""
    if layer not in reader.catalog.layers:
        return None
    found = reader.features(layer, box)
    found = found.take(np.flatnonzero(~shapely.is_missing(found.geometry)))
    return (found, crs.geometries_to_metres(found.geometry, epsg)) if len(found) else None


def _roads(reader: Reader, box: Box, epsg: int) -> np.ndarray:
    found = _in_metres(reader, "voies", box, epsg)
    if found is None:
        return np.empty(0, dtype=object)
    half = np.array([(each.get("width_m") or _ROAD_M) / 2 for each in found[0].properties])
    return shapely.buffer(found[1], half)


def _own(reader: Reader, box: Box, epsg: int, built: Walls) -> np.ndarray:
    """Footprints at which the register puts a hall, a building or a residence."""
    out = np.zeros(len(built.footprints), dtype=bool)
    for layer in ("patrimoine", "halls"):
        found = _in_metres(reader, layer, box, epsg)
        if found is not None:
            far = np.array([_OWN_M.get(str(each.get("level")), _OWN_M["hall"]) for each in found[0].properties])
            out[built.tree.query(found[1], predicate="dwithin", distance=far)[1]] = True
    return out


def points_of(reader: Reader, layer: str, ground: Ground) -> np.ndarray:
    """Points of a layer inside the box of a ground, (n, 2) metres."""
    found = _in_metres(reader, layer, ground.box, ground.epsg)
    return np.empty((0, 2)) if found is None else shapely.get_coordinates(shapely.centroid(found[1]))
