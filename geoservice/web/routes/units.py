"""Counts by residence or commune: the one table in which `AGP` facts are seen."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.export.tables import Table
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader, UnitCount
from geoservice.operations.words_bridge import bridge
from geoservice.types import Category, Kind
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.responses import respond, tag_of, to_json

router = APIRouter()

LEVELS = ("residence", "commune")
BY = ("all", "category")
Counted = list[tuple[UnitCount, Category | None]]
# a unit is itself a place: it is not cut by another one, nor by cells
_NAMES = tuple(name for name in PARAMETERS if name not in ("zone", "bbox", "resolution"))


@router.get("/api/units", openapi_extra=described("level", "by", *_NAMES, answers=tuple(TYPES.values())))
def units(request: Request, reader: CurrentReader,
          given: Annotated[dict[str, str], Depends(only("level", "by", *_NAMES))]) -> Response:
    """Facts per residence or commune, most first, with and without a point; with `by=category` a row a category."""
    level = one_of(given.get("level"), LEVELS, "level")
    form = one_of(given.get("format"), tuple(TYPES), "format")
    split = one_of(given.get("by"), BY, "by") == "category"
    query = parse({name: text for name, text in given.items() if name not in ("level", "by")})
    named_by = [reader.version(name) for name in ("patrimoine", "limites") if name in reader.catalog.layers]
    tag = tag_of("units", level, form, split, reader.viewer.organisation_id, reader.version(FACTS), *named_by, query.canonical())
    kind = query.kind or next(iter(reader.kinds()), None)
    name = None if form == "json" else f"geoservice-{level}s.{ENDINGS[form]}"
    asked = (level, kind, form)
    return respond(request, tag, lambda: _encoded(reader, _counted(reader, query, level, split), asked), TYPES[form], name)


def _counted(reader: Reader, query: FactQuery, level: str, split: bool) -> Counted:
    """Counts by unit, or by unit and category."""
    if not split:
        return [(unit, None) for unit in reader.by_unit(query, level)]
    wanted = query.categories or tuple(Category)
    return [(unit, category) for category in wanted for unit in reader.by_unit(query.with_(categories=(category,)), level)]


def _encoded(reader: Reader, found: Counted, asked: tuple[str, Kind | None, str]) -> bytes:
    level, kind, form = asked
    units = [unit for unit, _ in found]
    if form == "json":
        return to_json({"level": level, "kind": kind, "total": sum(unit.count for unit in units), "units": [
            {"code": unit.code, "name": unit.name, "count": unit.count, **({} if category is None else {"category": category})}
            for unit, category in found]})
    columns = {"code": [unit.code for unit in units], "nom": [unit.name for unit in units],
               "n": np.array([unit.count for unit in units], dtype=np.int64), "origine": [str(kind or "")] * len(units),
               **_words([category for _, category in found if category is not None])}
    if form == "csv":
        return encoded(Table(columns), form, level)
    shapes = reader.unit_shapes(level)
    geometry = np.empty(len(units), dtype=object)
    geometry[:] = [shapes.get(unit.code) for unit in units]  # None: a code that is in no imported layer
    return encoded(Table(columns, geometry), form, level)


def _words(categories: list[Category]) -> dict[str, list[str]]:
    """The bridge of words as columns: nothing for rows of all categories together."""
    if not categories:
        return {}
    rows = {category: bridge().of(category) for category in set(categories)}
    return {"categorie": [str(category) for category in categories], "libelle": [rows[each].label for each in categories],
            "famille_ssmsi": ["; ".join(rows[each].ssmsi) for each in categories],
            "rapport": [rows[each].relation for each in categories]}
