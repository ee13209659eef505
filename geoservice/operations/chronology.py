"""What happened at a hall or residence, in order, for a file of contentieux: place and date, and nothing about a person.

Facts of the organisation that name the place, and those that lie near it without naming any (probable). `AGP` facts appear for a
residence alone, and without an hour. A fact that several people reported is one line, with how many reports it stands for.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geoservice.core import facts as counted
from geoservice.core.factindex import DEGREE, Area
from geoservice.core.observatory import attach
from geoservice.core.query import EPOCH, FactQuery
from geoservice.errors import NotFound
from geoservice.operations import merging, residences
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.storage import facts, followups, mergers
from geoservice.storage.facts import Told, Wanted
from geoservice.storage.tables import OPEN
from geoservice.types import UNMAPPED_CATEGORIES, Box, Kind, Place

MOST = 2_000
AROUND_M = 100.0
_DEGREES = 0.002  # of latitude, some 220 m: a box that holds what may be near
CERTAIN, PROBABLE = "certain", "probable"
_COMPLAINT = {0: "inconnu", 1: "oui", 2: "non"}


@dataclass(frozen=True)
class Line:
    """One fact. `number` names it in forms, `digest` on paper; `day` since 1970-01-01, `minute` None where unknown or not to be
    said; `reports` that it stands for, through which channels (`natures`); `metres` to the place where it names none."""

    number: int
    digest: str
    day: int
    minute: int | None
    category: str
    subcategory: str | None
    kind: str
    place: str | None
    part: str
    gravity: int | None
    hall: str | None
    natures: tuple[str, ...]
    complaint: str
    reports: int
    certainty: str
    metres: float | None
    followed: tuple[Any, ...]


@dataclass(frozen=True)
class Chronology:
    """Lines of a place, oldest first; `more`: older ones were left out. `beside`: open facts within 100 m by kind, not added."""

    residence: residences.Residence
    hall: str | None
    lines: list[Line]
    more: bool
    beside: dict[str, int]

    @property
    def kinds(self) -> dict[str, int]:
        """How many lines of each kind, side by side."""
        found = Counter(line.kind for line in self.lines)
        return {str(kind): found[kind] for kind in Kind if found[kind]}


@dataclass(frozen=True)
class Asked:
    """Which place, and which days (the first, and the day after the last; None: any)."""

    residence: str
    hall: str | None = None
    since: date | None = None
    until: date | None = None


def digest_of(row: Told) -> str:
    """An F and twelve characters that name a fact on paper, the same after the same file is imported again."""
    return f"F{hashlib.blake2b(f'{row.source_id}:{row.key}'.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True)
class _Found:
    """A fact, the hall it belongs to, how surely, and how far it is from where it does not say."""

    row: Told
    hall: str | None
    certainty: str
    metres: float | None


def chronology(reader: Reader, asked: Asked) -> Chronology:
    """NotFound when nobody of this organisation has such a residence."""
    home, days = residences.residences(reader).get(asked.residence), _days(asked)
    own = reader.viewer.organisation_id
    with reader.shelf.storage.read(scope_of(reader.viewer)) as connection:
        box = None if home is None or home.point is None else _box(home.point)
        rows = facts.told(connection, own, Wanted(days=days, residence=asked.residence, near=box), MOST + 1)
        if home is None and not rows:
            raise NotFound("Cette résidence n’est pas dans votre patrimoine.")
        home = home or residences.Residence(asked.residence, asked.residence, None, {})
        named = [_Found(row, row.hall, CERTAIN, None) for row in rows[:MOST] if row.residence is not None]
        found = named + _near(reader, home, [row for row in rows[:MOST] if row.residence is None])
        chosen = found if asked.hall is None else [each for each in found if _is_of(each, asked.hall)]
        lines = _lines(connection, own, chosen)
    return Chronology(home, asked.hall, lines, len(rows) > MOST, _beside(reader, home, days))


def _is_of(found: _Found, hall: str) -> bool:
    return found.hall == hall and found.row.category not in UNMAPPED_CATEGORIES


def _lines(connection: Any, own: int, found: list[_Found]) -> list[Line]:
    """Oldest first; those without an hour come first of their day."""
    numbers = [each.row.id for each in found]
    under = mergers.reports(connection, numbers)
    wanted = tuple(number for reports in under.values() for number in reports)
    told = facts.told(connection, own, Wanted(numbers=wanted, reports=True), len(wanted)) if wanted else []
    reported = {row.id: row for row in told}
    followed = followups.of_facts(connection, numbers)
    lines = [_line(each, [reported[number] for number in under.get(each.row.id, ())], followed.get(each.row.id, []))
             for each in found]
    return sorted(lines, key=lambda line: (line.day, line.minute is not None, line.minute or 0, line.number))


def _days(asked: Asked) -> tuple[int, int] | None:
    if asked.since is None and asked.until is None:
        return None
    first = 0 if asked.since is None else (asked.since - EPOCH).days
    return first, 10**6 if asked.until is None else (asked.until - EPOCH).days


def _box(point: tuple[float, float]) -> Box:
    lon, lat = point
    return Box(lon - 2 * _DEGREES, lat - _DEGREES, lon + 2 * _DEGREES, lat + _DEGREES)


def _near(reader: Reader, home: residences.Residence, rows: list[Told]) -> list[_Found]:
    """Of facts that name no place, those that belong to this residence and to no neighbour, by `core.observatory.attach`."""
    if not rows or home.point is None:
        return []
    around = _box(home.point)
    known = [(each.code, None, each.point, "residence") for each in residences.residences(reader).values()]
    known += [(code, hall.code, hall.point, "hall") for code, hall in residences.known_halls(reader)]
    places = [each for each in known if each[2] is not None and each[2] in around]
    points = np.array([(row.lon, row.lat) for row in rows] + [each[2] for each in places], float)
    xy = merging.metres(points[:, 0], points[:, 1])
    there = attach.Known(np.array([each[3] for each in places]), xy[len(rows):])
    found = attach.attach(xy[:len(rows)], np.full(len(rows), -1), there)
    return [_Found(row, places[place][1], PROBABLE, round(float(metres), 1))
            for row, place, metres in zip(rows, found.place.tolist(), found.metres, strict=True)
            if place >= 0 and places[place][0] == home.code]


def _line(found: _Found, reports: list[Told], followed: list[Any]) -> Line:
    row, every = found.row, [found.row, *reports]
    complaint = next((code for code in (1, 2) if any(each.complaint == code for each in every)), 0)
    staff = row.category in UNMAPPED_CATEGORIES
    natures = tuple(dict.fromkeys(each.nature for each in every if each.nature))
    ring = "residence" if found.certainty == PROBABLE and found.hall is None else None
    part = attach.part_of(None if row.place is None else Place(row.place), ring)
    return Line(
        row.id, digest_of(row), row.day, None if staff else row.minute, row.category, row.subcategory, row.kind, row.place, part,
        row.gravity, None if staff else found.hall, natures, _COMPLAINT[complaint], len(every), found.certainty, found.metres,
        tuple(followed))


def _beside(reader: Reader, home: residences.Residence, days: tuple[int, int] | None) -> dict[str, int]:
    """Open facts within 100 m, by kind."""
    index = reader.indexes.get(OPEN)
    if index is None or home.point is None:
        return {}
    found = {}
    for kind in index.kinds:
        rows = counted.select(index, Area(box=_box(home.point)), FactQuery(kind=Kind(kind))).rows
        if days is not None:
            rows = rows[(index["day"][rows] >= days[0]) & (index["day"][rows] < days[1])]
        lon, lat = (np.append(index[name][rows] / DEGREE, at) for name, at in zip(("lon", "lat"), home.point, strict=True))
        xy = merging.metres(lon, lat)
        number = int((np.hypot(*(xy[:-1] - xy[-1]).T) <= AROUND_M).sum())
        if number:
            found[str(kind)] = number
    return found
