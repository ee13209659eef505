"""Patrol requests: asked by a member of an organisation, answered by a liaison, by closed lists on both sides. No free text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.shared import Opened
from geoservice.operations.shared_access import Guest, Shared, opened
from geoservice.operations.shared_read import group_label, levels_of
from geoservice.storage import access as stored

REASONS = {"repetition": "Faits répétés au même endroit", "soiree": "Nuisances en soirée",
           "presence": "Présence demandée par les habitants", "travaux": "Chantier ou intervention à accompagner",
           "evenement": "Événement prévu", "hausse": "Hausse récente"}
ANSWERS = {"vu": "Vu", "fait": "Fait", "impossible": "Pas possible"}
REFUSALS = {"effectifs": "Effectifs pris ailleurs", "acces": "Accès impossible", "competence": "Hors de notre compétence",
            "suivi": "Déjà suivi par ailleurs"}
HALL = "hall"
FARTHEST_DAYS = 60
SHOWN = 100


@dataclass(frozen=True)
class PatrolWish:
    """What is asked: a place of a published level, or a hall that its owner disclosed; a group of categories; why; when."""

    territory: str
    level: str
    place: str
    group: str
    reason: str
    wished: str


def ask(shared: Shared, guest: Guest, wish: PatrolWish) -> int:
    """A new request; its number."""
    found = opened(shared, guest, wish.territory)
    if not guest.asks or guest.organisation is None:
        raise Forbidden("Votre rôle ne permet pas de demander un passage.")
    if wish.place not in places(found, wish.level):
        raise BadInput("Choisissez le lieu dans la liste : un lieu diffusé, ou un hall que son propriétaire a fait connaître.")
    if wish.group not in groups(found) or wish.reason not in REASONS:
        raise BadInput("Choisissez les catégories et la raison dans les listes.")
    if not 0 <= (_date(wish.wished) - datetime.now(UTC).date()).days <= FARTHEST_DAYS:
        raise BadInput(f"Donnez une date entre aujourd’hui et {FARTHEST_DAYS} jours plus tard.")
    with shared.access.write() as connection:
        return stored.add(connection, stored.REQUESTS, {
            "organisation": guest.organisation, "territory": found.territory, "level": wish.level, "place": wish.place,
            "category_group": wish.group, "reason": wish.reason, "wished": wish.wished, "created": stored.now()})


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("Donnez le jour souhaité.") from None


def places(found: Opened, level: str) -> dict[str, str]:
    """What can be asked for at a level, with names for people; of `hall` those that were disclosed."""
    if level == HALL:
        return {hall_key(hall): hall_name(hall) for hall in found.disclosed}
    if level not in levels_of(found.release):
        return {}
    return dict(zip(found.release.places[level].names, shapes.labels(found, level), strict=True))


def hall_key(hall: dict[str, Any]) -> str:
    """A name of a disclosed hall that does not change with its state."""
    return f"{hall.get('residence') or ''}/{hall.get('hall') or ''}"[:120]


def hall_name(hall: dict[str, Any]) -> str:
    return ", ".join(filter(None, (hall.get("residence"), f"hall {hall['hall']}" if hall.get("hall") else None)))


def groups(found: Opened) -> dict[str, str]:
    """Groups of categories that can be named, with names for people."""
    return {code: group_label(code) for code in ("all", *(f"group:{name}" for name in found.release.groups))}


def listing(shared: Shared, guest: Guest, territory: str) -> list[dict[str, Any]]:
    """Requests of a territory, newest first: all of them for a liaison, one's own organisation's for others."""
    found = opened(shared, guest, territory)
    with shared.access.read() as connection:
        rows = [] if connection is None else list(stored.listing(connection, stored.REQUESTS, territory=territory))
    mine = [row for row in rows if row.withdrawn is None and (guest.answers or row.organisation == guest.organisation)]
    return [_told(found, row, guest.answers) for row in mine[:SHOWN]]


def _told(found: Opened, row: Any, answers: bool) -> dict[str, Any]:
    return {"number": row.id, "organisation": row.organisation, "level": row.level, "place": row.place,
            "name": places(found, row.level).get(row.place, row.place), "group": row.category_group,
            "group_name": group_label(row.category_group), "reason": row.reason,
            "reason_name": REASONS.get(row.reason, row.reason), "wished": row.wished,
            "created": row.created.date().isoformat(), "answer": row.answer,
            "answer_name": ANSWERS.get(row.answer or ""), "answer_reason": row.answer_reason,
            "answer_reason_name": REFUSALS.get(row.answer_reason or ""),
            "answered": None if row.answered is None else row.answered.date().isoformat(),
            "may_answer": answers and row.answer in (None, "vu")}


@dataclass(frozen=True)
class Answer:
    """seen, done, or not possible with a reason."""

    answer: str
    reason: str | None = None


def answer(shared: Shared, guest: Guest, territory: str, number: int, given: Answer) -> None:
    """A liaison answers; what is done or impossible stays so."""
    opened(shared, guest, territory)
    if not guest.answers:
        raise Forbidden("Seul le référent police de ce territoire répond aux demandes.")
    if given.answer not in ANSWERS:
        raise BadInput(f"« answer » attend l’une de ces valeurs : {', '.join(ANSWERS)}.")
    if (given.answer == "impossible") != (given.reason is not None) or given.reason not in (None, *REFUSALS):
        raise BadInput(f"« reason » accompagne « impossible », et lui seul : {', '.join(REFUSALS)}.")
    with shared.access.write() as connection:
        row = _of(connection, number, territory=territory)
        if row.answer not in (None, "vu"):
            raise Conflict("Cette demande a déjà sa réponse.")
        stored.change(connection, stored.REQUESTS, number, answer=given.answer, answer_reason=given.reason,
                      answered=stored.now())


def withdraw(shared: Shared, organisation: str, number: int) -> None:
    """One's organisation takes a request back."""
    with shared.access.write() as connection:
        _of(connection, number, organisation=organisation)
        stored.change(connection, stored.REQUESTS, number, withdrawn=stored.now())


def _of(connection: Any, number: int, **whose: str) -> Any:
    found = next((row for row in stored.listing(connection, stored.REQUESTS, **whose) if row.id == number), None)
    if found is None or found.withdrawn is not None:
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("Cette demande n’existe pas ou a été retirée.")
