"""The inner loops of `nulls` and `dispersion`, compiled by numba. `core.compiled` says when to import it.

Explicit signatures, kept on the disk, never parallel, the GIL released: as in `core.kernels`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

_OPTIONS = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}
_F8 = types.Array(types.float64, 1, "C", readonly=True)
_F8_OUT = types.Array(types.float64, 1, "C")
_NARROW, _STILL, _SHIFTED = 1e7, 1e-13, 30.0  # as in nulls


@njit(types.float64(types.float64, types.float64), **_OPTIONS)
def log_rising(a, s):  # noqa: ANN001, ANN201
    """log Gamma(a + s) - log Gamma(a)."""
    if s == 0:
        return 0.0
    over, under = 1.0, 1.0
    while a < _SHIFTED:
        over *= a
        under *= a + s
        a += 1
    z = a + s
    one, two = 1 / (z * z), 1 / (a * a)
    series = ((1 / 12 - one * (1 / 360 - one * (1 / 1260 - one / 1680))) / z
              - (1 / 12 - two * (1 / 360 - two * (1 / 1260 - two / 1680))) / a)
    return (z - 0.5) * math.log1p(s / a) + s * (math.log(a) - 1) + series + math.log(over / under)


@njit(types.float64(types.float64, types.float64, types.float64, types.float64, types.float64), **_OPTIONS)
def _log_point(s, total, share, a, b):  # noqa: ANN001, ANN202
    ways = log_rising(total - s + 1, s) - log_rising(1.0, s)
    if math.isinf(a):
        return ways + s * math.log(share) + (total - s) * math.log1p(-share)
    return ways + log_rising(a, s) + log_rising(b, total - s) - log_rising(a + b, total)


@njit(types.float64(types.float64, types.float64, types.float64, types.float64, types.float64), **_OPTIONS)
def _beyond(s, total, odds, a, b):  # noqa: ANN001, ANN202
    """Sum above s, in units of P(S = s); a infinite: binomial."""
    out, term, k, plain = 0.0, 1.0, s, math.isinf(a)
    while k < total:
        growth = (total - k) * odds / (k + 1) if plain else (total - k) * (a + k) / ((k + 1) * (b + total - k - 1))
        term *= growth
        out += term
        k += 1
        if term <= _STILL * (1 + out) and growth < 1 and b >= 1:
            break
    return out


@njit(types.void(_F8, types.float64, _F8, _F8, _F8_OUT, _F8_OUT, _F8_OUT), **_OPTIONS)
def tails(sums, total, share, shape, upper, lower, point):  # noqa: ANN001, ANN201
    """P(S >= s), P(S <= s), P(S = s) of each neighbourhood."""
    for row in range(len(sums)):
        s, w, a = sums[row], share[row], shape[row]
        if w <= 0 or w >= 1:
            upper[row] = 1.0 if s <= total * w else 0.0
            lower[row] = 1.0 if s >= total * w else 0.0
            point[row] = 1.0 if s == total * w else 0.0
            continue
        if a > _NARROW * max(total, 1.0):
            a = np.inf
        b = a * ((1 - w) / w)
        at = math.exp(_log_point(s, total, w, a, b))
        if s > total * w:
            beyond = min(at * _beyond(s, total, w / (1 - w), a, b), 1.0)
            upper[row], lower[row] = min(beyond + at, 1.0), 1 - beyond
        else:  # the facts that fall elsewhere, seen from there
            beyond = min(at * _beyond(total - s, total, (1 - w) / w, b, a), 1.0)
            upper[row], lower[row] = 1 - beyond, min(beyond + at, 1.0)
        point[row] = at


@njit(types.Array(types.float64, 1, "C")(_F8, _F8), **_OPTIONS)
def log_risings(a, s):  # noqa: ANN001, ANN201
    """log_rising of each pair."""
    out = np.empty(len(a))
    for row in range(len(a)):
        out[row] = log_rising(a[row], s[row])
    return out
