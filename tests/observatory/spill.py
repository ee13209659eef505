"""Improved halls beside worsened ones: how often is a report told where there is none, and where there is one?"""

from __future__ import annotations

import numpy as np

from geoservice.core.observatory import spillover
from tests.bench.figures import Figure
from tests.observatory.frame import Run, Told, bounds, figure
from tests.observatory.plan import PLAN, stream

SETUP = PLAN["spill"]


def draw(number: int, planted: bool) -> spillover.Report:
    """One park: states before and after, with or without displacement to a neighbour."""
    rng = stream(1, number)
    count = SETUP["residences"] * SETUP["a_residence"]
    home = np.arange(count) // SETUP["a_residence"]
    before = np.where(rng.random(count) < SETUP["concerned"], rng.integers(1, 4, count), 0)
    after = before.copy()
    better = (before > 0) & (rng.random(count) < SETUP["improved"])
    worse = (before < 3) & ~better & (rng.random(count) < SETUP["worsened"])
    after[better] -= 1
    after[worse] += 1
    if planted:
        for hall in np.flatnonzero(better & (rng.random(count) < SETUP["planted"])):
            mates = np.flatnonzero((home == home[hall]) & (before < 3) & ~better)
            if len(mates):
                after[rng.choice(mates)] = 3
    pairs = spillover.neighbours(np.full((count, 2), np.nan), home, 100.0)
    return spillover.observe(before, after, pairs, number)


def told(planted: bool, runs: int) -> int:
    """In how many parks chance alone would not do."""
    return sum(draw(number, planted).p <= SETUP["level"] for number in range(runs))


def figures(run: Run) -> list[Figure]:
    """False alarms, and planted displacements found."""
    runs = run.runs(SETUP["runs"])
    false, found = told(False, runs), told(True, runs)
    low, high = bounds(false, runs)
    chance = f"{runs} parks, 95 % from {100 * low:.1f} to {100 * high:.1f} %"
    return [figure("spill", Told(f"parks with p ≤ 5 % though halls move without regard to neighbours ({chance})",
                                 100 * false / runs, "≤ 5 %, within chance", low <= 0.05)),
            figure("spill", Told(f"parks with p ≤ 5 % where half of the improved halls push a neighbour up ({runs} parks)",
                                 100 * found / runs, "≥ 80 %", found / runs >= 0.8))]
