"""Levers as JSON: plans, whether an effect could be seen, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from geoservice.core.impact.robust import Effect
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, NotFound
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations.levermonths import names
from geoservice.operations.leverplan import Plan
from geoservice.operations.leverresult import Around, Result
from geoservice.operations.reader import Reader
from geoservice.web.dependencies import CurrentReader, NoParameters, described
from geoservice.web.responses import JSON, respond, to_json
from geoservice.web.routes.halls import tag_for, today

router = APIRouter()
Told = tuple[Any, str]  # an answer, or None with the reason


@router.get("/api/levers", dependencies=[NoParameters], openapi_extra=described(answers=(JSON,)))
def listed(request: Request, reader: CurrentReader) -> Response:
    """Every plan of the viewer's organisation with its gate and its result."""
    found = journal.listing(reader.shelf.storage, reader.viewer)
    tag = tag_for("levers", reader, {"plans": repr(found), "today": str(today())})
    return respond(request, tag, lambda: to_json({"levers": [_json(reader, each) for each in found]}), JSON)


def told(make: Callable[[], Any]) -> Told:
    """What is made, or None and why it cannot be."""
    try:
        return make(), ""
    except (NotEnough, NotFound, BadInput) as why:
        return None, str(why)


def _json(reader: Reader, plan: Plan) -> dict[str, Any]:
    gate, closed = told(lambda: figures.gate(reader, plan, today()))
    result, lacking = told(lambda: figures.evaluate(reader, plan, today()))
    linked, _ = told(lambda: figures.links(reader, plan))
    return {
        "number": plan.number, "lever": plan.code, "label": plan.label, "in_charge": plan.in_charge, "kind": plan.kind,
        "categories": list(plan.categories), "from": str(plan.since), "counted_from": str(plan.counted_from),
        "cost_cents": plan.cost_cents, "expected_ratio": plan.ratio / 100, "months_before": plan.months_before,
        "months_after": plan.months_after, "treated": list(plan.treated), "treated_names": names(reader, plan.treated),
        "controls": list(plan.controls),
        "linked": [{"residence": each.code, "why": each.why, "control": each.control} for each in linked or ()],
        "locked": plan.locked is not None, "intact": plan.intact, "sha256": plan.sha256,
        "withdrawn": plan.withdrawn, "gate_reason": closed or None, "result_reason": lacking or None,
        "gate": None if gate is None else {**asdict(gate), "possible": gate.possible, "sentence": gate.sentence},
        "result": None if result is None else result_json(result)}


def result_json(found: Result) -> dict[str, Any]:
    """A result without what nobody knows: no NaN."""
    study, quotient = found.study, found.quotient
    return {
        "word": found.word, "sentence": found.sentence, "months": found.months, "planned": found.planned,
        "treated": _fields(found.treated), "control": _fields(found.control), "effect": _effect(found.effect),
        "ring": _around(found.ring), "linked": _around(found.linked),
        "total": _effect(found.total), "quotient": _fields(quotient), "quotient_reason": found.quotient_reason or None,
        "events": None if study is None else {"gap": study.gap.tolist(), "half": study.half, "slope": study.slope, "p": study.p},
        "regression": found.mean_sentence or None, "cost_cents_each": None if found.cost is None else [
            round(100 * euros) for euros in found.cost], "cost_sentence": found.cost_sentence or None}


def _around(found: Around | None) -> dict[str, Any] | None:
    return None if found is None else {"word": found.word, "sentence": found.sentence, "group": _fields(found.group),
                                       "effect": _effect(found.effect)}


def _fields(value: Any) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def _effect(value: Effect | None) -> dict[str, Any] | None:
    """Infinite degrees of freedom (no spread at all) are null."""
    if value is None:
        return None
    found = asdict(value)
    return {**found, "degrees": None if found["degrees"] == float("inf") else found["degrees"]}
