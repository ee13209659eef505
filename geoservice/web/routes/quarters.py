"""A QPV or a commune beside its surroundings, its other generation and what the State publishes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import parse
from geoservice.operations import comparison, quarter_change, quarters
from geoservice.operations.official import Official
from geoservice.operations.quarter_change import Redrawn
from geoservice.operations.quarters import Piece, Quarter
from geoservice.types import LABELS, Category
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.responses import JSON, respond, to_json
from geoservice.web.routes.hotspots import reason_json, short
from geoservice.web.routes.places import NAMES, place_tag, rate_json, zone_reference
from geoservice.web.routes.profiles import calendar_json, series_json, words_json

router = APIRouter()


@router.get("/api/quarters/{ref:path}", openapi_extra=described("compare", *NAMES))
def quarter(request: Request, reader: CurrentReader, ref: str,
            given: Annotated[dict[str, str], Depends(only("compare", *NAMES))]) -> Response:
    """Both generations, the ring, the rest of the commune; what the boundary alone changed; SSMSI beside."""
    query, reference = parse({name: text for name, text in given.items() if name != "compare"}), zone_reference(ref)
    other = comparison.span(given["compare"], "compare") if given.get("compare") else None
    tag = place_tag("quarter", reader, query, ref, given.get("compare", ""))
    return respond(request, tag, lambda: to_json(_quarter(quarters.quarter(reader, reference, query, other), ref)), JSON)


def _quarter(found: Quarter, ref: str) -> dict[str, Any]:
    commune = found.ground.commune
    return {
        "ref": ref, "kind": found.kind, "ring_m": quarters.RING_M, "own": found.ground.own,
        "commune": None if commune is None else {"ref": str(commune.reference), "name": commune.name},
        "pieces": [_piece(piece) for piece in found.pieces],
        "kinds": [{"code": kind, "label": LABELS[kind], "counts": counts} for kind, counts in found.kinds.items()],
        "boundary": _boundary(found.redrawn), "official": [_official(each) for each in found.official],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    categories = [entry for entry in words_json(Category, piece.portrait.categories) if entry["count"]]
    found, zones = piece.portrait, [{"ref": str(zone.reference), "name": zone.name} for zone in piece.zones]
    trend = None if piece.trend is None else {"direction": piece.trend.direction, "p": short(piece.trend.p),
                                              "months": piece.trend.n, "caveats": list(piece.trend.caveats)}
    return {"code": piece.code, "label": piece.label, "zones": zones, "count": found.count, "series": series_json(found.series),
            "calendar": calendar_json(found.calendar), "night": piece.night, "timed": piece.timed, "trend": trend,
            "reason": reason_json(piece.reason), "categories": sorted(categories, key=lambda entry: -entry["count"]),
            "rate": rate_json(piece.rate)}


def _boundary(told: Redrawn) -> dict[str, Any]:
    """Weights are in facts: exact, since halves are told to one decimal."""
    head = {"enough": told.found is not None, "reason": reason_json(told.reason), "sentence": quarter_change.sentence(told)}
    if told.found is None or told.before is None or told.after is None:
        return {**head, "before": None, "after": None, "old": None, "new": None, "change": None, "time": None, "boundary": None,
                "parts": []}
    found = told.found
    parts = [{"area": part.area, "before": part.before, "after": part.after, "change": part.change, "time": part.time_halves / 2,
              "boundary": part.boundary_halves / 2} for part in found.parts]
    spans = {name: {"from": first.isoformat(), "to": after.isoformat()} for name, (first, after) in
             (("before", told.before), ("after", told.after))}
    return {**head, **spans, "old": found.old, "new": found.new, "change": found.change, "time": found.time_halves / 2,
            "boundary": found.boundary_halves / 2, "parts": parts}


def _official(each: Official) -> dict[str, Any]:
    return {"level": each.level, "zone": each.zone, "name": each.name, "indicator": each.indicator, "unit": each.unit,
            "denominator_unit": each.denominator_unit,
            "values": [{"period": value.period, "count": value.count, "withheld": value.withheld, "rate": value.rate,
                        "denominator": value.denominator} for value in each.values]}
