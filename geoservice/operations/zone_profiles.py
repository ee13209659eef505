"""What there is to say of a QPV or a commune: its facts, its residences, the QPV of the other generation that it overlaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import crs, facts
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.errors import NotFound
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Counted, Portrait, Rate, listed, portrait
from geoservice.operations.zones import ZoneView


@dataclass(frozen=True)
class Overlap:
    """A QPV that shares ground with the zone, and which part of the zone's ground (0 to 1)."""

    zone: ZoneView
    share: float


@dataclass(frozen=True)
class ZoneProfile:
    """A zone: facts with a point inside it, residences whose middle lies in it with their own counts, overlapping QPV.

    `rate` is of the facts that name these residences, over those whose dwellings are known; None where none is.
    """

    zone: ZoneView
    area_m2: float | None
    portrait: Portrait
    residences: list[Counted]
    rate: Rate | None
    overlaps: list[Overlap]


def profile(reader: Reader, reference: ZoneRef, query: FactQuery) -> ZoneProfile:
    """One zone under a filter; NotFound when there is none of this name in reach."""
    zone = _zone(reader, reference)
    query, area = reader.resolved(query.with_(zone=reference))
    found = [(index, facts.select(index, area, query)) for index in reader.indexes.values()]
    rows = [(index, selection.rows) for index, selection in found]
    unplaced = sum(selection.unplaced for _, selection in found)
    inside = _residences(reader, zone, query.with_(zone=None))
    return ZoneProfile(zone, _area(zone), portrait(reader, query, rows, unplaced), inside, _rate(inside), _overlaps(reader, zone))


def _zone(reader: Reader, reference: ZoneRef) -> ZoneView:
    if reference.layer == "residence":
        raise NotFound("Une résidence se lit sous /api/residences/CODE.")
    layer = "limites" if reference.layer == "commune" else "qpv"
    for zone in reader.zones(layer):
        if zone.reference == reference:
            return zone
    raise NotFound(f"La zone « {reference} » n’est pas dans les couches importées.")


def _residences(reader: Reader, zone: ZoneView, query: FactQuery) -> list[Counted]:
    shapely.prepare(zone.geometry)
    return [each for each in listed(reader, query)[1]
            if each.residence.point is not None and shapely.intersects_xy(zone.geometry, *each.residence.point)]


def _rate(inside: list[Counted]) -> Rate | None:
    known = [(each.count, each.residence.dwellings) for each in inside if each.residence.dwellings is not None]
    return Rate(sum(count for count, _ in known), sum(number for _, number in known)) if known else None


def _area(zone: ZoneView) -> float | None:
    middle = zone.geometry.representative_point()
    territory = crs.territory_of(middle.x, middle.y)
    if territory is None:
        return None
    return float(shapely.area(crs.geometries_to_metres(np.array([zone.geometry]), territory.epsg)[0]))


def _overlaps(reader: Reader, zone: ZoneView) -> list[Overlap]:
    whole = shapely.area(zone.geometry)
    if "qpv" not in reader.catalog.layers or not whole:
        return []
    others = [other for other in reader.zones("qpv") if other.reference != zone.reference and other.box.intersects(zone.box)]
    shares = [Overlap(other, shapely.area(shapely.intersection(other.geometry, zone.geometry)) / whole) for other in others]
    return sorted((each for each in shares if each.share > 0), key=lambda each: -each.share)
