"""Who is whose neighbour: disks of H3 cells, distance bands, or nobody but oneself; one compressed table of rows.

The study area is the cells that were given. A neighbourhood lists those of its cells that lie in it, and remembers how many it
has on the whole grid: a cell whose disk is cut by the edge of the area is known to be so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np

from geoservice.core import compiled, grid
from geoservice.errors import BadInput

LARGEST = 20  # steps: a disk of 1,261 cells
MOST_PAIRS = 20_000_000
_COMPARED = 2_000_000  # pairs of points compared at a time
_SQUARES = 30_000  # on each side, at most


def loops() -> ModuleType:
    """The compiled loops of the statistics, imported."""
    from geoservice.core.stats import kernels

    return kernels


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Neighbourhoods of n units: those of unit i are `indices[indptr[i]:indptr[i + 1]]`, increasing, each once.

    indptr (n+1,) int64; indices (m,) int64, positions of units in the study area only; ring_size (n,) int64, how many units the
    neighbourhood has where nothing is cut off, counted in the same way (with or without the unit itself).
    """

    indptr: np.ndarray
    indices: np.ndarray
    ring_size: np.ndarray

    def __len__(self) -> int:
        return len(self.ring_size)

    @cached_property
    def counts(self) -> np.ndarray:
        """Units of each neighbourhood that lie in the study area, (n,) int64."""
        return np.diff(self.indptr)

    @cached_property
    def edge(self) -> np.ndarray:
        """Whether the study area cuts the neighbourhood, (n,) bool."""
        return self.counts < self.ring_size

    @cached_property
    def rows(self) -> np.ndarray:
        """The unit whose neighbourhood each index belongs to, (m,) int64."""
        return np.repeat(np.arange(len(self)), self.counts)

    @cached_property
    def itself(self) -> np.ndarray:
        """Whether each unit belongs to its own neighbourhood, (n,) bool."""
        out = np.zeros(len(self), dtype=bool)
        out[self.indices[self.indices == self.rows]] = True
        return out

    @cached_property
    def _some(self) -> np.ndarray | None:
        return None if len(self.indices) and self.counts.all() else np.flatnonzero(self.counts)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of each neighbourhood, 0 for an empty one. values (n,) or (maps, n); float64 of the same shape.

        Sums of whole numbers are exact below 2^53. BadInput when there is not one value a unit.
        """
        values = np.asarray(values, dtype=np.float64)
        if values.shape[-1:] != (len(self),):
            raise BadInput(f"Il faut une valeur par unité : {len(self)} attendues, dimensions reçues {values.shape}.")
        kernels = compiled.at_hand(loops, len(self.indices)) if values.ndim == 1 else None
        if kernels is not None:
            out = np.empty(len(self))
            kernels.sums(self.indptr, self.indices, np.ascontiguousarray(values), out)
            return out
        taken = values[..., self.indices]
        if self._some is None:
            return np.add.reduceat(taken, self.indptr[:-1], axis=-1)
        out = np.zeros(values.shape)
        if len(self._some):
            out[..., self._some] = np.add.reduceat(taken, self.indptr[self._some], axis=-1)
        return out

    def with_itself(self) -> Neighbours:
        """The same neighbourhoods, each with its unit."""
        return self if self.itself.all() else self._changed(np.concatenate(
            [self.rows * len(self) + self.indices, np.flatnonzero(~self.itself) * (len(self) + 1)]), ~self.itself)

    def without_itself(self) -> Neighbours:
        """The same neighbourhoods, each without its unit."""
        kept = self.indices != self.rows
        return self if kept.all() else self._changed((self.rows * len(self) + self.indices)[kept], -self.itself.astype(np.int64))

    def _changed(self, pairs: np.ndarray, more: np.ndarray) -> Neighbours:
        rows, indices = np.divmod(np.sort(pairs), max(len(self), 1))
        return Neighbours(_starts(np.bincount(rows, minlength=len(self))), indices, self.ring_size + more)


def disks(cells: np.ndarray, k: int, itself: bool = True) -> Neighbours:
    """Cells within k steps on the H3 grid, in the study area made of the given cells; pentagons have fewer neighbours.

    cells (n,) uint64 of one resolution, each once, in any order; k from 0 to 20. BadInput otherwise.
    """
    cells = np.asarray(cells, dtype=np.uint64)
    if not 0 <= k <= LARGEST:
        raise BadInput(f"Le rayon du voisinage va de 0 à {LARGEST} cellules.")
    if len(np.unique(grid.resolutions(cells))) > 1:
        raise BadInput("Les cellules d’une zone d’étude ont toutes la même résolution.")
    order = np.argsort(cells)
    known = cells[order]
    if (known[1:] == known[:-1]).any():
        raise BadInput("Chaque cellule d’une zone d’étude n’y figure qu’une fois.")
    found, sizes = grid.disks(cells, k)
    place = np.minimum(np.searchsorted(known, found), max(len(known) - 1, 0))
    inside = known[place] == found if len(known) else np.zeros(0, dtype=bool)
    rows, indices = np.repeat(np.arange(len(cells)), sizes)[inside], order[place[inside]]
    everything = _of_pairs(rows, indices, sizes)
    return everything if itself else everything.without_itself()


def each_alone(n: int) -> Neighbours:
    """n units, each its own and only neighbour: residences, which are tested one by one."""
    return Neighbours(np.arange(n + 1), np.arange(n), np.ones(n, dtype=np.int64))


def from_lists(indptr: Sequence[int] | np.ndarray, indices: Sequence[int] | np.ndarray,
               ring_size: Sequence[int] | np.ndarray | None = None) -> Neighbours:
    """Neighbourhoods that somebody made, as a compressed table of rows; without `ring_size`, nothing is cut off.

    BadInput when the table does not hold together: a unit twice in a row, one that does not exist, decreasing `indptr`.
    """
    starts, given = np.asarray(indptr, dtype=np.int64), np.asarray(indices, dtype=np.int64)
    n = len(starts) - 1
    if n < 0 or starts[0] != 0 or starts[-1] != len(given) or (np.diff(starts) < 0).any():
        raise BadInput("Tableau de voisins incohérent : les débuts de lignes vont de 0 au nombre d’indices, sans décroître.")
    if len(given) and not (given.min() >= 0 and given.max() < n):
        raise BadInput(f"Un voisin n’existe pas : les indices vont de 0 à {n - 1}.")
    counts = np.diff(starts)
    sizes = counts if ring_size is None else np.asarray(ring_size, dtype=np.int64)
    if sizes.shape != (n,) or (sizes < counts).any():
        raise BadInput("La taille vraie d’un voisinage est au moins celle qu’il a dans la zone d’étude, une par unité.")
    made = _of_pairs(np.repeat(np.arange(n), counts), given, sizes)
    if ((np.diff(made.indices) == 0) & (np.diff(made.rows) == 0)).any():
        raise BadInput("Un voisin figure deux fois dans la même ligne.")
    return made


def within(x: np.ndarray, y: np.ndarray, metres: float, itself: bool = True) -> Neighbours:
    """Points at most `metres` apart, the bound included. x, y (n,) finite metres in one projected CRS; nothing is cut off.

    BadInput for a distance that is not positive and for coordinates that are not finite.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not (np.isfinite(metres) and metres > 0):
        raise BadInput("La distance de voisinage est un nombre de mètres plus grand que zéro.")
    if x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise BadInput("Les coordonnées sont deux séries de même longueur, en mètres, sans valeur manquante.")
    first, second = pairs(x, y, metres)
    rows, indices = np.concatenate([first, second]), np.concatenate([second, first])
    if itself:
        rows, indices = (np.concatenate([some, np.arange(len(x))]) for some in (rows, indices))
    return _of_pairs(rows, indices, np.bincount(rows, minlength=len(x)))


def pairs(x: np.ndarray, y: np.ndarray, metres: float, most: int = MOST_PAIRS) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of points at most `metres` (0 or more) apart, once: two (m,) int64, in no order that means anything.

    Points are put in squares at least as wide; only those of the same square and of four of the eight around it are compared.
    BadInput when there are more than `most` pairs.
    """
    none = np.zeros(0, dtype=np.int64)
    if len(x) < 2:
        return none, none
    side = max(metres, float(max(np.ptp(x), np.ptp(y))) / _SQUARES, np.finfo(np.float64).tiny)
    column, row = (np.floor((some - some.min()) / side).astype(np.int64) for some in (x, y))
    wide = int(row.max()) + 3
    square = column * wide + row
    order = np.argsort(square, kind="stable")
    known = square[order]
    found, kept = [(none, none)], 0
    for step in (0, 1, wide - 1, wide, wide + 1):
        low, high = (np.searchsorted(known, known + step, side=end) for end in ("left", "right"))
        low = np.arange(1, len(x) + 1) if step == 0 else low
        for part in _parts(np.maximum(high - low, 0)):
            near = _near((x, y, metres * metres), order, (part, low[part], high[part]))
            kept += len(near[0])
            if kept > most:
                raise BadInput(f"Plus de {most} couples de faits à moins de {metres} m : réduisez la distance ou la période.")
            found.append(near)
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _parts(many: np.ndarray) -> Iterator[slice]:
    """Runs of points with some two million comparisons each."""
    run = (np.cumsum(many) - many) // _COMPARED
    starts = np.flatnonzero(np.diff(run, prepend=-1)).tolist()
    yield from (slice(a, b) for a, b in zip(starts, [*starts[1:], len(many)], strict=True))


def _near(points: tuple[np.ndarray, np.ndarray, float], order: np.ndarray,
          ranges: tuple[slice, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of ordered points with the ordered points [low, high) of each that are near enough."""
    (x, y, square), (part, low, high) = points, ranges
    many = np.maximum(high - low, 0)
    first = np.repeat(np.arange(len(order))[part], many)
    second = np.arange(len(first)) - np.repeat(_starts(many)[:-1], many) + np.repeat(low, many)
    first, second = order[first], order[second]
    near = (x[first] - x[second]) ** 2 + (y[first] - y[second]) ** 2 <= square
    return first[near], second[near]


def _of_pairs(rows: np.ndarray, indices: np.ndarray, sizes: np.ndarray) -> Neighbours:
    """Neighbourhoods from pairs in any order."""
    n = len(sizes)
    rows, indices = np.divmod(np.sort(rows * n + indices), max(n, 1))
    return Neighbours(_starts(np.bincount(rows, minlength=n)), indices, sizes.astype(np.int64))


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
