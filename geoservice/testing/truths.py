"""The planted truths, as frozen values that tests can ask for. Dates are local; `start` is included and `end` excluded.

Expected ratios and counts come from the rates that the facts were drawn from and not from the facts; only the chance pairs of
NearRepeat are computed from where and when its facts lie, as Knox does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Band:
    """An expected value and the interval in which a direct count must fall (about 4 standard errors)."""

    value: float
    low: float
    high: float

    def __contains__(self, seen: float) -> bool:
        return self.low <= seen <= self.high


@dataclass(frozen=True)
class HotSpot:
    """Places where facts of some categories are `multiplier` times as frequent as their base rate, for a period.

    `role` is foyer (a hot spot to be found), or levier / temoin / plaintes / silence for the elevated places of another truth.
    `units` are hall codes, or cells of 100 m for open reports; `positions` their (lon, lat). `ratio`: facts per unit inside
    over facts per unit elsewhere, in the period. `sources` are the organisations whose facts show it.
    """

    name: str
    role: str
    kind: str
    sources: tuple[str, ...]
    categories: tuple[str, ...]
    lon: float
    lat: float
    radius_m: float
    multiplier: float
    start: date
    end: date
    units: tuple[str, ...]
    positions: tuple[tuple[float, float], ...]
    ratio: Band
    expected_facts: Band


@dataclass(frozen=True)
class HourProfile:
    """Share of the facts of a category, with a known hour and no interval, that fall in `hours` (from, to; wraps)."""

    kind: str
    category: str
    hours: tuple[int, int]
    share: Band


@dataclass(frozen=True)
class NearRepeat:
    """Each fact sets off `offspring` more on average, within `distance_m` and `days`.

    `ratio`: pairs within both limits over the pairs expected if place and time were independent (Knox).
    """

    kind: str
    category: str
    distance_m: float
    days: int
    offspring: float
    planted_pairs: int
    ratio: Band


@dataclass(frozen=True)
class Silence:
    """A residence from which the landlord's export holds nothing from `start` on; `lost` facts would be expected since."""

    organisation: str
    residence: str
    start: date
    expected_before: Band
    lost: Band


@dataclass(frozen=True)
class ComplaintFall:
    """From `change` on, fewer of the facts of a residence lead to a complaint while facts do not fall.

    Shares are among facts whose complaint column is filled.
    """

    organisation: str
    residence: str
    change: date
    before: Band
    after: Band
    facts_ratio: Band  # facts a day after over before


@dataclass(frozen=True)
class Lever:
    """Works in a residence. `outcome` worked: facts fall to `factor`; displaced: `moved` of what left goes to `to`.

    `effect`: facts of the categories in the 365 days from `start` over the 365 days before; `relative`: that ratio over the same
    ratio of the control residences taken together; `arrival`: the ratio at `to`.
    """

    name: str
    outcome: str
    lever: str
    organisation: str
    residence: str
    lon: float
    lat: float
    start: date
    categories: tuple[str, ...]
    factor: float
    controls: tuple[str, ...]
    effect: Band
    relative: Band
    to: str | None = None
    moved: float = 0.0
    arrival: Band | None = None


@dataclass(frozen=True)
class Dispersion:
    """Variance over mean of the number of facts per unit (hall or 100 m cell) over the whole period; 1 would be Poisson."""

    kind: str
    unit: str
    units: int
    ratio: Band


@dataclass(frozen=True)
class Truth:
    """Everything that was planted. Places that carry none of these follow the stated rates."""

    seed: int
    start: date
    end: date
    hot_spots: tuple[HotSpot, ...]
    hour_profile: HourProfile
    near_repeat: NearRepeat
    silence: Silence
    complaint_fall: ComplaintFall
    levers: tuple[Lever, ...]
    dispersions: tuple[Dispersion, ...]
    occasional_halls: tuple[str, ...] = field(default=())

    def hot_spot(self, name: str) -> HotSpot:
        return next(h for h in self.hot_spots if h.name == name)

    def lever(self, outcome: str) -> Lever:
        return next(x for x in self.levers if x.outcome == outcome)
