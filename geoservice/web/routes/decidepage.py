"""The page « Décider »: a plan of cameras drawn by the server, its proof, its refusals, and what else could be done."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.stats.given import NotEnough
from geoservice.errors import GeoserviceError, NotFound
from geoservice.export import french
from geoservice.operations import sitingkept
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingspots import NONE
from geoservice.operations.sitingwish import NAMES, SPOTS
from geoservice.types import Viewer
from geoservice.web import decideform
from geoservice.web.decideparts import of_plan, words
from geoservice.web.dependencies import only
from geoservice.web.formpage import page
from geoservice.web.routes.siting import elsewhere
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)

_MOST = 150  # places in a list to choose from


@router.get("/decider")
def decide(request: Request, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """Choose an area and facts; see where cameras would see them, and what else could be done."""
    return page(request, lambda request, who: values(request, who, given))


def values(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    """What the page shows of the parameters it was given."""
    service = service_of(request)
    reader = open_reader(service.opened(), service.catalog, who)
    plan, reason, error = _tried(reader, given)
    return {"page": "decider", "given": given, "reason": reason, "error": error, "quarters": _quarters(reader),
            "residences": _residences(reader), "kinds": list(reader.kinds()), "plans": _kept(reader),
            "may_record": can(who, Action.RECORD), "papers": urlencode(given), "live": True,
            "bare": "" if SPOTS in given else urlencode({**given, SPOTS: NONE}), **decideform.choices(given), **words(),
            **of_plan(reader, plan, given)}


def _kept(reader: Reader) -> list[tuple[sitingkept.Kept, str]]:
    """Plans that the organisation keeps, with their names."""
    return [(each, sitingkept.name_of(reader, each)) for each in sitingkept.listing(reader.shelf.storage, reader.viewer)]


def _tried(reader: Reader, given: dict[str, str]) -> tuple[Plan | None, str, str]:
    """The plan, or why there is none: as an answer, or as something to put right."""
    if "zone" not in given and "bbox" not in given:
        return None, "", ""
    try:
        return plan_of(reader, given), "", ""
    except NotEnough as lacking:
        return None, str(lacking), ""
    except NotFound:
        raise
    except GeoserviceError as error:
        return None, "", french.typeset(str(error))


def plan_of(reader: Reader, given: dict[str, str]) -> Plan:
    """The plan that parameters mean, or a kept one: the page and its papers have one. NotEnough says what is missing."""
    return sitingkept.plan_of(reader, given, elsewhere)


def _quarters(reader: Reader) -> list[tuple[str, str]]:
    """QPV of 2024 near the viewer's facts, by name; none where there are too many for a list."""
    box = reader.bounds()
    near = sorted((zone.name, str(zone.reference)) for zone in (reader.zones("qpv", "2024") if box else [])
                  if box is not None and zone.box.intersects(box))
    return near if len(near) <= _MOST else []


def _residences(reader: Reader) -> list[tuple[str, str]]:
    """Residences by name; none where there are too many for a list."""
    found = reader.features("patrimoine")
    homes = sorted((name or key, key) for name, key, known in zip(found.names, found.keys, found.properties, strict=True)
                   if known.get("level", "residence") == "residence")
    return homes if len(homes) <= _MOST else []
