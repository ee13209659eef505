"""The exceptional look of a platform administrator into an organisation: asked by one person, approved by another, dated, noted.

It gives reading, and neither exports nor imports; it ends by itself after some hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from geoservice.errors import BadInput, Forbidden, NotFound
from geoservice.operations import accounts, audit
from geoservice.operations.permissions import ANYWHERE, Action, can, require
from geoservice.operations.reach import scope_of
from geoservice.storage import people as stored
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Viewer

REASONS = {"panne": "Panne à comprendre", "donnees": "Données à vérifier", "demande": "Demande de l’organisation",
           "securite": "Incident de sécurité"}
LONGEST_H = 24


def ask(storage: Storage, viewer: Viewer, code: str, reason: str, hours: int) -> int:
    """Ask to look into an organisation; the number of the wish. Nothing is open until somebody else approves."""
    require(viewer, Action.ASK_GLASS)
    if reason not in REASONS or not 1 <= hours <= LONGEST_H:
        raise BadInput(f"Choisissez un motif de la liste ({', '.join(REASONS)}) et de 1 à {LONGEST_H} heures.")
    number, _ = accounts.organisation(storage, code)
    moment = datetime.now(UTC)
    values = {"organisation_id": number, "asked_by": viewer.person, "reason": reason, "asked": moment,
              "ends": moment + timedelta(hours=hours)}
    with storage.write(scope_of(viewer)) as connection:
        wish = stored.ask_glass(connection, values)
        audit.note(connection, number, audit.actor_of(viewer), "bris-de-glace.demande", f"acces {wish} {reason} {hours} h")
    return wish


def approve(storage: Storage, viewer: Viewer, wish: int) -> None:
    """A second person agrees: an administrator of that organisation, or another of the platform; never the one who asked."""
    require(viewer, Action.APPROVE_GLASS)
    with storage.write(_scope(viewer)) as connection:
        found = next((row for row in stored.glasses(connection, datetime.now(UTC)) if row.id == wish), None)
        if found is None or found.approved_by is not None or not can(viewer, Action.APPROVE_GLASS, found.organisation_id):
            raise NotFound("Cette demande n’existe pas, est terminée ou déjà accordée.")
        if viewer.person is None or viewer.person == found.asked_by:
            raise Forbidden("Une autre personne que celle qui a demandé doit accorder cet accès.")
        stored.approve_glass(connection, wish, viewer.person)
        audit.note(connection, found.organisation_id, audit.actor_of(viewer), "bris-de-glace.accorde", f"acces {wish}")


def waiting(storage: Storage, viewer: Viewer) -> list[Any]:
    """Wishes that have not ended and that this viewer asked for or may approve."""
    with storage.read(_scope(viewer)) as connection:
        found = stored.glasses(connection, datetime.now(UTC))
    return [row for row in found if row.asked_by == viewer.person or can(viewer, Action.APPROVE_GLASS, row.organisation_id)]


def _scope(viewer: Viewer) -> RowScope | None:
    """Wishes about one's own organisation; about any, for who may approve anywhere."""
    return None if (viewer.role, Action.APPROVE_GLASS) in ANYWHERE else scope_of(viewer)
