"""What happened at a hall or residence, in order, for a file of contentieux: place and date, and nothing about a person.

Facts of the organisation that name the place, and a landlord's that lie near it without naming any (probable), as every count
has them (`operations.attaching`). `AGP` facts appear for a
residence alone, and without an hour. A fact that several people reported is one line, with how many reports it stands for.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geoservice.core.factindex import DEGREE
from geoservice.core.observatory import attach
from geoservice.core.query import EPOCH, FactQuery
from geoservice.errors import NotFound
from geoservice.operations import attaching, residences
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.storage import facts, followups, mergers
from geoservice.storage.facts import Told, Wanted
from geoservice.types import UNMAPPED_CATEGORIES, Box, Kind, Place, Placement, code_of

MOST = 2_000
_LOOKED = 20_000  # facts without a code around a residence, of which most may be its neighbours'
_DEGREES = 0.002  # of latitude, some 220 m: more than the longest reach
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
    """Lines of a place, oldest first; `more`: older ones were left out. `beside`: see `residences.beside`."""

    residence: residences.Residence
    hall: str | None
    lines: list[Line]
    more: bool
    beside: dict[Kind, int]

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
    """A fact, the hall it belongs to, how surely; where it does not say, how far and at which level."""

    row: Told
    hall: str | None
    certainty: str
    metres: float | None
    level: str | None = None


def chronology(reader: Reader, asked: Asked) -> Chronology:
    """NotFound when nobody of this organisation has such a residence."""
    home, days = residences.residences(reader).get(asked.residence), _days(asked)
    own = reader.viewer.organisation_id
    with reader.shelf.storage.read(scope_of(reader.viewer)) as connection:
        places = attaching.places(own, reader.shelf) if _has_loose(reader, asked.residence) else None
        box = None if places is None else _box(places, asked.residence)
        rows = facts.told(connection, own, Wanted(days=days, residence=asked.residence), MOST + 1)
        loose = [] if box is None else facts.told(connection, own, Wanted(days=days, residence="", near=box), _LOOKED)
        near = _near(places, asked.residence, loose)
        if home is None and not rows:
            raise NotFound("Cette résidence n’est pas dans votre patrimoine.")
        home = home or residences.Residence(asked.residence, asked.residence, None, {})
        every = sorted([*(_Found(row, row.hall, CERTAIN, None) for row in rows), *near],
                       key=lambda each: (-each.row.day, -each.row.id))
        found = every[:MOST]
        chosen = found if asked.hall is None else [each for each in found if _is_of(each, asked.hall)]
        lines = _lines(connection, own, chosen)
    return Chronology(home, asked.hall, lines, len(every) > MOST, _beside(reader, home, asked))


def _has_loose(reader: Reader, residence: str) -> bool:
    """Whether facts of the viewer's own hang on a residence that they do not name: without any, none is looked for."""
    index = reader.indexes.get(reader.viewer.organisation_id)
    return index is not None and residence in index.units.residence[index.units.attached_from:]


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


def _box(places: attach.Places, residence: str) -> Box | None:
    """Where facts may lie that belong to a residence, its buildings and its halls."""
    points = places.points[[code == residence for code in places.residence]]
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box(west - 2 * _DEGREES, south - _DEGREES, east + 2 * _DEGREES, north + _DEGREES)


def _near(places: attach.Places | None, residence: str, rows: list[Told]) -> list[_Found]:
    """Of facts that name no place, those that hang on this residence, and on its hall where they do."""
    rows = [row for row in rows if row.kind == attach.KIND and not (row.building or row.hall)]
    if not rows or places is None:
        return []
    lon, lat = (np.round(np.array([getattr(row, name) for row in rows]) * DEGREE).astype(np.int32) for name in ("lon", "lat"))
    placement = np.array([code_of(None if row.placement is None else Placement(row.placement)) for row in rows])
    found = attach.nearest(places, lon, lat, placement)
    return [_Found(row, places.code[place] if places.level[place] == "hall" else None, PROBABLE, round(float(metres), 1),
                   places.level[place])
            for row, place, metres in zip(rows, found.place.tolist(), found.metres, strict=True)
            if place >= 0 and places.residence[place] == residence]


def _line(found: _Found, reports: list[Told], followed: list[Any]) -> Line:
    row, every = found.row, [found.row, *reports]
    complaint = next((code for code in (1, 2) if any(each.complaint == code for each in every)), 0)
    staff = row.category in UNMAPPED_CATEGORIES
    natures = tuple(dict.fromkeys(each.nature for each in every if each.nature))
    part = attach.part_of(None if row.place is None else Place(row.place), found.level)
    return Line(
        row.id, digest_of(row), row.day, None if staff else row.minute, row.category, row.subcategory, row.kind, row.place, part,
        row.gravity, None if staff else found.hall, natures, _COMPLAINT[complaint], len(every), found.certainty, found.metres,
        tuple(followed))


def _beside(reader: Reader, home: residences.Residence, asked: Asked) -> dict[Kind, int]:
    return residences.beside(reader, home, FactQuery(since=asked.since, until=asked.until))
