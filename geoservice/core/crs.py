"""The only module that transforms coordinates. Longitude before latitude, everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geoservice.errors import BadInput
from geoservice.types import Box

if TYPE_CHECKING:
    from pyproj import Transformer

WGS84 = 4326
MERCATOR_LATITUDE = 85.05112877980659


@dataclass(frozen=True, slots=True)
class Territory:
    """A part of France: where it lies, the metric CRS its administrations use, and its clock."""

    code: str
    name: str
    box: Box
    epsg: int
    timezone: str


# Boxes are generous by a few kilometres; they only say "this is France", not where a border runs.
TERRITORIES: tuple[Territory, ...] = (
    Territory("FR", "France hexagonale et Corse", Box(-5.6, 41.2, 9.8, 51.3), 2154, "Europe/Paris"),
    Territory("971", "Guadeloupe", Box(-61.9, 15.8, -60.9, 16.6), 5490, "America/Guadeloupe"),
    Territory("972", "Martinique", Box(-61.3, 14.3, -60.7, 15.0), 5490, "America/Martinique"),
    Territory("973", "Guyane", Box(-54.7, 2.0, -51.5, 6.0), 2972, "America/Cayenne"),
    Territory("974", "La Réunion", Box(55.1, -21.5, 55.95, -20.8), 2975, "Indian/Reunion"),
    Territory("975", "Saint-Pierre-et-Miquelon", Box(-56.6, 46.7, -56.0, 47.2), 4467, "America/Miquelon"),
    Territory("976", "Mayotte", Box(44.9, -13.1, 45.4, -12.5), 4471, "Indian/Mayotte"),
    Territory("977", "Saint-Barthélemy", Box(-62.95, 17.85, -62.75, 17.98), 5490, "America/St_Barthelemy"),
    Territory("978", "Saint-Martin", Box(-63.2, 17.98, -62.95, 18.15), 5490, "America/Marigot"),
    Territory("986", "Wallis-et-Futuna", Box(-178.3, -14.5, -176.0, -13.1), 3296, "Pacific/Wallis"),
    Territory("987", "Polynésie française", Box(-154.9, -28.0, -134.3, -7.7), 3297, "Pacific/Tahiti"),
    Territory("988", "Nouvelle-Calédonie", Box(163.4, -22.9, 168.2, -19.4), 3163, "Pacific/Noumea"),
)

# Projected CRS a French file may use without saying so, with the box of plausible coordinates and a name for people.
_PROJECTED: tuple[tuple[int, str, Box], ...] = (
    (2154, "Lambert-93", Box(90_000, 6_040_000, 1_250_000, 7_120_000)),
    *((3900 + zone, f"Lambert CC{zone}", Box(1_190_000, (zone - 41) * 1_000_000 + 40_000, 2_240_000,
                                               (zone - 41) * 1_000_000 + 360_000)) for zone in range(42, 51)),
    (27572, "Lambert II étendu (NTF)", Box(40_000, 1_610_000, 1_200_000, 2_690_000)),
)
# UTM zones overseas have overlapping ranges: the numbers alone cannot tell Réunion from Mayotte, nor Antilles from Guyane.
_OVERSEAS: tuple[tuple[int, str, Box], ...] = (
    (2975, "RGR92 / UTM 40S (La Réunion)", Box(310_000, 7_630_000, 385_000, 7_700_000)),
    (4471, "RGM04 / UTM 38S (Mayotte)", Box(495_000, 8_545_000, 540_000, 8_620_000)),
    (5490, "RGAF09 / UTM 20N (Antilles)", Box(480_000, 1_580_000, 740_000, 2_010_000)),
    (2972, "RGFG95 / UTM 22N (Guyane)", Box(90_000, 220_000, 450_000, 670_000)),
    (4467, "RGSPM06 / UTM 21N (Saint-Pierre-et-Miquelon)", Box(530_000, 5_170_000, 580_000, 5_230_000)),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column pair looks like: a CRS by EPSG and name; `swapped` when x and y are the wrong way round."""

    epsg: int
    name: str
    swapped: bool


def territories_of(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Index into TERRITORIES for each point, -1 outside. lon, lat: (n,) degrees EPSG:4326; NaN is outside."""
    found = np.full(np.shape(lon), -1, dtype=np.int8)
    for position, territory in enumerate(TERRITORIES):
        box = territory.box
        inside = (lon >= box.west) & (lon <= box.east) & (lat >= box.south) & (lat <= box.north)
        found[inside & (found < 0)] = position
    return found


def territory_of(lon: float, lat: float) -> Territory | None:
    """The territory that holds one point, or None."""
    position = int(territories_of(np.array([lon]), np.array([lat]))[0])
    return TERRITORIES[position] if position >= 0 else None


def guess(x: np.ndarray, y: np.ndarray) -> Guess | None:
    """Which French CRS a sample of coordinates looks like: the first whose range holds at least 90 % of the finite pairs.

    x, y: (n,) numbers as they stand in the file. None where nothing fits.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    finite = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    x, y = x[finite], y[finite]
    if not len(x):
        return None
    for swapped, (a, b) in ((False, (x, y)), (True, (y, x))):
        if (territories_of(a, b) >= 0).mean() >= 0.9:
            return Guess(WGS84, "WGS 84 (longitude, latitude)", swapped)
        for epsg, name, box in _PROJECTED + _OVERSEAS:
            if ((a >= box.west) & (a <= box.east) & (b >= box.south) & (b <= box.north)).mean() >= 0.9:
                return Guess(epsg, name, swapped)
    return None


@lru_cache(maxsize=64)
def _transformer(source: Any, target: Any) -> Transformer:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError

    try:
        return Transformer.from_crs(CRS.from_user_input(source), CRS.from_user_input(target), always_xy=True)
    except CRSError as error:
        raise BadInput("Le système de coordonnées déclaré n’est pas reconnu ; indiquez un code EPSG, "
                       "par exemple 2154 pour Lambert-93.") from error


def to_lonlat(x: np.ndarray, y: np.ndarray, crs: int | str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of `crs` (EPSG code, WKT or name) as EPSG:4326 degrees; what cannot be transformed becomes NaN."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if crs == WGS84:
        return x, y
    lon, lat = _transformer(crs, WGS84).transform(x, y)
    lost = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)


def project(lon: np.ndarray, lat: np.ndarray, epsg: int) -> tuple[np.ndarray, np.ndarray]:
    """EPSG:4326 degrees as metres of a projected CRS."""
    x, y = _transformer(WGS84, epsg).transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return np.asarray(x), np.asarray(y)


def geometries_to_lonlat(geometries: np.ndarray, crs: int | str) -> np.ndarray:
    """Shapely geometries of `crs` in EPSG:4326, forced to two dimensions."""
    import shapely

    flat = shapely.force_2d(geometries)
    if crs == WGS84:
        return flat
    return shapely.transform(flat, lambda xy: np.column_stack(to_lonlat(xy[:, 0], xy[:, 1], crs)))


def metric_epsg(lon: float, lat: float) -> int:
    """The metric CRS of the territory that holds a point; BadInput outside France."""
    territory = territory_of(lon, lat)
    if territory is None:
        raise BadInput("Ce point n’est ni en France ni outre-mer.")
    return territory.epsg


def geometries_to_metres(geometries: np.ndarray, epsg: int) -> np.ndarray:
    """Shapely geometries of EPSG:4326 in metres of `epsg`."""
    import shapely

    return shapely.transform(geometries, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1], epsg)))


def world(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """EPSG:4326 degrees as web-mercator world units: x and y in [0, 1], y growing southwards."""
    lat = np.radians(np.clip(lat, -MERCATOR_LATITUDE, MERCATOR_LATITUDE))
    x = np.asarray(lon) / 360.0 + 0.5
    y = 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)
    return x, y


def unworld(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse of `world`."""
    lon = (np.asarray(x) - 0.5) * 360.0
    lat = np.degrees(np.arctan(np.sinh((0.5 - np.asarray(y)) * 2 * np.pi)))
    return lon, lat
