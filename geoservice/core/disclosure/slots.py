"""When and what: the calendar of one year crossed with groups of categories, as the second axis of a lattice."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from geoservice.core.disclosure.relations import Relations, batch
from geoservice.errors import BadInput
from geoservice.types import UNKNOWN_HOUR, UNMAPPED_CATEGORIES, Category

PERIODS = ("year", "quarter", "month", "weekday", "band")
DETAILS = ("all", "group", "category")
BAND_HOURS = 3
UNKNOWN_BAND = 24 // BAND_HOURS  # facts without an hour: a node of the audit, never published
GROUPS: dict[str, tuple[str, ...]] = {
    "proprete": ("SAL",),
    "degradations": ("DEG", "VOL", "TEC"),
    "tranquillite": ("OCC", "TRF", "BRU", "AGL"),
    "cadre": ("VEH", "ANI", "AUT"),
}


@dataclass(frozen=True)
class Groups:
    """Shared groups of categories, from public facts alone. Each category is in exactly one group; `AGP` is in none."""

    groups: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(GROUPS))

    def __post_init__(self) -> None:
        """Refuse groups that overlap, or that hold what is never released."""
        every = [category for members in self.groups.values() for category in members]
        if len(set(every)) != len(every) or not every:
            raise BadInput("Chaque catégorie appartient à un seul groupe de diffusion.")
        if set(every) & {str(category) for category in UNMAPPED_CATEGORIES}:
            raise BadInput("Les atteintes au personnel (AGP) n’entrent dans aucune diffusion.")

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """All categories, in the order of the axis."""
        return tuple(category for members in self.groups.values() for category in members)

    def positions(self, codes: np.ndarray) -> np.ndarray:
        """Place on the axis of facts' category codes (position in `types.Category` + 1), -1 for those in no group."""
        words = [str(category) for category in Category]
        table = np.full(256, -1, dtype=np.int64)
        for place, category in enumerate(self.categories):
            if category in words:
                table[words.index(category) + 1] = place
        return table[codes]


@dataclass(frozen=True)
class Slot:
    """One column of the lattice: a period and a group by their public names, such as ("2024-Q1", "group:proprete")."""

    period: str
    group: str


@dataclass(frozen=True)
class Slots:
    """The columns of one year. months: those closed, 1 to 12; a quarter or the year is there once all of its months are.

    `of[period kind][detail]` lists columns in public order; a group of a single category and that category are one column.
    """

    year: int
    months: tuple[int, ...]
    groups: Groups

    @cached_property
    def periods(self) -> dict[str, tuple[str, ...]]:
        """Names of the closed periods by kind; the unknown band is last of its kind."""
        quarters = [q for q in range(1, 5) if set(range(3 * q - 2, 3 * q + 1)) <= set(self.months)]
        whole = len(self.months) == 12
        return {
            "year": (f"{self.year}",) if whole else (),
            "quarter": tuple(f"{self.year}-Q{q}" for q in quarters),
            "month": tuple(f"{self.year}-{m:02d}" for m in self.months),
            "weekday": tuple(f"{self.year}-D{d}" for d in range(1, 8)) if whole else (),
            "band": (*(f"{self.year}-H{b * BAND_HOURS:02d}" for b in range(UNKNOWN_BAND)), f"{self.year}-H--") if whole else (),
        }

    @cached_property
    def details(self) -> dict[str, tuple[str, ...]]:
        """Names of groups by detail."""
        return {"all": ("all",), "group": tuple(f"group:{name}" for name in self.groups.groups),
                "category": tuple(f"category:{name}" for name in self.groups.categories)}

    def _canonical(self, group: str) -> str:
        kind, _, name = group.partition(":")
        alone = {f"category:{members[0]}": f"group:{key}" for key, members in self.groups.groups.items() if len(members) == 1}
        return alone.get(group, group) if kind == "category" and name else group

    @cached_property
    def columns(self) -> tuple[Slot, ...]:
        """Every column once."""
        found = [Slot(period, group) for kind in ("year", "quarter", "month") for period in self.periods[kind]
                 for detail in DETAILS for group in self.details[detail] if self._canonical(group) == group]
        return (*found, *(Slot(period, "all") for kind in ("weekday", "band") for period in self.periods[kind]))

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        return {(slot.period, slot.group): place for place, slot in enumerate(self.columns)}

    def column(self, period: str, group: str) -> int:
        """Column of a period and group by name."""
        return self.index[period, self._canonical(group)]

    def family(self, period: str, detail: str) -> np.ndarray:
        """Columns of one kind of period and one detail, (periods, groups) int; the unknown band is left out."""
        periods = self.periods[period][:UNKNOWN_BAND] if period == "band" else self.periods[period]
        return np.array([[self.column(name, group) for group in self.details[detail]] for name in periods],
                        dtype=np.int64).reshape(len(periods), len(self.details[detail]))

    @cached_property
    def relations(self) -> tuple[Relations, ...]:
        """Sums between columns: quarters are a year, months a quarter, weekdays and bands a year, categories groups."""
        calendar = ("year", "quarter", "month")
        named = [(period, group) for kind in calendar for period in self.periods[kind] for group in self._own_groups()]
        quarters = self.periods["quarter"]
        batches = [
            batch((self.column(year, group), [self.column(q, group) for q in quarters])
                  for year in self.periods["year"] for group in self._own_groups()),
            batch((self.column(q, group), [self.column(f"{self.year}-{m:02d}", group) for m in _months(q)])
                  for q in quarters for group in self._own_groups()),
            *(batch((self.column(year, "all"), [self.column(part, "all") for part in self.periods[kind]])
                    for year in self.periods["year"]) for kind in ("weekday", "band")),
            batch((self.column(period, "all"), [self.column(period, name) for name in self.details["group"]])
                  for period, group in named if group == "all"),
            batch((self.column(period, f"group:{name}"), [self.column(period, f"category:{part}") for part in members])
                  for name, members in self.groups.groups.items() for period, group in named if group == "all"),
        ]
        return tuple(found for found in batches if found is not None)

    def _own_groups(self) -> list[str]:
        return [group for detail in DETAILS for group in self.details[detail] if self._canonical(group) == group]

    @cached_property
    def base(self) -> int:
        """Number of base columns: months × categories, then weekdays, then bands."""
        return 12 * len(self.groups.categories) + 7 + UNKNOWN_BAND + 1

    @cached_property
    def spread(self) -> np.ndarray:
        """Which base columns each column adds up, (base, columns) of 0 and 1, int8."""
        out = np.zeros((self.base, len(self.columns)), dtype=np.int8)
        categories = self.groups.categories
        for place, slot in enumerate(self.columns):
            chosen = self._categories(slot.group)
            for month in self._months(slot.period):
                out[[(month - 1) * len(categories) + category for category in chosen], place] = 1
            profile = self._profile(slot.period)
            if profile is not None:
                out[12 * len(categories) + profile, place] = 1
        return out

    def _categories(self, group: str) -> list[int]:
        kind, _, name = group.partition(":")
        members = self.groups.categories if kind == "all" else self.groups.groups[name] if kind == "group" else (name,)
        return [self.groups.categories.index(member) for member in members]

    def _months(self, period: str) -> tuple[int, ...]:
        rest = period[5:]
        if not rest:
            return tuple(range(1, 13))
        if rest[0] in "DH":
            return ()
        return tuple(_months(period)) if rest[0] == "Q" else (int(rest),)

    def _profile(self, period: str) -> int | None:
        rest = period[5:]
        if rest.startswith("D"):
            return int(rest[1]) - 1
        if rest.startswith("H"):
            return 7 + (UNKNOWN_BAND if rest == "H--" else int(rest[1:]) // BAND_HOURS)
        return None

    def base_of(self, month: np.ndarray, weekday: np.ndarray, hour: np.ndarray, category: np.ndarray) -> np.ndarray:
        """The three base columns of each fact, (n, 3): by month (1 to 12) and category place, by weekday (0 Monday), by hour."""
        count = len(self.groups.categories)
        band = np.where(hour == UNKNOWN_HOUR, UNKNOWN_BAND, hour.astype(np.int64) // BAND_HOURS)
        return np.stack([(month - 1) * count + category, 12 * count + weekday, 12 * count + 7 + band], axis=1)


def _months(quarter: str) -> range:
    last = 3 * int(quarter[-1])
    return range(last - 2, last + 1)
