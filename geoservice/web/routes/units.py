"""Counts by residence or commune: the one table in which `AGP` facts are seen."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, parse
from geoservice.export.tables import Table
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader, UnitCount
from geoservice.types import Kind
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.responses import respond, tag_of, to_json

router = APIRouter()

LEVELS = ("residence", "commune")
# a unit is itself a place: it is not cut by another one, nor by cells
_NAMES = tuple(name for name in PARAMETERS if name not in ("zone", "bbox", "resolution"))


@router.get("/api/units", openapi_extra=described("level", *_NAMES, answers=tuple(TYPES.values())))
def units(request: Request, reader: CurrentReader,
          given: Annotated[dict[str, str], Depends(only("level", *_NAMES))]) -> Response:
    """Facts per residence or commune, most first, with and without a point."""
    level = one_of(given.get("level"), LEVELS, "level")
    form = one_of(given.get("format"), tuple(TYPES), "format")
    query = parse({name: text for name, text in given.items() if name != "level"})
    named_by = [reader.version(name) for name in ("patrimoine", "limites") if name in reader.catalog.layers]
    tag = tag_of("units", level, form, reader.viewer.organisation_id, reader.version(FACTS), *named_by, query.canonical())
    kind = query.kind or next(iter(reader.kinds()), None)
    name = None if form == "json" else f"geoservice-{level}s.{ENDINGS[form]}"
    return respond(request, tag, lambda: _encoded(reader, reader.by_unit(query, level), (level, kind, form)), TYPES[form], name)


def _encoded(reader: Reader, found: list[UnitCount], asked: tuple[str, Kind | None, str]) -> bytes:
    level, kind, form = asked
    if form == "json":
        return to_json({"level": level, "kind": kind, "total": sum(unit.count for unit in found),
                        "units": [{"code": unit.code, "name": unit.name, "count": unit.count} for unit in found]})
    columns = {"code": [unit.code for unit in found], "nom": [unit.name for unit in found],
               "n": np.array([unit.count for unit in found], dtype=np.int64), "origine": [str(kind or "")] * len(found)}
    if form == "csv":
        return encoded(Table(columns), form, level)
    shapes = reader.unit_shapes(level)
    geometry = np.empty(len(found), dtype=object)
    geometry[:] = [shapes.get(unit.code) for unit in found]  # None: a code that is in no imported layer
    return encoded(Table(columns, geometry), form, level)
