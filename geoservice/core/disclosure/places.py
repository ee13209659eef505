"""The places of a lattice: communes, QPV and hexagons as sets of whole atoms, and every sliver where two of them cross.

Slivers are never published. They are here because the audit has to know them: a hexagon minus a commune is a place too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure.atoms import RESOLUTION, Atoms
from geoservice.core.disclosure.relations import Relations, batch
from geoservice.errors import BadInput

HEXAGONS = {"r7": 7, "r8": 8, "r9": 9}
LEVELS = ("commune", "qpv", *HEXAGONS)


@dataclass(frozen=True)
class Zones:
    """Communes or QPV. names: their public references; of_atom: (atoms,) int, the zone of each atom, -1 for none."""

    names: tuple[str, ...]
    of_atom: np.ndarray


def assign(atoms: Atoms, names: tuple[str, ...], cells: np.ndarray, zone: np.ndarray, weight: np.ndarray) -> Zones:
    """Zones as whole atoms: each atom goes where most of its weight lies (no zone, -1, is a candidate too).

    cells: (n,) uint64 at resolution 10 or finer; zone: (n,) position in `names` or -1; weight: (n,) dwellings. Give empty ground
    a weight that is tiny beside a dwelling, so that places without dwellings follow the majority of their ground.
    """
    atom = atoms.of(cells)
    inside = atom >= 0
    if np.any(zone >= len(names)) or np.any(weight < 0):
        raise BadInput("Une zone ou un poids n’existe pas.")
    votes = np.zeros((len(atoms.dwellings), len(names) + 1))
    np.add.at(votes, (atom[inside], zone[inside]), weight[inside])  # -1 is the last column
    winner = votes.argmax(axis=1)
    return Zones(names, np.where((winner == len(names)) | (votes.max(axis=1) == 0), -1, winner).astype(np.int32))


@dataclass(frozen=True)
class Place:
    """One published place. level: of LEVELS; name: public reference; node: row in Places; dwellings: an under-estimate."""

    level: str
    name: str
    node: int
    dwellings: float


@dataclass(frozen=True)
class Places:
    """All places of a territory. `pieces` are the classes of atoms that no boundary divides; a node is a set of pieces.

    piece_of_atom: (atoms,) int; members and starts: pieces of each node, one node after another; published: by level;
    relations: sums between nodes; hexagons: resolutions of the hexagonal levels. Two places of the same atoms are one node.
    """

    atoms: Atoms
    piece_of_atom: np.ndarray
    members: np.ndarray
    starts: np.ndarray
    published: dict[str, tuple[Place, ...]]
    relations: tuple[Relations, ...]
    hexagons: dict[str, int]

    @property
    def pieces(self) -> int:
        return int(self.piece_of_atom.max()) + 1

    @property
    def nodes(self) -> int:
        return len(self.starts)

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sums of pieces (pieces, …) for every node (nodes, …); unsigned values wrap around as keys should."""
        return np.add.reduceat(values[self.members], self.starts, axis=0)

    def of(self, node: int) -> np.ndarray:
        """Pieces of one node, sorted int."""
        end = self.starts[node + 1] if node + 1 < self.nodes else len(self.members)
        return self.members[self.starts[node]:end]

    def cells(self, place: Place) -> np.ndarray:
        """The cells of resolution 10 of one place, sorted uint64."""
        atom = np.isin(self.piece_of_atom, self.of(place.node))
        return self.atoms.cells[(self.atoms.atom >= 0) & atom[self.atoms.atom]]


def units(atoms: Atoms, resolution: int) -> np.ndarray:
    """The hexagons of a resolution as whole atoms: a number for each atom; hexagons that share an atom are one unit."""
    inside = atoms.atom >= 0
    names, cell = np.unique(grid.parents(atoms.cells[inside], resolution), return_inverse=True)
    root = list(range(len(names)))

    def top(unit: int) -> int:
        while root[unit] != unit:
            unit = root[unit]
        return unit

    first: dict[int, int] = {}
    for atom, unit in set(zip(atoms.atom[inside].tolist(), cell.tolist(), strict=True)):
        other = first.setdefault(atom, unit)
        low, high = sorted((top(other), top(unit)))
        root[high] = low
    found = np.empty(len(atoms.dwellings), dtype=np.int64)
    for atom, unit in first.items():
        found[atom] = top(unit)
    return np.unique(found, return_inverse=True)[1]


def build(atoms: Atoms, communes: Zones, qpv: Zones | None = None, hexagons: dict[str, int] | None = None) -> Places:
    """All places of a territory from its atoms and zones. Everything follows from public facts.

    hexagons: levels and their resolutions, coarsest first; a release has those of HEXAGONS.
    """
    ladder = hexagons or HEXAGONS
    if np.any(communes.of_atom < 0):
        raise BadInput("Chaque îlot de diffusion appartient à une commune.")
    outside = np.full(len(atoms.dwellings), -1) if qpv is None else qpv.of_atom
    axes = {"r": {name: units(atoms, resolution) for name, resolution in ladder.items()},
            "commune": communes.of_atom, "qpv": outside}
    finest = np.stack([axes["r"][list(ladder)[-1]], axes["commune"], axes["qpv"]], axis=1)
    rows, piece = np.unique(finest, axis=0, return_inverse=True)
    piece = piece.ravel()
    return _Builder(atoms, piece, axes, ladder, len(rows)).places(communes, qpv)


class _Builder:
    """Nodes by what they are made of, so that equal places are one."""

    def __init__(self, atoms: Atoms, piece: np.ndarray, axes: dict, hexagons: dict[str, int], pieces: int) -> None:
        self.atoms, self.piece, self.hexagons = atoms, piece, hexagons
        self.rungs = (None, *hexagons)
        one = np.zeros(pieces, dtype=np.int64)
        one[piece] = np.arange(len(piece))  # an atom of each piece, to read labels from
        self.ladder = {None: np.zeros(pieces, dtype=np.int64)} | {name: axes["r"][name][one] for name in hexagons}
        self.commune, self.qpv = axes["commune"][one].astype(np.int64), axes["qpv"][one].astype(np.int64)
        self.known: dict[bytes, int] = {}
        self.sets: list[np.ndarray] = []

    def node(self, pieces: np.ndarray) -> int:
        key = pieces.astype("<i4").tobytes()
        if key not in self.known:
            self.known[key] = len(self.sets)
            self.sets.append(pieces)
        return self.known[key]

    def parts(self, combo: tuple) -> dict[tuple, int]:
        """Nodes of one way of cutting the territory, by their labels."""
        rung, by_commune, by_qpv = combo
        none = np.zeros(len(self.commune), dtype=np.int64)
        labels = np.stack([self.ladder[rung], self.commune if by_commune else none, self.qpv if by_qpv else none], axis=1)
        rows, which = np.unique(labels, axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1])
        return {tuple(row): self.node(np.sort(group)) for row, group in zip(rows.tolist(), groups, strict=True)}

    def places(self, communes: Zones, qpv: Zones | None) -> Places:
        has_qpv = bool(np.any(self.qpv >= 0))
        cuts = [combo for combo in product(self.rungs, (False, True), (False, True) if has_qpv else (False,)) if any(combo)]
        found = {combo: self.parts(combo) for combo in cuts}
        relations = tuple(self.relations(cuts, found))
        published = {"commune": [(communes.names[key[1]], node) for key, node in found[(None, True, False)].items()], "qpv": []}
        if qpv is not None and has_qpv:
            published["qpv"] = [(qpv.names[key[2]], node) for key, node in found[(None, False, True)].items() if key[2] >= 0]
        for level in self.hexagons:
            published[level] = [(self.name(node, level), node) for node in found[(level, False, False)].values()]
        dwellings = np.bincount(self.piece, weights=self.atoms.dwellings)
        named = {level: tuple(Place(level, name, node, float(dwellings[self.sets[node]].sum())) for name, node in sorted(entries))
                 for level, entries in published.items()}
        starts = np.cumsum([0, *(len(pieces) for pieces in self.sets[:-1])])
        return Places(self.atoms, self.piece, np.concatenate(self.sets), starts, named, relations, self.hexagons)

    def relations(self, cuts: list[tuple], found: dict[tuple, dict[tuple, int]]) -> Iterator[Relations]:
        """Every cut refined on one axis by one step."""
        seen: set[tuple] = set()
        for combo in cuts:
            for finer in self._refinements(combo):
                if finer in found:
                    made = batch(self._sums(found[combo], found[finer], seen))
                    if made is not None:
                        yield made

    def _sums(self, coarse: dict[tuple, int], fine: dict[tuple, int], seen: set[tuple]) -> list[tuple[int, list[int]]]:
        children: dict[int, list[int]] = {}
        parent_of = {int(piece): node for node in set(coarse.values()) for piece in self.sets[node]}
        for node in set(fine.values()):
            children.setdefault(parent_of[int(self.sets[node][0])], []).append(node)
        new = []
        for parent, below in sorted(children.items()):
            key = (parent, *sorted(below))
            if key not in seen:
                seen.add(key)
                new.append((parent, sorted(below)))
        return new

    def _refinements(self, combo: tuple) -> Iterator[tuple]:
        rung, by_commune, by_qpv = combo
        at = self.rungs.index(rung)
        if at + 1 < len(self.rungs):
            yield self.rungs[at + 1], by_commune, by_qpv
        if not by_commune:
            yield rung, True, by_qpv
        if not by_qpv:
            yield rung, by_commune, True

    def name(self, node: int, level: str) -> str:
        atom = np.isin(self.piece, self.sets[node])
        cells = self.atoms.cells[(self.atoms.atom >= 0) & atom[self.atoms.atom]]
        return grid.to_text(grid.parents(cells[:1], self.hexagons[level]))[0]


def cells_of_resolution(places: Places, place: Place) -> np.ndarray:
    """The hexagons a hexagonal place is drawn by (several where small ones were joined), or those of resolution 10 of a zone."""
    return np.unique(grid.parents(places.cells(place), places.hexagons.get(place.level, RESOLUTION)))
