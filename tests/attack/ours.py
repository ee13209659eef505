"""Our own build of a world, opened up for the attacks: the same counts, what is shown of them, and how a node is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.disclosure import noise
from geoservice.core.disclosure.cubes import Cube, Facts, cube
from geoservice.core.disclosure.lattice import Lattice, families
from geoservice.core.disclosure.masking import View
from geoservice.core.disclosure.release import Order, Published, publish, recovered
from geoservice.core.disclosure.slots import Slots
from tests.attack import attacks, naive
from tests.attack.attacks import Redraw
from tests.attack.worlds import KIND, World

SECRET = bytes(range(32))
FRESH = bytes(range(1, 33))


@dataclass(frozen=True)
class Ours:
    """One year of a published world; view: what the FILE shows, repairs included."""

    order: Order
    published: Published
    found: Cube
    counts: np.ndarray
    view: View
    secret: bytes

    def redraw(self) -> Redraw:
        """The number of a parent in the world in which it has no other records than one child."""
        keys, parameters = self.found.keys(), self.order.parameters
        return lambda parent, child: int(self.counts[child]) + noise.draw(
            self.secret, self.found.lattice.node_id(*parent), self.order.revision, int(keys[child]), parameters)[0]


def lattice(world: World, order: Order, year: int) -> Lattice:
    chosen = families(order.places, order.groups, order.terms[0].volume, order.parameters)
    return Lattice(KIND, order.places, Slots(year, tuple(range(1, 13)), world.groups), chosen)


def build(world: World, year: int, facts: Facts | None = None, revision: int = 0,
          before: tuple[Published, ...] = ()) -> Ours:
    """Publish a world and read one year back from the release."""
    order, secret = world.order(revision), FRESH if revision else SECRET
    done = publish(order, world.facts if facts is None else facts, secret, predecessors=before)
    return opened(world, order, done, year, secret)


def opened(world: World, order: Order, done: Published, year: int, secret: bytes) -> Ours:
    found = cube(lattice(world, order, year), done.ledger)
    return Ours(order, done, found, found.counts(), recovered(found.lattice, done.release), secret)


@dataclass(frozen=True)
class Broken:
    """The first design on a lattice; the child's own noise is the parent's when the records are the same."""

    found: Cube
    counts: np.ndarray
    view: View

    def redraw(self) -> Redraw:
        return lambda parent, child: int(self.view.value[child])


def first_design(found: Cube, secret: bytes = SECRET) -> Broken:
    counts = found.counts()
    return Broken(found, counts, naive.first_design(found, counts, secret))


def totals(found: Cube, secret: bytes = SECRET) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The naive « since January » of every r9 hexagon: true counts, numbers (consistent keys), shown; (places, 12)."""
    slots, rows = found.lattice.slots, [place.node for place in found.lattice.places.published["r9"]]
    months = [slots.column(period, "all") for period in slots.periods["month"]]
    counts = np.cumsum(found.counts()[np.ix_(rows, months)], axis=1)
    keys = np.cumsum(found.keys()[np.ix_(rows, months)], axis=1, dtype=np.uint64)
    values = counts + naive.consistent(keys, counts >= naive.BAR, secret)
    return counts, values, (counts >= naive.BAR) & (values >= naive.BAR)


def one_month_apart(found: Cube) -> int:
    """Pairs of published periods of which one is the other and a single month more: what `cumulative` needs."""
    slots = found.lattice.slots
    by_month = slots.spread[:12 * len(slots.groups.categories)].reshape(12, -1, len(slots.columns)).any(axis=1)
    sets = [frozenset(np.flatnonzero(by_month[:, slots.column(period, "all")]).tolist())
            for kind in ("year", "quarter", "month") for period in slots.periods[kind]]
    return sum(one < other and len(other - one) == 1 for one in sets for other in sets)


def late_revision(world: World, year: int, seed: int, share: float = 0.02) -> tuple[Ours, Ours, np.ndarray]:
    """Revision 0 without some late facts, revision 1 with them; and which nodes of it hold one."""
    rng = np.random.default_rng(seed)
    late = rng.random(len(world.facts)) < share
    first = build(world, year, world.facts.take(~late))
    second = build(world, year, revision=1, before=(first.published,))
    return first, second, second.found.counts(np.isin(second.found.facts.key, world.facts.key[late])) > 0


def naive_revision(world: World, found: Cube, seed: int, share: float = 0.02) -> tuple[View, View, np.ndarray]:
    """The same under the first design and the same secret."""
    rng = np.random.default_rng(seed)
    late = rng.random(len(world.facts)) < share
    before = first_design(cube(found.lattice, world.facts.take(~late)))
    after = first_design(found)
    return before.view, after.view, found.counts(np.isin(found.facts.key, world.facts.key[late])) > 0


def worst_insider(found: Cube, counts: np.ndarray, seen: View, start: attacks.Starter) -> attacks.Proof:
    """Of the three largest organisations, the one that proves the largest share of its small nodes exactly."""
    from geoservice.core.disclosure.bounds import Attacker, knowledge

    best = None
    names, sizes = np.unique(found.facts.organisation, return_counts=True)
    for organisation in names[np.argsort(-sizes, kind="stable")][:3].tolist():
        known = knowledge(found, counts, Attacker(organisation))
        proof = attacks.prove(found, start(known, seen), known)
        if best is None or proof.exact * best.small > best.exact * proof.small:
            best = proof
    assert best is not None
    return best
