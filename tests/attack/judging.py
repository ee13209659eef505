"""What was collected through HTTP, set against the truth: the one place where both meet. Attackers get the scene without counts.

`Cube` gives an insider its own records (`of`); everything else an attacker uses is the lattice and the view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.disclosure import audit
from geoservice.core.disclosure.audit import Case, Reading
from geoservice.core.disclosure.bounds import Attacker, knowledge, start
from geoservice.core.disclosure.cubes import Cube, cube
from geoservice.core.disclosure.masking import Rule, View
from geoservice.core.disclosure.release import repaired
from geoservice.core.disclosure.utility import LARGE
from tests.attack import attacks, collecting, naive
from tests.attack.collecting import Seen
from tests.attack.serving import Build


@dataclass(frozen=True)
class Scene:
    """One year of a territory: what HTTP told of it (view), and the truth that judges (counts, and the facts of `found`)."""

    found: Cube
    counts: np.ndarray
    view: View
    rule: Rule

    @property
    def small(self) -> np.ndarray:
        """Published nodes of 1 to 4 facts, bool."""
        return self.view.published & (self.counts > 0) & (self.counts < self.rule.bar)


def scenes(build: Build, seen: Seen) -> list[Scene]:
    """Every year of a crawl."""
    return [scene(build, seen, year) for year in seen.years]


def scene(build: Build, seen: Seen, year: int) -> Scene:
    """One year. Which masks are repairs is told to the attacker, who could not know it: taken for rules they would mislead."""
    found = cube(collecting.lattice(seen, build.places, year), build.ledger)
    hidden = build.published.repaired if build.published else frozenset()
    view = repaired(collecting.view(seen, found.lattice), found.lattice, hidden)
    return Scene(found, found.counts(), view, Rule(seen.parameters, len(found.organisations())))


def audited(one: Scene) -> list[Reading]:
    """A3: what an outsider and each organisation prove by propagation and, near a violation, by the solver."""
    case = Case(one.found, one.counts, one.rule)
    return [audit.read(case, one.view, attacker) for attacker in case.attackers]


def proofs(one: Scene, broken: bool = False) -> dict[str, attacks.Proof]:
    """What propagation proves for the outsider and each organisation. broken: the numbers are read as exact ones, and a mask as
    fewer than five."""
    out = {}
    for attacker in (Attacker(None), *map(Attacker, one.found.organisations())):
        known = knowledge(one.found, one.counts, attacker)
        begun = naive.exact_start(known, one.view) if broken else start(known, one.rule, (one.view,))
        out[attacker.name] = attacks.prove(one.found, begun, known)
    return out


@dataclass(frozen=True)
class Utility:
    """error: relative, of every shown number of LARGE facts and more; facts, shown: sums over published nodes."""

    errors: np.ndarray
    facts: int
    shown: int


def utility(one: Scene) -> Utility:
    """What a reader gets: the numbers that HTTP told beside the true ones, each family's nodes once."""
    facts = shown = 0
    for family in one.found.lattice.families:
        nodes = np.ix_(one.found.lattice.rows(family), one.found.lattice.columns(family).ravel())
        facts += int(one.counts[nodes].sum())
        shown += int(one.counts[nodes][one.view.shown[nodes]].sum())
    large = one.view.shown & (one.counts >= LARGE)
    return Utility(np.abs(one.view.value - one.counts)[large] / one.counts[large], facts, shown)
