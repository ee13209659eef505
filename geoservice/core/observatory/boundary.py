"""How much of a change is time's, and how much the boundary's: two outlines of one quarter, two periods, one exact account.

A quarter counted on its old outline before and on its new one after changes for two reasons. Facts lie in one of three areas: in
both outlines (stable), in the new one alone (entering), in the old one alone (leaving). What each reason weighs is its Shapley
value: the mean of what it changes when it comes first and when it comes last, so the order of telling does not matter
(Shapley, 1953; Shorrocks, Journal of Economic Inequality 11, 2013). With two reasons these are halves of whole numbers: they are
kept as counts of halves, and every sum below is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AREAS = ("stable", "entering", "leaving")


@dataclass(frozen=True)
class Part:
    """One area: facts `before` and `after`, and its share of the quarter's change in halves of a fact.

    `time_halves + boundary_halves == 2 * change`: the stable area changes by time alone; the entering area adds what it holds
    after, the leaving one takes away what it held before.
    """

    area: str
    before: int
    after: int
    change: int
    time_halves: int
    boundary_halves: int


@dataclass(frozen=True)
class Decomposition:
    """The quarter counted as it was drawn: `old` on the old outline before, `new` on the new one after; its three parts.

    Sums over the parts are those of the whole: `change == new - old`, `time_halves + boundary_halves == 2 * change`.
    """

    parts: tuple[Part, ...]

    @property
    def old(self) -> int:
        return self.parts[0].before + self.parts[2].before

    @property
    def new(self) -> int:
        return self.parts[0].after + self.parts[1].after

    @property
    def change(self) -> int:
        return sum(part.change for part in self.parts)

    @property
    def time_halves(self) -> int:
        return sum(part.time_halves for part in self.parts)

    @property
    def boundary_halves(self) -> int:
        return sum(part.boundary_halves for part in self.parts)


def tabulate(old: np.ndarray, new: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Facts by area and period, (3, 2) int64 in the order of AREAS, before then after.

    `old`, `new`: whether each fact lies in the outline; `after`: whether it is of the second period; (n,) bool each. Facts in
    neither outline are not counted.
    """
    area = np.where(old & new, 0, np.where(new, 1, 2))[old | new]
    return np.bincount(2 * area + after[old | new], minlength=6).reshape(3, 2)


def decompose(counts: np.ndarray) -> Decomposition:
    """The account of a (3, 2) table of whole counts, as `tabulate` makes it."""
    (stable0, stable1), (in0, in1), (out0, out1) = ((int(first), int(second)) for first, second in counts)
    return Decomposition((
        Part("stable", stable0, stable1, stable1 - stable0, 2 * (stable1 - stable0), 0),
        Part("entering", in0, in1, in1, in1 - in0, in1 + in0),
        Part("leaving", out0, out1, -out0, out1 - out0, -(out1 + out0)),
    ))
