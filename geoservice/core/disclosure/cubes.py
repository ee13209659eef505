"""Facts of a release as columns, and their counts at every node of a lattice."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from geoservice.core.disclosure.lattice import Lattice
from geoservice.core.disclosure.places import Places
from geoservice.core.disclosure.slots import Groups
from geoservice.errors import BadInput


@dataclass(frozen=True)
class Facts:
    """Facts of any kinds and organisations, n each. A fact is ONE record of one organisation.

    cell: uint64, finest H3 cell (0: no point, never released); day: int, local days since 1970-01-01; hour: uint8, 255 unknown;
    category: uint8, position in types.Category + 1; kind: str; organisation: int; key: uint64, random bits drawn when the
    record entered, never derived from it and never exported; public: bool, disclosed outside by its owner.
    """

    cell: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    category: np.ndarray
    kind: np.ndarray
    organisation: np.ndarray
    key: np.ndarray
    public: np.ndarray

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        if len({len(getattr(self, column.name)) for column in fields(self)}) != 1:
            raise BadInput("Les colonnes des faits n’ont pas la même longueur.")

    def __len__(self) -> int:
        return len(self.cell)

    def take(self, rows: np.ndarray) -> Facts:
        """Some of the facts, by mask or positions."""
        return Facts(*(getattr(self, column.name)[rows] for column in fields(self)))

    def and_(self, other: Facts) -> Facts:
        """These facts and others after them."""
        return Facts(*(np.concatenate([getattr(self, column.name), getattr(other, column.name)]) for column in fields(self)))

    @property
    def month(self) -> np.ndarray:
        """Months since 1970-01, (n,) int64."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def releasable(facts: Facts, places: Places, groups: Groups) -> np.ndarray:
    """Which facts a release may count: with a point on an atom and a category that is in a group (`AGP` never is)."""
    return (facts.cell != 0) & (places.atoms.of(facts.cell) >= 0) & (groups.positions(facts.category) >= 0)


@dataclass(frozen=True)
class Cube:
    """Facts of one kind and year on a lattice. piece, base: where each releasable fact stands; all (n,) or (n, 3)."""

    lattice: Lattice
    facts: Facts
    piece: np.ndarray
    base: np.ndarray

    def counts(self, chosen: np.ndarray | None = None) -> np.ndarray:
        """Number of facts at every node, (nodes, columns) int32; chosen: (n,) bool."""
        piece, base = (self.piece, self.base) if chosen is None else (self.piece[chosen], self.base[chosen])
        slots = self.lattice.slots
        flat = np.bincount((piece[:, None] * slots.base + base).ravel(), minlength=self.lattice.places.pieces * slots.base)
        wide = flat.reshape(-1, slots.base).astype(np.float64) @ slots.spread.astype(np.float64)
        return self.lattice.places.total(wide.astype(np.int32))

    def keys(self) -> np.ndarray:
        """Sum modulo 2**64 of the keys of the facts at every node, (nodes, columns) uint64."""
        slots = self.lattice.slots
        out = np.zeros((self.lattice.places.pieces, slots.base), dtype=np.uint64)
        np.add.at(out, (self.piece[:, None], self.base), self.facts.key[:, None])
        wide = np.zeros((len(out), len(slots.columns)), dtype=np.uint64)
        for column in range(slots.base):  # a product of unsigned numbers that wrap, without a copy of the whole
            wide[:, slots.spread[column] == 1] += out[:, column, None]
        return self.lattice.places.total(wide)

    def organisations(self) -> list[int]:
        """Organisations that hold a fact here, in order."""
        return np.unique(self.facts.organisation).tolist()

    def of(self, organisation: int) -> np.ndarray:
        """Which facts are an organisation's, (n,) bool."""
        return self.facts.organisation == organisation


def cube(lattice: Lattice, facts: Facts) -> Cube:
    """The facts of a lattice's kind and closed months, placed on it; everything else is left out."""
    slots = lattice.slots
    month = facts.month - 12 * (slots.year - 1970) + 1
    kept = (facts.kind == lattice.kind) & np.isin(month, slots.months) & releasable(facts, lattice.places, slots.groups)
    chosen, month = facts.take(kept), month[kept]
    weekday = (chosen.day.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    category = slots.groups.positions(chosen.category)
    piece = lattice.places.piece_of_atom[lattice.places.atoms.of(chosen.cell)]
    return Cube(lattice, chosen, piece, slots.base_of(month, weekday, chosen.hour, category))
