"""Before any money is spent: the smallest reduction that could be seen, by a formula and by simulation.

"Even if everything vanishes, it cannot be shown in six months" is an answer, and the one that is wanted before the works.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.impact.wdd import Z80, Z95
from geoservice.core.stats.given import Values, counts_of
from geoservice.errors import BadInput

_RUNS = 2_000
_STEP = 0.01  # of a reduction that is tried
_MOST = 10.0  # times as many facts: a rise beyond this is a slip of the pen


@dataclass(frozen=True)
class Gate:
    """drop: facts that must go to be seen with the power asked; share: of those expected; possible: whether that is 1 at most."""

    expected: float
    drop: float

    @property
    def share(self) -> float:
        return self.drop / self.expected

    @property
    def possible(self) -> bool:
        return self.share <= 1


def gate(expected: float, control: float, dispersion: float = 1.0, z: float = Z95 + Z80) -> Gate:
    """The smallest drop that a WDD would see: x = z √(dispersion · variance), the variance Poisson's at that drop.

    expected: facts of the treated places in a period without the action (as many before as after); control: those of the control
    places, which count as the treated ones by their share expected / control. With control = expected and dispersion 1 it is
    `wdd.minimum_drop`. z = Z95: the drop that reaches 5 %, in half of the cases; Z95 + Z80: in 80 % of them.
    A normal law that knows the variance: with few places, which have to tell it, `power` is less, and decides.
    """
    if not (expected > 0 and control > 0 and dispersion >= 1 and z > 0):
        raise BadInput("Il faut au moins un fait attendu, ici et dans les témoins, et une dispersion de 1 ou plus.")
    square = z * z * dispersion
    whole = 2 * expected + 2 * expected**2 / control  # variance at no drop; a drop of x takes x away
    return Gate(expected, ((square**2 + 4 * square * whole) ** 0.5 - square) / 2)


def power(treated: Values, control: Values, share: float, dispersion: float, seed: int, runs: int = _RUNS) -> float:
    """How often the interval of `robust.effect` would be below 0 after a reduction by `share`, by simulation.

    share below 0 is a rise (displacement), and the interval then above 0. treated, control: facts expected of each place in one
    period, (n,); every place changes by the same share, so that places of unequal size change unequally, which the formula does
    not know. Counts are gamma-Poisson with variance = dispersion × mean before and after; the same seed is the same answer.
    """
    means, others = counts_of(treated), counts_of(control)
    if min(len(means), len(others)) < 3 or not -_MOST <= share <= 1 or dispersion < 1 or runs < 1:
        raise BadInput("La simulation demande trois lieux par groupe, une baisse de 1 au plus et une dispersion de 1 ou plus.")
    rng = np.random.default_rng(seed)
    groups = [(_drawn(rng, means, dispersion, runs), _drawn(rng, means * (1 - share), dispersion, runs), 1.0),
              (_drawn(rng, others, dispersion, runs), _drawn(rng, others, dispersion, runs), -len(means) / len(others))]
    value, half = _intervals(groups)
    return float((value + half < 0).mean() if share >= 0 else (value - half > 0).mean())


def least_seen(treated: Values, control: Values, dispersion: float, seed: int, wanted: float = 0.8) -> float | None:
    """The smallest reduction, in steps of 1 %, seen with the power wanted; None: not even if everything vanishes."""
    low, high = 0, round(1 / _STEP)
    if power(treated, control, 1.0, dispersion, seed) < wanted:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if power(treated, control, middle * _STEP, dispersion, seed) >= wanted:
            high = middle
        else:
            low = middle
    return high * _STEP


def _drawn(rng: np.random.Generator, means: np.ndarray, dispersion: float, runs: int) -> np.ndarray:
    """Counts (runs, n) with these means and dispersion times their variance."""
    wide = np.broadcast_to(means, (runs, len(means)))
    if dispersion > 1:
        wide = rng.gamma(wide / (dispersion - 1), dispersion - 1)
    return rng.poisson(wide).astype(np.float64)


def _intervals(groups: list[tuple[np.ndarray, np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Value and half interval of `robust.effect` in every run: groups are (before, after, weight), (runs, n) each."""
    from scipy import stats

    value = sum(weight * (after - before).sum(axis=1) for before, after, weight in groups)
    found = [weight**2 * before.shape[1] * (after - before).var(axis=1, ddof=1) for before, after, weight in groups]
    plain = sum(weight**2 * (before + after).sum(axis=1) for before, after, weight in groups)
    whole = sum(found)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = sum(one**2 / (before.shape[1] - 1) for one, (before, _, _) in zip(found, groups, strict=True))
        degrees = np.where(whole > 0, whole**2 / parts, np.inf)
    return value, stats.t.ppf(0.975, degrees) * np.sqrt(np.maximum(whole, plain))
