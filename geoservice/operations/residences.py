"""What there is to say of a residence: its facts in time and by word, its halls, its dwellings, the QPV around it.

`AGP` facts are counted in totals, months and categories of the residence; never by hall, and never by hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs, facts, profiles
from geoservice.core.facts import DEGREE, Area, FactIndex
from geoservice.core.observatory import attach
from geoservice.core.profiles import Calendar, Series
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.operations.profiles import span_of, summed
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.storage.tables import OPEN
from geoservice.types import UNMAPPED_CATEGORIES, Box, Kind, code_of

QPV_GENERATIONS = ("2024", "2015")
BESIDE_M = 100.0
_REACH_DEGREES = 0.002  # of latitude, some 220 m: a box that holds what may be that near
_AROUND = 0.03  # degrees, two to three kilometres: beyond, a QPV is not near
_UNMAPPED = [code_of(category) for category in UNMAPPED_CATEGORIES]
_kept: Shelf[Mapping[str, Residence]] = Shelf(16)


@dataclass(frozen=True)
class Residence:
    """A residence as its owner's file has it; what only facts name has no position and no properties."""

    code: str
    name: str
    box: Box | None
    properties: dict[str, Any]

    @property
    def dwellings(self) -> int | None:
        """How many dwellings, None when unknown (0 is no answer)."""
        number = self.properties.get("dwellings")
        return number if isinstance(number, int) and number > 0 else None

    @property
    def point(self) -> tuple[float, float] | None:
        """The middle, lon and lat."""
        return None if self.box is None else ((self.box.west + self.box.east) / 2, (self.box.south + self.box.north) / 2)


@dataclass(frozen=True)
class Rate:
    """Facts per 100 dwellings over the period, with the count and denominator it comes from and the 95 % interval."""

    count: int
    dwellings: int

    @property
    def value(self) -> float:
        return 100 * self.count / self.dwellings

    @property
    def interval(self) -> tuple[float, float]:
        low, high = profiles.poisson_interval(self.count)
        return 100 * low / self.dwellings, 100 * high / self.dwellings


@dataclass(frozen=True)
class Near:
    """A QPV and the distance to its edge in metres, negative inside."""

    zone: ZoneRef
    name: str
    generation: str
    edge_m: int


@dataclass(frozen=True)
class Hall:
    """A hall with its facts, `attached` of which lie near it and do not name it; one that only facts name has no position."""

    code: str
    name: str
    point: tuple[float, float] | None
    properties: dict[str, Any]
    count: int
    attached: int = 0


@dataclass(frozen=True)
class Portrait:
    """Facts of a place over a period: (first, last) day numbers, both included.

    `count` is all that match; the calendar leaves out the `staff` facts (AGP). categories: (256,) by code.
    """

    kind: Kind | None
    period: tuple[int, int]
    count: int
    unplaced: int
    staff: int
    series: Series
    calendar: Calendar
    categories: np.ndarray


@dataclass(frozen=True)
class ResidenceProfile:
    """Everything about one residence; `elsewhere` counts its facts of no hall, `attached` those that lie near it and do not name
    it, `parts` those of each of `attach.PARTS`; `beside`: facts of other sources within 100 m, by kind, never added."""

    residence: Residence
    portrait: Portrait
    halls: list[Hall]
    elsewhere: int
    qpv: list[Near]
    rate: Rate | None
    attached: int
    parts: dict[str, int]
    beside: dict[Kind, int]


def residences(reader: Reader) -> Mapping[str, Residence]:
    """Residences of the patrimoine in reach, by code; kept until it changes."""
    if "patrimoine" not in reader.catalog.layers:
        return {}
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, reader.version("patrimoine"))
    return _kept.get(key, lambda: _read(reader))


def _read(reader: Reader) -> Mapping[str, Residence]:
    found = reader.shelf.features("patrimoine")
    out: dict[str, Residence] = {}
    for key, name, shape, known in zip(found.keys, found.names, found.geometry, found.properties, strict=True):
        if known.get("level", "residence") == "residence":
            box = None if shape is None else Box(*shape.bounds)
            out.setdefault(key, Residence(key, name or known.get("address") or key, box, known))
    return MappingProxyType(out)


@dataclass(frozen=True)
class Counted:
    """A residence with its facts (`AGP` included); `attached` of them lie near it and do not name it."""

    residence: Residence
    count: int
    attached: int


def listed(reader: Reader, query: FactQuery) -> tuple[Kind | None, list[Counted]]:
    """Every residence in reach with its facts, most first; also those that only facts name."""
    query, _ = reader.resolved(query)
    counts = {unit.code: (unit.count, unit.attached) for unit in reader.by_unit(query, "residence")}
    known = residences(reader)
    everything = {code: known.get(code) or Residence(code, code, None, {}) for code in [*known, *counts]}
    found = [Counted(each, *counts.get(code, (0, 0))) for code, each in everything.items()]
    return query.kind, sorted(found, key=lambda each: (-each.count, each.residence.name, each.residence.code))


def rate(count: int, residence: Residence) -> Rate | None:
    """None without a known number of dwellings: no rate is made up."""
    return None if residence.dwellings is None else Rate(count, residence.dwellings)


def profile(reader: Reader, code: str, query: FactQuery) -> ResidenceProfile:
    """One residence under a filter; NotFound when the viewer has none of this code."""
    reader.check_residence(code)
    residence = residences(reader).get(code) or Residence(code, code, None, {})
    query, _ = reader.resolved(query)
    rows = [(index, facts.rows_of_units(index, query, index.units.rows_of("residence", code)))
            for index in reader.indexes.values()]
    halls, elsewhere = _halls(reader, code, rows)
    found = portrait(reader, query, rows)
    parts = sum((attach.parts(index, chosen) for index, chosen in rows), np.zeros(len(attach.PARTS), np.int64)).tolist()
    return ResidenceProfile(
        residence, found, halls, elsewhere, near_qpv(reader, residence.point), rate(found.count, residence),
        sum(index.attached(chosen) for index, chosen in rows), dict(zip(attach.PARTS, parts, strict=True)),
        beside(reader, residence, query))


def portrait(reader: Reader, query: FactQuery, rows: list[tuple[FactIndex, np.ndarray]], unplaced: int = 0) -> Portrait:
    """Rows of each index in time and by word; `unplaced`: matching facts that are not among the rows."""
    period = span_of(reader, query)
    categories = sum((profiles.code_counts(index, chosen, "category") for index, chosen in rows), np.zeros(256, np.int64))
    mapped = [(index, chosen[~np.isin(index["category"][chosen], _UNMAPPED)]) for index, chosen in rows]
    calendars = [profiles.calendar(index, chosen) for index, chosen in mapped]
    hours = Calendar(sum((part.counts for part in calendars), np.zeros((7, 24), np.int64)), sum(p.unknown for p in calendars))
    pointless = sum(int((index["cell"][chosen] == 0).sum()) for index, chosen in rows)
    series = summed([profiles.series(index, chosen, "month", period) for index, chosen in rows], "month", period)
    return Portrait(query.kind, period, sum(len(chosen) for _, chosen in rows), pointless + unplaced,
                    int(categories[_UNMAPPED].sum()), series, hours, categories)


def _halls(reader: Reader, code: str, rows: list[tuple[FactIndex, np.ndarray]]) -> tuple[list[Hall], int]:
    """Halls of a residence, most facts first, and how many facts are of none."""
    counts: Counter[str] = Counter()
    near: Counter[str] = Counter()
    total = 0
    for index, chosen in rows:
        total += len(chosen)
        numbers = np.bincount(index["unit"][chosen], minlength=len(index.units.code))
        for unit in np.flatnonzero(numbers).tolist():
            if index.units.level[unit] == "hall":
                counts[index.units.code[unit]] += int(numbers[unit])
                near[index.units.code[unit]] += int(numbers[unit]) * (unit >= index.units.attached_from)
    halls = [replace(hall, count=counts.pop(hall.code, 0), attached=near[hall.code])
             for _, hall in known_halls(reader, code)]
    within = sum(hall.count for hall in halls) + sum(counts.values())
    halls += [Hall(hall, hall, None, {}, number) for hall, number in counts.items()]
    return sorted(halls, key=lambda hall: (-hall.count, hall.code)), total - within


def known_halls(reader: Reader, residence: str | None = None) -> Iterator[tuple[str, Hall]]:
    """Halls of the patrimoine in reach, or of one residence, each with the code of its residence; their facts are not counted."""
    if "halls" not in reader.catalog.layers:
        return
    found = reader.shelf.features("halls")
    for key, name, shape, known in zip(found.keys, found.names, found.geometry, found.properties, strict=True):
        home = str(known.get("residence") or "")
        if residence is not None and home != residence:
            continue
        hall = str(known.get("hall") or key)
        point = None if shape is None else (shape.centroid.x, shape.centroid.y)
        yield home, Hall(hall, name or hall, point, known, 0)


def beside(reader: Reader, home: Residence, query: FactQuery) -> dict[Kind, int]:
    """Facts within 100 m of a residence that are of other sources, by kind: open ones, and one's own that no landlord saw."""
    territory = None if home.point is None else crs.territory_of(*home.point)
    if home.point is None or territory is None:
        return {}
    lon, lat = home.point
    box = Box(lon - 2 * _REACH_DEGREES, lat - _REACH_DEGREES, lon + 2 * _REACH_DEGREES, lat + _REACH_DEGREES)
    here = np.array(crs.project(np.array([lon]), np.array([lat]), territory.epsg)).ravel()
    found: Counter[Kind] = Counter()
    for number, index in reader.indexes.items():
        for kind in index.kinds:
            if number != OPEN and kind == attach.KIND:
                continue
            rows = facts.select(index, Area(box=box), query.with_(kind=kind, zone=None, bbox=None)).rows
            xy = crs.project(index["lon"][rows] / DEGREE, index["lat"][rows] / DEGREE, territory.epsg)
            found[kind] += int((np.hypot(xy[0] - here[0], xy[1] - here[1]) <= BESIDE_M).sum())
    return {kind: found[kind] for kind in Kind if found[kind]}


def near_qpv(reader: Reader, point: tuple[float, float] | None) -> list[Near]:
    """For each generation the QPV that hold a point, else the nearest within a few kilometres."""
    territory = None if point is None else crs.territory_of(*point)
    if point is None or territory is None or "qpv" not in reader.catalog.layers:
        return []
    here = crs.geometries_to_metres(np.array([shapely.Point(point)]), territory.epsg)[0]
    out: list[Near] = []
    for generation in QPV_GENERATIONS:
        found = reader.shelf.features("qpv", generation)
        rows = found.tree.query(shapely.Point(point).buffer(_AROUND), predicate="intersects") if len(found) else []
        shapes = crs.geometries_to_metres(found.geometry[rows], territory.epsg) if len(rows) else []
        near = [Near(ZoneRef(f"qpv{generation}", found.keys[row]), found.names[row] or found.keys[row], generation,
                     _edge(shape, here)) for row, shape in zip(rows, shapes, strict=True)]
        inside = [each for each in near if each.edge_m < 0]
        out += inside or sorted(near, key=lambda each: each.edge_m)[:1]
    return out


def _edge(shape: shapely.Geometry, here: shapely.Point) -> int:
    """Metres from a point to the edge of a zone, negative inside, by at least one."""
    metres = round(float(shapely.distance(shapely.boundary(shape), here)))
    return -max(1, metres) if shapely.intersects(shape, here) else metres
