"""Releases in a folder behind the real shared application: ours as its publisher packs them, naive ones packed the same way.

What stands in a `Build` is the truth: attackers never see it, it only judges what they claim.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geoservice.core.disclosure import releasefile
from geoservice.core.disclosure.cubes import Cube, Facts, cube
from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.masking import View
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import HEXAGONS, Places
from geoservice.core.disclosure.release import NOT_SHOWN, Order, Published, Release, Table, place_tables, publish
from geoservice.operations import shared_access
from geoservice.operations.shared_access import KeyWish
from geoservice.web.shared.app import create_shared_app
from tests.attack import naive, ours
from tests.attack.client import Client
from tests.attack.worlds import KIND, World

SEAL = b"k" * 32


@dataclass(frozen=True)
class Build:
    """A release with the truth behind it. ledger: the facts it counted; places: its lattice's, all public."""

    release: Release
    ledger: Facts
    places: Places
    published: Published | None = None

    @property
    def years(self) -> list[int]:
        return sorted({table.year for table in self.release.tables})


@dataclass(frozen=True)
class Surface:
    """A folder that is served, and somebody who holds a key of one of its territories."""

    folder: Path
    territory: str
    key: str
    client: Client

    @property
    def api(self) -> str:
        return f"/api/shared/{self.territory}"


def serve(folder: Path, build: Build) -> Surface:
    """One territory of a folder of its own, and a reading key."""
    put(folder, build.release)
    opened = shared_access.open_shared(folder)
    key = shared_access.make_key(opened, KeyWish(build.release.territory, "attaque"))
    opened.close()  # so that the database of keys is one file
    return Surface(folder, build.release.territory, key, Client(create_shared_app(folder), key))


def put(folder: Path, release: Release) -> None:
    """Swap a release in, whole, as the publisher does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seal").write_bytes(SEAL)
    partial = folder / f"{release.territory}.part"
    partial.write_bytes(releasefile.pack(release, SEAL))
    partial.replace(folder / f"{release.territory}.release")


def mine(world: World, order: Order | None = None, facts: Facts | None = None, **more: object) -> Build:
    """Our own build, by the real publisher's function, audit included."""
    asked = order or world.order()
    done = publish(asked, world.facts if facts is None else facts, more.pop("secret", ours.SECRET), **more)  # type: ignore
    return Build(done.release, done.ledger, asked.places, done)


def threshold(world: World, facts: Facts | None = None, places: Places | None = None) -> Build:
    """Naive: counts under five hidden, all others as they are, on every level, period and group that the surface knows."""
    return _naive(world, world.facts if facts is None else facts, places or world.places(dict(HEXAGONS)), _exact)


def first_design(world: World, facts: Facts | None = None, wide: bool = True, order: Order | None = None) -> Build:
    """Naive: noise by consistent keys and a rule that lets zero pass; wide: on every level, else on our own lattice."""
    asked = order or world.order()
    places = world.places(dict(HEXAGONS)) if wide else asked.places
    return _naive(world, world.facts if facts is None else facts, places, _first, None if wide else asked)


def unmasked(world: World, order: Order, facts: Facts | None = None) -> Build:
    """Broken: our lattice, exact counts over the bar, no noise and no rule about contributors."""
    return _naive(world, world.facts if facts is None else facts, order.places, _exact, order)


def _exact(found: Cube, counts: np.ndarray) -> View:
    return naive.exact(found, counts)


def _first(found: Cube, counts: np.ndarray) -> View:
    return naive.first_design(found, counts, ours.SECRET)


def _naive(world: World, facts: Facts, places: Places, see: object, order: Order | None = None) -> Build:
    shown = []
    for year in sorted({1970 + month // 12 for month in np.unique(facts.month).tolist()}):
        wide = replace_places(world, year, places) if order is None else ours.lattice(world, order, year)
        found = cube(wide, facts)
        shown.append((wide, see(found, found.counts())))  # type: ignore[operator]
    return Build(packed(world, places, shown), facts, places)


def replace_places(world: World, year: int, places: Places) -> Lattice:
    """Every level, period and group on given places."""
    return naive.full_lattice(replace(world, facts=world.facts.take(slice(0, 0))), year, places).lattice


def packed(world: World, places: Places, shown: Iterable[tuple[Lattice, View]]) -> Release:
    """Views of some years as a release file holds them."""
    views = list(shown)
    months = tuple(12 * (one.slots.year - 1970) + month - 1 for one, _ in views for month in one.slots.months)
    tables = tuple(table(lattice, family, view) for lattice, view in views for family in lattice.families
                   if lattice.columns(family).size)
    atoms = places.atoms
    return Release(world.name, 0, months, Parameters(), dict(world.groups.groups), {KIND: False},
                   f"{atoms.version}:{atoms.digest}", "0" * 64, place_tables(places), tables, atoms.cells[atoms.atom >= 0])


def table(lattice: Lattice, family: Family, view: View) -> Table:
    """One family as the file holds it."""
    rows, columns = lattice.rows(family), lattice.columns(family)
    values = np.where(view.shown, view.value, NOT_SHOWN).astype(np.int32)
    slots = lattice.slots
    return Table(lattice.kind, slots.year, family.level, family.period, family.detail,
                 slots.periods[family.period][:len(columns)], slots.details[family.detail],
                 values[rows[:, None, None], columns[None]])
