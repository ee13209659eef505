"""Where cameras would see: the field of one camera at once, and a plan with its proof and what else could be done."""

from __future__ import annotations

from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Depends, Request
from pydantic import Field, create_model
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.core.query import FactQuery, parse
from geoservice.core.siting import choose
from geoservice.core.siting.choose import Plan as Choice
from geoservice.core.siting.covering import Problem
from geoservice.core.siting.law import Refusal
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.operations import siting, sitingground, sitinghand, sitingspots, sitingwish
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import FILTER, Asked, wishes
from geoservice.operations.sitingfield import FieldView, Spot, field
from geoservice.operations.sitinglaw import PLACES
from geoservice.operations.sitingspots import Placed
from geoservice.web import decideparts, heavy
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, respond, tag_of, to_json

router = APIRouter()

NAMES = ("lon", "lat", "azimuth", "lens", "height_m", "operator", "masks", "support", "purpose", "night_m", *FILTER)
TOGETHER = (*FILTER, "lens", "purpose", "weights", "operator", "height_m", "backup", "existing", "night_m",
            sitingwish.SPOTS)
GEOJSON = "application/geo+json"
_SUPPORTS = ("building", "street")  # what a camera hangs on: a street's own support is the street
_DIGITS = 7  # of a degree: a centimetre
_MOST_BYTES = 16_384  # as many points and corners as a plan takes


# A plan as it is asked: `filter` as the parameters of the same names elsewhere, zone or bbox among them
Wish = create_model("Wish", __base__=Body, filter=(dict[str, str], Field(default_factory=dict)), **wishes())


@router.get("/api/siting/field", openapi_extra=described(*NAMES, answers=(GEOJSON,)))
def one_field(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """The field of one camera as GeoJSON by DORI class, the place it films, and what the law refuses of it."""
    spot, query = spot_of(given), parse({name: text for name, text in given.items() if name in FILTER})
    about = query if query.zone or query.bbox else None  # facts in view are told of an area alone
    purpose = given.get("purpose", "observe")
    tag = tag_of("field", *sitingground.state_of(reader), reader.version(FACTS), spot, about, purpose)
    return respond(request, tag, lambda: to_json(_field_answer(reader, spot, about, purpose)), GEOJSON)


@router.get("/api/siting/together", openapi_extra=described(*TOGETHER, answers=(JSON,)))
def seen_together(request: Request, reader: CurrentReader,
                  given: Annotated[dict[str, str], Depends(only(*TOGETHER))]) -> Response:
    """What cameras have in view together, of the facts that could guide a plan of the same parameters."""
    asked, placed = sitingwish.asked_of(reader, given), sitingspots.parse(given.get(sitingwish.SPOTS, sitingspots.NONE))
    tag = tag_of("together", *sitingground.state_of(reader), reader.version(FACTS), asked, placed)
    return respond(request, tag, lambda: to_json(_together_answer(reader, asked, placed)), JSON)


@router.post("/api/siting/plan", dependencies=[Depends(refuse_other_sites)], openapi_extra=documented(Wish))
async def one_plan(request: Request, reader: CurrentReader) -> Response:
    """The best plan of an area with its proof, its refusals, and the answers without cameras beside it."""
    wish = await read_body(request, Wish, _MOST_BYTES)
    made = dict(wish)
    asked = Asked(parse(made.pop("filter")), **made)
    body = await run_in_threadpool(lambda: to_json(_plan_answer(reader, asked)))
    return Response(body, 200, {"Cache-Control": "private, no-store"}, "application/json")


def made(reader: Reader, asked: Asked) -> Plan:
    """A plan whose proof is looked for in the other process."""
    return siting.plan(reader, asked, elsewhere)


def elsewhere(problem: Problem, seconds: float) -> Choice:
    """The proof, looked for in the other process."""
    return heavy.sums.run(choose.best, problem, seconds)


def spot_of(given: dict[str, str]) -> Spot:
    """A camera from the parameters; BadInput names what is missing."""
    if "lon" not in given or "lat" not in given:
        raise BadInput("« lon » et « lat » disent où est la caméra, en degrés ; « azimuth » où elle regarde.")
    try:
        lon, lat, azimuth, height = (float(given.get(name, usual)) for name, usual in (
            ("lon", ""), ("lat", ""), ("azimuth", "0"), ("height_m", "4")))
        night = float(given["night_m"]) if "night_m" in given else None
    except ValueError:
        raise BadInput("« lon », « lat », « azimuth », « height_m » et « night_m » attendent des nombres.") from None
    return Spot(lon, lat, azimuth, given.get("lens", "4"), height,
                one_of(given.get("operator"), tuple(sitingground.OPERATORS), "operator"),
                one_of(given.get("masks"), ("0", "1"), "masks") == "1",
                one_of(given.get("support"), _SUPPORTS, "support") == "street", night)


def _field_answer(reader: Reader, spot: Spot, query: FactQuery | None, purpose: str) -> dict[str, Any]:
    try:
        facts = None if query is None else siting.in_view(reader, query, spot, purpose)
        return {**field_json(field(reader, spot)), "facts": facts}
    except NotEnough as lacking:
        return {"type": "FeatureCollection", "enough": False, "reason": {"code": lacking.code, "sentence": str(lacking)},
                "features": []}


def _together_answer(reader: Reader, asked: Asked, placed: tuple[Placed, ...]) -> dict[str, Any]:
    try:
        found = sitinghand.together(reader, asked, placed)
    except NotEnough as lacking:
        return {"enough": False, "reason": {"code": lacking.code, "sentence": str(lacking)}}
    usable, total = int(found.seen.facts.sum()), found.seen.total
    return {"enough": True, "reason": None, "facts": total, "usable": usable, "covered": found.covered, "value": found.value,
            "cameras": found.each.tolist(), "quarters": {name: round(share, 4) for name, share in found.shares.items()},
            "sentence": decideparts.seen_together(len(placed), found.covered, usable, total)}


def field_json(found: FieldView) -> dict[str, Any]:
    """GeoJSON of a field, with what there is to say of the camera beside its features."""
    return {"type": "FeatureCollection", "enough": True, "reason": None, **said(found), "features": [
        {"type": "Feature", "properties": {"class": name}, "geometry": _geometry(shape)}
        for name, shape in found.classes.items()]}


def said(found: FieldView) -> dict[str, Any]:
    """What there is to say of a camera besides its shape."""
    spot = found.spot
    return {"lon": round(spot.lon, _DIGITS), "lat": round(spot.lat, _DIGITS), "azimuth": round(spot.azimuth % 360, 1),
            "area_m2": round(found.area_m2), "blind": found.blind, "unknown_heights": found.unknown, "place": found.place,
            "place_label": PLACES[found.place], "street_share": round(found.road_share, 3),
            "refusals": [refusal_json(each) for each in found.refusals]}


def refusal_json(refusal: Refusal) -> dict[str, Any]:
    """Why, with the texts and the day they were read."""
    return {"code": refusal.code, "sentence": refusal.sentence, "references": list(refusal.references),
            "as_of": refusal.as_of.isoformat()}


def _geometry(shape: Any) -> dict[str, Any] | None:
    """A shape as GeoJSON, None where there is nothing of it."""
    return None if shape.is_empty else shapely.geometry.mapping(shapely.set_precision(shape, 10.0 ** -_DIGITS, mode="pointwise"))


def _plan_answer(reader: Reader, asked: Asked) -> dict[str, Any]:
    try:
        return plan_json(made(reader, asked))
    except NotEnough as lacking:
        return lacking_json(lacking)


def lacking_json(lacking: NotEnough) -> dict[str, Any]:
    """Why there is no plan."""
    return {"enough": False, "reason": {"code": lacking.code, "sentence": str(lacking)}}


def _existing_json(plan: Plan) -> dict[str, int] | None:
    known = plan.existing
    return known and {"directed": known.directed, "undirected": known.undirected, "counted": known.counted}


def plan_json(plan: Plan) -> dict[str, Any]:
    """Everything of a plan but the picture."""
    seen, judged = plan.seen, plan.law
    return {
        "enough": True, "reason": None, "status": plan.status, "value": plan.value, "bound": plan.bound,
        "gap": round(plan.gap, 6), "greedy": plan.greedy, "clash": plan.clash, "facts": seen.total,
        "usable": int(seen.facts.sum()), "left_out": seen.left_out, "covered": plan.covered, "share": round(plan.share, 4),
        "unknown_heights": plan.ground.walls.unknown, "unknown_gravity": seen.unknown_gravity,
        "unweighed": seen.unweighed, "unknown": seen.unknown, "warnings": list(plan.warnings),
        "tally": vars(plan.tally) if plan.tally else None, "existing": _existing_json(plan),
        "quarters": {name: round(share, 4) for name, share in plan.shares.items()},
        "candidates": {"found": plan.sites.found, "trimmed": plan.sites.trimmed, "forbidden": plan.sites.forbidden,
                       "lost": plan.sites.lost, "refused": [
            {"place": place, "count": many, "sentence": why} for place, (many, why) in plan.sites.refused.items()]},
        "cameras": [{"code": each.code, "kind": each.kind, "facts": each.facts, **said(each.view)} for each in plan.cameras],
        "regime": {"title": judged.title, "as_of": judged.as_of.isoformat(), "papers": list(judged.papers), "refusals": [
            {"camera": each.camera, **refusal_json(each)} for each in judged.refusals]},
        "answers": [{**vars(each), "share": round(each.share, 4), "evidence": list(each.evidence),
                     "warnings": list(each.warnings)} for each in plan.answers],
    }
