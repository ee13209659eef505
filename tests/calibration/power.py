"""Planted excesses: what the hot-spot test finds of them, beside analytic Gi* with Benjamini-Hochberg and Kulldorff's scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from geoservice.core.stats import getis, hotspots, multiple
from tests.calibration import null, scan, worlds
from tests.calibration.worlds import SETUP, World

SETTING = SETUP["power"]
REACH, REPLICAS, LEAST = 6, 499, 99  # of the scan: largest disk in steps, maps behind its bar; least of them
GI, SCAN, FAIR = "Gi* + BH", "Kulldorff's scan", ", set to 5 %"
Finder = Callable[[np.ndarray], np.ndarray]  # counts (n,) -> found (n,) bool


@dataclass(frozen=True)
class Planting:
    """Disks with more facts than the rest of a world."""

    world: World
    radius: int
    excess: float

    @property
    def name(self) -> str:
        return (f"mean {self.world.mean:g}, variance/mean {self.world.ratio:g}, {SETTING['disks']} disks of radius "
                f"{self.radius}, {self.excess:g} times")


@dataclass(frozen=True)
class Power:
    """Over all maps: planted disks with a found cell in them, planted cells found, and found cells with nothing planted in their
    neighbourhood as a share of all found (mean over maps)."""

    disks: float
    cells: float
    false_cells: float


def plantings() -> Iterator[Planting]:
    """Every combination of the file."""
    number = 20_000
    for mean in SETTING["means"]:
        for ratio in SETTING["ratios"]:
            world = World(number, SETTING["area"], SETTING["exposure"], "constant", float(mean), float(ratio))
            number += 1
            for radius in SETTING["radii"]:
                for excess in SETTING["excesses"]:
                    yield Planting(world, radius, float(excess))


def finders(world: World, runs: int) -> dict[str, Finder]:
    """Every way, for a world. FAIR ones have their bar where 5 % of `runs` maps of this very world, without disks, pass it: what
    somebody would find who knew the noise beforehand."""
    relative, near, area = worlds.exposure(world.area, world.exposure), worlds.neighbours(world.area), _disks(world.area)
    empty = [world.map(10**6 + number) for number in range(max(runs, LEAST))]
    published = scan.bar(area, relative, round(world.mean * len(relative)), REPLICAS, SETUP["seed"])
    known = np.sort([scan.likelihood(area.sums(counts), area.exposure, counts.sum()).max() for counts in empty])
    high = np.quantile([getis.local(counts, near).z.max() for counts in empty], 1 - SETUP["level"])
    return {"ours": lambda counts: hotspots.test(counts, relative, near, null.OURS).hot,
            GI: lambda counts: multiple.bh(getis.local(counts, near).two_sided) <= SETUP["level"],
            GI + FAIR: lambda counts: getis.local(counts, near).z > high,
            SCAN: lambda counts: _scanned(counts, area, published),
            SCAN + FAIR: lambda counts: _scanned(counts, area, known)}


def _scanned(counts: np.ndarray, area: scan.Disks, bar: np.ndarray) -> np.ndarray:
    out = np.zeros(len(counts), dtype=bool)
    for cells in scan.scan(counts, area, bar, SETUP["level"]).cells:
        out[cells] = True
    return out


@cache
def _disks(area: str) -> scan.Disks:
    return scan.disks(worlds.cells(area), worlds.exposure(area, SETTING["exposure"]), REACH)


def planted(planting: Planting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Counts of a map, and the number of the disk that each cell lies in (-1: none)."""
    cells, expected = worlds.cells(planting.world.area), worlds.intensities(planting.world, rng)
    disk = np.full(len(cells), -1)
    for number in range(SETTING["disks"]):
        members = worlds.within(planting.world.area, int(rng.integers(len(cells))), planting.radius)
        disk[members] = number
    return rng.poisson(expected * np.where(disk >= 0, planting.excess, 1.0)), disk


def power(planting: Planting, found_by: Finder, runs: int) -> Power:
    """One way on `runs` maps; the same maps for every way."""
    near = worlds.neighbours(planting.world.area)
    seen, cells, false, disks = 0, 0.0, 0.0, 0
    for number in range(runs):
        counts, disk = planted(planting, planting.world.rng(number))
        found, inside = found_by(counts), disk >= 0
        hit = np.unique(disk[found & inside])
        seen, disks = seen + len(hit), disks + len(np.unique(disk[inside]))
        cells += (found & inside).sum() / inside.sum()
        innocent = near.sums(inside.astype(float)) == 0
        false += (found & innocent).sum() / max(int(found.sum()), 1)
    return Power(seen / disks, cells / runs, false / runs)


def false_maps(world: World, found_by: Finder, runs: int) -> float:
    """Share of maps of a world without disks that show something."""
    return sum(bool(found_by(world.map(number)).any()) for number in range(runs)) / runs
