"""The address of one web-mercator tile and its arithmetic, shared by the vector and the raster encoders."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tile:
    """Tile z/x/y in "world" units: web mercator scaled to [0, 1), x east, y south (`core.crs.world`).

    `extent` is the number of integer units along a side of a vector tile, `buffer` the units drawn beyond each
    side so that outlines and labels join. The caller checks 0 <= x, y < 2**z.
    """

    z: int
    x: int
    y: int
    extent: int = 4096
    buffer: int = 64

    def bounds(self) -> Bounds:
        """West, north, east, south in world units (north < south, as y grows southwards)."""
        return self.buffered(0)

    def buffered(self, units: float | None = None) -> Bounds:
        """Bounds grown by `units` tile units on every side; by default the tile's own buffer."""
        side = 2.0**-self.z
        margin = side * (self.buffer if units is None else units) / self.extent
        west, north = self.x * side, self.y * side
        return west - margin, north - margin, west + side + margin, north + side + margin

    def units(self, world: np.ndarray, per_side: int | None = None) -> np.ndarray:
        """World coordinates (..., 2) to float units from the north-west corner, `extent` or `per_side` along a side."""
        corner = np.array([self.x, self.y], np.float64)
        return (np.asarray(world, np.float64) * 2.0**self.z - corner) * (per_side or self.extent)


def loops() -> ModuleType:
    """The compiled loops of the encoders, imported (`core.compiled` decides when)."""
    from geoservice.export import kernels

    return kernels
