"""Kept plans of cameras: keep one, see it against today's data, withdraw it, look at some side by side; plain forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, GeoserviceError
from geoservice.operations import sitingkept
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingwish import NAMES, made_of
from geoservice.types import Viewer
from geoservice.web import decidebeside
from geoservice.web.decidebeside import Side
from geoservice.web.decideparts import drawn, of_plan, words
from geoservice.web.dependencies import CurrentViewer, NoParameters, only
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.account import Number
from geoservice.web.routes.decidepage import values
from geoservice.web.routes.siting import elsewhere
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
_MOST_SIDES = 3
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


@router.get("/decider/comparer")
def compared(request: Request, given: Annotated[dict[str, str], Depends(only("plans", "with", "address", "other"))]) -> Response:
    """Two or three plans side by side: kept ones by number, others by their addresses."""
    return page(request, lambda request, who: _beside(reader_of(request, who), given))


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


def _beside(reader: Reader, given: dict[str, str]) -> dict[str, Any]:
    numbers = list(dict.fromkeys(part for name in ("plans", "with") for part in given.get(name, "").split(",") if part))
    addresses = [given[name] for name in ("address", "other") if name in given]
    if len(numbers) + len(addresses) > _MOST_SIDES:
        raise BadInput(f"Côte à côte, {_MOST_SIDES} plans au plus.")
    sides = [*(_open(reader, text) for text in addresses), *(_kept(reader, text) for text in numbers)]
    pictures = [Markup("") if side.plan is None else Markup(drawn(side.plan, {}, frame, still=True))
                for side, frame in zip(sides, decidebeside.frames(sides), strict=True)]
    return {"page": "decider-comparer", "within": "/decider", "sides": sides, "pictures": pictures,
            "differs": decidebeside.differing(reader, sides), "comparable": decidebeside.same_facts(sides),
            "SAME": decidebeside.SAME, "OTHER_FACTS": decidebeside.OTHER_FACTS, **words()}


def _kept(reader: Reader, text: str) -> Side:
    kept = sitingkept.one(reader.shelf.storage, reader.viewer, sitingkept.number_of(text))
    return _side(reader, sitingkept.name_of(reader, kept), f"/decider/plans/{kept.number}", kept.given)


def _open(reader: Reader, text: str) -> Side:
    return _side(reader, "Plan ouvert", f"/decider?{text.removeprefix('?')}", given_of(text))


def _side(reader: Reader, name: str, address: str, given: Mapping[str, str]) -> Side:
    try:
        return Side(name, address, made_of(reader, given, elsewhere))
    except GeoserviceError as lacking:
        return Side(name, address, None, str(lacking))
