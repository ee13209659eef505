"""The bar: how many maps without clusters show a hot spot, in each world of worlds.toml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core.stats import hotspots
from geoservice.core.stats.calibration import wilson
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import Options
from tests.calibration import worlds
from tests.calibration.worlds import SETUP, World

OURS = Options(floor=0.0, level=SETUP["level"])


@dataclass(frozen=True)
class Alarms:
    """Maps of a world, those with at least one false hot spot, and those on which the test declined to answer."""

    world: World
    runs: int
    false: int
    undecided: int
    dispersion: float

    @property
    def share(self) -> float:
        return self.false / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.false, self.runs)


def alarms(world: World, runs: int, seed: int = SETUP["seed"], options: Options = OURS) -> Alarms:
    """Draw maps of a world and test each."""
    relative, near = worlds.exposure(world.area, world.exposure), worlds.neighbours(world.area)
    false, undecided, told = 0, 0, []
    for number in range(runs):
        try:
            found = hotspots.test(world.map(number, seed), relative, near, options)
        except NotEnough:
            undecided += 1
            continue
        false += bool(found.hot.any())
        told.append(found.dispersion.ratio if found.dispersion else 1.0)
    return Alarms(world, runs, false, undecided, float(np.median(told)) if told else float("nan"))


def campaign(part: str = "null", first: int = SETUP["first_runs"], more: int = SETUP["more_runs"],
             progress: Callable[[Alarms], None] = lambda _: None) -> list[Alarms]:
    """Every world; those whose first share is in doubt are drawn anew and longer, and that second share counts."""
    out = []
    for world in worlds.null_worlds(part):
        found = alarms(world, first)
        if found.share > SETUP["doubt"]:
            found = alarms(world, more, SETUP["seed"] + 1)
        out.append(found)
        progress(found)
    return out
