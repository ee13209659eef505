"""The patrimoine, residence by residence: what is known, corrected in a form, with its history."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.operations import patrimoine, residences
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import open_reader
from geoservice.types import Viewer
from geoservice.web.dependencies import CurrentViewer, NoParameters, only
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.account import Number
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
SHOWN = 300
NAMES = tuple(dict.fromkeys(name for fields in patrimoine.FIELDS.values() for name in fields))


@router.get("/patrimoine")
def estate_page(request: Request, given: Annotated[dict[str, str], Depends(only("residence", "q"))]) -> Response:
    """One residence with its buildings and halls; without one, the residences."""
    return page(request, lambda request, who: _data(request, who, given))


@router.post("/patrimoine", dependencies=_SENT)
async def edit(request: Request, who: CurrentViewer) -> Response:
    """Say something else of a residence, building or hall."""
    given = await read_form(request, "residence", "layer", "key", *NAMES)
    which = (given["layer"], given["key"])

    def act() -> Response:
        said = {name: given[name] for name in NAMES}
        patrimoine.edit(service_of(request).opened(), who, which, said)
        address = f"/patrimoine?{urlencode({'residence': given['residence']})}"
        return RedirectResponse(address, 303, {"Cache-Control": "no-store"})

    return await run_in_threadpool(tried, request, who, lambda request, who: _data(request, who, given), act)


@router.post("/patrimoine/{number}/annuler", dependencies=_SENT)
async def take_back(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Undo an edit."""
    def act() -> None:
        patrimoine.take_back(service_of(request).opened(), who, number)

    return await run_in_threadpool(tried, request, who, lambda request, who: _data(request, who, {}), act)


def _data(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    service = service_of(request)
    storage = service.opened()
    reader = open_reader(storage, service.catalog, who)
    values = {"page": "patrimoine", "within": "/lieux", "home": None, "may": can(who, Action.RECORD), "q": given.get("q", "")}
    if given.get("residence"):
        home = patrimoine.home(reader, given["residence"])
        places = [home.residence, *home.buildings, *home.halls]
        named = [(place.layer, place.key) for place in places if place.own]
        told = {which: patrimoine.history(storage, who, which) for which in named}
        return {**values, "home": home, "histories": told}
    words = values["q"].casefold().split()
    known = residences.residences(reader).values()
    found = [each for each in known if all(word in f"{each.name} {each.code}".casefold() for word in words)]
    return {**values, "residences": sorted(found, key=lambda each: each.name)[:SHOWN], "more": len(found) > SHOWN}
