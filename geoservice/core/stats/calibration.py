"""How often would this very map show a hot spot if there were none? The null is drawn for its exposure, edges and dispersion.

Each draw shares the total out among the cells by a Dirichlet-multinomial of the stated variance/mean, without any cluster, and
the whole test is done on it, its estimates included. What is told is the share of draws with at least one false hot spot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.stats import dispersion as dispersions
from geoservice.core.stats import hotspots
from geoservice.core.stats.given import NotEnough, Values, exposure_of
from geoservice.core.stats.hotspots import DEFAULT, HotSpots, Options
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput

MOST_RUNS = 100_000


@dataclass(frozen=True)
class Calibration:
    """Of `runs` maps without clusters: the share that showed something, with its 95 % interval (Wilson), and what they showed.

    false_cells: false hot (or cold) cells a map, on average; undecided: maps on which the test said there was not enough data.
    """

    false_maps: float
    interval: tuple[float, float]
    runs: int
    false_cells: float
    undecided: int
    dispersion: float
    shape: str
    total: int
    seed: int
    options: Options


def calibrate(exposure: Values, neighbours: Neighbours, dispersion: float, total: int, options: Options = DEFAULT,
              runs: int = 200, seed: int = 1, shape: str = dispersions.PROPORTIONAL) -> Calibration:
    """The false-alarm rate of the test on maps like this one.

    exposure (n,) > 0; dispersion: variance/mean of a cell of mean exposure, at least 1 (as `HotSpots.dispersion.ratio` tells);
    total: facts of the map; shape: how the gamma's shape goes with exposure (see `dispersion`). BadInput for impossible values.
    """
    exposure = exposure_of(exposure, len(neighbours))
    _checked(dispersion, total, runs, shape)
    rng = np.random.default_rng(seed)
    alarms, cells, undecided = 0, 0, 0
    for run in range(runs):
        counts = null_map(exposure, dispersion, total, rng, shape)
        try:
            false = _false(hotspots.test(counts, exposure, neighbours, _seeded(options, run)))
        except NotEnough:
            undecided += 1
            continue
        alarms, cells = alarms + (false > 0), cells + false
    return Calibration(alarms / runs, wilson(alarms, runs), runs, cells / runs, undecided, dispersion, shape, total, seed,
                       options)


def null_map(exposure: np.ndarray, dispersion: float, total: int, rng: np.random.Generator,
             shape: str = dispersions.PROPORTIONAL) -> np.ndarray:
    """Counts of one map without clusters, (n,) int64 of the given total: each cell on its own, as uneven as `dispersion` says."""
    relative = exposure / exposure.sum()
    if dispersion > 1 and total:
        relative = _uneven(relative, total / len(exposure) / (dispersion - 1), rng, shape)
    return rng.multinomial(total, relative)


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Interval of a proportion (Wilson 1927, JASA 22): what a Monte-Carlo share is worth. z 1.96: 95 %."""
    if trials <= 0:
        return 0.0, 1.0
    share, square = successes / trials, z * z / trials
    middle, half = share + square / 2, z * math.sqrt(share * (1 - share) / trials + square / trials / 4)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def _uneven(relative: np.ndarray, concentration: float, rng: np.random.Generator, shape: str) -> np.ndarray:
    """Shares of the exposure after each cell drew its gamma; a draw where all are too small for a double falls on one cell."""
    cells = relative * len(relative)
    shapes = concentration * (cells if shape == dispersions.PROPORTIONAL else np.ones(len(cells)))
    drawn = rng.gamma(shapes) * (1.0 if shape == dispersions.PROPORTIONAL else cells)
    if drawn.sum() > 0:
        return drawn / drawn.sum()
    drawn[rng.choice(len(cells), p=relative)] = 1.0
    return drawn


def _seeded(options: Options, run: int) -> Options:
    return replace(options, seed=options.seed + run) if options.null == "permutation" else options


def _false(found: HotSpots) -> int:
    return int(found.hot.sum() + found.cold.sum())


def _checked(dispersion: float, total: int, runs: int, shape: str) -> None:
    if not (np.isfinite(dispersion) and dispersion >= 1):
        raise BadInput("La dispersion est un rapport variance/moyenne : un nombre d’au moins 1.")
    if total < 0 or not 1 <= runs <= MOST_RUNS:
        raise BadInput(f"Il faut un nombre de faits positif et de 1 à {MOST_RUNS} cartes simulées.")
    if shape not in (dispersions.PROPORTIONAL, dispersions.CONSTANT):
        raise BadInput("La forme est « proportional » ou « constant ».")
