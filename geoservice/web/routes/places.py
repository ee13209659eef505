"""Residences and zones, one by one: what their pages show."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.query import EPOCH, PARAMETERS, FactQuery, ZoneRef, parse
from geoservice.errors import BadInput, NotFound
from geoservice.operations import joined, residences, zone_profiles
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Counted, Hall, Near, Portrait, Rate, ResidenceProfile
from geoservice.operations.zone_profiles import ZoneProfile
from geoservice.types import Category
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes.profiles import calendar_json, series_json, words_json
from geoservice.web.routes.words import box_list, joined_json

router = APIRouter()

# a place is not cut by another one, nor by cells
NAMES = tuple(name for name in PARAMETERS if name not in ("zone", "bbox", "resolution", "format"))
Given = Annotated[dict[str, str], Depends(only(*NAMES))]
_LAYERS = ("patrimoine", "halls", "qpv", "limites", "aggregates")


@router.get("/api/residences", openapi_extra=described(*NAMES))
def residence_list(request: Request, reader: CurrentReader, given: Given) -> Response:
    """Every residence in reach with its facts, most first."""
    query = parse(given)
    return respond(request, place_tag("residences", reader, query), lambda: to_json(_list(reader, query)), JSON)


@router.get("/api/residences/{code:path}", openapi_extra=described(*NAMES))
def residence(request: Request, reader: CurrentReader, given: Given, code: str) -> Response:
    """One residence."""
    query = parse(given)
    return respond(request, place_tag("residence", reader, query, code),
                   lambda: to_json({
                       **_residence(residences.profile(reader, code, query), given),
                       "merged": joined_json(joined.of_residence(reader, code, query))}), JSON)


@router.get("/api/zones/{ref:path}", openapi_extra=described(*NAMES))
def zone(request: Request, reader: CurrentReader, given: Given, ref: str) -> Response:
    """One QPV or commune."""
    query, reference = parse(given), zone_reference(ref)
    return respond(request, place_tag("zone", reader, query, ref),
                   lambda: to_json(_zone(zone_profiles.profile(reader, reference, query), given)), JSON)


def zone_reference(text: str) -> ZoneRef:
    """The zone that an address names; NotFound when it can be none."""
    try:
        found = parse({"zone": text}).zone
    except BadInput:
        found = None
    if found is None:
        raise NotFound("Cette zone n’existe pas : attendu qpv2024:CODE, qpv2015:CODE ou commune:CODE.")
    return found


def place_tag(name: str, reader: Reader, query: FactQuery, *more: str) -> str:
    """Changes whenever a page of a place could."""
    versions = [reader.version(layer) for layer in _LAYERS if layer in reader.catalog.layers]
    return tag_of(name, *more, reader.viewer.organisation_id, reader.version(FACTS), *versions, query.canonical())


def _list(reader: Reader, query: FactQuery) -> dict[str, Any]:
    kind, found = residences.listed(reader, query)
    return {"kind": kind, "total": sum(each.count for each in found), "residences": [_row(each) for each in found]}


def _row(found: Counted) -> dict[str, Any]:
    home = found.residence
    lon, lat = home.point or (None, None)
    return {"code": home.code, "name": home.name, "lon": lon, "lat": lat, "dwellings": home.dwellings, "count": found.count,
            "attached": found.attached, "rate": rate_json(residences.rate(found.count, home))}


def _residence(found: ResidenceProfile, given: dict[str, str]) -> dict[str, Any]:
    reference = f"residence:{found.residence.code}"
    return {
        "type": "residence", "ref": reference, "code": found.residence.code, "name": found.residence.name,
        "bbox": box_list(found.residence.box), "properties": found.residence.properties, "dwellings": found.residence.dwellings,
        **_portrait(found.portrait), "rate": rate_json(found.rate), "halls": [_hall(hall) for hall in found.halls],
        "elsewhere": found.elsewhere, "attached": found.attached, "parts": found.parts, "beside": found.beside,
        "qpv": [_near(near) for near in found.qpv],
        "links": _links(reference, found.portrait, given),
    }


def _zone(found: ZoneProfile, given: dict[str, str]) -> dict[str, Any]:
    reference = str(found.zone.reference)
    return {
        "type": "commune" if found.zone.reference.layer == "commune" else "qpv", "ref": reference,
        "code": found.zone.reference.code, "name": found.zone.name, "generation": found.zone.generation,
        "bbox": box_list(found.zone.box), "area_km2": None if found.area_m2 is None else round(found.area_m2 / 1e6, 4),
        **_portrait(found.portrait), "rate": rate_json(found.rate), "residences": [_row(each) for each in found.residences],
        "overlaps": [{"ref": str(each.zone.reference), "name": each.zone.name, "generation": each.zone.generation,
                      "share": round(each.share, 4)} for each in found.overlaps],
        "links": _links(reference, found.portrait, given),
    }


def _portrait(found: Portrait) -> dict[str, Any]:
    first, last = ((EPOCH + timedelta(day)).isoformat() for day in found.period)
    period = {"from": first, "to": last} if found.period[0] <= found.period[1] else None
    categories = [entry for entry in words_json(Category, found.categories) if entry["count"]]
    return {"kind": found.kind, "period": period, "count": found.count, "unplaced": found.unplaced, "staff": found.staff,
            "series": series_json(found.series), "calendar": calendar_json(found.calendar),
            "categories": sorted(categories, key=lambda entry: -entry["count"])}


def rate_json(found: Rate | None) -> dict[str, Any] | None:
    """A rate with what it is made of; None where there is none."""
    if found is None:
        return None
    low, high = found.interval
    return {"per_100_dwellings": round(found.value, 2), "low": round(low, 2), "high": round(high, 2), "count": found.count,
            "dwellings": found.dwellings}


def _hall(found: Hall) -> dict[str, Any]:
    lon, lat = found.point or (None, None)
    return {"code": found.code, "name": found.name, "lon": lon, "lat": lat, "count": found.count,
            "attached": found.attached, "properties": found.properties}


def _near(found: Near) -> dict[str, Any]:
    return {"ref": str(found.zone), "name": found.name, "generation": found.generation, "inside": found.edge_m < 0,
            "edge_m": found.edge_m}


def _links(reference: str, found: Portrait, given: dict[str, str]) -> dict[str, str]:
    """Addresses of what there is beside this page, under the same filter; none where the filter cannot name the place."""
    try:
        parse({"zone": reference})
    except BadInput:
        return {}
    asked = urlencode({**given, **({} if found.kind is None else {"kind": str(found.kind)}), "zone": reference})
    return {"cells": f"/api/cells?{asked}", "csv": f"/api/cells?{asked}&format=csv", "series": f"/api/series?{asked}",
            "map": f"/api/map.svg?{asked}", "pdf": f"/api/carte.pdf?{asked}"}
