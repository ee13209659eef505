"""Views to take away: features of a layer and zones as files, the map as a picture, the code that makes it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, parse_box
from geoservice.errors import BadInput, NotFound, NotReady
from geoservice.export import french
from geoservice.export.columns import columns
from geoservice.export.drawing_png import Words, to_png
from geoservice.export.tables import Table
from geoservice.operations import credits, snippet
from geoservice.operations.features import Features
from geoservice.operations.hotpicture import HotPicture
from geoservice.operations.indexing import FACTS
from geoservice.operations.picture import Picture
from geoservice.operations.reader import Reader
from geoservice.operations.tiles import generation_of
from geoservice.web.dependencies import CurrentReader, LayerName, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.naming import file_name
from geoservice.web.responses import PNG, respond, tag_of
from geoservice.web.routes.picture import FONT, NAMES, SIZES, asked, sizes_of

router = APIRouter()

FORMATS = {name: kind for name, kind in TYPES.items() if name != "json"}
PYTHON = "text/x-python"
MOST_FEATURES = 200_000
_SNIPPET = tuple(name for name in PARAMETERS if name != "format")


@router.get("/api/features/{layer}", openapi_extra=described("bbox", "generation", "format", answers=tuple(FORMATS.values())))
def features(request: Request, reader: CurrentReader, layer: LayerName,
             given: Annotated[dict[str, str], Depends(only("bbox", "generation", "format"))]) -> Response:
    """Features of a layer that touch `bbox`, with their properties."""
    view = reader.layer(layer)
    if view.spec.stores != "features":
        raise NotFound("Cette couche ne se lit pas objet par objet : les faits sortent comptés, par /api/cells ou /api/units.")
    form, box = one_of(given.get("format"), tuple(FORMATS), "format"), parse_box(given.get("bbox"))
    generation = generation_of(view, given.get("generation"))
    tag = tag_of("features", layer, form, generation, box, reader.viewer.organisation_id, view.version)
    return respond(request, tag, lambda: _features(reader.features(layer, box, generation, MOST_FEATURES + 1), layer, form),
                   FORMATS[form], f"geoservice-{layer}.{ENDINGS[form]}")


def _features(found: Features, layer: str, form: str) -> bytes:
    if len(found) > MOST_FEATURES:
        raise BadInput(f"Cette couche a plus de {MOST_FEATURES} objets ici : donnez une emprise plus petite avec « bbox ».")
    first: dict[str, Any] = {"cle": found.keys, "nom": found.names, "millesime": found.generations}
    return encoded(Table(columns(first, found.properties), found.geometry), form, layer)


@router.get("/api/map.png", openapi_extra=described(*NAMES, *SIZES, answers=(PNG,)))
def map_png(request: Request, reader: CurrentReader,
            given: Annotated[dict[str, str], Depends(only(*NAMES, *SIZES))]) -> Response:
    """The map as a picture for a report, with its period, filters, legend and sources written under it."""
    wanted = asked(given, sizes_of(given))
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    return respond(request, wanted.tag("png", reader), lambda: _png(reader, wanted.draw(reader)), PNG,
                   file_name("carte", reader, wanted.query, datetime.now(UTC).date(), "png"))


def _png(reader: Reader, drawn: Picture | HotPicture) -> bytes:
    sources = [f"{spec.title} ({', '.join(filter(None, credits.texts(reader, name)))})" for name in (FACTS, *drawn.layers)
               if (spec := reader.catalog.layers.get(name)) is not None]
    lines = [drawn.drawing.description, "Un décompte dépend de qui signale : ce n’est pas une mesure de la délinquance.",
             f"Sources{french.NNBSP}: {' · '.join(sources)}."]
    return to_png(drawn.drawing, Words(lines, _classes(drawn)), FONT)


def _classes(drawn: Picture | HotPicture) -> list[tuple[str, str]]:
    if isinstance(drawn, HotPicture):
        return [(colour, f"{word} ({number})") for colour, word, number in drawn.legend()]
    return [(each.colour, french.number(each.low) if each.low == each.high else
             f"{french.number(each.low)}–{french.number(each.high)}") for each in drawn.classes]


@router.get("/api/snippet", openapi_extra=described(*_SNIPPET, answers=(PYTHON,)))
def python_snippet(request: Request, reader: CurrentReader,
                   given: Annotated[dict[str, str], Depends(only(*_SNIPPET))]) -> Response:
    """The Python that makes this view again with `geoservice.notebook`."""
    return respond(request, tag_of("snippet", reader.viewer.organisation_id, sorted(given.items())),
                   lambda: snippet.of(given).encode(), PYTHON, "vue.py")
