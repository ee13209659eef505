"""The inner loops of `visibility` and `coverage`, compiled by numba; imported by the first question that needs them.

As in `core.kernels`: explicit signatures, kept on the disk, never parallel, the GIL released. Coordinates are made relative to
the camera first: in projected metres that subtraction is exact, so the signs below are those of the numbers that were given.
Walls come as (ends, roofs, indptr, indices, frame): see `walls.Walls.table`. One file, although it is long: what numba keeps on
the disk is as old as the file of the caller, and would not notice a change of what is called in another.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from geoservice.core import compiled

_F = types.float64


def _array(kind: types.Type, dimensions: int = 1, writable: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not writable)


_OPTIONS = compiled.options(_array)
_F8, _F82, _I8 = _array(_F), _array(_F, 2), _array(types.int64)
_F8_OUT, _F82_OUT, _I8_OUT = _array(_F, 1, True), _array(_F, 2, True), _array(types.int64, 1, True)
_WALLS = types.Tuple((_F82, _F8, _I8, _I8, _F8))
_POINTS = types.Tuple((_F82, _F8, _I8, _I8, _F8))  # places, roofs over them, and their grid
_CAMERAS = types.Tuple((_F82, _F8, _F8, _F8, _F8, _F8))  # places; axis x and y; cosine of half the field; reach; height or NaN
_FULL, _TURN = -1, 2 * math.pi
_NARROW = 1e-13  # radians: what is narrower than this is no direction at all
_EVEN = 1e-12    # of a distance: walls that meet
_DEEP = 64
_BINS = 256      # directions that walls are sorted into: a point is tested against those of its own only
_WIDER = 1e-9    # of a bin: a wall is never missed by rounding


@njit(types.UniTuple(_F, 2)(_F, _F), **_OPTIONS)
def _product(a, b):  # noqa: ANN001, ANN202
    """A product and what its rounding lost [Dekker 1971]."""
    c = a * b
    high = 134217729.0 * a
    high_a = high - (high - a)
    high = 134217729.0 * b
    high_b = high - (high - b)
    low_a, low_b = a - high_a, b - high_b
    return c, ((high_a * high_b - c) + high_a * low_b + low_a * high_b) + low_a * low_b


@njit(types.int64(_F, _F, _F, _F), **_OPTIONS)
def side(ax, ay, bx, by):  # noqa: ANN001, ANN201
    """The sign of the cross product a × b, exactly: 1 where b lies to the left of a, 0 on one line with it."""
    first, second = ax * by, ay * bx
    if first != second:  # rounding never turns an order round: it can only make two products equal
        return 1 if first > second else -1
    first, lost = _product(ax, by)
    second, other = _product(ay, bx)
    return 1 if lost > other else (-1 if lost < other else 0)


@njit(types.boolean(_F, _F, _F, _F, _F, _F), **_OPTIONS)
def meets(px, py, ax, ay, bx, by):  # noqa: ANN001, ANN201
    """Whether the closed segments from the camera (0, 0) to p and from a to b have a point in common; touching is meeting."""
    if (max(ax, bx) < min(px, 0.0) or min(ax, bx) > max(px, 0.0) or max(ay, by) < min(py, 0.0) or min(ay, by) > max(py, 0.0)):
        return False
    if side(px, py, ax, ay) * side(px, py, bx, by) > 0:
        return False
    ex, ey = bx - ax, by - ay
    return side(ex, ey, -ax, -ay) * side(ex, ey, px - ax, py - ay) <= 0


@njit(_F(_F, _F, _F, _F), **_OPTIONS)
def _nearest(ax, ay, bx, by):  # noqa: ANN001, ANN202
    """Squared distance from the camera (0, 0) to the segment from a to b."""
    ex, ey = bx - ax, by - ay
    along = -(ax * ex + ay * ey) / (ex * ex + ey * ey)
    along = min(max(along, 0.0), 1.0)
    x, y = ax + along * ex, ay + along * ey
    return x * x + y * y


@njit(types.UniTuple(types.int64, 4)(_F8, _F, _F, _F), **_OPTIONS)
def _box(frame, x, y, reach):  # noqa: ANN001, ANN202
    """First and last column and row of the grid within reach: frame is (west, south, cell, columns, rows)."""
    west, south, cell = frame[0], frame[1], frame[2]
    last_column, last_row = np.int64(frame[3]) - 1, np.int64(frame[4]) - 1
    left, right = np.int64(math.floor((x - reach - west) / cell)), np.int64(math.floor((x + reach - west) / cell))
    low, high = np.int64(math.floor((y - reach - south) / cell)), np.int64(math.floor((y + reach - south) / cell))
    return max(left, 0), min(right, last_column), max(low, 0), min(high, last_row)


@njit(types.int64(_WALLS, _F, _F, _F, types.int64, _I8_OUT, _F82_OUT, _I8_OUT), **_OPTIONS)
def near(walls, x, y, reach, turn, seen, place, which):  # noqa: ANN001, ANN201
    """Walls within reach of (x, y): how many; their ends relative to it (place) and their numbers (which).

    seen holds for each wall the last turn that met it: turns only grow, so it is never cleared.
    """
    ends, _, indptr, indices, frame = walls
    columns = np.int64(frame[3])
    west, east, south, north = _box(frame, x, y, reach)
    found = 0
    for row in range(south, north + 1):
        if east < west:
            break
        for slot in range(indptr[row * columns + west], indptr[row * columns + east + 1]):
            wall = indices[slot]
            if seen[wall] == turn:
                continue
            seen[wall] = turn
            ax, ay = ends[wall, 0] - x, ends[wall, 1] - y
            bx, by = ends[wall, 2] - x, ends[wall, 3] - y
            if _nearest(ax, ay, bx, by) <= reach * reach:
                place[found, 0], place[found, 1], place[found, 2], place[found, 3] = ax, ay, bx, by
                which[found] = wall
                found += 1
    return found


@njit(types.UniTuple(_F, 2)(_F, _F, _F, _F, _F), **_OPTIONS)
def _within(ax, ay, bx, by, reach):  # noqa: ANN001, ANN202
    """The part of a segment inside a circle around (0, 0), as two shares of its length; (1, 0) where there is none."""
    ex, ey = bx - ax, by - ay
    square, half, over = ex * ex + ey * ey, ax * ex + ay * ey, ax * ax + ay * ay - reach * reach
    root = half * half - square * over
    if root <= 0:
        return 1.0, 0.0
    root = math.sqrt(root)
    return max((-half - root) / square, 0.0), min((-half + root) / square, 1.0)


@njit(_F(_F82, types.int64, _F), **_OPTIONS)
def _closeness(lines, span, angle):  # noqa: ANN001, ANN202
    """One over the distance of a span's wall in a direction. lines: (ex, ey) of a wall over twice its area with (0, 0)."""
    return math.cos(angle) * lines[span, 1] - math.sin(angle) * lines[span, 0]


@njit(types.int64(_F82, _I8, types.int64, _F, _F), **_OPTIONS)
def _first(lines, active, many, angle, other):  # noqa: ANN001, ANN202
    """The span nearest in a direction; where walls meet there, the one that is nearer in the other direction."""
    best, close, then = -1, 0.0, 0.0
    for slot in range(many):
        here = _closeness(lines, active[slot], angle)
        if here < close * (1 - _EVEN):
            continue
        there = _closeness(lines, active[slot], other)
        if here > close * (1 + _EVEN) or there > then:
            best, close, then = active[slot], here, there
    return best


@njit(types.boolean(_F82, types.int64, types.int64, _F), **_OPTIONS)
def _level(lines, one, other, angle):  # noqa: ANN001, ANN202
    """Whether a span's wall is as near as another's in a direction."""
    return _closeness(lines, one, angle) >= _closeness(lines, other, angle) * (1 - _EVEN)


@njit(types.int64(_F82, types.int64, _F8, _F82_OUT, _F82_OUT), **_OPTIONS)
def spans(place, many, view, span, lines):  # noqa: ANN001, ANN201
    """What each wall covers of a view (start, field, reach; radians and metres): rows (from, to, number of the wall), at most two
    a wall. Angles grow anticlockwise from the start of the view. A wall seen edge-on covers nothing."""
    start, field, reach = view
    found = 0
    for wall in range(many):
        ax, ay, bx, by = place[wall, 0], place[wall, 1], place[wall, 2], place[wall, 3]
        if side(ax, ay, bx, by) < 0:
            ax, ay, bx, by = bx, by, ax, ay
        area = ax * by - ay * bx
        first, last = _within(ax, ay, bx, by, reach)
        if last <= first or area <= 0:
            continue
        ex, ey = bx - ax, by - ay
        low = math.atan2(ay + first * ey, ax + first * ex) - start
        high = math.atan2(ay + last * ey, ax + last * ex) - start if last < 1 else math.atan2(by, bx) - start
        low -= math.floor(low / _TURN) * _TURN
        high -= math.floor(high / _TURN) * _TURN
        if low > high and low - high < math.pi:
            continue  # so narrow that rounding turned it round
        parts = ((low, high), (0.0, 0.0)) if low <= high else ((low, _TURN), (0.0, high))
        for low, high in parts:
            high = min(high, field)
            if high - low > _NARROW:
                span[found, 0], span[found, 1], span[found, 2] = low, high, wall
                lines[found, 0], lines[found, 1] = ex / area, ey / area
                found += 1
    return found


@njit(types.int64(_F82, _F82, _I8, types.int64, _F8, _F82_OUT, types.int64), **_OPTIONS)
def _envelope(span, lines, active, many, sector, out, found):  # noqa: ANN001, ANN202
    """The nearest walls of a sector (start of the view, from, to) that every active span covers from end to end.

    In such a sector 1/distance of a wall is a sinusoid, and two of them cross once at most: the same wall nearest at both ends is
    nearest all along; else the two cross, and the sector is cut there. Returns how many rows out has, _FULL when it is too short.
    """
    start = sector[0]
    stack = np.empty((_DEEP, 2))
    stack[0, 0], stack[0, 1] = sector[1], sector[2]
    depth = 1
    while depth:
        depth -= 1
        low, high = stack[depth, 0], stack[depth, 1]
        left = _first(lines, active, many, start + low, start + high)
        right = _first(lines, active, many, start + high, start + low)
        if left != right:
            crossing = math.atan2(lines[left, 1] - lines[right, 1], lines[left, 0] - lines[right, 0]) - start
            cut = crossing - math.floor((crossing - low) / math.pi) * math.pi
            if _level(lines, left, right, start + high) or _level(lines, right, left, start + low):
                cut = low  # they meet at an end, or lie on one line
            if depth + 2 < _DEEP and low + _NARROW < cut < high - _NARROW:
                stack[depth, 0], stack[depth, 1] = cut, high
                stack[depth + 1, 0], stack[depth + 1, 1] = low, cut
                depth += 2
                continue
            middle = start + 0.5 * (low + high)
            left = _first(lines, active, many, middle, middle)
        if found == len(out):
            return _FULL
        out[found, 0], out[found, 1], out[found, 2] = low, high, span[left, 2]
        found += 1
    return found


@njit(types.int64(_F82, _F82, types.int64, _F8, _F82_OUT), **_OPTIONS)
def sweep(span, lines, many, view, out):  # noqa: ANN001, ANN201
    """Rows (from, to, wall or -1 for the end of the reach) all round a view, in order; _FULL when out is too short."""
    start, field = view[0], view[1]
    events = np.empty(2 * many + 2)
    for one in range(many):
        events[2 * one], events[2 * one + 1] = span[one, 0], span[one, 1]
    events[2 * many], events[2 * many + 1] = 0.0, field
    events.sort()
    order = np.argsort(span[:many, 0])
    active, held, coming, found = np.empty(many + 1, np.int64), 0, 0, 0
    sector = np.array([start, 0.0, 0.0])
    for at in range(len(events) - 1):
        low, high = events[at], events[at + 1]
        kept = 0
        for slot in range(held):
            if span[active[slot], 1] > low:
                active[kept] = active[slot]
                kept += 1
        held = kept
        while coming < many and span[order[coming], 0] <= low:
            if span[order[coming], 1] > low:
                active[held] = order[coming]
                held += 1
            coming += 1
        if high - low <= _NARROW or high > field:
            continue
        if held:
            sector[1], sector[2] = low, high
            found = _envelope(span, lines, active, held, sector, out, found)
            if found < 0:
                return _FULL
        elif found == len(out):
            return _FULL
        else:
            out[found, 0], out[found, 1], out[found, 2] = low, high, -1.0
            found += 1
    return found


@njit(types.int64(_POINTS, _F, _F, _F), **_OPTIONS)
def around(points, x, y, reach):  # noqa: ANN001, ANN201
    """How many points lie in the cells of the grid within reach of (x, y)."""
    indptr, frame = points[2], points[4]
    columns, total = np.int64(frame[3]), 0
    west, east, south, north = _box(frame, x, y, reach)
    if east >= west:
        for row in range(south, north + 1):
            total += indptr[row * columns + east + 1] - indptr[row * columns + west]
    return total


@njit(_F(_F, _F), **_OPTIONS)
def _bin(x, y):  # noqa: ANN001, ANN202
    """A direction as a number from 0 to _BINS that grows anticlockwise, without trigonometry."""
    share = y / (abs(x) + abs(y))
    if x < 0:
        share = 2.0 - share
    elif y < 0:
        share += 4.0
    return share * (_BINS / 4.0)


@njit(types.Array(types.int64, 1, "C")(_F82, types.int64, _I8_OUT), **_OPTIONS)
def _sort(place, many, first):  # noqa: ANN001, ANN202
    """Walls by the directions that they cover: those of bin b are the result's [first[b]:first[b + 1]]."""
    low, high = np.empty(many, np.int64), np.empty(many, np.int64)
    first[:] = 0
    for wall in range(many):
        ax, ay, bx, by = place[wall, 0], place[wall, 1], place[wall, 2], place[wall, 3]
        if _nearest(ax, ay, bx, by) == 0.0:  # right below the camera
            low[wall], high[wall] = 0, _BINS - 1
        else:
            one, two = _bin(ax, ay), _bin(bx, by)
            if abs(one - two) > _BINS / 2:  # the short way goes over the first bin
                one, two = max(one, two), min(one, two) + _BINS
            low[wall] = np.int64(math.floor(min(one, two) - _WIDER))
            high[wall] = np.int64(math.floor(max(one, two) + _WIDER))
        for at in range(low[wall], high[wall] + 1):
            first[at % _BINS + 1] += 1
    for at in range(_BINS):
        first[at + 1] += first[at]
    filled, walls = first[:-1].copy(), np.empty(first[_BINS], np.int64)
    for wall in range(many):
        for at in range(low[wall], high[wall] + 1):
            slot = at % _BINS
            walls[filled[slot]] = wall
            filled[slot] += 1
    return walls


@njit(_F(_F, _F, _F, _F, _F, _F), **_OPTIONS)
def _last_met(px, py, ax, ay, bx, by):  # noqa: ANN001, ANN202
    """How far along the line from the camera to p, as a share, it last meets a wall that it is known to meet."""
    ex, ey = bx - ax, by - ay
    over = px * ey - py * ex
    if over != 0.0:
        return min(max((ax * ey - ay * ex) / over, 0.0), 1.0)
    square = px * px + py * py
    return min(max((ax * px + ay * py) / square, (bx * px + by * py) / square), 1.0)


@njit(types.int64(_WALLS, _CAMERAS, _POINTS, _F, _I8_OUT, _I8_OUT, _F8_OUT), **_OPTIONS)
def sights(walls, cameras, points, target, indptr, indices, distance):  # noqa: ANN001, ANN201
    """Points in sight of each camera, as rows of a compressed table, and how far they are; how many there are in all."""
    places, axis_x, axis_y, least, reaches, heights = cameras
    spots, covers, starts, numbers, frame = points
    columns, many_walls, found = np.int64(frame[3]), len(walls[1]), 0
    seen, place, which = np.full(many_walls, -1, np.int64), np.empty((many_walls, 4)), np.empty(many_walls, np.int64)
    first, nearest = np.zeros(_BINS + 1, np.int64), np.empty(many_walls)
    for camera in range(len(reaches)):
        indptr[camera] = found
        x, y, reach, height = places[camera, 0], places[camera, 1], reaches[camera], heights[camera]
        west, east, south, north = _box(frame, x, y, reach)
        if reach <= 0.0 or around(points, x, y, reach) == 0:
            continue
        flat, lift = math.isnan(height), 0.0 if math.isnan(height) else height - target
        many = near(walls, x, y, reach, camera, seen, place, which)
        for wall in range(many):
            nearest[wall] = _nearest(place[wall, 0], place[wall, 1], place[wall, 2], place[wall, 3])
        sorted_walls = _sort(place, many, first)
        for row in range(south, north + 1):
            for at in range(starts[row * columns + west], starts[row * columns + east + 1]):
                spot = numbers[at]
                px, py = spots[spot, 0] - x, spots[spot, 1] - y
                square = px * px + py * py
                if square > reach * reach or px * axis_x[camera] + py * axis_y[camera] < least[camera] * math.sqrt(square):
                    continue
                if covers[spot] > -np.inf and (flat or covers[spot] >= target):
                    continue
                clear = True
                if square > 0.0:
                    bin_ = np.int64(_bin(px, py)) % _BINS
                    for slot in range(first[bin_], first[bin_ + 1]):
                        wall = sorted_walls[slot]
                        if nearest[wall] > square * (1 + 1e-12):
                            continue
                        ax, ay, bx, by = place[wall, 0], place[wall, 1], place[wall, 2], place[wall, 3]
                        if not meets(px, py, ax, ay, bx, by):
                            continue
                        if flat or height - lift * _last_met(px, py, ax, ay, bx, by) <= walls[1][which[wall]]:
                            clear = False
                            break
                if clear:
                    indices[found] = spot
                    distance[found] = math.sqrt(square + lift * lift)
                    found += 1
    indptr[len(reaches)] = found
    return found
