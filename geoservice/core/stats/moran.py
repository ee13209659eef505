"""Moran's I: of a whole map, and of each unit, with analytic moments and conditional permutations.

Weights are standardised by rows unless asked otherwise. Units are never their own neighbours. Equal to esda.Moran and
esda.Moran_Local but for ties: see `permutation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, numbers_of
from geoservice.core.stats.moments import dot, normal_upper, row_weights, totals
from geoservice.core.stats.permutation import PERMUTATIONS, Tails, conditional, tolerance
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput

FEWEST = 4
HIGH_HIGH, LOW_HIGH, LOW_LOW, HIGH_LOW = 1, 2, 3, 4
_BLOCK = 4_000_000  # permuted values at a time


@dataclass(frozen=True)
class GlobalMoran:
    """I of a map, its expectation, and variance and z under normality and under exchangeability (`_permuted`)."""

    i: float
    expected: float
    variance_normal: float
    variance_permuted: float

    @property
    def z_normal(self) -> float:
        return (self.i - self.expected) / self.variance_normal**0.5

    @property
    def z_permuted(self) -> float:
        return (self.i - self.expected) / self.variance_permuted**0.5

    @property
    def p_normal(self) -> float:
        """Two-sided."""
        return float(2 * normal_upper(np.abs(self.z_normal)))

    @property
    def p_permuted(self) -> float:
        """Two-sided, normal approximation with the variance under exchangeability."""
        return float(2 * normal_upper(np.abs(self.z_permuted)))


@dataclass(frozen=True)
class LocalMoran:
    """I of each unit, (n,) each. `expected` and `variance`: the unit's own value given; `_total`: all values exchangeable.

    z is (I − expected) / √variance, 0 where nothing can vary and `defined` False there. quadrant: HIGH_HIGH 1, LOW_HIGH 2 (low
    among high ones), LOW_LOW 3, HIGH_LOW 4, where high is above the mean.
    """

    i: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    expected_total: np.ndarray
    variance_total: np.ndarray
    z: np.ndarray
    defined: np.ndarray
    quadrant: np.ndarray

    @property
    def two_sided(self) -> np.ndarray:
        """Two-sided normal p-values; 1 where z is not defined."""
        return np.where(self.defined, 2 * normal_upper(np.abs(self.z)), 1.0)


def whole(values: Values, neighbours: Neighbours, standardised: bool = True) -> GlobalMoran:
    """Moran's I of a map.

    values (n,) finite. Hypothesis: values are exchangeable among units. BadInput for missing values; NotEnough below 4 units,
    for a constant series, or where nobody has a neighbour. Moran 1950; Cliff and Ord 1981.
    """
    z, others = _centred(values, neighbours)
    s0, s1, s2 = totals(others, standardised)
    n, s02, squares = float(len(z)), s0 * s0, dot(z, z)
    expected = -1 / (n - 1)
    normal = (n * n * s1 - n * s2 + 3 * s02) / ((n - 1) * (n + 1) * s02) - expected**2
    tails = float((z**4).sum()) / n / (squares / n) ** 2
    above = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s02) - tails * ((n * n - n) * s1 - 2 * n * s2 + 6 * s02)
    exchanged = above / ((n - 1) * (n - 2) * (n - 3) * s02) - expected**2
    if not min(normal, exchanged) > 1e-14:
        raise NotEnough("sans-variation", "Toutes les unités sont voisines entre elles : il n’y a pas de regroupement à mesurer.")
    lag = others.sums(z) * row_weights(others, standardised)
    return GlobalMoran(n / s0 * dot(z, lag) / squares, expected, normal, exchanged)


def local(values: Values, neighbours: Neighbours, standardised: bool = True) -> LocalMoran:
    """Moran's I of each unit with its analytic moments (Anselin 1995; Sokal, Oden and Thomson 1998, A3, A4*, A7, A8).

    values (n,) finite. Hypothesis: values are exchangeable among units. BadInput and NotEnough as `whole`.
    """
    z, others = _centred(values, neighbours)
    n = len(z)
    z = z / (dot(z, z) / n) ** 0.5  # esda's scale, in which the second moment is 1
    each = row_weights(others, standardised)
    weight, squared = each * others.counts, each**2 * others.counts
    lag = others.sums(z) * each
    second = dot(z, z) / n
    kurtosis = float((z**4).sum()) / n / second**2
    variance = (z / second) ** 2 * (n / (n - 2)) * (squared - weight**2 / (n - 1)) * (second - z**2 / (n - 1))
    total = squared * (n - kurtosis) / (n - 1) + (weight**2 - squared) * (2 * kurtosis - n) / ((n - 1) * (n - 2))
    expected = -(z**2) * weight / ((n - 1) * second)
    i = (n - 1) * z * lag / dot(z, z)
    high, among_high = _sides(values, others)
    defined = variance > 1e-14
    quadrant = np.where(among_high, np.where(high, HIGH_HIGH, LOW_HIGH), np.where(high, HIGH_LOW, LOW_LOW)).astype(np.int8)
    return LocalMoran(i, expected, variance, -weight / (n - 1), total - (weight / (n - 1)) ** 2,
                      np.where(defined, (i - expected) / np.sqrt(np.where(defined, variance, 1.0)), 0.0), defined, quadrant)


def permuted(values: Values, neighbours: Neighbours, permutations: int = PERMUTATIONS, seed: int = 0) -> Tails:
    """Tails of each unit's I by conditional permutations, the same for both kinds of weights.

    The comparison is made on sums of the values themselves: I rises with that sum where the unit is above the mean, falls where
    it is below, and is 0 in every map, so p = 1, where the unit is at the mean. Errors as `conditional` and `whole`.
    """
    _centred(values, neighbours)
    tails = conditional(values, neighbours, permutations, seed)
    above = _above_mean(numbers_of(values, "valeurs"))
    always = np.full(len(above), permutations)
    level = Tails(np.where(above == 0, always, tails.at_least), np.where(above == 0, always, tails.at_most), permutations)
    return level.turned(above < 0)


def whole_permuted(values: Values, neighbours: Neighbours, permutations: int = PERMUTATIONS, seed: int = 0,
                   standardised: bool = True) -> Tails:
    """Tails of the map's I when all values are dealt again, arrays of one. Ties as in `permutation`, within 1e-12."""
    if permutations < 1:
        raise BadInput("Il faut au moins une permutation.")
    z, others = _centred(values, neighbours)
    each = row_weights(others, standardised)
    observed, slack = dot(z, others.sums(z) * each), 1e-12 * dot(z, z)
    rng, at_least, at_most = np.random.default_rng(seed), 0, 0
    block = max(1, _BLOCK // max(1, len(others.indices)))
    for start in range(0, permutations, block):
        dealt = rng.permuted(np.broadcast_to(z, (min(block, permutations - start), len(z))), axis=1)
        found = (dealt * others.sums(dealt) * each).sum(axis=1)
        at_least, at_most = at_least + int((found >= observed - slack).sum()), at_most + int((found <= observed + slack).sum())
    return Tails(np.array([at_least]), np.array([at_most]), permutations)


def _centred(values: Values, neighbours: Neighbours) -> tuple[np.ndarray, Neighbours]:
    y = numbers_of(values, "valeurs")
    if len(y) < FEWEST:
        raise NotEnough("trop-peu-d-unites", f"Il faut au moins {FEWEST} cellules ou résidences à comparer ; il y en a {len(y)}.")
    if y.min() == y.max():
        raise NotEnough("serie-constante", "Toutes les cellules ont la même valeur : il n’y a rien à comparer.")
    others = neighbours.without_itself()
    if len(others.indices) == 0:
        raise NotEnough("aucun-voisin", "Aucune unité n’a de voisine : il n’y a pas de regroupement à mesurer.")
    return y - y.mean(), others


def _above_mean(y: np.ndarray) -> np.ndarray:
    """1 above the mean, −1 below, 0 at it; exact for whole numbers."""
    difference = len(y) * y - y.sum()
    return np.sign(np.where(np.abs(difference) <= tolerance(y, len(y)), 0.0, difference))


def _sides(values: Values, others: Neighbours) -> tuple[np.ndarray, np.ndarray]:
    """Whether each unit, and the mean of its neighbours, is above the mean of all."""
    y = numbers_of(values, "valeurs")
    difference = len(y) * others.sums(y) - others.counts * y.sum()
    return _above_mean(y) > 0, difference > tolerance(y, len(y) * max(1, int(others.counts.max(initial=1))))
