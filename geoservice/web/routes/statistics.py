"""Facts in time, in few places, soon after one another, between two periods: each answer says how it was made."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core import grid
from geoservice.core.query import PARAMETERS
from geoservice.core.stats.calibration import Calibration
from geoservice.operations import analyse, comparison, rhythm, unevenness
from geoservice.operations.analyse import Analysis, Reason
from geoservice.operations.comparison import Compared
from geoservice.operations.reuse import Shelf
from geoservice.operations.rhythm import History, Months, Rhythm
from geoservice.operations.said import Said
from geoservice.operations.unevenness import Concentrated, MapAtHand, Repeats
from geoservice.web import heavy
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.responses import JSON, respond, to_json
from geoservice.web.routes.cells import cell_of
from geoservice.web.routes.hotspots import OPTIONS, method_json, query_of, reason_json, short, tag_for, wanted_of

router = APIRouter()

_PLAIN = tuple(name for name in PARAMETERS if name not in ("resolution", "format"))
_TIMED = (*_PLAIN, "cell", *OPTIONS)
_MAPPED = (*(name for name in PARAMETERS if name != "format"), *OPTIONS)
_LORENZ = 100  # steps of the curve that are told
_DIGITS = 4
_calibrations: Shelf[bytes] = Shelf(64)


@router.get("/api/profile", openapi_extra=described("cell", *_PLAIN))
def profile(request: Request, reader: CurrentReader,
            given: Annotated[dict[str, str], Depends(only("cell", *_PLAIN))]) -> Response:
    """Hour × weekday, aoristic: intervals are shared among their hours, rates are per hour that really was."""
    query, cell = query_of(given, "cell"), given.get("cell")
    within = None if cell is None else np.array([cell_of(cell)[0]], dtype=np.uint64)
    tag = tag_for("profile", reader, query, cell)
    return respond(request, tag, lambda: to_json(_profile(rhythm.week(reader, query, within))), JSON)


@router.get("/api/trend", openapi_extra=described(*_TIMED))
def trend(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_TIMED))]) -> Response:
    """Monthly series with its uncertainty, Mann–Kendall, and (with `cell`) how hot the cell has been."""
    query, cell, wanted = query_of(given, "cell"), given.get("cell"), wanted_of(given)
    tag = tag_for("trend", reader, query, cell, wanted)
    if cell is None:
        return respond(request, tag, lambda: to_json({**_months(rhythm.months(reader, query)), "emerging": None}), JSON)
    number, resolution = cell_of(cell)
    query, within = query.with_(resolution=resolution), np.array([number], dtype=np.uint64)
    return respond(request, tag, lambda: to_json({**_months(rhythm.months(reader, query, within)),
                                                  "emerging": _history(rhythm.history(reader, query, number, wanted))}), JSON)


@router.get("/api/concentration", openapi_extra=described(*_MAPPED))
def concentration(request: Request, reader: CurrentReader,
                  given: Annotated[dict[str, str], Depends(only(*_MAPPED))]) -> Response:
    """Which share of cells or residences holds 25, 50 and 80 % of the facts."""
    query, wanted = query_of(given), wanted_of(given)
    return respond(request, tag_for("concentration", reader, query, wanted),
                   lambda: to_json(_concentrated(unevenness.concentrated(reader, query, wanted))), JSON)


@router.get("/api/near-repeat", openapi_extra=described(*_PLAIN))
def near_repeat(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_PLAIN))]) -> Response:
    """Pairs of facts close in space and in time, beside what chance gives."""
    query = query_of(given)
    return respond(request, tag_for("near-repeat", reader, query), lambda: to_json(_repeats(unevenness.repeats(reader, query))),
                   JSON)


@router.get("/api/change", openapi_extra=described("compare", *_MAPPED))
def change(request: Request, reader: CurrentReader,
           given: Annotated[dict[str, str], Depends(only("compare", *_MAPPED))]) -> Response:
    """The period against another one, unit by unit: `compare=2023-01-01..2024-01-01`, by default as long a one just before."""
    query, wanted = query_of(given, "compare"), wanted_of(given)
    other = comparison.span(given["compare"], "compare") if "compare" in given else None
    return respond(request, tag_for("change", reader, query, wanted, other),
                   lambda: to_json(_change(comparison.compared(reader, query, other, wanted))), JSON)


@router.get("/api/calibration", openapi_extra=described(*_MAPPED))
def calibration(request: Request, reader: CurrentReader,
                given: Annotated[dict[str, str], Depends(only(*_MAPPED))]) -> Response:
    """How often this very map would show a hot spot if there were none."""
    query, wanted = query_of(given), wanted_of(given)
    tag = tag_for("calibration", reader, query, wanted)
    make = partial(_calibrations.get, tag, lambda: _calibration(analyse.analyse(reader, query, wanted)))
    return respond(request, tag, make, JSON)


def _said(said: Said) -> dict[str, Any]:
    return {**vars(said), "dispersion": None if said.dispersion is None else round(said.dispersion, 3)}


def _enough(reason: Reason | None) -> dict[str, Any]:
    return {"enough": reason is None, "reason": reason_json(reason)}


def _table(values: np.ndarray) -> list[list[float]]:
    return values.round(_DIGITS).tolist()


def _profile(found: Rhythm) -> dict[str, Any]:
    head = {"kind": found.kind, **_enough(found.reason), "method": _said(found.said),
            "period": None if found.period is None else {"from": found.period[0].isoformat(), "to": found.period[1].isoformat()}}
    if found.profile is None:
        return {**head, "facts": 0, "unknown": 0, "outside": 0.0, "weights": [], "exposure_hours": [], "ratios": [], "low": [],
                "high": []}
    low, high = found.profile.limits()
    whole = found.profile.weights.sum() / found.profile.exposure.sum()
    scale = 1 / whole if whole > 0 else 0.0  # limits as ratios to the whole week too
    return {**head, "facts": found.profile.facts, "unknown": found.profile.unknown,
            "outside": round(found.profile.outside, _DIGITS), "weights": _table(found.profile.weights),
            "exposure_hours": found.profile.exposure.tolist(), "ratios": _table(found.profile.ratios),
            "low": _table(low * scale), "high": _table(high * scale)}


def _months(found: Months) -> dict[str, Any]:
    trend = None if found.trend is None else {
        "direction": found.trend.direction, "p": short(found.trend.p), "tau": round(found.trend.tau, _DIGITS),
        "slope_per_day_per_month": short(found.trend.slope), "slope_low": short(found.trend.low),
        "slope_high": short(found.trend.high), "autocorrelation": round(found.trend.autocorrelation, _DIGITS),
        "caveats": list(found.trend.caveats)}
    return {"kind": found.kind, **_enough(found.reason), "method": _said(found.said), "step": "month",
            "days": [day.isoformat() for day in found.days], "counts": found.counts.tolist(),
            "observed_days": found.observed_days.tolist(), "low": found.low.round(2).tolist(),
            "high": found.high.round(2).tolist(), "line": found.line.round(2).tolist(),
            "total": int(found.counts.sum()), "unplaced": found.unplaced, "trend": trend,
            "sentence": rhythm.trend_sentence(found)}


def _history(found: History) -> dict[str, Any]:
    if found.definition is None:
        return {"code": None, "label": None, "sentence": None, "reason": reason_json(found.reason), "periods": [], "p": None}
    periods = [{"from": first.isoformat(), "to": last.isoformat(), "hot": hot}
               for (first, last), hot in zip(found.periods, found.hot, strict=True)]
    return {"code": found.definition.code, "label": found.definition.label, "sentence": found.definition.sentence, "reason": None,
            "periods": periods, "p": None if found.p is None else short(found.p)}


def _concentrated(found: Concentrated) -> dict[str, Any]:
    head = {"kind": found.analysis.kind, "resolution": found.analysis.query.resolution, "unit": found.analysis.unit,
            **_enough(found.reason), "method": _said(found.said),
            "area": None if found.analysis.area is None else found.analysis.area.sentence}
    if found.found is None:
        return head
    steps = np.unique(np.linspace(0, found.found.units, _LORENZ + 1).round().astype(int))
    return {**head, "units": found.found.units, "units_with_facts": found.found.units_with_facts, "facts": int(found.found.facts),
            "held": [{**vars(each), "unit_share": round(each.unit_share, 6)} for each in found.found.held],
            "gini": round(found.found.gini, _DIGITS), "gini_prime": round(found.found.gini_prime, _DIGITS),
            "lorenz": _table(found.found.lorenz[steps]), "sentence": found.found.sentence}


def _repeats(found: Repeats) -> dict[str, Any]:
    head = {"kind": found.kind, **_enough(found.reason), "method": _said(found.said), "used": found.used, "total": found.total,
            "sentence": unevenness.repeats_sentence(found)}
    if found.found is None:
        return head
    return {**head, "metres": list(found.found.metres), "days": list(found.found.days),
            "observed": found.found.observed.tolist(), "expected": _table(found.found.expected),
            "ratio": _table(found.found.ratio), "p": _table(found.found.p), "permutations": found.found.permutations}


def _change(found: Compared) -> dict[str, Any]:
    spans = {"before": found.before_span, "after": found.after_span}
    head = {"kind": found.kind, "resolution": found.analysis.query.resolution, "unit": found.analysis.unit,
            **_enough(found.reason),
            "method": _said(found.said) | {"dispersion": None if found.found is None else round(found.found.dispersion, 3)},
            "periods": {name: {"from": first.isoformat(), "to": last.isoformat(), "days": (last - first).days}
                        for name, (first, last) in spans.items()}, "sentence": comparison.change_sentence(found)}
    if found.found is None or found.whole is None or found.analysis.area is None:
        return head
    area, rows = found.analysis.area, found.rows
    who = {"units": [area.units[row] for row in rows.tolist()], "names": [area.names[row] for row in rows.tolist()]} \
        if area.unit == "residence" else {"cells": grid.to_text(area.cells[rows])}
    return {**head, **who, "before": found.before.tolist(), "after": found.after.tolist(),
            "ratio": found.found.ratio.round(_DIGITS).tolist(), "low": found.found.low.round(_DIGITS).tolist(),
            "high": found.found.high.round(_DIGITS).tolist(), "p": [short(each) for each in found.found.p.tolist()],
            "q": [short(each) for each in found.found.q.tolist()], "direction": found.found.direction.tolist(),
            "total": {"before": int(found.before.sum()), "after": int(found.after.sum()), "p": short(float(found.whole.p[0])),
                      **{name: round(float(getattr(found.whole, name)[0]), _DIGITS) for name in ("ratio", "low", "high")}}}


def _calibration(found: Analysis) -> bytes:
    given = unevenness.map_at_hand(found)
    head = {"kind": found.kind, "resolution": found.query.resolution, "unit": found.unit,
            "method": method_json(analyse.method(found))}
    if isinstance(given, Reason):
        return to_json({**head, **_enough(given)})
    return heavy.elsewhere(calibrated_json, given, {**head, **_enough(None)})


def calibrated_json(given: MapAtHand, head: dict[str, Any]) -> bytes:
    """The whole answer, made in the other process."""
    found: Calibration = unevenness.calibrated(given)
    return to_json({**head, "false_maps": found.false_maps, "low": round(found.interval[0], _DIGITS),
                    "high": round(found.interval[1], _DIGITS), "runs": found.runs, "false_cells": found.false_cells,
                    "undecided": found.undecided, "dispersion": round(found.dispersion, 3), "total": found.total,
                    "seed": found.seed, "sentence": unevenness.calibration_sentence(found)})

