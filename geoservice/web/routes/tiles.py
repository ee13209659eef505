"""Tiles of every layer, and the TileJSON that describes them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, parse
from geoservice.errors import BadInput, NotFound
from geoservice.export.tile import Tile
from geoservice.operations import credits, marks, tiles
from geoservice.operations.reader import LayerView, Reader, organisations_of
from geoservice.web.cookies import is_https
from geoservice.web.dependencies import CurrentReader, LayerName, described, known_layer, only
from geoservice.web.responses import JSON, MVT, PNG, respond, tag_of, to_json
from geoservice.web.routes.words import box_list
from geoservice.web.service import service_of

router = APIRouter()

# `bbox` is no parameter of a tile, which is a box itself; nor is `format`, which the address ends with
FACT_NAMES = tuple(name for name in PARAMETERS if name not in ("bbox", "format"))
FEATURE_NAMES = ("generation",)
_MEDIA = {"mvt": MVT, "png": PNG}


async def _view(reader: CurrentReader, layer: LayerName) -> LayerView:
    return reader.layer(layer)


async def _parameters(request: Request, layer: LayerName, reader: CurrentReader) -> dict[str, str]:
    """The filters that a layer's tiles take: those of facts, or a generation."""
    return await _allowed(reader, layer)(request)


_FACT_PARAMETERS, _FEATURE_PARAMETERS = only(*FACT_NAMES), only(*FEATURE_NAMES)


def _allowed(reader: Reader, layer: str) -> Callable[[Request], Awaitable[dict[str, str]]]:
    return _FACT_PARAMETERS if reader.catalog.layer(layer).stores == "facts" else _FEATURE_PARAMETERS


View = Annotated[LayerView, Depends(_view)]
Given = Annotated[dict[str, str], Depends(_parameters)]


@router.get("/tiles/{layer}/tilejson.json", openapi_extra=described(*FACT_NAMES, *FEATURE_NAMES))
def tilejson(request: Request, reader: CurrentReader, view: View, given: Given) -> Response:
    """TileJSON 3.0 of a layer; filters go on into the addresses of its tiles. `resolutions`: of the cells, by zoom."""
    _drawable(view)
    tag = tag_of("tilejson", reader.viewer.organisation_id, view.version, base_of(request), sorted(given.items()),
                 *credits.texts(reader, view.spec.name))
    return respond(request, tag, lambda: to_json(_described(request, reader, view, given)), JSON)


def _described_tile(answer: str) -> dict[str, Any]:
    """Like `described`, with the names in the path: the routes below read them themselves."""
    words = described(*FACT_NAMES, *FEATURE_NAMES, answers=(answer,))
    path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("layer", "z", "x", "y")]
    return {**words, "parameters": [*path, *words["parameters"]]}


# A page asks for tiles by the dozen. What takes about a millisecond is drawn where it was asked, not in a thread; and there is no
# dependency but the reader, which no route with data may lack: solving them took FastAPI as long as the tile.
@router.get("/tiles/{layer}/{z}/{x}/{y}.mvt", openapi_extra=_described_tile(MVT))
async def vector_tile(request: Request, reader: CurrentReader) -> Response:
    """Facts as whole hexagons (`h3`, `n`), other layers as clipped features."""
    return await _tile(request, reader, "mvt")


@router.get("/tiles/{layer}/{z}/{x}/{y}.png", openapi_extra=_described_tile(PNG))
async def image_tile(request: Request, reader: CurrentReader) -> Response:
    """Facts as heat, other layers drawn, 256 pixels a side."""
    return await _tile(request, reader, "png")


async def _tile(request: Request, reader: Reader, form: str) -> Response:
    path = request.path_params
    layer = known_layer(request, path["layer"])
    tile, view = _address(path["z"], path["x"], path["y"]), reader.layer(layer)
    given = await _allowed(reader, layer)(request)
    _drawable(view)
    tiles.check(tile, view)
    identity = (form, reader.viewer.organisation_id, view.spec.name, view.version, tile)
    if view.spec.stores != "facts":
        generation = tiles.generation_of(view, given.get("generation"))
        if layer in marks.COLUMNS and form == "mvt":
            return await run_in_threadpool(_marked, request, reader, view, (tile, generation))
        picture = tiles.features_mvt if form == "mvt" else tiles.features_png
        return await run_in_threadpool(respond, request, tag_of(*identity, generation),
                                       lambda: picture(reader, view, tile, generation), _MEDIA[form])
    query = parse(given)
    query = query.with_(resolution=tiles.resolution_for(tile, query.resolution if "resolution" in given else None))
    draw = tiles.cells_mvt if form == "mvt" else tiles.heat_png
    tag, kept = tag_of(*identity, query.canonical()), service_of(request).drawn
    key = (*organisations_of(reader.viewer), tag)
    answer = (request, tag, partial(kept.get, key, partial(draw, reader, tile, query)), _MEDIA[form])
    quick = key in kept or (form == "mvt" and tiles.is_quick(tile, query))
    return respond(*answer) if quick else await run_in_threadpool(respond, *answer)


def _marked(request: Request, reader: Reader, view: LayerView, asked: tuple[Tile, str | None]) -> Response:
    """Halls with their state, residences with their silence: what changes with facts, with what people say, and with the day."""
    tile, generation = asked
    added = marks.Marks(reader, view.spec.name, datetime.now(UTC).date())
    tag = tag_of("mvt", reader.viewer.organisation_id, view.spec.name, view.version, tile, generation, added.tag)
    return respond(request, tag, lambda: tiles.features_mvt(reader, view, tile, generation, added.columns()), MVT)


def _address(z: str, x: str, y: str) -> Tile:
    if not all(text.isascii() and text.isdigit() and len(text) <= 8 for text in (z, x, y)):
        raise NotFound("Une tuile s’adresse par trois nombres : /tiles/COUCHE/Z/X/Y.mvt.")
    return Tile(int(z), int(x), int(y))


def _drawable(view: LayerView) -> None:
    if view.spec.stores not in ("facts", "features") or view.spec.geometry == "none":
        raise NotFound("Cette couche n’a pas de géométrie : elle n’a pas de tuiles.")


def _described(request: Request, reader: Reader, view: LayerView, given: dict[str, str]) -> dict[str, Any]:
    spec = view.spec
    address = f"{base_of(request)}/tiles/{spec.name}/{{z}}/{{x}}/{{y}}"
    ending = f"?{urlencode(given)}" if given else ""
    return {
        "tilejson": "3.0.0", "name": spec.title, "description": spec.description,
        "attribution": ", ".join(filter(None, credits.texts(reader, spec.name))),
        "scheme": "xyz", "tiles": [f"{address}.mvt{ending}"], "images": [f"{address}.png{ending}"],
        "minzoom": spec.minzoom, "maxzoom": spec.maxzoom,
        **({} if view.bounds is None else {"bounds": box_list(view.bounds)}),
        **(_of_facts(view, given) if spec.stores == "facts" else _of_features(reader, view, given)),
    }


def _of_facts(view: LayerView, given: dict[str, str]) -> dict[str, Any]:
    parse(given)  # a filter that cannot be is said here, not by every tile
    zooms = range(view.spec.maxzoom + 1)
    latitude = 46.6 if view.bounds is None else (view.bounds.south + view.bounds.north) / 2
    return {
        "vector_layers": [_vector_layer(view, {"h3": "String", "n": "Number"})],
        "resolutions": [int(given.get("resolution", tiles.resolution_of_zoom(zoom))) for zoom in zooms],
        "heat_radius_m": [round(tiles.heat_radius_m(zoom, latitude), 1) for zoom in zooms],
    }


def _of_features(reader: Reader, view: LayerView, given: dict[str, str]) -> dict[str, Any]:
    generation = tiles.generation_of(view, given.get("generation"))
    sample = reader.features(view.spec.name, generation=generation, limit=100)
    more = {marks.COLUMNS[view.spec.name][0]: "String"} if view.spec.name in marks.COLUMNS else {}
    return {"vector_layers": [_vector_layer(view, tiles.fields_of(sample) | more)], "generation": generation}


def _vector_layer(view: LayerView, fields: dict[str, str]) -> dict[str, Any]:
    return {"id": view.spec.name, "description": view.spec.title, "minzoom": view.spec.minzoom, "maxzoom": view.spec.maxzoom,
            "fields": fields}


def base_of(request: Request) -> str:
    """Scheme and host as the client knows them: tile addresses must be absolute."""
    host = request.headers.get("host", "")
    if not re.fullmatch(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?", host, re.ASCII):
        raise BadInput("L’en-tête « Host » de cette demande n’est pas un nom de machine.")
    return f"{'https' if is_https(request) else 'http'}://{host}"
