"""Conditional permutations of a map: the value of a unit stays, the others are dealt again, its neighbourhood is summed.

One table of draws serves every unit, as in PySAL: a draw is an ordered sample without replacement of all units, and a unit leaves
itself out of it, which makes it a sample of the others. A neighbourhood of c units then takes the first c of the draw, so nearly
all units with c neighbours share the same simulated sums: these are sorted once and each unit looks up where it stands. The few
draws that hold the unit itself among its first c are corrected one by one. The result is exactly what dealing for each unit would
give, at the cost of one table; errors of Monte-Carlo are common to all units, whichever the number of them.

**Ties.** A simulated sum equal to the observed one counts in both tails. Sums of whole numbers are compared exactly; sums of
other numbers count as equal when they differ by less than 1e-12 of the greatest sum there could be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import Values, numbers_of
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput

PERMUTATIONS = 999
_MOST = 1_000_000
_BLOCK = 4_000_000  # drawn units at a time
_WHOLE = 2.0**53


@dataclass(frozen=True)
class Tails:
    """How many of the permuted maps have a statistic at least, and at most, as large as the observed one; (n,) int64 each."""

    at_least: np.ndarray
    at_most: np.ndarray
    permutations: int

    @property
    def upper(self) -> np.ndarray:
        """One-sided p-values of large statistics, (1 + at least) / (1 + permutations)."""
        return (1 + self.at_least) / (1 + self.permutations)

    @property
    def lower(self) -> np.ndarray:
        """One-sided p-values of small statistics."""
        return (1 + self.at_most) / (1 + self.permutations)

    @property
    def two_sided(self) -> np.ndarray:
        """Twice the smaller one, 1 at most."""
        return np.minimum(1.0, 2 * np.minimum(self.upper, self.lower))

    def turned(self, where: np.ndarray) -> Tails:
        """The tails of statistics that fall where the sum rises, (n,) bool."""
        at_least, at_most = np.where(where, (self.at_most, self.at_least), (self.at_least, self.at_most))
        return Tails(at_least, at_most, self.permutations)


def conditional(values: Values, neighbours: Neighbours, permutations: int = PERMUTATIONS, seed: int = 0) -> Tails:
    """Where the sum over each neighbourhood stands among permuted maps; the unit itself is never part of it nor dealt.

    values (n,) finite. Hypothesis: the others' values could lie anywhere. A unit without neighbours ties always (p = 1).
    BadInput for values that are missing and for a number of permutations outside 1 to 1,000,000. Anselin 1995.
    """
    given = numbers_of(values, "valeurs")
    if not 1 <= permutations <= _MOST:
        raise BadInput(f"Le nombre de permutations va de 1 à {_MOST}.")
    others = neighbours.without_itself()
    observed, sizes = others.sums(given), others.counts
    n, longest = len(given), int(sizes.max(initial=0)) + 1
    slack = tolerance(given, longest)
    at_least, at_most = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    low, high = observed - slack, observed + slack
    by_size = _by_size(sizes)
    rng = np.random.default_rng(seed)
    for drawn in draws(rng, n, longest, permutations):
        reached = np.cumsum(given[drawn], axis=1)
        for size, units in by_size:
            sums = np.sort(reached[:, size - 1]) if size else np.zeros(len(drawn))
            at_least[units] += len(drawn) - np.searchsorted(sums, low[units], side="left")
            at_most[units] += np.searchsorted(sums, high[units], side="right")
        again = drawn, *np.nonzero(np.arange(longest) < sizes[drawn])
        _leave_out(given, sizes, reached, again, (low, high), (at_least, at_most))
    return Tails(at_least, at_most, permutations)


def tolerance(values: np.ndarray, many: int) -> float:
    """How far two sums of `many` values may be apart and still tie: 0 when sums are exact."""
    largest = float(np.abs(values).max(initial=0)) * max(many, 1)
    whole = largest < _WHOLE and bool((values == np.floor(values)).all())
    return 0.0 if whole else 1e-12 * largest


def draws(rng: np.random.Generator, n: int, size: int, permutations: int) -> Iterator[np.ndarray]:
    """Ordered samples without replacement of n units, blocks of (draws, size) int64."""
    block = max(1, _BLOCK // max(size, 1))
    for start in range(0, permutations, block):
        many = min(block, permutations - start)
        yield _few(rng, n, size, many) if size * size <= n else _many(rng, n, size, many)


def _few(rng: np.random.Generator, n: int, size: int, many: int) -> np.ndarray:
    """Draws that hold a unit twice are drawn again: fewer than half of them while size² does not exceed n."""
    out = rng.integers(0, n, (many, size))
    wrong = np.arange(many)
    while len(wrong):
        ordered = np.sort(out[wrong], axis=1)
        wrong = wrong[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        out[wrong] = rng.integers(0, n, (len(wrong), size))
    return out


def _many(rng: np.random.Generator, n: int, size: int, many: int) -> np.ndarray:
    return np.array([rng.permutation(n)[:size] for _ in range(many)], dtype=np.int64).reshape(many, size)


def _by_size(sizes: np.ndarray) -> list[tuple[int, np.ndarray]]:
    order = np.argsort(sizes, kind="stable")
    found, starts = np.unique(sizes[order], return_index=True)
    return list(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(sizes) else []


def _leave_out(values: np.ndarray, sizes: np.ndarray, reached: np.ndarray, again: tuple[np.ndarray, np.ndarray, np.ndarray],
               bounds: tuple[np.ndarray, np.ndarray], tails: tuple[np.ndarray, np.ndarray]) -> None:
    """Where a unit is among the first c of a draw, the first c + 1 without it are its sample: recounted."""
    drawn, draw, place = again
    unit = drawn[draw, place]
    counted = reached[draw, sizes[unit] - 1]
    right = reached[draw, sizes[unit]] - values[unit]
    (low, high), (at_least, at_most) = bounds, tails
    np.add.at(at_least, unit, (right >= low[unit]).astype(np.int64) - (counted >= low[unit]))
    np.add.at(at_most, unit, (right <= high[unit]).astype(np.int64) - (counted <= high[unit]))
