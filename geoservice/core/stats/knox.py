"""Do facts that are close in space come close in time? Knox's test, and the near-repeat table.

**Bounds.** Close is *at most*: distances ≤ the bound, differences of time ≤ the bound. Bands of the near-repeat table are open
below and closed above, ]previous, bound], and the first holds 0; a first bound of 0 makes a band of facts at one same point. A
pair belongs to one band, and pairs beyond the last bounds to none. Times are best whole numbers (days, hours): their differences
are then exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geoservice.core import compiled
from geoservice.core.stats.given import NotEnough, Values, numbers_of
from geoservice.core.stats.weights import loops, pairs
from geoservice.errors import BadInput

PERMUTATIONS = 99
FEWEST = 4


@dataclass(frozen=True)
class Knox:
    """Pairs of facts: close in space, in time, in both; all pairs; what chance alone would give.

    observed: `close`, pairs close in both. expected: space × time / all. p_poisson: P(X ≥ close), and p_more: P(X > close), of a
    Poisson variable of that mean; p_permuted: (1 + permuted maps with at least as many) / (1 + permutations), one-sided, None
    without permutations. permuted: the counts of those maps, (permutations,) int64.
    """

    close: int
    space: int
    time: int
    all: int
    expected: float
    p_poisson: float
    p_more: float
    p_permuted: float | None
    permuted: np.ndarray

    @property
    def table(self) -> np.ndarray:
        """Observed pairs, [[both, space only], [time only, neither]] int64."""
        return np.array([[self.close, self.space - self.close],
                         [self.time - self.close, self.all - self.space - self.time + self.close]])


@dataclass(frozen=True)
class NearRepeats:
    """Pairs by band of distance (rows) and of time (columns), (s, t) each.

    observed int64; expected: mean of the permuted maps; ratio: observed / expected, 1 where both are 0 and the greatest that can
    be said, observed × (1 + permutations), where chance never gave one; p: (1 + maps with at least as many) / (1 + permutations),
    one-sided, not corrected for the number of bands.
    """

    metres: tuple[float, ...]
    days: tuple[float, ...]
    observed: np.ndarray
    expected: np.ndarray
    ratio: np.ndarray
    p: np.ndarray
    permutations: int


def knox(points: Values, times: Values, metres: float, days: float, permutations: int = PERMUTATIONS, seed: int = 0) -> Knox:
    """Knox's test (Applied Statistics 13, 1964): points (n, 2) in metres of a projected CRS, times (n,), both finite.

    Hypothesis: times could have been dealt otherwise among the points (seeded permutations). BadInput for missing values and
    bounds below 0; NotEnough below 4 facts, or where no pair is close in space or in time.
    """
    xy, t = _given(points, times)
    first, second, _ = _pairs(xy, (metres,))
    space, time, many = len(first), _in_time(t, _bounds((days,), "durées")[0]), len(t) * (len(t) - 1) // 2
    if not (space and time):
        raise NotEnough("aucune-paire", "Aucun couple de faits n’est proche dans l’espace ou dans le temps, avec ces bornes.")
    apart, bounds = np.zeros(space, dtype=np.int8), np.array([days], dtype=np.float64)
    counted = _tables((first, second, apart), t, bounds, (permutations, seed), 1)
    close, dealt = int(counted[0, 0]), counted[1:, 0]
    expected = space * time / many
    return Knox(close, space, time, many, expected, _poisson_at_least(close, expected), _poisson_at_least(close + 1, expected),
                (1 + int((dealt >= close).sum())) / (1 + permutations) if permutations else None, dealt)


def near_repeats(points: Values, times: Values, metres: Sequence[float], days: Sequence[float],
                 permutations: int = PERMUTATIONS, seed: int = 0) -> NearRepeats:
    """How many more pairs than chance in each band of distance and time (Ratcliffe and Rengert, Security Journal 21, 2008).

    metres, days: increasing upper bounds of bands, ]previous, bound], the first from 0 included. At least one permutation.
    Otherwise as `knox`.
    """
    xy, t = _given(points, times)
    if permutations < 1:
        raise BadInput("Il faut au moins une permutation pour savoir ce que donne le hasard.")
    bounds = np.array(_bounds(days, "durées"))
    first, second, distance = _pairs(xy, metres)
    if not len(first):
        raise NotEnough("aucune-paire", "Aucun couple de faits n’est proche dans l’espace, avec ces bornes.")
    counted = _tables((first, second, distance), t, bounds, (permutations, seed), len(metres))
    observed, dealt = counted[0], counted[1:]
    expected = dealt.mean(axis=0)
    ratio = np.where(expected > 0, observed / np.where(expected > 0, expected, 1.0),
                     np.where(observed > 0, observed * (1.0 + permutations), 1.0))
    p = (1 + (dealt >= observed).sum(axis=0)) / (1 + permutations)
    shape = len(metres), len(days)
    return NearRepeats(tuple(map(float, metres)), tuple(map(float, days)), *(some.reshape(shape) for some in
                       (observed, expected, ratio, p)), permutations)


def _given(points: Values, times: Values) -> tuple[np.ndarray, np.ndarray]:
    given = np.asarray(points, dtype=np.float64)
    xy = numbers_of(given.reshape(-1, 2) if given.size == 0 else given, "coordonnées", 2)
    t = numbers_of(times, "dates")
    if xy.shape != (len(t), 2):
        raise BadInput("Il faut un couple x, y et une date par fait.")
    if len(t) < FEWEST:
        raise NotEnough("trop-peu-de-faits", f"Il faut au moins {FEWEST} faits à comparer ; il y en a {len(t)}.")
    return xy, t


def _bounds(bounds: Sequence[float], what: str) -> list[float]:
    out = [float(bound) for bound in bounds]
    if not out or not np.isfinite(out).all() or out[0] < 0 or any(b <= a for a, b in pairwise(out)):
        raise BadInput(f"Les {what} sont des bornes croissantes, de zéro ou plus.")
    if len(out) > 100:
        raise BadInput(f"Au plus 100 bornes pour les {what}.")
    return out


def _pairs(xy: np.ndarray, metres: Sequence[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs within the last bound, and the band of their distance (int8)."""
    bounds = np.array(_bounds(metres, "distances"))
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    first, second = pairs(x, y, float(bounds[-1]))
    squared = (x[first] - x[second]) ** 2 + (y[first] - y[second]) ** 2
    return first, second, np.searchsorted(bounds**2, squared, side="left").astype(np.int8)


def _in_time(t: np.ndarray, days: float) -> int:
    """Pairs of times at most so far apart."""
    ordered = np.sort(t)
    return int((np.searchsorted(ordered, ordered + days, side="right") - np.arange(1, len(t) + 1)).sum())


def _tables(found: tuple[np.ndarray, np.ndarray, np.ndarray], t: np.ndarray, bounds: np.ndarray, chance: tuple[int, int],
            rows: int) -> np.ndarray:
    """Pairs by bands, of the times as they are, then of each permutation: (1 + permutations, rows × columns) int64."""
    permutations, seed = chance
    rng = np.random.default_rng(seed)
    out = np.zeros((1 + permutations, rows * len(bounds)), dtype=np.int64)
    kernels = compiled.at_hand(loops, len(found[0]) * len(out))
    for number in range(len(out)):
        times = t if number == 0 else rng.permutation(t)
        if kernels is not None:
            kernels.bands(*found, times, bounds, out[number])
        else:
            out[number] = _banded(found, times, bounds, out.shape[1])
    return out


def _banded(found: tuple[np.ndarray, np.ndarray, np.ndarray], times: np.ndarray, bounds: np.ndarray, size: int) -> np.ndarray:
    first, second, apart = found
    band = np.searchsorted(bounds, np.abs(times[first] - times[second]), side="left")
    near = band < len(bounds)
    return np.bincount(apart[near].astype(np.int64) * len(bounds) + band[near], minlength=size)


def _poisson_at_least(count: int, mean: float) -> float:
    """P(X ≥ count) of a Poisson variable."""
    from scipy.special import gammainc

    return float(gammainc(count, mean)) if count > 0 else 1.0
