"""Where each truth is planted, and the intensities of the four kinds of facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from geoservice.testing import rates
from geoservice.testing.frame import FRAME, Points, stream
from geoservice.testing.furniture import Address
from geoservice.testing.housing import Residence
from geoservice.testing.names import CITY, ORGANISATIONS
from geoservice.testing.plan import ESTATES
from geoservice.testing.process import Intensity, Plant, Units, intensity, move
from geoservice.testing.truths import Band, HotSpot

CELL_M = 100.0
EPOCH = date(1970, 1, 1)
OFFSPRING = 0.5  # near repeats: facts that one VOL sets off
REPEAT_M, REPEAT_DAYS = 60.0, 7
COMPLAINT_BEFORE, COMPLAINT_AFTER = 0.34, 0.06

# roles of slots of the drawing (housing.SLOTS)
LEVER, LEVER_CONTROLS, LEVER_FACTOR = "w2", ("w1", "o2"), 0.35
PUSHED, PUSHED_TO, PUSHED_CONTROLS, PUSHED_FACTOR, PUSHED_SHARE = "e1", "e2", ("o3", "s3"), 0.25, 0.9
SILENT, COMPLAINTS = "g3", "n1"


@dataclass(frozen=True)
class Seed:
    """A hot spot before anything is counted: which units, which categories, when, how much."""

    name: str
    role: str
    kind: str
    categories: tuple[str, ...]
    centre: tuple[float, float]
    radius: float
    multiplier: float
    first: int
    last: int
    inside: NDArray[np.bool_]

    @property
    def plant(self) -> Plant:
        return Plant(self.inside, self.categories, self.first, self.last, self.multiplier)


@dataclass(frozen=True)
class Calendar:
    """Days of the town (days since 1970-01-01) and the dates on which something changes."""

    first: int
    last: int  # excluded

    @property
    def days(self) -> NDArray[np.int64]:
        return np.arange(self.first, self.last)

    def back(self, days: int) -> int:
        """The day that many days before the end, never before the second day."""
        return max(self.first + 1, self.last - days)


def day_of(value: date) -> int:
    return (value - EPOCH).days


def date_of(day: int) -> date:
    return EPOCH + timedelta(days=int(day))


def landlord_units(residences: tuple[Residence, ...]) -> Units:
    """Halls, then the grounds of residences (their middle)."""
    rows = [(h.code, h.x, h.y, "hall", i) for i, r in enumerate(residences) for h in r.halls]
    rows += [(r.code, r.x, r.y, "residence", i) for i, r in enumerate(residences)]
    weight = [1.0 if at == "hall" else residences[i].dwellings / 135 for _, _, _, at, i in rows]
    owner = [ORGANISATIONS.index(residences[i].owner) for *_, i in rows]
    return Units(np.array([r[0] for r in rows]), np.array([r[1:3] for r in rows], dtype=float),
                 np.array([r[3] for r in rows]), np.array(weight), np.array(owner), np.array([r[4] for r in rows]))


def cell_of(points: Points) -> NDArray[np.str_]:
    """Code of the 100 m square of the town's plane that holds each point."""
    ranks = np.floor(np.asarray(points) / CELL_M).astype(int)
    return np.array([f"C{x:+03d}{y:+03d}" for x, y in ranks.tolist()])


def cell_units(addresses: tuple[Address, ...]) -> Units:
    """Squares of 100 m that hold addresses, weighted by how many; their position is the middle of the addresses."""
    points = np.array([(a.x, a.y) for a in addresses])
    codes, which, count = np.unique(cell_of(points), return_inverse=True, return_counts=True)
    middle = np.column_stack([np.bincount(which, points[:, i]) / count for i in (0, 1)])
    none = np.full(len(codes), -1)
    return Units(codes, middle, np.full(len(codes), "cell"), count / count.mean(), none, none)


def stop_units(stops: tuple[tuple[str, Points], ...]) -> Units:
    none = np.full(len(stops), -1)
    return Units(np.array([f"arrêt {name}" for name, _ in stops]), np.array([p for _, p in stops]),
                 np.full(len(stops), "stop"), np.ones(len(stops)), none, none)


def near(units: Units, centre: tuple[float, float], radius: float, at: str) -> NDArray[np.bool_]:
    return (np.hypot(*(units.points - centre).T) <= radius) & (units.at == at)


def landlord_seeds(units: Units, residences: tuple[Residence, ...], cal: Calendar) -> list[Seed]:
    """Hot spots of halls, and the elevated residences on which the other truths rest."""

    def spot(name: str, key_or_point: object, radius: float, cats: tuple[str, ...], by: float, first: int, last: int) -> Seed:
        at = place_of(residences, key_or_point) if isinstance(key_or_point, str) else key_or_point
        return Seed(name, "foyer", "bailleur", cats, at, radius, by, first, last, near(units, at, radius, "hall"))

    middle = ("OCC", "TRF")
    berges = tuple(ESTATES[2].place(np.array([[30.0, -66.0]]))[0])
    out = [spot("halls des Trois Peupliers", "n3", 75.0, middle, 25.0, cal.first, cal.last),
           spot("halls de La Garenne, depuis un an", "g8", 85.0, middle, 20.0, cal.back(365), cal.last),
           spot("dégradations des Berges, la première année", berges, 105.0, ("DEG",), 7.0, cal.first, cal.back(730))]
    return out + elevated_seeds(units, residences, cal)


# role, slots, categories and multiplier of the places on which the other truths rest: they must speak enough to be judged
ELEVATED = (("silence", (SILENT,), ("DEG", "SAL"), 3.0), ("plaintes", (COMPLAINTS,), ("DEG",), 5.0),
            ("levier", (LEVER, PUSHED), ("OCC",), 7.0), ("temoin", (*LEVER_CONTROLS, *PUSHED_CONTROLS, PUSHED_TO), ("OCC",), 7.0))


def elevated_seeds(units: Units, residences: tuple[Residence, ...], cal: Calendar) -> list[Seed]:
    out = []
    for role, keys, categories, by in ELEVATED:
        for key in keys:
            inside = halls_of(units, residences, key)
            at = tuple(units.points[inside].mean(axis=0))
            radius = float(np.hypot(*(units.points[inside] - at).T).max()) + 5
            code = residences[rank_of(residences, key)].code
            out.append(Seed(f"{role} {code}", role, "bailleur", categories, at, radius, by, cal.first, cal.last, inside))
    return out


def city_seeds(units: Units, cal: Calendar, until: date) -> list[Seed]:
    works = (ESTATES[3].x, ESTATES[3].y)
    summer = day_of(date(until.year - 1, 5, 1)), day_of(date(until.year - 1, 10, 1))
    first, last = (min(max(d, cal.first), cal.last) for d in summer)
    return [Seed("dépôts autour du marché", "foyer", "ville", ("SAL",), (0.0, 0.0), 150.0, 6.0, cal.first, cal.last,
                 near(units, (0.0, 0.0), 150.0, "cell")),
            Seed("véhicules de La Fonderie, un été", "foyer", "ville", ("VEH",), works, 170.0, 25.0, first, last,
                 near(units, works, 170.0, "cell"))]


def rank_of(residences: tuple[Residence, ...], key: str) -> int:
    return next(i for i, r in enumerate(residences) if r.key == key)


def place_of(residences: tuple[Residence, ...], key: str) -> tuple[float, float]:
    r = residences[rank_of(residences, key)]
    return (r.x, r.y)


def halls_of(units: Units, residences: tuple[Residence, ...], key: str, grounds: bool = False) -> NDArray[np.bool_]:
    mine = units.residence == rank_of(residences, key)
    return mine if grounds else mine & (units.at == "hall")


def landlord_intensity(units: Units, residences: tuple[Residence, ...], seeds: list[Seed], cal: Calendar,
                       seed: int) -> Intensity:
    """Means of the landlords' facts with every truth of theirs in place."""
    out = intensity(units, rates.LANDLORD, cal.days, [s.plant for s in seeds], stream(seed, "landlord rates"))
    lever = Plant(halls_of(units, residences, LEVER), ("OCC",), cal.back(510), cal.last, LEVER_FACTOR)
    move(out, lever, np.zeros(len(units), dtype=bool), 0.0)
    pushed = Plant(halls_of(units, residences, PUSHED), ("OCC",), cal.back(590), cal.last, PUSHED_FACTOR)
    move(out, pushed, halls_of(units, residences, PUSHED_TO), PUSHED_SHARE)
    return out


def silence_of(units: Units, residences: tuple[Residence, ...], cal: Calendar) -> Plant:
    """What falls silent: applied after the truths are stated, so that what is lost can be stated too."""
    return Plant(halls_of(units, residences, SILENT, grounds=True), None, cal.back(244), cal.last, 0.0)


def hot_spot(s: Seed, found: Intensity) -> HotSpot:
    """A hot spot with what a count must show, from the means."""
    units = found.units
    inside = found.expected(s.inside, s.categories, s.first, s.last)
    same = (units.at == units.at[s.inside][0]) & ~s.inside
    outside = found.expected(same, s.categories, s.first, s.last)
    ratio = (inside / s.inside.sum()) / (outside / same.sum())
    spread = 4 * np.sqrt(1 / inside + 1 / outside)
    owners = sorted({ORGANISATIONS[i].code for i in units.owner[s.inside] if i >= 0}) or [CITY.code]
    lon, lat = FRAME.lonlat(np.array([s.centre]))[0].tolist()
    positions = tuple((a, b) for a, b in FRAME.lonlat(units.points[s.inside]).tolist())
    return HotSpot(s.name, s.role, s.kind, tuple(owners), s.categories, lon, lat, round(s.radius, 1), s.multiplier,
                   date_of(s.first), date_of(s.last), tuple(units.codes[s.inside].tolist()), positions,
                   Band(*map(rounded, (ratio, ratio * np.exp(-spread), ratio * np.exp(spread)))), poisson_band(inside))


def poisson_band(mean: float) -> Band:
    return Band(*map(rounded, (mean, max(0.0, mean - 4 * np.sqrt(mean) - 1), mean + 4 * np.sqrt(mean) + 2)))


def ratio_band(after: float, before: float, *others: float) -> Band:
    """Band of after / before for Poisson counts; `others` are further counts that make the ratio less certain."""
    value = after / before
    spread = 4 * np.sqrt(sum(1 / max(x, 1) for x in (after, before, *others)))
    return Band(*map(rounded, (value, value * np.exp(-spread), value * np.exp(spread))))


def rounded(value: float) -> float:
    return round(float(value), 4)
