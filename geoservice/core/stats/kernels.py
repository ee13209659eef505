"""The inner loops of the statistics, compiled by numba; `core.compiled` says when to import them, numpy answers until then.

As in `core.kernels`: explicit signatures, kept on the disk, never parallel, the GIL released.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types


def _array(kind: types.Type, dimensions: int = 1, writable: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not writable)


_I1, _I8, _F8, _F82 = _array(types.int8), _array(types.int64), _array(types.float64), _array(types.float64, 2)
_F8_OUT, _F82_OUT, _I8_OUT = _array(types.float64, 1, True), _array(types.float64, 2, True), _array(types.int64, 1, True)
_OPTIONS = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}


@njit(types.void(_I8, _I8, _F8, _F8_OUT), **_OPTIONS)
def sums(indptr, indices, values, out):  # noqa: ANN001, ANN201
    """Sum of the values of each neighbourhood."""
    for row in range(len(out)):
        total = 0.0
        for place in range(indptr[row], indptr[row + 1]):
            total += values[indices[place]]
        out[row] = total


@njit(types.void(_I8, _I8, _F8, types.UniTuple(types.float64, 4), _F8_OUT, _F8_OUT), **_OPTIONS)
def gi_star(indptr, indices, values, known, g, z):  # noqa: ANN001, ANN201
    """Share of the total in each neighbourhood, and its z (0 where nothing can vary). known: units, mean, variance, total."""
    units, mean, variance, total = known
    for row in range(len(g)):
        inside = 0.0
        for place in range(indptr[row], indptr[row + 1]):
            inside += values[indices[place]]
        size = np.float64(indptr[row + 1] - indptr[row])
        scale = size * (units - size) / (units - 1.0) * variance
        g[row] = inside / total
        z[row] = (inside - size * mean) / np.sqrt(scale) if scale > 0.0 else 0.0


@njit(types.int64(_F8, _F8, _F8, _F82_OUT), **_OPTIONS)
def spread(column, row, weights, grid):  # noqa: ANN001, ANN201
    """Each weight over the nine nodes around (row, column), given in cells, by a quadratic spline; how many lay outside."""
    outside = 0
    rows, columns = grid.shape
    for point in range(len(column)):
        x, y = column[point], row[point]
        if not (1.0 <= x < columns - 2.0 and 1.0 <= y < rows - 2.0):
            outside += 1
            continue
        i, j = int(x + 0.5), int(y + 0.5)
        right, up = x - i, y - j
        shares = (0.5 * (0.5 - right) ** 2, 0.75 - right * right, 0.5 * (0.5 + right) ** 2)
        below = weights[point] * 0.5 * (0.5 - up) ** 2
        level = weights[point] * (0.75 - up * up)
        above = weights[point] * 0.5 * (0.5 + up) ** 2
        for step in range(3):
            place = i + step - 1
            grid[j - 1, place] += below * shares[step]
            grid[j, place] += level * shares[step]
            grid[j + 1, place] += above * shares[step]
    return outside


@njit(types.void(_F82, _F8, _F82_OUT), **_OPTIONS)
def smooth(grid, half, out):  # noqa: ANN001, ANN201
    """Both passes of a symmetric separable kernel; half[0] is its middle. `out` is smaller by the kernel's reach on each side."""
    reach, (rows, columns) = len(half) - 1, out.shape
    line = np.empty(grid.shape[1])
    for row in range(rows):
        for place in range(len(line)):
            line[place] = half[0] * grid[row + reach, place]
        for step in range(1, reach + 1):
            share = half[step]
            for place in range(len(line)):
                line[place] += share * (grid[row + reach - step, place] + grid[row + reach + step, place])
        for place in range(columns):
            out[row, place] = half[0] * line[place + reach]
        for step in range(1, reach + 1):
            share = half[step]
            for place in range(columns):
                out[row, place] += share * (line[place + reach - step] + line[place + reach + step])


@njit(types.void(_I8, _I8, _I1, _F8, _F8, _I8_OUT), **_OPTIONS)
def bands(first, second, apart, times, bounds, table):  # noqa: ANN001, ANN201
    """Pairs by band of distance (given) and of time: table is (distance bands × time bands), one after another.

    A difference belongs to the first band whose bound it does not exceed; pairs beyond the last bound are not counted.
    """
    many = len(bounds)
    for pair in range(len(first)):
        difference = abs(times[first[pair]] - times[second[pair]])
        for band in range(many):
            if difference <= bounds[band]:
                table[apart[pair] * many + band] += 1
                break
