"""« Mes résidences »: the first page of a landlord's team, one sheet without a script."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.observatory.halls import WORDS
from geoservice.core.stats.given import NotEnough
from geoservice.export import french
from geoservice.operations import census, landing, meetings, routing, silence
from geoservice.operations.census import Census
from geoservice.operations.landing import Changed, Moved
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.setup import Storage
from geoservice.types import Kind, Viewer
from geoservice.web.dependencies import one_of, only
from geoservice.web.formpage import page
from geoservice.web.service import Service, service_of

router = APIRouter(include_in_schema=False)
SHOWN = 8
_WIDTH, _WIDEST = 160, math.log(8)  # of the drawn interval: pixels, and the ratio at either end
_WORDS = {1: "En hausse", -1: "En baisse", 0: "Pas de changement net"}


@router.get("/mes-residences")
def landing_page(request: Request, given: Annotated[dict[str, str], Depends(only("kind"))]) -> Response:
    """What changed since the last meeting, and what is due."""
    return page(request, lambda asked, who: _sheet(asked, who, given.get("kind")))


def _sheet(request: Request, who: Viewer, asked: str | None) -> dict[str, Any]:
    service, today = service_of(request), datetime.now(UTC).date()
    reader = open_reader(service.opened(), service.catalog, who)
    kind = _kind(reader, asked)
    meeting = meetings.last(service.opened(), who, today)
    span = landing.span_of(reader, kind, None if meeting is None else meeting.day, today)
    found = None if span is None else landing.changed(reader, kind, span)
    service.warm.asked("mes-residences", who, lambda reader: _worked_out(service, reader, who, kind))
    return {"page": "mes-residences", "kind": kind, "kinds": list(reader.kinds()), "span": span, "meeting": meeting,
            "changed": found, "moved": [] if found is None else [_row(each, found) for each in _first(found)],
            "halls": _halls(reader, kind, span, today), "silences": _silences(reader, kind, today),
            "asked": _asked(service.opened(), who), "shown": SHOWN,
            "due": [_due(reader, each, today) for each in meetings.due(service.opened(), who, today)],
            "spelled": french.day, "counted": french.counted, "number": french.number, "last": span and span.until - timedelta(1),
            "map": "" if span is None else _address(kind, span)}


def _worked_out(service: Service, reader: Reader, who: Viewer, kind: Kind | None) -> None:
    """What the sheet counts, once more, for whoever comes next."""
    today = datetime.now(UTC).date()
    meeting = meetings.last(service.opened(), who, today)
    span = landing.span_of(reader, kind, None if meeting is None else meeting.day, today)
    if span is not None:
        landing.changed(reader, kind, span)
    _halls(reader, kind, span, today)
    _silences(reader, kind, today)


def _kind(reader: Reader, asked: str | None) -> Kind | None:
    """The kind that is asked for, else the landlord's own, else the only one."""
    kinds = tuple(reader.kinds())
    if asked:
        return Kind(one_of(asked, kinds, "kind"))
    return Kind.BAILLEUR if Kind.BAILLEUR in kinds else next(iter(kinds), None)


def _first(found: Changed) -> list[Moved]:
    """Those that changed beyond chance, and the most frequent until the table is full."""
    return found.moved[:max(SHOWN, len(found.beyond_chance))]


def _address(kind: Kind | None, span: landing.Span, **more: str) -> str:
    """A view of the map or of the residences' page, as the part after the #."""
    return urlencode({"kind": str(kind), "from": span.since.isoformat(), "to": span.until.isoformat(), **more})


def _row(moved: Moved, found: Changed) -> dict[str, Any]:
    """A line of the table: counts, the word, the drawn interval, and where one click leads."""
    low, dot, high = (round(_WIDTH * (0.5 + max(-1.0, min(1.0, math.log(value) / _WIDEST)) / 2), 1) for value in
                      (moved.low, moved.ratio, moved.high))
    return {"name": moved.residence.name, "before": moved.before, "since": moved.since, "word": _WORDS[moved.direction],
            "low": low, "dot": dot, "high": high, "direction": moved.direction, "width": _WIDTH,
            "said": f"rapport {french.number(moved.ratio, 1)}, de {french.number(moved.low, 1)} à {french.number(moved.high, 1)}",
            "address": _address(found.kind, found.span, zone=f"residence:{moved.residence.code}")}


def _halls(reader: Reader, kind: Kind | None, span: landing.Span | None, today: date) -> dict[str, Any]:
    """The census in a sentence, and the halls whose state changed since; what is lacking where there is no census."""
    if kind is None or span is None:
        return {}
    months = min(24, max(1, round(span.days / 30.4)))
    try:
        found = census.census(reader, census.Wanted(today, kind, None, months))
    except NotEnough as lacking:
        return {"lacking": str(lacking)}
    moved = np.flatnonzero(found.now != found.before)
    moved = moved[np.lexsort((moved, -found.now[moved].astype(int)))]
    return {"sentence": found.sentence, "moved": len(moved), "months": months, "rows": [_hall(found, row) for row in
                                                                                        moved[:SHOWN].tolist()]}


def _hall(found: Census, row: int) -> dict[str, str]:
    known = found.stock
    return {"name": known.names[row], "residence": known.residence_names[known.home[row]], "now": WORDS[found.now[row]],
            "before": WORDS[found.before[row]], "address": "/halls?" + urlencode({"hall": known.keys[row]}) + "#hall"}


def _silences(reader: Reader, kind: Kind | None, today: date) -> dict[str, Any]:
    """Residences that report less than expected, the surest first."""
    if kind is None:
        return {}
    try:
        found = silence.silences(reader, silence.Wanted(today, kind))
    except NotEnough as lacking:
        return {"lacking": str(lacking)}
    silent = [place for place in found.order.tolist() if found.watch.silent[place]]
    rows = [{"name": found.stock.residence_names[row], "said": found.sentence(place),
             "address": urlencode({"kind": str(kind), "zone": f"residence:{found.stock.residences[row]}"})}
            for place in silent[:SHOWN] for row in [int(found.rows[place])]]
    return {"judged": int(found.watch.judged.sum()), "silent": len(silent), "rows": rows, "total": len(found.rows)}


def _asked(storage: Storage, who: Viewer) -> dict[str, Any]:
    """Partners who were asked and have not answered: how many facts, and the oldest."""
    waiting = [each for each in routing.listing(storage, who) if each.closed is None]
    return {"waiting": len(waiting), "oldest": max((each.age for each in waiting), default=0)}


def _due(reader: Reader, decision: meetings.Decision, today: date) -> dict[str, Any]:
    status = meetings.STATES.get(decision.status, meetings.NOTHING_YET) if decision.status else meetings.NOTHING_YET
    return {"what": meetings.LEVERS[decision.lever], "where": meetings.place_name(reader, decision.place),
            "who": meetings.IN_CHARGE[decision.in_charge], "until": decision.due, "late": decision.late(today), "status": status,
            "meeting": decision.title, "address": f"/reunions/{decision.meeting}"}
