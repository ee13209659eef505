"""Facts in time and by word: what the histogram, the calendar and the filters of the page show."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core import grid
from geoservice.core.profiles import STEPS, Calendar, Series
from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.errors import BadInput
from geoservice.operations import profiles
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.types import GRAVITIES, LABELS, Category, Nature, Place
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.responses import JSON, respond, tag_of, to_json

router = APIRouter()

# these answers have no cells and one format
NAMES = tuple(name for name in PARAMETERS if name not in ("resolution", "format"))
Given = Annotated[dict[str, str], Depends(only(*NAMES))]
_LISTS: dict[str, type[StrEnum]] = {"category": Category, "nature": Nature, "place": Place}


@router.get("/api/series", openapi_extra=described("step", "cell", *NAMES))
def series(request: Request, reader: CurrentReader,
           given: Annotated[dict[str, str], Depends(only("step", "cell", *NAMES))]) -> Response:
    """Facts per day, week (from Monday) or month, zeros included."""
    step, cell = one_of(given.get("step"), STEPS, "step"), given.get("cell")
    query = parse({name: text for name, text in given.items() if name in NAMES})
    tag, within = _tag("series", reader, query, step, cell or ""), _within(cell)
    return respond(request, tag, lambda: to_json(_series(reader, query, step, within)), JSON)


@router.get("/api/calendar", openapi_extra=described("cell", *NAMES))
def calendar(request: Request, reader: CurrentReader,
             given: Annotated[dict[str, str], Depends(only("cell", *NAMES))]) -> Response:
    """Facts by weekday and local hour."""
    cell = given.get("cell")
    query, within = parse({name: text for name, text in given.items() if name in NAMES}), _within(cell)
    return respond(request, _tag("calendar", reader, query, cell or ""), lambda: to_json(_calendar(reader, query, within)), JSON)


@router.get("/api/facets", openapi_extra=described(*NAMES))
def facets(request: Request, reader: CurrentReader, given: Given) -> Response:
    """Facts per category, nature, place and gravity, each with its own condition lifted."""
    query = parse(given)
    return respond(request, _tag("facets", reader, query), lambda: to_json(_facets(reader, query)), JSON)


def _within(cell: str | None) -> np.ndarray | None:
    """The one cell that `cell` names, None for everywhere."""
    if cell is None:
        return None
    found = np.array([grid.from_text(cell)], dtype=np.uint64)
    if not grid.COARSEST <= int(grid.resolutions(found)[0]) <= grid.FINEST:
        raise BadInput(f"« cell » attend une cellule H3 de résolution {grid.COARSEST} à {grid.FINEST}.")
    return found


def _tag(name: str, reader: Reader, query: FactQuery, *more: str) -> str:
    return tag_of(name, *more, reader.viewer.organisation_id, reader.version(FACTS), query.canonical())


def _series(reader: Reader, query: FactQuery, step: str, within: np.ndarray | None) -> dict[str, Any]:
    found = profiles.series(reader, query, step, within)
    return {"kind": found.kind, **series_json(found.series), "total": found.total, "unplaced": found.unplaced}


def series_json(found: Series) -> dict[str, Any]:
    """Step, days and counts."""
    return {"step": found.step, "days": [day.isoformat() for day in found.days], "counts": found.counts.tolist()}


def calendar_json(found: Calendar) -> dict[str, Any]:
    """Seven lists of 24 counts, Monday first, and what has no hour."""
    return {"counts": found.counts.tolist(), "unknown": found.unknown}


def _calendar(reader: Reader, query: FactQuery, within: np.ndarray | None) -> dict[str, Any]:
    kind, found = profiles.calendar(reader, query, within)
    return {"kind": kind, **calendar_json(found)}


def _facets(reader: Reader, query: FactQuery) -> dict[str, Any]:
    kind, found = profiles.facets(reader, query)
    lists = {name: words_json(words, found[name]) for name, words in _LISTS.items()}
    gravity = [{"code": str(code), "label": label, "count": int(found["gravity"][code])} for code, label in GRAVITIES.items()]
    return {"kind": kind, **lists, "gravity": [*gravity, _unknown(found["gravity"])]}


def words_json(words: type[StrEnum], counts: np.ndarray) -> list[dict[str, Any]]:
    """Every word of a closed list with its count, then (code null) what is unknown; counts (256,) by code."""
    named = [{"code": word, "label": LABELS[word], "count": int(counts[position + 1])} for position, word in enumerate(words)]
    return [*named, _unknown(counts)]


def _unknown(counts: np.ndarray) -> dict[str, Any]:
    return {"code": None, "label": "Non renseigné", "count": int(counts[0])}
