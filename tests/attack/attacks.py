"""The attacks of the notes on what a release shows. An attacker sees a View, the public lattice, and its own records: no truth.

Each attack returns its claims; the truth only judges them. A claim is certain when the attack is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from geoservice.core.disclosure.bounds import OPEN, Bounds, Known, propagate
from geoservice.core.disclosure.cubes import Cube
from geoservice.core.disclosure.masking import View
from tests.attack.naive import BAR, REACH


@dataclass(frozen=True)
class Score:
    """claims: made by the attacker; right: those that are true. `certain`: claims that could be relied on, 0 if any was wrong."""

    claims: int
    right: int

    @property
    def certain(self) -> int:
        return self.claims if self.claims == self.right else 0


def score(claims: np.ndarray, truth: np.ndarray) -> Score:
    return Score(int(claims.sum()), int((claims & truth).sum()))


def mask_as_oracle(found: Cube, counts: np.ndarray, seen: View) -> Score:
    """An organisation with ten or more at a masked node claims: the others hold 1 to 4 there."""
    total = Score(0, 0)
    for organisation in found.organisations():
        own = found.counts(found.of(organisation))
        claims = seen.published & ~seen.shown & (own >= BAR + REACH)
        one = score(claims, (counts - own > 0) & (counts - own < BAR))
        total = Score(total.claims + one.claims, total.right + one.right)
    return total


def pairs(found: Cube) -> Iterator[tuple[tuple[int, int], tuple[int, int], list[tuple[int, int]]]]:
    """(parent, child, the other children) of every sum whose parent and child are published."""
    lattice = found.lattice
    published = lattice.published()
    for batch in lattice.places.relations:
        for at, parent in enumerate(batch.parents.tolist()):
            children = batch.children[batch.owners == at].tolist()
            for column in np.flatnonzero(published[parent]).tolist():
                for child in children:
                    if published[child, column]:
                        yield (parent, column), (child, column), [(other, column) for other in children if other != child]
    for batch in lattice.slots.relations:
        for at, parent in enumerate(batch.parents.tolist()):
            children = batch.children[batch.owners == at].tolist()
            for row in np.flatnonzero(published[:, parent]).tolist():
                for child in children:
                    if published[row, child]:
                        yield (row, parent), (row, child), [(row, other) for other in children if other != child]


Redraw = Callable[[tuple[int, int], tuple[int, int]], int]  # parent, child -> the parent's number if its records were the child's


def equal_noise(found: Cube, counts: np.ndarray, seen: View, redraw: Redraw) -> Score:
    """Parent and one child shown, nothing else of it: different numbers are claimed to prove that the rest is not empty.

    Each pair is also tried in the world in which the rest IS empty: a claim made there as well is wrong, and worth nothing here.
    """
    claims = right = 0
    for parent, child, others in pairs(found):
        if seen.shown[parent] and seen.shown[child] and not any(seen.shown[other] for other in others):
            told = seen.value[parent] != seen.value[child]
            claims, right = claims + told, right + (told and counts[parent] > counts[child])
            claims += redraw(parent, child) != seen.value[child]
    return Score(int(claims), int(right))


def cumulative(counts: np.ndarray, values: np.ndarray, shown: np.ndarray) -> tuple[Score, float]:
    """Totals since January, republished every month: (places, 12) each. A total that differs from the last one is claimed to
    prove a fact of the month. With the share of small months (1 to 4 facts) that are proven so."""
    month = np.diff(counts, axis=1)
    claims = shown[:, 1:] & shown[:, :-1] & (values[:, 1:] != values[:, :-1])
    small = (month > 0) & (month < BAR)
    return score(claims, month > 0), float((claims & small).sum() / max(1, small.sum()))


def differencer(found: Cube, counts: np.ndarray, seen: View) -> Score:
    """Parent minus children where one child alone is masked: the difference is claimed to be its count, if it is 1 to 4."""
    claims = right = 0
    done = set()
    for parent, child, others in pairs(found):
        hidden = [other for other in others if not seen.shown[other]]
        if seen.shown[parent] and seen.shown[child] and len(hidden) == 1 and (parent, hidden[0]) not in done:
            done.add((parent, hidden[0]))
            rest = int(seen.value[parent]) - sum(int(seen.value[node]) for node in (child, *others) if node != hidden[0])
            if 0 < rest < BAR:
                claims, right = claims + 1, right + (rest == int(counts[hidden[0]]))
    return Score(claims, right)


@dataclass(frozen=True)
class Proof:
    """What propagation proves about small nodes. small: how many there are; exact, exists: proven counts and existences."""

    small: int
    exact: int
    exists: int
    width: int


Starter = Callable[[Known, View], Bounds]


def prove(found: Cube, start: Bounds, known: Known) -> Proof:
    """Interval propagation from any start; nodes count that are published and hold 1 to 4 facts unknown to the attacker."""
    bounds = propagate(found, start)
    assert not np.any((known.unknown < bounds.low) | (known.unknown > bounds.high)), "the attack contradicts the truth"
    small = found.lattice.published() & (known.unknown > 0) & (known.unknown < BAR)
    span = (bounds.high - bounds.low)[small]
    return Proof(int(small.sum()), int((span == 0).sum()), int((bounds.low[small] > 0).sum()), int(span.min(initial=OPEN)))


def changed_means_late(before: View, after: View, late: np.ndarray) -> tuple[Score, float]:
    """A number that changed between two revisions is claimed to hold a late fact; late: bool, truth. With the base share of nodes
    that do: a claim is worth something only above it."""
    both = before.shown & after.shown
    claims = both & (before.value != after.value)
    return score(claims, late), float(late[both].mean()) if both.any() else 0.0
