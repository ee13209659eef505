"""The census of halls as JSON and CSV; the state of a hall said by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.core.observatory.halls import WORDS
from geoservice.core.query import EPOCH, FactQuery, parse
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, NotFound
from geoservice.export.tables import Table
from geoservice.operations import census, census_rules, overrides
from geoservice.operations.analyse import index_version
from geoservice.operations.census import Census
from geoservice.operations.reader import Reader
from geoservice.operations.stock import stock
from geoservice.types import Kind
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, described, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes.account import Number
from geoservice.web.service import service_of

router = APIRouter()
FORMS = tuple(TYPES)
MOST_BYTES = 2_048
_SENT = [NoParameters, Depends(refuse_other_sites)]
_CENSUS = ("kind", "to", "back", "state", "residence", "format")


def today() -> date:
    """The day it is, UTC: what is in force today is in force on it."""
    return datetime.now(UTC).date()


def wanted_census(given: dict[str, str]) -> census.Wanted:
    """The census that parameters ask for."""
    query = query_of(given)
    return census.Wanted(today(), query.kind or Kind.BAILLEUR, query.until, number_in(given, "back", 1, 24, census.COMPARED))


def number_in(given: dict[str, str], name: str, least: int, most: int, usual: int) -> int:
    """A whole number between bounds."""
    text = given.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most):
        raise BadInput(f"« {name} » attend un nombre entier de {least} à {most}.")
    return int(text)


def query_of(given: dict[str, str]) -> FactQuery:
    """Kind and end."""
    return parse({name: text for name, text in given.items() if name in ("kind", "to")})


def tag_for(name: str, reader: Reader, given: dict[str, str]) -> str:
    """A mark that changes with the data, with what people said of halls, and with the day."""
    said = overrides.listing(reader.shelf.storage, reader.viewer)
    state = [(row.id, row.revoked is None) for row in said]
    return tag_of(name, reader.viewer.organisation_id, index_version(reader), hash(tuple(state)), today(), sorted(given.items()))


@router.get("/api/halls", openapi_extra=described(*_CENSUS, answers=tuple(TYPES.values())))
def hall_list(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_CENSUS))]) -> Response:
    """Every hall with its state, the tally, and how states moved."""
    form, wanted = one_of(given.get("format"), FORMS, "format"), wanted_census(given)
    if "state" in given:
        one_of(given["state"], WORDS, "state")
    name = None if form == "json" else f"geoservice-halls.{ENDINGS[form]}"
    return respond(request, tag_for("halls", reader, given), lambda: _census(reader, wanted, given, form), TYPES[form], name)


def _census(reader: Reader, wanted: census.Wanted, given: dict[str, str], form: str) -> bytes:
    try:
        found = census.census(reader, wanted)
    except NotEnough as lacking:
        if form != "json":
            return encoded(Table({"hall": []}, None if form == "csv" else np.empty(0, object)), form, "halls")
        return to_json({"kind": wanted.kind, "enough": False, "reason": {"code": lacking.code, "sentence": str(lacking)},
                        "total": len(stock(reader)), "halls": []})
    rows = chosen(found, given.get("state"), given.get("residence"))
    return to_json(census_json(found, rows)) if form == "json" else encoded(table(found, rows, form == "csv"), form, "halls")


def chosen(found: Census, state: str | None = None, residence: str | None = None) -> np.ndarray:
    """Rows of a state and a residence; the gravest first, inconnus last, then by residence and hall."""
    known, keep = found.stock, np.ones(len(found.stock), bool)
    if state:
        keep &= found.now == (WORDS.index(state) if state in WORDS[:4] else -1)
    if residence:
        keep &= np.array([known.residences[home] == residence for home in known.home.tolist()], bool)
    rows = np.flatnonzero(keep)
    return rows[np.lexsort((rows, known.home[rows], -found.now[rows].astype(int)))]


def table(found: Census, rows: np.ndarray, flat: bool) -> Table:
    """Halls as a table, `flat` with longitude and latitude instead of points; what nobody said of a hall stays empty."""
    known, chosen_rows = found.stock, rows.tolist()
    points = known.points[rows]
    placed = np.isfinite(points).all(axis=1)
    shapes = np.full(len(rows), None, object)
    shapes[placed] = shapely.points(points[placed])
    where = {"lon": points[:, 0], "lat": points[:, 1]} if flat else {}
    home = known.home[rows].tolist()
    return Table({
        "hall": [known.keys[row] for row in chosen_rows], "nom": [known.names[row] for row in chosen_rows],
        "residence": [known.residences[row] or None for row in home],
        "nom_residence": [known.residence_names[row] or None for row in home],
        "etat": [WORDS[state] for state in found.now[rows]], "etat_calcule": [WORDS[s] for s in found.computed.states[rows, -1]],
        "etat_avant": [WORDS[state] for state in found.before[rows]],
        "dit": [found.said[row].reason if row in found.said else None for row in chosen_rows],
        **where, "origine": [str(found.wanted.kind)] * len(rows)}, None if flat else shapes)


def months_of(found: Census) -> list[str]:
    """First days of the months that states are of."""
    return [iso(int(start)) for start in found.computed.starts[:-1]]


def iso(number: int) -> str:
    """A day number as ISO text."""
    return (EPOCH + timedelta(number)).isoformat()


def census_json(found: Census, rows: np.ndarray) -> dict[str, Any]:
    """The census as JSON."""
    spill, months = found.spill, months_of(found)
    return {
        "kind": found.wanted.kind, "enough": True, "reason": None, "sentence": found.sentence, "last_fact": str(found.last_fact),
        "month": months[-1], "compared_with": months[max(0, len(months) - 1 - found.wanted.months_back)],
        "total": len(found.stock), "tally": dict(zip(WORDS, found.tally.tolist(), strict=True)), "said": len(found.said),
        "elsewhere": found.computed.elsewhere, "attached": found.computed.attached, "rules": census_rules.in_words(),
        "transitions": {before: dict(zip(WORDS, line, strict=True))
                        for before, line in zip(WORDS, found.transitions.tolist(), strict=True)},
        "report": {"observed": spill.observed, "improved": spill.improved, "worsened": spill.worsened,
                   "expected": round(spill.expected, 2), "low": spill.low, "high": spill.high, "p": round(spill.p, 4),
                   "neighbour_m": found.rules.neighbour_m, "sentence": spill_sentence(found)},
        "halls": [hall_json(found, row) for row in rows.tolist()]}


def spill_sentence(found: Census) -> str:
    """What was observed beside what chance gives, with the word that it is no cause."""
    spill = found.spill
    if not spill.improved or not spill.worsened:
        return "Aucun hall ne s’est amélioré à côté d’un hall qui s’est dégradé."
    chance = f"{spill.expected:.1f}".replace(".", ",")
    have = "ont" if spill.observed > 1 else "a"
    told = (f"Sur {spill.improved} halls améliorés, {spill.observed} {have} un voisin dégradé" if spill.improved > 1 else
            f"Le seul hall amélioré {'a un' if spill.observed else 'n’a aucun'} voisin dégradé")
    return (f"{told}\u202f; le hasard seul en donne {chance} (de {spill.low:.0f} à {spill.high:.0f}, 95 fois sur 100). C’est un "
            "constat, pas une cause.")


def hall_json(found: Census, row: int) -> dict[str, Any]:
    """One hall and its states."""
    known, home = found.stock, int(found.stock.home[row])
    lon, lat = known.points[row].tolist()
    return {"code": known.keys[row], "name": known.names[row], "residence": known.residences[home] or None,
            "residence_name": known.residence_names[home] or None, "lon": None if lon != lon else lon,
            "lat": None if lat != lat else lat, "state": WORDS[found.now[row]], "computed": WORDS[found.computed.states[row, -1]],
            "before": WORDS[found.before[row]], "said": said_json(found.said.get(row))}


def said_json(row: Any) -> dict[str, Any] | None:
    """What people said of a hall."""
    return None if row is None else {"number": row.id, "state": row.state, "reason": row.reason,
                                     "label": overrides.REASONS.get(row.reason, row.reason), "from": iso(row.since),
                                     "to": None if row.until is None else iso(row.until)}


@router.get("/api/halls/{code:path}", openapi_extra=described("kind", "to"))
def hall(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only("kind", "to"))],
         code: str) -> Response:
    """One hall, month by month."""
    wanted = wanted_census(given)
    return respond(request, tag_for(f"hall {code}", reader, given), lambda: to_json(_history(reader, wanted, code)), JSON)


def row_of(known: Any, code: str) -> int:
    """The row of a hall; NotFound when the viewer has none of this code."""
    if code not in known.keys:
        raise NotFound("Ce hall n’est pas dans votre patrimoine.")
    return int(known.keys.index(code))


def _history(reader: Reader, wanted: census.Wanted, code: str) -> dict[str, Any]:
    row = row_of(stock(reader), code)
    try:
        found = census.census(reader, wanted)
    except NotEnough as lacking:
        return {"kind": wanted.kind, "code": code, "enough": False, "reason": {"code": lacking.code, "sentence": str(lacking)},
                "months": []}
    return {"enough": True, "reason": None, "kind": wanted.kind, **hall_json(found, row), "months": history(found, row)}


def history(found: Census, row: int) -> list[dict[str, Any]]:
    """Months of a hall: state shown and computed, days with each nature of acts or a graver one, reports of its residence."""
    computed, names = found.computed, [act.name for act in found.rules.acts]
    home = int(found.stock.home[row])
    return [{"month": month, "state": WORDS[found.shown[row, at]], "computed": WORDS[computed.states[row, at]],
             "days": dict(zip(names, computed.days[:, row, at].tolist(), strict=True)),
             "reports": int(computed.reports[home, at])} for at, month in enumerate(months_of(found))]


class Said(Body):
    """The state of a hall as somebody says it; from today on, until the day before `to`."""

    state: Annotated[str, Field(max_length=10)]
    reason: Annotated[str, Field(max_length=20)]
    to: date


@router.post("/api/halls/{code:path}/override", status_code=201, dependencies=_SENT, openapi_extra=documented(Said))
async def override(request: Request, who: CurrentViewer, reader: CurrentReader, code: str) -> Response:
    """Say the state of a hall, with a reason of the list and an end."""
    given = await read_body(request, Said, MOST_BYTES)
    number = await run_in_threadpool(overrides.say, service_of(request).opened(), who, stock(reader).keys,
                                     overrides.Said(code, given.state, given.reason, today(), given.to))
    return Response(to_json({"number": number}), 201, {"Cache-Control": "private, no-store"}, JSON)


@router.post("/api/halls/{code:path}/override/{number}/revoke", status_code=204, dependencies=_SENT)
def revoke(request: Request, who: CurrentViewer, code: str, number: Number) -> Response:
    """What was said of a hall no longer counts."""
    overrides.revoke(service_of(request).opened(), who, number, code)
    return Response(status_code=204, headers={"Cache-Control": "private, no-store"})
