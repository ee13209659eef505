"""Intervals in closed form: gamma posteriors of rates and ratios, exact Poisson limits, Wilson limits of a share."""

from __future__ import annotations

import numpy as np

from geoservice.core.stats.given import Values, counts_of, exposure_of, share_of

LEVEL = 0.95


def gamma_limits(shape: np.ndarray, rate: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Central interval of gamma variables. shape, rate: (n,) greater than 0; returns two (n,)."""
    from scipy.special import gammaincinv

    tail = (1 - share_of(level, "level")) / 2
    return gammaincinv(shape, tail) / rate, gammaincinv(shape, 1 - tail) / rate


def poisson_limits(counts: Values, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits of the mean of Poisson counts (Garwood, Biometrika 28, 1936). counts (n,); fractions are interpolated."""
    from scipy.special import gammaincinv

    observed = counts_of(counts)
    tail = (1 - share_of(level, "level")) / 2
    low = np.where(observed > 0, gammaincinv(np.maximum(observed, 1e-12), tail), 0.0)
    return low, gammaincinv(observed + 1, 1 - tail)


def ratio_limits(observed: Values, expected: Values, dispersion: float = 1.0,
                 level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Limits of observed / expected, (n,) each: exact Poisson when `dispersion` (variance / mean) is 1.

    Above 1 the counts are worth `observed / dispersion` independent ones (quasi-Poisson; McCullagh and Nelder, 1989, §6.2.3),
    so limits are wider. expected (n,) greater than 0; BadInput otherwise.
    """
    counts = counts_of(observed)
    means = exposure_of(expected, len(counts), "valeurs attendues")
    spread = max(1.0, float(exposure_of([dispersion], 1, "dispersions")[0]))
    low, high = poisson_limits(counts / spread, level)
    return low * spread / means, high * spread / means


def wilson_limits(part: float, whole: float, level: float = LEVEL) -> tuple[float, float]:
    """Limits of a share (Wilson, JASA 22, 1927); 0 to 1 when `whole` is 0."""
    from scipy.special import ndtri

    if whole <= 0:
        return 0.0, 1.0
    z = float(ndtri(1 - (1 - share_of(level, "level")) / 2))
    share, extra = part / whole, z * z / whole
    middle, half = share + extra / 2, z * (share * (1 - share) / whole + extra / (4 * whole)) ** 0.5
    return max(0.0, (middle - half) / (1 + extra)), min(1.0, (middle + half) / (1 + extra))
