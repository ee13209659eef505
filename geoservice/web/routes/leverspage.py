"""The pages of levers: the journal, one plan with its gate, its lock and what came of it; plain forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.catalog import levers as catalogue
from geoservice.core.stats import words
from geoservice.errors import NotReady
from geoservice.export import french
from geoservice.export.eventchart import svg
from geoservice.export.fonts import FONT
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations import levernote, leverresult
from geoservice.operations.levercontrols import BALANCED
from geoservice.operations.levermonths import HALL, HOME, RING_M, later, names
from geoservice.operations.leverplan import Plan
from geoservice.operations.leverwish import AFTER, BEFORE, Wish
from geoservice.operations.meetings import IN_CHARGE
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.residences import residences
from geoservice.types import Category, Kind, Viewer
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters
from geoservice.web.formpage import page, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import respond, tag_of
from geoservice.web.routes.account import Number
from geoservice.web.routes.halls import today
from geoservice.web.routes.levers import told
from geoservice.web.routes.picture import PDF
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
_MOST_PLACES = 500  # residences in a list of a form; beyond, one writes the code
_TEXTS = ("code", "in_charge", "since", "works_until", "cost", "reduction", "kind", "months_before", "months_after", "treated",
          "controls")
_FIELDS = (*_TEXTS, "residence", *(f"c-{category}" for category in Category))


@router.get("/leviers", dependencies=[NoParameters])
def listed(request: Request) -> Response:
    """Plans and the form of a new one."""
    return page(request, _list)


@router.post("/leviers", dependencies=_SENT)
async def planned(request: Request, who: CurrentViewer) -> Response:
    """A new plan."""
    given = await read_form(request, *_FIELDS)

    def make() -> Response:
        return _to(journal.plan(_reader(request, who), _wish(given), today()))

    return await run_in_threadpool(tried, request, who, lambda request, who: {**_list(request, who), "given": given}, make)


@router.get("/leviers/{number}", dependencies=[NoParameters])
def one(request: Request, number: Number) -> Response:
    """One plan: could it be seen, is it locked, what came of it."""
    return page(request, _of(number))


@router.get("/leviers/{number}/note.pdf", dependencies=[NoParameters])
def note(request: Request, reader: CurrentReader, number: Number) -> Response:
    """The evaluation note of one plan, as of today."""
    if not FONT.is_file():
        raise NotReady("La police de la page manque : lancez « make install », puis recommencez.")
    found = levernote.tell(reader, number, today())
    name = f"levier-{number}-{found.plan.code}-{today()}.pdf"
    return respond(request, tag_of("note", found, today()), lambda: to_pdf(*levernote.paper(found, today()), FONT), PDF, name)


@router.post("/leviers/{number}", dependencies=_SENT)
async def changed(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Other values of a plan that is not locked."""
    given = await read_form(request, *_FIELDS)
    return await _done(request, who, number, lambda: journal.change(_reader(request, who), number, _wish(given), today()))


@router.post("/leviers/{number}/verrouiller", dependencies=_SENT)
async def locked(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Fix a plan before it starts."""
    return await _done(request, who, number, lambda: journal.lock(_reader(request, who), number, today()))


@router.post("/leviers/{number}/deverrouiller", dependencies=_SENT)
async def unlocked(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Open it again, with a reason."""
    given = await read_form(request, "reason")
    return await _done(request, who, number, lambda: journal.unlock(service_of(request).opened(), who, number, given["reason"],
                                                                    today()))


@router.post("/leviers/{number}/retirer", dependencies=_SENT)
async def withdrawn(request: Request, who: CurrentViewer, number: Number) -> Response:
    """It will not be done."""
    return await _done(request, who, number, lambda: journal.withdraw(service_of(request).opened(), who, number))


async def _done(request: Request, who: Viewer, number: int, act: Callable[[], object]) -> Response:
    def acted() -> Response:
        act()
        return _to(number)

    return await run_in_threadpool(tried, request, who, _of(number), acted)


def _to(number: int) -> Response:
    return RedirectResponse(f"/leviers/{number}", 303, {"Cache-Control": "no-store"})


def _wish(given: dict[str, str]) -> Wish:
    texts = {name: given[name] for name in _TEXTS}
    texts["treated"] = f"{given['residence']}\n{given['treated']}"
    return Wish(**texts, categories=tuple(category for category in Category if given[f"c-{category}"]))


def _reader(request: Request, who: Viewer) -> Reader:
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who)


# --- what the pages show

def _list(request: Request, who: Viewer) -> dict[str, Any]:
    reader = _reader(request, who)
    plans = []
    for each in journal.listing(service_of(request).opened(), who):
        result, _ = told(lambda each=each: figures.evaluate(reader, each, today())) if each.locked else (None, "")
        plans.append((each, french.listed(names(reader, each.treated)[:3]), result))
    return {"page": "leviers", "plans": plans, **_words(reader, who), "given": {}}


def _of(number: int) -> Callable[[Request, Viewer], dict[str, Any]]:
    def data(request: Request, who: Viewer) -> dict[str, Any]:
        reader, storage = _reader(request, who), service_of(request).opened()
        plan = journal.one(storage, who, number)
        gate, closed = told(lambda: figures.gate(reader, plan, today()))
        balance, _ = told(lambda: figures.balance(reader, plan, today(), journal.taken(reader, number)))
        result, lacking = told(lambda: figures.evaluate(reader, plan, today()))
        return {"page": "levier", "within": "/leviers", "plan": plan, "gate": gate, "closed": closed, "balance": balance or [],
                "result": result, "lacking": lacking, "treated": names(reader, plan.treated), "shares": leverresult.shares,
                "controls": names(reader, plan.controls), "linked": _linked(reader, plan),
                "unlocks": journal.unlocks(storage, who, number),
                "until": plan.works_until - timedelta(1) if plan.works_until else None, "given": _given(plan),
                "end": later(plan.counted_from, plan.months_after) - timedelta(1), "started": today() >= plan.since,
                "drawn": "" if result is None else _drawn(plan, result), "months": levernote.months_of(plan, result),
                **_words(reader, who)}

    return data


def _linked(reader: Reader, plan: Plan) -> list[tuple[str, str, bool]]:
    """Functional neighbours: name, what links them, whether they are controls."""
    found, _ = told(lambda: figures.links(reader, plan))
    return [(names(reader, [HOME + each.code])[0], each.why, each.control) for each in found or ()]


def _words(reader: Reader, who: Viewer) -> dict[str, Any]:
    known = sorted((each.name, each.code) for each in residences(reader).values())
    return {"levers": catalogue.load().lever, "in_charge": IN_CHARGE, "kinds": tuple(Kind), "categories": tuple(Category),
            "before": BEFORE, "after": AFTER, "reasons": journal.REASONS, "places": known if len(known) <= _MOST_PLACES else [],
            "may_record": can(who, Action.RECORD), "text": french.typeset, "number": french.number, "date": french.day,
            "balanced": BALANCED, "ring_m": RING_M, "signed": words.number}


def _given(plan: Plan) -> dict[str, str]:
    """A plan as its form shows it."""
    def bare(codes: tuple[str, ...]) -> str:
        return "\n".join(code.removeprefix(HOME) if code.startswith(HOME) else code.removeprefix(HALL) for code in codes)

    return {"code": plan.code, "in_charge": plan.in_charge, "since": str(plan.since), "kind": plan.kind,
            "works_until": str(plan.works_until - timedelta(1)) if plan.works_until else "",
            "cost": str(plan.cost_cents // 100) if plan.cost_cents else "", "reduction": str(100 - plan.ratio),
            "months_before": str(plan.months_before), "months_after": str(plan.months_after), "treated": bare(plan.treated),
            "controls": bare(plan.controls), **{f"c-{category}": "1" for category in plan.categories}}


def _drawn(plan: Plan, result: leverresult.Result) -> Markup:
    found = levernote.study_of(plan, result)
    return Markup("") if found is None else Markup(svg(*found))
