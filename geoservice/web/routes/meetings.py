"""Meetings as plain forms: their list, one of them with its decisions, its snapshots and their papers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import BadInput, NotFound, NotReady
from geoservice.export.fonts import FONT
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import disclosing, meetingpaper, meetings, meetingshare, perimeters, shared_access, snapshots
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.meetings import Wish
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.residences import residences
from geoservice.operations.snapshotview import View
from geoservice.types import Kind, Viewer
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, only
from geoservice.web.formpage import page, render, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes.account import Number
from geoservice.web.routes.picture import PDF
from geoservice.web.service import service_of
from geoservice.web.shared.who import door_of, shared_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
FILE = "application/octet-stream"
_MOST_PLACES = 500  # residences in a list of a form; beyond, one writes the code
_MEETING = ("kind", "day", "zone", "perimeter", "since", "until")
_LONGEST = 12_000  # letters of a drawn perimeter


@router.get("/reunions")
def listed(request: Request, given: Annotated[dict[str, str], Depends(only("take", "radius"))]) -> Response:
    """Meetings, what is due, and the form of a new one; `take` begins its perimeter with the outline of a place."""
    def shown(request: Request, who: Viewer) -> dict[str, Any]:
        found = _list(request, who)
        if "take" not in given:
            return found
        begun = {**given, "kind": "gltd"}
        try:
            return {**found, "given": {**begun, "perimeter": perimeters.around(_reader(request, who), given["take"],
                                                                                given.get("radius", ""))}}
        except (BadInput, NotFound) as wrong:
            return {**found, "given": begun, "error": str(wrong)}

    return page(request, shown)


@router.post("/reunions", dependencies=_SENT)
async def opened(request: Request, who: CurrentViewer) -> Response:
    """A new meeting."""
    given = await read_form(request, *_MEETING, most=4 * _LONGEST)

    def make() -> Response:
        return _to(f"/reunions/{meetings.open_meeting(_reader(request, who), Wish(**given))}")

    return await run_in_threadpool(tried, request, who, lambda request, who: {**_list(request, who), "given": given}, make)


@router.get("/reunions/{number}", dependencies=[NoParameters])
def one(request: Request, number: Number) -> Response:
    """One meeting: what is followed, what it decides, its snapshots."""
    return page(request, _of(number))


@router.post("/reunions/{number}/instantanes", dependencies=_SENT)
def freeze(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Freeze what the meeting looks at."""
    def make() -> Response:
        return _to(f"/instantanes/{snapshots.make(_reader(request, who), number, _today())}")

    return tried(request, who, _of(number), make)


@router.post("/reunions/{number}/decisions", dependencies=_SENT)
async def decide(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A decision of the meeting."""
    given = await read_form(request, "lever", "place", "in_charge", "due")
    return await _done(request, who, number, lambda: meetings.decide(_reader(request, who), number, given))


@router.post("/reunions/{number}/suites", dependencies=_SENT)
async def follow(request: Request, who: CurrentViewer, number: Number) -> Response:
    """How far an earlier decision is."""
    given = await read_form(request, "decision", "status")
    return await _done(request, who, number, lambda: meetings.follow(
        service_of(request).opened(), who, number, int(given["decision"]) if given["decision"].isdecimal() else 0,
        given["status"]))


@router.post("/reunions/{number}/clore", dependencies=_SENT)
async def close(request: Request, who: CurrentViewer, number: Number) -> Response:
    """The meeting ends."""
    return await _done(request, who, number, lambda: meetings.close(service_of(request).opened(), who, number))


async def _done(request: Request, who: Viewer, number: int, act: Callable[[], object]) -> Response:
    def acted() -> Response:
        act()
        return _to(f"/reunions/{number}")

    return await run_in_threadpool(tried, request, who, _of(number), acted)


@router.get("/instantanes/{number}")
def snapshot(request: Request, number: Number, given: Annotated[dict[str, str], Depends(only("verifier"))]) -> Response:
    """A snapshot as a page; `verifier=1` makes every figure again."""
    return page(request, _frozen(number, bool(given.get("verifier"))))


@router.post("/instantanes/{number}/alleger", dependencies=_SENT)
def lighten(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Erase the frozen facts of a snapshot."""
    def act() -> Response:
        snapshots.lighten(service_of(request).opened(), who, number)
        return _to(f"/instantanes/{number}")

    return tried(request, who, _frozen(number, False), act)


@router.get("/instantanes/{number}/document.pdf", dependencies=[NoParameters])
def document(request: Request, reader: CurrentReader, number: Number) -> Response:
    """The internal paper of a snapshot."""
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    found = snapshots.load(reader.shelf.storage, reader.viewer, number)
    name = f"{found.header['meeting']['kind']}-{_iso(found.header['meeting']['day'])}-interne-{found.digest[:12]}.pdf"
    layers = [reader.version(layer) for layer in reader.catalog.layers]
    return respond(request, tag_of("seance", found.digest, len(found.columns), *layers),
                   lambda: to_pdf(*meetingpaper.paper(reader, found), FONT), PDF, name)


@router.get("/instantanes/{number}/fichier", dependencies=[NoParameters])
def file(request: Request, who: CurrentViewer, number: Number) -> Response:
    """The snapshot itself, for `geoservice snapshot verify` and the notebook."""
    data, digest = snapshots.content(service_of(request).opened(), who, number)
    return respond(request, tag_of("instantane", digest, len(data)), lambda: data, FILE, f"instantane-{digest[:12]}.geosnap")


@router.get("/reunions/{number}/partage.pdf")
def shared(request: Request, who: CurrentViewer, number: Number,
           given: Annotated[dict[str, str], Depends(only("territory"))]) -> Response:
    """The paper for those outside: released figures, and what the owner noted as told."""
    storage, reader = service_of(request).opened(), _reader(request, who)
    meeting = meetings.one(storage, who, number)
    found = shared_access.opened(shared_of(request), door_of(request).guest(request, who), given.get("territory", ""))
    taken = [(each, meetings.place_name(reader, each.place)) for each in meetings.decisions(storage, who)
             if each.meeting == number]
    own = meetingshare.own_figures(storage, who, found)
    tag = tag_of("partage", found.id, meeting, taken, own)
    return respond(request, tag, lambda: to_pdf(*meetingshare.paper(found, meeting, taken, (who.organisation, own)), FONT), PDF,
                   f"{meeting.kind}-{meeting.day}-a-partager-{found.id[:12]}.pdf")


@router.post("/reunions/{number}/divulguer", dependencies=_SENT)
async def disclose(request: Request, who: CurrentViewer, number: Number) -> Response:
    """What telling an exact figure outside would give away; noted when the owner is sure."""
    given = await read_form(request, "territory", "place", "first", "last", "sure")

    def act() -> Response:
        telling = disclosing.Telling(given["territory"], given["place"], _months(given), None, _today())
        found = disclosing.disclose(service_of(request).opened(), who, telling, bool(given["sure"]))
        if found.noted:
            return _to(f"/reunions/{number}")
        said = list(found.lines())[:-1]  # the last is about the command line
        return render(request, who, _of(number), warned=said, telling=given)

    return await run_in_threadpool(tried, request, who, _of(number), act)


def _months(given: dict[str, str]) -> tuple[int, int]:
    """Months since 1970-01, both included."""
    found = []
    for name in ("first", "last"):
        match = re.fullmatch(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])", given[name], re.ASCII)
        if match is None:
            raise BadInput("Donnez deux mois comme 2026-01.")
        found.append((int(match[1]) - 1970) * 12 + int(match[2]) - 1)
    if found[0] > found[1]:
        raise BadInput("Le premier mois vient avant le dernier.")
    return found[0], found[1]


def _releases(request: Request, who: Viewer) -> list[dict[str, Any]]:
    """Releases that one may open, and their places that a figure can be told of."""
    territories = door_of(request).guest(request, who).territories if can(who, Action.READ_RELEASE) else ()
    found = [one for one in shared_of(request).folder.readable() if one.territory in territories]
    return [{"territory": one.territory, "title": one.title or one.territory, "zones": [
        (ref, shapes.name_of(one, ref)) for level in meetingshare.LEVELS if level in one.release.places
        for ref in one.release.places[level].names]} for one in found]


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def _today() -> date:
    return datetime.now(UTC).date()


def _iso(number: int) -> str:
    return meetingpaper.day(number).isoformat()


def _reader(request: Request, who: Viewer) -> Reader:
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who)


def _list(request: Request, who: Viewer) -> dict[str, Any]:
    storage, reader, today = service_of(request).opened(), _reader(request, who), _today()
    found = meetings.listing(storage, who)
    frozen = snapshots.listing(storage, who)
    return {"page": "reunions", "meetings": [(each, _where(reader, each), sum(kept.meeting == each.number for kept in frozen))
                                             for each in found],
            "due": [(each, meetings.place_name(reader, each.place)) for each in meetings.due(storage, who, today)],
            "kinds": meetings.KINDS, "zones": _zones(reader), "today": today, "given": {}, **_words(who), **_ground(reader)}


def _ground(reader: Reader) -> dict[str, Any]:
    """What the drawing of a perimeter begins with: the kind whose facts are under it, where they are, places to take up."""
    box, kinds = reader.bounds(), list(reader.kinds())
    drawn = Kind.BAILLEUR if Kind.BAILLEUR in kinds else next(iter(kinds), "")
    places = [pair for pair in _places(reader)[1:] if not pair[0].startswith("commune:")]
    return {"drawn_kind": drawn, "longest": _LONGEST, "takes": places if len(residences(reader)) <= _MOST_PLACES else [],
            "bounds": "" if box is None else f"{box.west},{box.south},{box.east},{box.north}"}


def _of(number: int) -> Callable[[Request, Viewer], dict[str, Any]]:
    def data(request: Request, who: Viewer) -> dict[str, Any]:
        storage, reader = service_of(request).opened(), _reader(request, who)
        meeting = meetings.one(storage, who, number)
        decided = [(each, meetings.place_name(reader, each.place)) for each in meetings.decisions(storage, who)]
        return {"page": "reunion", "within": "/reunions", "meeting": meeting, "where": _where(reader, meeting),
                "snapshots": snapshots.listing(storage, who, number), "taken": [pair for pair in decided
                                                                                if pair[0].meeting == number],
                "earlier": [pair for pair in decided if pair[0].meeting != number and (pair[0].open
                                                                                       or pair[0].told == meeting.day)],
                "places": _places(reader), "today": _today(), "releases": _releases(request, who), "warned": [], "telling": {},
                "may_disclose": can(who, Action.DISCLOSE), "may_export": can(who, Action.EXPORT), **_words(who)}

    return data


def _followed(decision: meetings.Decision, meeting: meetings.Meeting) -> bool:
    """Whether a meeting looks at a decision of an earlier one: what is still open, and what it settled itself."""
    before = (decision.day, decision.meeting) < (meeting.day, meeting.number)
    return before and (decision.open or decision.told == meeting.day)


def _frozen(number: int, verified: bool) -> Callable[[Request, Viewer], dict[str, Any]]:
    def data(request: Request, who: Viewer) -> dict[str, Any]:
        storage, reader = service_of(request).opened(), _reader(request, who)
        found = snapshots.load(storage, who, number)
        paper, edition = meetingpaper.paper(reader, found, drawn=False)
        return {"page": "instantane", "within": "/reunions", "number": number, "header": found.header, "digest": found.digest,
                "blocks": [(type(block).__name__, block) for block in paper.blocks], "heading": paper.title,
                "lines": edition.subtitle[:2], "lacking": found.lacking, "facts": len(View(found).column("kind")) if "kind" in
                found.columns else 0, "changed": snapshots.index_version(reader) != found.header["data"],
                "checked": snapshots.verify(found) if verified else None, "may_export": can(who, Action.EXPORT), **_words(who)}

    return data


def _words(who: Viewer) -> dict[str, Any]:
    return {"levers": meetings.LEVERS, "in_charge": meetings.IN_CHARGE, "states": meetings.STATES,
            "nothing_yet": meetings.NOTHING_YET,
            "may_record": can(who, Action.RECORD), "words": meetings.KINDS}


def _where(reader: Reader, meeting: meetings.Meeting) -> str:
    if meeting.perimeter is not None:
        return "Périmètre tracé"
    return "Tout le territoire" if meeting.zone is None else meetings.place_name(reader, str(meeting.zone))


def _zones(reader: Reader) -> list[tuple[str, str]]:
    """Communes, then the newest QPV; those that hold or touch what is in reach."""
    bounds = reader.bounds()
    found = [zone for layer in ("limites", "qpv") if layer in reader.catalog.layers for zone in reader.zones(layer)
             if bounds is None or zone.box.intersects(bounds)]
    return [(str(zone.reference), f"{'QPV ' if zone.reference.layer != 'commune' else ''}{zone.name}"
             + (" (2015)" if zone.reference.layer == "qpv2015" else "")) for zone in found]


def _places(reader: Reader) -> list[tuple[str, str]]:
    known = residences(reader)
    homes = [(f"residence:{code}", each.name) for code, each in known.items()] if len(known) <= _MOST_PLACES else []
    return [("perimetre", "Tout le périmètre"), *_zones(reader), *sorted(homes, key=lambda pair: pair[1])]


