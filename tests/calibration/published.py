"""The published finding, again: on sparse noise analytic Gi* with Benjamini-Hochberg raises false alarms (checks.json)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats import getis, hotspots, multiple
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import Options
from tests.calibration import null, worlds
from tests.calibration.worlds import SETUP, World

BINOMIAL = Options(null="binomial", floor=0.0, level=SETUP["level"])


@dataclass(frozen=True)
class Row:
    """Share of Poisson maps with at least one false hot spot, by each way."""

    mean: float
    runs: int
    gi: float
    gi_upper: float
    binomial: float
    ours: float


def row(mean: float, number: int, runs: int = SETUP["published"]["runs"]) -> Row:
    """One mean per cell: Gi* two-sided and upper, exact binomial and our default, on the same maps."""
    world = World(30_000 + number, SETUP["published"]["area"], "equal", "constant", mean, 1.0)
    near, ones = worlds.neighbours(world.area), worlds.exposure(world.area, "equal")
    found = np.zeros(4)
    for at in range(runs):
        counts = world.map(at)
        gi = getis.local(counts, near)
        found += [(multiple.bh(p) <= SETUP["level"]).any() for p in (gi.two_sided, gi.upper)] + [
            _alarm(counts, ones, near, options) for options in (BINOMIAL, null.OURS)]
    return Row(mean, runs, *(found / runs).tolist())


def _alarm(counts: np.ndarray, exposure: np.ndarray, near: worlds.weights.Neighbours, options: Options) -> bool:
    try:
        return bool(hotspots.test(counts, exposure, near, options).hot.any())
    except NotEnough:
        return False


def agrees(share: float, runs: int, reference: float, reference_runs: int = 300) -> bool:
    """Whether two Monte-Carlo shares differ by no more than chance (3 standard errors of both)."""
    pooled = (share * runs + reference * reference_runs) / (runs + reference_runs)
    error = np.sqrt(max(pooled * (1 - pooled), 1 / (runs + reference_runs)) * (1 / runs + 1 / reference_runs))
    return abs(share - reference) <= 3 * float(error)
