"""The hot-spot test: where do more facts lie than chance, exposure and the usual unevenness of facts explain?

For each neighbourhood: S = its facts, C = those of the map, share = its part of the exposure. Null hypothesis: no clusters; every
cell varies on its own around its share, as unevenly as the map's cells do (see `dispersion` and `nulls`). P-values of all
neighbourhoods are then corrected together, and those whose observed/expected stays under a floor are not called hot.
Where something is found, dispersion is estimated once more without it: hot spots must not hide behind the unevenness they make.
On a map without clusters this second look happens only after a false alarm, so it adds none. A map of few units, where a
single hot one makes all the unevenness there is, is first asked about its likeliest ones with the dispersion of all the others:
they are then judged by a dispersion in which they have no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoservice.core.stats import dispersion as dispersions
from geoservice.core.stats import multiple, nulls, permuted
from geoservice.core.stats.dispersion import Dispersion, Law
from geoservice.core.stats.given import NotEnough, Values, exposure_of, whole_counts_of
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput

FEWEST_FACTS, FEWEST_CELLS = 10, 10
FEW = 300  # units of a map in which one of them can make most of the unevenness
_ASKED = 8  # of the likeliest units, each with the dispersion of the others
NULLS = ("beta-binomial", "binomial", "permutation")
SIDES = ("upper", "lower", "two-sided")


@dataclass(frozen=True)
class Options:
    """How the test is done.

    null: beta-binomial (the default), binomial or permutation; side: upper, lower or two-sided; mid_p: half the probability of
    the observed value (less cautious); correction: bh, by or none; level of the correction; floor: the least observed/expected of
    a hot spot, and 1/floor the most of a cold one; dispersion: a variance/mean to use instead of the map's own, at least 1;
    permutations and seed: of the permutation null alone; cover: of the interval `low` to `high`.
    """

    null: str = "beta-binomial"
    side: str = "upper"
    mid_p: bool = False
    correction: str = "bh"
    level: float = 0.05
    floor: float = 1.5
    dispersion: float | None = None
    permutations: int = 999
    seed: int = 1
    cover: float = 0.95


@dataclass(frozen=True, eq=False)
class HotSpots:
    """The answer, one row a neighbourhood, in the order given.

    observed, expected, ratio (observed/expected), share, p, q (n,) float64; hot and cold (n,) bool; dispersion None unless the
    null is beta-binomial; options are those used. `low` and `high` are what the null alone would show, with probability `cover`.
    """

    observed: np.ndarray
    expected: np.ndarray
    ratio: np.ndarray
    share: np.ndarray
    p: np.ndarray
    q: np.ndarray
    hot: np.ndarray
    cold: np.ndarray
    total: int
    dispersion: Dispersion | None
    options: Options
    shapes: tuple[np.ndarray, ...]  # of the beta of each neighbourhood, one array a law; infinite for the binomial

    @cached_property
    def low(self) -> np.ndarray:
        """Lower ends of the intervals of all neighbourhoods; for a few, `interval` is quicker."""
        return self._ends[0]

    @cached_property
    def high(self) -> np.ndarray:
        """Upper ends of the intervals of all neighbourhoods."""
        return self._ends[1]

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        return interval(self, np.arange(len(self.observed)))


DEFAULT = Options()


def test(counts: Values, exposure: Values, neighbours: Neighbours, options: Options = DEFAULT) -> HotSpots:  # noqa: PT028 - the product's verb, no test of pytest's
    """Test every neighbourhood. counts (n,) whole numbers >= 0; exposure (n,) > 0: area, dwellings, whatever facts would follow.

    Hypotheses: cells vary independently under the null; facts have a place; exposure is that of the same cells. NotEnough where
    the data cannot answer (no cell, no fact, too few of them); BadInput for lengths that differ, counts that are not whole,
    exposure that is not a number above 0, options that do not exist.
    """
    counts, exposure = _checked(counts, exposure, neighbours, options)
    lacking = too_little(counts)
    if lacking is not None:
        raise lacking
    if options.null == "permutation":
        return _permuted(counts, exposure, neighbours, options)
    sums = _Sums.of(counts, exposure, neighbours)
    if options.null == "binomial":
        return _judged(sums, None, options)
    if options.dispersion is not None:
        return _judged(sums, dispersions.stated(options.dispersion, counts, exposure), options)
    first = _judged(sums, dispersions.estimate(counts, exposure), options)
    if len(counts) <= FEW and not (first.q <= options.level).any():
        first = _one_by_one(first, counts, exposure, neighbours, sums)
    return _second_look(first, counts, exposure, neighbours, sums)


def too_little(counts: np.ndarray) -> NotEnough | None:
    """Why counts are too few to test, None when they are not."""
    if len(counts) == 0:
        return NotEnough("selection-vide", "Aucune cellule dans la sélection : élargissez la zone ou la période.")
    if counts.sum() == 0:
        return NotEnough("aucun-fait", "Aucun fait dans la sélection : élargissez la période ou les filtres.")
    if len(counts) < FEWEST_CELLS:
        return NotEnough("trop-peu-de-cellules", f"Moins de {FEWEST_CELLS} cellules : on ne peut rien comparer. Élargissez la "
                                                 "zone ou choisissez des cellules plus petites.")
    if counts.sum() < FEWEST_FACTS:
        return NotEnough("trop-peu-de-faits", f"Moins de {FEWEST_FACTS} faits : on ne peut pas distinguer un point chaud du "
                                              "hasard. Élargissez la période, la zone ou les filtres.")
    return None


def interval(found: HotSpots, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the null alone would show in some neighbourhoods: least and most facts, with probability `cover`; two (rows,) float64.

    Equal tails; the widest of the laws that were not ruled out. For the permutation null: that of the binomial.
    """
    share, each = found.share[rows], (1 - found.options.cover) / 2
    ends = [(_quantile(found.total, share, shape[rows], each), _quantile(found.total, share, shape[rows], 1 - each))
            for shape in found.shapes]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _quantile(total: int, share: np.ndarray, shape: np.ndarray, level: float) -> np.ndarray:
    """Least s with P(S <= s) >= level, by bisection between the bounds that mean and variance set (Cantelli's inequality)."""
    mean = total * share
    whole = np.divide(shape, share, out=np.full(len(share), np.inf), where=share > 0)
    spread = np.sqrt(mean * (1 - share) * (1 + (total - 1) / (whole + 1)))
    low = np.maximum(np.floor(mean - spread * np.sqrt((1 - level) / level)) - 1, -1.0)
    high = np.minimum(np.ceil(mean + spread * np.sqrt(level / (1 - level))) + 1, float(total))
    while (high - low > 1).any():
        middle = np.clip(np.floor((low + high) / 2), 0, None)
        enough = nulls.tails(middle, total, share, shape).lower >= level
        low, high = np.where(enough, np.minimum(low, middle - 1), middle), np.where(enough, middle, high)
    return high


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the test needs of each neighbourhood."""

    observed: np.ndarray
    share: np.ndarray
    cells: np.ndarray  # in cells of mean exposure
    even: np.ndarray  # how many cells as large as its largest would make up its exposure
    total: int

    @classmethod
    def of(cls, counts: np.ndarray, exposure: np.ndarray, neighbours: Neighbours) -> _Sums:
        relative = exposure / exposure.mean()
        cells = neighbours.sums(relative)
        largest = _largest(relative, neighbours)
        return cls(neighbours.sums(counts), np.minimum(cells / len(counts), 1.0), cells, cells / largest, int(counts.sum()))

    def shape(self, law: Law) -> np.ndarray:
        """Shape of each neighbourhood's beta. With a constant shape the sum of unequal gammas is no gamma: the one that takes its
        largest cell's scale for all has heavier tails, so it errs on the side of caution."""
        found = law.concentration * (self.cells if law.shape == dispersions.PROPORTIONAL else self.even)
        return np.where(self.cells > 0, found, 1.0)


def _largest(relative: np.ndarray, neighbours: Neighbours) -> np.ndarray:
    """Largest exposure in each neighbourhood; 1 in an empty one."""
    out = np.ones(len(relative))
    filled = np.flatnonzero(neighbours.counts)
    if len(filled):
        out[filled] = np.maximum.reduceat(relative[neighbours.indices], neighbours.indptr[filled])
    return out


def _judged(sums: _Sums, dispersion: Dispersion | None, options: Options) -> HotSpots:
    """p, q and verdicts: under several laws, the largest p of each neighbourhood."""
    endless = (np.full(len(sums.share), np.inf),)
    shapes = endless if dispersion is None else tuple(sums.shape(law) for law in dispersion.laws)
    p = np.max([_p(nulls.tails(sums.observed, sums.total, sums.share, shape), options) for shape in shapes], axis=0)
    return _answer(sums, p, dispersion, options, shapes)


def _answer(sums: _Sums, p: np.ndarray, dispersion: Dispersion | None, options: Options,
            shapes: tuple[np.ndarray, ...]) -> HotSpots:
    expected = sums.share * sums.total
    ratio = np.divide(sums.observed, expected, out=np.ones(len(expected)), where=expected > 0)
    q = multiple.CORRECTIONS[options.correction](p)
    hot = (q <= options.level) & (ratio >= options.floor) & (ratio > 1) & (options.side != "lower")
    cold = (q <= options.level) & (ratio * options.floor <= 1) & (ratio < 1) & (options.side != "upper")
    return HotSpots(sums.observed, expected, ratio, sums.share, p, q, hot, cold, sums.total, dispersion, options, shapes)


def _p(tails: nulls.Tails, options: Options) -> np.ndarray:
    half = tails.point / 2 if options.mid_p else 0.0
    upper, lower = np.clip(tails.upper - half, 0, 1), np.clip(tails.lower - half, 0, 1)
    if options.side == "two-sided":
        return np.minimum(2 * np.minimum(upper, lower), 1.0)
    return upper if options.side == "upper" else lower


def _one_by_one(first: HotSpots, counts: np.ndarray, exposure: np.ndarray, neighbours: Neighbours, sums: _Sums) -> HotSpots:
    """The test again, the likeliest neighbourhoods each under the dispersion of the cells outside it; the others as they are."""
    p = first.p.copy()
    for row in np.argsort(p, kind="stable")[:_ASKED]:
        others = np.ones(len(counts), dtype=bool)
        others[neighbours.indices[neighbours.indptr[row]:neighbours.indptr[row + 1]]] = False
        if too_little(counts[others]) is None:
            laws = dispersions.estimate(counts, exposure, others).laws
            one = [nulls.tails(sums.observed[[row]], sums.total, sums.share[[row]], sums.shape(law)[[row]]) for law in laws]
            p[row] = min(p[row], max(float(_p(tails, first.options)[0]) for tails in one))
    return _answer(sums, p, first.dispersion, first.options, first.shapes)


def _second_look(first: HotSpots, counts: np.ndarray, exposure: np.ndarray, neighbours: Neighbours, sums: _Sums) -> HotSpots:
    """The test again with the dispersion of the cells that lie in no neighbourhood found; the first where nothing was."""
    found = first.q <= first.options.level
    touched = np.zeros(len(counts), dtype=bool)
    touched[neighbours.indices[np.repeat(found, neighbours.counts)]] = True
    if not found.any() or too_little(counts[~touched]) is not None:
        return first
    calmer = dispersions.estimate(counts, exposure, ~touched)
    if first.dispersion is None or calmer.ratio_high >= first.dispersion.ratio_high:
        return first
    return _judged(sums, calmer, first.options)


def _permuted(counts: np.ndarray, exposure: np.ndarray, neighbours: Neighbours, options: Options) -> HotSpots:
    upper, lower = permuted.tails(counts, exposure, neighbours, options.permutations, options.seed)
    sums = _Sums.of(counts, exposure, neighbours)
    p = _p(nulls.Tails(upper, lower, np.zeros(len(upper))), options)
    return _answer(sums, p, None, options, (np.full(len(p), np.inf),))


def _checked(counts: Values, exposure: Values, neighbours: Neighbours, options: Options) -> tuple[np.ndarray, np.ndarray]:
    counts = whole_counts_of(counts)
    if len(counts) != len(neighbours):
        raise BadInput(f"Il faut autant de comptages que de voisinages : {len(neighbours)} attendus, {len(counts)} reçus.")
    exposure = exposure_of(exposure, len(counts))
    _checked_options(options)
    return counts, exposure


def _checked_options(options: Options) -> None:
    for name, value, known in (("hypothèse", options.null, NULLS), ("côté", options.side, SIDES),
                               ("correction", options.correction, tuple(multiple.CORRECTIONS))):
        if value not in known:
            raise BadInput(f"{name.capitalize()} inconnue : « {value} ». Choisissez parmi : {', '.join(known)}.")
    if not (0 < options.level < 1 and 0 < options.cover < 1 and options.floor >= 0 and options.permutations >= 19):
        raise BadInput("Le seuil et la couverture sont entre 0 et 1, le rapport minimal est positif, et il faut au moins "
                       "19 permutations.")
    if options.dispersion is not None and not (np.isfinite(options.dispersion) and options.dispersion >= 1):
        raise BadInput("La dispersion est un rapport variance/moyenne : un nombre d’au moins 1.")
