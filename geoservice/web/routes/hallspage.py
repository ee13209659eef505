"""The page of halls: the census in words, one hall's months, states said by hand, transitions, silences, sites."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.core.observatory.halls import WORDS
from geoservice.core.query import EPOCH
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.operations import census, census_rules, cumul, overrides, silence
from geoservice.operations.census import Census
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.stock import stock
from geoservice.types import Viewer
from geoservice.web.dependencies import CurrentViewer, NoParameters, only
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes import halls, silences
from geoservice.web.routes.account import Number
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
SHOWN, LISTED = 200, 10
_FILTERS = ("state", "residence", "hall", "to")
MONTHS = ("janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


@router.get("/halls")
def halls_page(request: Request, given: Annotated[dict[str, str], Depends(only(*_FILTERS))]) -> Response:
    """The page."""
    return page(request, lambda asked, who: _data(asked, who, given))


@router.post("/halls/etat", dependencies=_SENT)
async def say(request: Request, who: CurrentViewer) -> Response:
    """The state of a hall as somebody says it, from today on."""
    given = await read_form(request, "hall", "state", "reason", "until")

    def act() -> Response:
        keys = stock(_reader(request, who)).keys
        overrides.say(service_of(request).opened(), who, keys, overrides.Said(
            given["hall"], given["state"], given["reason"], halls.today(), _day(given["until"]) + timedelta(days=1)))
        return _back(given["hall"])

    return await run_in_threadpool(tried, request, who, lambda asked, viewer: _data(asked, viewer, {}), act)


@router.post("/halls/etat/{number}/retirer", dependencies=_SENT)
async def revoke(request: Request, who: CurrentViewer, number: Number) -> Response:
    """What was said of a hall no longer counts."""
    given = await read_form(request, "hall")

    def act() -> Response:
        overrides.revoke(service_of(request).opened(), who, number)
        return _back(given["hall"])

    return await run_in_threadpool(tried, request, who, lambda asked, viewer: _data(asked, viewer, {}), act)


def _back(hall: str) -> Response:
    return RedirectResponse(f"/halls?{urlencode({'hall': hall})}#hall", 303, {"Cache-Control": "no-store"})


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput("Donnez le dernier jour où cet état compte.") from None
    if not 2000 <= found.year <= 2100:
        raise BadInput("Donnez un jour entre 2000 et 2100.")
    return found


def _reader(request: Request, who: Viewer) -> Reader:
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who)


def _data(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    reader = _reader(request, who)
    values: dict[str, Any] = {"page": "halls", "words": WORDS, "given": given, "reasons": overrides.REASONS, "lacking": "",
                              "rules": census_rules.in_words(), "may_say": can(who, Action.RECORD), "said_until": str(
                                  halls.today() + timedelta(days=90)), "link": _link, **_watched(reader)}
    try:
        found = census.census(reader, halls.wanted_census({name: given[name] for name in ("to",) if name in given}))
    except NotEnough as lacking:
        return values | {"lacking": str(lacking), "total": len(stock(reader))}
    service_of(request).warm.asked("halls", who, partial(_worked_out, wanted=found.wanted))
    return values | _census(found, given)


def _worked_out(reader: Reader, wanted: census.Wanted) -> None:
    """What the page counts, once more, for whoever comes next."""
    _watched(reader)
    halls.spill_sentence(census.census(reader, wanted))


def _census(found: Census, given: dict[str, str]) -> dict[str, Any]:
    state = given.get("state", "")
    if state not in ("", "all", *WORDS):
        raise BadInput(f"« state » attend l’une de ces valeurs : all, {', '.join(WORDS)}.")
    rows = halls.chosen(found, state if state in WORDS else None, given.get("residence"))
    rows = rows if state or given.get("residence") else rows[found.now[rows] > 0]
    months = halls.months_of(found)
    known = found.stock
    homes = sorted({(known.residence_names[home] or known.residences[home], known.residences[home])
                    for home in np.unique(known.home).tolist() if known.residences[home]})
    return {"found": found, "tally": list(zip(WORDS, found.tally.tolist(), strict=True)), "homes": homes,
            "rows": [halls.hall_json(found, row) for row in rows[:SHOWN].tolist()], "matching": len(rows),
            "month": month(months[-1]), "before": month(months[max(0, len(months) - 1 - found.wanted.months_back)]),
            "transitions": list(zip(WORDS, found.transitions.tolist(), strict=True)), "spill": halls.spill_sentence(found),
            "one": _one(found, given.get("hall", "")), "stays": _stays(found)}


def _stays(found: Census) -> tuple[int, int]:
    """Halls that worsened and that improved, among those known at both times."""
    both = (found.before >= 0) & (found.now >= 0)
    return int((both & (found.now > found.before)).sum()), int((both & (found.now < found.before)).sum())


def _one(found: Census, code: str) -> dict[str, Any] | None:
    if not code:
        return None
    row = halls.row_of(found.stock, code)
    months = [{**each, "word": month(each["month"])} for each in halls.history(found, row)]
    said = found.said.get(row)
    last = "" if said is None else (EPOCH + timedelta(said.until - 1)).strftime("%d/%m/%Y")
    return {**halls.hall_json(found, row), "months": months, "last": last,
            "acts": [(act.name, act.label) for act in found.rules.acts]}


def _watched(reader: Reader) -> dict[str, Any]:
    """Silences and sites, or why there is none to tell."""
    try:
        found = silence.silences(reader, silence.Wanted(halls.today()))
        silent = {"sentence": silences.silence_sentence(found), "level": found.wanted.alarm, "rows": [
            silences.silence_row(found, place) for place in found.order.tolist() if found.watch.silent[place]][:LISTED]}
    except NotEnough as lacking:
        silent = {"lacking": str(lacking), "rows": []}
    try:
        sites = cumul.sites(reader, cumul.Wanted(halls.today()))
        cumulating = {"rows": [silences.site_row(sites, place) for place in range(min(LISTED, len(sites.rows)))]}
    except NotEnough as lacking:
        cumulating = {"lacking": str(lacking), "rows": []}
    return {"silent": silent, "sites": cumulating}


def month(text: str) -> str:
    """`oct. 2026` of the ISO text of a day."""
    return f"{MONTHS[int(text[5:7]) - 1]} {text[:4]}"


def _link(path: str, **params: str) -> str:
    """An address with the parameters that are not empty."""
    asked = urlencode({name: value for name, value in params.items() if value})
    return f"{path}?{asked}" if asked else path


