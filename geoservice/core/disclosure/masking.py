"""What a lattice shows of its counts: noise, and masks that hold for the true count as well as for the noisy one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.disclosure.cubes import Cube
from geoservice.core.disclosure.noise import draw
from geoservice.core.disclosure.parameters import Parameters


@dataclass(frozen=True)
class Rule:
    """How nodes of one kind are masked. organisations: how many give facts to the territory, a public number.

    `solo`: one declared owner, who signed for it: a higher bar and no leave-one-out.
    """

    parameters: Parameters
    organisations: int
    solo: bool = False

    @property
    def bar(self) -> int:
        return self.parameters.solo_bar if self.solo else self.parameters.bar


@dataclass(frozen=True)
class View:
    """What can be read; all (nodes, columns). published: bool, in a family; shown: bool; value: int32, 0 where not shown.

    hidden: bool, masked by a repair and not by the rule; frozen: bool, out already, in an earlier release; solo: the rule of an
    earlier revision, where it need not be today's (a kind that had one owner then).
    """

    published: np.ndarray
    shown: np.ndarray
    value: np.ndarray
    hidden: np.ndarray
    frozen: np.ndarray
    solo: bool | None = None

    @property
    def masked(self) -> np.ndarray:
        """Published, not shown, and by the rule: what an attacker may read a reason into."""
        return self.published & ~self.shown & ~self.hidden

    def hide(self, nodes: np.ndarray) -> View:
        """The same with some nodes hidden; nodes: bool."""
        gone = nodes & self.shown
        return replace(self, shown=self.shown & ~gone, value=np.where(gone, 0, self.value), hidden=self.hidden | gone)


    def show(self, nodes: np.ndarray, value: np.ndarray) -> View:
        """The same with some nodes shown after all, by the numbers given for them; nodes: bool."""
        return replace(self, shown=self.shown | nodes, value=np.where(nodes, value, self.value))


def rests(found: Cube, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What remains at each node without its largest contributor, and how many contribute; both (nodes, columns) int32."""
    largest, number = np.zeros_like(counts), np.zeros_like(counts)
    for organisation in found.organisations():
        own = found.counts(found.of(organisation))
        np.maximum(largest, own, out=largest)
        number += own > 0
    return counts - largest, number


def view(found: Cube, counts: np.ndarray, rule: Rule, secret: bytes, revision: int) -> View:
    """`drawn` without the spare numbers."""
    return drawn(found, counts, rule, secret, revision)[0]


def drawn(found: Cube, counts: np.ndarray, rule: Rule, secret: bytes, revision: int) -> tuple[View, np.ndarray]:
    """Draw the noise of every published node and mask it. counts: of `found`, (nodes, columns).

    With it the numbers of nodes that only their keyed bar masks, (nodes, columns) int32, 0 elsewhere: where a predecessor showed
    the same facts, masking them now would tell the rest within three, and the audit may show them instead.

    Shown only if true and noisy counts reach the bar and, unless solo, what remains without any ONE contributor (nothing at all
    included) reaches the node's keyed bar: a rule that lets zero pass told 939 of 939 small remainders to the large contributor.
    """
    published = found.lattice.published()
    parameters = rule.parameters
    possible = published & (counts >= rule.bar)
    rest, number = rests(found, counts) if not rule.solo else (counts, counts)
    if not rule.solo:
        possible &= (rest >= parameters.rest_low) & (number >= parameters.min_contributors)
    keys = found.keys()
    value, spare = np.zeros_like(counts), np.zeros_like(counts)
    for row, column in np.argwhere(possible).tolist():
        noise, bar = draw(secret, found.lattice.node_id(row, column), revision, int(keys[row, column]), parameters)
        noisy = int(counts[row, column]) + noise
        if noisy >= rule.bar:
            (value if rule.solo or rest[row, column] >= bar else spare)[row, column] = noisy
    none = np.zeros_like(published)
    return View(published, value > 0, value, none, none), spare
