"""Hot spots: the map, its areas, the card of a cell, files and tiles; each answer says how it was made."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core import grid
from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.core.stats.why import Distinction, Why
from geoservice.export.tables import Table
from geoservice.operations import analyse, hotareas, hottiles
from geoservice.operations.analyse import Analysis, Method, Reason, Wanted
from geoservice.operations.hotareas import HotArea
from geoservice.operations.hotcards import HotCard
from geoservice.operations.reader import Reader
from geoservice.operations.studyarea import StudyArea
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.responses import MVT, respond, tag_of, to_json

router = APIRouter()
tiles = APIRouter()  # asked before the tiles of layers, whose addresses look alike

OPTIONS = ("exposure", "null", "side")
NAMES = (*PARAMETERS, *OPTIONS)
TILE_NAMES = tuple(name for name in NAMES if name not in ("bbox", "format"))  # a tile is a box itself
_DIGITS, _SMALL = 4, 0.01
Given = Annotated[dict[str, str], Depends(only(*NAMES))]


def wanted_of(given: dict[str, str]) -> Wanted:
    """How hot spots are looked for, from the parameters."""
    return Wanted(one_of(given.get("exposure"), analyse.EXPOSURES, "exposure"), one_of(given.get("null"), analyse.NULLS, "null"),
                  one_of(given.get("side"), analyse.SIDES, "side"))


def query_of(given: dict[str, str], *besides: str) -> FactQuery:
    """The filter of facts, from the parameters that are its own."""
    return parse({name: text for name, text in given.items() if name not in (*OPTIONS, *besides)})


def tag_for(name: str, reader: Reader, query: FactQuery, *more: object) -> str:
    """The mark of an answer about hot spots: facts, zones, patrimoine and names of streets."""
    layers = [reader.version(layer) for layer in ("patrimoine", "halls", "batiments", "voies") if layer in reader.catalog.layers]
    return tag_of(name, *more, reader.viewer.organisation_id, analyse.index_version(reader), *layers, query.canonical())


@router.get("/api/hotspots", openapi_extra=described(*NAMES, answers=tuple(TYPES.values())))
def hot_spots(request: Request, reader: CurrentReader, given: Given) -> Response:
    """Where more facts lie than chance, exposure and the usual unevenness explain; too little data is an answer too."""
    form, wanted = one_of(given.get("format"), tuple(TYPES), "format"), wanted_of(given)
    query = query_of(given)
    tag = tag_for("hotspots", reader, query, form, wanted)
    name = None if form == "json" else f"geoservice-points-chauds-r{query.resolution}.{ENDINGS[form]}"
    return respond(request, tag, lambda: _encoded(reader, analyse.analyse(reader, query, wanted), form), TYPES[form], name)


@tiles.get("/tiles/hotspots/{z}/{x}/{y}.mvt", openapi_extra=described(*TILE_NAMES, answers=(MVT,)))
def tile(request: Request, reader: CurrentReader, z: str, x: str, y: str,
         given: Annotated[dict[str, str], Depends(only(*TILE_NAMES))]) -> Response:
    """Hot cells (or residences, as points) of the same answer; one resolution at every zoom, since the test is made at one."""
    query, wanted, address = query_of(given), wanted_of(given), hottiles.tile_of(z, x, y)
    tag = tag_for("hotspot tile", reader, query, wanted, address)
    return respond(request, tag, lambda: hottiles.mvt_of(reader, analyse.analyse(reader, query, wanted), address), MVT)


def _encoded(reader: Reader, found: Analysis, form: str) -> bytes:
    return to_json(hotspots_json(reader, found)) if form == "json" else _file(reader, found, form)


def hotspots_json(reader: Reader, found: Analysis) -> dict[str, Any]:
    """The whole answer: one value a unit in the same order, then the areas in the order in which they deserve attention."""
    areas = hotareas.hot_areas(reader, found)
    return {
        "kind": found.kind, "resolution": found.query.resolution, "unit": found.unit, "enough": found.found is not None,
        "reason": reason_json(found.reason), "method": method_json(analyse.method(found)), "total": found.total,
        "outside": found.outside, "unplaced": found.facts.unplaced, "unknown": found.facts.unknown, **_columns(found),
        "areas_total": areas.total, "areas": [area_json(found, area) for area in areas.areas],
    }


def reason_json(reason: Reason | None) -> dict[str, str] | None:
    """Code and sentence of why there is no answer."""
    return None if reason is None else {"code": reason.code, "sentence": reason.sentence}


def method_json(method: Method) -> dict[str, Any]:
    """Everything that stands beside an answer."""
    spread = None if method.dispersion is None else round(method.dispersion, 3)
    return {**vars(method), "dispersion": spread}


def _columns(found: Analysis) -> dict[str, Any]:
    """One list a column, empty where there is no answer."""
    names = ["observed", "expected", "low", "high", "p", "q", "hot"] + (["cold"] if found.wanted.side != "upper" else [])
    if found.found is None or found.area is None:
        who = ("units", "names", "points") if found.unit == "residence" else ("cells",)
        return {name: [] for name in (*who, *names)}
    low, high = analyse.chance(found.found)
    values = {"observed": found.found.observed.astype(np.int64), "expected": found.found.expected.round(2),
              "low": low.astype(np.int64), "high": high.astype(np.int64), "p": found.found.p, "q": found.found.q,
              "hot": found.found.hot, "cold": found.found.cold}
    return {**_who(found.area), **{name: shorts(values[name]) if name in ("p", "q") else values[name].tolist() for name in names}}


def _who(area: StudyArea) -> dict[str, Any]:
    """Cells by name; residences by code, name and middle."""
    if area.unit == "cell":
        return {"cells": grid.to_text(area.cells)}
    return {"units": list(area.units), "names": list(area.names), "points": area.middles(np.arange(len(area))).round(6).tolist()}


def area_json(found: Analysis, area: HotArea) -> dict[str, Any]:
    """One area of the list."""
    assert found.area is not None
    rows, numbers = area.rows, area.numbers
    units = {"units": [found.area.units[row] for row in rows.tolist()]} if found.unit == "residence" else {}
    return {
        "rank": area.rank, "cells": grid.to_text(found.area.cells[rows]), **units, "centre": list(area.centre), "name": area.name,
        "facts": int(found.counts[rows].sum()), **numbers_json(numbers), "verdict": area.verdict.verdict,
        "sentence": area.verdict.sentence, "reasons": [reason_json(reason) for reason in area.reasons],
    }


def numbers_json(numbers: hotareas.Numbers) -> dict[str, Any]:
    """Observed beside expected, with what chance gives and how sure the ratio is."""
    return {"observed": int(numbers.observed), "expected": round(numbers.expected, _DIGITS), "low": int(numbers.low),
            "high": int(numbers.high), "ratio": round(numbers.ratio, _DIGITS), "ratio_low": round(numbers.ratio_low, _DIGITS),
            "ratio_high": round(numbers.ratio_high, _DIGITS), "excess": round(numbers.excess, _DIGITS),
            "p": short(numbers.p), "q": short(numbers.q)}


def shorts(p: np.ndarray) -> list[float]:
    """Probabilities to four decimals, and small ones to three digits that count."""
    out = p.round(_DIGITS).tolist()
    for row in np.flatnonzero(p < _SMALL).tolist():
        out[row] = short(float(p[row]))
    return out


def short(p: float) -> float:
    """A probability to three digits that count, never 0 for what is merely small."""
    return float(f"{p:.3g}")


def card_json(card: HotCard) -> dict[str, Any]:
    """What a card says of hot spots: the area's numbers where the cell is hot, else those of the cell and its neighbours."""
    found, area = card.analysis, card.area
    said = method_json(analyse.method(found))
    if card.numbers is None or card.verdict is None or card.alone is None:
        return {"enough": False, "unit": found.unit, "reason": reason_json(card.reason), "method": said}
    steady = None if card.steady is None or card.steady.hot is None or area is None else {
        "hot": card.steady.hot[area.rank - 1], "variants": card.steady.variants}
    return {
        "enough": True, "reason": None, "unit": found.unit, "of": "cell" if area is None else "area",
        **numbers_json(card.numbers), "hot": area is not None, "verdict": card.verdict.verdict, "sentence": card.verdict.sentence,
        "reasons": [reason_json(reason) for reason in card.reasons], "stability": steady, **_why(card.why),
        "neighbourhood": numbers_json(card.alone), "area": None if area is None else area_json(found, area), "method": said,
    }


def _why(found: Why | Reason | None) -> dict[str, Any]:
    """What sets the place apart, or why that cannot be said."""
    if found is None or isinstance(found, Reason):
        return {"why": [], "why_reason": reason_json(found)}
    return {"why": [_reason_here(each) for each in found.reasons], "why_reason": None}


def _reason_here(each: Distinction) -> dict[str, Any]:
    numbers = {name: round(getattr(each, name), _DIGITS) for name in ("observed", "expected", "ratio", "low", "high")}
    return {"code": each.dimension, "label": each.label, "sentence": each.sentence, **numbers}


def _file(reader: Reader, found: Analysis, form: str) -> bytes:
    """One row a unit: what was observed and expected, and the area it belongs to; no row where there is no answer."""
    listed = _columns(found)
    cells = np.empty(0, np.uint64) if found.found is None or found.area is None else found.area.cells
    rank, verdicts = _ranks(reader, found, len(cells))
    who = {"code": listed["units"], "nom": listed["names"]} if found.unit == "residence" else {"h3": listed["cells"]}
    columns: dict[str, Any] = {
        **who, "observe": np.array(listed["observed"], np.int64), "attendu": np.array(listed["expected"], float),
        "hasard_de": np.array(listed["low"], np.int64), "hasard_a": np.array(listed["high"], np.int64),
        "p": np.array(listed["p"], float), "q": np.array(listed["q"], float),
        "point_chaud": [("oui" if hot else "non") for hot in listed["hot"]], "rang": rank, "verdict": verdicts,
        "origine": [str(found.kind or "")] * len(cells), "methode": [analyse.method(found).sentence] * len(cells),
    }
    middle = np.empty((0, 2)) if found.area is None else found.area.middles(np.arange(len(cells))).round(6)
    if form == "csv":
        return encoded(Table({**columns, "lon": middle[:, 0], "lat": middle[:, 1]}), form, "points_chauds")
    return encoded(Table(columns, _shapes(cells, middle, found.unit)), form, "points_chauds")


def _ranks(reader: Reader, found: Analysis, many: int) -> tuple[list[str], list[str]]:
    """Rank and verdict of the area of each unit, empty outside of them."""
    rank, verdicts = [""] * many, [""] * many
    for area in hotareas.hot_areas(reader, found).areas:
        for row in area.rows.tolist():
            rank[row], verdicts[row] = str(area.rank), area.verdict.verdict
    return rank, verdicts


def _shapes(cells: np.ndarray, middle: np.ndarray, unit: str) -> np.ndarray:
    import shapely

    if not len(cells):
        return np.empty(0, dtype=object)
    return shapely.points(middle) if unit == "residence" else shapely.polygons(grid.boundaries(cells)[0])
