"""When do facts happen? Profiles by weekday and hour in which a fact that lasted weighs on every hour it may belong to.

Ratcliffe (International Journal of Geographical Information Science 14, 2000): a fact known to lie between two moments is shared
among the hours between them. Shares are over real hours, so that nights on which the clock changes are neither doubled nor lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.exposure import Hours, hours
from geoservice.core.stats.exposure import days as length
from geoservice.core.stats.given import NotEnough, numbers_of, same_length
from geoservice.core.stats.intervals import poisson_limits
from geoservice.errors import BadInput
from geoservice.types import UNKNOWN_HOUR

_AT_ONCE = 4_000_000  # hours of facts shared out at a time


@dataclass(frozen=True, eq=False)
class Period:
    """Local days [since, until), as day numbers, on the clock of a zone."""

    since: int
    until: int
    zone: str = "Europe/Paris"


@dataclass(frozen=True, eq=False)
class Profile:
    """Weights by weekday (row 0 Monday) and local clock hour, (7, 24) float64, and the real hours there were, (7, 24) int64.

    `facts`: all that were given. `unknown` have no hour and weigh nowhere; `outside`: weight of facts, or of parts of
    them, that lies outside the period. weights.sum() + unknown + outside == facts.
    """

    weights: np.ndarray
    exposure: np.ndarray
    facts: int
    unknown: int
    outside: float

    @property
    def rates(self) -> np.ndarray:
        """Facts per real hour, (7, 24); 0 where the period has no such hour."""
        return np.divide(self.weights, self.exposure, out=np.zeros((7, 24)), where=self.exposure > 0)

    @property
    def ratios(self) -> np.ndarray:
        """Rates over the rate of the whole week, (7, 24): 1 everywhere when facts fall evenly; 0 without facts."""
        mean = self.weights.sum() / self.exposure.sum()
        return self.rates / mean if mean > 0 else np.zeros((7, 24))

    def limits(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Interval of `rates`, (7, 24) each, as of Poisson counts; weights of long intervals vary less than that."""
        low, high = poisson_limits(self.weights.ravel(), level)
        hours_there = np.maximum(self.exposure, 1)
        known = self.exposure > 0
        return (np.where(known, low.reshape(7, 24) / hours_there, 0.0), np.where(known, high.reshape(7, 24) / hours_there, 0.0))


def profile(day: np.ndarray, hour: np.ndarray, span: np.ndarray, period: Period) -> Profile:
    """Profile of rows of a FactIndex: local day number, clock hour (255 unknown) and further clock hours touched; (n,) each.

    A fact that touches h hours weighs 1 / h on each. An hour that comes twice is taken as the first; one that does not exist as
    unknown (the import makes none). NotEnough without any fact; BadInput for arrays of different lengths.
    """
    days, clock, further = (np.asarray(some).astype(np.int64) for some in (day, hour, span))
    same_length("jours, heures et durées", days, clock, further)
    length(period.since, period.until)
    if not len(days):
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : il n’y a pas d’heures à montrer.")
    if len(further) and (further.min() < 0 or clock.min() < 0 or ((clock > 23) & (clock != UNKNOWN_HOUR)).any()):
        raise BadInput("Les heures vont de 0 à 23 (255 pour une heure inconnue) et les durées ne sont pas négatives.")
    known = clock != UNKNOWN_HOUR
    longest = int(further[known].max(initial=0)) // 24 + 2
    wide = hours(period.since - longest, period.until + longest, period.zone)
    start = _first_of(wide, days, clock)
    within = days.clip(period.since - longest, period.until + longest - 1) == days
    unknown = ~known | (within & (start < 0))
    used = ~unknown & within
    each = _shared(start[used], further[used], len(wide.day))
    return _counted(wide, each, period, len(days), int(unknown.sum()))


def profile_of_moments(start: np.ndarray, seconds: np.ndarray, period: Period) -> Profile:
    """Profile of facts known to the second: UTC seconds of their start, seconds they may have lasted (0 for a moment); (n,) each.

    Each hour gets the exact part of the interval that lies in it. NotEnough without facts; BadInput for negative durations.
    """
    begins, lasted = numbers_of(start, "moments"), numbers_of(seconds, "durées")
    same_length("moments et durées", begins, lasted)
    if not len(begins):
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : il n’y a pas d’heures à montrer.")
    if lasted.min() < 0:
        raise BadInput("Une durée ne peut pas être négative.")
    real = hours(period.since, period.until, period.zone)
    edges = np.append(real.utc, real.utc[-1] + 3600).astype(np.float64)
    lasted = np.maximum(lasted, 1e-6)  # a moment lies wholly in its hour
    before = np.zeros(len(edges))
    step = max(1, _AT_ONCE // len(edges))
    for first in range(0, len(begins), step):
        some = slice(first, first + step)
        before += np.clip((edges - begins[some, None]) / lasted[some, None], 0.0, 1.0).sum(axis=0)
    return _counted(real, np.diff(before), period, len(begins), 0)


def _first_of(real: Hours, day: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """Position of the first real hour with this local day and clock hour, -1 where there is none; (n,)."""
    name = real.day * 24 + real.hour
    wanted = day * 24 + hour
    order = np.argsort(name, kind="stable")
    place = np.minimum(np.searchsorted(name[order], wanted), len(name) - 1)
    found = order[place]
    return np.where(name[found] == wanted, found, -1)


def _shared(start: np.ndarray, further: np.ndarray, size: int) -> np.ndarray:
    """Weight on each real hour of facts that touch `further` hours after their first, (size,): steps up and down, summed."""
    weight = 1.0 / (further + 1)
    change = np.bincount(start, weight, minlength=size + 1) - np.bincount(np.minimum(start + further + 1, size), weight, size + 1)
    return np.maximum(np.cumsum(change)[:size], 0.0)


def _counted(real: Hours, each: np.ndarray, period: Period, facts: int, unknown: int) -> Profile:
    inside = (real.day >= period.since) & (real.day < period.until)
    slot = (real.weekday * 24 + real.hour)[inside]
    weights = np.bincount(slot, each[inside], minlength=168).reshape(7, 24)
    exposure = np.bincount(slot, minlength=168).reshape(7, 24)
    weights[weights < 1e-9] = 0.0  # what steps up and down leave behind
    return Profile(weights, exposure, facts, unknown, max(0.0, facts - unknown - float(weights.sum())))
