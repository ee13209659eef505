"""The audit before publication: every attacker, every node; violations are repaired by hiding, or the release is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.disclosure import solving
from geoservice.core.disclosure.bounds import Attacker, Bounds, Known, check, knowledge, propagate, small, start, violations
from geoservice.core.disclosure.cubes import Cube
from geoservice.core.disclosure.lattice import Lattice
from geoservice.core.disclosure.masking import Rule, View
from geoservice.core.disclosure.solving import Scene

Progress = Callable[[int, int, str], None]  # done, of, what


@dataclass(frozen=True)
class Case:
    """What is audited: one kind and year; earlier: predecessors, as evidence where nothing changed since; spare: the numbers of
    nodes that only their keyed bar masks (`masking.drawn`)."""

    found: Cube
    counts: np.ndarray
    rule: Rule
    earlier: tuple[View, ...] = ()
    spare: np.ndarray | None = None

    @property
    def attackers(self) -> list[Attacker]:
        """An outsider, and each organisation; the owner of a solo kind knows everything already."""
        inside = [] if self.rule.solo else self.found.organisations()
        return [Attacker(None), *map(Attacker, inside)]


@dataclass(frozen=True)
class Reading:
    """What one attacker can prove. small: nodes the promise speaks of; proven: small nodes that cannot be empty; narrow: small
    nodes whose span is under the asked width; width: the least span; near: nodes the solver tried; violations: bool by node.
    """

    attacker: Attacker
    small: int
    proven: int
    narrow: int
    width: int
    near: int
    violations: np.ndarray

    @property
    def clean(self) -> bool:
        return not self.violations.any()


@dataclass(frozen=True)
class Verdict:
    """The end of an audit. readings: the last of every attacker; hidden: nodes hidden by repair; lost: places that lost their
    finest level; rounds: repairs made; past: small counts that what is out already gives away (after a disclosure, or in a
    predecessor): no release can take that back. `clean`: it may be published.
    """

    readings: tuple[Reading, ...]
    hidden: int
    lost: int
    rounds: int
    past: int = 0

    @property
    def clean(self) -> bool:
        return all(reading.clean for reading in self.readings)


def read(case: Case, view: View, attacker: Attacker) -> Reading:
    """Everything one attacker can prove about small counts: propagation everywhere, then the solver where it came near."""
    known = knowledge(case.found, case.counts, attacker)
    bounds = propagate(case.found, start(known, case.rule, (view, *case.earlier)))
    check(known, bounds)
    concerned, span = small(known, case.rule), bounds.high - bounds.low
    bad = violations(known, bounds, case.rule)
    near = concerned & ~bad & (span <= case.rule.parameters.near)
    own = known.whole[0] if attacker.organisation is not None and known.whole else np.zeros_like(known.known)
    scene = Scene(case.found, case.rule, view, known, bounds, own, attacker.organisation is not None)
    solver = solving.Solver(scene)
    for asked, (row, column) in enumerate(np.argwhere(near).tolist()):
        bad[row, column] = asked >= case.rule.parameters.questions or not solver.ambiguous(row, column)
    return Reading(attacker, int(concerned.sum()), _proven(concerned, bounds, bad, near), _narrow(concerned, span, case),
                   int(span[concerned].min(initial=np.iinfo(np.int32).max)), int(near.sum()), bad)


def _proven(concerned: np.ndarray, bounds: Bounds, bad: np.ndarray, near: np.ndarray) -> int:
    return int((concerned & (bounds.low > 0)).sum() + (bad & near).sum())


def _narrow(concerned: np.ndarray, span: np.ndarray, case: Case) -> int:
    return int((concerned & (span < case.rule.parameters.width)).sum())


def audit(case: Case, view: View, progress: Progress | None = None) -> tuple[View, Verdict]:
    """Read as every attacker, hide what lets one prove a small count, read again; the view as it may be published.

    Hiding only takes information away, so an attacker who proves nothing is not read again. Nodes that are out already stay.
    Where hiding does not end, the place loses its finest level; a verdict that is still not clean means: do not publish.
    """
    say = progress or (lambda done, of, what: None)
    attackers = case.attackers
    readings: dict[Attacker, Reading] = {}
    old: dict[Attacker, np.ndarray] = {}
    waiting, lost, rounds, before = list(attackers), 0, 0, int(view.hidden.sum())
    while waiting:
        for attacker in waiting:
            readings[attacker] = _but_past(case, view, read(case, view, attacker), old)
            say(sum(reading.clean for reading in readings.values()), len(attackers), attacker.name)
        waiting = [attacker for attacker in attackers if not readings[attacker].clean]
        bad = np.logical_or.reduce([readings[attacker].violations for attacker in waiting] or [np.zeros_like(view.shown)])
        rounds += bool(waiting)
        nodes = unmasked(case, view, bad)
        if nodes.any() and rounds <= case.rule.parameters.rounds:
            view, waiting = view.show(nodes, case.spare), list(attackers)  # something new is told: to everybody
            continue
        nodes = repairs(case, view, bad) if rounds <= case.rule.parameters.rounds else np.zeros_like(bad)
        if not nodes.any():
            nodes, places = coarsen(case, view, bad)
            lost += places
        if not nodes.any():
            break
        view = view.hide(nodes)
    past = sum(int(found.sum()) for found in old.values())
    return view, Verdict(tuple(readings[attacker] for attacker in attackers), int(view.hidden.sum()) - before, lost, rounds, past)


def _but_past(case: Case, view: View, reading: Reading, old: dict[Attacker, np.ndarray]) -> Reading:
    """A reading without the violations that stand with nothing new shown at all: no repair can take those back."""
    if reading.clean or not (view.frozen.any() or case.earlier):
        return reading
    if reading.attacker not in old:
        none = np.zeros_like(view.shown)
        out = replace(view.hide(~view.frozen), hidden=view.published & ~view.frozen | view.hidden) if view.frozen.any() else \
            View(none, none, np.zeros_like(view.value), none, none)
        old[reading.attacker] = read(case, out, reading.attacker).violations
    return replace(reading, violations=reading.violations & ~old[reading.attacker])


def repairs(case: Case, view: View, bad: np.ndarray) -> np.ndarray:
    """For each violation, the smallest shown node among the nearest ones that say something about it; (nodes, columns) bool."""
    out = np.zeros_like(bad)
    open_ = view.shown & ~view.frozen
    for row, column in np.argwhere(bad).tolist():
        found = _nearest(case.found.lattice, open_, (row, column))
        if found and not any(out[node] for node in found):
            out[min(found, key=lambda node: (int(case.counts[node]), node))] = True
    return out


def unmasked(case: Case, view: View, bad: np.ndarray) -> np.ndarray:
    """Nodes near a violation that a predecessor showed with the same facts and only the new bar masks: shown then and not now
    tells a large contributor the rest within three, and hiding cannot take the first back. (nodes, columns) bool."""
    out = np.zeros_like(bad)
    if case.spare is None or not case.earlier:
        return out
    before = np.logical_or.reduce([earlier.shown for earlier in case.earlier])
    spare = before & view.masked & ~view.frozen & (case.spare > 0)
    for row, column in np.argwhere(bad).tolist():
        for node in [(row, column)] if spare[row, column] else _nearest(case.found.lattice, spare, (row, column)):
            out[node] = True
    return out


def _nearest(lattice: Lattice, shown: np.ndarray, node: tuple[int, int], rings: int = 3) -> list[tuple[int, int]]:
    """Shown nodes that stand in a sum with this one, or one sum further, and so on: those of the first ring that has any."""
    seen, ring = {node}, [node]
    for _ in range(rings):
        around: list[tuple[int, int]] = []
        for each in ring:
            for parent in lattice.parents(*each):
                around += [parent, *(part for sum_ in lattice.children(*parent) if each in sum_ for part in sum_)]
            around += [part for sum_ in lattice.children(*each) for part in sum_]
        ring = [each for each in dict.fromkeys(around) if each not in seen]
        seen.update(ring)
        found = [each for each in ring if shown[each]]
        if found or not ring:
            return found
    return []


def coarsen(case: Case, view: View, bad: np.ndarray) -> tuple[np.ndarray, int]:
    """The finest level that still shows something inside the neighbourhood of each violation: all of its nodes there, and how
    many places lost one. Where nothing is left inside, whatever is nearest outside; nothing when all of that is out already."""
    out, count = np.zeros_like(bad), 0
    open_ = view.shown & ~view.frozen
    for row in np.flatnonzero(bad.any(axis=1)).tolist():
        nodes = _finest(case.found.lattice, open_, row)
        count += int(nodes.any())
        if not nodes.any():
            for column in np.flatnonzero(bad[row]).tolist():
                for node in _nearest(case.found.lattice, open_, (row, column), rings=99):
                    nodes[node] = True
        out |= nodes
    return out, count


def _finest(lattice: Lattice, open_: np.ndarray, row: int) -> np.ndarray:
    inside = solving.neighbourhood(lattice, row) | {row}
    nodes = np.zeros_like(open_)
    for level in reversed(lattice.places.published):
        rows = [place.node for place in lattice.places.published[level] if place.node in inside]
        nodes[rows] = open_[rows]
        if nodes.any():
            break
    return nodes


def joint(view: View, unchanged: np.ndarray) -> View:
    """A predecessor as evidence about today's facts: only where its facts are exactly today's; unchanged: bool by node."""
    return replace(view, published=view.published & unchanged, shown=view.shown & unchanged)


__all__ = ["Attacker", "Bounds", "Case", "Known", "Progress", "Reading", "Verdict", "audit", "joint", "read", "repairs"]
