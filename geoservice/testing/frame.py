"""The town's own plane: metres east and north of its market place, and the way to degrees.

This is a definition of the invented town and not a transformation between reference systems: the town is small
(3 km), so a local equirectangular plane is exact to a few centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (n, 2), metres east and north of the market place

METRES_PER_DEGREE = 111_320.0
CENTRE = (1.7150, 47.5600)  # a forest of the Sologne: nobody lives where the town is drawn
DECIMALS = 7  # a centimetre


@dataclass(frozen=True)
class Frame:
    """Origin of the plane in degrees."""

    lon: float = CENTRE[0]
    lat: float = CENTRE[1]

    def lonlat(self, points: Points) -> Points:
        """Degrees (EPSG:4326), longitude first, rounded to the centimetre so that what is kept is what is written."""
        scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(self.lat)), METRES_PER_DEGREE])
        return np.round(np.asarray(points, dtype=float) / scale + (self.lon, self.lat), DECIMALS)

    def metres(self, lonlat: Points) -> Points:
        """Inverse of `lonlat`, to the rounding."""
        scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(self.lat)), METRES_PER_DEGREE])
        return (np.asarray(lonlat, dtype=float) - (self.lon, self.lat)) * scale


FRAME = Frame()


def stream(seed: int, subject: str) -> np.random.Generator:
    """An independent generator for one subject, so that a change in one part does not move the others."""
    return np.random.default_rng([seed, *subject.encode()])
