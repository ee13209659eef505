"""What a snapshot holds of the facts: those of one ground and some years, as columns that its figures rest on, and nothing finer.

A fact is frozen as its hexagon, its residence or hall, its day, hour and words: no position, no address, no identifier. Assaults
on staff (`AGP`) are frozen as counts of a residence alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geoservice.core import facts, grid
from geoservice.core.facts import Area, FactIndex
from geoservice.core.observatory.halls import WORDS
from geoservice.core.query import FactQuery, day_number
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.quality import STANDS_FOR_MORE
from geoservice.operations import analyse, census, studyarea
from geoservice.operations.analyse import Wanted
from geoservice.operations.chosen import Chosen
from geoservice.operations.reader import Reader
from geoservice.operations.residences import residences
from geoservice.operations.studyarea import Asked
from geoservice.operations.tiles import generation_of
from geoservice.operations.zones import ZoneView
from geoservice.types import UNMAPPED_CATEGORIES, Kind, code_of

CODES = ("day", "hour", "span", "category", "nature", "gravity", "place", "placement")
_STAFF = [code_of(category) for category in UNMAPPED_CATEGORIES]
MONTHS_BACK = 12  # of the census
Span = tuple[int, int]


@dataclass(frozen=True)
class Ground:
    """Where: a drawn perimeter (EPSG:4326), else the zone of the query, else all that is in reach; and the other filters."""

    query: FactQuery
    perimeter: shapely.Geometry | None = None

    def shape(self, reader: Reader) -> shapely.Geometry | None:
        """The outline, None where there is none."""
        return self.perimeter if self.perimeter is not None else reader.resolved(
            self.query.with_(kind=next(iter(reader.kinds()), None)))[1].polygon


@dataclass(frozen=True, eq=False)
class Held:
    """Facts of one index and kind: rows (n,), and for each its QPV (position in the list + 1, 0 none)."""

    index: FactIndex
    kind: Kind
    rows: np.ndarray
    qpv: np.ndarray


@dataclass(frozen=True, eq=False)
class Frozen:
    """JSON values and columns of a snapshot, before its figures."""

    header: dict[str, Any]
    columns: dict[str, np.ndarray]


def freeze(reader: Reader, ground: Ground, window: Span, staff: tuple[Span, ...]) -> Frozen:
    """The facts of a ground in a window of days (the last excluded), and what they are compared with.

    `staff`: spans of days for which assaults on staff are counted by residence.
    """
    shape = ground.shape(reader)
    zones = _quarters(reader, shape)
    held = [each for kind in reader.kinds() for index in reader.indexes.values()
            if (each := _held(reader, (index, kind), ground, (window, zones))) is not None]
    units, numbered = _units(held)
    columns = _columns(held, numbered, ground.query.resolution)
    columns |= _staff(held, numbered, staff)
    header: dict[str, Any] = {
        "kinds": {kind: _reach(reader, kind) for kind in reader.kinds()}, "units": units,
        "homes": _homes(reader, ground, shape), "qpv": [[str(zone.reference), zone.name] for zone in zones],
        "resolution": ground.query.resolution, "areas": {}, "staff_spans": [list(span) for span in staff], "first": window[0]}
    for kind in reader.kinds():
        said, more = _area(reader, ground, kind, [each for each in held if each.kind is kind])
        header["areas"][kind] = said
        columns |= more
    return Frozen(header, columns | _census(reader, window[1], shape))


def _census(reader: Reader, after: int, shape: shapely.Geometry | None) -> dict[str, np.ndarray]:
    """States of the halls of the ground as the census says them on the last day, and a year before; no hall is named."""
    try:
        found = census.census(reader, census.Wanted(_date(after), until=_date(after), months_back=MONTHS_BACK))
    except NotEnough:
        return {}
    here = np.ones(len(found.now), dtype=bool)
    if shape is not None:
        shapely.prepare(shape)
        here = shapely.intersects_xy(shape, *found.stock.points.T)
    return {f"census.{name}": (states[here].astype(np.int64) % len(WORDS)).astype(np.uint8)
            for name, states in (("now", found.now), ("before", found.before)) if here.any()}


def _reach(reader: Reader, kind: Kind) -> list[int]:
    """First and last day known of a kind, both included."""
    days = [(int(column.min()), int(column.max())) for index in reader.indexes.values() if kind in index.kinds
            for column in [index["day"] if len(index.kinds) == 1 else index["day"][index["kind"] == code_of(kind)]]]
    return [min(first for first, _ in days), max(last for _, last in days)]


def _quarters(reader: Reader, shape: shapely.Geometry | None) -> list[ZoneView]:
    """QPV of the newest generation that share ground with the outline, or with what is in reach."""
    bounds = reader.bounds()
    if "qpv" not in reader.catalog.layers or (shape is None and bounds is None):
        return []
    if shape is None:
        shape = shapely.box(bounds.west, bounds.south, bounds.east, bounds.north)  # type: ignore[union-attr]  # asked above
    shapely.prepare(shape)
    newest = generation_of(reader.layer("qpv"), None)
    return [zone for zone in reader.zones("qpv", newest) if shapely.intersects(shape, zone.geometry)]


def _held(reader: Reader, of: tuple[FactIndex, Kind], ground: Ground, where: tuple[Span, list[ZoneView]]) -> Held | None:
    (index, kind), ((first, after), zones) = of, where
    if kind not in index.kinds:
        return None
    query, area = reader.resolved(ground.query.with_(kind=kind, since=_date(first), until=_date(after)))
    if ground.perimeter is not None:
        area = Area(polygon=ground.perimeter)
    placed = facts.select(index, area, query).rows
    pointless = facts.rows_of_units(index, query, _named(index, ground))
    pointless = pointless[pointless < index.placed_from]
    rows = np.concatenate([pointless, placed])
    qpv = np.zeros(len(rows), np.uint16)
    for number, zone in enumerate(zones, 1):
        inside = facts.select(index, Area(polygon=zone.geometry), query.with_(zone=None)).rows
        qpv[len(pointless):][np.isin(placed, inside, assume_unique=True)] = number
    return Held(index, kind, rows, qpv)


def _named(index: FactIndex, ground: Ground) -> np.ndarray:
    """Units whose facts belong to the ground though they have no point, (units,) bool."""
    zone = ground.query.zone
    if ground.perimeter is not None or (zone is not None and zone.layer.startswith("qpv")):
        return np.zeros(len(index.units.code), dtype=bool)
    return np.ones(len(index.units.code), dtype=bool) if zone is None else index.units.rows_of(zone.layer, zone.code)


def _date(day: int) -> Any:
    from datetime import timedelta

    from geoservice.core.query import EPOCH

    return EPOCH + timedelta(day)


def _units(held: list[Held]) -> tuple[list[str], dict[int, np.ndarray]]:
    """Residences that facts name, row 0 none; for each index, its units' rows there."""
    known: dict[str, int] = {"": 0}
    numbered: dict[int, np.ndarray] = {}
    for each in held:
        units = each.index.units
        rows = numbered.setdefault(id(each.index), np.zeros(len(units.code), np.uint32))
        for unit in np.flatnonzero(np.bincount(each.index["unit"][each.rows], minlength=len(units.code))).tolist():
            rows[unit] = known.setdefault(units.residence[unit], len(known))
    return list(known), numbered


def _columns(held: list[Held], numbered: dict[int, np.ndarray], resolution: int) -> dict[str, np.ndarray]:
    """One row a fact but assaults on staff, by kind and hexagon. `unit`: its residence; `hall`: a number for its hall, 0
    without."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("kind", "cell", "placed", "unit", "hall", "point", "qpv", *CODES)}
    for place, each in enumerate(held):
        mapped = ~np.isin(each.index["category"][each.rows], _STAFF)
        rows = each.rows[mapped]
        cell = each.index["cell"][rows].astype(np.uint64)
        some = cell > 0
        cell[some] = grid.parents(cell[some], resolution)
        unit = each.index["unit"][rows]
        values = {"kind": np.full(len(rows), code_of(each.kind), np.uint8), "cell": cell, "qpv": each.qpv[mapped], "placed": some,
                  "unit": numbered[id(each.index)][unit], "hall": _halls(each.index, place)[unit],
                  "point": _points(each.index, rows)}
        for name in parts:
            parts[name].append(values[name] if name in values else each.index[name][rows])
    joined = {name: np.concatenate(some) if some else np.empty(0, np.uint8) for name, some in parts.items()}
    joined["placed"] = joined["placed"].astype(np.uint8)
    order = np.lexsort((joined["day"], joined["cell"], joined["kind"]))
    return {name: column[order] for name, column in joined.items()}


def _halls(index: FactIndex, place: int) -> np.ndarray:
    """A number for each unit that is a hall, 0 for others, (units,) uint32: how many there are, and not which."""
    number = place * 1_000_000 + np.arange(len(index.units.code))
    return np.where([level == "hall" for level in index.units.level], number, 0).astype(np.uint32)


def _points(index: FactIndex, rows: np.ndarray) -> np.ndarray:
    """A number for each position that several facts of the index share and that stands for more than itself, else 0; (n,) uint32:
    what tells a stack, and not where it is."""
    out = np.zeros(len(rows), np.uint32)
    suspect = np.flatnonzero(np.isin(index["placement"][rows], [code_of(word) for word in STANDS_FOR_MORE]))
    place = (index["lon"][rows[suspect]].astype(np.int64) << 32) ^ (index["lat"][rows[suspect]].astype(np.int64) & 0xFFFFFFFF)
    _, where, sizes = np.unique(place, return_inverse=True, return_counts=True)
    number = np.where(sizes > 1, np.cumsum(sizes > 1), 0)
    out[suspect] = number[where]
    return out


def _staff(held: list[Held], numbered: dict[int, np.ndarray], spans: tuple[Span, ...]) -> dict[str, np.ndarray]:
    """Assaults on staff by kind, residence and span: counts, never a day."""
    rows = []
    for each in held:
        mine = each.rows[np.isin(each.index["category"][each.rows], _STAFF)]
        day, unit = each.index["day"][mine], numbered[id(each.index)][each.index["unit"][mine]]  # they name no hall
        for place, (first, after) in enumerate(spans):
            for number, count in zip(*np.unique(unit[(day >= first) & (day < after)], return_counts=True), strict=True):
                rows.append((code_of(each.kind), int(number), place, int(count)))
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
    types = {"kind": np.uint8, "unit": np.uint32, "span": np.uint8, "count": np.uint32}
    return {f"staff.{name}": table[:, place].astype(kind) for place, (name, kind) in enumerate(types.items())}


def _homes(reader: Reader, ground: Ground, shape: shapely.Geometry | None) -> dict[str, list[Any]]:
    """Residences of the ground by code: name, and dwellings or null."""
    zone = ground.query.zone
    only = zone.code if ground.perimeter is None and zone is not None and zone.layer == "residence" else None
    if shape is not None:
        shapely.prepare(shape)
    return {code: [each.name, each.dwellings] for code, each in sorted(residences(reader).items())
            if only in (None, code) and (shape is None or (each.point is not None and shapely.intersects_xy(shape, *each.point)))}


def _area(reader: Reader, ground: Ground, kind: Kind, held: list[Held]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The study area of a kind, as JSON values and columns; the reason where there is none."""
    query = ground.query.with_(kind=kind)
    placed = tuple((each.index, each.rows[each.index["cell"][each.rows] > 0]) for each in held)
    unit = analyse.unit_of(Chosen(placed, 0, {}), Wanted())
    base = None if ground.perimeter is None else studyarea.drawn(ground.perimeter)
    try:
        area = studyarea.study_area(reader, query, Asked(unit, "auto", analyse.K), base)
    except NotEnough as lacking:
        return {"unit": unit, "reason": [lacking.code, str(lacking)]}, {}
    said = {"unit": unit, "exposure": area.exposure_name, "sentence": area.sentence, "k": area.k, "units": list(area.units),
            "names": list(area.names), "unknown": area.unknown,
            "points": None if area.points is None else area.points.round(6).tolist()}
    return said, {f"area.{kind}.cells": area.cells, f"area.{kind}.exposure": area.exposure.astype(np.float64),
                  f"area.{kind}.edge": area.edge.astype(np.uint8)}


def window_of(spans: tuple[Span, ...]) -> Span:
    """The days that hold all of some spans."""
    return min(first for first, _ in spans), max(after for _, after in spans)


__all__ = ["CODES", "Frozen", "Ground", "Span", "day_number", "freeze", "window_of"]
