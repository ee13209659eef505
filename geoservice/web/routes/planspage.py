"""Kept plans of cameras: keep one, see it against today's data, withdraw it, look at some side by side; plain forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, GeoserviceError
from geoservice.operations import sitingkept
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingwish import NAMES, made_of
from geoservice.types import Viewer
from geoservice.web.decideparts import of_plan, words
from geoservice.web.dependencies import CurrentViewer, NoParameters
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.account import Number
from geoservice.web.routes.decidepage import values
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
_MOST_BYTES = 16_384  # an address with drawn places


@router.post("/decider/plans", dependencies=_SENT)
async def keep(request: Request, who: CurrentViewer) -> Response:
    """Keep the plan of an address."""
    text = (await read_form(request, "address", most=_MOST_BYTES))["address"]

    def make() -> Response:
        try:
            return _to(sitingkept.keep(reader_of(request, who), given_of(text)))
        except NotEnough as lacking:
            raise BadInput(str(lacking)) from None

    return await run_in_threadpool(tried, request, who, lambda request, who: values(request, who, {}), make)


@router.get("/decider/plans/{number}", dependencies=[NoParameters])
def one(request: Request, number: Number) -> Response:
    """One kept plan, against today's data."""
    return page(request, _of(number))


@router.post("/decider/plans/{number}/retirer", dependencies=_SENT)
async def withdrawn(request: Request, who: CurrentViewer, number: Number) -> Response:
    """It leaves the list."""
    def act() -> Response:
        sitingkept.withdraw(service_of(request).opened(), who, number)
        return RedirectResponse("/decider#plans", 303, {"Cache-Control": "no-store"})

    return await run_in_threadpool(tried, request, who, _of(number), act)


def given_of(text: str) -> dict[str, str]:
    """The parameters of an address of « Décider »; BadInput for any other."""
    try:
        pairs = parse_qsl(text.removeprefix("?"), max_num_fields=len(NAMES), errors="strict")
    except ValueError:
        pairs = [("", "")]
    given = dict(pairs)
    if len(given) != len(pairs) or not set(given) <= set(NAMES):
        raise BadInput("Cette adresse n’est pas celle d’un plan : ouvrez-le, puis gardez-le de là.")
    return given


def reader_of(request: Request, who: Viewer) -> Reader:
    """What somebody may read."""
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who)


def _to(number: int) -> Response:
    return RedirectResponse(f"/decider/plans/{number}", 303, {"Cache-Control": "no-store"})


def _of(number: int) -> Callable[[Request, Viewer], dict[str, Any]]:
    def data(request: Request, who: Viewer) -> dict[str, Any]:
        reader = reader_of(request, who)
        kept = sitingkept.one(reader.shelf.storage, who, number)
        given = dict(kept.given)
        try:
            plan, reason = made_of(reader, given), ""
        except GeoserviceError as lacking:  # its residence may be gone, its period empty: the plan is shown with why
            plan, reason = None, str(lacking)
        return {"page": "decider-plan", "within": "/decider", "kept": kept, "name": sitingkept.name_of(reader, kept),
                "changed": sitingkept.changed(reader, kept), "given": given, "papers": f"plan={kept.number}",
                "reason": reason, "kinds": list(reader.kinds()),
                "live": False, "may_record": can(who, Action.RECORD), **words(), **of_plan(reader, plan, given)}

    return data
