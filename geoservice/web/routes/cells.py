"""Counts by cell, as JSON or as a file, and the card of one cell."""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core import grid
from geoservice.core.query import PARAMETERS
from geoservice.errors import BadInput
from geoservice.export.tables import Table
from geoservice.operations import joined
from geoservice.operations.hotcards import hot_card
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Card, CellCounts
from geoservice.types import LABELS
from geoservice.web import heavy
from geoservice.web.dependencies import CurrentReader, Filters, Query, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes import hotspots
from geoservice.web.routes.words import joined_json

router = APIRouter()

# what two seconds of one core make
_MOST = {"json": 500_000, "csv": 50_000, "geojson": 20_000, "gpkg": 20_000, "geoparquet": 20_000}

CARD = (*hotspots.NAMES, "verdict")
_LIGHT = 20_000  # cells: more than a view of the page asks for


@router.get("/api/cells", openapi_extra=described(*PARAMETERS, answers=tuple(TYPES.values())))
def cells(request: Request, reader: CurrentReader, query: Query, given: Filters) -> Response:
    """Facts per cell of one kind; CSV is for spreadsheets in French: UTF-8 with a mark, semicolons."""
    form = one_of(given.get("format"), tuple(TYPES), "format")
    tag = tag_of("cells", form, reader.viewer.organisation_id, reader.version(FACTS), query.canonical())
    name = None if form == "json" else f"geoservice-cellules-r{query.resolution}.{ENDINGS[form]}"
    return respond(request, tag, lambda: _encoded(reader.cells(query), form), TYPES[form], name)


@router.get("/api/cells/{cell}", openapi_extra=described(*CARD))
def card(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*CARD))], cell: str) -> Response:
    """One cell: its count and share, categories, QPV, the nearest residence, and whether it is a hot spot that can be trusted."""
    number, resolution = cell_of(cell)
    wanted, checked = hotspots.wanted_of(given), one_of(given.get("verdict"), ("0", "1"), "verdict") == "1"
    query = hotspots.query_of(given, "verdict")
    one_of(given.get("format"), ("json",), "format")
    if given.get("resolution", str(resolution)) != str(resolution):
        raise BadInput(f"Cette cellule est de résolution {resolution} : retirez « resolution ».")
    query = query.with_(resolution=resolution)
    tag = hotspots.tag_for("card", reader, query, number, wanted, checked)
    return respond(request, tag, lambda: to_json({
        **_card(reader.card(number, query), resolution), "merged": joined_json(joined.of_cell(reader, number, query)),
        "hotspot": hotspots.card_json(hot_card(reader, number, query, wanted, checked))}), JSON)


def cell_of(text: str) -> tuple[int, int]:
    """A cell and its resolution from the path."""
    cell = grid.from_text(text) if re.fullmatch(r"[0-9a-fA-F]{15,16}", text) else grid.from_text("-")
    resolution = int(grid.resolutions(np.array([cell], dtype=np.uint64))[0])
    if not grid.COARSEST <= resolution <= grid.FINEST:
        raise BadInput(f"Cette cellule est de résolution {resolution} ; attendu de {grid.COARSEST} à {grid.FINEST}.")
    return cell, resolution


def _encoded(counts: CellCounts, form: str) -> bytes:
    if len(counts.cells) > _MOST[form]:
        raise BadInput(f"Cette réponse aurait {len(counts.cells)} cellules, plus que {_MOST[form]} : choisissez une résolution "
                       "plus grossière, une période, une zone ou une « bbox ».")
    if form == "json":
        return _json(counts) if len(counts.cells) <= _LIGHT else heavy.elsewhere(_json, counts)
    return _file(counts, form) if form != "csv" or len(counts.cells) <= _LIGHT else heavy.elsewhere(_file, counts, form)


def _json(counts: CellCounts) -> bytes:
    return to_json({"resolution": counts.resolution, "kind": counts.kind, "cells": grid.to_text(counts.cells),
                    "counts": counts.counts.tolist(), "total": counts.total, "unknown": counts.unknown,
                    "unplaced": counts.unplaced})


def _file(counts: CellCounts, form: str) -> bytes:
    names = grid.to_text(counts.cells)
    columns: dict[str, Any] = {"h3": names, "n": counts.counts, "origine": [str(counts.kind or "")] * len(names)}
    if form == "csv":
        middle = grid.centres(counts.cells).round(6)
        return encoded(Table({**columns, "lon": middle[:, 0], "lat": middle[:, 1]}), form, "cellules")
    return encoded(Table(columns, _outlines(counts.cells)), form, "cellules", names)


def _outlines(cells: np.ndarray) -> np.ndarray:
    import shapely

    rings, _ = grid.boundaries(cells)
    return shapely.polygons(rings) if len(cells) else np.empty(0, dtype=object)


def _card(found: Card, resolution: int) -> dict[str, Any]:
    cell = np.array([found.cell], dtype=np.uint64)
    return {
        "cell": grid.to_text(cell)[0], "resolution": resolution, "kind": found.kind, "centre": grid.centres(cell)[0].tolist(),
        "count": found.count, "total": found.total, "share": found.count / found.total if found.total else 0.0,
        "categories": [{"code": category, "label": LABELS[category], "count": number} for category, number in found.categories],
        "qpv": [{"ref": str(zone.reference), "name": zone.name, "generation": zone.generation} for zone in found.qpv],
        "residence": found.residence,
    }
