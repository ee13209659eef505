"""Dated agreements, which end by themselves: an organisation gives what it counts in a zone to one that may open the release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from geoservice.core.query import EPOCH
from geoservice.errors import BadInput, NotFound
from geoservice.operations import accounts, audit
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.storage import agreements as stored
from geoservice.storage.store import Storage
from geoservice.types import UNMAPPED_CATEGORIES, Category, Viewer

LONGEST_DAYS = 1_096
SHAREABLE = tuple(category for category in Category if category not in UNMAPPED_CATEGORIES)


@dataclass(frozen=True)
class Terms:
    """What is agreed: zone, categories, the first day, the day after the last, and the organisation that may open it."""

    zone: str
    categories: tuple[Category, ...]
    since: date
    until: date
    opener: str


def agree(storage: Storage, viewer: Viewer, terms: Terms) -> int:
    """The viewer's organisation gives; the agreement's number."""
    require(viewer, Action.MANAGE_AGREEMENTS, viewer.organisation_id)
    if not re.fullmatch(r"(qpv2024|qpv2015|commune):[0-9A-Za-z]{1,20}", terms.zone, re.ASCII):
        raise BadInput("La zone s’écrit par exemple commune:93066 ou qpv2024:QN09301M.")
    if not terms.categories or not set(terms.categories) <= set(SHAREABLE):
        raise BadInput(f"Choisissez au moins une catégorie parmi {', '.join(SHAREABLE)}.")
    if not 0 < (terms.until - terms.since).days <= LONGEST_DAYS:
        raise BadInput("Une convention va d’un premier jour à un jour plus tardif, trois ans après au plus.")
    opener = accounts.organisations(storage).get(terms.opener)
    if opener is None or opener == viewer.organisation_id:
        raise BadInput("Choisissez une autre organisation du service : celle qui pourra ouvrir le partage.")
    values = {"giver_id": viewer.organisation_id, "opener_id": opener, "zone": terms.zone,
              "categories": ",".join(sorted(terms.categories)), "since": (terms.since - EPOCH).days,
              "until": (terms.until - EPOCH).days}
    with storage.write(scope_of(viewer)) as connection:
        number = stored.add(connection, values)
        for each in (viewer.organisation_id, opener):
            audit.note(connection, each, audit.actor_of(viewer), "convention.creee", f"convention {number}")
    return number


def withdraw(storage: Storage, viewer: Viewer, number: int) -> None:
    """The giver takes an agreement back, from now on; what was published stays published."""
    require(viewer, Action.MANAGE_AGREEMENTS, viewer.organisation_id)
    with storage.write(scope_of(viewer)) as connection:
        found = next((row for row in stored.listing(connection, viewer.organisation_id) if row.id == number), None)
        if found is None or found.giver_id != viewer.organisation_id or found.revoked is not None:
            raise NotFound("Cette convention n’existe pas ou n’est plus en cours.")
        stored.revoke(connection, number)
        for each in (found.giver_id, found.opener_id):
            audit.note(connection, each, audit.actor_of(viewer), "convention.retiree", f"convention {number}")


def listing(storage: Storage, viewer: Viewer) -> list[Any]:
    """Agreements that the viewer's organisation gives or may open, newest first."""
    require(viewer, Action.MANAGE_AGREEMENTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        return list(stored.listing(connection, viewer.organisation_id))


def is_open(agreement: Any, day: date) -> bool:
    """Whether an agreement counts on a day: not taken back, begun and not over."""
    return agreement.revoked is None and agreement.since <= (day - EPOCH).days < agreement.until
