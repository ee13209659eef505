"""Which points many cameras have in sight, how far, and what each camera lets one do there (DORI), by day and by night.

Every pair within reach and field is tested exactly against the walls in that direction; shapely's `intersects` answers the same.
Points in a building (its walls included) are in sight of nobody: put doors a little before their façade (`candidates.outside`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoservice.core.siting.dori import Optics
from geoservice.core.siting.visibility import TARGET_M, Camera
from geoservice.core.siting.walls import Walls, grid_of, loops
from geoservice.errors import BadInput

_EDGE = 1e-12  # of a cosine


@dataclass(frozen=True, eq=False)
class Cameras:
    """Many cameras, as `visibility.Camera` one by one: places (n, 2), and (n,) of each measure; height_m NaN: as on a plan."""

    places: np.ndarray
    reach_m: np.ndarray
    azimuth_deg: np.ndarray
    field_deg: np.ndarray
    height_m: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(cls, cameras: Sequence[Camera]) -> Cameras:
        """The same cameras as columns."""
        heights = [np.nan if camera.height_m is None else camera.height_m for camera in cameras]
        rows = np.array([(camera.x, camera.y, camera.reach_m, camera.azimuth_deg, camera.field_deg) for camera in cameras],
                        dtype=np.float64).reshape(-1, 5)
        return cls(rows[:, :2].copy(), rows[:, 2], rows[:, 3], rows[:, 4], np.array(heights, dtype=np.float64))

    @classmethod
    def alike(cls, places: np.ndarray, like: Camera, azimuth_deg: np.ndarray | None = None) -> Cameras:
        """One model of camera at many places (n, 2), turned to the azimuths given (NaN, or none at all: as `like`)."""
        many = len(places)
        azimuth = np.full(many, like.azimuth_deg) if azimuth_deg is None else np.where(
            np.isnan(azimuth_deg), like.azimuth_deg, azimuth_deg)
        height = np.nan if like.height_m is None else like.height_m
        return cls(np.ascontiguousarray(places, dtype=np.float64), np.full(many, like.reach_m), azimuth,
                   np.full(many, like.field_deg), np.full(many, height))


@dataclass(frozen=True, eq=False)
class Sights:
    """Points in sight of n cameras: those of camera i are `indices[indptr[i]:indptr[i + 1]]`, in no order; m points in all.

    distance_m (k,) of each pair, from the lens where its height is known; blind (n,) cameras in a building; hidden (m,) points
    in one; unknown: buildings whose height is not known, which block at any height.
    """

    indptr: np.ndarray
    indices: np.ndarray
    distance_m: np.ndarray
    blind: np.ndarray
    hidden: np.ndarray
    unknown: int

    @cached_property
    def cameras(self) -> np.ndarray:
        """The camera of each pair, (k,) int64."""
        return np.repeat(np.arange(len(self.blind)), np.diff(self.indptr))

    def classes(self, optics: Optics, night_m: float | None = None) -> np.ndarray:
        """The DORI class of each pair, (k,) int8: 0 nothing, 1 detect … 4 identify; nothing beyond night_m, if it is given."""
        if night_m is not None and not night_m >= 0:
            raise BadInput("La portée de nuit est un nombre de mètres, 0 ou plus.")
        found = optics.classes(self.distance_m)
        return found if night_m is None else np.where(self.distance_m <= night_m, found, 0).astype(np.int8)

    def keep(self, pairs: np.ndarray) -> Sights:
        """The pairs (k,) bool that serve a purpose, and no others."""
        many = np.bincount(self.cameras[pairs], minlength=len(self.blind))
        return Sights(np.concatenate([[0], np.cumsum(many)]), self.indices[pairs], self.distance_m[pairs], self.blind,
                      self.hidden, self.unknown)


def sights(walls: Walls, cameras: Cameras, points: np.ndarray) -> Sights:
    """What cameras have in sight of points (m, 2) in the same metres; BadInput for places that are no numbers."""
    points = np.ascontiguousarray(points, dtype=np.float64).reshape(-1, 2)
    if not (np.isfinite(points).all() and np.isfinite(cameras.places).all()):
        raise BadInput("Des positions de caméras ou de points manquent ou sont infinies.")
    roofs, over = walls.roofs_over(points), walls.roofs_over(cameras.places)
    blind = over >= np.where(np.isnan(cameras.height_m), 0.0, cameras.height_m)
    grid, kernels = grid_of(points), loops()
    table = (points, roofs, grid.indptr, grid.indices, grid.frame)
    turned = np.radians(cameras.azimuth_deg)
    # the edge of a field belongs to it, whatever sines and cosines lose; all round leaves nothing out
    least = np.where(cameras.field_deg >= 360, -2.0, np.cos(np.radians(cameras.field_deg) / 2) - _EDGE)
    reach = np.where(blind, 0.0, cameras.reach_m)
    room = sum(kernels.around(table, x, y, far) for (x, y), far in zip(cameras.places, reach, strict=True) if far > 0)
    indptr, indices, distance = np.zeros(len(cameras) + 1, np.int64), np.empty(room, np.int64), np.empty(room)
    columns = (cameras.places, np.sin(turned), np.cos(turned), least, reach, np.ascontiguousarray(cameras.height_m))
    found = kernels.sights(walls.table, columns, table, TARGET_M, indptr, indices, distance)
    return Sights(indptr, indices[:found].copy(), distance[:found].copy(), blind, roofs > -np.inf, walls.unknown)
