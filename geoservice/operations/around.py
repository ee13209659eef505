"""Facts around the features of a layer: each fact is counted at the nearest one within reach, so that none is counted twice."""

from __future__ import annotations

import numpy as np
import shapely

from geoservice.core import crs, facts
from geoservice.core.facts import DEGREE
from geoservice.core.query import FactQuery
from geoservice.errors import BadInput
from geoservice.operations.features import Features
from geoservice.operations.reader import Reader

FARTHEST_M = 1_000.0


def around(reader: Reader, layer: str, metres: float, query: FactQuery) -> tuple[Features, np.ndarray]:
    """Features of a layer with facts of one kind at most `metres` away, (n,) int64, by positions; of two as near the first.

    BadInput for a distance that is none, or a layer outside France.
    """
    if not 0 < metres <= FARTHEST_M:
        raise BadInput(f"La distance autour des objets va de 1 à {FARTHEST_M:.0f} m.")
    query, area = reader.resolved(query)
    found = reader.features(layer)
    found = found.take(np.flatnonzero(~shapely.is_missing(found.geometry)))
    counts = np.zeros(len(found), np.int64)
    if not len(found):
        return found, counts
    middle = shapely.centroid(found.geometry[0])
    epsg = crs.metric_epsg(middle.x, middle.y)
    tree = shapely.STRtree(crs.geometries_to_metres(found.geometry, epsg))
    for index in reader.indexes.values():
        rows = facts.select(index, area, query).rows
        points = shapely.points(*crs.project(index["lon"][rows] / DEGREE, index["lat"][rows] / DEGREE, epsg))
        point, feature = tree.query_nearest(points, max_distance=metres)
        first = np.unique(point, return_index=True)[1]  # pairs come by point: ties go to the first feature
        counts += np.bincount(feature[first], minlength=len(found))
    return found, counts
