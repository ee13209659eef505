"""What is known of each hot area besides its numbers: how its facts were placed, by whom, when, and where the map ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.stats.quality import LEAST_STACKED, STANDS_FOR_MORE
from geoservice.core.stats.verdict import RULES, VARIANTS, Evidence, Rule, Verdict, verdict
from geoservice.operations.analyse import Analysis, coarse
from geoservice.types import Nature, code_of

LEAST_KNOWN = 0.5  # of an area's facts that say who reported them: below, nothing is concluded from the others
WEEK, LEAST_WEEKS = 7, 8
_LATE = 65_535  # the last day that an index can hold
_OF_STABILITY = ("stability",)
_ALL_CONTROLS = "Il résiste à tous les contrôles."
_WINDOWS_TOLD = "il ne reste chaud que dans une partie de la période"
_THESE_CONTROLS = "Il résiste aux contrôles ; sa fiche dit s’il tient à d’autres découpages."


@dataclass(frozen=True)
class Numbers:
    """Facts observed and expected in some units together. `low`, `high`: what chance alone would show, 95 times in 100.

    `ratio_low`, `ratio_high`: 95 % interval of observed / expected, as wide as the bunching of facts in time asks; p, q: of the
    surest unit.
    """

    observed: float
    expected: float
    low: float
    high: float
    ratio_low: float
    ratio_high: float
    p: float
    q: float

    @property
    def ratio(self) -> float:
        return self.observed / self.expected

    @property
    def excess(self) -> float:
        """Facts beyond what was expected."""
        return self.observed - self.expected

    @property
    def sure_excess(self) -> float:
        """At least so many facts too many, at the lower end of the interval."""
        return max(0.0, self.ratio_low - 1) * self.expected


def of_area(rule: Rule) -> Rule:
    """What was found hot has passed the test already: a small effect of the whole area is a weakness and not a refusal."""
    return replace(rule, weight="faiblesse") if rule.code == "ecart_faible" else rule


AREA_RULES = tuple(of_area(rule) for rule in RULES if rule.code != "hasard")
WINDOW_RULES = tuple(replace(rule, sentence=_WINDOWS_TOLD) if "{variants}" in rule.sentence else rule for rule in AREA_RULES)
LIST_RULES = tuple(rule for rule in AREA_RULES if not any(each.measure in _OF_STABILITY for each in rule.conditions))


def judged(evidence: Evidence, variants: int = VARIANTS) -> Verdict:
    """The verdict of an area: without the rules of stability where that was not computed, which its sentence then says.

    `variants`: how many drawings stability was tried on; residences have windows alone.
    """
    if evidence.stability is not None:
        return verdict(evidence, AREA_RULES if variants == VARIANTS else WINDOW_RULES)
    found = verdict(evidence, LIST_RULES)
    return replace(found, sentence=found.sentence.replace(_ALL_CONTROLS, _THESE_CONTROLS))


def area_of_facts(found: Analysis, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Which group of units each fact lies in, (m,) int64, -1 in none."""
    group = np.full(len(found.counts) + 1, -1)
    for place, rows in enumerate(groups):
        group[rows] = place
    return group[found.at]  # at -1: the last, which is in none


def bunching(found: Analysis, mine: np.ndarray, many: int) -> np.ndarray:
    """Variance / mean of the weekly facts of each of `many` groups, at least 1, (many,); 1 on less than LEAST_WEEKS weeks.

    One round of a patrol that notes twenty facts is not twenty facts for whoever asks how sure a number is.
    """
    days = found.facts.column("day").astype(np.int64)
    weeks = (days - days.min(initial=_LATE)) // WEEK
    length = int(weeks.max(initial=0)) + 1
    if length < LEAST_WEEKS or not many or not len(days):
        return np.ones(many)
    here = mine >= 0
    table = np.bincount(mine[here] * length + weeks[here], minlength=many * length).reshape(many, length)
    mean = table.mean(axis=1)
    return np.maximum(1.0, np.divide(table.var(axis=1, ddof=1), mean, out=np.ones(many), where=mean > 0))


def evidence_of(found: Analysis, groups: Sequence[np.ndarray], numbers: Sequence[Numbers],
                stability: Sequence[float | None] | None = None) -> list[Evidence]:
    """Evidence of each group of units, in order; `stability` where it was computed."""
    assert found.area is not None
    mine, many = area_of_facts(found, groups), len(groups)
    totals = np.maximum(_counted(mine, many), 1)
    stacked = _counted(mine, many, stacked_facts(found)) / totals
    rough = _counted(mine, many, coarse(found.facts, found.area)[found.facts.column("placement")]) / totals
    reporters = _reporters(found, mine, many)
    busiest = _busiest_day(found, mine, many) / totals
    edges = [bool(found.area.edge[rows[0]]) for rows in groups]  # the surest unit comes first
    unit = "residence" if found.unit == "residence" else "cellule"
    steady = stability or [None] * many
    return [Evidence(each.p, each.q, each.observed, each.expected, each.ratio_low, each.ratio_high, steady[place],
                     float(stacked[place]), *reporters[place], float(busiest[place]), float(rough[place]), edges[place], unit)
            for place, each in enumerate(numbers)]


def _counted(mine: np.ndarray, many: int, kept: np.ndarray | None = None) -> np.ndarray:
    here = mine >= 0 if kept is None else (mine >= 0) & kept
    return np.bincount(mine[here], minlength=many)[:many] if many else np.zeros(0)


def stacked_facts(found: Analysis) -> np.ndarray:
    """Facts on points that stand for more than themselves, (m,) bool: `quality.stacks`, with positions as whole numbers."""
    placement = found.facts.column("placement")
    suspect = np.flatnonzero(np.isin(placement, [code_of(word) for word in STANDS_FOR_MORE]))
    lon, lat = (found.facts.column(name)[suspect].astype(np.int64) for name in ("lon", "lat"))
    point = (lon << 32) ^ (lat & 0xFFFFFFFF)
    _, where, sizes = np.unique(point, return_inverse=True, return_counts=True)
    out = np.zeros(len(placement), dtype=bool)
    out[suspect[sizes[where] >= LEAST_STACKED]] = True
    return out


def _reporters(found: Analysis, mine: np.ndarray, many: int) -> list[tuple[float | None, float | None]]:
    """Share of the most frequent nature of report in each group, and of the same one elsewhere; None where too few are known."""
    width = len(Nature) + 1
    nature = found.facts.column("nature").astype(np.int64)
    table = np.bincount((mine + 1) * width + nature, minlength=(many + 1) * width).reshape(many + 1, width)
    whole = table.sum(axis=0)
    out: list[tuple[float | None, float | None]] = []
    for row in table[1:]:
        known, total = row[1:].sum(), row.sum()
        if not total or known < LEAST_KNOWN * total:
            out.append((None, None))
            continue
        top = int(row[1:].argmax()) + 1
        rest = whole[1:].sum() - known
        out.append((float(row[top] / known), float((whole[top] - row[top]) / rest) if rest else None))
    return out


def _busiest_day(found: Analysis, mine: np.ndarray, many: int) -> np.ndarray:
    days = found.facts.column("day").astype(np.int64)
    first = int(days.min(initial=_LATE))
    length = int(days.max(initial=0)) - first + 1
    here = mine >= 0
    pairs, sizes = np.unique(mine[here] * length + days[here] - first, return_counts=True)
    out = np.zeros(many)
    np.maximum.at(out, pairs // length, sizes)
    return out
