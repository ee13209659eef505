"""Kulldorff's circular scan (1997, Commun. Stat. 26), Poisson model, on disks of cells: a rival of the hot-spot test.

Every disk of 0 to `radius` steps around every cell is tried; the largest likelihood ratio of the map is compared with that of
maps whose facts fall by exposure alone. Disks that do not overlap a better one are found too when they pass the same bar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core import grid


@dataclass(frozen=True, eq=False)
class Disks:
    """Cells of a study area by distance from each: disk d of centre c is the first ends[c, d] members of row c."""

    members: np.ndarray  # flat, row by row
    starts: np.ndarray   # (n, radius + 1) where each ring begins in `members`
    rows: np.ndarray     # (n + 1,)
    exposure: np.ndarray  # (n, radius + 1) share of the exposure in each disk

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum in every disk, (n, radius + 1)."""
        padded = np.append(values[self.members].astype(float), 0.0)
        ring = np.add.reduceat(padded, self.starts.ravel()).reshape(self.starts.shape)
        ends = np.append(self.starts.ravel()[1:], len(self.members)).reshape(self.starts.shape)
        ring[ends == self.starts] = 0.0  # a ring outside the study area
        return np.cumsum(ring, axis=1)


@dataclass(frozen=True, eq=False)
class Found:
    """Clusters of a map: the cells of each, best first, their likelihood ratios and Monte-Carlo p-values."""

    cells: list[np.ndarray]
    ratios: list[float]
    p: list[float]


def disks(cells: np.ndarray, exposure: np.ndarray, radius: int) -> Disks:
    """Disks of 0 to `radius` steps around every cell, cut to the study area. cells (n,) sorted uint64; exposure (n,) > 0."""
    members, starts, rows = [], np.zeros((len(cells), radius + 1), dtype=np.int64), [0]
    for row, cell in enumerate(cells.tolist()):
        inner, at = np.zeros(0, dtype=np.uint64), rows[-1]
        for step in range(radius + 1):
            disk = grid.disk(cell, step)
            ring = np.setdiff1d(disk, inner, assume_unique=True)
            place = np.minimum(np.searchsorted(cells, ring), len(cells) - 1)
            kept = place[cells[place] == ring]
            starts[row, step] = at
            members.append(kept)
            at, inner = at + len(kept), disk
        rows.append(at)
    out = Disks(np.concatenate(members), starts, np.array(rows), np.zeros((0, 0)))
    return Disks(out.members, out.starts, out.rows, out.sums(exposure / exposure.sum()))


def likelihood(sums: np.ndarray, share: np.ndarray, total: float) -> np.ndarray:
    """Log likelihood ratio of each disk having more than its share; 0 where it has not."""
    expected = share * total
    high = (sums > expected) & (share < 0.5)
    inside, outside = np.where(high, sums, 1.0), np.where(high, total - sums, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = inside * np.log(inside / expected) + np.where(outside > 0, outside * np.log(outside / (total - expected)), 0.0)
    return np.where(high, ratio, 0.0)


def bar(area: Disks, exposure: np.ndarray, total: int, replicas: int, seed: int) -> np.ndarray:
    """Largest likelihood ratio of each of `replicas` maps without clusters, sorted."""
    rng, share = np.random.default_rng(seed), exposure / exposure.sum()
    return np.sort([likelihood(area.sums(rng.multinomial(total, share)), area.exposure, total).max() for _ in range(replicas)])


def scan(counts: np.ndarray, area: Disks, null: np.ndarray, level: float = 0.05) -> Found:
    """Clusters of a map that pass the bar, best first, none overlapping a better one."""
    ratio = likelihood(area.sums(counts), area.exposure, float(counts.sum()))
    taken, found = np.zeros(len(counts), dtype=bool), Found([], [], [])
    for place in np.argsort(ratio, axis=None)[::-1].tolist():
        centre, step = divmod(place, ratio.shape[1])
        p = (1 + (null >= ratio[centre, step]).sum()) / (1 + len(null))
        if p > level:
            return found
        end = area.starts[centre, step + 1] if step + 1 < ratio.shape[1] else area.rows[centre + 1]
        cells = area.members[area.rows[centre]:end]
        if not taken[cells].any():
            taken[cells] = True
            found.cells.append(cells)
            found.ratios.append(float(ratio[centre, step]))
            found.p.append(float(p))
    return found
