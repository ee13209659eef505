"""Which facts of two lists are the same: one to one, nearest first, in space, days and families of categories.

Positions are metres of a plane, days whole numbers. Nothing is random: equal costs are settled by the order of the lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.types import Category, code_of

# categories that one person may use for what another calls otherwise: a fact matches within its family alone
FAMILIES: tuple[tuple[Category, ...], ...] = (
    (Category.OCC, Category.TRF, Category.BRU), (Category.DEG,), (Category.VEH,), (Category.SAL,), (Category.ANI,),
    (Category.AGL,), (Category.VOL,))  # neither AGP, which has no point, nor TEC and AUT, which are no incivilities
FAMILY = np.zeros(256, dtype=np.int64)  # by category code; 0 is of no family and never matched
for _number, _members in enumerate(FAMILIES, 1):
    FAMILY[[code_of(member) for member in _members]] = _number
_OTHER_WORD = 0.25  # of the cost of a whole window, for another category of the same family
# days, whole weeks: the same weekdays, far beyond any window
SHIFTS = tuple(sign * days for days in (21, 28, 35, 42, 49, 56, 63, 70) for sign in (1, -1))
_DAYS, _EARLY = 1 << 18, 1 << 10  # beyond every day and window, so that a place, a family and a day are one number


@dataclass(frozen=True)
class Window:
    """How far apart two tellings of one fact may be."""

    metres: float = 50.0
    days: int = 5


@dataclass(frozen=True, eq=False)
class Sighted:
    """Facts of one list: xy (n, 2) metres, day (n,) int, category (n,) codes."""

    xy: np.ndarray
    day: np.ndarray
    category: np.ndarray

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True, eq=False)
class Matched:
    """Rows of the first and of the second list that are one fact, (m,) each."""

    first: np.ndarray
    second: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


def matched(first: Sighted, second: Sighted, window: Window = Window()) -> Matched:
    """Pairs within the window, one to one: the closest pair first, then the closest of what remains."""
    return _one_to_one(*_Near.of(first, second, window.metres).pairs(second.day, window))


def chance(first: Sighted, second: Sighted, days: tuple[int, int], window: Window = Window(),
           shifts: tuple[int, ...] = SHIFTS) -> list[int]:
    """How many pairs there are when the second list is moved by some weeks: what chance alone gives in places as they are.

    Days go round within (first, last), both included; shifts that would be no shift there are left out.
    """
    length = days[1] - days[0] + 1
    moves = [shift for shift in shifts if 2 * abs(shift) <= length and abs(shift) > 2 * window.days]
    near = _Near.of(first, second, window.metres)
    found = [len(_one_to_one(*near.pairs(days[0] + (second.day - days[0] + move) % length, window))) for move in moves]
    return found or [0]


@dataclass(frozen=True, eq=False)
class _Near:
    """Facts of the first list that have facts of the second near them: `row` of the first, `place` of the second's positions,
    how many `metres` between, (l,) each. Facts share few positions (halls, addresses): these are looked at once."""

    first: Sighted
    second: Sighted
    row: np.ndarray
    place: np.ndarray
    metres: np.ndarray
    theirs: np.ndarray

    @classmethod
    def of(cls, first: Sighted, second: Sighted, metres: float) -> _Near:
        if not len(first) or not len(second):
            return cls(first, second, *(np.empty(0, np.int64) for _ in range(4)))
        here, mine = np.unique(first.xy.round(1), axis=0, return_inverse=True)
        there, theirs = np.unique(second.xy.round(1), axis=0, return_inverse=True)
        start, near, apart = _near(here, there, metres)
        known = np.flatnonzero(FAMILY[first.category])
        at = mine.ravel()[known]
        row, link = _expanded(np.diff(start)[at], start[:-1][at])
        return cls(first, second, known[row], near[link], apart[link], theirs.ravel().astype(np.int64))

    def pairs(self, day: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every pair within the window, the second list on these days: rows of both lists and its cost, (p,) each."""
        keys = _key(self.theirs, FAMILY[self.second.category], day)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        wanted = _key(self.place, FAMILY[self.first.category[self.row]], self.first.day[self.row])
        low = np.searchsorted(keys, wanted - window.days)
        which, at = _expanded(np.searchsorted(keys, wanted + window.days, side="right") - low, low)
        a, b = self.row[which], order[at]
        cost = (self.metres[which] / window.metres) ** 2 + (np.abs(self.first.day[a] - day[b]) / max(window.days, 1)) ** 2 \
            + np.where(self.first.category[a] == self.second.category[b], 0.0, _OTHER_WORD)
        return a, b, cost


def _near(here: np.ndarray, there: np.ndarray, metres: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each position of `here` those of `there` within reach: starts (n + 1,), their rows and distances."""
    from scipy.spatial import cKDTree

    found = cKDTree(here).sparse_distance_matrix(cKDTree(there), metres, output_type="coo_matrix")
    order = np.lexsort((found.col, found.row))
    start = np.concatenate([[0], np.cumsum(np.bincount(found.row, minlength=len(here)))])
    return start, found.col[order].astype(np.int64), found.data[order]


def _key(place: np.ndarray, family: np.ndarray, day: np.ndarray) -> np.ndarray:
    return (place * (len(FAMILIES) + 1) + family) * _DAYS + day + _EARLY


def _expanded(counts: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows repeated `counts` times, and the positions starts, starts + 1, … of each."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)


def _one_to_one(a: np.ndarray, b: np.ndarray, cost: np.ndarray) -> Matched:
    """Pairs that are the best of both their facts, until none is left: the same as taking the cheapest again and again."""
    order = np.lexsort((b, a, cost))
    a, b = a[order], b[order]
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    while len(a):
        best = _first_of(a) & _first_of(b)
        taken.append((a[best], b[best]))
        left = ~(np.isin(a, a[best]) | np.isin(b, b[best]))
        a, b = a[left], b[left]
    pairs = [np.concatenate(side) for side in zip(*taken, strict=True)] if taken else [np.empty(0, np.int64)] * 2
    return Matched(*pairs)


def _first_of(values: np.ndarray) -> np.ndarray:
    """Where a value comes for the first time; (n,) bool."""
    out = np.zeros(len(values), dtype=bool)
    out[np.unique(values, return_index=True)[1]] = True
    return out
