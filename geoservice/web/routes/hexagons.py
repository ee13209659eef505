"""Geometry of cells under an address that carries its version, and the values that follow its order."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core import grid
from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.errors import NotFound
from geoservice.operations import hexagons
from geoservice.operations.hexagons import Geometry, Values
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.responses import FOR_EVER, JSON, NO_CACHE, respond, tag_of, to_json

router = APIRouter()

NAMES = tuple(name for name in PARAMETERS if name != "format")
_OF_SHAPES = ("kind", "resolution", "bbox")


@router.get("/api/geometry", openapi_extra=described(*_OF_SHAPES))
def geometry(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_OF_SHAPES))]) -> Response:
    """The geometry as it is now; its `version` makes the address under which it never changes."""
    return _geometry(request, reader, parse(given), None)


@router.get("/api/geometry/{version}/{resolution}", openapi_extra=described("kind", "bbox"))
def geometry_of_version(request: Request, reader: CurrentReader, version: str, resolution: str,
                        given: Annotated[dict[str, str], Depends(only("kind", "bbox"))]) -> Response:
    """Every cell that holds a fact of a kind, with its outline; kept by the browser for good."""
    if not re.fullmatch(r"[0-9a-f]{24}", version):
        raise NotFound("Cette version n’existe pas : demandez /api/geometry.")
    return _geometry(request, reader, parse({**given, "resolution": resolution}), version)


@router.get("/api/values", openapi_extra=described(*NAMES))
def values(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """Facts per cell in the order of the geometry of the same kind, resolution and bbox."""
    query = parse(given)
    tag = tag_of("values", reader.viewer.organisation_id, reader.version(FACTS), query.canonical())
    return respond(request, tag, lambda: to_json(_values(hexagons.values(reader, query))), JSON)


def _geometry(request: Request, reader: Reader, query: FactQuery, version: str | None) -> Response:
    found = hexagons.geometry(reader, query, version)
    tag = tag_of("geometry", found.version, found.resolution)
    return respond(request, tag, lambda: to_json(_shapes(found)), JSON, cache=NO_CACHE if version is None else FOR_EVER)


def _shapes(found: Geometry) -> dict[str, Any]:
    rings = found.rings()
    return {"version": found.version, "kind": found.kind, "resolution": found.resolution, "vertices": rings.shape[1],
            "cells": grid.to_text(found.cells), "rings": base64.b64encode(rings.tobytes()).decode("ascii")}


def _values(found: Values) -> dict[str, Any]:
    return {"version": found.geometry.version, "kind": found.geometry.kind, "resolution": found.geometry.resolution,
            "values": found.values.tolist(), "total": found.counts.total, "unknown": found.counts.unknown,
            "unplaced": found.counts.unplaced}
