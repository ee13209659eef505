"""A1: two towns that differ only inside atoms and months are asked the same; every byte of every answer has to be the same.

The twin's facts stand elsewhere in their atom, on another day of their month (the same weekday) and at another hour of their
band, and come in another order. The release of each is made from its own facts, and served from a folder of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure import atoms
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.places import Places
from geoservice.core.disclosure.slots import BAND_HOURS
from tests.attack import collecting, serving, tape, worlds
from tests.attack.serving import Build, Surface
from tests.attack.worlds import World

FINEST = 12
_UNKNOWN = 255


@dataclass
class Paired:
    """asked: pairs of requests; differences: those whose answers differ in any byte; moved: facts that changed place."""

    asked: int = 0
    differences: int = 0
    pairs: int = 0
    moved: int = 0


def small(seed: int, yearly: int = 700, radius: int = 3, declared: int = 500) -> World:
    """A small town of its own: 37 hexagons of resolution 9 (of radius 3), thirty residences of three to five landlords."""
    rng = np.random.default_rng([20260801, seed])
    shares = rng.dirichlet(np.full(int(rng.integers(3, 6)), 4.0))
    lon, lat = ((3.0573, 50.6292), (2.4936, 48.9022), (4.8357, 45.764), (5.3698, 43.2965))[int(rng.integers(4))]
    return worlds.town(f"paire-{seed}", {
        "seed": [20260802, seed], "lon": lon + rng.uniform(-.2, .2), "lat": lat + rng.uniform(-.1, .1), "radius": radius,
        "years": [2025], "yearly": yearly, "declared": declared, "shares": shares.tolist(), "communes": int(rng.integers(1, 3)),
        "qpv": int(rng.integers(1, 3)), "estates": 4, "residences": 30, "in_estates": 0.75, "shape": 0.6, "scatter_m": 60})


def twin(world: World, seed: int) -> World:
    """The same town where every fact stands elsewhere inside its atom, its month's weekdays and its band."""
    rng, facts = np.random.default_rng([20260803, seed]), world.facts
    cell = _elsewhere(world.atoms, facts.cell, rng)
    weeks = facts.day + 7 * rng.integers(-4, 5, len(facts))
    same = weeks.astype("datetime64[D]").astype("datetime64[M]") == facts.day.astype("datetime64[D]").astype("datetime64[M]")
    band = facts.hour // BAND_HOURS * BAND_HOURS
    hour = np.where(facts.hour == _UNKNOWN, _UNKNOWN, band + rng.integers(0, BAND_HOURS, len(facts)))
    moved = replace(facts, cell=cell, day=np.where(same, weeks, facts.day).astype(np.int32), hour=hour.astype(np.uint8))
    return replace(world, facts=moved.take(rng.permutation(len(facts))))


def _elsewhere(made: atoms.Atoms, cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another finest cell of the same atom for each cell; those on no atom stay."""
    atom = made.of(cells)
    order = np.argsort(made.atom, kind="stable")
    first = np.searchsorted(made.atom[order], atom)
    size = np.searchsorted(made.atom[order], atom, side="right") - first
    home = made.cells[order[first + rng.integers(0, np.maximum(size, 1))]]
    return np.where(atom >= 0, _child(home, rng), cells)


def _child(parents: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random cell of resolution 12 in each cell of resolution 10: two digits of an H3 index, and its resolution."""
    out = parents & ~np.uint64(0xF << 52) | np.uint64(FINEST << 52)
    for digit in (11, 12):
        shift = np.uint64(3 * (15 - digit))
        out = out & ~(np.uint64(7) << shift) | rng.integers(0, 7, len(parents)).astype(np.uint64) << shift
    assert np.array_equal(grid.parents(out, atoms.RESOLUTION), parents)
    return out


Make = Callable[[World, Places], Build]


def ours_of(world: World, places: Places) -> Build:
    """Our own build on places that both towns of a pair share."""
    return serving.mine(world, replace(world.order(), places=places))


def ground_of(world: World) -> Places:
    """Naive places: every cell of resolution 10 by itself, however many live there."""
    whole = np.full(len(world.atoms.cells), 11.0)
    alone = atoms.build("seules", world.atoms.cells, [atoms.Source("chaque cellule", world.atoms.cells, whole, True)])
    kept = np.zeros(len(alone.dwellings), dtype=np.int64)
    return worlds.places.build(alone, worlds.places.Zones(("commune:00000",), kept), None, {"r7": 8, "r8": 9, "r9": 10})


def naive_of(world: World, places: Places) -> Build:
    """A threshold on cells that are no atoms."""
    return serving.threshold(world, None, places)


def compare(world: World, other: World, build: Make, places: Places, requests: int, seed: int) -> Paired:
    """Both towns answer one tape; the second folder is served later, under the same key."""
    with tempfile.TemporaryDirectory() as folder:
        first = serving.serve(Path(folder) / "un", build(world, places))
        second = _same_key(first, Path(folder) / "deux", build(other, places))
        seen = collecting.begin(first.client, world.name)
        asks = tape.Tape(seen, world.name, seed, tape.box_of(first.client, seen, world.name)).take(requests, mutated=0.2)
        moved = world.facts.cell != other.facts.cell[np.argsort(_place(world.facts, other.facts))]
        found = Paired(pairs=1, moved=int(moved.sum()))
        for ask in asks:
            found.asked += 1
            found.differences += ask.send(first.client) != ask.send(second.client)
        for one in (first, second):
            one.client.close()
    return found


def _place(facts: Facts, shuffled: Facts) -> np.ndarray:
    """For each shuffled fact, where it stood: keys are the records' own."""
    order = np.argsort(facts.key)
    return order[np.searchsorted(facts.key[order], shuffled.key)]


def _same_key(first: Surface, folder: Path, build: Build) -> Surface:
    """Another folder that the same key opens."""
    import shutil

    from geoservice.web.shared.app import create_shared_app
    from tests.attack.client import Client

    folder.mkdir(parents=True)
    shutil.copy(first.folder / "access.db", folder / "access.db")
    serving.put(folder, build.release)
    return Surface(folder, first.territory, first.key, Client(create_shared_app(folder), first.key))


def add(one: Paired, other: Paired) -> Paired:
    return Paired(one.asked + other.asked, one.differences + other.differences, one.pairs + other.pairs, one.moved + other.moved)


def pair(seed: int, requests: int, naive: bool = False) -> Paired:
    """One pair of towns, from its number."""
    world = small(seed)
    places = ground_of(world) if naive else world.places()
    return compare(world, twin(world, seed), naive_of if naive else ours_of, places, requests, seed)
