"""Integer vertices to the command words of a vector tile, for all features of a layer at once.

Flat arrays throughout. Source: Mapbox Vector Tile specification 2.1, §4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.export import varint

POINT, LINE, POLYGON = 1, 2, 3

_MOVE_ONE, _CLOSE = 1 << 3 | 1, 1 << 3 | 7
_FARTHEST = 2**31 - 1  # command parameters are 32 bits


@dataclass(frozen=True)
class Paths:
    """Points of a multipoint, lines or rings, in tile units.

    `points` (m, 2) int64, rings not closed; `counts` (p,) vertices of each path, never 0; `owner` (p,) the feature
    of each path, 0 to n-1 in ascending order without gaps; `kind` (p,) POINT, LINE or POLYGON.
    """

    points: np.ndarray
    counts: np.ndarray
    owner: np.ndarray
    kind: np.ndarray


def starts(counts: np.ndarray) -> np.ndarray:
    """Where each run begins, from the lengths of the runs."""
    return np.cumsum(counts) - counts


def commands(paths: Paths) -> tuple[np.ndarray, np.ndarray]:
    """Command words of all features, uint64 (w,), and the number of words of each feature (n,)."""
    first = starts(paths.counts)
    line = paths.kind >= LINE
    ring = paths.kind == POLYGON
    size = 1 + 2 * paths.counts + line + ring
    start = starts(size)
    words = np.empty(size.sum(), np.uint64)
    # a vertex sits after its MoveTo word; all but the first of a line also after its LineTo word
    at = np.arange(len(paths.points)) * 2 + np.repeat(start - 2 * first + 1 + line, paths.counts)
    at[first] -= line
    steps = _steps(paths, first)
    words[at], words[at + 1] = steps[:, 0], steps[:, 1]
    words[start] = np.where(line, _MOVE_ONE, paths.counts << 3 | 1)
    words[start[line] + 3] = (paths.counts[line] - 1) << 3 | 2
    words[(start + size - 1)[ring]] = _CLOSE
    return words, np.add.reduceat(size, _feature_starts(paths))


def feature_kinds(paths: Paths) -> np.ndarray:
    """The geometry type of each feature, (n,)."""
    return paths.kind[_feature_starts(paths)]


def without_repeats(points: np.ndarray, counts: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop vertices of lines and rings equal to the one before them, and first vertices of rings equal to the last.

    Points stay as they are: two facts at one place are two points. Counts may come back as 0 or 1.
    """
    first = starts(counts)
    keep = np.ones(len(points), bool)
    keep[1:] = (points[1:] != points[:-1]).any(axis=1)
    keep[first] = (points[first] != points[first + counts - 1]).any(axis=1) | (kind != POLYGON)
    if (kind == POINT).any():
        keep |= np.repeat(kind == POINT, counts)
    if keep.all():
        return points, counts
    return points[keep], np.add.reduceat(keep, first, dtype=np.int64)


def select(points: np.ndarray, counts: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Only the paths where `wanted` (p,) is true."""
    return points[np.repeat(wanted, counts)], counts[wanted]


def doubled_areas(points: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Twice the signed area of each ring (surveyor's formula, y south: an exterior ring is positive). Counts > 0."""
    first = starts(counts)
    following = np.arange(1, len(points) + 1)
    following[first + counts - 1] = first
    x, y = points[:, 0], points[:, 1]
    return np.add.reduceat(x * y[following] - x[following] * y, first)


def reversed_where(points: np.ndarray, counts: np.ndarray, flip: np.ndarray) -> np.ndarray:
    """Points with the order of vertices turned round in the paths where `flip` (p,) is true."""
    if not flip.any():
        return points
    here = np.arange(len(points))
    mirror = np.repeat(2 * starts(counts) + counts - 1, counts) - here
    return points[np.where(np.repeat(flip, counts), mirror, here)]


def _steps(paths: Paths, first: np.ndarray) -> np.ndarray:
    """Zigzag steps between vertices (m, 2); a feature starts at the origin and its cursor runs on from path to path."""
    step = np.empty_like(paths.points)
    step[1:] = paths.points[1:] - paths.points[:-1]
    new = first[_feature_starts(paths)]
    step[new] = paths.points[new]
    if step.size and max(step.max(), -step.min()) > _FARTHEST:
        raise ValueError("a geometry reaches more than 2**31 tile units: clip it, or draw fewer zoom levels of it")
    return varint.zigzag(step)


def _feature_starts(paths: Paths) -> np.ndarray:
    """The first path of every feature."""
    return np.flatnonzero(np.diff(paths.owner, prepend=-1))
