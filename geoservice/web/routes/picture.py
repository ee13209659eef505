"""The map as a picture and as a sheet of paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.errors import BadInput, NotReady
from geoservice.export.fonts import FONT
from geoservice.export.sheet import Sheet, to_pdf
from geoservice.export.svg import to_svg
from geoservice.operations import hotpicture, hotsheets, picture, sheets
from geoservice.operations.analyse import Wanted
from geoservice.operations.hotpicture import HotPicture
from geoservice.operations.indexing import FACTS
from geoservice.operations.picture import Frame, Picture
from geoservice.operations.reader import Reader
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.naming import file_name
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes.hotspots import OPTIONS, wanted_of

router = APIRouter()

SVG, PDF = "image/svg+xml", "application/pdf"
# `show=hotspots` draws what stands out, tested as /api/hotspots does; else counts are drawn
NAMES = (*(name for name in PARAMETERS if name != "format"), "show", *OPTIONS)
_SHOWS = ("counts", "hotspots")
_DRAWN = ("eau", "voies", "batiments", "limites", "qpv", "patrimoine", "halls")
SIZES = {"width": (960, 120, 4_000), "height": (640, 120, 4_000)}


@dataclass(frozen=True)
class Asked:
    """A picture that somebody asked for; `wanted` says how hot spots are looked for, None where counts are drawn."""

    query: FactQuery
    frame: Frame
    wanted: Wanted | None

    def draw(self, reader: Reader) -> Picture | HotPicture:
        """The picture."""
        if self.wanted is None:
            return picture.draw(reader, self.query, self.frame)
        return hotpicture.draw(reader, self.query, self.wanted, self.frame)

    def tag(self, name: str, reader: Reader, *more: object) -> str:
        """Changes with anything that the picture draws."""
        versions = [reader.version(layer) for layer in _DRAWN if layer in reader.catalog.layers]
        return tag_of(name, *more, self.frame, self.wanted, reader.viewer.organisation_id, reader.version(FACTS), *versions,
                      self.query.canonical())


def asked(given: dict[str, str], size: tuple[int, int], marks: int = 0) -> Asked:
    """What the parameters ask for; how hot spots are looked for can only be said where they are asked for."""
    query = parse({name: text for name, text in given.items() if name not in (*SIZES, "show", *OPTIONS)})
    hot = one_of(given.get("show"), _SHOWS, "show") == "hotspots"
    if not hot and any(name in given for name in OPTIONS):
        raise BadInput(f"« {', '.join(OPTIONS)} » ne valent qu’avec show=hotspots.")
    frame = Frame(*size, query.bbox, query.resolution if "resolution" in given else None, marks)
    return Asked(query, frame, wanted_of(given) if hot else None)


@router.get("/api/map.svg", openapi_extra=described(*NAMES, "width", "height", answers=(SVG,)))
def map_svg(request: Request, reader: CurrentReader,
            given: Annotated[dict[str, str], Depends(only(*NAMES, *SIZES))]) -> Response:
    """Hexagons (or hot spots), QPV and limits as SVG; `bbox` is what the picture shows."""
    wanted = asked(given, sizes_of(given))
    return respond(request, wanted.tag("svg", reader), lambda: to_svg(wanted.draw(reader).drawing), SVG)


@router.get("/api/carte.pdf", openapi_extra=described(*NAMES, answers=(PDF,)))
def carte_pdf(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """The map composed on A4: filters in words, legend, the busiest hexagons or the areas that stand out, sources and method."""
    wanted, edited = asked(given, sheets.SIZE, sheets.MARKS), datetime.now(UTC)
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    return respond(request, wanted.tag("pdf", reader, edited.date()), lambda: to_pdf(_sheet(reader, wanted, edited), FONT), PDF,
                   file_name("carte", reader, wanted.query, edited.date(), "pdf"))


def _sheet(reader: Reader, wanted: Asked, edited: datetime) -> Sheet:
    if wanted.wanted is None:
        return sheets.compose(reader, wanted.query, wanted.frame, edited)
    return hotsheets.compose(reader, wanted.query, wanted.wanted, wanted.frame, edited)


def sizes_of(given: dict[str, str]) -> tuple[int, int]:
    """Width and height in pixels from the request."""
    return _size_of(given.get("width"), "width"), _size_of(given.get("height"), "height")


def _size_of(text: str | None, name: str) -> int:
    """A size in pixels from the request, within bounds."""
    usual, least, most = SIZES[name]
    if text is None:
        return usual
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadInput(f"« {name} » attend un nombre de pixels de {least} à {most}.")
    return int(text)
