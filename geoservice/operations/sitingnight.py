"""What cameras see by night: by day to where the lens serves a purpose, by night no farther than a range that somebody states.

The range of infrared lamps or of a street's light is the maker's or the town's word; nothing here knows it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.siting.coverage import Cameras, sights
from geoservice.core.siting.dori import DENSITIES
from geoservice.core.siting.visibility import TARGET_M, Camera
from geoservice.errors import BadInput
from geoservice.operations import sitingground
from geoservice.operations.siting import Plan
from geoservice.operations.sitingfield import FieldView
from geoservice.operations.sitingground import Ground

NIGHT_M = (0.0, 500.0)


def seen_at_night(plan: Plan, night_m: float) -> int:
    """Facts of a plan that some camera of it sees near enough for its purpose, and no farther than the range."""
    _check(night_m)
    optics = sitingground.optics_of(plan.asked.lens)
    if not plan.cameras:
        return 0
    reach = optics.reach(plan.asked.purpose)
    spots = plan.ground.metres(np.array([[each.view.spot.lon, each.view.spot.lat] for each in plan.cameras]))
    cameras = Cameras.of([Camera(*place, reach, each.view.spot.azimuth % 360, optics.field_deg, each.view.spot.height_m)
                          for place, each in zip(spots.tolist(), plan.cameras, strict=True)])
    found = sights(plan.ground.walls, cameras, plan.seen.places)
    served = found.classes(optics, night_m) > list(DENSITIES).index(plan.asked.purpose)
    return int(plan.seen.facts[np.unique(found.indices[served])].sum())


def at_night(view: FieldView, ground: Ground, night_m: float) -> dict[str, Any]:
    """A field by DORI class as far as the range (EPSG:4326)."""
    _check(night_m)
    spot = view.spot
    reach = math.sqrt(max(night_m ** 2 - (spot.height_m - TARGET_M) ** 2, 0.0))
    place = shapely.Point(ground.metres(np.array([[spot.lon, spot.lat]]))[0])
    disc = place.buffer(reach, quad_segs=32) if reach > 0 else shapely.Polygon()
    shapes = crs.geometries_to_metres(np.array(list(view.classes.values()), dtype=object), ground.epsg)
    cut = crs.geometries_to_lonlat(shapely.intersection(shapes, disc), ground.epsg)
    return dict(zip(view.classes, cut, strict=True))


def _check(night_m: float) -> None:
    if not NIGHT_M[0] <= night_m <= NIGHT_M[1]:
        raise BadInput("La portée de nuit va de 0 à 500 m : prenez celle que le fabricant annonce, ou celle de l’éclairage.")
