"""How much facts come in bunches, from how they fall on two periods: a beta-binomial, its strength, and its tails.

Given the n facts of a unit over both periods, the number in the second is beta-binomial around its share of the exposure. Its
strength A says how even that is: without bunches A is infinite (a binomial), with A near 0 all facts fall in one period. How A
goes with the size of a unit is not known, so there are two laws: the same for all units, or in proportion to their facts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LAWS = ("same", "proportional")
_GRID = np.geomspace(1e-3, 1e6, 73)  # strengths; the last is a binomial for all purposes
_LIMIT = 1.3528  # fall of the log-likelihood at a one-sided 95 % limit
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Law:
    """Strength of a unit: `strength` ("same"), or `strength` × its facts ("proportional"); the lower limit of its estimate."""

    name: str
    strength: float

    def of(self, facts: np.ndarray) -> np.ndarray:
        """Strength of units with so many facts, (n,)."""
        return np.maximum(self.strength * (facts if self.name == "proportional" else np.ones(len(facts))), 1e-9)

    def dispersion(self, facts: np.ndarray) -> np.ndarray:
        """Variance over that of a binomial, (n,): 1 + (facts - 1) / (strength + 1)."""
        return 1 + np.maximum(facts - 1, 0) / (self.of(facts) + 1)


def laws(second: np.ndarray, both: np.ndarray, share: np.ndarray) -> tuple[Law, ...]:
    """Both laws fitted to a map by maximum likelihood, each at the limit that errs towards more bunches.

    Neither is left out for fitting worse: the one that fits the many units may be wrong for the few that look as if they changed.

    second of both facts (n,), in the second period; share (n,) in (0, 1) expected there. Units with fewer than two facts say
    nothing.
    """
    kept = both >= 2
    if not kept.any():
        return (Law("same", float(_GRID[-1])),)
    rows, many = np.unique(np.column_stack([second, both, share])[kept], axis=0, return_counts=True)
    curves = {name: np.array([many @ _log_point(*rows.T, Law(name, strength).of(rows[:, 1])) for strength in _GRID])
              for name in LAWS}
    return tuple(Law(name, float(_GRID[np.flatnonzero(curve >= curve.max() - _LIMIT)[0]])) for name, curve in curves.items())


def two_sided(second: np.ndarray, both: np.ndarray, share: np.ndarray, law: Law) -> np.ndarray:
    """Twice the smaller tail of the beta-binomial, at most 1; (n,). 1 for units without facts."""
    rows, where = np.unique(np.column_stack([second, both, share]), axis=0, return_inverse=True)
    p = np.ones(len(rows))
    order = np.argsort(rows[:, 1])
    start = 0
    while start < len(order):
        wide = int(rows[order[min(start + 255, len(order) - 1)], 1]) + 1
        step = max(1, min(256, _AT_ONCE // wide))
        chosen = order[start:start + step]
        p[chosen] = _two_sided(*rows[chosen].T, law)
        start += step
    return p[where.reshape(-1)]


def _two_sided(k: np.ndarray, n: np.ndarray, share: np.ndarray, law: Law) -> np.ndarray:
    x = np.arange(int(n.max(initial=0)) + 1)[None, :]
    inside = x <= n[:, None]
    strength = law.of(n)[:, None]
    mass = np.exp(_log_point(np.minimum(x, n[:, None]), n[:, None], share[:, None], strength)) * inside
    lower = (mass * (x <= k[:, None])).sum(axis=1)
    upper = (mass * (x >= k[:, None])).sum(axis=1)
    return np.clip(2 * np.minimum(lower, upper), 0.0, 1.0)


def _log_point(k: np.ndarray, n: np.ndarray, share: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Log-probability of k of n under a beta-binomial of this mean share and strength."""
    from scipy.special import betaln

    a, b = share * strength, (1 - share) * strength
    return -np.log(n + 1) - betaln(k + 1, n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b)
