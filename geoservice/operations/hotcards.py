"""What the card of a cell says of hot spots: its numbers, the verdict of the area it belongs to, and why here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.query import FactQuery
from geoservice.core.stats.intervals import ratio_limits
from geoservice.core.stats.verdict import Evidence, Verdict, verdict
from geoservice.core.stats.why import Why
from geoservice.operations.analyse import Analysis, Reason, Wanted, analyse, chance
from geoservice.operations.chosen import position
from geoservice.operations.evidence import Numbers, bunching, evidence_of, judged
from geoservice.operations.hotareas import HotArea, hot_areas, reasons_of
from geoservice.operations.reader import Reader
from geoservice.operations.steadiness import Steadiness, steadiness
from geoservice.operations.whyhere import why_here

NO_HOME = Reason("aucune_residence", "Les faits sont posés sur des résidences, et aucune n’a son milieu dans cette cellule.")
OUTSIDE = Reason("hors_zone", "Cette cellule est hors de la zone d’étude : on ne sait pas ce qu’il faudrait y attendre.")


@dataclass(frozen=True, eq=False)
class HotCard:
    """Hot spots seen from one cell. Without `numbers` there is a `reason`.

    `numbers`: of the whole area where the cell is hot, else of the cell and its neighbours (`alone`: always the latter);
    `steady`: None where it was not asked for; `why`: a Reason where facts are too few, None where the cell is not hot.
    """

    analysis: Analysis
    reason: Reason | None = None
    row: int = -1
    area: HotArea | None = None
    numbers: Numbers | None = None
    alone: Numbers | None = None
    verdict: Verdict | None = None
    reasons: tuple[Reason, ...] = ()
    steady: Steadiness | None = None
    why: Why | Reason | None = None


def hot_card(reader: Reader, cell: int, query: FactQuery, wanted: Wanted, checked: bool) -> HotCard:
    """The card of a cell at its own resolution; `checked`: with its stability over 27 drawings."""
    found = analyse(reader, query, wanted)
    if found.found is None or found.area is None:
        return HotCard(found, found.reason)
    row = _row(found, cell)
    if row < 0:
        return HotCard(found, NO_HOME if found.unit == "residence" else OUTSIDE)
    alone = _alone(found, row)
    area = next((each for each in hot_areas(reader, found).areas if row in each.rows), None)
    if area is None:
        judgement = verdict(_evidence(found, row, alone))
        return HotCard(found, None, row, None, alone, alone, judgement, _reasons(judgement))
    return _of_area(reader, HotCard(found, None, row, area, area.numbers, alone), checked)


def _row(found: Analysis, cell: int) -> int:
    """The unit of a cell: itself, or the residence in it that stands out most; -1 without any."""
    assert found.area is not None
    assert found.found is not None
    if found.unit == "cell":
        return int(position(found.area.cells, np.array([cell], dtype=np.uint64))[0])
    rows = np.flatnonzero(found.area.cells == np.uint64(cell))
    return int(rows[np.lexsort((-found.found.ratio[rows], found.found.q[rows]))][0]) if len(rows) else -1


def _alone(found: Analysis, row: int) -> Numbers:
    """The cell with its neighbours, as the test saw it."""
    assert found.found is not None
    low, high = (float(ends[row]) for ends in chance(found.found))
    observed, expected = float(found.found.observed[row]), float(found.found.expected[row])
    spread = float(bunching(found, _near(found, row), 1)[0])
    ratio_low, ratio_high = (float(some[0]) for some in ratio_limits([observed], [expected], spread))
    return Numbers(observed, expected, low, high, ratio_low, ratio_high, float(found.found.p[row]), float(found.found.q[row]))


def _near(found: Analysis, row: int) -> np.ndarray:
    """0 for the facts of a neighbourhood, -1 for the others, (m,)."""
    assert found.area is not None
    near = found.area.neighbours
    return np.where(np.isin(found.at, near.indices[near.indptr[row]:near.indptr[row + 1]]), 0, -1)


def _evidence(found: Analysis, row: int, numbers: Numbers) -> Evidence:
    assert found.area is not None
    near = found.area.neighbours
    rows = np.concatenate([[row], near.indices[near.indptr[row]:near.indptr[row + 1]]])
    return evidence_of(found, [rows], [numbers])[0]


def _reasons(judgement: Verdict) -> tuple[Reason, ...]:
    return tuple(Reason(each.code, f"{each.sentence[0].upper()}{each.sentence[1:]}.") for each in judgement.reasons)


def _of_area(reader: Reader, card: HotCard, checked: bool) -> HotCard:
    found, area = card.analysis, card.area
    assert area is not None
    why = why_here(reader, found, np.isin(found.at, area.rows))
    if not checked:
        return replace(card, verdict=area.verdict, reasons=area.reasons, why=why)
    tried = steadiness(reader, found)
    evidence = evidence_of(found, [area.rows], [area.numbers], [tried.share(area.rank - 1)])[0]
    judgement = judged(evidence, tried.variants)
    return replace(card, verdict=judgement, reasons=reasons_of(area.numbers, judgement), steady=tried, why=why)
