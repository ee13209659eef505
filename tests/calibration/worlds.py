"""The worlds of worlds.toml: areas, exposures and the maps drawn on them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from geoservice.core import grid
from geoservice.core.stats import weights

SETUP = tomllib.loads((Path(__file__).with_name("worlds.toml")).read_text(encoding="utf-8"))
EXPOSURE_SEED = 11


@dataclass(frozen=True)
class World:
    """One generator of maps without clusters."""

    number: int
    area: str
    exposure: str
    shape: str
    mean: float
    ratio: float

    @property
    def name(self) -> str:
        return f"{self.area}, {self.exposure} exposure, {self.shape} shape, mean {self.mean:g}, variance/mean {self.ratio:g}"

    def map(self, number: int, seed: int = SETUP["seed"]) -> np.ndarray:
        """Counts of one map, (n,) int64."""
        rng = self.rng(number, seed)
        return rng.poisson(intensities(self, rng))

    def rng(self, number: int, seed: int = SETUP["seed"]) -> np.random.Generator:
        """Random numbers of one map."""
        return np.random.default_rng([seed, self.number, number])


def null_worlds(part: str = "null") -> Iterator[World]:
    """Every world of a part, in the order of the file: areas, then means, then ratios."""
    setup, number = SETUP[part], {"null": 0, "beyond": 10_000, "small": 20_000}[part]
    for kind in setup["worlds"]:
        for mean in setup["means"]:
            for ratio in setup["ratios"]:
                yield World(number, kind["area"], kind["exposure"], kind["shape"], float(mean), float(ratio))
                number += 1


def intensities(world: World, rng: np.random.Generator) -> np.ndarray:
    """What each cell may expect on this map, (n,): its share of the mean times its own luck."""
    relative = exposure(world.area, world.exposure)
    if world.ratio <= 1:
        return world.mean * relative
    if world.shape == "lognormal":
        spread = np.log(1 + (world.ratio - 1) / world.mean)  # variance of the logarithm that gives this variance/mean
        return world.mean * relative * rng.lognormal(-spread / 2, np.sqrt(spread), len(relative))
    shape = world.mean / (world.ratio - 1)
    if world.shape == "proportional":
        return rng.gamma(shape * relative) * world.mean / shape
    return world.mean * relative * rng.gamma(shape, size=len(relative)) / shape


@cache
def cells(area: str) -> np.ndarray:
    """The study area, (n,) uint64."""
    setup = SETUP["areas"][area]
    centre = grid.parents(grid.index(np.array([setup["lon"]]), np.array([setup["lat"]])), setup["resolution"])
    found = grid.disk(int(centre[0]), setup["radius"])[:setup.get("first")]
    if "removed" not in setup:
        return found
    rng = np.random.default_rng(setup["seed"])
    lon, lat = grid.centres(found).T
    across = (lon - lon.mean()) * np.cos(np.radians(lat.mean())) + (lat - lat.mean())  # a river from north-west to south-east
    dry = np.abs(across) >= np.quantile(np.abs(across), setup["river"])
    return found[dry & (rng.random(len(found)) >= setup["removed"])]


@cache
def neighbours(area: str) -> weights.Neighbours:
    """Disks of k cells in the study area; each cell alone where the area says k = 0."""
    k = SETUP["areas"][area].get("k", SETUP["k"])
    return weights.disks(cells(area), k) if k else weights.each_alone(len(cells(area)))


@cache
def within(area: str, row: int, steps: int) -> np.ndarray:
    """Rows of the cells within some steps of a cell of the area."""
    known = cells(area)
    disk = grid.disk(int(known[row]), steps)
    place = np.minimum(np.searchsorted(known, disk), len(known) - 1)
    return place[known[place] == disk]


@cache
def exposure(area: str, name: str) -> np.ndarray:
    """Exposure of each cell of an area, mean 1, (n,)."""
    setup, n, rng = SETUP["exposures"][name], len(cells(area)), np.random.default_rng(EXPOSURE_SEED)
    if setup["kind"] == "equal":
        return np.ones(n)
    if setup["kind"] == "gamma":
        out = np.maximum(rng.gamma(setup["shape"], size=n), setup["least"])
    else:
        houses = setup["median"] * rng.lognormal(0, setup["sigma"], n)
        out = np.maximum(np.round(houses * np.where(rng.random(n) < setup["towers"], setup["tower"], 1.0)), setup["least"])
    return out / out.mean()
