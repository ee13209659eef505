"""A tiny territory that tests can reason about: one r7 hexagon of real cells, two communes, and facts placed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure import atoms, places
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import Places, Zones
from geoservice.core.disclosure.release import Order, Terms
from geoservice.core.disclosure.slots import Groups, Slots
from geoservice.types import Box, Category, code_of

KIND = "bailleur"
GROUPS = Groups({"proprete": ("SAL",), "degradations": ("DEG", "VOL")})
SECRET = b"s" * 32
QUICK = Parameters(near=0)
EVERY = tuple(Family(level, period, detail, 10.0) for level in ("commune", "qpv", "r7", "r8", "r9")
              for period in ("year", "quarter", "month") for detail in ("all", "group", "category"))


def ground(count: int = 7) -> np.ndarray:
    """Cells of resolution 10 of `count` hexagons of resolution 8 of one r7 hexagon."""
    centre = grid.parents(grid.index(np.array([3.0573]), np.array([50.6292])), 7)
    lon, lat = grid.centres(centre)[0]
    tens = grid.cover(Box(lon - .04, lat - .03, lon + .04, lat + .03), 10)
    tens = tens[grid.parents(tens, 7) == centre[0]]
    eights = np.unique(grid.parents(tens, 8))[:count]
    return tens[np.isin(grid.parents(tens, 8), eights)]


def territory(count: int = 3, dwellings: float = 20.0) -> Places:
    """Every cell an atom; the border of the two communes crosses hexagons; a QPV lies across it."""
    cells = ground(count)
    made = atoms.build("t-1", cells, [atoms.Source("tout", cells, np.full(len(cells), dwellings), True)])
    lon, lat = grid.centres(cells).T
    commune = (lon > np.median(lon)).astype(int)
    middle = np.hypot(lon - np.median(lon), lat - np.median(lat))
    return places.build(made, Zones(("A", "B"), commune), Zones(("QN1",), np.where(middle < np.quantile(middle, .15), 0, -1)))


def lattice(where: Places, families: tuple[Family, ...] = EVERY, months: tuple[int, ...] = tuple(range(1, 13))) -> Lattice:
    return Lattice(KIND, where, Slots(2025, months, GROUPS), families)


def facts(where: Places, count: int, seed: int, organisations: int = 4, clustered: float = 1.2) -> Facts:
    """Facts in a few cells, over 2025."""
    rng = np.random.default_rng(seed)
    tens = where.atoms.cells
    weight = rng.pareto(clustered, len(tens)) + 1e-3
    chosen = rng.choice(tens, count, p=weight / weight.sum())
    centre = grid.centres(chosen)
    start = int(np.datetime64("2025-01-01").astype(int))
    codes = np.array([code_of(Category(name)) for name in GROUPS.categories], dtype=np.uint8)
    return Facts(grid.index(*centre.T), (start + rng.integers(0, 365, count)).astype(np.int32),
                 np.where(rng.random(count) < .2, 255, rng.integers(0, 24, count)).astype(np.uint8), rng.choice(codes, count),
                 np.full(count, KIND), rng.integers(1, organisations + 1, count), rng.integers(0, 2**64, count, dtype=np.uint64),
                 np.zeros(count, dtype=bool))


def order(where: Places, months: range | tuple[int, ...] = range(660, 672), revision: int = 0, volume: int = 2_000,
          parameters: Parameters | None = None, organisations: int = 4) -> Order:
    """An order that does not ask the solver: tests of the solver are beside this, and it takes minutes on so small a town."""
    return Order("ville", where, GROUPS, (Terms(KIND, volume, tuple(range(1, organisations + 1))),), tuple(months), revision,
                 parameters or QUICK)


def disclosed(given: Facts, keys: np.ndarray) -> Facts:
    return replace(given, public=np.isin(given.key, keys))
