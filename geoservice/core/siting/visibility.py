"""What one camera sees: the exact visibility polygon among walls, limited by its azimuth, field and reach.

A rotational sweep around the camera [Suri and O'Rourke 1986; Asano 1985] over the walls in reach only. Between two ends of walls
the nearest wall is found as the lower envelope of its distances, so that walls may cross, meet or lie on one line.

With the camera's height, roofs below it hide a part only: flat ground, flat roofs, a target at `target_m`. A roof at h above the
target and below the camera at H hides its footprint and, behind each wall at distance r, what lies between r and
r (H - target) / (H - h); roofs not above the target hide nothing; roofs as high as the camera and unknown ones hide all behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geoservice.core.siting.walls import Walls, loops
from geoservice.errors import BadInput

TARGET_M = 1.5   # height at which somebody must be seen
CHORD_M = 0.001  # arcs are drawn as chords at most this far inside


@dataclass(frozen=True)
class Camera:
    """Place in projected metres; azimuth of the axis, degrees clockwise from north; field of view, degrees, 360 for all round;
    reach in metres; height of the lens above the ground, None: as on a plan, where every building hides what is behind it."""

    x: float
    y: float
    reach_m: float
    azimuth_deg: float = 0.0
    field_deg: float = 360.0
    height_m: float | None = None

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x, self.y, self.azimuth_deg))) or not 0 < self.reach_m < math.inf:
            raise BadInput("Une caméra a une position, un azimut et une portée en mètres au-dessus de 0.")
        if not 0 < self.field_deg <= 360:
            raise BadInput("Le champ d’une caméra est un angle au-dessus de 0° et de 360° au plus.")
        if self.height_m is not None and not TARGET_M < self.height_m < math.inf:
            raise BadInput(f"Une caméra est plus haute que ce qu’elle regarde : plus de {TARGET_M:g} m.")

    @property
    def place(self) -> np.ndarray:
        return np.array([self.x, self.y])

    @property
    def view(self) -> np.ndarray:
        """(start, field, reach): radians anticlockwise from east, and metres."""
        field = 2 * math.pi if self.field_deg == 360 else math.radians(self.field_deg)
        return np.array([math.radians(90 - self.azimuth_deg) - field / 2, field, self.reach_m])


@dataclass(frozen=True, eq=False)
class Field:
    """Sectors (k, 3) of a camera's sight: from, to (radians from the start of its view), wall or -1 for the end of its reach.

    blind: the camera stands in a building or on a wall, and sees nothing; unknown: buildings of unknown height in its reach.
    """

    camera: Camera
    sectors: np.ndarray
    walls: Walls
    blind: bool
    unknown: int

    @cached_property
    def ends(self) -> np.ndarray:
        """Where each sector begins and ends, (k, 4) metres from the camera."""
        start, _, reach = self.camera.view
        angles, wall = self.sectors[:, :2] + start, self.sectors[:, 2].astype(np.int64)
        a = np.full((len(wall), 2, 2), np.nan)
        a[wall >= 0] = self.walls.ends[wall[wall >= 0]].reshape(-1, 2, 2) - self.camera.place
        along = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        e = a[:, 1] - a[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            r = _cross(a[:, 0], e)[:, None] / _cross(along, e[:, None])
        r = np.where((wall < 0)[:, None], reach, np.clip(r, 0, reach))
        return (along * r[..., None]).reshape(-1, 4)

    @cached_property
    def plan_area_m2(self) -> float:
        """Area of what is seen between walls that hide all behind them: triangles, and sectors of the circle, exactly."""
        a, b = self.ends[:, :2], self.ends[:, 2:]
        arcs = 0.5 * self.camera.reach_m ** 2 * (self.sectors[:, 1] - self.sectors[:, 0])
        return float(np.where(self.sectors[:, 2] < 0, arcs, 0.5 * _cross(a, b)).sum())

    @cached_property
    def plan(self) -> Any:
        """The polygon between walls that hide all behind them, as shapely; empty where nothing is seen."""
        import shapely

        if not len(self.sectors):
            return shapely.Polygon()
        pieces = [self._drawn(row) for row in range(len(self.sectors))]
        whole = self.camera.field_deg == 360
        ring = np.concatenate(pieces if whole else [np.zeros((1, 2)), *pieces]) + self.camera.place
        return shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)

    def _drawn(self, row: int) -> np.ndarray:
        if self.sectors[row, 2] >= 0:
            return self.ends[row].reshape(2, 2)
        start, _, reach = self.camera.view
        low, high = self.sectors[row, :2] + start
        step = 2 * math.acos(max(1 - CHORD_M / reach, 0.0))
        angles = np.linspace(low, high, 2 + int((high - low) / step))
        return reach * np.column_stack([np.cos(angles), np.sin(angles)])

    @cached_property
    def polygon(self) -> Any:
        """What is seen at TARGET_M above the ground, as shapely (several parts where a low roof hides a middle)."""
        import shapely

        if self.blind or self.camera.height_m is None:
            return self.plan
        hidden = _shadows(self.camera, self.walls)
        return shapely.difference(self.plan, shapely.union_all(hidden)) if len(hidden) else self.plan

    @property
    def area_m2(self) -> float:
        """Of the ground seen; without low roofs in the way, exactly."""
        return self.plan_area_m2 if self.camera.height_m is None else float(self.polygon.area)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def field_of(camera: Camera, walls: Walls) -> Field:
    """The field of a camera. A camera in a building (unless above its roof) or on a wall is blind: put it a little before it."""
    place, which = _reached(camera, walls)
    unknown = len(np.unique(walls.owner[which[np.isinf(walls.roof_m[walls.owner[which]])]]))
    if walls.roofs_over(camera.place[None])[0] >= (camera.height_m or 0.0):
        return Field(camera, np.empty((0, 3)), walls, True, unknown)
    high = walls.roof_m[walls.owner[which]] >= (camera.height_m or -math.inf)
    place, which = np.ascontiguousarray(place[high]), which[high]
    kernels, many = loops(), len(place)
    span, lines = np.empty((2 * many, 3)), np.empty((2 * many, 2))
    found = kernels.spans(place, many, camera.view, span, lines)
    room = 8 * found + 64
    while True:  # walls that cross one another need more
        out = np.empty((room, 3))
        rows = kernels.sweep(span, lines, found, camera.view, out)
        if rows >= 0:
            break
        room *= 4
    out = out[:rows]
    walled = out[:, 2] >= 0
    out[walled, 2] = which[out[walled, 2].astype(np.int64)]
    return Field(camera, out, walls, False, unknown)


def _reached(camera: Camera, walls: Walls) -> tuple[np.ndarray, np.ndarray]:
    """Ends, relative to the camera, and numbers of the walls in its reach."""
    place, which = np.empty((len(walls.ends), 4)), np.empty(len(walls.ends), dtype=np.int64)
    seen = np.zeros(len(walls.ends), dtype=np.int64)
    found = loops().near(walls.table, camera.x, camera.y, camera.reach_m, 1, seen, place, which)
    return place[:found], which[:found]


def _shadows(camera: Camera, walls: Walls) -> np.ndarray:
    """What roofs below the camera and above the target hide: their footprints, and a quadrangle behind each of their walls."""
    import shapely

    place, which = _reached(camera, walls)
    height = camera.height_m or 0.0
    roof = walls.roof_m[walls.owner[which]]
    low = (roof < height) & (roof >= TARGET_M)
    place, roof, owner = place[low], roof[low], walls.owner[which[low]]
    far = ((height - TARGET_M) / (height - roof))[:, None]
    corners = np.stack([place[:, :2], place[:, 2:], place[:, 2:] * far, place[:, :2] * far], axis=1)
    behind = (_cross(place[:, :2], place[:, 2:]) != 0) & (roof > TARGET_M)  # not of walls seen edge-on
    shadows = shapely.polygons(corners[behind] + camera.place)
    below = walls.tree.query(shapely.Point(camera.place), predicate="intersects")  # its own roof, whose walls may be far
    return np.concatenate([shadows, walls.footprints[np.union1d(owner, below)]])
