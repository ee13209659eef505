"""How much counts vary beyond chance: the concentration of a gamma-Poisson map without clusters, and how low it could be.

Every cell is drawn on its own with mean proportional to its exposure, given the total of the map. Its gamma's shape is either
`proportional` to the exposure (counts are then exactly Dirichlet-multinomial, the same variance/mean everywhere) or `constant`
(the same coefficient of variation everywhere; the negative binomial of regressions). With equal exposures they are one law.
The concentration c is the shape in a cell of mean exposure, whose variance/mean is 1 + mean / c.
Estimated by maximum likelihood; what tests use is the lower limit of c, where the likelihood has dropped by the one-sided 99 %
point of half a chi-square, so that an ill-known dispersion is never taken for a small one (Berger & Boos 1994, JASA 89); and
lower still where the variance itself is larger than that, because the noise is more uneven than any gamma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core import compiled
from geoservice.core.stats import nulls

PROPORTIONAL, CONSTANT = "proportional", "constant"
DROP = 2.3263 ** 2 / 2  # of the log-likelihood: one-sided 99 %
EVEN = 0.05  # exposures with a smaller coefficient of variation are equal as far as dispersion goes
_BIN = 0.04  # exposures within 4 % are one, for this estimate alone
_NARROWEST, _GRID, _STEPS = 1e-4, 24, 14


@dataclass(frozen=True)
class Law:
    """One way in which the gamma's shape may go with exposure, with the lowest concentration that the map allows."""

    shape: str
    concentration: float


@dataclass(frozen=True)
class Dispersion:
    """Variance/mean of a cell of mean exposure: the likeliest, and the upper limit that tests use; the laws not ruled out."""

    ratio: float
    ratio_high: float
    laws: tuple[Law, ...]


def stated(ratio: float, counts: np.ndarray, exposure: np.ndarray) -> Dispersion:
    """A variance/mean that somebody gives instead: both laws hold it in a cell of mean exposure."""
    concentration = counts.mean() / (ratio - 1) if ratio > 1 else np.inf
    return Dispersion(ratio, ratio, tuple(Law(shape, concentration) for shape in _shapes(exposure)))


def estimate(counts: np.ndarray, exposure: np.ndarray, kept: np.ndarray | None = None) -> Dispersion:
    """Dispersion of a map. counts (n,) whole numbers, not all zero; exposure (n,) > 0 in any unit; kept (n,) bool.

    With `kept` only those cells are looked at, not all of them empty, and the answer is still told for a mean cell of the map.
    A law whose likelihood stays below the best by more than DROP is ruled out.
    """
    mean, relative = float(counts.mean()), exposure / exposure.mean()
    rows = slice(None) if kept is None else kept
    table = _Table.of(counts[rows], relative[rows])
    grid = np.log(mean) - np.linspace(np.log(_NARROWEST), np.log(10.0 * counts.sum() + 10), _GRID)[::-1]
    curves = [(shape, table.curve(shape)) for shape in _shapes(exposure)]
    peaks = [(shape, curve, np.array([curve(place) for place in grid])) for shape, curve in curves]
    tops = [_top(curve, grid, values) for _, curve, values in peaks]
    best = max(tops, key=lambda top: top[1])
    laws = tuple(Law(shape, min(float(np.exp(_lowest(curve, grid, values, top, best[1] - DROP))),
                                by_moments(counts[rows], relative[rows], shape)))
                 for (shape, curve, values), top in zip(peaks, tops, strict=True) if top[1] >= best[1] - DROP)
    high = 1 + mean / min(law.concentration for law in laws)
    return Dispersion(1 + mean / float(np.exp(best[0])), high, laws)


def by_moments(counts: np.ndarray, relative: np.ndarray, shape: str) -> float:
    """Concentration that gives the counts the variance they have; infinite where they vary no more than by chance."""
    rate = counts.sum() / relative.sum()
    expected = relative * rate
    square = (counts - expected) ** 2
    if shape == PROPORTIONAL:
        more = ((square / expected).sum() / max(len(counts) - 1, 1) - 1) / rate
    else:
        more = (square - expected).sum() / (expected ** 2).sum()
    return float(1 / more) if more > 0 else np.inf


def _shapes(exposure: np.ndarray) -> tuple[str, ...]:
    even = len(exposure) < 2 or exposure.std() <= EVEN * exposure.mean()
    return (PROPORTIONAL,) if even else (PROPORTIONAL, CONSTANT)


@dataclass(frozen=True, eq=False)
class _Table:
    """Cells that the likelihood cannot tell apart, counted: exposure, count, how many; and what sums over the map need."""

    exposure: np.ndarray
    count: np.ndarray
    many: np.ndarray
    total: float
    cells: float  # in cells of mean exposure
    effective: float  # (sum of exposures)^2 / sum of their squares

    @classmethod
    def of(cls, counts: np.ndarray, relative: np.ndarray) -> _Table:
        even = relative.std() <= EVEN
        level = np.zeros(len(relative)) if even else np.round(np.log(relative) / _BIN)
        level = (level - level.min()).astype(np.int64)
        width = int(level.max()) + 1
        key, place, many = np.unique(counts.astype(np.int64) * width + level, return_inverse=True, return_counts=True)
        exposure = np.bincount(place, relative, len(key)) / many
        return cls(exposure, (key // width).astype(np.float64), many.astype(np.float64), float(counts.sum()),
                   float(relative.sum()), float(relative.sum() ** 2 / (relative ** 2).sum()))

    def curve(self, shape: str) -> Callable[[float], float]:
        """Log-likelihood of the counts given their total, as a function of log concentration."""
        kernels = compiled.at_hand(nulls.loops, 64 * len(self.many))
        log_rising = nulls.log_rising if kernels is None else kernels.log_risings
        positive = self.count > 0
        count, many, exposure = self.count[positive], self.many[positive], self.exposure[positive]
        mean = self.total / self.cells

        def proportional(place: float) -> float:
            c = np.exp(place)
            return float(many @ log_rising(c * exposure, count)) - _one(log_rising, c * self.cells, self.total)

        def constant(place: float) -> float:  # each cell a negative binomial, less that of the total, approximately one too
            c = np.exp(place)
            cells = float(many @ (log_rising(np.full(len(count), c), count) + count * np.log(exposure)))
            cells -= float(self.many @ ((c + self.count) * np.log(c + mean * self.exposure) - c * place))
            whole = c * self.effective
            total = _one(log_rising, whole, self.total) + whole * (np.log(whole) - np.log(whole + self.total))
            return cells + self.total * np.log(mean) - total - self.total * np.log(self.total / (whole + self.total))

        return proportional if shape == PROPORTIONAL else constant


def _one(log_rising: Callable[[np.ndarray, np.ndarray], np.ndarray], a: float, s: float) -> float:
    return float(log_rising(np.array([a]), np.array([s]))[0])


def _top(curve: Callable[[float], float], grid: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Where a curve is highest and how high, by golden section around the highest of the grid."""
    at = int(values.argmax())
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]
    golden = (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    on_left, on_right = curve(left), curve(right)
    for _ in range(_STEPS):
        if on_left > on_right:
            high, right, on_right = right, left, on_left
            left = high - golden * (high - low)
            on_left = curve(left)
        else:
            low, left, on_left = left, right, on_right
            right = low + golden * (high - low)
            on_right = curve(right)
    return max([(left, on_left), (right, on_right), (float(grid[at]), float(values[at]))], key=lambda found: found[1])


def _lowest(curve: Callable[[float], float], grid: np.ndarray, values: np.ndarray, top: tuple[float, float], bar: float) -> float:
    """The lowest log concentration whose likelihood reaches the bar; the grid's end where nothing bounds it."""
    reached = np.flatnonzero(values >= bar)
    high = min(top[0], grid[reached[0]]) if len(reached) else top[0]
    below = grid[grid < high]
    if not len(below):
        return float(grid[0])
    low = below[-1]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if curve(middle) >= bar else (middle, high)
    return float(low)
