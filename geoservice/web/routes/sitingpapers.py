"""The papers of a camera plan: from the same parameters as « Décider », drafts to be taken along and looked at on the spot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import parse
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, Conflict, GeoserviceError, NotFound, NotReady
from geoservice.export import french
from geoservice.export.fonts import FONT
from geoservice.export.ics import to_ics
from geoservice.export.paper import TENTH_MM
from geoservice.export.paperpdf import to_pdf
from geoservice.export.svg import to_svg
from geoservice.export.tables import to_gpkg_layers
from geoservice.operations import (
    sitingground,
    sitingkept,
    sitingpapers,
    sitingpapers_file,
    sitingpapers_site,
    sitingpapers_study,
)
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitinglaw import regime_for
from geoservice.operations.sitingwish import filters_of
from geoservice.types import Viewer
from geoservice.web import heavy
from geoservice.web.dependencies import CurrentReader, only
from geoservice.web.formpage import page
from geoservice.web.naming import file_name
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes import decidepage
from geoservice.web.routes.decidepage import plan_of
from geoservice.web.routes.picture import PDF, SVG
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)

GPKG, ICS = "application/geopackage+sqlite3", "text/calendar"
START = "autorisation"
_FIRST, _LAST = 2000, 2100  # years of an authorisation
NAMES = (*decidepage.NAMES, sitingkept.NUMBER, "paper")
_LAYERS = ("eclairage", "cameras", "qpv", "limites")  # what a plan reads besides its ground
Given = Annotated[dict[str, str], Depends(only(*NAMES))]
Made = Callable[[Reader, Plan, datetime], bytes]


@router.get("/decider/plans.pdf")
def plans_pdf(request: Request, reader: CurrentReader, given: Given) -> Response:
    """Site plan and detail plans, to scale."""
    return answered(request, reader, given, ("plans", "pdf", PDF), lambda reader, plan, edited: to_pdf(
        *sitingpapers.paper(reader, plan, edited, given.get("paper", "a4")), FONT))


@router.get("/decider/plan.svg")
def plan_svg(request: Request, reader: CurrentReader,
             given: Annotated[dict[str, str], Depends(only(*NAMES, "camera"))]) -> Response:
    """The site plan, or the detail plan of one camera, as a drawing to scale."""
    return answered(request, reader, given, ("plan", "svg", SVG), lambda reader, plan, edited: to_svg(
        sitingpapers.drawing(reader, plan, edited, given.get("paper", "a4"), given.get("camera", "")), TENTH_MM))


@router.get("/decider/plan.gpkg")
def plan_gpkg(request: Request, reader: CurrentReader, given: Given) -> Response:
    """Cameras, fields, masks and façades to look at, for QGIS."""
    return answered(request, reader, given, ("plan", "gpkg", GPKG), lambda reader, plan, edited: heavy.elsewhere(
        to_gpkg_layers, sitingpapers_site.layers_of(plan, edited)))


@router.get("/decider/etude.pdf")
def study_pdf(request: Request, reader: CurrentReader, given: Given) -> Response:
    """The opportunity study."""
    return answered(request, reader, given, ("etude", "pdf", PDF), lambda reader, plan, edited: to_pdf(
        *sitingpapers_study.paper(reader, plan, edited), FONT))


@router.get("/decider/dossier")
def file_page(request: Request, given: Annotated[dict[str, str], Depends(only(*NAMES, START))]) -> Response:
    """Pieces of the file with what is missing, and the days that follow an authorisation; to be printed."""
    return page(request, lambda request, who: _file_values(request, who, given))


@router.get("/decider/dossier.pdf")
def file_pdf(request: Request, reader: CurrentReader,
             given: Annotated[dict[str, str], Depends(only(*NAMES, START))]) -> Response:
    """The same as a PDF."""
    return answered(request, reader, given, ("dossier", "pdf", PDF), lambda reader, plan, edited: to_pdf(
        *sitingpapers_file.paper(reader, plan, edited, started_of(given)), FONT))


@router.get("/decider/echeances.ics")
def calendar_ics(request: Request, reader: CurrentReader,
                 given: Annotated[dict[str, str], Depends(only(*NAMES, START))]) -> Response:
    """The days that follow an authorisation, for a calendar."""
    started = started_of(given)
    if started is None:
        raise BadInput(f"« {START} » dit le jour de l’autorisation ou de la mise en service, comme 2026-12-01.")
    return answered(request, reader, given, ("echeances", "ics", ICS), lambda reader, plan, edited: to_ics(
        f"Caméras, {sitingpapers.where_of(reader, plan)}", sitingpapers_file.events(reader, plan, started), edited))


def started_of(given: dict[str, str]) -> date | None:
    """The day of the authorisation; BadInput for what is no day, or none within reach."""
    text = given.get(START)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not _FIRST <= day.year <= _LAST:
        raise BadInput(f"« {START} » attend un jour comme 2026-12-01, de {_FIRST} à {_LAST}.")
    return day


def _file_values(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    service = service_of(request)
    reader = open_reader(service.opened(), service.catalog, who)
    shown: dict[str, Any] = {"page": "dossier", "within": "/decider", "given": given, "start": START, "text": french.typeset,
                             "date": french.day, "when": sitingpapers_file.when, "missing": sitingpapers_file.MISSING,
                             "back": _back(given),
                             "asked": urlencode({name: text for name, text in given.items() if name not in (START, "paper")}),
                             "whole": urlencode(given), "plan": None, "reason": "", "started": None}
    try:
        started, plan = started_of(given), plan_of(reader, given)
        found = sitingpapers_file.pieces(plan)
    except NotFound:
        raise
    except GeoserviceError as error:
        return {**shown, "reason": french.typeset(str(error))}
    return {**shown, "plan": plan, "started": started, "counted": sitingpapers_file.counted(found),
            "groups": [(state, [each for each in found if each.state == state]) for state in sitingpapers_file.STATES],
            "around": sitingpapers.edition(reader, plan, datetime.now(UTC), "Dossier").subtitle,
            "first_day": regime_for(plan.asked.operator).first_day, "dues": sitingpapers_file.calendar(plan, started)}


def _back(given: dict[str, str]) -> str:
    """Where the plan is shown: on a page of its own where it is kept."""
    if given.get(sitingkept.NUMBER, "").isdecimal():
        return f"/decider/plans/{given[sitingkept.NUMBER]}"
    return f"/decider?{urlencode({name: text for name, text in given.items() if name in decidepage.NAMES})}"


def answered(request: Request, reader: Reader, given: dict[str, str], what: tuple[str, str, str], make: Made) -> Response:
    """A file made from the plan of the parameters; Conflict with its reason where there is no plan. what: name, ending, type."""
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    edited, (name, ending, media_type) = datetime.now(UTC), what

    def made() -> bytes:
        try:
            return make(reader, plan_of(reader, given), edited)
        except NotEnough as lacking:
            raise Conflict(str(lacking)) from None

    return respond(request, tag(reader, given, name, ending, edited.date()), made, media_type,
                   file_name(f"{name}-cameras", reader, parse(filters_of(reader, given)), edited.date(), ending))


def tag(reader: Reader, given: dict[str, str], *more: object) -> str:
    """Changes with anything that a paper says."""
    layers = [reader.version(layer) for layer in _LAYERS if layer in reader.catalog.layers]
    return tag_of("papiers", *more, *sitingground.state_of(reader), reader.version(FACTS), *layers, sorted(given.items()))
