"""The inner loops of tiles, compiled by numba: the same bytes as the numpy ways beside them. `core.compiled` says when to import.

Signatures, caching and threads as in `core.kernels`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

_OPTIONS = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}
_MOST_CORNERS = 16


def _array(kind: types.Type, dimensions: int = 1, writable: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not writable)


_U1, _U8, _I8 = (_array(kind) for kind in (types.uint8, types.uint64, types.int64))
_U8_2, _U1_2, _F4_2, _F8_2, _F8_3 = (_array(types.uint64, 2), _array(types.uint8, 2), _array(types.float32, 2),
                                     _array(types.float64, 2), _array(types.float64, 3))
_U1_OUT, _I8_OUT, _F4_2_OUT = (_array(types.uint8, 1, True), _array(types.int64, 1, True), _array(types.float32, 2, True))


@njit(types.int64(types.uint64, _U1_OUT, types.int64), **_OPTIONS)
def _varint(value, out, at):  # noqa: ANN001, ANN202
    """Write one varint; where the next byte goes."""
    while value > np.uint64(127):
        out[at] = np.uint8(value & np.uint64(127)) | np.uint8(128)
        value >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@njit(types.int64(types.uint64), **_OPTIONS)
def _length(value):  # noqa: ANN001, ANN202
    """Bytes of a varint."""
    size = 1
    while value > np.uint64(127):
        value >>= np.uint64(7)
        size += 1
    return size


@njit(types.uint64(types.int64), **_OPTIONS)
def _zigzag(value):  # noqa: ANN001, ANN202
    return np.uint64((value << 1) ^ (value >> 63))


@njit(types.int64(_F8_3, types.float64, types.float64, types.float64, types.float64, _U1_OUT, _I8_OUT), **_OPTIONS)
def outlines(rings, scale, column, row, extent, out, ends):  # noqa: ANN001, ANN201
    """Type and geometry fields of whole cells, one after another; bytes written. See `mvt.hexagons` for the rules."""
    corners = rings.shape[1]
    points, kept = np.empty((_MOST_CORNERS, 2), np.int64), np.empty((_MOST_CORNERS, 2), np.int64)
    steps = np.empty(2 * _MOST_CORNERS, np.uint64)
    at = 0
    for cell in range(rings.shape[0]):
        for corner in range(corners):
            points[corner, 0] = np.int64(np.rint((rings[cell, corner, 0] * scale - column) * extent))
            points[corner, 1] = np.int64(np.rint((rings[cell, corner, 1] * scale - row) * extent))
        area = 0
        for corner in range(corners):
            after = corner + 1 if corner + 1 < corners else 0
            area += points[corner, 0] * points[after, 1] - points[after, 0] * points[corner, 1]
        if area == 0:  # too small for the grid: a square of one unit
            x, y = points[0, 0], points[0, 1]
            for corner in range(corners):
                points[corner, 0] = x + (corner in (1, 2))
                points[corner, 1] = y + (corner >= 2)
        count = 0
        for corner in range(corners):
            here = corners - 1 - corner if area < 0 else corner
            before = (here + 1 if area < 0 else here - 1) % corners
            if points[here, 0] != points[before, 0] or points[here, 1] != points[before, 1]:
                kept[count] = points[here]
                count += 1
        size = 3  # MoveTo, LineTo and ClosePath: a cell has few corners, so each is one byte
        x, y = 0, 0
        for corner in range(count):
            steps[2 * corner], steps[2 * corner + 1] = _zigzag(kept[corner, 0] - x), _zigzag(kept[corner, 1] - y)
            size += _length(steps[2 * corner]) + _length(steps[2 * corner + 1])
            x, y = kept[corner, 0], kept[corner, 1]
        out[at], out[at + 1], out[at + 2] = 0x18, 0x03, 0x22
        at = _varint(np.uint64(size), out, at + 3)
        out[at] = 0x09
        at = _varint(steps[1], out, _varint(steps[0], out, at + 1))
        out[at] = (count - 1) << 3 | 2
        at += 1
        for word in range(2, 2 * count):
            at = _varint(steps[word], out, at)
        out[at] = 0x0F
        at += 1
        ends[cell] = at
    return at


@njit(types.int64(_U8, _U8_2, _U1_2, _U1, _I8, _I8, _U1_OUT), **_OPTIONS)
def features(ids, tags, present, tails, ends, rows, out):  # noqa: ANN001, ANN201
    """Feature messages: id, tags, and the outline numbered `rows[i]`; bytes written. Without ids, `ids` is empty."""
    at = 0
    for feature in range(len(rows)):
        tag_bytes = 0
        for word in range(tags.shape[1]):
            if present[feature, word]:
                tag_bytes += _length(tags[feature, word])
        first = ends[rows[feature] - 1] if rows[feature] else 0
        last = ends[rows[feature]]
        size = 1 + _length(np.uint64(tag_bytes)) + tag_bytes + last - first
        if len(ids):
            size += 1 + _length(ids[feature])
        out[at] = 0x12
        at = _varint(np.uint64(size), out, at + 1)
        if len(ids):
            out[at] = 0x08
            at = _varint(ids[feature], out, at + 1)
        out[at] = 0x12
        at = _varint(np.uint64(tag_bytes), out, at + 1)
        for word in range(tags.shape[1]):
            if present[feature, word]:
                at = _varint(tags[feature, word], out, at)
        for byte in range(first, last):
            out[at] = tails[byte]
            at += 1
    return at


@njit(types.void(_F8_2, types.float64, types.int64, types.int64, _F4_2_OUT), **_OPTIONS)
def bin_points(points, per_world, column, row, counts):  # noqa: ANN001, ANN201
    """One for each point in the pixel it falls in; points outside `counts` and undefined ones are left out."""
    height, width = counts.shape
    for point in range(len(points)):
        x, y = points[point, 0] * per_world - column, points[point, 1] * per_world - row
        if 0 <= x < width and 0 <= y < height:
            counts[np.int64(y), np.int64(x)] += np.float32(1)


@njit(types.void(_F4_2, _array(types.float32), _F4_2_OUT, _F4_2_OUT), fastmath={"contract"}, **_OPTIONS)
def blur(counts, kernel, between, out):  # noqa: ANN001, ANN201
    """Both passes of a separable kernel: `counts` loses len(kernel) - 1 rows and columns."""
    for row in range(between.shape[0]):
        into = between[row]
        into[:] = np.float32(0)
        for step in range(len(kernel)):
            source, weight = counts[row + step], kernel[step]
            for column in range(len(into)):
                into[column] += weight * source[column]
    width = out.shape[1]
    for row in range(out.shape[0]):
        into, source = out[row], between[row]
        into[:] = np.float32(0)
        for step in range(len(kernel)):
            shifted, weight = source[step:step + width], kernel[step]
            for column in range(width):
                into[column] += weight * shifted[column]
