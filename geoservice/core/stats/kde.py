"""Kernel densities on a raster of metres, and the ratio of two of them: facts per dwellings.

Points are spread over the nine nodes around each with the weights of a quadratic spline. That adds a quarter of a squared cell to
the variance of the kernel on each axis, wherever the point lies between nodes (linear binning adds a sixth on average only). It
is taken away again, so densities are those of the exact sum: the gaussian kernel on the raster is narrower by as much, and the
spectrum of the quartic one is divided by that of the spline. Inside a study area densities are divided by the share of the kernel
that lies in it (Diggle 1985; Jones 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core import compiled
from geoservice.core.stats.given import NotEnough, Values, counts_of, numbers_of
from geoservice.core.stats.weights import loops
from geoservice.errors import BadInput

KERNELS = ("gaussian", "quartic")
_REACH = 5.0  # standard deviations: beyond lies less than 4 millionths of the kernel
_FEWEST_CELLS = {"gaussian": 2.0, "quartic": 6.0}  # to a bandwidth
_LARGEST = 16_000_000  # nodes
_KM2 = 1e6
# how many times values are smoothed already by a square of one cell: each adds a twelfth of a squared cell to the variance
_SPLINE = 3
_WHOLE_CELL = -1  # a cell of the study area is a square, and its node but its middle


@dataclass(frozen=True)
class Raster:
    """Nodes at (west + column × cell_m, south + row × cell_m): metres of one projected CRS, rows from south to north."""

    west: float
    south: float
    cell_m: float
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if not (np.isfinite([self.west, self.south, self.cell_m]).all() and self.cell_m > 0):
            raise BadInput("Une grille a un coin et une maille en mètres, la maille plus grande que zéro.")
        if not (self.columns >= 1 and self.rows >= 1 and self.columns * self.rows <= _LARGEST):
            raise BadInput(f"Une grille a au moins une maille et au plus {_LARGEST} : agrandissez la maille.")

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns


@dataclass(frozen=True)
class Smoothing:
    """bandwidth_m: standard deviation of the gaussian kernel, radius of the quartic one. `edges`: correct for the study area.

    With `edges`, facts outside the study area are left out; without, they count where their kernel reaches into it (the facts of
    a ring around the area, say).
    """

    bandwidth_m: float
    kernel: str = "gaussian"
    edges: bool = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.bandwidth_m) and self.bandwidth_m > 0):
            raise BadInput("Le rayon de lissage est un nombre de mètres plus grand que zéro.")
        if self.kernel not in KERNELS:
            raise BadInput(f"Noyau inconnu : « {self.kernel} ». Choisissez parmi : {', '.join(KERNELS)}.")


@dataclass(frozen=True)
class Density:
    """Facts per km² at each node, (rows, columns) float64, 0 outside the study area; `used`: facts counted, `outside`: not."""

    values: np.ndarray
    used: int
    outside: int


@dataclass(frozen=True)
class Ratio:
    """Facts per dwelling at each node, (rows, columns); 0 and `known` False where too few dwellings are near, or outside."""

    values: np.ndarray
    known: np.ndarray


def density(points: Values, raster: Raster, how: Smoothing, area: np.ndarray | None = None,
            weights: Values | None = None) -> Density:
    """Density of points (n, 2) x, y in metres of the raster's CRS, each counting for its weight (n,) ≥ 0 (1 by default).

    area: (rows, columns) bool, whether the cell around each node belongs to the study area; None: unbounded, nothing corrected.
    BadInput for missing coordinates, an area of another shape, a cell too large for the bandwidth (more than a half; a sixth for
    the quartic); NotEnough where no point counts.
    """
    xy = _points(points)
    load = np.ones(len(xy)) if weights is None else counts_of(weights, "poids")
    if len(load) != len(xy):
        raise BadInput(f"Il faut un poids par point : {len(xy)} attendus, {len(load)} reçus.")
    if how.bandwidth_m < _FEWEST_CELLS[how.kernel] * raster.cell_m:
        raise BadInput(f"La maille ({raster.cell_m} m) est trop grande : il en faut au moins {_FEWEST_CELLS[how.kernel]:.0f} "
                       "dans le rayon de lissage.")
    inside = _area(area, raster)
    if inside is not None and how.edges:
        kept = _within(xy, inside, raster)
        binned, outside = _spread(xy[kept], load[kept], raster, how)
        outside += int(len(xy) - kept.sum())
    else:
        binned, outside = _spread(xy, load, raster, how)
    if outside == len(xy) or not load.any():
        raise NotEnough("aucun-fait", "Aucun fait dans la zone d’étude : il n’y a pas de densité à montrer.")
    out = _smooth(binned, raster, how, _SPLINE) * (_KM2 / raster.cell_m**2)
    if inside is not None:
        out = np.where(inside, out / (_share(inside, raster, how) if how.edges else 1.0), 0.0)
    return Density(out, len(xy) - outside, outside)


def dual(facts: Values, dwellings: tuple[Values, Values], raster: Raster, how: Smoothing, area: np.ndarray | None = None,
         fewest: float = 20.0) -> Ratio:
    """Facts per dwelling: the density of facts over that of dwellings, smoothed alike.

    facts (n, 2) and dwellings ((m, 2), (m,) numbers of dwellings) as in `density`, whose errors it shares. A node is known where
    the kernel around it holds at least `fewest` dwellings (its peak-to-mean area: 4πσ² for the gaussian, 5πr²/9 for the quartic).
    Bithell 1990; Kelsall and Diggle 1995.
    """
    if not fewest > 0:
        raise BadInput("Le nombre minimal de logements est plus grand que zéro.")
    above = density(facts, raster, how, area).values
    below = density(dwellings[0], raster, how, area, dwellings[1]).values
    wide = 4 * np.pi if how.kernel == "gaussian" else 5 * np.pi / 9
    known = below * (wide * how.bandwidth_m**2 / _KM2) >= fewest
    return Ratio(np.where(known, above / np.where(known, below, 1.0), 0.0), known)


def _points(points: Values) -> np.ndarray:
    given = np.asarray(points, dtype=np.float64)
    xy = numbers_of(given.reshape(-1, 2) if given.size == 0 else given, "coordonnées", 2)
    if xy.shape[1] != 2:
        raise BadInput("Les points sont des couples x, y en mètres.")
    return xy


def _area(area: np.ndarray | None, raster: Raster) -> np.ndarray | None:
    if area is None:
        return None
    inside = np.asarray(area, dtype=bool)
    if inside.shape != raster.shape:
        raise BadInput(f"La zone d’étude et la grille n’ont pas la même taille : {inside.shape} et {raster.shape}.")
    if not inside.any():
        raise NotEnough("zone-vide", "La zone d’étude est vide : il n’y a pas de densité à montrer.")
    return inside


def _within(xy: np.ndarray, inside: np.ndarray, raster: Raster) -> np.ndarray:
    """Whether the cell of each point belongs to the area."""
    corner = raster.west, raster.south
    column, row = (np.floor((xy[:, axis] - corner[axis]) / raster.cell_m + 0.5) for axis in (0, 1))
    out = (column >= 0) & (column < raster.columns) & (row >= 0) & (row < raster.rows)
    out[out] = inside[row[out].astype(np.int64), column[out].astype(np.int64)]
    return out


def _reach(raster: Raster, how: Smoothing) -> int:
    """Cells that the kernel reaches on each side."""
    return int(np.ceil(how.bandwidth_m * (_REACH if how.kernel == "gaussian" else 1.0) / raster.cell_m)) + 2


def _spread(xy: np.ndarray, load: np.ndarray, raster: Raster, how: Smoothing) -> tuple[np.ndarray, int]:
    """Weights on the nodes of the raster and of a margin as wide as the kernel, and how many points are beyond it."""
    reach = _reach(raster, how)
    column = (xy[:, 0] - raster.west) / raster.cell_m + reach
    row = (xy[:, 1] - raster.south) / raster.cell_m + reach
    out = np.zeros((raster.rows + 2 * reach, raster.columns + 2 * reach))
    kernels = compiled.at_hand(loops, len(xy))
    if kernels is not None:
        return out, int(kernels.spread(column, row, np.ascontiguousarray(load), out))
    kept = (column >= 1) & (column < out.shape[1] - 2) & (row >= 1) & (row < out.shape[0] - 2)
    middle, across = _spline(column[kept])
    level, down = _spline(row[kept])
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            place = (level + j) * out.shape[1] + middle + i
            out += np.bincount(place, weights=load[kept] * down[j + 1] * across[i + 1], minlength=out.size).reshape(out.shape)
    return out, int((~kept).sum())


def _spline(position: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The nearest node, and the shares of the one before it, of itself and of the one after."""
    node = np.floor(position + 0.5)
    off = position - node
    return node.astype(np.int64), (0.5 * (0.5 - off) ** 2, 0.75 - off**2, 0.5 * (0.5 + off) ** 2)


def _share(inside: np.ndarray, raster: Raster, how: Smoothing) -> np.ndarray:
    """Share of the kernel around each node that lies in the area; never 0 where it is divided by."""
    reach = _reach(raster, how)
    out = _smooth(np.pad(inside.astype(np.float64), reach), raster, how, _WHOLE_CELL)
    return np.where(inside, np.maximum(out, 1e-12), 1.0)


def _smooth(grid: np.ndarray, raster: Raster, how: Smoothing, already: int) -> np.ndarray:
    """The kernel, of sum 1, over nodes with their margin; `already`: squares of a cell that the values are smoothed by."""
    reach, width = _reach(raster, how), how.bandwidth_m / raster.cell_m
    if how.kernel == "gaussian":
        half = np.exp(-(np.arange(reach + 1) ** 2) / (2 * (width**2 - already / 12)))
        return _separable(grid, half / (half[0] + 2 * half[1:].sum()))
    steps = np.arange(-reach, reach + 1)
    kernel = np.maximum(0.0, 1 - (steps[:, None] ** 2 + steps**2) / width**2) ** 2
    return _convolved(grid, kernel / kernel.sum(), already)


def _separable(grid: np.ndarray, half: np.ndarray) -> np.ndarray:
    reach = len(half) - 1
    rows, columns = grid.shape[0] - 2 * reach, grid.shape[1] - 2 * reach
    kernels = compiled.at_hand(loops, grid.size)
    if kernels is not None:
        out = np.empty((rows, columns))
        kernels.smooth(grid, half, out)
        return out
    lines = half[0] * grid[reach:reach + rows]
    for step in range(1, reach + 1):
        lines += half[step] * (grid[reach - step:reach - step + rows] + grid[reach + step:reach + step + rows])
    out = half[0] * lines[:, reach:reach + columns]
    for step in range(1, reach + 1):
        out += half[step] * (lines[:, reach - step:reach - step + columns] + lines[:, reach + step:reach + step + columns])
    return out


def _convolved(grid: np.ndarray, kernel: np.ndarray, already: int) -> np.ndarray:
    """Where the kernel lies wholly on the grid; by Fourier transform, whose rounding below 0 is taken away."""
    from scipy.fft import fftfreq, irfft2, next_fast_len, rfft2, rfftfreq

    shape = tuple(next_fast_len(size, real=True) for size in grid.shape)
    squares = np.sinc(fftfreq(shape[0]))[:, None] * np.sinc(rfftfreq(shape[1]))
    out = irfft2(rfft2(grid, shape) * rfft2(kernel, shape) / squares**already, shape)
    reach = kernel.shape[0] - 1
    return np.maximum(out[reach:grid.shape[0], reach:grid.shape[1]], 0.0)
