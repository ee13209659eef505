"""What a camera lets one do at a distance: DORI classes by the density of pixels on what is looked at (EN 62676-4:2015)."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
