"""How often the outline of a geometry crosses or grazes itself, before anything asks whether it is valid.

Checking costs as much as pairs of segments whose boxes meet, and repairing as much as crossings: a scribble of 20,000 points has
60 million. A real outline, however fine, has next to none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

CHECK_MAX, REPAIR_MAX = 20_000_000, 300_000  # pairs: a second of checking; a second, and 200 MB, of repairing
FREE = 500  # vertices: whatever they do, it costs nothing
_EXACT = 20_000  # vertices from which a hidden knot could matter to checking
_POLYGON, _SEVERAL = 3, 4  # GEOS type numbers: from 4 on, geometries of several
_SAMPLE, _CHUNK, _SEED = 64, 64, 1


def too_tangled(shape: Any, most: int) -> bool:
    """Do more than `most` pairs of segments that are no neighbours have boxes that meet?"""
    boxes = _boxes(shape)
    order = np.random.default_rng(_SEED).permutation(len(boxes))
    if _mean_of(boxes, order[:_SAMPLE]) * len(boxes) / 2 > 4 * most:
        return True
    return (len(boxes) > _EXACT or most < CHECK_MAX) and _pairs(boxes, order, most) > most


def _boxes(shape: Any) -> np.ndarray:
    """(n, 4) west, south, east, north of every segment of every ring or line."""
    import shapely

    parts = shapely.get_parts(shape)
    while (shapely.get_type_id(parts) >= _SEVERAL).any():
        parts = shapely.get_parts(parts)
    polygons = shapely.get_type_id(parts) == _POLYGON
    lines = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    start, end = points[:-1][joined], points[1:][joined]
    return np.hstack([np.minimum(start, end), np.maximum(start, end)])


def _mean_of(boxes: np.ndarray, rows: np.ndarray) -> float:
    """Boxes that a box of the sample meets, itself and its two neighbours not counted, on average."""
    met = [int(((boxes[:, :2] <= boxes[row, 2:]) & (boxes[:, 2:] >= boxes[row, :2])).all(axis=1).sum()) - 3 for row in rows]
    return max(0.0, float(np.mean(met))) if met else 0.0


def _pairs(boxes: np.ndarray, order: np.ndarray, most: int) -> int:
    """Pairs of boxes that meet, neighbours left out; counting stops above `most`."""
    import shapely

    shapes = shapely.box(*boxes.T)
    tree, found = shapely.STRtree(shapes), 0
    for start in range(0, len(order), _CHUNK):
        rows = order[start:start + _CHUNK]
        found += tree.query(shapes[rows]).shape[1] - 3 * len(rows)
        if found > 2 * most:
            break
    return found // 2
