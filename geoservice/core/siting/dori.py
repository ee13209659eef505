"""What a camera lets one do at a distance: DORI classes by the density of pixels on what is looked at (EN 62676-4:2015)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geoservice.errors import BadInput

DENSITIES = {"detect": 25.0, "observe": 62.5, "recognise": 125.0, "identify": 250.0}  # least pixels a metre


@dataclass(frozen=True)
class Optics:
    """A fixed lens: focal length and sensor width in millimetres, width of the image in pixels; BadInput unless > 0."""

    focal_mm: float
    sensor_mm: float
    width_px: int

    def __post_init__(self) -> None:
        if not all(0 < value < float("inf") for value in (self.focal_mm, self.sensor_mm, self.width_px)):
            raise BadInput("La focale, la largeur du capteur et celle de l’image sont des nombres au-dessus de 0.")

    @property
    def field_deg(self) -> float:
        """Horizontal field of view, in degrees."""
        return math.degrees(2 * math.atan(self.sensor_mm / (2 * self.focal_mm)))

    def density(self, distance_m: float) -> float:
        """Pixels a metre across the axis at a distance in metres above 0."""
        if not distance_m > 0:
            raise BadInput("La distance à la caméra est un nombre de mètres au-dessus de 0.")
        return self.focal_mm * self.width_px / (self.sensor_mm * distance_m)

    def reach(self, purpose: str) -> float:
        """The greatest distance, in metres by day, at which a purpose (a key of DENSITIES) is served."""
        if purpose not in DENSITIES:
            raise BadInput(f"Usage inconnu. Choisissez parmi : {', '.join(DENSITIES)}.")
        return self.focal_mm * self.width_px / (self.sensor_mm * DENSITIES[purpose])

    def classes(self, distance_m: np.ndarray) -> np.ndarray:
        """What is served at each distance, int8: 0 nothing, then 1 to 4 in the order of DENSITIES; a bound belongs to its class.

        The distance is from the lens: beside the axis a flat lens gives a little more, which is not counted on.
        """
        return np.sum([np.asarray(distance_m) <= self.reach(purpose) for purpose in DENSITIES], axis=0, dtype=np.int8)
