"""Measures of the observatory: complaints, what is never reported, rates, completeness, the yearly table."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.observatory.capture import Captured, Estimate, Sensitivity
from geoservice.core.query import FactQuery, parse
from geoservice.export import xlsx
from geoservice.export.tables import Table
from geoservice.operations import capture as captures
from geoservice.operations import comparison
from geoservice.operations import complaints as gaps
from geoservice.operations import completeness as completing
from geoservice.operations import rates as rating
from geoservice.operations import yearly as years
from geoservice.operations.comparison import Span
from geoservice.operations.complaints import Gap, Tally
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.yearly import Yearly
from geoservice.types import LABELS, Category, code_of
from geoservice.web import measuretables
from geoservice.web.dependencies import CurrentReader, described, one_of, only
from geoservice.web.files import encoded
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes.hotspots import reason_json

router = APIRouter()

NAMES = ("kind", "from", "to", "category", "nature")
_PAIRED = ("kind", "from", "to", "category")  # natures are what tells the two sources apart
CSV = "text/csv"
_FORMS = ("json", "csv")
_DIGITS = 4
_FORM_TYPES = {"json": JSON, "csv": CSV, "xlsx": xlsx.TYPE}


def query_of(given: dict[str, str]) -> FactQuery:
    """The filter, from the parameters that are its own."""
    return parse({name: text for name, text in given.items() if name in NAMES})


def tag_for(name: str, reader: Reader, *more: object) -> str:
    """The mark of an answer: facts, patrimoine and published counts in reach."""
    layers = [reader.version(layer) for layer in ("patrimoine", "aggregates") if layer in reader.catalog.layers]
    return tag_of(name, reader.viewer.organisation_id, reader.version(FACTS), *layers, *more)


@router.get("/api/complaints", openapi_extra=described("compare", *NAMES, "format", answers=(JSON, CSV)))
def complaints(request: Request, reader: CurrentReader,
               given: Annotated[dict[str, str], Depends(only("compare", *NAMES, "format"))]) -> Response:
    """Complaints per fact seen, by residence and category, and where they fell although facts did not."""
    form, query = one_of(given.get("format"), _FORMS, "format"), query_of(given)
    other = comparison.span(given["compare"], "compare") if "compare" in given else None
    tag = tag_for("complaints", reader, form, query.canonical(), other)

    def make() -> bytes:
        found = gaps.gap(reader, query, other)
        return to_json(_gap(found)) if form == "json" else encoded(Table(measuretables.complaints(found)), form, "plaintes")

    return respond(request, tag, make, _FORM_TYPES[form], None if form == "json" else "geoservice-plaintes.csv")


@router.get("/api/capture", openapi_extra=described(*_PAIRED))
def capture(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only(*_PAIRED))]) -> Response:
    """How much is never reported, from two sources in reach that overlap; or the reason why they do not say."""
    query = query_of(given)
    return respond(request, tag_for("capture", reader, query.canonical()), lambda: to_json(
        {"method": captures.method(), "pairs": [_overlap(each) for each in captures.overlaps(reader, query)]}), JSON)


@router.get("/api/rates", openapi_extra=described(*NAMES, "format", answers=(JSON, CSV)))
def rates(request: Request, reader: CurrentReader,
          given: Annotated[dict[str, str], Depends(only(*NAMES, "format"))]) -> Response:
    """Facts and costs per 100 dwellings by residence, pulled, in a funnel, ranked only where an order can be told."""
    form, query = one_of(given.get("format"), _FORMS, "format"), query_of(given)

    def make() -> bytes:
        found = rating.rates(reader, query)
        return to_json(_rates(found)) if form == "json" else encoded(Table(measuretables.rates(found)), form, "taux")

    return respond(request, tag_for("rates", reader, form, query.canonical()), make, _FORM_TYPES[form],
                   None if form == "json" else "geoservice-taux.csv")


@router.get("/api/completeness", openapi_extra=described(*NAMES))
def completeness(request: Request, reader: CurrentReader,
                 given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """Facts per source (nature, then import source) and month, months of silence, columns that are filled."""
    query = query_of(given)
    return respond(request, tag_for("completeness", reader, query.canonical()),
                   lambda: to_json(_completeness(completing.completeness(reader, query))), JSON)


@router.get("/api/yearly", openapi_extra=described("residence", *NAMES, "format", answers=(JSON, CSV, xlsx.TYPE)))
def yearly(request: Request, reader: CurrentReader,
           given: Annotated[dict[str, str], Depends(only("residence", *NAMES, "format"))]) -> Response:
    """The yearly table: acts against staff and contractors, damage by element, occupations, costs, complaints."""
    form, query = one_of(given.get("format"), tuple(_FORM_TYPES), "format"), query_of(given)
    residence = given.get("residence")

    def make() -> bytes:
        found = years.yearly(reader, query, residence)
        return to_json(_yearly(found)) if form == "json" else _sheet(found, form)

    return respond(request, tag_for("yearly", reader, form, query.canonical(), residence), make, _FORM_TYPES[form],
                   None if form == "json" else f"geoservice-bilan-annuel.{form}")


def _sheet(found: Yearly, form: str) -> bytes:
    columns = measuretables.yearly(found)
    if form == "csv":
        return encoded(Table(columns), form, "bilan")
    return xlsx.sheet("Bilan annuel", list(columns), list(zip(*columns.values(), strict=True)))


def span_json(span: Span) -> dict[str, Any]:
    """First day and day after the last."""
    return {"from": span[0].isoformat(), "to": span[1].isoformat()}


def _rounded(values: np.ndarray) -> list[float]:
    return np.round(values, _DIGITS).tolist()


def _gap(found: Gap) -> dict[str, Any]:
    categories = [{"code": category, "label": LABELS[category], "facts": facts, "asked": asked, "filed": filed}
                  for category, (facts, asked, filed) in found.usual.items()]
    return {"kind": found.kind, "enough": found.ratios is not None, "reason": reason_json(found.reason), "sentence":
            gaps.sentence(found), "method": gaps.method(found), "period": span_json(found.span), "categories": categories,
            "prior": None if found.ratios is None else {"mean": round(found.ratios.prior.mean, _DIGITS),
                                                        "facts": round(found.ratios.prior.strength, 1)},
            "residences": [_gap_row(found, row) for row in range(len(found.codes))],
            "alert": _lassitude(found), "attached": found.attached, "police": found.police}


def _gap_row(found: Gap, row: int) -> dict[str, Any]:
    ratio = None if found.ratios is None else {name: round(float(getattr(found.ratios, name)[row]), _DIGITS)
                                               for name in ("mean", "low", "high")}
    cells = [_cell(found, row, category) for category in Category if found.whole.facts[row, code_of(category)]]
    return {"code": found.codes[row], "name": found.names[row], **_counts(found.whole, row), "ratio": ratio, "categories": cells}


def _counts(tally: Tally, row: int) -> dict[str, int]:
    facts, asked, filed = (int(table[row].sum()) for table in (tally.facts, tally.asked, tally.filed))
    return {"facts": facts, "asked": asked, "filed": filed, "unknown": facts - asked}


def _cell(found: Gap, row: int, category: Category) -> dict[str, Any]:
    code, ratios = code_of(category), found.cells.get(category)
    return {"code": category, "facts": int(found.whole.facts[row, code]), "asked": int(found.whole.asked[row, code]),
            "filed": int(found.whole.filed[row, code]), "ratio": None if ratios is None else {
                name: round(float(getattr(ratios, name)[row]), _DIGITS) for name in ("mean", "low", "high")}}


def _lassitude(found: Gap) -> dict[str, Any]:
    before, after = (span_json(span) for span in found.spans)
    head = {"before": before, "after": after, "reason": reason_json(found.lassitude_reason)}
    tired = found.lassitude
    if tired is None:
        return {**head, "threshold": gaps.ALARM, "changing": None, "residences": []}
    rows = [{"code": found.codes[row], "name": found.names[row], "before": _counts(found.before, row),
             "after": _counts(found.after, row), "fell": round(float(tired.fell[row]), _DIGITS),
             "facts_kept": round(float(tired.kept[row]), _DIGITS), "both": round(float(tired.both[row]), _DIGITS),
             "alarm": bool(tired.alarm[row]), "sentence": gaps.alert_sentence(found, row) if tired.alarm[row] else None}
            for row in np.argsort(-tired.both, kind="stable").tolist()]
    return {**head, "threshold": gaps.ALARM, "changing": round(tired.changing, _DIGITS), "residences": rows}


def _overlap(found: captures.Overlap) -> dict[str, Any]:
    return {"code": found.pair, "sources": list(captures.PAIRS[found.pair]), "first": found.first, "second": found.second,
            "period": None if found.span is None else span_json(found.span), "enough": found.found is not None,
            "reason": reason_json(found.reason), "sentence": captures.sentence(found),
            **({"estimate": None, "windows": [], "odds": []} if found.found is None else _captured(found.found))}


def _captured(found: Captured) -> dict[str, Any]:
    estimate: Estimate = found.estimate
    return {"estimate": {name: value if isinstance(value, int) else round(float(value), _DIGITS)
                         for name, value in vars(estimate).items()},
            "windows": [_sensitivity(each) for each in found.windows], "odds": [_sensitivity(each) for each in found.odds]}


def _sensitivity(found: Sensitivity) -> dict[str, Any]:
    return {name: round(float(value), _DIGITS) if isinstance(value, float) else value for name, value in vars(found).items()}


def _rates(found: rating.Rates) -> dict[str, Any]:
    head = {"kind": found.kind, "enough": found.funnel is not None, "reason": reason_json(found.reason),
            "sentence": rating.sentence(found), "method": rating.method(found), "without_dwellings": found.without,
            "without_residence": found.nowhere, "attached": found.attached,
            "target": None, "dispersion": None, "ranked": False, "rank_sentence": ""}
    rows: list[dict[str, Any]] = [
        {"code": code, "name": name, "dwellings": int(dwellings), "facts": int(facts), "costed": int(costed),
         "known_cost_eur": round(float(cents) / 100, 2)}
        for code, name, dwellings, facts, costed, cents in zip(
            found.codes, found.names, found.dwellings, found.facts, found.costed, found.cents, strict=True)]
    if found.funnel is None or found.posterior is None or found.ranks is None:
        return {**head, "residences": rows}
    for row, each in enumerate(rows):
        each.update(per_100=round(100 * each["facts"] / each["dwellings"], 2),
                    smoothed=round(100 * float(found.posterior.mean[row]), 2),
                    low=round(100 * float(found.posterior.low[row]), 2),
                    high=round(100 * float(found.posterior.high[row]), 2), outside=int(found.funnel.outside[row]),
                    rank_low=int(found.ranks.low[row]), rank_high=int(found.ranks.high[row]),
                    group=int(found.ranks.group[row]) if found.ranks.ranked else None)
    return {**head, "target": round(100 * found.funnel.target, 2), "dispersion": round(found.funnel.dispersion, 3),
            "ranked": found.ranks.ranked, "rank_sentence": found.ranks.sentence, "residences": rows}


def _completeness(found: completing.Completeness) -> dict[str, Any]:
    return {"kind": found.kind, "months": [day.isoformat() for day in found.months], "sentences": completing.sentences(found),
            "sources": [{"by": each.by, "code": each.code or None, "label": each.label, "facts": each.facts,
                         "counts": each.counts.tolist(), "silent": each.silent.tolist(),
                         "filled": {name: round(share, _DIGITS) for name, share in each.filled.items()}}
                        for each in found.sources]}


def _yearly(found: Yearly) -> dict[str, Any]:
    lines = [{"family": line.family, "name": line.name, "total": line.total,
              **{name: getattr(line, name).tolist() for name in ("facts", "costed", "asked", "filed")},
              "known_cost_eur": _rounded(line.cents / 100)} for line in found.lines]
    return {"kind": found.kind, "residence": found.residence, "years": found.years, "observed_days": found.observed,
            "dwellings": found.dwellings, "residences": found.residences, "residences_without_dwellings": found.unknown,
            "attached": found.attached, "lines": lines}
