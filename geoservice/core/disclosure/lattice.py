"""The release lattice: which counts of a kind are published at all, decided from public facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import Places
from geoservice.core.disclosure.relations import Relations
from geoservice.core.disclosure.slots import DETAILS, PERIODS, Groups, Slots
from geoservice.errors import BadInput

PROFILES = ("weekday", "band")
PROFILE_LEVELS = ("commune", "r7")
_COUNTS = {"year": 1, "quarter": 4, "month": 12, "weekday": 7, "band": 8}


@dataclass(frozen=True)
class Family:
    """Counts of one level of places, one kind of period and one detail of groups, with the facts expected in each (lambda)."""

    level: str
    period: str
    detail: str
    density: float


def families(places: Places, groups: Groups, volume: int, parameters: Parameters | None = None) -> tuple[Family, ...]:
    """The families that are published: lambda = V·s / (inhabited places × periods × groups) reaches the asked density.

    volume: V, the lower end of the DECLARED yearly class of this kind (`parameters.volume_floor`); s: the family's share of
    the territory's dwellings. Nothing here reads a fact, so the choice tells nothing about one.
    """
    asked = (parameters or Parameters()).density
    everywhere = float(places.atoms.dwellings.sum())
    found = []
    for level, period, detail in product(places.published, PERIODS, DETAILS):
        if period in PROFILES and (level not in PROFILE_LEVELS or detail != "all"):
            continue
        lived_in = [place.dwellings for place in places.published[level] if place.dwellings > 0]
        if not lived_in or everywhere <= 0:
            continue
        share = sum(lived_in) / everywhere
        kinds = {"all": 1, "group": len(groups.groups), "category": len(groups.categories)}[detail]
        density = volume * share / (len(lived_in) * _COUNTS[period] * kinds)
        if density >= asked:
            found.append(Family(level, period, detail, density))
    return tuple(found)


@dataclass(frozen=True)
class Lattice:
    """One kind, one year: places × slots, and which of the nodes are published. A node is (row of places, column of slots)."""

    kind: str
    places: Places
    slots: Slots
    families: tuple[Family, ...]

    def __post_init__(self) -> None:
        """Refuse months that do not exist."""
        if not self.slots.months or not set(self.slots.months) <= set(range(1, 13)):
            raise BadInput("Une diffusion couvre au moins un mois clos, de janvier à décembre.")

    @property
    def shape(self) -> tuple[int, int]:
        return self.places.nodes, len(self.slots.columns)

    def rows(self, family: Family) -> np.ndarray:
        """Rows of a family's places, in public order."""
        return np.array([place.node for place in self.places.published[family.level]], dtype=np.int64)

    def columns(self, family: Family) -> np.ndarray:
        """Columns of a family, (periods, groups)."""
        return self.slots.family(family.period, family.detail)

    def published(self) -> np.ndarray:
        """Which nodes any family publishes, (nodes, columns) bool."""
        out = np.zeros(self.shape, dtype=bool)
        for family in self.families:
            out[np.ix_(self.rows(family), self.columns(family).ravel())] = True
        return out

    def node_id(self, row: int, column: int) -> str:
        """The public identity of a node: kind, first published name of the place, period, group."""
        level, name = self.names[row]
        slot = self.slots.columns[column]
        return f"{self.kind}|{level}|{name}|{slot.period}|{slot.group}"

    @cached_property
    def names(self) -> dict[int, tuple[str, str]]:
        """Level and name of each published row; a place that has several keeps the first."""
        levels = self.places.published
        return {place.node: (place.level, place.name) for level in reversed(levels) for place in levels[level]}

    @cached_property
    def _kin(self) -> tuple[_Kin, _Kin]:
        return _kin(self.places.relations), _kin(self.slots.relations)

    def parents(self, row: int, column: int) -> list[tuple[int, int]]:
        """Nodes that this one is a part of, by one step on one axis."""
        rows, columns = self._kin
        return [(r, column) for r in rows.above.get(row, ())] + [(row, c) for c in columns.above.get(column, ())]

    def children(self, row: int, column: int) -> list[list[tuple[int, int]]]:
        """For each sum that this node is: its parts."""
        rows, columns = self._kin
        return ([[(r, column) for r in part] for part in rows.below.get(row, ())]
                + [[(row, c) for c in part] for part in columns.below.get(column, ())])


@dataclass(frozen=True)
class _Kin:
    """The sums of one axis by node."""

    above: dict[int, list[int]]
    below: dict[int, list[list[int]]]


def _kin(relations: tuple[Relations, ...]) -> _Kin:
    above: dict[int, list[int]] = {}
    below: dict[int, list[list[int]]] = {}
    for batch in relations:
        parts = np.split(batch.children, batch.starts[1:])
        for parent, part in zip(batch.parents.tolist(), parts, strict=True):
            below.setdefault(parent, []).append(part.tolist())
            for child in part.tolist():
                above.setdefault(child, []).append(parent)
    return _Kin(above, below)
