"""Mapbox Vector Tile 2.1 encoder: hexagons by the thousand, and any other geometry.

Coordinates come in as world units in [0, 1), x east, y south (`core.crs.world`). An empty layer is b"".
Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoservice.export import mvt_paths, mvt_shapes, varint
from geoservice.export.mvt_paths import POLYGON, Paths
from geoservice.export.mvt_values import Properties, Tags, tags
from geoservice.export.tile import Tile

__all__ = ["Tile", "features", "hexagons", "join", "padded"]

_UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.int64)


@dataclass(frozen=True)
class _Layer:
    """What is known of a layer before it becomes bytes: n features, their ids (n,) or None, tags and paths."""

    tile: Tile
    name: str
    ids: np.ndarray | None
    tags: Tags
    paths: Paths


def hexagons(tile: Tile, layer_name: str, rings: np.ndarray, ids: np.ndarray | None, properties: Properties) -> bytes:
    """One layer of whole cells: `rings` float64 (n, k, 2) in world units, not closed, k from 4 to 10.

    A cell with fewer than k vertices repeats its last one (`padded`). Cells are never clipped: the caller leaves out
    those wholly outside the buffered tile. A cell too small for the grid becomes a square of one unit, so that no
    count disappears. `ids` (n,) uint64 or None; `properties` name -> n values (int, float, str, bool, None = absent).
    BadInput for NaN in a property or a vertex.
    """
    rings = np.asarray(rings, np.float64)
    if not len(rings):
        return b""
    mvt_shapes.refuse_undefined(rings)
    cells, corners = rings.shape[:2]
    whole = np.rint(tile.units(rings)).astype(np.int64)
    counts = np.full(cells, corners)
    area = mvt_paths.doubled_areas(whole.reshape(-1, 2), counts)
    tiny = area == 0
    whole[tiny] = whole[tiny, :1] + _UNIT_SQUARE[np.minimum(np.arange(corners), 3)]
    points = mvt_paths.reversed_where(whole.reshape(-1, 2), counts, area < 0)
    kind = np.full(cells, POLYGON)
    points, counts = mvt_paths.without_repeats(points, counts, kind)
    return _bytes(_Layer(tile, layer_name, ids, tags(properties, cells), Paths(points, counts, np.arange(cells), kind)))


def features(tile: Tile, layer_name: str, geometries: np.ndarray, ids: np.ndarray | None, properties: Properties) -> bytes:
    """One layer of any shapely geometries (n,) in world units, clipped to the buffered tile.

    What collapses on the integer grid is dropped with its properties; broken polygons are repaired. `ids` and
    `properties` as in `hexagons`.
    """
    paths, rows = mvt_shapes.paths(tile, geometries)
    if not len(rows):
        return b""
    kept = {name: _take(values, rows) for name, values in properties.items()}
    ids = None if ids is None else np.asarray(ids)[rows]
    return _bytes(_Layer(tile, layer_name, ids, tags(kept, len(rows)), paths))


def join(*layers: bytes) -> bytes:
    """Several layers, each with its own name, in one tile."""
    return b"".join(layers)


def padded(rings: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Rings (n, k, 2) of which only the first `counts` (n,) vertices mean something, ready for the encoders."""
    rings = np.asarray(rings, np.float64)
    column = np.minimum(np.arange(rings.shape[1]), np.asarray(counts)[:, None] - 1)
    return np.take_along_axis(rings, column[:, :, None], axis=1)


def _take(values: Sequence | np.ndarray, rows: np.ndarray) -> np.ndarray | list:
    if isinstance(values, np.ndarray):
        return values[rows]
    values = list(values)
    return [values[row] for row in rows]


def _bytes(layer: _Layer) -> bytes:
    body = (
        varint.field(1, layer.name.encode())
        + _features(layer)
        + layer.tags.tables
        + b"\x28"
        + varint.one(layer.tile.extent)
        + b"\x78\x02"
    )
    return varint.field(3, body)


def _features(layer: _Layer) -> bytes:
    """All Feature messages, as one run of varints: the words of each header, then its commands."""
    words, per_feature = mvt_paths.commands(layer.paths)
    sizes = varint.lengths(words)
    geometry_bytes = np.add.reduceat(sizes, mvt_paths.starts(per_feature), dtype=np.int64)
    head, present, head_sizes = _heads(layer, geometry_bytes)
    per_head = present.sum(axis=1)
    ahead = np.cumsum(per_head)
    slots = np.empty(len(words) + ahead[-1], np.uint64)
    slot_sizes = np.empty(len(slots), np.uint8)
    at = np.arange(len(words)) + np.repeat(ahead, per_feature)
    slots[at], slot_sizes[at] = words, sizes
    at = np.arange(ahead[-1]) + np.repeat(mvt_paths.starts(per_feature), per_head)
    slots[at], slot_sizes[at] = head[present], head_sizes[present]
    return varint.pack(slots, slot_sizes)


def _heads(layer: _Layer, geometry_bytes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Header words (n, h) of every feature, which of them are present, and their sizes in bytes.

    Columns: feature field, length · id field, id · tags field, length, tags… · type field, type · geometry, length.
    """
    count, width = layer.tags.words.shape
    head = np.zeros((count, width + 10), np.uint64)
    present = np.ones(head.shape, bool)
    end = 6 + width
    head[:, 0], head[:, 2], head[:, 4], head[:, end], head[:, end + 2] = 0x12, 0x08, 0x12, 0x18, 0x22
    head[:, 3] = 0 if layer.ids is None else _unsigned(layer.ids, count)
    present[:, 2:4] = layer.ids is not None
    head[:, 6:end], present[:, 6:end] = layer.tags.words, layer.tags.present
    head[:, end + 1] = mvt_paths.feature_kinds(layer.paths)
    head[:, end + 3] = geometry_bytes
    sizes = varint.lengths(head)
    head[:, 5] = np.where(present, sizes, 0)[:, 6:end].sum(axis=1)
    sizes[:, 5] = varint.lengths(head[:, 5])
    head[:, 1] = np.where(present, sizes, 0)[:, 2:].sum(axis=1) + geometry_bytes
    sizes[:, 1] = varint.lengths(head[:, 1])
    return head, present, sizes


def _unsigned(ids: np.ndarray, count: int) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.shape != (count,) or ids.dtype.kind not in "iu" or (ids.dtype.kind == "i" and (ids < 0).any()):
        raise ValueError(f"ids are {count} integers from 0 to 2**64 - 1, or None")
    return ids.astype(np.uint64)
