"""Getis and Ord's G: Gi and Gi* of each unit, and G of a whole map; binary weights.

z does not depend on whether weights are binary or standardised by rows, since that divides a row by a constant: one answer serves
both. (esda's z for standardised rows puts the sum of weights where Ord and Getis have the sum of their squares; it is ours times
√((N − c) / (c (N − 1))).) On sparse counts the normal approximation is wrong: `hotspots` is the test that maps use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoservice.core import compiled
from geoservice.core.stats.given import NotEnough, Values, counts_of
from geoservice.core.stats.moments import dot, globally, normal_upper, spread_of, totals
from geoservice.core.stats.permutation import PERMUTATIONS, Tails, conditional
from geoservice.core.stats.weights import Neighbours, loops

FEWEST, FEWEST_GLOBAL = 3, 4


@dataclass(frozen=True)
class LocalG:
    """G of each unit and its z, (n,) each; z is 0 where nothing can vary, and `defined` False there.

    size: units in each neighbourhood, (n,); of them (`units`) and of the values' variance and total, the unit itself left out for
    Gi, the moments are made: variance and total are (n,) for Gi and numbers for Gi*.
    """

    g: np.ndarray
    z: np.ndarray
    size: np.ndarray
    units: int
    spread: np.ndarray | float
    total: np.ndarray | float

    @cached_property
    def expected(self) -> np.ndarray:
        """Expectation of g, (n,)."""
        return self.size / self.units

    @cached_property
    def variance(self) -> np.ndarray:
        """Variance of g, (n,)."""
        return _scale(self.size, self.units, self.spread) / np.square(self.total)

    @cached_property
    def defined(self) -> np.ndarray:
        """Whether the sum could vary at all, (n,) bool."""
        return _scale(self.size, self.units, self.spread) > 0

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
    if star:
        n, used = len(y), neighbours.with_itself()
        return _local(y, used, (n, float(spread_of(squares, total, n)), total))
    n, rest = len(y) - 1, total - y
    return _local(y, neighbours.without_itself(), (n, spread_of(squares - y * y, rest, n), np.where(rest > 0, rest, 1.0)))


def _local(y: np.ndarray, used: Neighbours, known: tuple[int, np.ndarray | float, np.ndarray | float]) -> LocalG:
    """G and z from the number of units, the variance of their values and their total."""
    units, spread, total = known
    kernels = compiled.at_hand(loops, len(used.indices)) if isinstance(total, float) else None
    if kernels is not None:
        g, z = np.empty(len(y)), np.empty(len(y))
        kernels.gi_star(used.indptr, used.indices, y, (float(units), total / units, float(spread), total), g, z)
    else:
        inside, scale = used.sums(y), _scale(used.counts, units, spread)
        g, z = inside / total, (inside - used.counts * (total / units)) / np.sqrt(np.where(scale > 0, scale, 1.0))
        z[scale <= 0] = 0.0
    return LocalG(g, z, used.counts, units, spread, total)


def _scale(size: np.ndarray, units: int, spread: np.ndarray | float) -> np.ndarray:
    """Variance of the sum of so many units out of all, drawn without replacement."""
    return size * (units - size) / (units - 1) * spread


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
    g = dot(y, others.sums(y)) / (total * total - squares)
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
    return float(y.sum()), dot(y, y)
