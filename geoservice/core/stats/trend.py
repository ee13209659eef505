"""Is a series rising or falling, and how fast? Mann–Kendall with ties, Theil–Sen slope with an interval.

Both suppose that the steps are independent; what a series says of that is stated beside its p-value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, numbers_of, share_of

LEAST = 4  # steps
RELIABLE = 10  # steps from which the normal approximation is commonly held good


@dataclass(frozen=True)
class Trend:
    """Trend of n steps: `p` two-sided, `tau` Kendall's b, `slope` per step with its interval [low, high] at `level`.

    `direction`: "hausse", "baisse" or "aucune" (p > 1 - level). `autocorrelation`: of successive residuals; `caveats`: French
    sentences that belong beside the result, empty when there are none.
    """

    n: int
    s: int
    variance: float
    z: float
    p: float
    tau: float
    slope: float
    low: float
    high: float
    level: float
    direction: str
    autocorrelation: float
    caveats: tuple[str, ...]


def trend(values: Values, level: float = 0.95) -> Trend:
    """Trend of a series (n,), one value a step without gaps; rates per day when steps differ in length.

    Mann (Econometrica 13, 1945), Kendall (1975) for ties, continuity corrected; slope: Sen (JASA 63, 1968), its interval from the
    same variance. A constant series has p = 1 and slope 0. NotEnough below 4 steps, BadInput for missing values.
    """
    series = numbers_of(values, "valeurs de la série")
    share_of(level, "level")
    n = len(series)
    if n < LEAST:
        raise NotEnough("serie_courte", f"Une tendance demande au moins {LEAST} pas de temps ; cette série en a {n}.")
    s, variance, z, p = (float(some[0]) for some in mann_kendall(series[None, :]))
    slope, low, high = sen_slope(series, variance, level)
    pairs = n * (n - 1) / 2
    tied = pairs - _tied_pairs(series)
    together = autocorrelation(series - slope * np.arange(n))
    direction = "aucune" if p > 1 - level else "hausse" if s > 0 else "baisse"
    return Trend(n, int(s), variance, z, p, s / (pairs * tied) ** 0.5 if tied else 0.0, slope, low, high, level, direction,
                 together, _caveats(n, together))


def mann_kendall(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """S, its variance with ties, z with continuity correction and two-sided p of each row of (rows, steps); (rows,) each."""
    from scipy.special import ndtr

    rows, n = table.shape
    s = np.zeros(rows)
    for lag in range(1, n):
        s += np.sign(table[:, lag:] - table[:, :-lag]).sum(axis=1)
    variance = (n * (n - 1) * (2 * n + 5) - _tie_sums(table)) / 18
    spread = np.sqrt(np.maximum(variance, 0.0))
    z = np.divide(s - np.sign(s), spread, out=np.zeros(rows), where=spread > 0)
    return s, variance, z, np.minimum(2 * ndtr(-np.abs(z)), 1.0)


def _tie_sums(table: np.ndarray) -> np.ndarray:
    """Sum of t(t - 1)(2t + 5) over groups of t equal values, by row.

    Each value in its group of t adds (t - 1)(2t + 5), so no grouping is needed.
    """
    size = np.zeros(table.shape)
    for step in range(table.shape[1]):
        size += table == table[:, step:step + 1]
    return ((size - 1) * (2 * size + 5)).sum(axis=1)


def _tied_pairs(series: np.ndarray) -> float:
    _, sizes = np.unique(series, return_counts=True)
    return float((sizes * (sizes - 1) / 2).sum())


def sen_slope(series: np.ndarray, variance: float, level: float = 0.95) -> tuple[float, float, float]:
    """Median of the slopes between all pairs of steps, with its interval from the variance of S."""
    from scipy.special import ndtri

    first, second = np.triu_indices(len(series), 1)
    slopes = np.sort((series[second] - series[first]) / (second - first))
    reach = float(ndtri(1 - (1 - level) / 2)) * max(variance, 0.0) ** 0.5
    low = max(round((len(slopes) - reach) / 2) - 1, 0)
    high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def autocorrelation(residuals: np.ndarray) -> float:
    """Correlation of each value with the next; 0 for a constant series."""
    centred = residuals - residuals.mean()
    total = float(centred @ centred)
    scale = float(np.abs(residuals).max(initial=0.0)) ** 2 * len(residuals)
    return float(centred[1:] @ centred[:-1]) / total if total > 1e-20 * max(scale, 1e-300) else 0.0


def _caveats(n: int, together: float) -> tuple[str, ...]:
    out = []
    if n < RELIABLE:
        out.append(f"La série est courte ({n} pas) : sa probabilité est approximative.")
    if together > 1.96 / n**0.5:
        out.append("Les valeurs successives se ressemblent : la tendance est moins sûre que sa probabilité ne le dit.")
    return tuple(out)
