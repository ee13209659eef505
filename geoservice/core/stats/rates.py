"""Facts per dwelling where dwellings are few: empirical Bayes instead of raw rates, and funnel limits instead of rankings.

`facts` (n,) are counts, `exposure` (n,) what they are counted per (dwellings, or dwellings × days); rates are per unit of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, exposure_of, share_of, whole_counts_of
from geoservice.core.stats.intervals import gamma_limits
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput

_LARGEST_PRIOR = 1e9  # facts: rates that do not differ at all have a prior as sharp as this
_STRENGTHS, _DROP = (0.01, 1e6, 161), 1.92  # facts that a prior may be worth; of the log-likelihood
_WINSORISED = 0.1  # of the residuals on each side, before the dispersion is taken from them
_DRAWN_IN = 0.6787  # mean square of a standard normal so drawn in
_LARGEST_BETWEEN, _HALVINGS = 1e4, 40
LEAST_UNITS = 3


@dataclass(frozen=True, eq=False)
class Posterior:
    """Gamma posteriors of n rates: `shape`, `rate` (n,); `mean` (n,) with its interval [low, high]; the prior they share.

    `prior_facts`: how many facts the prior is worth; `prior_mean` / `prior_facts` are those of all units together.
    """

    shape: np.ndarray
    rate: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    prior_mean: float
    prior_facts: float


@dataclass(frozen=True, eq=False)
class Funnel:
    """Limits of n rates around one target at `levels` (for instance 95 and 99.8 %): `low`, `high` (levels, n), exact Poisson.

    `outside` (n,) int: +1 above, -1 below the widest limits widened by the dispersion, else 0; `outside_poisson` the same without
    it. `between`: squared coefficient of variation of the rates that chance does not explain; `dispersion`: the
    variance / mean of facts that it makes in a unit of mean exposure, at least 1.
    """

    target: float
    levels: tuple[float, ...]
    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray
    outside_poisson: np.ndarray
    between: float
    dispersion: float


def per_hundred(facts: Values, dwellings: Values) -> np.ndarray:
    """Facts per 100 dwellings, (n,); BadInput where there are no dwellings."""
    counts = counts_of(facts)
    return 100 * counts / exposure_of(dwellings, len(counts), "logements")


def global_bayes(facts: Values, exposure: Values) -> np.ndarray:
    """Rates pulled towards the rate of all, the more so the less exposure; (n,) (Marshall, Applied Statistics 40, 1991).

    Where rates vary less than chance makes them, all are the common rate. NotEnough without units.
    """
    counts, bases = _given(facts, exposure)
    mean, variance = _moments(counts, bases)
    return _pulled(counts / bases, bases, np.full(len(counts), mean), np.full(len(counts), variance))


def local_bayes(facts: Values, exposure: Values, neighbours: Neighbours) -> np.ndarray:
    """Rates pulled towards those of the neighbourhood, itself included; (n,) (Marshall 1991, local form).

    A unit without neighbours keeps its own rate. BadInput when there is not one neighbourhood a unit.
    """
    counts, bases = _given(facts, exposure)
    if len(neighbours) != len(counts):
        raise BadInput(f"Il faut un voisinage par unité : {len(counts)} attendus, {len(neighbours)} reçus.")
    around = neighbours.with_itself()
    base, rates = around.sums(bases), counts / bases
    mean = around.sums(counts) / base
    # sum of b (r - m)^2 over the neighbourhood, without its pairs: b r^2 - 2 m b r + m^2 b
    spread = around.sums(bases * rates**2) - 2 * mean * around.sums(counts) + mean**2 * base
    variance = np.maximum(spread / base - mean / (base / around.counts), 0.0)
    alone = around.counts == 1
    return np.where(alone, rates, _pulled(rates, bases, mean, variance))


def gamma_poisson(facts: Values, exposure: Values, level: float = 0.95) -> Posterior:
    """Posterior of each rate under one gamma prior for all, whose mean is the rate of all.

    Clayton and Kaldor (Biometrics 43, 1987). The prior is worth the fewest facts that the counts allow: the likeliest worth of a
    dozen units is often far too great, and intervals then hold the truth once in two. NotEnough without units or facts.
    """
    counts, bases = _given(facts, exposure)
    mean = prior(counts, bases)[0]
    strength = _least_strength(counts, bases, mean)
    shape, rate = counts + strength, bases + strength / mean
    low, high = gamma_limits(shape, rate, level)
    return Posterior(shape, rate, shape / rate, low, high, mean, strength)


def prior(facts: Values, exposure: Values) -> tuple[float, float]:
    """Mean and shape of the gamma prior of all rates, by Marshall's moments; NotEnough without units or facts."""
    counts, bases = _given(facts, exposure)
    mean, variance = _moments(counts, bases)
    if mean <= 0:
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : il n’y a pas de taux à comparer.")
    return mean, min(mean**2 / variance, _LARGEST_PRIOR) if variance > 0 else _LARGEST_PRIOR


def funnel(facts: Values, exposure: Values, target: float | None = None, levels: tuple[float, ...] = (0.95, 0.998)) -> Funnel:
    """Control limits of rates around `target`, by default the rate of all units (Spiegelhalter, Statistics in Medicine 24, 2005).

    Limits are exact Poisson quantiles, whole facts and so steps: beyond them lies at most (1 - level) / 2 on each side. A unit is
    outside when it is beyond the widest limits widened by how much rates differ among themselves (a random effect, as in
    Spiegelhalter et al., J. R. Statist. Soc. A 175, 2012). NotEnough below 3 units or no facts.
    """
    counts, bases = whole_counts_of(facts), exposure_of(exposure, np.size(facts), "expositions")
    if len(counts) < LEAST_UNITS:
        raise NotEnough("peu_d_unites",
                        f"Un graphique en entonnoir demande au moins {LEAST_UNITS} unités ; il y en a {len(counts)}.")
    centre = float(counts.sum() / bases.sum()) if target is None else float(target)
    if not (np.isfinite(centre) and centre >= 0):
        raise BadInput("La cible d’un entonnoir est un taux fini, plus grand que zéro.")
    if centre == 0:
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : il n’y a pas de taux à comparer.")
    pairs = [limits(centre, bases, level) for level in levels]
    low, high = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    between = _between(counts, centre * bases)
    rates, widest = counts / bases, int(np.argmax(levels))
    bottom, top = limits(centre, bases, levels[widest], between)
    return Funnel(centre, levels, low, high, _side(rates, bottom, top), _side(rates, low[widest], high[widest]), between,
                  1 + between * centre * float(bases.mean()))


def limits(target: float, exposure: np.ndarray, level: float, between: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Limits of rates around a target at exposures (n,) > 0: exact Poisson, widened for rates that differ among themselves.

    `between`: squared coefficient of variation of the rates. Widened on square roots, where counts vary about evenly.
    """
    low, high = _poisson_quantiles(target * exposure, (1 - share_of(level, "levels")) / 2)
    wide, middle = np.sqrt(1 + between * target * exposure), target**0.5
    bottom, top = (middle + (np.sqrt(side / exposure) - middle) * wide for side in (low, high))
    return np.maximum(bottom, 0.0) ** 2, top**2


def _given(facts: Values, exposure: Values) -> tuple[np.ndarray, np.ndarray]:
    counts = counts_of(facts)
    if not len(counts):
        raise NotEnough("aucune_unite", "Aucune résidence ni cellule dans cette sélection : il n’y a pas de taux à comparer.")
    return counts, exposure_of(exposure, len(counts), "expositions")


def _moments(counts: np.ndarray, bases: np.ndarray) -> tuple[float, float]:
    """Mean of the rates weighted by exposure, and the variance between them that chance does not explain, at least 0."""
    mean = float(counts.sum() / bases.sum())
    between = float((bases * (counts / bases - mean) ** 2).sum() / bases.sum())
    return mean, max(0.0, between - mean / float(bases.mean()))


def _least_strength(counts: np.ndarray, bases: np.ndarray, mean: float) -> float:
    """The least worth of a gamma prior of this mean, in facts: where the likelihood has dropped by the one-sided 97.5 % point."""
    from scipy.special import gammaln

    strength = np.geomspace(*_STRENGTHS)
    values, times = np.unique(counts, return_counts=True)
    rising = (gammaln(strength[:, None] + values) - gammaln(strength)[:, None]) @ times
    spread = (counts + strength[:, None]) * np.log1p(mean * bases / strength[:, None]) + counts * np.log(strength)[:, None]
    likelihood = rising - spread.sum(axis=1)
    return float(strength[np.argmax(likelihood >= likelihood.max() - _DROP)])


def _pulled(rates: np.ndarray, bases: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    total = variance + mean / bases
    return mean + (rates - mean) * np.divide(variance, total, out=np.zeros(len(rates)), where=total > 0)


def _poisson_quantiles(mean: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper quantiles of Poisson variables: the least counts at which P(X <= count) reaches the tail, and the rest."""
    from scipy.special import pdtr, pdtrik

    out = []
    for level in (tail, 1 - tail):
        first = np.maximum(np.ceil(np.nan_to_num(pdtrik(level, mean))), 0)  # no quantile below 0 where nothing is likely
        lower = np.maximum(first - 1, 0)
        out.append(np.where(pdtr(lower, mean) >= level, lower, first))  # a root that rounding left just above a whole number
    return out[0], out[1]


def _between(counts: np.ndarray, expected: np.ndarray) -> float:
    """Squared coefficient of variation of the rates beyond chance, at least 0: where residuals on square roots, extremes
    drawn in, vary as much as a normal's would; outliers must not hide themselves."""
    z = 2 * (np.sqrt(counts) - np.sqrt(expected))

    def excess(between: float) -> float:
        scaled = z / np.sqrt(1 + between * expected)
        low, high = np.quantile(scaled, (_WINSORISED, 1 - _WINSORISED))
        return float((np.clip(scaled, low, high) ** 2).mean()) - _DRAWN_IN

    low, high = 0.0, 1.0
    if excess(low) <= 0:
        return 0.0
    while excess(high) > 0 and high < _LARGEST_BETWEEN:
        low, high = high, high * 4
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _side(rates: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.where(rates > high, 1, np.where(rates < low, -1, 0)).astype(np.int8)
