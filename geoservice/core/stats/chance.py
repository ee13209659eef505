"""The range of counts that chance alone would show, for thousands of places at once: what is drawn beside an observed count.

Not what decides: the test's p-values are exact (`nulls`). Here the beta-binomial is replaced by the negative binomial of the same
mean and variance, whose quantiles come from an incomplete beta function (within a fact or two of `hotspots.interval`); the
binomial is itself.
"""

from __future__ import annotations

import numpy as np


def ranges(total: float, share: np.ndarray, shapes: tuple[np.ndarray, ...], cover: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Least and most counts, (n,) float64 each, with equal tails and probability `cover`; the widest over several laws.

    share (n,) in [0, 1] of the exposure; shapes: of the beta of each place, (n,) a law, infinite for the binomial.
    """
    tail = (1 - cover) / 2
    ends = [(_quantile(total, share, shape, tail), _quantile(total, share, shape, 1 - tail)) for shape in shapes]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _quantile(total: float, share: np.ndarray, shape: np.ndarray, level: float) -> np.ndarray:
    """Least s with P(S <= s) >= level, by bisection over all places at once."""
    size = _size(total, share, shape)
    low, high = np.full(len(share), -1.0), np.full(len(share), float(total))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = _below(np.maximum(middle, 0), total, share, size) >= level
        low, high = np.where(enough, low, middle), np.where(enough, np.maximum(middle, 0), high)
        low = np.where(high == 0, -1.0, low)
    return high


def _size(total: float, share: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Size of the negative binomial with the variance of the beta-binomial; infinite where that is no more than a Poisson's."""
    mean = total * share
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = shape / share  # both parameters of the beta together
        variance = mean * (1 - share) * (whole + total) / (whole + 1)
        size = mean**2 / (variance - mean)
    return np.where(np.isfinite(shape) & (share > 0) & (variance > mean * (1 + 1e-9)), size, np.inf)


def _below(s: np.ndarray, total: float, share: np.ndarray, size: np.ndarray) -> np.ndarray:
    """P(S <= s): of the negative binomial where it has a size, else of the binomial."""
    from scipy.special import betainc

    mean, endless = total * share, np.isinf(size)
    finite = np.where(endless, 1.0, size)
    mixed = betainc(finite, s + 1, finite / (finite + np.maximum(mean, 1e-300)))
    left = np.maximum(total - s, 1e-9)  # at s = total nothing is left, and the answer is 1
    plain = np.where(s >= total, 1.0, betainc(left, s + 1, 1 - share))
    return np.where(endless, plain, mixed)
