"""Parks in which everybody reports, and parks with silent residences: false alarms and what is found. And synthetic towns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np

from geoservice.core.observatory import silence
from geoservice.core.observatory.silence import Watch
from geoservice.testing import furniture as street
from geoservice.testing import housing, observing, plan, planting
from geoservice.testing.frame import stream as town_stream
from geoservice.testing.names import ORGANISATIONS
from geoservice.testing.process import draw
from tests.bench.figures import Figure
from tests.observatory.frame import Run, Told, bounds, figure
from tests.observatory.plan import PLAN, stream

SETUP = PLAN["silence"]
STRETCHES = 4


@dataclass(frozen=True)
class Park:
    """Residences, the reports that one of average size sends in the recent days, and how steady a month is."""

    number: int
    size: int
    mean: float
    month_shape: float


PARKS = tuple(Park(number, *world) for number, world in
              enumerate(product(SETUP["sizes"], SETUP["means"], SETUP["month_shapes"])))


def counts(park: Park, number: int, silent: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Reports seen (n,), past (n, stretches), dwellings (n,), and which residences fell silent."""
    rng = stream(100 + park.number, number)
    median, sigma = SETUP["dwellings"]["median"], SETUP["dwellings"]["sigma"]
    dwellings = np.maximum(3, np.round(rng.lognormal(np.log(median), sigma, park.size)))
    rate = rng.gamma(SETUP["shape"], 1 / SETUP["shape"], park.size)
    season = 1 + SETUP["swing"] * np.cos(2 * np.pi * (np.arange(15) + rng.uniform(0, 12)) / 12)
    months = rng.gamma(park.month_shape, 1 / park.month_shape, (park.size, 15)) * season
    means = (park.mean / 3) * (dwellings / dwellings.mean() * rate)[:, None] * months
    quiet = rng.random(park.size) < SETUP["silent"] if silent else np.zeros(park.size, bool)
    means[quiet, -3:] = 0
    found = rng.poisson(means).reshape(park.size, STRETCHES + 1, 3).sum(axis=2)
    return found[:, STRETCHES], found[:, :STRETCHES], dwellings, quiet


@dataclass
class Tally:
    """Parks judged; with any false alarm; alarms, false ones; silent residences, those judged and found."""

    parks: int = 0
    alarmed: int = 0
    alarms: int = 0
    false: int = 0
    silent: int = 0
    judged: int = 0
    found: int = 0

    def add(self, watch: Watch, quiet: np.ndarray) -> None:
        self.parks += 1
        self.alarmed += bool((watch.silent & ~quiet).any())
        self.alarms += int(watch.silent.sum())
        self.false += int((watch.silent & ~quiet).sum())
        self.silent += int(quiet.sum())
        self.judged += int((quiet & watch.judged).sum())
        self.found += int((watch.silent & quiet).sum())


def judge(park: Park, silent: bool, runs: int) -> Tally:
    """Many draws of one park."""
    total = Tally()
    for number in range(runs):
        seen, past, dwellings, quiet = counts(park, number, silent)
        if past.sum():
            total.add(silence.watch(seen, past, dwellings, SETUP["level"]), quiet)
    return total


def town(seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Each landlord of a synthetic town without silence: seen, past and dwellings of its residences."""
    homes = housing.residences(plan.draw(seed), seed)
    where = observing.Where(homes, street.addresses(plan.draw(seed), seed))
    until = planting.day_of(date(2026, 10, 31)) + 1
    cal = planting.Calendar(until - 800, until)
    units = planting.landlord_units(where.residences)
    found = planting.landlord_intensity(units, where.residences, planting.landlord_seeds(units, where.residences, cal), cal, seed)
    drawn = draw(found, town_stream(seed, "landlords"))
    edges = until - SETUP["recent_days"] - np.arange(STRETCHES, -1, -1) * (SETUP["past_days"] // STRETCHES)
    stretch = np.searchsorted(edges, drawn.day, side="right") - 1
    keep = stretch >= 0
    table = np.bincount(units.residence[drawn.unit[keep]] * (STRETCHES + 1) + stretch[keep],
                        minlength=len(homes) * (STRETCHES + 1)).reshape(len(homes), -1)
    owners = np.array([ORGANISATIONS.index(home.owner) for home in homes])
    dwellings = np.array([home.dwellings for home in homes], dtype=float)
    return [(table[owners == owner, STRETCHES], table[owners == owner, :STRETCHES], dwellings[owners == owner])
            for owner in np.unique(owners) if (owners == owner).sum() >= silence.LEAST_PLACES]


def towns(count: int) -> Tally:
    """Landlords of many towns."""
    total = Tally()
    for seed in range(1, count + 1):
        for seen, past, dwellings in town(seed):
            total.add(silence.watch(seen, past, dwellings, SETUP["level"]), np.zeros(len(seen), bool))
    return total


def figures(run: Run) -> list[Figure]:
    """False alarms by sort of park, what is found, and the towns."""
    rows = []
    for size in SETUP["sizes"]:
        parks = [park for park in PARKS if park.size == size]
        runs = run.runs(SETUP["runs"] if size < 2000 else SETUP["runs"] // 3)
        rows += _rows(size, [(park, judge(park, False, runs), judge(park, True, runs)) for park in parks])
    found = towns(run.runs(SETUP["towns"]))
    low, high = bounds(found.alarmed, found.parks)
    rows.append(figure("silence", Told(
        f"landlords of synthetic towns without silence with a false alarm ({found.parks} landlords, 95 % from {100 * low:.1f} to "
        f"{100 * high:.1f} %)", 100 * found.alarmed / found.parks, "≤ 5 %, within chance", low <= SETUP["level"])))
    return rows


def _rows(size: int, some: list[tuple[Park, Tally, Tally]]) -> list[Figure]:
    worst, calm, _ = max(some, key=lambda each: each[1].alarmed / max(1, each[1].parks))
    low, high = bounds(calm.alarmed, calm.parks)
    many = sum((np.array([loud.false, loud.alarms, loud.found, loud.judged, loud.silent]) for _, _, loud in some), np.zeros(5))
    false, alarms, found, judged, silent = many
    world = f"{worst.mean:g} expected in 90 days, month shape {worst.month_shape:g}"
    return [
        figure("silence", Told(f"parks of {size:,} residences without silence with a false alarm, worst of {len(some)} worlds "
                               f"({world}; {calm.parks} parks, 95 % from {100 * low:.1f} to {100 * high:.1f} %)",
                               100 * calm.alarmed / calm.parks, "≤ 5 %, within chance", low <= SETUP["level"])),
        figure("silence", Told(f"alarms that are false in parks of {size:,} residences of which 5 % fell silent ({alarms:,.0f} "
                               f"alarms of {len(some)} worlds)", 100 * false / max(alarms, 1), "≤ 5 %",
                               false / max(alarms, 1) <= SETUP["level"])),
        figure("silence", Told(f"silent residences found in those parks ({judged:,.0f} of {silent:,.0f} could be told, of "
                               f"{silent:,.0f} silent {100 * found / max(silent, 1):.0f} %)", 100 * found / max(judged, 1),
                               "told, no promise", True))]
