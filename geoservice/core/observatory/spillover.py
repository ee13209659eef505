"""Did halls worsen beside those that improved? An observation with what chance alone gives, never a cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RUNS = 199
_MOST_OF_ONE = 60  # neighbours of one residence that are looked at, by order: some have thousands of halls


@dataclass(frozen=True, eq=False)
class Report:
    """Improved halls (state lower after) with a worsened neighbour: `observed` of `improved`, beside `worsened` halls in all.

    `expected`, `low`, `high`: mean and 95 % range when improving and worsening are dealt anew among halls of one first state;
    `p` one-sided, by `runs` deals, of at least so many. `halls`: rows of those observed; `beside`: a worsened neighbour each.
    """

    observed: int
    improved: int
    worsened: int
    expected: float
    low: float
    high: float
    p: float
    runs: int
    halls: np.ndarray
    beside: np.ndarray


def neighbours(metres: np.ndarray, residence: np.ndarray, radius_m: float) -> np.ndarray:
    """Pairs of rows that are neighbours: halls of one residence, or closer than the radius; (pairs, 2), each pair once.

    metres (n, 2), NaN where the position is unknown; residence (n,) rows, -1 without one.
    """
    from scipy.spatial import cKDTree

    placed = np.flatnonzero(np.isfinite(metres).all(axis=1))
    near = cKDTree(metres[placed]).query_pairs(radius_m, output_type="ndarray") if len(placed) else np.empty((0, 2), np.int64)
    pairs = [placed[near], *_together(residence)]
    return _unique(np.sort(np.concatenate(pairs), axis=1), len(residence))


def _together(residence: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(residence, kind="stable")
    order = order[residence[order] >= 0]
    found = []
    for step in range(1, min(_MOST_OF_ONE, len(order))):
        same = residence[order[:-step]] == residence[order[step:]]
        if not same.any():
            break
        found.append(np.column_stack([order[:-step][same], order[step:][same]]))
    return found


def _unique(pairs: np.ndarray, size: int) -> np.ndarray:
    found = np.unique(pairs[:, 0].astype(np.int64) * size + pairs[:, 1])
    return np.column_stack(np.divmod(found, size))


def observe(before: np.ndarray, after: np.ndarray, pairs: np.ndarray, seed: int, runs: int = RUNS) -> Report:
    """Improved halls with a worsened neighbour; those inconnu (-1) at either time are neither. before, after: (n,) states."""
    known = (before >= 0) & (after >= 0)
    improved, worsened = known & (after < before), known & (after > before)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    # only a hall above green can have improved, only one below red can have worsened
    both = both[known[both].all(axis=1) & (before[both[:, 0]] > 0) & (before[both[:, 1]] < 3)]
    touching = improved[both[:, 0]] & worsened[both[:, 1]]
    halls, first = np.unique(both[touching, 0], return_index=True)
    drawn = _deals(before, (improved, worsened), known, both, seed, runs)
    low, high = np.quantile(drawn, (0.025, 0.975))
    p = (1 + int((drawn >= len(halls)).sum())) / (runs + 1)
    return Report(len(halls), int(improved.sum()), int(worsened.sum()), float(drawn.mean()), float(low), float(high), p, runs,
                  halls, both[touching, 1][first])


def _deals(before: np.ndarray, moved: tuple[np.ndarray, np.ndarray], known: np.ndarray, pairs: np.ndarray, seed: int,
           runs: int) -> np.ndarray:
    """The count when the same moves (improved, worsened) are dealt anew among known halls of one first state; (runs,)."""
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(known & (before == state)) for state in range(4)]
    numbers = [[int(some[group].sum()) for some in moved] for group in rows]
    out = np.zeros(runs)
    for run in range(runs):
        better, worse = np.zeros(len(before), bool), np.zeros(len(before), bool)
        for group, (up, down) in zip(rows, numbers, strict=True):
            drawn = rng.choice(group, up + down, replace=False)
            better[drawn[:up]] = True
            worse[drawn[up:]] = True
        left = pairs[better[pairs[:, 0]]]
        out[run] = len(np.unique(left[worse[left[:, 1]], 0]))
    return out
