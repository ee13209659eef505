"""The facts behind a statistic: matching rows of every index in reach, and the unit of the study area that each falls in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core import facts, grid
from geoservice.core.facts import UNCERTAIN, Area, FactIndex
from geoservice.core.query import FactQuery
from geoservice.operations.reader import Reader
from geoservice.types import Placement, code_of

# how far a fact may be from where it is shown, in metres; `numero` is a door, `residence` the middle of an estate
PRECISION_M = {Placement.COORDONNEES: 10.0, Placement.HALL: 10.0, Placement.NUMERO: 15.0, Placement.BATIMENT: 30.0,
               Placement.RESIDENCE: 80.0}
_ON_RESIDENCES = [code_of(each) for each in (Placement.HALL, Placement.BATIMENT, Placement.RESIDENCE)]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Matching facts with a point: rows of each index; `unplaced` match and have none; `unknown` by condition: see CellCounts."""

    parts: tuple[tuple[FactIndex, np.ndarray], ...]
    unplaced: int
    unknown: dict[str, int]

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.parts)

    def column(self, name: str) -> np.ndarray:
        """A column of the FactIndex for every fact, (m,)."""
        return np.concatenate([index[name].take(rows) for index, rows in self.parts] or [np.empty(0, np.int64)])

    def parents(self, resolution: int) -> np.ndarray:
        """The cell of each fact, (m,) uint64."""
        return grid.parents(self.column("cell").astype(np.uint64), resolution)

    def residences(self) -> np.ndarray:
        """Code of the residence each fact names, (m,) text, empty where it names none."""
        return np.concatenate([np.array(index.units.residence).take(index["unit"].take(rows)) for index, rows in self.parts]
                              or [np.empty(0, "U1")])

    def placements(self) -> np.ndarray:
        """Facts by placement code, (256,)."""
        return np.bincount(self.column("placement"), minlength=256)

    def on_residences(self) -> float:
        """Share of facts whose point is that of a residence, building or hall that they name; 0 without facts."""
        return float(self.placements()[_ON_RESIDENCES].sum() / len(self)) if len(self) else 0.0


def chosen(reader: Reader, query: FactQuery, within: np.ndarray | None = None) -> Chosen:
    """Facts with a point that match a query of one kind; `within`: only descendants of these cells."""
    query, area = reader.resolved(query, within)
    return _selected(reader, query, area)


def _selected(reader: Reader, query: FactQuery, area: Area) -> Chosen:
    found = [(index, facts.select(index, area, query)) for index in reader.indexes.values()]
    return Chosen(tuple((index, selection.rows) for index, selection in found), sum(each.unplaced for _, each in found),
                  {name: sum(each.unknown[name] for _, each in found) for name in UNCERTAIN})


def of_units(reader: Reader, query: FactQuery, codes: tuple[str, ...]) -> Chosen:
    """Facts that name one of these residences, with and without a point, `AGP` included; zone and box do not cut them."""
    query, _ = reader.resolved(replace(query, zone=None, bbox=None))
    wanted = set(codes)
    parts = tuple((index, facts.rows_of_units(index, query, np.array([code in wanted for code in index.units.residence])))
                  for index in reader.indexes.values())
    return Chosen(parts, 0, dict.fromkeys(UNCERTAIN, 0))


def position(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Place of each asked value among sorted known ones, -1 where it is not there; (m,) int64."""
    if not len(known):
        return np.full(len(asked), -1)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, at, -1)
