"""Silences, and sites where troubles cumulate, as JSON and CSV."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.stats.given import NotEnough
from geoservice.export.tables import Table
from geoservice.operations import cumul, silence
from geoservice.operations.cumul import FAMILIES, Sites
from geoservice.operations.reader import Reader
from geoservice.operations.silence import LEVELS, Silences
from geoservice.operations.stock import Stock
from geoservice.types import LABELS, Kind
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.files import TYPES, encoded
from geoservice.web.responses import respond, to_json
from geoservice.web.routes.halls import iso, number_in, query_of, tag_for, today

router = APIRouter()
_OF = ("kind", "to", "of", "format")
FORMS = ("json", "csv")
_BOTH = (TYPES["json"], TYPES["csv"])


@router.get("/api/silence", openapi_extra=described(*_OF, "days", answers=_BOTH))
def silent(request: Request, reader: CurrentReader,
           given: Annotated[dict[str, str], Depends(only(*_OF, "days"))]) -> Response:
    """Residences or halls with fewer reports than expected, the surest first."""
    form, query = one_of(given.get("format"), FORMS, "format"), query_of(given)
    wanted = silence.Wanted(today(), query.kind or Kind.BAILLEUR, one_of(given.get("of"), LEVELS, "of"),
                            number_in(given, "days", silence.SHORTEST, silence.LONGEST, silence.RECENT_DAYS), query.until)
    name = None if form == "json" else "geoservice-silences.csv"
    return respond(request, tag_for("silence", reader, given), lambda: _silences(reader, wanted, form), TYPES[form], name)


def _silences(reader: Reader, wanted: silence.Wanted, form: str) -> bytes:
    try:
        found = silence.silences(reader, wanted)
    except NotEnough as lacking:
        reason = {"code": lacking.code, "sentence": str(lacking)}
        return encoded(Table({"code": []}), "csv", "silences") if form == "csv" else to_json(
            {"kind": wanted.kind, "of": wanted.level, "enough": False, "reason": reason, "places": []})
    rows = [silence_row(found, place) for place in found.order.tolist()]
    if form == "csv":
        names = ("code", "name", "seen", "expected", "days_since", "p", "q", "silent", "judged")
        return encoded(Table({name: [row[name] for row in rows] for name in names}), "csv", "silences")
    watch = found.watch
    return to_json({
        "kind": wanted.kind, "of": wanted.level, "enough": True, "reason": None, "days": wanted.days, "to": found.end.isoformat(),
        "judged": int(watch.judged.sum()), "silent": int(watch.silent.sum()), "sentence": silence_sentence(found),
        "attached": found.attached, "method": {"null": "gamma–Poisson", "correction": "Benjamini-Hochberg", "level": wanted.alarm,
                   "noise": round(watch.expected.noise, 4), "factor": round(watch.expected.factor, 4),
                   "past_days": silence.PAST_DAYS}, "places": rows})


def silence_sentence(found: Silences) -> str:
    """How many are silent of how many that could be told."""
    judged, total, silent = int(found.watch.judged.sum()), len(found.rows), int(found.watch.silent.sum())
    what = "résidences" if found.wanted.level == "residence" else "halls"
    told = f"{silent} silence{'s' if silent > 1 else ''} sur {judged} {what} où un silence se verrait"
    if judged == total:
        return f"{told}."
    return f"{told}\u202f; ailleurs ({total - judged}), trop peu de signalements sont attendus pour le dire."


def silence_row(found: Silences, place: int) -> dict[str, Any]:
    """One place: what was seen, what was expected, and the chance of so little."""
    row, watch = int(found.rows[place]), found.watch
    code, name = _named(found.stock, found.wanted.level, row)
    lon, lat = _where(found.stock, found.wanted.level, row)
    return {"code": code, "name": name, "lon": lon, "lat": lat, "seen": int(found.seen[place]), "past": int(found.past[place]),
            "expected": round(float(watch.expected.mean[place]), 2),
            "days_since": int(found.since[place]) if found.since[place] >= 0 else None,
            "p": round(float(watch.p[place]), 6), "q": round(float(watch.q[place]), 6),
            "silent": bool(watch.silent[place]), "judged": bool(watch.judged[place]), "sentence": found.sentence(place)}


def _named(known: Stock, level: str, row: int) -> tuple[str, str]:
    return (known.residences[row], known.residence_names[row]) if level == "residence" else (known.keys[row], known.names[row])


def _where(known: Stock, level: str, row: int) -> tuple[float | None, float | None]:
    """A hall's point, or the middle of a residence's halls."""
    points = known.points[row:row + 1] if level == "hall" else known.points[known.home == row]
    placed = points[np.isfinite(points).all(axis=1)]
    return tuple(placed.mean(axis=0).round(7).tolist()) if len(placed) else (None, None)


@router.get("/api/cumul", openapi_extra=described(*_OF, answers=_BOTH))
def cumulating(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_OF))]) -> Response:
    """Residences or halls where troubles cumulate, with the parts of each score."""
    form, query = one_of(given.get("format"), FORMS, "format"), query_of(given)
    wanted = cumul.Wanted(today(), query.kind or Kind.BAILLEUR, one_of(given.get("of"), LEVELS, "of"), query.until)
    name = None if form == "json" else "geoservice-cumul.csv"
    return respond(request, tag_for("cumul", reader, given), lambda: _cumul(reader, wanted, form), TYPES[form], name)


def _cumul(reader: Reader, wanted: cumul.Wanted, form: str) -> bytes:
    try:
        found = cumul.sites(reader, wanted)
    except NotEnough as lacking:
        reason = {"code": lacking.code, "sentence": str(lacking)}
        return encoded(Table({"code": []}), "csv", "cumul") if form == "csv" else to_json(
            {"kind": wanted.kind, "of": wanted.level, "enough": False, "reason": reason, "sites": []})
    rows = [site_row(found, place) for place in range(len(found.rows))]
    if form == "csv":
        names = ("code", "name", "families", "months", "days", "score", "low", "high")
        return encoded(Table({name: [row[name] for row in rows] for name in names}), "csv", "cumul")
    return to_json({"kind": wanted.kind, "of": wanted.level, "enough": True, "reason": None, "from": iso(int(found.starts[0])),
                    "to": iso(int(found.starts[-1])), "places": found.places, "attached": found.attached, "sites": rows})


def site_row(found: Sites, place: int) -> dict[str, Any]:
    """One site and the parts of its score."""
    code, name = _named(found.stock, found.wanted.level, int(found.rows[place]))
    parts = found.parts
    words = [{"code": str(family), "label": LABELS[family], "facts": int(count)}
             for family, count in zip(FAMILIES, found.facts[place].tolist(), strict=True) if count]
    return {"code": code, "name": name, "families": int(parts.families[place]), "months": int(parts.months[place]),
            "days": round(float(parts.days[place]), 2), "score": round(float(parts.score[place]), 2),
            "low": round(float(found.low[place]), 2), "high": round(float(found.high[place]), 2),
            "sentence": found.sentence(place),
            "facts": sorted(words, key=lambda word: -word["facts"])}
