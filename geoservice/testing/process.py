"""Drawing facts from rates: gamma places, gamma months, a calendar, planted factors, then Poisson per day.

An Intensity keeps the mean of every (unit, rate, day), so truths are stated from means and facts are drawn from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoservice.testing.frame import Points
from geoservice.testing.rates import MONTH_SHAPE, OCCASIONAL_FACTOR, OCCASIONAL_SHARE, Rate, calendar, hour_weights

Days = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """Places that can have facts: code, position (metres), sort of place, weight (1 = a usual place), owner's rank."""

    codes: NDArray[np.str_]
    points: Points
    at: NDArray[np.str_]
    weight: NDArray[np.float64]
    owner: NDArray[np.int64]
    residence: NDArray[np.int64]  # rank of the residence, -1 without one

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class Plant:
    """Multiplies the rates of some categories at some units from `first` to `last` (days, last excluded)."""

    units: NDArray[np.bool_]
    categories: tuple[str, ...] | None  # None for all
    first: int
    last: int
    factor: float


@dataclass(frozen=True)
class Intensity:
    """Mean number of facts, shape (units, rates, days), and what it was made of."""

    units: Units
    rates: tuple[Rate, ...]
    days: Days
    mean: NDArray[np.float64]
    occasional: NDArray[np.bool_]

    def rows(self, categories: tuple[str, ...] | None) -> NDArray[np.bool_]:
        return np.array([categories is None or r.category in categories for r in self.rates])

    def expected(self, units: NDArray[np.bool_], categories: tuple[str, ...] | None, first: int, last: int) -> float:
        """Expected number of facts of these units and categories from day `first` to `last` (excluded)."""
        when = (self.days >= first) & (self.days < last)
        return float(self.mean[np.ix_(units, self.rows(categories), when)].sum())


def intensity(units: Units, rates: tuple[Rate, ...], days: Days, plants: list[Plant],
              rng: np.random.Generator) -> Intensity:
    """The mean of every unit, rate and day. Planted units and categories have no gamma place: their factor is exact."""
    mean = np.zeros((len(units), len(rates), len(days)))
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    month_rank = months - months[0]
    month_noise = rng.gamma(MONTH_SHAPE, 1 / MONTH_SHAPE, (len(units), month_rank[-1] + 1))[:, month_rank]
    occasional = (units.at == "hall") & (rng.random(len(units)) < OCCASIONAL_SHARE)
    for k, rate in enumerate(rates):
        place = rng.gamma(rate.shape, 1 / rate.shape, len(units))
        place = np.where(occasional & (rate.category in ("OCC", "TRF")), place * OCCASIONAL_FACTOR, place)
        touched = np.zeros(len(units), dtype=bool)
        for plant in plants:
            if plant.categories is not None and rate.category in plant.categories:
                touched |= plant.units
        base = np.where(units.at == rate.at, units.weight * rate.per_year / 365.25, 0.0) * np.where(touched, 1.0, place)
        mean[:, k] = base[:, None] * calendar(rate, days) * month_noise
    out = Intensity(units, rates, days, mean, occasional & ~planted(plants, len(units)))
    for plant in plants:
        multiply(out, plant)
    return out


def planted(plants: list[Plant], count: int) -> NDArray[np.bool_]:
    return np.logical_or.reduce([np.zeros(count, dtype=bool), *(p.units for p in plants if p.categories is not None)])


def multiply(target: Intensity, plant: Plant) -> None:
    """Applies a plant in place; only while the intensity is being built."""
    when = (target.days >= plant.first) & (target.days < plant.last)
    target.mean[np.ix_(plant.units, target.rows(plant.categories), when)] *= plant.factor


def move(target: Intensity, source: Plant, to: NDArray[np.bool_], share: float) -> None:
    """Lets `share` of what a plant takes away at its units arrive at the units `to`, spread evenly; while being built."""
    when = (target.days >= source.first) & (target.days < source.last)
    for k in np.flatnonzero(target.rows(source.categories)):
        lost = target.mean[np.ix_(source.units, [k], when)].sum(axis=(0, 1)) * (1 - source.factor)
        receivers = to & (target.units.at == target.rates[k].at)
        target.mean[np.ix_(receivers, [k], when)] += share * lost / max(1, receivers.sum())
    multiply(target, source)


@dataclass(frozen=True)
class Draws:
    """Facts as ranks: unit, rate, and day (days since 1970-01-01)."""

    unit: NDArray[np.int64]
    rate: NDArray[np.int64]
    day: Days

    def __len__(self) -> int:
        return len(self.unit)


def draw(target: Intensity, rng: np.random.Generator) -> Draws:
    counts = rng.poisson(target.mean)
    unit, rate, day = np.nonzero(counts)
    times = counts[unit, rate, day]
    return Draws(np.repeat(unit, times), np.repeat(rate, times), target.days[np.repeat(day, times)])


def hours(rates: tuple[Rate, ...], which: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Minute of the day of each fact by the hour profile of its rate, to five minutes as people note them."""
    table = np.cumsum([hour_weights(r) for r in rates], axis=1)
    hour = (rng.random(len(which))[:, None] > table[which]).sum(axis=1).clip(0, 23)
    return hour * 60 + 5 * rng.integers(0, 12, len(which))
