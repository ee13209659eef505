"""Whose facts enter a release, and as what: agreements decide, by whole months and whole places.

This is the only module that reads facts of several organisations at once. It is reached by the publisher alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely

from geoservice.core import grid
from geoservice.core.conditions import hours_of
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.query import EPOCH
from geoservice.operations import sharedground
from geoservice.operations.sharedground import Ground
from geoservice.operations.territories import Territory
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import Category, code_of

CLOSING_DAY = 15  # of the month after: then a month is closed
_CODES = {str(category): code_of(category) for category in Category}


def month_of(day: date) -> int:
    """Months since 1970-01."""
    return (day.year - 1970) * 12 + day.month - 1


def first_day(month: int) -> int:
    """Days since 1970-01-01 of a month's first day."""
    return (date(1970 + month // 12, month % 12 + 1, 1) - EPOCH).days


def last_closed(today: date) -> int:
    """The last month that may be published: month M closes on day 15 of M + 1."""
    return month_of(today) - (1 if today.day >= CLOSING_DAY else 2)


@dataclass(frozen=True)
class Grant:
    """What an agreement lets in: an organisation's facts of some categories (codes), on some atoms, in some months."""

    giver: int
    categories: tuple[int, ...]
    atoms: np.ndarray  # (atoms,) bool
    first: int
    last: int


def grants(storage: Storage, territory: Territory, agreements: list[Any]) -> list[Grant]:
    """What the agreements let into a territory; those about other places, or without a full month, let nothing in."""
    found = []
    for each in agreements:
        atoms = _atoms_of(storage, territory.ground, each.zone)
        first, last = _months(each)
        if atoms is not None and atoms.any() and first <= last:
            found.append(Grant(each.giver_id, tuple(_CODES[word] for word in each.categories.split(",")), atoms, first, last))
    return found


def _months(agreement: Any) -> tuple[int, int]:
    """First and last full month of an agreement; one that was taken back ends on the day it was."""
    until = agreement.until
    if agreement.revoked is not None:
        until = min(until, (agreement.revoked.date() - EPOCH).days)
    first = int(np.datetime64(agreement.since, "D").astype("datetime64[M]").astype(int))
    last = int(np.datetime64(until, "D").astype("datetime64[M]").astype(int)) - 1
    return first + (first_day(first) < agreement.since), last


def _atoms_of(storage: Storage, ground: Ground, zone: str) -> np.ndarray | None:
    """Which atoms belong to the zone of an agreement: whole atoms, as in what is published. None: no such zone here."""
    for zones in (ground.communes, ground.qpv):
        if zone in zones.names:
            return zones.of_atom == zones.names.index(zone)
    if not zone.startswith("qpv2015:"):
        return None
    outline = sharedground.outline_of(storage, zone)
    if outline is None:
        return None
    made = ground.atoms
    inside = shapely.contains_xy(shapely.make_valid(outline), *grid.centres(made.cells).T) & (made.atom >= 0)
    count = len(made.dwellings)
    return 2 * np.bincount(made.atom[inside], minlength=count) > np.bincount(made.atom[made.atom >= 0], minlength=count)


@dataclass(frozen=True)
class Gathered:
    """Facts that may enter, with their numbers (n,) in the database. drawn: keys that are new, by fact; left: how many
    facts on the territory no agreement lets in."""

    facts: Facts
    numbers: np.ndarray
    drawn: dict[int, int]
    left: int

    def givers(self, kind: str) -> tuple[int, ...]:
        """Organisations that give facts of a kind."""
        return givers_of(self.facts, kind)


def givers_of(facts: Facts, kind: str) -> tuple[int, ...]:
    """Organisations that hold a fact of a kind, in order."""
    return tuple(np.unique(facts.organisation[facts.kind == kind]).tolist())


def gather(storage: Storage, territory: Territory, months: tuple[int, int], told: np.ndarray) -> Gathered:
    """The facts of all contributors in these months (first, last). told: (k,) uint64 keys of facts that are known outside."""
    kinds = tuple(territory.terms.volumes)
    with storage.read() as connection:
        given = grants(storage, territory, list(stored.agreements(connection)))
        organisations = tuple(sorted({grant.giver for grant in given} | ({OPEN} if territory.terms.open_kinds else set())))
        rows = [] if not organisations else [row for block in stored.facts_of(
            connection, organisations, kinds, (first_day(months[0]), first_day(months[1] + 1))) for row in block]
        keys = stored.keys(connection)
    columns = _columns(rows)
    atom = territory.ground.atoms.of(columns["cell"])
    here = atom >= 0
    let_in = _let_in(columns, atom, given, territory.terms.open_kinds) & here
    chosen = {name: column[let_in] for name, column in columns.items()}
    numbers = chosen["id"].tolist()
    drawn = draw([number for number in numbers if number not in keys])
    key = np.array([keys[number] if number in keys else drawn[number] for number in numbers], dtype=np.uint64)
    public = (chosen["organisation_id"] == OPEN) | np.isin(key, told)
    facts = Facts(chosen["cell"], chosen["day"], chosen["hour"], chosen["category"], chosen["kind"], chosen["organisation_id"],
                  key, public)
    return Gathered(facts, chosen["id"], drawn, int((here & ~let_in).sum()))


def _columns(rows: list[tuple]) -> dict[str, np.ndarray]:
    values = dict(zip(stored.COLUMNS, zip(*rows, strict=True) if rows else ((),) * len(stored.COLUMNS), strict=True))
    number = {name: np.array(values[name], dtype=np.int64) for name in ("id", "cell", "minute", "duration", "organisation_id")}
    return {"id": number["id"], "cell": number["cell"].astype(np.uint64), "organisation_id": number["organisation_id"],
            "day": np.array(values["day"], dtype=np.int32), "hour": _hours(number["minute"], number["duration"]),
            "category": np.array([_CODES[word] for word in values["category"]], dtype=np.uint8),
            "kind": np.array(values["kind"], dtype="U20")}


def _hours(minute: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """The clock hour of each fact, unknown (255) for those that touch several."""
    hour, span = hours_of(minute, duration)
    return np.where(span > 0, 255, hour).astype(np.uint8)


def _let_in(columns: dict[str, np.ndarray], atom: np.ndarray, given: list[Grant], open_kinds: tuple[str, ...]) -> np.ndarray:
    month = columns["day"].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    out = (columns["organisation_id"] == OPEN) & np.isin(columns["kind"], open_kinds)
    for grant in given:
        out |= ((columns["organisation_id"] == grant.giver) & np.isin(columns["category"], grant.categories)
                & (month >= grant.first) & (month <= grant.last) & (atom >= 0) & grant.atoms[atom])
    return out


def draw(numbers: list[int]) -> dict[int, int]:
    """Fresh random keys: 64 bits each, from the system."""
    drawn = np.frombuffer(secrets.token_bytes(8 * len(numbers)), dtype=np.uint64)
    return dict(zip(numbers, drawn.tolist(), strict=True))
