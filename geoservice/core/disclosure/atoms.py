"""Atoms: the smallest places of shared releases, built once from open data and never from facts.

An atom is a set of sibling H3 cells with at least eleven dwellings, or a cell with none in any source. Everything that is
published about places (hexagons, QPV, communes) is made of whole atoms.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure.parameters import Parameters
from geoservice.errors import BadInput

RESOLUTION = 10  # the bar is tested here: most finer cells fail it, and nothing finer than 9 is worth publishing
TOP = 7          # cells are joined up to here


@dataclass(frozen=True)
class Source:
    """Dwellings by cell, from one open source. cells: (n,) uint64 at resolution 10 or finer; dwellings: (n,) ≥ 0.

    `complete`: the source means to count every dwelling (INSEE 200 m grid, BDNB); RPLS, social housing alone, is a floor.
    """

    name: str
    cells: np.ndarray
    dwellings: np.ndarray
    complete: bool


@dataclass(frozen=True)
class Atoms:
    """Which atom each cell belongs to. cells: (n,) sorted uint64 at resolution 10; atom: (n,) int32, -1 for cells that no atom
    could take (fewer than eleven dwellings even with all their neighbours: facts there are in no release);
    dwellings: (atoms,) float, an under-estimate. `weaker`: only social housing was known, so the promise of eleven is weaker.
    """

    version: str
    cells: np.ndarray
    atom: np.ndarray
    dwellings: np.ndarray
    sources: tuple[str, ...]
    weaker: bool

    def of(self, finest: np.ndarray) -> np.ndarray:
        """Atom of each cell of resolution 10 or finer, -1 outside the territory; (n,) int32."""
        wanted = grid.parents(finest, RESOLUTION)
        found = np.minimum(np.searchsorted(self.cells, wanted), len(self.cells) - 1)
        return np.where(self.cells[found] == wanted, self.atom[found], -1).astype(np.int32)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the table: two territories with the same digest mean the same places."""
        parts = hashlib.sha256("\x1f".join((self.version, *self.sources, str(self.weaker))).encode())
        for column, kind in ((self.cells, "<u8"), (self.atom, "<i4"), (self.dwellings, "<f8")):
            parts.update(np.ascontiguousarray(column, dtype=kind).tobytes())
        return parts.hexdigest()

    def warnings(self) -> list[str]:
        """What the territory has to be told about these atoms, in French."""
        told = []
        if self.weaker:
            told.append("Seul le logement social est connu ici : la promesse de onze logements par îlot est plus faible, "
                        "car d’autres logements peuvent manquer ou manquer de voisins.")
        alone = int((self.atom < 0).sum())
        if alone:
            told.append(f"{alone} cellules isolées, de moins de onze logements, ne peuvent pas être diffusées.")
        return told


def build(version: str, ground: np.ndarray, sources: list[Source], parameters: Parameters | None = None) -> Atoms:
    """Bundle the cells of a territory into atoms. ground: cells of resolution 10 that the territory covers (any order).

    A cell counts as empty only where every source says zero. Its dwellings are the least of what the complete sources say,
    each at least what the floors say: an under-estimate, so a bundle holds its eleven by every source.
    """
    asked = (parameters or Parameters()).dwellings
    cells = np.unique(np.asarray(ground, dtype=np.uint64))
    if not len(cells) or np.any(grid.resolutions(cells) != RESOLUTION):
        raise BadInput(f"Un territoire est un ensemble de cellules H3 de résolution {RESOLUTION}.")
    if not sources:
        raise BadInput("Aucune source de logements : les îlots de diffusion ne peuvent pas être construits.")
    least, most = _dwellings(cells, sources)
    group = _bundle(cells, least, most > 0, asked)
    kept, atom = np.unique(group, return_inverse=True)
    if kept[0] < 0:
        atom = atom - 1
    dwellings = np.zeros(int(atom.max()) + 1)
    np.add.at(dwellings, atom[atom >= 0], least[atom >= 0])
    return Atoms(version, cells, atom.astype(np.int32), dwellings, tuple(source.name for source in sources),
                 not any(source.complete for source in sources))


def _dwellings(cells: np.ndarray, sources: list[Source]) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest dwellings of each cell over the sources; what lies outside the territory is left out."""
    by_source = [_per_cell(cells, source) for source in sources]
    floor = np.max([found for source, found in zip(sources, by_source, strict=True) if not source.complete]
                   or [np.zeros(len(cells))], axis=0)
    complete = [np.maximum(found, floor) for source, found in zip(sources, by_source, strict=True) if source.complete]
    return (np.min(complete, axis=0) if complete else floor), np.max(by_source, axis=0)


def _per_cell(cells: np.ndarray, source: Source) -> np.ndarray:
    wanted = grid.parents(np.asarray(source.cells, dtype=np.uint64), RESOLUTION)
    if np.any(~np.isfinite(source.dwellings)) or np.any(source.dwellings < 0):
        raise BadInput(f"La source « {source.name} » compte des logements négatifs ou inconnus.")
    found = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
    inside = cells[found] == wanted
    return np.bincount(found[inside], weights=source.dwellings[inside], minlength=len(cells)).astype(float)


def _bundle(cells: np.ndarray, least: np.ndarray, lived_in: np.ndarray, asked: int) -> np.ndarray:
    """A number for each cell, equal within a bundle, -1 for none: siblings first, then siblings of their parents, up to TOP."""
    group = np.arange(len(cells))
    short = lived_in & (least < asked)
    for resolution in range(RESOLUTION, TOP - 1, -1):
        if not short.any():
            return group
        unit = grid.parents(cells, resolution)
        above = grid.parents(cells, resolution - 1)
        for parent in np.unique(above[short]):
            rows = np.flatnonzero(above == parent)
            short[rows] = _join(rows, unit[rows], least, (lived_in, short, group), asked)
    group[short] = -1
    return group


def _join(rows: np.ndarray, units: np.ndarray, least: np.ndarray, state: tuple[np.ndarray, np.ndarray, np.ndarray],
          asked: int) -> np.ndarray:
    """Join units (cells of one parent) that are short with the smallest inhabited ones, until each bundle has enough.

    Returns which rows are short still: all that is lived in, when the parent has too few in all.
    """
    lived_in, short, group = state
    names, place = np.unique(units, return_inverse=True)
    total = np.bincount(place, weights=least[rows])
    inhabited = np.bincount(place, weights=lived_in[rows]) > 0
    wanting = np.bincount(place, weights=short[rows]) > 0
    order = [int(unit) for unit in np.lexsort((names, total, ~wanting)) if inhabited[unit]]
    if total.sum() < asked:
        return lived_in[rows]
    bundles: list[list[int]] = []
    held = 0.0
    for unit in order:
        if not bundles or held >= asked:
            if not wanting[unit]:
                break
            bundles.append([])
            held = 0.0
        bundles[-1].append(unit)
        held += total[unit]
    if len(bundles) > 1 and held < asked:
        bundles[-2].extend(bundles.pop())
    for bundle in bundles:
        inside = rows[np.isin(place, bundle)]
        # whole atoms are joined: a cell of an atom brings the others
        group[np.isin(group, np.unique(group[inside]))] = group[inside].min()
    return np.zeros(len(rows), dtype=bool)
