"""« Pourquoi ici ? »: what sets a place apart from the rest of the territory, in at most five reasons.

Each reason is a standardised ratio: facts of a sort here over those expected if the place were like the rest of the territory
(indirect standardisation), pulled towards 1 where facts are few, with an interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, exposure_of, same_length
from geoservice.core.stats.intervals import gamma_limits
from geoservice.core.stats.words import awaited, between, facts, times
from geoservice.errors import BadInput
from geoservice.types import LABELS, UNKNOWN_HOUR, Category, Place

MOST = 5
LEAST_HERE, LEAST_ELSEWHERE = 5, 20  # facts below which nothing can be said
LEAST_OBSERVED = 3  # facts behind one reason
LEAST_RATIO = 1.2  # shrunk ratio below which a difference is not worth a sentence
_PRIOR = (1.0, 100.0)  # bounds of the strength of the prior, in facts


@dataclass(frozen=True, eq=False)
class Dimension:
    """A closed list along which facts differ: code of each fact (n,) int, -1 unknown, and a French text for each code.

    `sentence` holds {label} and {times}. `within`: codes (n,) of another list whose mix is held equal, so that
    nights do not stand out merely because noise does.
    """

    name: str
    codes: np.ndarray
    labels: Mapping[int, str]
    sentence: str = "La part des faits « {label} » est {times} celle du reste du territoire"
    within: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Residences:
    """Residences of the place: names, facts and dwellings (r,), and facts per dwelling in the rest of the territory."""

    names: Sequence[str] = ()
    facts: Values = ()
    dwellings: Values = ()
    rate_elsewhere: float = 0.0
    sentence: str = "La résidence {label} compte {times} le nombre de faits par logement du reste du territoire"


@dataclass(frozen=True)
class Distinction:
    """One reason. `ratio` is shrunk, with its 95 % interval [low, high]; `raw` is observed / expected."""

    dimension: str
    code: int
    label: str
    observed: float
    expected: float
    raw: float
    ratio: float
    low: float
    high: float
    sentence: str


@dataclass(frozen=True)
class Why:
    """At most MOST reasons, the surest first, and a sentence about them all. `tested`: how many ratios were looked at."""

    reasons: tuple[Distinction, ...]
    tested: int
    sentence: str


@dataclass(frozen=True, eq=False)
class _Ratios:
    """Observed and expected of the codes of one dimension, and how its reasons are told."""

    dimension: str
    sentence: str
    codes: np.ndarray
    labels: tuple[str, ...]
    observed: np.ndarray
    expected: np.ndarray
    shrunk: tuple[np.ndarray, np.ndarray, np.ndarray] = field(default=(np.empty(0),) * 3)


BANDS = {0: "nuit, de 0 h à 6 h", 1: "matin, de 6 h à 12 h", 2: "après-midi, de 12 h à 18 h", 3: "soir, de 18 h à minuit"}


def of_facts(category: np.ndarray, place: np.ndarray, hour: np.ndarray, span: np.ndarray) -> tuple[Dimension, ...]:
    """The dimensions that rows of a FactIndex have, (n,) each: categories; places and hours, the mix of categories held equal.

    Codes are those of the index (0 unknown); an interval over several clock hours has no hour here.
    """
    sorts, where = category.astype(np.int64) - 1, place.astype(np.int64) - 1
    band = np.where((hour == UNKNOWN_HOUR) | (span > 0), -1, hour // 6).astype(np.int64)
    return (Dimension("category", sorts, {row: LABELS[word] for row, word in enumerate(Category)}),
            Dimension("place", where, {row: LABELS[word] for row, word in enumerate(Place)}, within=sorts),
            Dimension("hour", band, BANDS, within=sorts))


def why(here: np.ndarray, dimensions: Sequence[Dimension], residences: Residences = Residences()) -> Why:
    """What distinguishes the facts `here` (n,) bool from all others of the territory.

    Only ratios whose interval lies above 1 become reasons. The strength of the shrinkage is estimated in each dimension from how
    much its ratios vary (moments), so a list in which chance explains everything gives no reason. NotEnough with fewer than 5
    facts here or 20 elsewhere; BadInput for arrays of other lengths.
    """
    inside = np.asarray(here)
    if inside.dtype != bool or inside.ndim != 1:
        raise BadInput("« here » attend, pour chaque fait, vrai ou faux.")
    number_here, elsewhere = int(inside.sum()), int((~inside).sum())
    if number_here < LEAST_HERE or elsewhere < LEAST_ELSEWHERE:
        raise NotEnough("peu_de_faits", f"Trop peu de faits pour dire ce qui distingue ce lieu : {number_here} ici et "
                        f"{elsewhere} ailleurs ; il en faut {LEAST_HERE} et {LEAST_ELSEWHERE}.")
    tables = [_of_dimension(inside, dimension) for dimension in dimensions]
    tables += [table for table in (_of_residences(residences),) if len(table.codes)]
    found = [reason for table in tables for reason in _reasons(table)]
    found.sort(key=lambda reason: (-reason.low, reason.dimension, reason.code))
    reasons = tuple(found[:MOST])
    return Why(reasons, sum(len(table.codes) for table in tables), _summary(reasons))


def standardised(here: np.ndarray, codes: np.ndarray, within: np.ndarray | None = None,
                 size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Observed facts by code here, and those expected with the shares of elsewhere; (size,) each.

    codes (n,) from 0, -1 unknown and left out. With `within`, shares are those of elsewhere within each of its codes, times the
    facts of that code here; strata that elsewhere lacks say nothing and leave both sides.
    """
    known = codes >= 0
    size = int(codes.max(initial=-1)) + 1 if size is None else size
    strata = np.zeros(len(codes), dtype=np.int64) if within is None else within.astype(np.int64) - int(within.min(initial=0))
    rows = int(strata.max(initial=0)) + 1
    table = np.zeros((2, rows, size))
    for place, mask in enumerate((here & known, ~here & known)):
        table[place] = np.bincount(strata[mask] * size + codes[mask], minlength=rows * size).reshape(rows, size)
    usable = table[1].sum(axis=1) > 0
    inside, outside = table[0][usable], table[1][usable]
    shares = (outside + 0.5 / size) / (outside.sum(axis=1, keepdims=True) + 0.5)  # absent there is not impossible here
    return inside.sum(axis=0), (shares * inside.sum(axis=1, keepdims=True)).sum(axis=0)


def shrunk_ratios(observed: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posterior mean of observed / expected and its 95 % interval under a gamma prior of mean 1; (n,) each.

    Clayton and Kaldor (Biometrics 43, 1987), with the prior's mean fixed at "like elsewhere" and its strength from moments.
    """
    total = expected.sum()
    spread = ((observed - expected) ** 2 - expected).sum() / (expected**2).sum() if total > 0 else 0.0
    strength = float(np.clip(1 / spread if spread > 0 else _PRIOR[1], *_PRIOR))
    shape, rate = observed + strength, expected + strength
    low, high = gamma_limits(shape, rate)
    return shape / rate, low, high


def _of_dimension(here: np.ndarray, dimension: Dimension) -> _Ratios:
    codes = np.asarray(dimension.codes, dtype=np.int64)
    same_length(f"codes de « {dimension.name} »", here, codes, *([] if dimension.within is None else [dimension.within]))
    size = max(int(codes.max(initial=-1)), max(dimension.labels, default=-1)) + 1
    observed, expected = standardised(here, codes, dimension.within, size)
    chosen = np.array(sorted(code for code in dimension.labels if observed[code] + expected[code] > 0), dtype=np.int64)
    labels = tuple(dimension.labels[code] for code in chosen.tolist())
    return _Ratios(dimension.name, dimension.sentence, chosen, labels, observed[chosen], expected[chosen])


def _of_residences(residences: Residences) -> _Ratios:
    observed = counts_of(residences.facts, "faits par résidence")
    dwellings = exposure_of(residences.dwellings, len(observed), "logements", zero=True)
    same_length("résidences", observed, np.asarray(residences.names))
    expected = dwellings * residences.rate_elsewhere
    known = np.flatnonzero(expected > 0)  # without dwellings, or nothing elsewhere: no rate to compare
    return _Ratios("residence", residences.sentence, known, tuple(residences.names[row] for row in known.tolist()),
                   observed[known], expected[known])


def _reasons(table: _Ratios) -> list[Distinction]:
    if not len(table.codes):
        return []
    ratio, low, high = shrunk_ratios(table.observed, table.expected)
    kept = (low > 1) & (ratio >= LEAST_RATIO) & (table.observed >= LEAST_OBSERVED)
    return [_distinction(table, row, (float(ratio[row]), float(low[row]), float(high[row])))
            for row in np.flatnonzero(kept).tolist()]


def _distinction(table: _Ratios, row: int, limits: tuple[float, float, float]) -> Distinction:
    observed, expected, (ratio, low, high) = float(table.observed[row]), float(table.expected[row]), limits
    sentence = (f"{table.sentence.format(label=table.labels[row], times=times(ratio))} "
                f"({facts(observed)} pour {awaited(expected)} ; {between(low, high)}).")
    return Distinction(table.dimension, int(table.codes[row]), table.labels[row], observed, expected, observed / expected,
                       ratio, low, high, sentence)


def _summary(reasons: tuple[Distinction, ...]) -> str:
    if not reasons:
        return "Rien ne distingue nettement ce lieu du reste du territoire, sinon le nombre de faits."
    return "Ce qui distingue le plus ce lieu : " + ", ".join(reason.label for reason in reasons) + "."
