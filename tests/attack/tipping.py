"""A8: an organisation adds facts of its own around a target until something changes. What does it learn of the others there?

The records an insider adds are in the release, as any others of it. For each number of added facts the release is made anew and
read through HTTP; a guess is learnt from half of the targets (their truth included, which no attacker has) and tried on the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.disclosure.cubes import Facts
from tests.attack import collecting, judging
from tests.attack.folders import served
from tests.attack.judging import Scene
from tests.attack.serving import Build
from tests.attack.worlds import World

ADDED = (1, 5, 10, 20, 40, 80)
Make = Callable[[World], Build]


@dataclass(frozen=True)
class Tipped:
    """targets: small counts of the others; hit, constant: shares guessed by what was seen, and by the best single number."""

    targets: int
    hit: float
    constant: float

    @property
    def advantage(self) -> float:
        """Percentage points."""
        return 100 * (self.hit - self.constant)


def inject(world: World, organisation: int, many: int) -> World:
    """The same town, where an organisation has `many` more facts in every hexagon of resolution 9, on the same day."""
    atom = world.atoms
    cells = np.unique([places[0] for places in _cells(world)])
    kept = cells[atom.of(cells) >= 0]
    count, facts = len(kept) * many, world.facts
    rng = np.random.default_rng(many)
    more = Facts(np.repeat(kept, many), np.full(count, facts.day.min(), dtype=facts.day.dtype),
                 np.full(count, 12, dtype=np.uint8), np.full(count, facts.category[0], dtype=np.uint8),
                 np.full(count, facts.kind[0]), np.full(count, organisation, dtype=facts.organisation.dtype),
                 rng.integers(0, 2**64, count, dtype=np.uint64), np.zeros(count, dtype=bool))
    return replace(world, facts=facts.and_(more))


def _cells(world: World) -> list[np.ndarray]:
    places = world.places()
    return [places.cells(place) for place in places.published["r9"]]


def tip(world: World, organisation: int, make: Make, added: tuple[int, ...] = ADDED) -> Tipped:
    """Everything that all the releases tell of each target together, as one observation of it."""
    seen: list[np.ndarray] = []
    truth: np.ndarray | None = None
    for many in added:
        with served(make(inject(world, organisation, many))) as (build, surface):
            crawl = collecting.download(surface.client, world.name)
            scene = judging.scene(build, crawl, crawl.years[0])
        others, told = _told(scene, organisation)
        seen.append(told)
        truth = others if truth is None else truth
    assert truth is not None
    return _learnt(np.stack(seen, axis=1), truth)


def _told(scene: Scene, organisation: int) -> tuple[np.ndarray, np.ndarray]:
    """The others' facts at each published node that the additions reach, and the number shown less one's own (-99: masked)."""
    lattice, mine = scene.found.lattice, scene.found.of(organisation)
    own, reached = scene.found.counts(mine), scene.found.counts(_added(scene, organisation))
    calendar = np.array([slot.period[5:6] not in ("D", "H") for slot in lattice.slots.columns])
    nodes = scene.view.published & (reached > 0) & calendar
    told = np.where(scene.view.shown, scene.view.value - own, -99)
    return (scene.counts - own)[nodes], told[nodes]


def _added(scene: Scene, organisation: int) -> np.ndarray:
    facts = scene.found.facts
    return scene.found.of(organisation) & (facts.day == facts.day.min()) & (facts.hour == 12)


def _learnt(seen: np.ndarray, truth: np.ndarray) -> Tipped:
    """Targets are small counts; a row of `seen` is what was told of one. Learnt on even targets, tried on odd ones, and back."""
    small = (truth > 0) & (truth < 5)
    names, what = np.unique(seen[small], axis=0, return_inverse=True)
    values, right = truth[small], 0
    half = np.arange(len(values)) % 2 == 0
    for learn, test in ((half, ~half), (~half, half)):
        votes = np.zeros((len(names), 5))
        np.add.at(votes, (what.ravel()[learn], values[learn]), 1)
        votes += np.bincount(values[learn], minlength=5)[None, :] * 1e-3
        right += int((votes.argmax(axis=1)[what.ravel()[test]] == values[test]).sum())
    many = max(1, len(values))
    constant = max((float((values == value).mean()) for value in range(1, 5)), default=0.0) if len(values) else 0.0
    return Tipped(len(values), right / many, constant)
