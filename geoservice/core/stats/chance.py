"""The range of counts that chance alone would show, for thousands of places at once: what is drawn beside an observed count.

Not what decides: the test's p-values are exact (`nulls`). Here the beta-binomial is replaced by a law of the same mean and
variance whose distribution is an incomplete beta function: the negative binomial, or (for large parts of the map) a beta of the
share. Within a few hundredths of `hotspots.interval`, or a fact or two; the binomial is itself.
"""

from __future__ import annotations

import numpy as np

_LARGE, _MANY = 0.03, 10.0  # share of the map, and facts expected in it, from which the share is taken as continuous


def ranges(total: float, share: np.ndarray, shapes: tuple[np.ndarray, ...], cover: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Least and most counts, (n,) float64 each, with equal tails and probability `cover`; the widest over several laws.

    share (n,) in [0, 1] of the exposure; shapes: of the beta of each place, (n,) a law, infinite for the binomial.
    """
    tail = (1 - cover) / 2
    ends = [(_quantile(total, share, shape, tail), _quantile(total, share, shape, 1 - tail)) for shape in shapes]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _quantile(total: float, share: np.ndarray, shape: np.ndarray, level: float) -> np.ndarray:
    """Least s with P(S <= s) >= level, by bisection over all places at once."""
    variance = _variance(total, share, shape)
    low, high = np.full(len(share), -1.0), np.full(len(share), float(total))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = _below(np.maximum(middle, 0), total, share, variance) >= level
        low, high = np.where(enough, low, middle), np.where(enough, np.maximum(middle, 0), high)
        low = np.where(high == 0, -1.0, low)
    return high


def _variance(total: float, share: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Variance of the beta-binomial; 0 where it is the binomial, or as good as."""
    mean = total * share
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = shape / share  # both parameters of the beta together
        found = mean * (1 - share) * (whole + total) / (whole + 1)
    return np.where(np.isfinite(shape) & (share > 0) & (share < 1) & (found > mean * (1 + 1e-9)), found, 0.0)


def _below(s: np.ndarray, total: float, share: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """P(S <= s)."""
    from scipy.special import betainc

    mean, plain = total * share, variance == 0
    size = np.divide(mean**2, variance - mean, out=np.ones(len(share)), where=~plain)
    mixed = betainc(size, s + 1, size / (size + np.maximum(mean, 1e-300)))
    large = ~plain & (share > _LARGE) & (mean >= _MANY)
    both = np.divide(mean * (total - mean), variance, out=np.full(len(share), 2.0), where=large) - 1
    held = np.where(large, np.maximum(both, 1e-9) * share, 1.0), np.where(large, np.maximum(both, 1e-9) * (1 - share), 1.0)
    broad = betainc(*held, np.minimum((s + 0.5) / max(total, 1.0), 1.0))
    left = np.maximum(total - s, 1e-9)  # at s = total nothing is left, and the answer is 1
    alone = np.where(s >= total, 1.0, betainc(left, s + 1, 1 - share))
    return np.where(plain, alone, np.where(large, broad, mixed))
