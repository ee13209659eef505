"""Whom a fact concerns (`geoservice/routing.toml`) and what became of it: partners asked, with their age, until they end."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from geoservice.core.query import EPOCH
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import audit
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.storage import facts, followups
from geoservice.storage.facts import Told, Wanted
from geoservice.storage.store import Storage
from geoservice.types import Viewer

FILE = Path(__file__).resolve().parents[1] / "routing.toml"
LISTED = 500
AGES = ((7, "moins de 8 jours"), (30, "8 à 30 jours"), (90, "31 à 90 jours"), (10**6, "plus de 90 jours"))


class Routing(BaseModel):
    """Partners and outcomes by code, and the partners of each category or subcategory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partners: dict[str, str]
    outcomes: dict[str, str]
    routes: dict[str, tuple[str, ...]]

    def of(self, category: str, subcategory: str | None) -> tuple[str, ...]:
        """Partners whom a fact concerns, the first one first."""
        precise = f"{category}.{subcategory}" if subcategory else category
        return self.routes.get(precise, self.routes.get(category, ()))


@cache
def routing() -> Routing:
    """The table, read once."""
    return Routing.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Followed:
    """A partner asked about a fact: words of the fact, days since 1970-01-01; `age`: days open, or until it was closed."""

    number: int
    fact: int
    category: str
    subcategory: str | None
    day: int
    residence: str | None
    hall: str | None
    partner: str
    opened: int
    closed: int | None
    outcome: str | None
    age: int

    @property
    def ageing(self) -> str:
        """How long it has been open, in words."""
        return next(words for most, words in AGES if self.age <= most)


def today() -> int:
    """Days since 1970-01-01."""
    return (datetime.now(UTC).date() - EPOCH).days


def fact(storage: Storage, viewer: Viewer, number: int) -> Told:
    """A fact of one's organisation; NotFound otherwise."""
    with storage.read(scope_of(viewer)) as connection:
        found = facts.told(connection, viewer.organisation_id, Wanted(numbers=(number,), reports=True), 1)
    if not found:
        raise NotFound("Ce fait n’est pas dans votre registre.")
    return found[0]


def ask(storage: Storage, viewer: Viewer, fact: int, partner: str, day: int | None = None) -> int:
    """Note that a partner is asked about a fact of one's organisation; Conflict when they are already."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    if partner not in routing().partners:
        raise BadInput("Choisissez un partenaire de la liste.")
    with storage.write(scope_of(viewer)) as connection:
        if not facts.told(connection, viewer.organisation_id, Wanted(numbers=(fact,), reports=True), 1):
            raise NotFound("Ce fait n’est pas dans votre registre.")
        if followups.open_with(connection, fact, partner):
            raise Conflict("Ce partenaire est déjà saisi de ce fait : la suite est ouverte.")
        number = followups.add(connection, viewer.organisation_id, fact, partner, today() if day is None else day)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "suite.ouverte", f"suite {number}")
    return number


def close(storage: Storage, viewer: Viewer, number: int, outcome: str, day: int | None = None) -> None:
    """Note how it ended; NotFound without such an open one."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    if outcome not in routing().outcomes:
        raise BadInput("Choisissez une issue de la liste.")
    with storage.write(scope_of(viewer)) as connection:
        if not followups.close(connection, viewer.organisation_id, number, outcome, today() if day is None else day):
            raise NotFound("Cette suite n’existe pas ou est déjà close.")
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "suite.close", f"suite {number}")


def listing(storage: Storage, viewer: Viewer, day: int | None = None) -> list[Followed]:
    """Open ones, the oldest first, then closed ones; of one's organisation."""
    moment = today() if day is None else day
    with storage.read(scope_of(viewer)) as connection:
        rows = followups.listing(connection, viewer.organisation_id, LISTED)
    return [Followed(
        row.id, row.fact_id, row.category, row.subcategory, row.day, row.residence, row.hall, row.partner, row.opened, row.closed,
        row.outcome, (moment if row.closed is None else row.closed) - row.opened) for row in rows]
