"""Getis and Ord's G: Gi and Gi* of each unit, and G of a whole map; binary weights.

z does not depend on whether weights are binary or standardised by rows, since that divides a row by a constant: one answer serves
both. (esda's z for standardised rows puts the sum of weights where Ord and Getis have the sum of their squares; it is ours times
√((N − c) / (c (N − 1))).) On sparse counts the normal approximation is wrong: `hotspots` is the test that maps use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of
from geoservice.core.stats.moments import globally, normal_upper, spread_of, totals
from geoservice.core.stats.permutation import PERMUTATIONS, Tails, conditional
from geoservice.core.stats.weights import Neighbours

FEWEST, FEWEST_GLOBAL = 3, 4


@dataclass(frozen=True)
class LocalG:
    """G of each unit with its expectation and variance, (n,) each; `z` is 0 where nothing can vary, and `defined` False there."""

    g: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    z: np.ndarray
    defined: np.ndarray

    @property
    def upper(self) -> np.ndarray:
        """One-sided normal p-values of high sums; 1 where z is not defined."""
        return np.where(self.defined, normal_upper(self.z), 1.0)

    @property
    def lower(self) -> np.ndarray:
        """One-sided normal p-values of low sums."""
        return np.where(self.defined, normal_upper(-self.z), 1.0)

    @property
    def two_sided(self) -> np.ndarray:
        """Two-sided normal p-values."""
        return np.where(self.defined, 2 * normal_upper(np.abs(self.z)), 1.0)


@dataclass(frozen=True)
class GlobalG:
    """G of a map: `p_one_sided` is that of |z|, `p_two_sided` twice it."""

    g: float
    expected: float
    variance: float
    z: float
    p_one_sided: float

    @property
    def p_two_sided(self) -> float:
        return min(1.0, 2 * self.p_one_sided)


def local(values: Values, neighbours: Neighbours, star: bool = True) -> LocalG:
    """Gi* (each unit belongs to its neighbourhood) or Gi (it does not, and is left out of mean and variance).

    values (n,) not negative; neighbours with or without the units themselves, as suits. Hypothesis: values are exchangeable
    among units. BadInput for missing or negative values; NotEnough below 3 units and for a constant series.
    Getis and Ord 1992; Ord and Getis 1995; equal to esda.G_Local(transform="B").
    """
    y = counts_of(values, "valeurs")
    total, squares = _enough(y, FEWEST)
    used = neighbours.with_itself() if star else neighbours.without_itself()
    size, inside = used.counts, used.sums(y)
    if star:
        n, mean = len(y), total / len(y)
        variance = np.asarray(spread_of(squares, total, n))
    else:
        n, mean = len(y) - 1, (total - y) / (len(y) - 1)
        variance = spread_of(squares - y * y, total - y, n)
    rest = mean * n
    scale = size * (n - size) / (n - 1) * variance
    defined = scale > 0
    z = (inside - size * mean) / np.sqrt(np.where(defined, scale, 1.0))
    known = np.where(rest > 0, rest, 1.0)
    return LocalG(inside / known, size / n, scale / (known * known), np.where(defined, z, 0.0), defined)


def permuted(values: Values, neighbours: Neighbours, permutations: int = PERMUTATIONS, seed: int = 0) -> Tails:
    """Tails of Gi by conditional permutations; those of Gi* are the same, since the unit's own value stays in every map."""
    y = counts_of(values, "valeurs")
    _enough(y, FEWEST)
    return conditional(y, neighbours, permutations, seed)


def whole(values: Values, neighbours: Neighbours) -> GlobalG:
    """Global G: do high values lie together? Units are never their own neighbours.

    values (n,) not negative. Hypothesis: values are exchangeable among units; normal approximation. BadInput as `local`;
    NotEnough below 4 units, for a constant series, fewer than two values above 0, no neighbours. Getis and Ord 1992; equal to
    esda.G, whose p_norm is `p_one_sided`.
    """
    y = counts_of(values, "valeurs")
    total, squares = _enough(y, FEWEST_GLOBAL)
    others = neighbours.without_itself()
    s0, s1, s2 = totals(others, standardised=False)
    if s0 == 0 or (y > 0).sum() < 2:
        raise NotEnough("aucun-voisin", "Aucune paire d’unités voisines n’a de faits : il n’y a pas de regroupement à mesurer.")
    n = len(y)
    g = float(y @ others.sums(y)) / (total * total - squares)
    expected = s0 / (n * (n - 1))
    variance = globally(y, (s0, s1, s2)) - expected * expected
    if not variance > 1e-14 * expected * expected:
        raise NotEnough("sans-variation", "Toutes les unités sont voisines entre elles : il n’y a pas de regroupement à mesurer.")
    z = (g - expected) / variance**0.5
    return GlobalG(g, expected, variance, z, float(normal_upper(np.array(abs(z)))))


def _enough(y: np.ndarray, fewest: int) -> tuple[float, float]:
    """Total and sum of squares; NotEnough where no comparison is possible."""
    if len(y) < fewest:
        raise NotEnough("trop-peu-d-unites", f"Il faut au moins {fewest} cellules ou résidences à comparer ; il y en a {len(y)}.")
    if y.min() == y.max():
        raise NotEnough("serie-constante", "Toutes les cellules ont le même nombre de faits : il n’y a rien à comparer.")
    return float(y.sum()), float(y @ y)
