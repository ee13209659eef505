"""Patrol requests on the shared page: read by those whom they concern, answered by the liaison. Nothing else is written there."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.operations import audit, shared_patrol
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentViewer, NoParameters
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, to_json
from geoservice.web.routes.account import Number
from geoservice.web.service import service_of
from geoservice.web.shared.who import CurrentGuest, door_of, shared_of

router = APIRouter()
_FRESH = {"Cache-Control": "no-store"}


class AnswerBody(Body):
    """An answer of the closed list; « impossible » has a reason of another."""

    answer: Literal["vu", "fait", "impossible"]
    reason: Literal["effectifs", "acces", "competence", "suivi"] | None = None


@router.get("/api/shared/{territory}/requests", dependencies=[NoParameters])
def requests(request: Request, territory: str, guest: CurrentGuest) -> Response:
    """Requests of a territory: all for its liaison, one's own for an organisation; and the words that answer them."""
    value = {"requests": shared_patrol.listing(shared_of(request), guest, territory), "answers": shared_patrol.ANSWERS,
             "refusals": shared_patrol.REFUSALS}
    return Response(to_json(value), 200, _FRESH, JSON)


@router.post("/api/shared/{territory}/requests/{number}", dependencies=[NoParameters, Depends(refuse_other_sites)],
             openapi_extra=documented(AnswerBody))
async def answer(request: Request, territory: str, number: Number, guest: CurrentGuest, who: CurrentViewer) -> Response:
    """Answer a request: seen, done, or not possible."""
    given = await read_body(request, AnswerBody, 4_096)
    await run_in_threadpool(shared_patrol.answer, shared_of(request), guest, territory, number,
                            shared_patrol.Answer(given.answer, given.reason))
    if door_of(request).main:
        service_of(request).note(who, "patrouille.repondue", f"demande {number}", audit.DONE)
    return Response(status_code=204, headers=_FRESH)
