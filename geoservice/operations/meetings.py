"""Meetings of an organisation (CLSPD, GLTD, its own), what they decide from closed lists, and how far that is at the next one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import shapely

from geoservice.core.query import EPOCH, FactQuery, ZoneRef, day_number, parse
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.export import french
from geoservice.operations import audit
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.residences import residences
from geoservice.operations.zones import resolve
from geoservice.storage import meetings as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

KINDS = {"clspd": "CLSPD", "gltd": "GLTD", "interne": "Réunion interne"}
LEVERS = {
    "eclairage": "Éclairage", "acces": "Portes et contrôle d’accès", "traversant": "Fermeture d’un hall traversant",
    "remise-etat": "Remise en état, nettoyage", "residentialisation": "Résidentialisation", "mediation": "Médiation",
    "gardiennage": "Gardiens, agents de sécurité", "patrouille": "Passage de patrouille demandé",
    "enlevement": "Enlèvement de véhicules", "camera": "Étude de vidéoprotection", "plainte": "Dépôt de plainte",
    "marche": "Marche exploratoire", "donnees": "Compléter les signalements",
}
IN_CHARGE = {
    "bailleur": "Bailleur", "ville": "Ville", "police-municipale": "Police municipale", "police-nationale": "Police nationale",
    "prefecture": "Préfecture", "parquet": "Parquet", "mediation": "Service de médiation", "transporteur": "Transporteur",
    "partenaires": "Plusieurs partenaires",
}
STATES = {"commence": "Commencé", "fait": "Fait", "impossible": "Pas possible", "abandonne": "Abandonné"}
NOTHING_YET = "Pas commencé"
OVER = ("fait", "impossible", "abandonne")
MOST_DAYS = 1_100  # of a GLTD
_MOST_POINTS, _WIDEST = 400, 0.5  # of a perimeter: corners, degrees


@dataclass(frozen=True)
class Meeting:
    """A meeting; `until` is the day after the last. `zone` or `perimeter` (EPSG:4326) or neither: all that is in reach."""

    number: int
    kind: str
    day: date
    zone: ZoneRef | None = None
    perimeter: shapely.Geometry | None = None
    since: date | None = None
    until: date | None = None
    closed: bool = False

    @property
    def title(self) -> str:
        """« CLSPD du 12 sept. 2024 »."""
        return f"{KINDS[self.kind]} du {french.day(self.day)}"


@dataclass(frozen=True)
class Decision:
    """What a meeting decided; `status` as the last meeting said it, None where none did."""

    number: int
    meeting: int
    title: str  # of the meeting
    day: date  # of the meeting
    lever: str
    place: str
    in_charge: str
    due: date | None
    status: str | None
    told: date | None

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.status not in OVER

    def late(self, today: date) -> bool:
        """Whether its day has passed."""
        return self.open and self.due is not None and self.due < today


@dataclass(frozen=True)
class Wish:
    """A meeting as somebody asks for it, in texts of a form; `perimeter`: a GeoJSON polygon."""

    kind: str
    day: str
    zone: str = ""
    perimeter: str = ""
    since: str = ""
    until: str = ""


def open_meeting(reader: Reader, wish: Wish) -> int:
    """A new meeting; its number. BadInput says what is missing, NotFound names a zone that is not in reach."""
    viewer, storage = reader.viewer, reader.shelf.storage
    require(viewer, Action.RECORD, viewer.organisation_id)
    if wish.kind not in KINDS:
        raise BadInput(f"Choisissez la sorte de réunion : {', '.join(KINDS.values())}.")
    zone = _zone(reader, wish.zone)
    perimeter = _outline(wish.perimeter)
    if zone and perimeter is not None:
        raise BadInput("Choisissez une zone ou tracez un périmètre, pas les deux.")
    asked = ((wish.day, "le jour"), (wish.since, "le début"), (wish.until, "la fin"))
    day, since, until = (_day(text, what) for text, what in asked)
    if day is None:
        raise BadInput("Donnez le jour de la réunion, comme 2026-01-31.")
    if wish.kind == "gltd":
        _bounded(since, until, zone or perimeter)
    values = {"organisation_id": viewer.organisation_id, "kind": wish.kind, "day": day_number(day), "zone": zone,
              "perimeter": None if perimeter is None else shapely.to_wkb(perimeter),
              "since": None if since is None else day_number(since), "until": None if until is None else day_number(until) + 1}
    with storage.write(scope_of(viewer)) as connection:
        number = stored.add_meeting(connection, values)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "seance.creee", f"seance {number}")
    return number


def _zone(reader: Reader, text: str) -> str:
    zone = parse({"zone": text}).zone
    if zone is not None:
        resolve(reader.shelf, zone)
    return "" if zone is None else str(zone)


def _bounded(since: date | None, until: date | None, where: Any) -> None:
    if not where:
        raise BadInput("Un GLTD porte sur un périmètre : choisissez une zone ou tracez-le.")
    if since is None or until is None or not 0 < (until - since).days <= MOST_DAYS:
        raise BadInput("Un GLTD a un début et une fin, trois ans après au plus.")


def _day(text: str, what: str) -> date | None:
    try:
        return parse({"from": text}).since
    except BadInput:
        raise BadInput(f"Pour {what}, donnez une date comme 2026-01-31.") from None


def _outline(text: str) -> shapely.Geometry | None:
    """A polygon from GeoJSON (a geometry, or one feature)."""
    if not text.strip():
        return None
    wrong = BadInput("Le périmètre est un polygone GeoJSON en longitude et latitude, d’un demi-degré de large au plus.")
    try:
        given = json.loads(text)
        shape = shapely.from_geojson(json.dumps(given.get("geometry") or given))
    except (ValueError, AttributeError, TypeError, RecursionError, shapely.errors.ShapelyError):
        raise wrong from None
    shape = shapely.make_valid(shape) if shape is not None else None
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise wrong
    west, south, east, north = shape.bounds
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90 and max(east - west, north - south) <= _WIDEST
            and shapely.get_num_coordinates(shape) <= _MOST_POINTS):
        raise wrong
    return shape


def listing(storage: Storage, viewer: Viewer) -> list[Meeting]:
    """Meetings of the viewer's organisation, the latest first."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        return [_meeting(row) for row in stored.meetings(connection, viewer.organisation_id)]


def one(storage: Storage, viewer: Viewer, number: int) -> Meeting:
    """One meeting; NotFound when the viewer's organisation has none of this number."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        row = stored.meeting(connection, viewer.organisation_id, number)
    if row is None:
        raise NotFound("Cette réunion n’existe pas.")
    return _meeting(row)


def _meeting(row: Any) -> Meeting:
    zone = ZoneRef(*row.zone.split(":", 1)) if row.zone else None
    return Meeting(row.id, row.kind, _date(row.day), zone, None if row.perimeter is None else shapely.from_wkb(row.perimeter),
                   _date(row.since), _date(row.until), row.closed is not None)


def _date(number: int | None) -> Any:
    return None if number is None else EPOCH + timedelta(number)


def last(storage: Storage, viewer: Viewer, today: date) -> Meeting | None:
    """The latest meeting whose day has come."""
    return next((each for each in listing(storage, viewer) if each.day <= today), None)


def before(storage: Storage, viewer: Viewer, meeting: Meeting) -> Meeting | None:
    """The meeting before one, of its kind and place."""
    return next((each for each in listing(storage, viewer) if each.day < meeting.day
                 and (each.kind, each.zone, each.perimeter) == (meeting.kind, meeting.zone, meeting.perimeter)), None)


def close(storage: Storage, viewer: Viewer, number: int) -> None:
    """A meeting ends; a GLTD has to have its bilan, a snapshot made once its last day is over."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    meeting = one(storage, viewer, number)
    if meeting.closed:
        raise Conflict("Cette réunion est déjà close.")
    with storage.write(scope_of(viewer)) as connection:
        if not stored.snapshots(connection, viewer.organisation_id, number):
            raise Conflict("Figez d’abord un instantané : c’est le bilan qui clôt la réunion.")
        stored.close_meeting(connection, number)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "seance.close", f"seance {number}")


def decide(reader: Reader, number: int, given: dict[str, str]) -> int:
    """A decision of a meeting, from closed lists: `lever`, `place` (a zone or residence), `in_charge`, `due` (a day or none)."""
    viewer, storage = reader.viewer, reader.shelf.storage
    require(viewer, Action.RECORD, viewer.organisation_id)
    meeting = one(storage, viewer, number)
    if meeting.closed:
        raise Conflict("Cette réunion est close : une décision se prend à la suivante.")
    for name, known in (("lever", LEVERS), ("in_charge", IN_CHARGE)):
        if given[name] not in known:
            raise BadInput("Choisissez le levier et qui en a la charge dans les listes.")
    place = _place(reader, given["place"])
    due_day = _day(given["due"], "l’échéance")
    values = {"organisation_id": viewer.organisation_id, "meeting_id": number, "lever": given["lever"], "place": place,
              "in_charge": given["in_charge"], "due": None if due_day is None else day_number(due_day)}
    with storage.write(scope_of(viewer)) as connection:
        decided = stored.add_decision(connection, values)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "decision.prise", f"decision {decided}")
    return decided


def _place(reader: Reader, text: str) -> str:
    """A zone or residence in reach, or « perimetre »: the whole of what the meeting is about."""
    if text in ("", "perimetre"):
        return "perimetre"
    zone = parse({"zone": text}).zone
    assert zone is not None
    if zone.layer == "residence":
        if zone.code not in residences(reader):
            raise NotFound("Cette résidence n’est pas dans votre patrimoine.")
    else:
        resolve(reader.shelf, zone)
    return str(zone)


def follow(storage: Storage, viewer: Viewer, number: int, decision: int, status: str) -> None:
    """What a meeting says of an earlier decision: done, begun, not possible, given up."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    meeting = one(storage, viewer, number)
    if status not in STATES:
        raise BadInput(f"Une décision est : {', '.join(STATES.values()).lower()}.")
    if decision not in {each.number for each in decisions(storage, viewer)}:
        raise NotFound("Cette décision n’existe pas.")
    with storage.write(scope_of(viewer)) as connection:
        stored.add_step(connection, {"organisation_id": viewer.organisation_id, "decision_id": decision, "meeting_id": number,
                                     "status": status, "day": day_number(meeting.day)})
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "decision.suivie", f"decision {decision} {status}")


def decisions(storage: Storage, viewer: Viewer) -> list[Decision]:
    """Every decision of the viewer's organisation, in their order."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        rows = stored.decisions(connection, viewer.organisation_id)
    return [Decision(row.id, row.meeting_id, f"{KINDS[row.meeting_kind]} du {french.day(_date(row.meeting_day))}",
                     _date(row.meeting_day), row.lever,
                     row.place, row.in_charge, _date(row.due), row.status, _date(row.step_day)) for row in rows]


def due(storage: Storage, viewer: Viewer, today: date) -> list[Decision]:
    """What is still to be done: what is late first, then by its day, then what has none."""
    left = [each for each in decisions(storage, viewer) if each.open]
    return sorted(left, key=lambda each: (not each.late(today), each.due or date.max, each.number))


def place_name(reader: Reader, place: str) -> str:
    """How people call the place of a decision."""
    layer, _, code = place.partition(":")
    if not code:
        return "Tout le périmètre"
    names = reader.shelf.names("patrimoine" if layer == "residence" else "limites" if layer == "commune" else "qpv")
    return f"{'QPV ' if layer.startswith('qpv') else ''}{names.get(code, code)}"


def query_of(meeting: Meeting) -> FactQuery:
    """The zone that a meeting is about, as a filter."""
    return FactQuery(zone=meeting.zone)
