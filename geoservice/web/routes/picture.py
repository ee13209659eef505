"""The map as a picture and as a sheet of paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.errors import BadInput, NotReady
from geoservice.export.sheet import to_pdf
from geoservice.export.svg import to_svg
from geoservice.operations import picture, sheets
from geoservice.operations.indexing import FACTS
from geoservice.operations.picture import Frame
from geoservice.operations.reader import Reader
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.naming import file_name
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes.files import PAGE

router = APIRouter()

SVG, PDF = "image/svg+xml", "application/pdf"
FONT = PAGE / "vendor" / "source-sans-3-latin.woff2"
NAMES = tuple(name for name in PARAMETERS if name != "format")
_DRAWN = ("eau", "voies", "batiments", "limites", "qpv", "patrimoine")
_SIZES = {"width": (960, 120, 4_000), "height": (640, 120, 4_000)}


@router.get("/api/map.svg", openapi_extra=described(*NAMES, "width", "height", answers=(SVG,)))
def map_svg(request: Request, reader: CurrentReader,
            given: Annotated[dict[str, str], Depends(only(*NAMES, *_SIZES))]) -> Response:
    """Hexagons, QPV and limits as SVG; `bbox` is what the picture shows."""
    width, height = (size_of(given.get(name), name) for name in _SIZES)
    query = parse({name: text for name, text in given.items() if name not in _SIZES})
    frame = Frame(width, height, query.bbox, query.resolution if "resolution" in given else None)
    tag = tag_of_picture("svg", reader, query, frame)
    return respond(request, tag, lambda: to_svg(picture.draw(reader, query, frame).drawing), SVG)


@router.get("/api/carte.pdf", openapi_extra=described(*NAMES, answers=(PDF,)))
def carte_pdf(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """The map composed on A4: filters in words, legend, the busiest hexagons, sources and method."""
    query, edited = parse(given), datetime.now(UTC)
    frame = Frame(*sheets.SIZE, query.bbox, query.resolution if "resolution" in given else None, sheets.MARKS)
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    tag = tag_of_picture("pdf", reader, query, frame, edited.date())
    return respond(request, tag, lambda: to_pdf(sheets.compose(reader, query, frame, edited), FONT), PDF,
                   file_name("carte", reader, query, edited.date(), "pdf"))


def size_of(text: str | None, name: str) -> int:
    """A size in pixels from the request, within bounds."""
    usual, least, most = _SIZES[name]
    if text is None:
        return usual
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadInput(f"« {name} » attend un nombre de pixels de {least} à {most}.")
    return int(text)


def tag_of_picture(name: str, reader: Reader, query: FactQuery, *more: object) -> str:
    """Changes with anything that a picture of the query draws."""
    versions = [reader.version(layer) for layer in _DRAWN if layer in reader.catalog.layers]
    return tag_of(name, *more, reader.viewer.organisation_id, reader.version(FACTS), *versions, query.canonical())
