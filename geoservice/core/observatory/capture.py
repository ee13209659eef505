"""How much is never reported: two lists of the same facts, matched, then capture–recapture (Chapman) with its interval.

Lists are independent looks at one closed set of facts. What they share by chance is measured by moving one list in time and taken
out; what they have in common for other reasons (a fact that everybody sees) is `dependence`, an odds ratio that nobody can
measure from two lists: the answer is shown for a range of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoservice.core.observatory.matching import SHIFTS, Matched, Sighted, Window, chance, matched
from geoservice.core.stats.given import NotEnough

LEAST_FACTS = 30  # on each list
LEAST_MATCHES = 7  # Robson and Regier 1964: below, Chapman's estimate is biased
ODDS = (0.5, 1.0, 1.5, 2.0, 3.0)
FACTORS = (0.5, 1.0, 2.0)  # windows beside the one that is used
_Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """What two lists say together: `first`, `second` facts, `matches` seen on both, `by_chance` of them expected by chance,
    `both` what remains; `total` facts (Chapman) and `rate`, the share on either list, with 95 % intervals."""

    first: int
    second: int
    matches: int
    by_chance: float
    both: float
    total: float
    total_low: float
    total_high: float
    rate: float
    rate_low: float
    rate_high: float

    @property
    def seen(self) -> float:
        """Facts on either list."""
        return self.first + self.second - self.both


@dataclass(frozen=True)
class Sensitivity:
    """The same with another window, or with lists that depend on each other by an odds ratio; `rate` None without an estimate."""

    name: str
    value: float
    matches: int
    both: float
    rate: float | None
    rate_low: float | None
    rate_high: float | None


@dataclass(frozen=True)
class Captured:
    """The estimate, and what it rests on."""

    estimate: Estimate
    windows: tuple[Sensitivity, ...]
    odds: tuple[Sensitivity, ...]


def captured(first: Sighted, second: Sighted, days: tuple[int, int], window: Window = Window()) -> Captured:
    """The estimate of two lists over `days` (first and last, both included), with its sensitivity. NotEnough says why not."""
    estimate = estimated(first, second, days, window)
    windows = tuple(_with_window(first, second, days, window, factor) if factor != 1 else _as_used(estimate)
                    for factor in FACTORS)
    return Captured(estimate, windows, tuple(_with_odds(estimate, odds) for odds in ODDS))


def estimated(first: Sighted, second: Sighted, days: tuple[int, int], window: Window = Window()) -> Estimate:
    """The estimate alone. NotEnough without enough facts, matches, or more matches than chance gives."""
    if min(len(first), len(second)) < LEAST_FACTS:
        raise NotEnough("peu_de_faits", f"Il faut au moins {LEAST_FACTS} faits situés dans chacune des deux sources ; il y en a "
                        f"{len(first)} et {len(second)}.")
    found, shifted = matched(first, second, window), chance(first, second, days, window)
    return from_counts(len(first), len(second), len(found), shifted)


def from_counts(first: int, second: int, matches: int, shifted: Sequence[int] = (0,)) -> Estimate:
    """Chapman's estimate of how many facts there are, given matches and how many there are when one list is moved in time.

    Point: Chapman, Univ. California Publ. Statist. 1, 1951. Interval: logit-transformed (Sadinle, Comm. Statist. Simulation 38,
    2009), widened by the variance of what chance gave and of its own estimate. NotEnough below LEAST_MATCHES.
    """
    lucky = float(np.mean(shifted))
    both, slope = _without_chance(first, second, matches, lucky)
    if both < LEAST_MATCHES:
        raise NotEnough("peu_de_recoupements", f"Les deux sources ne se recoupent presque pas : {matches} faits communs, dont "
                        f"{lucky:.0f} que le hasard suffit à expliquer. On ne peut pas en tirer combien de faits ne sont jamais "
                        "signalés.")
    left = lucky * (1 - both / first) * (1 - both / second)
    noise = slope**2 * (left + (np.var(shifted, ddof=1) / len(shifted) if len(shifted) > 1 else 0.0))
    if both < _Z * noise**0.5:
        raise NotEnough("hasard", f"Les {matches} faits communs aux deux sources ne sont pas plus nombreux que le hasard n’en "
                        f"donne (environ {lucky:.0f}) : elles ne regardent sans doute pas les mêmes faits.")
    total = (first + 1) * (second + 1) / (both + 1) - 1
    return Estimate(first, second, matches, lucky, both, total, *_total_limits(first, second, both, noise),
                    min(1.0, (first + second - both) / total), *_rate_limits(first, second, both, noise))


def _without_chance(first: int, second: int, matches: int, lucky: float) -> tuple[float, float]:
    """True matches t behind m, where chance matches only what is not truly matched: m = t + c (1 - t/a)(1 - t/b); and dt/dm."""
    square, line = lucky / (first * second), 1 - lucky * (1 / first + 1 / second)
    root = max(0.0, line**2 - 4 * square * (lucky - matches)) ** 0.5
    both = 2 * (matches - lucky) / (line + root) if line + root > 0 else 0.0
    both = float(np.clip(both, 0, min(first, second)))
    return both, 1 / max(line + 2 * square * both, 0.1)


def _pieces(first: int, second: int, both: float) -> tuple[float, float, float, float, float]:
    """Cells with half a fact added, the unseen facts they give, and the variance of its logarithm."""
    one, other, shared = first - both + 0.5, second - both + 0.5, both + 0.5
    return one, other, shared, one * other / shared, 1 / one + 1 / other + 1 / shared + shared / (one * other)


def _total_limits(first: int, second: int, both: float, noise: float) -> tuple[float, float]:
    one, other, shared, unseen, variance = _pieces(first, second, both)
    half = _Z * (variance + noise * (1 / one + 1 / other + 1 / shared) ** 2) ** 0.5
    seen = first + second - both
    return seen - 0.5 + unseen * np.exp(-half), seen - 0.5 + unseen * np.exp(half)


def _rate_limits(first: int, second: int, both: float, noise: float) -> tuple[float, float]:
    """Limits of the share on either list, on its logit: seen / unseen."""
    one, other, shared, unseen, variance = _pieces(first, second, both)
    seen = first + second - both
    half = _Z * (variance + noise * (1 / one + 1 / other + 1 / shared - 1 / seen) ** 2) ** 0.5
    low, high = (seen / max(seen, seen - 0.5 + unseen * np.exp(side)) for side in (half, -half))
    return float(low), float(high)


def _as_used(found: Estimate) -> Sensitivity:
    return Sensitivity("window", 1.0, found.matches, found.both, found.rate, found.rate_low, found.rate_high)


def _with_window(first: Sighted, second: Sighted, days: tuple[int, int], window: Window, factor: float) -> Sensitivity:
    wider = Window(window.metres * factor, max(0, round(window.days * factor)))
    matches = len(matched(first, second, wider))
    try:
        found = from_counts(len(first), len(second), matches, chance(first, second, days, wider, SHIFTS[::3]))
    except NotEnough:
        return Sensitivity("window", factor, matches, 0.0, None, None, None)
    return Sensitivity("window", factor, found.matches, found.both, found.rate, found.rate_low, found.rate_high)


def _with_odds(found: Estimate, odds: float) -> Sensitivity:
    """With lists that depend: unseen facts are `odds` times as many."""
    rates = [share / (share + odds * (1 - share)) for share in (found.rate, found.rate_low, found.rate_high)]
    return Sensitivity("odds", odds, found.matches, found.both, *rates)


__all__ = ["FACTORS", "ODDS", "Captured", "Estimate", "Matched", "Sensitivity", "Sighted", "Window", "captured", "estimated",
           "from_counts"]
