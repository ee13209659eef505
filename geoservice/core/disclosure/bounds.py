"""What an attacker can prove: the least and greatest count of every node that agree with all that was published.

Interval propagation over every sum of the lattice, slivers included: sound (a true count is never excluded) and fast, but not
complete; `solving` looks further where it comes near a violation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.disclosure.cubes import Cube
from geoservice.core.disclosure.masking import Rule, View
from geoservice.core.disclosure.relations import Relations
from geoservice.errors import GeoserviceError

OPEN = 1 << 20  # no upper bound; sums of some 2,000 of them still fit 32 bits
_SWEEPS = 60


class Unsound(GeoserviceError):
    """A true count lies outside what was thought possible: the audit itself is wrong, and nothing may be published."""

    slug, title = "audit-faux", "Audit incohérent"


@dataclass(frozen=True)
class Attacker:
    """Somebody who reads the release: an outsider (None), or an organisation that knows all of its own records."""

    organisation: int | None

    @property
    def name(self) -> str:
        return "outsider" if self.organisation is None else f"organisation {self.organisation}"


@dataclass(frozen=True)
class Known:
    """What an attacker knows before reading; all (nodes, columns) int32. unknown: facts that are not known to them (the secret);
    known: facts that are; whole: for each organisation whose facts at a node are all known, the number of them (0 where not)."""

    unknown: np.ndarray
    known: np.ndarray
    whole: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Bounds:
    """Least and greatest number of unknown facts at each node, (nodes, columns) int32."""

    low: np.ndarray
    high: np.ndarray


def knowledge(found: Cube, counts: np.ndarray, attacker: Attacker) -> Known:
    """An attacker's own records, and what owners disclosed outside; where those are all that an owner has, they count as such."""
    facts = found.facts
    mine = np.zeros(len(facts), dtype=bool) if attacker.organisation is None else found.of(attacker.organisation)
    own = found.counts(mine) if mine.any() else np.zeros_like(counts)
    whole = [own] if mine.any() else []
    told = np.unique(facts.organisation[facts.public & ~mine]).tolist()
    known = found.counts(mine | facts.public) if told else own
    for organisation in told:
        theirs = found.of(organisation)
        said, all_ = found.counts(theirs & facts.public), found.counts(theirs)
        whole.append(np.where(said == all_, said, 0).astype(np.int32))
    return Known(counts - known, known, tuple(whole))


def start(known: Known, rule: Rule, views: tuple[View, ...]) -> Bounds:
    """Bounds that each published number and each mask give by itself. All views speak of the same facts.

    A mask says: fewer than the bar, or a noisy count under it, or a contributor without whom too little remains. Who holds nine
    or more at a masked node knows that it is the last, and that the others hold eight at most (a keyed bar: perhaps none).
    """
    low = np.zeros_like(known.unknown)
    high = np.full_like(low, OPEN)
    reach, rest, today = rule.parameters.reach, rule.parameters.rest_high - 1, rule
    for view in views:
        rule = today if view.solo is None else replace(today, solo=view.solo)
        least = np.maximum(view.value - reach, _floor(rule, known))
        low = np.where(view.shown, np.maximum(low, least - known.known), low)
        high = np.where(view.shown, np.minimum(high, view.value + reach - known.known), high)
        if rule.solo:
            high = np.where(view.masked, np.minimum(high, rule.bar - 1 + reach - known.known), high)
        for whole in known.whole:
            if not rule.solo:
                alone = view.masked & (whole >= rule.parameters.rest_high) & (rule.parameters.min_contributors <= 2)
                high = np.where(alone, np.minimum(high, rest + whole - known.known), high)
    return Bounds(low, high)


def _floor(rule: Rule, known: Known) -> np.ndarray:
    """The least true count that a shown node can have: n contributors of whom no one can be missed hold n·bar/(n-1) at least."""
    many = rule.organisations
    least = rule.bar if rule.solo or many < 2 else -(-rule.parameters.rest_low * many // (many - 1))
    out = np.full_like(known.known, least)
    if not rule.solo:
        for whole in known.whole:
            np.maximum(out, np.where(whole > 0, whole + rule.parameters.rest_low, 0), out=out)
    return out


def propagate(found: Cube, bounds: Bounds) -> Bounds:
    """Bounds that agree with every sum; runs until nothing changes. A copy: the given bounds are not touched."""
    low, high = np.maximum(bounds.low, 0), bounds.high.copy()
    for _ in range(_SWEEPS):
        before = int(low.sum(dtype=np.int64)) - int(high.sum(dtype=np.int64))
        for batch in found.lattice.slots.relations:
            _sweep(low.T, high.T, batch)
        for batch in (*found.lattice.places.relations, *reversed(found.lattice.places.relations)):
            _sweep(low, high, batch)
        if int(low.sum(dtype=np.int64)) - int(high.sum(dtype=np.int64)) == before:
            break
    return Bounds(low, np.minimum(high, OPEN))


def _sweep(low: np.ndarray, high: np.ndarray, batch: Relations) -> None:
    """One batch of sums along the first axis, in place: parent from children, then each child from parent and siblings."""
    children_low, children_high, owner = low[batch.children], high[batch.children], batch.owners
    sum_low = np.add.reduceat(children_low, batch.starts, axis=0)
    sum_high = np.add.reduceat(children_high, batch.starts, axis=0)
    parent_low = np.maximum(low[batch.parents], sum_low)
    parent_high = np.minimum(high[batch.parents], sum_high)
    low[batch.parents], high[batch.parents] = parent_low, parent_high
    low[batch.children] = np.maximum(children_low, (parent_low - sum_high)[owner] + children_high)
    high[batch.children] = np.minimum(children_high, (parent_high - sum_low)[owner] + children_low)


def small(known: Known, rule: Rule) -> np.ndarray:
    """Nodes whose unknown count the promise speaks of: 1 to bar - 1."""
    return (known.unknown > 0) & (known.unknown < rule.bar)


def check(known: Known, bounds: Bounds) -> None:
    """Unsound when a true count is outside its bounds."""
    wrong = int(((known.unknown < bounds.low) | (known.unknown > bounds.high)).sum())
    if wrong:
        raise Unsound(f"L’audit se contredit sur {wrong} nœuds : la diffusion est refusée. Signalez ce défaut.")


def violations(known: Known, bounds: Bounds, rule: Rule) -> np.ndarray:
    """Small nodes whose existence is proven, or whose possible counts span too little, (nodes, columns) bool."""
    return small(known, rule) & ((bounds.low > 0) | (bounds.high - bounds.low < rule.parameters.width))
