"""Heat tiles: points blurred by a Gaussian, coloured and written as a palette PNG.

The blur is separable, a matrix product on each side of the grid of counts. Neighbouring tiles join because pixels
are the same places in both, and each tile also counts the points of a margin as wide as the kernel. A server sets
OPENBLAS_NUM_THREADS=1: the products are too small to share, and waiting threads cost more than they help.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from geoservice.core import compiled
from geoservice.errors import BadInput
from geoservice.export.palette import COUNTS, Ramp, gradient
from geoservice.export.png import palette_png, transparent_png
from geoservice.export.tile import Tile, loops

FULL_COLOUR_FACTS = 20  # facts at one place that reach the last colour when no scale is given
_SIGMAS = 3.0  # the kernel ends at `radius_px`, this many standard deviations away


@dataclass(frozen=True)
class HeatStyle:
    """How points become heat.

    `radius_px` is where the kernel ends (three standard deviations), in pixels of the tile. `scale_max` is the
    density, in facts per pixel, drawn in the last colour; it must be the same for every tile of a zoom, or tiles do
    not join, so it is given (`scale_for` turns a number of facts into it) and never taken from the tile itself.
    """

    radius_px: float = 24.0
    ramp: Ramp = COUNTS
    size: int = 256
    scale_max: float | None = None


def heat_png(tile: Tile, points_world: np.ndarray, weights: np.ndarray | None, style: HeatStyle) -> bytes:
    """PNG of a tile; `points_world` (n, 2) must hold every point within `reach(tile, style)`, others do no harm.

    `weights` (n,) finite and not negative, or None for one each. Wholly transparent when nothing is near.
    """
    grid = density(tile, points_world, weights, style)
    scale = style.scale_max if style.scale_max is not None else scale_for(FULL_COLOUR_FACTS, style.radius_px)
    if not scale > 0:
        raise BadInput("L’échelle d’une carte de chaleur est un nombre plus grand que zéro.")
    steps = np.minimum(grid * np.float32(255 / scale), 255).astype(np.uint8)
    if not steps.any():
        return transparent_png(style.size)
    return palette_png(steps, gradient(style.ramp))


def density(tile: Tile, points_world: np.ndarray, weights: np.ndarray | None, style: HeatStyle) -> np.ndarray:
    """Facts per pixel after the blur, float32 (size, size), row 0 in the north; the kernel sums to one."""
    kernels = compiled.at_hand(loops, len(points_world))
    counts = _binned(tile, points_world, weights, style) if kernels is None or weights is not None \
        else _counted(kernels, tile, points_world, style)
    if kernels is None:
        kernel = _toeplitz(style.size, style.radius_px)
        return kernel @ counts @ kernel.T
    between, out = np.empty((style.size, len(counts)), np.float32), np.empty((style.size, style.size), np.float32)
    kernels.blur(counts, _kernel(style.radius_px).astype(np.float32), between, out)
    return out


def reach(tile: Tile, style: HeatStyle) -> tuple[float, float, float, float]:
    """West, north, east, south in world units of all points that touch the tile."""
    return tile.buffered(_margin(style.radius_px) * tile.extent / style.size)


def scale_for(facts: float, radius_px: float) -> float:
    """The `scale_max` at which so many facts at one place reach the last colour."""
    return facts * float(_kernel(radius_px).max()) ** 2


def _counted(kernels: Any, tile: Tile, points_world: np.ndarray, style: HeatStyle) -> np.ndarray:
    """`_binned` without weights, compiled."""
    margin = _margin(style.radius_px)
    counts = np.zeros((style.size + 2 * margin,) * 2, np.float32)
    points = np.ascontiguousarray(points_world, np.float64).reshape(-1, 2)
    kernels.bin_points(points, 2.0**tile.z * style.size, tile.x * style.size - margin, tile.y * style.size - margin, counts)
    return counts


def _binned(tile: Tile, points_world: np.ndarray, weights: np.ndarray | None, style: HeatStyle) -> np.ndarray:
    """Weight in every pixel of the tile and its margin, float32 (size + 2 margin, size + 2 margin)."""
    margin = _margin(style.radius_px)
    side = style.size + 2 * margin
    points = np.asarray(points_world, np.float64).reshape(-1, 2)
    per_world = 2.0**tile.z * style.size
    with np.errstate(invalid="ignore"):  # an undefined place becomes a far one
        column = (points[:, 0] * per_world).astype(np.int64) - (tile.x * style.size - margin)
        row = (points[:, 1] * per_world).astype(np.int64) - (tile.y * style.size - margin)
    near = ((column | row) >= 0) & (column < side) & (row < side)
    pixel = (row * side + column)[near]
    if weights is not None:
        weights = np.asarray(weights, np.float64)
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise BadInput("Un poids de la carte de chaleur est indéfini ou négatif : donner des nombres positifs.")
        weights = weights[near]
    return np.bincount(pixel, weights, side * side).reshape(side, side).astype(np.float32)


def _margin(radius_px: float) -> int:
    return math.ceil(radius_px)


def _kernel(radius_px: float) -> np.ndarray:
    """A Gaussian on whole pixels that sums to one, (2 margin + 1,)."""
    if not 0 < radius_px <= 512:
        raise BadInput("Le rayon d’une carte de chaleur va de 1 à 512 pixels.")
    margin = _margin(radius_px)
    bell = np.exp(-0.5 * (np.arange(-margin, margin + 1) * _SIGMAS / radius_px) ** 2)
    return bell / bell.sum()


@lru_cache(maxsize=16)
def _toeplitz(size: int, radius_px: float) -> np.ndarray:
    """The kernel as a band matrix float32 (size, size + 2 margin): row i weighs the pixels around pixel i."""
    kernel = _kernel(radius_px)
    out = np.zeros((size, size + len(kernel) - 1), np.float32)
    for offset, weight in enumerate(kernel):
        out[np.arange(size), np.arange(size) + offset] = weight
    out.setflags(write=False)
    return out
