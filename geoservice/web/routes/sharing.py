"""Pages where two organisations, or two people, have to agree: sharing agreements, exceptional looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.errors import BadInput
from geoservice.operations import accounts, agreements, glass
from geoservice.operations.permissions import Action, can
from geoservice.types import Category, Viewer
from geoservice.web.dependencies import CurrentViewer, NoParameters
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.account import Number
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]


@router.get("/accords", dependencies=[NoParameters])
def agreements_page(request: Request) -> Response:
    """Agreements that one's organisation gives or may open."""
    return page(request, _agreements)


@router.post("/accords", dependencies=_SENT)
async def agree(request: Request, who: CurrentViewer) -> Response:
    """A new agreement, of which one's organisation is the giver."""
    names = tuple(f"c-{category}" for category in agreements.SHAREABLE)
    given = await read_form(request, "zone", "opener", "since", "until", *names)

    def make() -> None:
        chosen = tuple(Category(name[2:]) for name in names if given[name])
        terms = agreements.Terms(given["zone"].strip(), chosen, _date(given["since"]), _date(given["until"]) + timedelta(days=1),
                                 given["opener"])
        agreements.agree(service_of(request).opened(), who, terms)

    return await run_in_threadpool(tried, request, who, _agreements, make)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput("Donnez les deux jours de la convention.") from None
    if not 2000 <= found.year <= 2100:
        raise BadInput("Donnez des jours entre 2000 et 2100.")
    return found


@router.post("/accords/{number}/retirer", dependencies=_SENT)
def withdraw(request: Request, who: CurrentViewer, number: Number) -> Response:
    """An agreement that one's organisation gave is taken back."""
    return tried(request, who, _agreements, lambda: agreements.withdraw(service_of(request).opened(), who, number))


def _agreements(request: Request, who: Viewer) -> dict[str, Any]:
    storage, today = service_of(request).opened(), datetime.now(UTC).date()
    rows = [(row, agreements.is_open(row, today)) for row in agreements.listing(storage, who)]
    others = sorted(code for code, number in accounts.organisations(storage).items() if number != who.organisation_id)
    return {"page": "accords", "rows": rows, "others": others, "categories": agreements.SHAREABLE}


@router.get("/acces", dependencies=[NoParameters])
def glass_page(request: Request) -> Response:
    """Exceptional looks that were asked for."""
    return page(request, _glass)


@router.post("/acces", dependencies=_SENT)
async def ask(request: Request, who: CurrentViewer) -> Response:
    """Ask to look into an organisation."""
    given = await read_form(request, "organisation", "reason", "hours")
    hours = int(given["hours"]) if given["hours"] in map(str, range(1, glass.LONGEST_H + 1)) else 0
    return await run_in_threadpool(tried, request, who, _glass, lambda: _asked(request, who, given, hours))


def _asked(request: Request, who: Viewer, given: dict[str, str], hours: int) -> None:
    glass.ask(service_of(request).opened(), who, given["organisation"], given["reason"], hours)


@router.post("/acces/{number}/accorder", dependencies=_SENT)
def approve(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Agree, as the second person."""
    return tried(request, who, _glass, lambda: glass.approve(service_of(request).opened(), who, number))


def _glass(request: Request, who: Viewer) -> dict[str, Any]:
    storage = service_of(request).opened()
    return {"page": "acces", "rows": glass.waiting(storage, who), "reasons": glass.REASONS, "hours": glass.LONGEST_H,
            "may_ask": can(who, Action.ASK_GLASS), "organisations": sorted(accounts.organisations(storage))}
