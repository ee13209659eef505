"""A7: a territory that publishes every month, with facts that come late or are corrected; what is out must not move.

Every release is swapped into the folder that is being served, and crawled through HTTP.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.release import Published, publish
from tests.attack import collecting, judging, ours, serving
from tests.attack.collecting import Node, Seen
from tests.attack.serving import Build
from tests.attack.worlds import World

Told = dict[Node, int | None]


@dataclass
class Rolled:
    """releases read; changes: numbers of closed periods that a later release told otherwise; gains: changes that were rightly
    claimed to come from facts of that node that were added or taken away; nodes: compared; last: crawl and build at the end."""

    releases: int = 0
    changes: int = 0
    gains: int = 0
    nodes: int = 0
    last: tuple[Build, Seen] | None = None


def arrived(facts: Facts, month: int, seed: int) -> Facts:
    """What the publisher holds at the end of a month (since 1970-01): 2 % come up to a year late, 1 % are gone again after it."""
    rng = np.random.default_rng(seed)
    late = np.where(rng.random(len(facts)) < 0.02, rng.integers(1, 12, len(facts)), 0)
    gone = np.where(rng.random(len(facts)) < 0.01, rng.integers(1, 12, len(facts)), 999)
    return facts.take((facts.month + late <= month) & (month < facts.month + gone))


def mine(world: World, months: list[int]) -> Iterator[Build]:
    """Our publisher: each release continues the last one."""
    done: Published | None = None
    for month in months:
        order = replace(world.order(last=month), months=tuple(range(months[0], month + 1)))
        done = publish(order, arrived(world.facts, month, 11), ours.SECRET, previous=done)
        yield Build(done.release, done.ledger, order.places, done)


def recounted(world: World, months: list[int]) -> Iterator[Build]:
    """Naive: everything is counted again each month, and told as it is from five facts on."""
    places = world.order().places
    for month in months:
        held = arrived(world.facts, month, 11)
        order = replace(world.order(last=month), months=tuple(range(months[0], month + 1)))
        yield serving.unmasked(world, replace(order, places=places), held)


def roll(world: World, builds: Iterator[Build]) -> Rolled:
    """Serve, crawl and compare each release with everything told before."""
    found, before, ledger = Rolled(), {}, None
    with tempfile.TemporaryDirectory() as folder:
        surface = None
        for build in builds:
            surface = surface or serving.serve(Path(folder) / "partage", build)
            serving.put(surface.folder, build.release)
            seen = collecting.download(surface.client, world.name)
            _compare(found, before, seen, (ledger, build))
            before, ledger = before | seen.ledger.told, build
            found.releases, found.last = found.releases + 1, (build, seen)
        if surface is not None:
            surface.client.close()
    return found


def _compare(found: Rolled, before: Told, seen: Seen, builds: tuple[Build | None, Build]) -> None:
    then, now = builds
    both = before.keys() & seen.ledger.told.keys()
    moved = [node for node in both if before[node] != seen.ledger.told[node]]
    found.nodes += len(both)
    found.changes += len(moved)
    if moved and then is not None:
        years = {int(node[2][:4]) for node in moved}
        for year in years:
            was, is_ = (judging.scene(build, seen, year) for build in (then, now))
            rows = {(place.level, place.name): place.node for level in now.places.published.values() for place in level}
            for level, place, period, group in moved:
                if int(period[:4]) == year:
                    at = rows[level, place], now_column(is_, period, group)
                    told = (seen.ledger.told[level, place, period, group] or 0) - (before[level, place, period, group] or 0)
                    shown = None not in (seen.ledger.told[level, place, period, group], before[level, place, period, group])
                    found.gains += shown and told == int(is_.counts[at] - was.counts[at])


def now_column(scene: judging.Scene, period: str, group: str) -> int:
    """Column of a period and group."""
    return scene.found.lattice.slots.column(period, group)
