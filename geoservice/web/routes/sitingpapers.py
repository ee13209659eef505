"""The papers of a camera plan: from the same parameters as « Décider », drafts to be taken along and looked at on the spot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import parse
from geoservice.core.stats.given import NotEnough
from geoservice.errors import Conflict, NotReady
from geoservice.export.fonts import FONT
from geoservice.export.paper import TENTH_MM
from geoservice.export.paperpdf import to_pdf
from geoservice.export.svg import to_svg
from geoservice.export.tables import to_gpkg_layers
from geoservice.operations import sitingground, sitingkept, sitingpapers, sitingpapers_site
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingwish import filters_of
from geoservice.web import heavy
from geoservice.web.dependencies import CurrentReader, only
from geoservice.web.naming import file_name
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes import decidepage
from geoservice.web.routes.decidepage import plan_of
from geoservice.web.routes.picture import PDF, SVG

router = APIRouter(include_in_schema=False)

GPKG = "application/geopackage+sqlite3"
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
