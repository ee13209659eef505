"""The same answers by other means: overlays and predicates of shapely, one camera or one line at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geoservice.core.siting.coverage import Cameras
from geoservice.core.siting.visibility import TARGET_M, Camera
from geoservice.core.siting.walls import Walls

FINE = 0.0005  # radians between points of an arc


def seen_on_plan(camera: Camera, walls: Walls) -> Any:
    """The sector less, for each wall that reaches into it, the quadrangle from the wall to far behind it."""
    start, field, reach = camera.view
    angles = np.linspace(start, start + field, 2 + int(field / FINE))
    ring = reach * np.column_stack([np.cos(angles), np.sin(angles)])
    sector = shapely.Polygon(ring if camera.field_deg == 360 else np.vstack([np.zeros(2), ring]))
    ends = walls.ends.reshape(-1, 2, 2) - camera.place
    away = shapely.distance(shapely.linestrings(ends), shapely.Point(0, 0))
    ends, away = ends[away < reach], away[away < reach]
    far = ends[:, ::-1] * (3 * reach / away)[:, None, None]
    behind = shapely.polygons(np.concatenate([ends, far], axis=1))
    behind = shapely.union_all(behind[shapely.area(behind) > 1e-9])
    return shapely.transform(sector.difference(behind), lambda xy: xy + camera.place)


def pairs_in_reach(cameras: Cameras, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Camera and point of every pair within reach and field, by the definition."""
    found = []
    for at, (place, reach, azimuth, field) in enumerate(zip(cameras.places, cameras.reach_m, cameras.azimuth_deg,
                                                            cameras.field_deg, strict=True)):
        x, y = (points - place).T
        off = (np.degrees(np.arctan2(x, y)) - azimuth + 180) % 360 - 180
        inside = (x * x + y * y <= reach * reach) & (np.abs(off) <= field / 2)
        found.append(np.column_stack([np.full(inside.sum(), at), np.flatnonzero(inside)]))
    return tuple(np.concatenate(found).T)


def clear(walls: Walls, cameras: Cameras, points: np.ndarray, pairs: tuple[np.ndarray, np.ndarray],
          tree: shapely.STRtree | None = None) -> np.ndarray:
    """Whether the line of each pair meets no building that is high enough there, by an STRtree of the footprints."""
    camera, point = pairs
    lines = shapely.linestrings(np.stack([cameras.places[camera], points[point]], axis=1))
    line, building = (tree or shapely.STRtree(walls.footprints)).query(lines, predicate="intersects")
    height = cameras.height_m[camera[line]]
    blocked = np.isnan(height)
    if not blocked.all():
        inside = shapely.intersection(lines[line], walls.footprints[building])
        # where the line leaves the building is where it is lowest
        last = np.array([shapely.line_locate_point(one, shapely.points(shapely.get_coordinates(part))).max()
                         for one, part in zip(lines[line], inside, strict=True)])
        low = height - (height - TARGET_M) * last / shapely.length(lines[line])
        blocked |= low <= walls.roof_m[building]
    out = np.ones(len(lines), dtype=bool)
    out[line[blocked]] = False
    return out
