"""Mapbox Vector Tile 2.1 encoder: hexagons by the thousand, and any other geometry.

Coordinates come in as world units in [0, 1), x east, y south (`core.crs.world`). An empty layer is b"".
Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoservice.core import compiled
from geoservice.export import mvt_paths, mvt_shapes, varint
from geoservice.export.mvt_paths import POLYGON, Paths
from geoservice.export.mvt_values import Properties, Tags, Texts, tags
from geoservice.export.tile import Tile, loops

__all__ = ["Outlines", "Texts", "Tile", "features", "hexagons", "join", "outlined", "outlines", "padded"]

_UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.int64)
_FARTHEST_UNIT = 2**30  # farther out the numpy way says what is wrong
_MOST_CORNERS = 16


@dataclass(frozen=True)
class Outlines:
    """Geometries of one tile as bytes: type and geometry fields of every feature one after another, and where each ends (n,)."""

    data: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.ends)


@dataclass(frozen=True)
class _Layer:
    """What is known of a layer before it becomes bytes: its m features' ids (m,) or None, tags, and which outline each has."""

    tile: Tile
    name: str
    ids: np.ndarray | None
    tags: Tags
    outlines: Outlines
    rows: np.ndarray


def hexagons(tile: Tile, layer_name: str, rings: np.ndarray, ids: np.ndarray | None, properties: Properties) -> bytes:
    """One layer of whole cells: `rings` float64 (n, k, 2) in world units, not closed, k from 4 to 10.

    A cell with fewer than k vertices repeats its last one (`padded`). Cells are never clipped: the caller leaves out
    those wholly outside the buffered tile. A cell too small for the grid becomes a square of one unit, so that no
    count disappears. `ids` (n,) uint64 or None; `properties` name -> n values (int, float, str, bool, None = absent).
    BadInput for NaN in a property or a vertex.
    """
    return outlined(tile, layer_name, outlines(tile, rings), np.arange(len(rings)), ids, properties)


def outlines(tile: Tile, rings: np.ndarray) -> Outlines:
    """The geometry of cells in one tile, to be kept while their numbers change; `rings` and rules as in `hexagons`."""
    rings = np.ascontiguousarray(rings, np.float64)
    mvt_shapes.refuse_undefined(rings)
    kernels = compiled.at_hand(loops, rings.size)
    scale = 2.0**tile.z
    if kernels is None or rings.shape[1] > _MOST_CORNERS or np.abs(rings).max(initial=0) * scale * tile.extent > _FARTHEST_UNIT:
        return _encoded(_ring_paths(tile, rings))
    out, ends = np.empty(len(rings) * (10 + 10 * rings.shape[1]), np.uint8), np.empty(len(rings), np.int64)
    written = kernels.outlines(rings, scale, tile.x, tile.y, tile.extent, out, ends)
    return Outlines(out[:written].copy(), ends)


def outlined(tile: Tile, layer_name: str, shapes: Outlines, rows: np.ndarray, ids: np.ndarray | None,
             properties: Properties) -> bytes:
    """One layer of the outlines numbered `rows` (m,), with m ids or None and m values of each property."""
    return _bytes(_Layer(tile, layer_name, ids, tags(properties, len(rows)), shapes, rows)) if len(rows) else b""


def _ring_paths(tile: Tile, rings: np.ndarray) -> Paths:
    cells, corners = rings.shape[:2]
    whole = np.rint(tile.units(rings)).astype(np.int64)
    counts = np.full(cells, corners)
    area = mvt_paths.doubled_areas(whole.reshape(-1, 2), counts) if cells else np.zeros(0, np.int64)
    tiny = area == 0
    whole[tiny] = whole[tiny, :1] + _UNIT_SQUARE[np.minimum(np.arange(corners), 3)]
    points = mvt_paths.reversed_where(whole.reshape(-1, 2), counts, area < 0)
    kind = np.full(cells, POLYGON)
    points, counts = mvt_paths.without_repeats(points, counts, kind)
    return Paths(points, counts, np.arange(cells), kind)


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
    return outlined(tile, layer_name, _encoded(paths), np.arange(len(rows)), ids, kept)


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


def _encoded(paths: Paths) -> Outlines:
    """Type and geometry fields of all features: the words of each head, then its commands."""
    if not len(paths.counts):
        return Outlines(np.empty(0, np.uint8), np.empty(0, np.int64))
    words, per_feature = mvt_paths.commands(paths)
    sizes = varint.lengths(words)
    first = mvt_paths.starts(per_feature)
    head = np.empty((len(first), 4), np.uint64)
    head[:, 0], head[:, 1], head[:, 2] = 0x18, mvt_paths.feature_kinds(paths), 0x22
    head[:, 3] = np.add.reduceat(sizes, first, dtype=np.int64)
    slots = np.insert(words, np.repeat(first, 4), head.reshape(-1))
    slot_sizes = varint.lengths(slots)
    ends = np.cumsum(np.add.reduceat(slot_sizes, first + 4 * np.arange(len(first)), dtype=np.int64))
    return Outlines(np.frombuffer(varint.pack(slots, slot_sizes), np.uint8), ends)


def _features(layer: _Layer) -> bytes:
    """All Feature messages: id and tags of each, then its outline."""
    ids = np.empty(0, np.uint64) if layer.ids is None else _unsigned(layer.ids, len(layer.rows))
    kernels = compiled.at_hand(loops, 8 * len(layer.rows))
    sizes = np.diff(layer.outlines.ends, prepend=0)[layer.rows]
    if kernels is None:
        return _joined(layer, ids, sizes)
    out = np.empty(int(sizes.sum()) + len(layer.rows) * (32 + 10 * layer.tags.words.shape[1]), np.uint8)
    written = kernels.features(ids, layer.tags.words, layer.tags.present.view(np.uint8), layer.outlines.data, layer.outlines.ends,
                               layer.rows, out)
    return out[:written].tobytes()


def _joined(layer: _Layer, ids: np.ndarray, sizes: np.ndarray) -> bytes:
    head, present, head_sizes = _heads(layer, ids, sizes)
    heads = np.frombuffer(varint.pack(head[present], head_sizes[present]), np.uint8)
    per_head = np.where(present, head_sizes, 0).sum(axis=1, dtype=np.int64)
    start = mvt_paths.starts(per_head + sizes)
    out = np.empty(len(heads) + int(sizes.sum()), np.uint8)
    out[_runs(start, per_head)] = heads
    out[_runs(start + per_head, sizes)] = layer.outlines.data[_runs(layer.outlines.ends[layer.rows] - sizes, sizes)]
    return out.tobytes()


def _runs(start: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The numbers start, start + 1 … of runs of so many each, one after another."""
    return np.arange(int(size.sum())) + np.repeat(start - mvt_paths.starts(size), size)


def _heads(layer: _Layer, ids: np.ndarray, outline_bytes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Header words (m, h) of every feature, which of them are present, and their sizes in bytes.

    Columns: feature field, length · id field, id · tags field, length, tags….
    """
    count, width = layer.tags.words.shape
    head = np.zeros((count, width + 6), np.uint64)
    present = np.ones(head.shape, bool)
    head[:, 0], head[:, 2], head[:, 4] = 0x12, 0x08, 0x12
    head[:, 3] = ids if len(ids) else 0
    present[:, 2:4] = len(ids) > 0
    head[:, 6:], present[:, 6:] = layer.tags.words, layer.tags.present
    sizes = varint.lengths(head)
    head[:, 5] = np.where(present, sizes, 0)[:, 6:].sum(axis=1)
    sizes[:, 5] = varint.lengths(head[:, 5])
    head[:, 1] = np.where(present, sizes, 0)[:, 2:].sum(axis=1) + outline_bytes
    sizes[:, 1] = varint.lengths(head[:, 1])
    return head, present, sizes


def _unsigned(ids: np.ndarray, count: int) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.shape != (count,) or ids.dtype.kind not in "iu" or (ids.dtype.kind == "i" and (ids < 0).any()):
        raise ValueError(f"ids are {count} integers from 0 to 2**64 - 1, or None")
    return ids.astype(np.uint64)
