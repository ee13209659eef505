"""The state of a hall as people who know it say: from a closed list of reasons, from a day, until another; noted in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from geoservice.core.observatory.halls import WORDS
from geoservice.core.query import day_number
from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.storage import overrides as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

LONGEST_DAYS = 366
REASONS = {
    "presence": "Constaté sur place", "mediation": "Dit par un médiateur ou un gardien",
    "travaux": "Travaux ou fermeture en cours",
    "operation": "Opération récente, à confirmer", "non_signale": "Faits connus mais non signalés",
    "erreur_saisie": "Signalements mal situés ou en double",
}


@dataclass(frozen=True)
class Said:
    """What is said of a hall: a word of WORDS, a reason of the list, the first day and the day after the last."""

    hall: str
    state: str
    reason: str
    since: date
    until: date


def say(storage: Storage, viewer: Viewer, known: Sequence[str], said: Said) -> int:
    """Note it; its number. `known`: keys of the viewer's halls. NotFound for another hall, BadInput for what no list has."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    if said.hall not in known:
        raise NotFound("Ce hall n’est pas dans votre patrimoine.")
    if said.state not in WORDS:
        raise BadInput(f"L’état d’un hall est l’un de : {', '.join(WORDS)}.")
    if said.reason not in REASONS:
        raise BadInput(f"La raison est l’une de : {', '.join(REASONS)}.")
    if not 0 < (said.until - said.since).days <= LONGEST_DAYS:
        raise BadInput("Un état dit à la main va d’un premier jour à un jour plus tardif, un an après au plus.")
    values = {"organisation_id": viewer.organisation_id, "hall": said.hall, "state": said.state, "reason": said.reason,
              "since": day_number(said.since), "until": day_number(said.until)}
    with storage.write(scope_of(viewer)) as connection:
        number = stored.add(connection, values)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "hall.etat", f"état {number}")
    return number


def revoke(storage: Storage, viewer: Viewer, number: int, hall: str | None = None) -> None:
    """The rules speak again for this hall; NotFound when there is none in force (of this hall)."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    with storage.write(scope_of(viewer)) as connection:
        mine = {row.id: row.hall for row in stored.listing(connection, viewer.organisation_id) if row.revoked is None}
        if number not in mine or hall not in (None, mine[number]):
            raise NotFound("Cet état dit à la main n’existe pas ou n’est plus en cours.")
        stored.revoke(connection, viewer.organisation_id, number)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "hall.etat-retire", f"état {number}")


def listing(storage: Storage, viewer: Viewer) -> Sequence[Any]:
    """Everything said of the viewer's halls, oldest first, revoked too."""
    key = ("overrides", viewer.organisation_id)
    return storage.memory.get(key, lambda: _read(storage, viewer))


def _read(storage: Storage, viewer: Viewer) -> Sequence[Any]:
    with storage.read(scope_of(viewer)) as connection:
        return stored.listing(connection, viewer.organisation_id)
