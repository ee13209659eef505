"""Measures of the observatory as columns of a spreadsheet, with headings in French; what is unknown is empty, never 0."""

from __future__ import annotations

from typing import Any

from geoservice.operations.complaints import Gap
from geoservice.operations.rates import Rates
from geoservice.operations.yearly import Yearly
from geoservice.types import LABELS, Category, code_of

Columns = dict[str, list[Any]]
_SIDES = {1: "au-dessus", 0: "dans l’entonnoir", -1: "au-dessous"}


def complaints(found: Gap) -> Columns:
    """One line a residence and category, and one for all its categories."""
    rows: list[tuple[Any, ...]] = []
    for row, (code, name) in enumerate(zip(found.codes, found.names, strict=True)):
        whole = [int(table[row].sum()) for table in (found.whole.facts, found.whole.asked, found.whole.filed)]
        rows.append((code, name, "toutes", *whole, *_limits(found.ratios, row)))
        for category in Category:
            at = code_of(category)
            if found.whole.facts[row, at]:
                counts = [int(table[row, at]) for table in (found.whole.facts, found.whole.asked, found.whole.filed)]
                rows.append((code, name, LABELS[category], *counts, *_limits(found.cells.get(category), row)))
    return _columns(("code", "residence", "categorie", "faits", "faits_renseignes", "plaintes", "part_estimee", "part_basse",
                     "part_haute"), rows)


def rates(found: Rates) -> Columns:
    """One line a residence with a known number of dwellings."""
    rows = []
    for row, code in enumerate(found.codes):
        posterior, funnel = found.posterior, found.funnel
        pulled = (None, None, None) if posterior is None else tuple(
            round(100 * float(values[row]), 2) for values in (posterior.mean, posterior.low, posterior.high))
        costed = int(found.costed[row])
        rows.append((code, found.names[row], int(found.dwellings[row]), int(found.facts[row]),
                     round(100 * float(found.facts[row] / found.dwellings[row]), 2), *pulled,
                     None if funnel is None else _SIDES[int(funnel.outside[row])],
                     costed, round(float(found.cents[row]) / 100, 2) if costed else None))
    return _columns(("code", "residence", "logements", "faits", "faits_pour_100_logements", "taux_lisse", "taux_bas", "taux_haut",
                     "entonnoir", "faits_avec_cout", "cout_connu_eur"), rows)


def yearly(found: Yearly) -> Columns:
    """One line a line of the table and year."""
    rows = []
    for line in found.lines:
        for at, year in enumerate(found.years):
            facts, costed, asked = (int(values[at]) for values in (line.facts, line.costed, line.asked))
            cost = round(int(line.cents[at]) / 100, 2) if costed else None
            rows.append((line.family, "ensemble" if line.total else line.name, year, found.observed[at], facts,
                         round(100 * facts / found.dwellings, 3) if found.dwellings else None, costed, cost,
                         round(cost / found.dwellings, 3) if cost is not None and found.dwellings else None, asked,
                         int(line.filed[at]) if asked else None))
    return _columns(("famille", "ligne", "annee", "jours_connus", "faits", "faits_pour_100_logements", "faits_avec_cout",
                     "cout_connu_eur", "cout_connu_par_logement_eur", "faits_plainte_connue", "plaintes"), rows)


def _limits(ratios: Any, row: int) -> tuple[float | None, ...]:
    if ratios is None:
        return None, None, None
    return tuple(round(float(values[row]), 4) for values in (ratios.mean, ratios.low, ratios.high))


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Columns:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
