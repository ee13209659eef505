"""The ground of a quarter's page: its outlines of both generations, the ring around it, the rest of its commune.

Facts are told apart by their own positions, never by cells. Ring and rest hold no fact of the quarter, nor of each other; where
rings of two quarters meet, a fact belongs to the quarter that is nearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs, facts
from geoservice.core.facts import DEGREE, Area, FactIndex
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.errors import NotFound
from geoservice.operations.reader import Reader
from geoservice.operations.zones import ZoneView
from geoservice.types import Box

RING_M = 300.0
SHARED_LEAST = 0.10  # of the smaller of two quarters: less is how two files draw one street
GENERATIONS = ("2024", "2015")
CODES = ("2024", "2015", "ring", "rest")
_METRES_A_DEGREE = 111_000.0
_ROUNDER = 1.02  # the corners of a drawn circle lie on it, its sides within

Rows = list[tuple[FactIndex, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Ground:
    """Quarters of both generations on one ground. `own` is the generation that the page is of; `beside`: other quarters of it.

    `commune`: where the quarter (most of it) lies, None when its outline was not imported. `of_commune`: the page is a commune's:
    all of its quarters, and nothing outside it.
    """

    own: str
    zones: dict[str, tuple[ZoneView, ...]]
    beside: tuple[ZoneView, ...]
    commune: ZoneView | None
    of_commune: bool
    epsg: int

    @cached_property
    def _metres(self) -> tuple[np.ndarray, np.ndarray]:
        """Quarters of the page's generation in metres, by reference, and which of them are its own; (n,) shapely, (n,) bool."""
        own = {str(zone.reference) for zone in self.zones[self.own]}
        every = sorted((*self.zones[self.own], *self.beside), key=lambda zone: str(zone.reference))
        shapes = np.array([zone.geometry for zone in every], dtype=object)
        return crs.geometries_to_metres(shapes, self.epsg), np.array([str(zone.reference) in own for zone in every], dtype=bool)

    def in_ring(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Whether points that lie in no own quarter have one as their nearest, within RING_M; (n,) bool.

        Of quarters as near (they share a corner) the first by reference has the point, so that none is lost and none is twice.
        """
        shapes, own = self._metres
        nearest, metres = np.full(len(lon), -1), np.full(len(lon), np.inf)
        x, y = crs.project(lon, lat, self.epsg)
        for place, shape in enumerate(shapes):
            reach = shape.buffer(RING_M * _ROUNDER)
            shapely.prepare(reach)
            near = np.flatnonzero(shapely.intersects_xy(reach, x, y))  # to these alone is the distance worked out
            found = shapely.distance(shape, shapely.points(x[near], y[near]))
            better = found < metres[near]
            nearest[near[better]], metres[near[better]] = place, found[better]
        return (metres <= RING_M) & (nearest >= 0) & own[nearest] if len(shapes) else np.zeros(len(lon), dtype=bool)


def ground_of(reader: Reader, reference: ZoneRef) -> Ground:
    """The ground of a QPV or a commune; NotFound when there is none of this name in reach."""
    if reference.layer == "residence":
        raise NotFound("Une résidence se lit sous /api/residences/CODE.")
    zone = _named(reader, "limites" if reference.layer == "commune" else "qpv", reference)
    middle = zone.geometry.representative_point()
    known = reader.zones("qpv") if "qpv" in reader.catalog.layers else []
    if reference.layer == "commune":
        inside = {each: tuple(one for one in known if one.generation == each and _share(one, zone) > 0)
                  for each in GENERATIONS}
        return _made("2024", inside, known, zone, True, crs.metric_epsg(middle.x, middle.y))
    other = next(each for each in GENERATIONS if each != zone.generation)
    facing = tuple(one for one in known if one.generation == other and _shared(one, zone) >= SHARED_LEAST)
    return _made(zone.generation, {zone.generation: (zone,), other: facing}, known, _commune(reader, zone), False,
                 crs.metric_epsg(middle.x, middle.y))


def _made(own: str, zones: dict[str, tuple[ZoneView, ...]], known: list[ZoneView], commune: ZoneView | None, whole: bool,
          epsg: int) -> Ground:
    own_zones = {str(one.reference) for one in zones[own]}
    boxes = [_widened(one.box, 2 * RING_M) for one in zones[own]]
    beside = tuple(one for one in known if one.generation == own and str(one.reference) not in own_zones
                   and any(box.intersects(one.box) for box in boxes))
    return Ground(own, zones, beside, commune, whole, epsg)


def _named(reader: Reader, layer: str, reference: ZoneRef) -> ZoneView:
    for zone in reader.zones(layer) if layer in reader.catalog.layers else ():
        if zone.reference == reference:
            return zone
    raise NotFound(f"La zone « {reference} » n’est pas dans les couches importées.")


def _share(one: ZoneView, within: ZoneView) -> float:
    """Part of a zone's ground that lies in another, 0 to 1."""
    if not one.box.intersects(within.box) or not shapely.area(one.geometry):
        return 0.0
    return float(shapely.area(shapely.intersection(one.geometry, within.geometry)) / shapely.area(one.geometry))


def _shared(one: ZoneView, other: ZoneView) -> float:
    """Ground that two zones share, as part of the smaller."""
    return max(_share(one, other), _share(other, one))


def _commune(reader: Reader, zone: ZoneView) -> ZoneView | None:
    """The commune that holds most of a quarter."""
    if "limites" not in reader.catalog.layers:
        return None
    shares = [(_share(zone, each), each) for each in reader.zones("limites") if each.box.intersects(zone.box)]
    held = [pair for pair in shares if pair[0] > 0]
    return max(held, key=lambda pair: pair[0])[1] if held else None


def rows_of(reader: Reader, ground: Ground, query: FactQuery, codes: tuple[str, ...] = CODES) -> dict[str, Rows]:
    """Matching facts with a point, by piece of ground: a row list for each index, sorted. Generations overlap; the ring and the
    rest of the commune hold nothing of the page's own generation, nor of each other."""
    query, _ = reader.resolved(query.with_(zone=None, bbox=None))
    found = [(index, _pieces(index, ground, query, codes)) for index in reader.indexes.values()]
    return {code: [(index, pieces[code]) for index, pieces in found] for code in codes}


def _pieces(index: FactIndex, ground: Ground, query: FactQuery, codes: tuple[str, ...]) -> dict[str, np.ndarray]:
    whole = ground.of_commune or "rest" in codes
    commune = _inside(index, (ground.commune,), query) if whole and ground.commune is not None else np.empty(0, np.int64)
    found = {code: _inside(index, ground.zones[code], query) for code in GENERATIONS}
    if "ring" in codes or "rest" in codes:
        around = np.setdiff1d(_around(index, ground, query), found[ground.own], assume_unique=True)
        found["ring"] = around[ground.in_ring(*_positions(index, around))]
    if ground.of_commune:
        found = {code: np.intersect1d(rows, commune, assume_unique=True) for code, rows in found.items()}
    if "rest" in codes:
        found["rest"] = np.setdiff1d(commune, np.union1d(found[ground.own], found["ring"]), assume_unique=True)
    return {code: found[code] for code in codes}


def _inside(index: FactIndex, zones: tuple[ZoneView, ...], query: FactQuery) -> np.ndarray:
    """Rows in any of the zones, each tested on its own outline: a union would move edges that two of them share."""
    found = [facts.select(index, Area(polygon=zone.geometry), query).rows for zone in zones]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _around(index: FactIndex, ground: Ground, query: FactQuery) -> np.ndarray:
    boxes = [_widened(zone.box, 1.5 * RING_M) for zone in ground.zones[ground.own]]
    found = [facts.select(index, Area(box=box), query).rows for box in boxes]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _positions(index: FactIndex, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return index["lon"].take(rows) / DEGREE, index["lat"].take(rows) / DEGREE


def _widened(box: Box, metres: float) -> Box:
    up = metres / _METRES_A_DEGREE
    side = up / max(0.2, float(np.cos(np.radians((box.south + box.north) / 2))))
    return Box(box.west - side, box.south - up, box.east + side, box.north + up)


def membership(pieces: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """For every fact in either generation whether it lies in the old and in the new outline; (n,) bool each."""
    old, new = [], []
    for (_, in_new), (_, in_old) in zip(pieces["2024"], pieces["2015"], strict=True):
        either = np.union1d(in_new, in_old)
        old.append(np.isin(either, in_old, assume_unique=True))
        new.append(np.isin(either, in_new, assume_unique=True))
    return tuple(np.concatenate(some) if some else np.empty(0, bool) for some in (old, new))  # type: ignore[return-value]
