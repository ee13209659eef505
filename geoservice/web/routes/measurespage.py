"""The page of measures: sentences first, tables below; drawn by the server, so that it prints and needs no script."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from geoservice.core.query import FactQuery
from geoservice.core.stats.rates import limits
from geoservice.export import french
from geoservice.export.funnel import Dots, svg
from geoservice.operations import capture as captures
from geoservice.operations import complaints as gaps
from geoservice.operations import completeness as completing
from geoservice.operations import rates as rating
from geoservice.operations import yearly as years
from geoservice.operations.complaints import Gap
from geoservice.operations.rates import Rates
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.yearly import Yearly
from geoservice.types import Viewer
from geoservice.web.dependencies import only
from geoservice.web.formpage import page
from geoservice.web.routes.measures import query_of
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)

_LEVELS = (0.95, 0.998)
_SHADES, _YEAR = 5, 365
_FEW = 30  # facts below which a percentage says more than is known
_MOST = 150  # rows of a table on the page
_NONE = "–"


@router.get("/mesures")
def measures(request: Request, given: Annotated[dict[str, str], Depends(only("from", "to", "residence"))]) -> Response:
    """Complaints, what is never reported, rates, completeness and the yearly table of one's own register."""
    return page(request, lambda request, who: _values(request, who, given))


def _values(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    service = service_of(request)
    reader = open_reader(service.opened(), service.catalog, who)
    query: FactQuery = query_of(given)
    gap, rates, yearly = gaps.gap(reader, query), rating.rates(reader, query), years.yearly(reader, query, given.get("residence"))
    spoken = completing.completeness(reader, query)
    service.warm.asked("mesures", who, partial(_worked_out, query=query, residence=given.get("residence")))
    asked = {name: text for name, text in given.items() if text}
    return {
        "page": "mesures", "given": given, "gap": gap, "rates": rates, "yearly": yearly, "spoken": spoken,
        "link": "?" + urlencode({name: text for name, text in asked.items() if name != "residence"}) if asked else "",
        "yearly_link": "&" + urlencode(asked) if asked else "", "text": french.typeset, "number": french.number,
        "share": share, "told": told,
        "money": money, "date": french.day, "gap_sentence": gaps.sentence(gap), "gap_method": gaps.method(gap),
        "alerts": _alerts(gap), "gap_rows": _shown(_gap_rows(gap)), "gap_total": len(gap.codes),
        "overlaps": captures.overlaps(reader, query), "pairs": captures.PAIRS,
        "capture_sentence": captures.sentence, "capture_method": captures.method(), "rates_sentence": rating.sentence(rates),
        "rates_method": rating.method(rates), "rate_rows": _shown(_rate_rows(rates)), "rates_total": len(rates.codes),
        "funnel": _funnel(rates),
        "silences": completing.sentences(spoken), "filled": completing.FILLED_LABELS, "shade": shade,
        "last": gap.span[1] - timedelta(1), "compared": ", puis ".join(
            f"du {french.day(first)} au {french.day(after - timedelta(1))}" for first, after in gap.spans),
        "most": _MOST, "named": dict(zip(gap.codes, gap.names, strict=True)),
        "residences": sorted(zip(gap.names, gap.codes, strict=True)),
        "short": [(year, days) for year, days in zip(yearly.years, yearly.observed, strict=True) if days < _YEAR],
        "lines": [line for line in yearly.lines if line.facts.any()], "per_home": partial(per_home, yearly),
    }


def _worked_out(reader: Reader, query: FactQuery, residence: str | None) -> None:
    """What the page measures, once more, for whoever comes next."""
    for measure in (gaps.gap, rating.rates, completing.completeness, captures.overlaps):
        measure(reader, query)
    years.yearly(reader, query, residence)


def share(part: float, whole: float = 1.0) -> str:
    """A share as a whole percentage; a dash for one of nothing."""
    if not whole:
        return _NONE
    value = 100 * part / whole
    return f"{french.number(value, 0 if value >= 10 or value == 0 else 1)}{french.NNBSP}%"


def told(part: int, whole: int) -> str:
    """Complaints of the facts one knows of: a share, or both numbers where a share would be bare of sense."""
    return share(part, whole) if whole >= _FEW else f"{part} sur {whole}" if whole else _NONE


def money(cents: float, facts: float) -> str:
    """Euros of what is known; a dash where no fact has a cost."""
    return f"{french.number(round(cents / 100))}{french.NNBSP}€" if facts else _NONE


def per_home(found: Yearly, cents: float, costed: float) -> str:
    """Euros a dwelling, of what is known of both."""
    return f"{french.number(cents / 100 / found.dwellings, 2)}{french.NNBSP}€" if costed and found.dwellings else _NONE


def shade(count: int, line: np.ndarray) -> int:
    """0 to 5: how dark a month of a source is beside its fullest; 0 for none."""
    most = int(line.max())
    return 0 if not count else 1 + min(_SHADES - 1, int((_SHADES * count - 1) / most))


def _alerts(found: Gap) -> list[str]:
    if found.lassitude is None:
        return []
    rows = np.flatnonzero(found.lassitude.alarm)
    return [gaps.alert_sentence(found, row) for row in rows[np.argsort(-found.lassitude.both[rows])].tolist()]


def _gap_rows(found: Gap) -> list[dict[str, Any]]:
    """Residences by name: an order by ratio would be a league table."""
    rows = []
    for row in sorted(range(len(found.codes)), key=lambda row: found.names[row]):
        facts, asked, filed = (int(table[row].sum()) for table in (found.whole.facts, found.whole.asked, found.whole.filed))
        rows.append({"code": found.codes[row], "name": found.names[row], "facts": facts, "asked": asked, "filed": filed,
                     "ratio": None if found.ratios is None else tuple(
                         float(values[row]) for values in (found.ratios.mean, found.ratios.low, found.ratios.high)),
                     "alarm": found.lassitude is not None and bool(found.lassitude.alarm[row])})
        rows[-1]["apart"] = rows[-1]["alarm"] or (found.ratios is not None and not (
            found.ratios.low[row] <= found.ratios.prior.mean <= found.ratios.high[row]))
    return rows


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows where a page can hold them; else those apart from the others. Files have every one."""
    return rows if len(rows) <= _MOST else [row for row in rows if row["apart"]][:_MOST]


def _rate_rows(found: Rates) -> list[dict[str, Any]]:
    """Residences by group where there are groups, else by name."""
    ranked = found.ranks is not None and found.ranks.ranked
    rows = []
    for row, code in enumerate(found.codes):
        posterior = found.posterior
        rows.append({
            "code": code, "name": found.names[row], "facts": int(found.facts[row]), "dwellings": int(found.dwellings[row]),
            "raw": 100 * float(found.facts[row] / found.dwellings[row]),
            "pulled": None if posterior is None else tuple(
                100 * float(values[row]) for values in (posterior.mean, posterior.low, posterior.high)),
            "outside": 0 if found.funnel is None else int(found.funnel.outside[row]), "cents": float(found.cents[row]),
            "costed": int(found.costed[row]), "group": int(found.ranks.group[row]) if ranked and found.ranks else None})
        rows[-1]["apart"] = bool(rows[-1]["outside"])
    return sorted(rows, key=lambda each: (each["group"] or 0, each["name"]))


def _funnel(found: Rates) -> Markup:
    if found.funnel is None:
        return Markup("")
    target, between = found.funnel.target, found.funnel.between

    def at(level: float) -> Any:
        return lambda sizes: tuple(100 * side for side in limits(target, sizes, level, between))

    dots = Dots(found.dwellings, 100 * found.facts / found.dwellings, found.funnel.outside, found.names)
    drawn = svg(dots, 100 * target, at(_LEVELS[0]), at(_LEVELS[1]), french.typeset(rating.sentence(found)))
    return Markup(drawn)  # made of numbers and escaped names
