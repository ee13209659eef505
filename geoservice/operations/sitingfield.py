"""The field of one camera: what it sees between the walls, by DORI class, the place it films and what the law refuses of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.siting.dori import DENSITIES
from geoservice.core.siting.law import Refusal
from geoservice.core.siting.visibility import TARGET_M, Camera, field_of
from geoservice.errors import BadInput
from geoservice.operations import sitingground, sitinglaw
from geoservice.operations.reader import Reader
from geoservice.operations.sitingasked import NIGHT_M
from geoservice.operations.sitingground import HEIGHT_M, Ground
from geoservice.operations.sitinglaw import Stand


@dataclass(frozen=True)
class Spot:
    """A camera as people put it: lon, lat, azimuth clockwise from north, a named lens, height in metres, who films;
    public: on a support of the street; night_m: by night, to how many metres anything is seen."""

    lon: float
    lat: float
    azimuth: float
    lens: str = "4"
    height_m: float = 4.0
    operator: str = "bailleur"
    masked: bool = False
    public: bool = False
    night_m: float | None = None

    def __post_init__(self) -> None:
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90 and math.isfinite(self.azimuth)):
            raise BadInput("« lon » et « lat » attendent des degrés, longitude d’abord, et « azimuth » un angle depuis le nord.")
        sitingground.optics_of(self.lens)
        if not HEIGHT_M[0] <= self.height_m <= HEIGHT_M[1]:
            raise BadInput(f"La hauteur d’une caméra va de {HEIGHT_M[0]:.0f} à {HEIGHT_M[1]:.0f} m.")
        if self.night_m is not None and not NIGHT_M[0] <= self.night_m <= NIGHT_M[1]:
            raise BadInput("La portée de nuit d’une caméra va de 5 à 100 m.")


@dataclass(frozen=True, eq=False)
class FieldView:
    """A field: shapes by DORI class (EPSG:4326), each without what a finer class has; blind: the camera is in a building."""

    spot: Spot
    classes: dict[str, Any]
    area_m2: float
    blind: bool
    unknown: int
    place: str
    road_share: float
    refusals: tuple[Refusal, ...]


def field(reader: Reader, spot: Spot) -> FieldView:
    """What a camera sees. NotEnough where no building is known; BadInput outside France."""
    return seen_from(sitingground.around(reader, spot.lon, spot.lat), spot)


def seen_from(ground: Ground, spot: Spot, code: str = "") -> FieldView:
    """The field of a camera on a ground that is known already."""
    optics = sitingground.optics_of(spot.lens)
    place = ground.metres(np.array([[spot.lon, spot.lat]]))
    night = spot.night_m or math.inf
    camera = Camera(*place[0].tolist(), min(optics.reach("detect"), night), spot.azimuth % 360, optics.field_deg, spot.height_m)
    found = field_of(camera, ground.walls)
    share = ground.road_share(found.polygon)
    films = sitinglaw.places_of(ground, place, np.array([spot.public]))[0]
    refused = sitinglaw.judged(spot.operator, [Stand(code, films, share, spot.masked)], 1).refusals
    reaches = {name: min(optics.reach(name), night) for name in DENSITIES}
    return FieldView(spot, _classes(found.polygon, camera, reaches, ground.epsg), float(found.polygon.area), found.blind,
                     found.unknown, films, share, refused)


def _classes(polygon: Any, camera: Camera, reaches: dict[str, float], epsg: int) -> dict[str, Any]:
    """The field cut at the distance on the ground at which each purpose is served; reaches: metres from the lens."""
    shapes, inner = {}, shapely.Polygon()
    fall = (camera.height_m or TARGET_M) - TARGET_M
    for purpose in reversed(DENSITIES):
        reach = math.sqrt(max(reaches[purpose] ** 2 - fall ** 2, 0.0))
        disc = shapely.Point(camera.x, camera.y).buffer(reach, quad_segs=32) if reach > 0 else shapely.Polygon()
        shapes[purpose] = polygon.intersection(disc).difference(inner)
        inner = disc
    some = crs.geometries_to_lonlat(np.array(list(shapes.values()), dtype=object), epsg)
    return dict(zip(shapes, some, strict=True))
