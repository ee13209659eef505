"""Sums over weights and values that the moments of autocorrelation are made of."""

from __future__ import annotations

import numpy as np

from geoservice.core.stats.weights import Neighbours

_NOISE = 1e-12  # of the mean square: less is what rounding leaves of a constant series


def normal_upper(z: np.ndarray) -> np.ndarray:
    """P(Z ≥ z) of a standard normal variable."""
    from scipy.special import ndtr

    return ndtr(-z)


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Σab, by numpy's own sum: BLAS would wake its threads for it."""
    return float((a * b).sum())


def spread_of(squares: np.ndarray | float, total: np.ndarray | float, n: int) -> np.ndarray:
    """Population variance from sums, 0 where it is nothing but rounding."""
    mean_square = np.asarray(squares) / n
    variance = mean_square - (np.asarray(total) / n) ** 2
    return np.where(variance > _NOISE * mean_square, variance, 0.0)


def row_weights(neighbours: Neighbours, standardised: bool) -> np.ndarray:
    """Weight of a row's neighbours, (n,): 1, or 1 / their number (0 for none)."""
    counts = neighbours.counts
    return 1 / np.maximum(counts, 1) * (counts > 0) if standardised else (counts > 0).astype(np.float64)


def totals(neighbours: Neighbours, standardised: bool) -> tuple[float, float, float]:
    """S0, S1 and S2 of Cliff and Ord: Σw, ½ΣΣ(wij + wji)², Σ(wi· + w·i)²."""
    n, rows, indices = len(neighbours), neighbours.rows, neighbours.indices
    each = row_weights(neighbours, standardised)
    weight = each[rows]
    keys, back = rows * n + indices, indices * n + rows
    place = np.minimum(np.searchsorted(keys, back), max(len(keys) - 1, 0))
    mutual = keys[place] == back if len(keys) else np.zeros(0, dtype=bool)
    s1 = dot(weight, weight) + dot(weight[mutual], each[indices[mutual]])
    both = each * neighbours.counts + np.bincount(indices, weights=weight, minlength=n)
    return float(weight.sum()), s1, dot(both, both)


def globally(y: np.ndarray, sums: tuple[float, float, float]) -> float:
    """E[G²] of Getis and Ord 1992 under exchangeability."""
    s0, s1, s2 = sums
    n, s02 = float(len(y)), s0 * s0
    m1, m2, m3, m4 = (float((y**power).sum()) for power in (1, 2, 3, 4))
    b0 = (n * n - 3 * n + 3) * s1 - n * s2 + 3 * s02
    b1 = -((n * n - n) * s1 - 2 * n * s2 + 6 * s02)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s02)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s02
    b4 = s1 - s2 + s02
    above = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    return above / ((m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3))
