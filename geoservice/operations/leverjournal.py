"""The journal of levers: what is done where, from when, at what cost, and how it will be judged, locked under a hash before it
starts. A locked plan cannot be changed; opening it again leaves a reason in the plan and in the audit.
"""

from __future__ import annotations

from datetime import date, datetime

from geoservice.core.query import day_number
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import audit
from geoservice.operations import leverwish as wishes
from geoservice.operations.levermonths import HOME
from geoservice.operations.leverplan import Plan, date_of, digest_of, plan_of
from geoservice.operations.leverwish import Wish
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.storage import levers as stored
from geoservice.storage.store import Storage
from geoservice.storage.tables import now
from geoservice.types import Viewer

REASONS = {"date": "Début reporté ou avancé", "lieux": "Lieux changés", "cout": "Coût changé", "erreur": "Erreur de saisie",
           "abandon": "Action abandonnée"}


def plan(reader: Reader, wish: Wish, today: date) -> int:
    """A new plan; its number. BadInput says what is wrong, NotFound names no place of another."""
    require(reader.viewer, Action.RECORD, reader.viewer.organisation_id)
    values = wishes.values(reader, wish, today, taken(reader, None))
    with reader.shelf.storage.write(scope_of(reader.viewer)) as connection:
        number = stored.add(connection, {"organisation_id": reader.viewer.organisation_id, **values})
        audit.note(connection, reader.viewer.organisation_id, audit.actor_of(reader.viewer), "levier.note", f"levier {number}")
    return number


def change(reader: Reader, number: int, wish: Wish, today: date) -> None:
    """Other values of a plan; Conflict when it is locked or withdrawn."""
    require(reader.viewer, Action.RECORD, reader.viewer.organisation_id)
    _open(one(reader.shelf.storage, reader.viewer, number))
    values = wishes.values(reader, wish, today, taken(reader, number))
    with reader.shelf.storage.write(scope_of(reader.viewer)) as connection:
        if not stored.change(connection, number, values):
            raise Conflict(_LOCKED)
        audit.note(connection, reader.viewer.organisation_id, audit.actor_of(reader.viewer), "levier.change", f"levier {number}")


_LOCKED = "Ce plan est verrouillé : il ne change plus. Le déverrouiller demande une raison, qui reste au journal."


def _open(found: Plan) -> None:
    if found.locked:
        raise Conflict(_LOCKED)
    if found.withdrawn:
        raise Conflict("Ce plan est retiré.")


def lock(reader: Reader, number: int, today: date) -> str:
    """Fix a plan before it starts; its hash. Conflict from its first day on."""
    viewer, storage = reader.viewer, reader.shelf.storage
    require(viewer, Action.RECORD, viewer.organisation_id)
    _open(one(storage, viewer, number))
    with storage.write(scope_of(viewer)) as connection:
        if not stored.change(connection, number, {"locked": datetime.combine(today, now().timetz())}):
            raise Conflict(_LOCKED)
        row = stored.one(connection, viewer.organisation_id, number)
        if day_number(today) >= row.since:
            raise Conflict("L’action a commencé : un plan se verrouille avant, sans quoi la comparaison se choisirait après.")
        digest = digest_of(row)
        stored.seal(connection, number, digest)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "levier.verrouille",
                   f"levier {number} {digest[:16]}")
    return digest


def unlock(storage: Storage, viewer: Viewer, number: int, reason: str, today: date) -> None:
    """Open a locked plan again, for a reason of the list; it stays in the plan and in the audit."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    found = one(storage, viewer, number)
    if reason not in REASONS:
        raise BadInput(f"Choisissez la raison : {', '.join(REASONS.values())}.")
    if not found.locked:
        raise Conflict("Ce plan n’est pas verrouillé.")
    with storage.write(scope_of(viewer)) as connection:
        stored.unlock(connection, number, {"moment": day_number(today), "reason": reason})
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "levier.deverrouille",
                   f"levier {number} {reason} {str(found.sha256)[:16]}")


def withdraw(storage: Storage, viewer: Viewer, number: int) -> None:
    """It will not be done or not be judged; it stays in the list."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    if one(storage, viewer, number).withdrawn:
        raise Conflict("Ce plan est déjà retiré.")
    with storage.write(scope_of(viewer)) as connection:
        stored.withdraw(connection, number)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "levier.retire", f"levier {number}")


def listing(storage: Storage, viewer: Viewer) -> list[Plan]:
    """Plans of the viewer's organisation, the latest start first."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        return [plan_of(row) for row in stored.listing(connection, viewer.organisation_id)]


def one(storage: Storage, viewer: Viewer, number: int) -> Plan:
    """One plan; NotFound when the viewer's organisation has none of this number."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        row = stored.one(connection, viewer.organisation_id, number)
    if row is None:
        raise NotFound("Ce levier n’existe pas.")
    return plan_of(row)


def unlocks(storage: Storage, viewer: Viewer, number: int) -> list[tuple[date, str]]:
    """When one's plan was opened again, and the reason in words."""
    one(storage, viewer, number)
    with storage.read(scope_of(viewer)) as connection:
        return [(date_of(row.moment), REASONS.get(row.reason, row.reason)) for row in stored.unlocks(connection, number)]


def taken(reader: Reader, but: int | None) -> list[str]:
    """Residences of the other plans that are not withdrawn: no controls."""
    return [code for each in listing(reader.shelf.storage, reader.viewer) if not each.withdrawn and each.number != but
            for code in each.treated if code.startswith(HOME)]
