"""The synthetic town as one value: what stands there, what happened, and what was planted. Pure: no clock, no files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geoservice.testing import blocks, furniture, housing, observing, plan, planting, rates, stating
from geoservice.testing.factlist import FactList, Totals, totals
from geoservice.testing.frame import FRAME, Points, stream
from geoservice.testing.names import CITY, ORGANISATIONS, Organisation
from geoservice.testing.process import Draws, Units, draw, intensity, multiply
from geoservice.testing.truths import NearRepeat, Truth
from geoservice.types import Box

if TYPE_CHECKING:
    from geoservice.testing.files import Files

UNTIL = date(2026, 10, 31)


@dataclass(frozen=True)
class Town:
    """A fictional town. Geometry is in metres of its own plane (`frame.FRAME` gives degrees).

    `facts`: organisation code → the landlord's list, and "ville", "habitant", "transport" for the other kinds.
    """

    seed: int
    until: date
    organisations: tuple[Organisation, ...]
    plan: plan.Plan
    residences: tuple[housing.Residence, ...]
    footprints: tuple[blocks.Footprint, ...]
    heights: np.ndarray  # metres, NaN unknown, in the order of footprints
    addresses: tuple[furniture.Address, ...]
    lamps: Points
    stops: tuple[tuple[str, Points], ...]
    cameras: tuple[furniture.Camera, ...]
    facts: dict[str, FactList]
    truth: Truth

    @property
    def halls(self) -> tuple[housing.Hall, ...]:
        return tuple(h for r in self.residences for h in r.halls)

    @property
    def dwellings(self) -> int:
        """Social dwellings of all residences."""
        return sum(r.dwellings for r in self.residences)

    @property
    def box(self) -> Box:
        """Bounds of the two communes in degrees."""
        west, south, east, north = self.plan.outline.bounds
        (w, s), (e, n) = FRAME.lonlat(np.array([(west, south), (east, north)])).tolist()
        return Box(w, s, e, n)

    def of(self, owner: Organisation) -> tuple[housing.Residence, ...]:
        return tuple(r for r in self.residences if r.owner == owner)

    def quarters(self, generation: int) -> tuple[furniture.Quarter, ...]:
        """QPV of 2024 or 2015."""
        return furniture.quarters(self.plan, generation)

    def totals(self) -> dict[str, Totals]:
        """Per list of facts, what an import must find."""
        return {name: totals(found) for name, found in self.facts.items()}

    def write(self, folder: Path) -> Files:
        """Writes what organisations would hand over; the same town gives the same bytes."""
        from geoservice.testing.files import write

        return write(self, Path(folder))


def town(seed: int = 1, years: int = 3, until: date = UNTIL) -> Town:
    """The town of that seed, with facts for `years` (at least 2) ending on the day `until`, included. About a second."""
    if years < 2:
        raise ValueError("years: the planted truths need at least two years")
    ground = plan.draw(seed)
    homes = housing.residences(ground, seed)
    fixed = [f for r in homes for f in r.footprints] + blocks.sheds(stream(seed, "sheds")) + blocks.landmarks()
    footprints = tuple(fixed + blocks.houses(ground, stream(seed, "houses"), fixed))
    numbers, halts = furniture.addresses(ground, seed), furniture.stops(ground)
    where = observing.Where(homes, numbers)
    cal = planting.Calendar(planting.day_of(until.replace(year=until.year - years)) + 1, planting.day_of(until) + 1)
    facts, truth = happenings(where, halts, cal, until, seed)
    return Town(seed, until, ORGANISATIONS, ground, homes, footprints, blocks.heights(list(footprints), seed), numbers,
                furniture.lamps(ground), halts, furniture.cameras(ground, seed), facts, truth)


def happenings(where: observing.Where, halts: tuple[tuple[str, Points], ...], cal: planting.Calendar, until: date,
               seed: int) -> tuple[dict[str, FactList], Truth]:
    """All facts and the truths planted in them."""
    facts, truth = landlords(where, cal, seed)
    cells = planting.cell_units(where.addresses)
    seeds = planting.city_seeds(cells, cal, until)
    city = intensity(cells, rates.CITY, cal.days, [s.plant for s in seeds], stream(seed, "city rates"))
    lines = observing.city_lines(draw(city, stream(seed, "city")), cells, where, seed)
    facts["ville"] = observing.dmr_numbers(observing.numbered(CITY, "ville", lines, np.ones(len(lines["day"]), dtype=bool), ""))
    for kind, of, units in (("habitant", rates.INHABITANTS, cells), ("transport", rates.TRANSPORT, planting.stop_units(halts))):
        found = intensity(units, of, cal.days, [], stream(seed, f"{kind} rates"))
        lines = observing.other_lines(kind, draw(found, stream(seed, kind)), units, where, seed)
        facts[kind] = observing.numbered(CITY, kind, lines, np.ones(len(lines["day"]), dtype=bool), f"{kind[:2].upper()}-")
    spots = tuple(planting.hot_spot(s, city) for s in seeds)
    return facts, replace(truth, hot_spots=truth.hot_spots + spots,
                          dispersions=(*truth.dispersions, stating.dispersion("ville", "cell", city)))


def landlords(where: observing.Where, cal: planting.Calendar, seed: int) -> tuple[dict[str, FactList], Truth]:
    """Facts of the landlords (and of the city's own residences), with their truths."""
    units = planting.landlord_units(where.residences)
    seeds = planting.landlord_seeds(units, where.residences, cal)
    found = planting.landlord_intensity(units, where.residences, seeds, cal, seed)
    silence = planting.silence_of(units, where.residences, cal)
    silent = stating.silence(silence, found, where.residences)
    multiply(found, silence)
    draws, jitter, repeat = with_repeats(draw(found, stream(seed, "landlords")), units, cal, silence.units, seed)
    fall = stating.complaint_fall(cal, found, where.residences)
    lines = observing.landlord_lines(draws, units, where, jitter, seed, planting.day_of(fall.change))
    truth = Truth(seed, planting.date_of(cal.first), planting.date_of(cal.last),
                  tuple(planting.hot_spot(s, found) for s in seeds), stating.hour_profile(found), repeat, silent, fall,
                  tuple(stating.lever(w, found, where.residences) for w in stating.works(cal)),
                  (stating.dispersion("bailleur", "hall", found),), tuple(units.codes[found.occasional].tolist()))
    return observing.by_landlord(lines), truth


def with_repeats(draws: Draws, units: Units, cal: planting.Calendar, quiet: np.ndarray,
                 seed: int) -> tuple[Draws, Points, NearRepeat]:
    """Adds near repeats of VOL: offspring within 40 m and 1 to 5 days; and the metres from unit to event of every fact."""
    rng = stream(seed, "repeats")
    theft = np.array([r.category == "VOL" for r in rates.LANDLORD])[draws.rate]
    spread = np.where(theft, 45.0, np.where(units.at[draws.unit] == "hall", 1.5, 14.0))
    jitter = rng.normal(0, 1, (len(draws), 2)) * spread[:, None]
    parent = np.repeat(np.flatnonzero(theft), rng.poisson(planting.OFFSPRING, theft.sum()))
    day = draws.day[parent] + rng.integers(1, 6, len(parent))
    angle, reach = rng.uniform(0, 2 * np.pi, len(parent)), 40 * np.sqrt(rng.random(len(parent)))
    late = (day >= cal.last) | quiet[draws.unit[parent]]
    parent, day, angle, reach = parent[~late], day[~late], angle[~late], reach[~late]
    step = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    jitter = np.vstack([jitter, jitter[parent] + step])
    every = Draws(*(np.concatenate([a, b]) for a, b in ((draws.unit, draws.unit[parent]), (draws.rate, draws.rate[parent]),
                                                        (draws.day, day))))
    thefts = np.array([r.category == "VOL" for r in rates.LANDLORD])[every.rate]
    points = (units.points[every.unit] + jitter)[thefts]
    return every, jitter, stating.near_repeat(points, every.day[thefts], len(parent))


def inside(found: Town, lonlat: Points) -> np.ndarray:
    """Which of these points (degrees) lie in the town's communes."""
    return shapely.contains_xy(found.plan.outline, FRAME.metres(lonlat))
