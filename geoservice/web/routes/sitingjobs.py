"""Plans of cameras as long computations: asked for, told step by step, cancelled."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.core.siting import choose
from geoservice.core.siting.choose import Plan as Choice
from geoservice.core.siting.covering import Problem
from geoservice.core.stats.given import NotEnough
from geoservice.errors import UnknownParameter
from geoservice.operations import siting
from geoservice.operations.reader import Reader
from geoservice.operations.siting import STEPS
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingwish import NAMES, SPOTS, asked_of
from geoservice.web import heavy
from geoservice.web.body import Body, documented, read_body
from geoservice.web.computing import Said, Stage, Task
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, described
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, to_json
from geoservice.web.routes.siting import lacking_json, plan_json
from geoservice.web.service import service_of

router = APIRouter()
_MOST_BYTES = 16_384
_ASKED = tuple(name for name in NAMES if name != SPOTS)  # cameras that people put themselves are no choice to be computed
_FRESH = {"Cache-Control": "private, no-store"}
_PARTS = (0.0, 0.2, 0.4, 0.5)  # of the whole, at which each step begins: the proof is told by the time it may take
_CHOICE = 2
_STAGES = tuple(Stage(name, part, siting.SECONDS if name == STEPS[-1] else 0.0) for name, part in zip(STEPS, _PARTS, strict=True))


class Wanted(Body):
    """A plan by the parameters of « /decider », as texts."""

    asked: dict[str, str]


@router.post("/api/siting/plans", status_code=202, dependencies=[NoParameters, Depends(refuse_other_sites)],
             openapi_extra=documented(Wanted))
async def ask(request: Request, reader: CurrentReader) -> Response:
    """Begin to compute a plan: its address says how far it is. One that is known already is there at once."""
    given = {name: text for name, text in (await read_body(request, Wanted, _MOST_BYTES)).asked.items() if text}
    if set(given) - set(_ASKED):
        raise UnknownParameter(f"Un paramètre de ce plan n’existe pas. Paramètres possibles : {', '.join(_ASKED)}.")
    name = await run_in_threadpool(_begun, request, reader, asked_of(reader, given))
    said = service_of(request).desk.find(reader.viewer, name)
    return Response(_body(name, said), 202, {**_FRESH, "Location": f"/api/siting/plans/{name}"}, JSON)


@router.get("/api/siting/plans/{name}", dependencies=[NoParameters], openapi_extra=described(answers=(JSON,)))
def told(request: Request, who: CurrentViewer, name: str) -> Response:
    """How far a plan is, and the plan once it is there; kept ten minutes."""
    return Response(_body(name, service_of(request).desk.find(who, name)), 200, _FRESH, JSON)


@router.delete("/api/siting/plans/{name}", status_code=204, dependencies=[NoParameters, Depends(refuse_other_sites)])
def cancel(request: Request, who: CurrentViewer, name: str) -> Response:
    """Nobody waits for it any more: the computation ends."""
    service_of(request).desk.cancel(who, name)
    return Response(status_code=204, headers=_FRESH)


def best_told(problem: Problem, seconds: float) -> Choice:
    """`choose.best` in the other process, which says when the proof begins."""
    return choose.best(problem, seconds, lambda: heavy.tell(1))


def _begun(request: Request, reader: Reader, asked: Asked) -> str:
    def make(task: Task) -> dict[str, Any]:
        try:
            return plan_json(siting.plan(
                reader, asked, lambda problem, seconds: task.elsewhere(best_told, problem, seconds, first=_CHOICE), task.at))
        except NotEnough as lacking:
            return lacking_json(lacking)

    return service_of(request).desk.ask(reader.viewer, _STAGES, make, at_once=siting.known(reader, asked))


def _body(name: str, said: Said) -> bytes:
    return to_json({"id": name, "state": said.state, "step": said.step, "steps": STEPS, "part": round(said.part, 3),
                    "result": said.result, "problem": said.problem or None})
