"""Pages about single facts of one's own register: the chronology of a place, reports that may be one, what became of facts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.core.query import EPOCH
from geoservice.errors import BadInput
from geoservice.export.tables import Table
from geoservice.operations import chronology, entry, merging, residences, routing
from geoservice.operations.chronology import Asked, Chronology, digest_of
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import open_reader
from geoservice.types import LABELS, SUBCATEGORIES, Category, Viewer
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, only
from geoservice.web.files import TYPES, encoded
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, safe_name, to_json
from geoservice.web.routes.account import Number, number_in_path
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
_PLACE = only("residence", "hall", "from", "to", "format")
_PRIVATE = {"Cache-Control": "private, no-store"}


# --- the chronology of a place

@router.get("/chronologie")
def chronology_page(request: Request, given: Annotated[dict[str, str], Depends(_PLACE)]) -> Response:
    """Facts of a residence or hall in order, as a page to print."""
    return page(request, lambda request, who: _chronology(request, who, given))


@router.get("/api/chronologie.csv")
def chronology_file(reader: CurrentReader, given: Annotated[dict[str, str], Depends(_PLACE)]) -> Response:
    """The same as a table."""
    found = chronology.chronology(reader, _asked(given))
    name = safe_name(f"chronologie-{found.residence.code}.csv")
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(encoded(_table(found), "csv", "chronologie"), 200, headers, TYPES["csv"])


def _asked(given: dict[str, str]) -> Asked:
    if "residence" not in given:
        raise BadInput("Choisissez une résidence : son code suit « residence= » dans l’adresse.")
    until = _date(given.get("to"))
    return Asked(given["residence"][:200], given.get("hall", "")[:200] or None, _date(given.get("from")), until)


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("Un jour s’écrit AAAA-MM-JJ, par exemple 2026-03-31.") from None


def _chronology(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    service = service_of(request)
    reader = open_reader(service.opened(), service.catalog, who)
    asked = _asked(given)
    found = chronology.chronology(reader, asked)
    since, until = (None if each is None else (each - EPOCH).days for each in (asked.since, asked.until))
    halls = sorted({(hall.code, hall.name) for _, hall in residences.known_halls(reader, found.residence.code)})
    return {"page": "chronologie", "within": "/lieux", "found": found, "halls": halls, "given": given,
            "time": time_words, "what": what, "routing": routing.routing(), "may": can(who, Action.RECORD),
            "since": since, "until": until, "today": routing.today(), "query": request.url.query,
            "qpv": residences.near_qpv(reader, found.residence.point)}


def _table(found: Chronology) -> Table:
    lines = found.lines
    return Table({
        "fait": [line.digest for line in lines], "date": [_iso(line.day) for line in lines],
        "heure": [time_words(line.minute) for line in lines], "categorie": [LABELS[Category(line.category)] for line in lines],
        "precision": [_precise(line.category, line.subcategory) for line in lines],
        "lieu": [LABELS.get(line.place, "") for line in lines],  # type: ignore[call-overload]
        "partie": [line.part for line in lines], "hall": [line.hall or "" for line in lines],
        "gravite": ["" if line.gravity is None else str(line.gravity) for line in lines],
        "nature": [", ".join(LABELS[nature] for nature in line.natures) for line in lines],  # type: ignore[index]
        "plainte": [line.complaint for line in lines], "signalements": [line.reports for line in lines],
        "origine": [LABELS[line.kind] for line in lines],  # type: ignore[index]
        "rattachement": [line.certainty for line in lines],
        "distance_m": ["" if line.metres is None else f"{line.metres:.0f}" for line in lines]})


def _precise(category: str, subcategory: str | None) -> str:
    return SUBCATEGORIES[Category(category)].get(subcategory or "", "")


def what(row: Any) -> str:
    """« Dégradations, tag »."""
    return ", ".join(part for part in (LABELS[Category(row.category)], _precise(row.category, row.subcategory)) if part)


def time_words(minute: int | None) -> str:
    """« 22 h 15 », nothing where it is unknown."""
    return "" if minute is None else f"{minute // 60}\u202fh\u202f{minute % 60:02d}"


def _names(request: Request, who: Viewer) -> dict[str, str]:
    """Names of residences by code."""
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who).shelf.names("patrimoine")


# --- what became of facts

@router.get("/suites")
def follow_page(request: Request, given: Annotated[dict[str, str], Depends(only("fait"))]) -> Response:
    """Partners asked, open ones first; with `fait`, the form to ask one about it."""
    return page(request, lambda request, who: _follow(request, who, given.get("fait")))


@router.get("/api/suites")
def followed(request: Request, who: CurrentViewer, given: Annotated[dict[str, str], Depends(only("residence"))]) -> Response:
    """Open ones, the oldest first; of one residence where it is named."""
    table = routing.routing()
    rows = [row for row in routing.listing(service_of(request).opened(), who)
            if row.closed is None and given.get("residence") in (None, row.residence)]
    return Response(to_json({"open": [{
        "fact": row.fact, "what": what(row), "partner": table.partners[row.partner], "opened": _iso(row.opened), "days": row.age,
        "ageing": row.ageing, "residence": row.residence, "hall": row.hall} for row in rows]}), 200, _PRIVATE, JSON)


def _iso(day: int) -> str:
    return (EPOCH + timedelta(day)).isoformat()


@router.post("/suites", dependencies=_SENT)
async def ask(request: Request, who: CurrentViewer) -> Response:
    """A partner is asked about a fact."""
    given = await read_form(request, "fact", "partner")

    def act() -> None:
        routing.ask(service_of(request).opened(), who, _number(given["fact"]), given["partner"])

    return await run_in_threadpool(tried, request, who, _follow, act)


@router.post("/suites/{number}/clore", dependencies=_SENT)
async def close(request: Request, who: CurrentViewer, number: Number) -> Response:
    """It ended."""
    given = await read_form(request, "outcome")
    return await run_in_threadpool(tried, request, who, _follow, lambda: routing.close(
        service_of(request).opened(), who, number, given["outcome"]))


def _number(text: str) -> int:
    return number_in_path(text)


def _follow(request: Request, who: Viewer, fact: str | None = None) -> dict[str, Any]:
    storage = service_of(request).opened()
    found = routing.listing(storage, who)
    asked = routing.fact(storage, who, number_in_path(fact)) if fact else None
    table = routing.routing()
    first = table.of(asked.category, asked.subcategory) if asked is not None else ()
    ordered = dict.fromkeys((*first, *table.partners))
    partners = [(code, table.partners[code], code in first) for code in ordered]
    return {"page": "suites", "rows": found, "routing": table, "what": what, "asked": asked, "partners": partners,
            "may": can(who, Action.RECORD), "digest": digest_of, "names": _names(request, who)}


# --- reports that may be one fact

@router.get("/doublons", dependencies=[NoParameters])
def merging_page(request: Request) -> Response:
    """Reports of the last month that may be one fact, and facts that stand for several."""
    return page(request, _merging)


@router.post("/doublons", dependencies=_SENT)
async def merge(request: Request, who: CurrentViewer) -> Response:
    """Somebody says that reports are one fact."""
    names = tuple(f"r{number}" for number in range(merging.MOST_REPORTS))
    given = await read_form(request, "head", *names)
    return await run_in_threadpool(tried, request, who, _merging, lambda: merging.merge(
        service_of(request).opened(), who, _number(given["head"]), [_number(given[name]) for name in names if given[name]]))


@router.post("/doublons/{number}/separer", dependencies=_SENT)
def separate(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A report counts for itself again."""
    return tried(request, who, _merging, lambda: merging.separate(service_of(request).opened(), who, number))


def _merging(request: Request, who: Viewer) -> dict[str, Any]:
    storage = service_of(request).opened()
    return {"page": "doublons", "proposed": merging.proposals(storage, who), "merged": merging.merged(storage, who), "what": what,
            "time": time_words, "digest": digest_of, "names": _names(request, who), "days": merging.LOOKED_BACK}


@router.get("/api/facts/{key}/proches", dependencies=[NoParameters])
def near(request: Request, who: CurrentViewer, key: str) -> Response:
    """Facts that one just entered may tell again."""
    found = merging.near(service_of(request).opened(), who, entry.SOURCE, key[:120])
    return Response(to_json({"near": [{
        "fact": row.id, "what": what(row), "date": _iso(row.day), "time": time_words(row.minute)}
        for row in found]}), 200, _PRIVATE, JSON)
