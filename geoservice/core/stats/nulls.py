"""What a neighbourhood would hold if nothing were there: tail probabilities of its sum S, given the total C of the map.

Binomial: each of the C facts falls on the neighbourhood with probability `share`, its share of the exposure. Beta-binomial: the
share itself varies, as Beta(shape, shape (1 - share) / share); it is what the sum over a neighbourhood is when cells are
independent gamma-Poisson and the total is known (Dirichlet-multinomial; Mosimann 1962, Biometrika 49). An infinite shape is the
binomial. Tails are summed term by term from the observed value outwards, so small probabilities keep their relative precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from geoservice.core import compiled

NARROW = 1e7  # a shape this many times the total is told from the binomial by nothing that a double can hold
STILL = 1e-13  # terms below this part of the sum, and falling, end it
_SHIFTED = 30.0  # Stirling's series is exact to a double from here on
_TERMS = 200_000  # summed at a time where there are no compiled loops
_WORK = 100  # loading compiled loops is worth it from LARGE / _WORK tails


@dataclass(frozen=True, eq=False)
class Tails:
    """Of each neighbourhood: P(S >= s), P(S <= s) and P(S = s); three (n,) float64."""

    upper: np.ndarray
    lower: np.ndarray
    point: np.ndarray


def loops() -> ModuleType:
    """The compiled loops; importing them loads numba."""
    from geoservice.core.stats import nulls_loops

    return nulls_loops


def tails(sums: np.ndarray, total: float, share: np.ndarray, shape: np.ndarray) -> Tails:
    """Tails of the observed sums under the null.

    sums (n,) whole numbers from 0 to total; share (n,) in [0, 1]; shape (n,) > 0 or infinite. Where share is 0 the sum is 0,
    where it is 1 it is the total. Relative error below 1e-8 for totals up to a million.
    """
    sums, share, shape = (np.ascontiguousarray(some, dtype=np.float64) for some in (sums, share, shape))
    kernels = compiled.at_hand(loops, _WORK * len(sums))
    if kernels is not None:
        upper, lower, point = (np.empty(len(sums)) for _ in range(3))
        kernels.tails(sums, float(total), share, shape, upper, lower, point)
        return Tails(upper, lower, point)
    known, place = np.unique(np.stack([sums, share, shape]), axis=1, return_inverse=True)
    found = _tails(known[0], float(total), known[1], known[2])
    return Tails(*(some[place.ravel()] for some in found))


def log_rising(a: np.ndarray, s: np.ndarray) -> np.ndarray:
    """log of a (a + 1) ... (a + s - 1), that is log Gamma(a + s) - log Gamma(a), without their cancellation; a > 0, s >= 0."""
    a, s = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(s, dtype=np.float64))
    a, factor = a.copy(), np.ones(a.shape)
    while (small := a < _SHIFTED).any():
        factor = np.where(small, factor * (a / (a + s)), factor)
        a = np.where(small, a + 1, a)
    more = np.log1p(s / a)
    return (a + s - 0.5) * more + s * np.log(a) - s + _series(a + s) - _series(a) + np.log(factor)


def _series(z: np.ndarray) -> np.ndarray:
    """What Stirling's formula leaves out of log Gamma(z), z >= 30."""
    square = 1 / (z * z)
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / z


def _log_point(s: np.ndarray, total: float, share: np.ndarray, shape: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """log P(S = s), with shape infinite where the binomial is meant."""
    ways = log_rising(total - s + 1, s) - log_rising(np.ones(len(s)), s)
    plain = np.isinf(shape)
    a, b = np.where(plain, 1.0, shape), np.where(plain, 1.0, rest)
    mixed = log_rising(a, s) + log_rising(b, total - s) - log_rising(a + b, np.full(len(s), total))
    return ways + np.where(plain, s * np.log(share) + (total - s) * np.log1p(-share), mixed)


def _tails(s: np.ndarray, total: float, share: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tails without compiled loops: the same sums, all neighbourhoods one term at a time."""
    upper, lower, point = (np.ones(len(s)) for _ in range(3))
    inside = (share > 0) & (share < 1)
    upper[~inside & (s > total * share)], lower[~inside & (s < total * share)] = 0.0, 0.0
    point[~inside & (s != total * share)] = 0.0
    s, share, shape = s[inside], share[inside], shape[inside]
    shape = np.where(shape > NARROW * max(total, 1.0), np.inf, shape)
    rest = shape * ((1 - share) / share)
    at = np.exp(_log_point(s, total, share, shape, rest))
    beyond = np.minimum(at * _walk(s, total, share, shape, rest), 1.0)
    rising = s > total * share
    upper[inside] = np.where(rising, np.minimum(beyond + at, 1.0), 1 - beyond)
    lower[inside] = np.where(rising, 1 - beyond, np.minimum(beyond + at, 1.0))
    point[inside] = at
    return upper, lower, point


def _walk(s: np.ndarray, total: float, share: np.ndarray, shape: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Sum of the probabilities beyond s, away from the mean, in units of P(S = s); ever more terms at a time."""
    out, up, width = np.zeros(len(s)), s > total * share, 16
    row, k, term = np.arange(len(s)), s.copy(), np.ones(len(s))
    while len(row):
        away = up[row, None]
        steps = k[:, None] + np.where(away, 1, -1) * np.arange(width)
        growth = _growth(np.clip(np.where(away, steps, steps - 1), 0, max(total - 1, 0)), total, share[row, None],
                         shape[row, None], rest[row, None])
        ended = np.where(away, steps >= total, steps <= 0)
        growth = np.where(ended, 0.0, np.where(away, growth, 1 / np.where(ended, 1.0, growth)))
        terms = term[:, None] * np.cumprod(growth, axis=1)
        out[row] += terms.sum(axis=1)
        k, term = k + np.where(up[row], width, -width), terms[:, -1]
        again = np.where(up[row], rest[row], shape[row]) < 1  # a second hump at the far end
        going = (k > 0) & (k < total) & ((term > STILL * (1 + out[row])) | (growth[:, -1] >= 1) | again)
        row, k, term = row[going], k[going], term[going]
        width = max(16, min(2 * width, _TERMS // max(len(row), 1)))
    return out


def _growth(k: np.ndarray, total: float, share: np.ndarray, shape: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """P(S = k + 1) / P(S = k)."""
    plain = np.isinf(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        odds = np.where(plain, share / (1 - share), (shape + k) / (rest + total - k - 1))
    return (total - k) / (k + 1) * odds
