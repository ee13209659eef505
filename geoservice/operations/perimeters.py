"""The outline that somebody begins a meeting's perimeter with: a quarter, a commune or a residence, and so many metres around."""

from __future__ import annotations

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.query import ZoneRef, parse
from geoservice.errors import BadInput
from geoservice.operations import residences
from geoservice.operations.reader import Reader
from geoservice.operations.zones import resolve

MOST_M = 1_000
CORNERS = 120  # more could not be moved by hand
_TOLERANCES_M = (0.5, 1, 2, 5, 10, 20, 50, 100)


def around(reader: Reader, zone: str, radius: str) -> str:
    """The outline as GeoJSON, EPSG:4326, of so few corners that people can change it; BadInput or NotFound where there is none.

    Corners that matter less than some metres are left out: what is wanted exactly is chosen as a zone.
    """
    reference, metres = parse({"zone": zone}).zone, _metres(radius)
    if reference is None:
        raise BadInput("Choisissez un quartier, une commune ou une résidence dont reprendre le contour.")
    shape = _shape(reader, reference)
    territory = crs.territory_of(*shapely.get_coordinates(shape)[0].tolist())
    if territory is None:
        raise BadInput("Ce lieu est hors de France : tracez le périmètre vous-même.")
    if reference.layer == "residence" and not metres:
        raise BadInput("Une résidence se reprend avec un rayon : donnez un nombre de mètres.")
    wide = crs.geometries_to_metres(np.array([shape]), territory.epsg)[0].buffer(metres, quad_segs=4)
    few = next((each for tolerance in _TOLERANCES_M if shapely.get_num_coordinates(each := wide.simplify(tolerance)) <= CORNERS),
               wide.convex_hull)
    return str(shapely.to_geojson(shapely.set_precision(crs.geometries_to_lonlat(np.array([few]), territory.epsg)[0], 1e-6)))


def _metres(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= MOST_M):
        raise BadInput(f"Le rayon est un nombre de mètres, de 0 à {MOST_M}.")
    return int(text or 0)


def _shape(reader: Reader, reference: ZoneRef) -> shapely.Geometry:
    if reference.layer != "residence":
        shape: shapely.Geometry = resolve(reader.shelf, reference)["polygon"]
        return shape
    reader.check_residence(reference.code)
    home = residences.residences(reader).get(reference.code)
    points = [hall.point for _, hall in residences.known_halls(reader, reference.code) if hall.point is not None]
    points += [home.point] if home is not None and home.point is not None else []
    if not points:
        raise BadInput("Cette résidence n’a pas de point : tracez le périmètre vous-même.")
    return shapely.MultiPoint(points).convex_hull
