"""The inner loops that numpy would walk through several times, compiled by numba. `core.compiled` says when to import it.

Explicit signatures: compiled when the module is first imported, and kept on the disk beside it (or in the user's cache), so a
later process only loads them. Never parallel: inside a request threads cost more than they bring. All release the GIL.
Read-only arrays are declared, since an index is a mapped file; numba takes writable ones for them too.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.cpython.unsafe.numbers import trailing_zeros

PIECE = 8_192  # rows picked together, a multiple of 64: what is noted of them stays in the nearest cache


def _array(kind: types.Type, dimensions: int = 1, writable: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not writable)


_U1, _U2, _U4, _U8, _I4, _I8 = (_array(kind) for kind in (types.uint8, types.uint16, types.uint32, types.uint64, types.int32,
                                                         types.int64))
_I8_OUT, _U8_OUT, _U1_OUT = (_array(kind, writable=True) for kind in (types.int64, types.uint64, types.uint8))
# day, category, kind, nature, gravity, place, hour, span, lon, lat
_COLUMNS = types.Tuple((_U2, _U1, _U1, _U1, _U1, _U1, _U1, _U2, _I4, _I4))
# first day, number of days and a bit for each category; yes-tables of kind and weekday; state tables (0 no, 1 yes, 2 unknown) of
# nature, gravity, place and hour; box; which of these are asked
_TESTS = types.Tuple((_U8, _U1, _U1, _U1, _U1, _U1, _array(types.uint8, 2), _I8, _U1))
_OPTIONS = {"cache": True, "nogil": True, "boundscheck": False, "error_model": "numpy"}
KIND, WEEKDAY, HOUR, GRAVITY, PLACE, NATURE, BOX = range(7)  # places in what is asked


@njit(types.int64(_U2, _U1, _U8), **_OPTIONS)
def _total(day, category, window):  # noqa: ANN001, ANN202
    """How many rows pass days and categories."""
    first, days, bits = np.uint16(window[0]), np.uint16(window[1]), window[2]
    total = 0
    for row in range(len(day)):
        total += np.int64((np.uint16(day[row] - first) < days) & (bits >> np.uint64(category[row] & 63)) & np.uint64(1))
    return total


@njit(types.void(_U2, _U1, _U8, _U1_OUT), **_OPTIONS)
def _mark(day, category, window, mask):  # noqa: ANN001, ANN202
    """One byte a row, 1 where days and categories pass; zeros up to the next multiple of 64."""
    first, days, bits = np.uint16(window[0]), np.uint16(window[1]), window[2]
    rows = len(day)
    for row in range(rows):
        mask[row] = np.uint8((np.uint16(day[row] - first) < days) & (bits >> np.uint64(category[row] & 63)) & np.uint64(1))
    mask[rows:64 * ((rows + 63) // 64)] = 0


@njit(types.void(_I4, _I4, _I8, _U1_OUT), **_OPTIONS)
def _mark_within(lon, lat, box, mask):  # noqa: ANN001, ANN202
    """Clear the bytes of rows outside a box."""
    west, south, east, north = np.int32(box[0]), np.int32(box[1]), np.int32(box[2]), np.int32(box[3])
    for row in range(len(lon)):
        mask[row] &= np.uint8((lon[row] >= west) & (lon[row] < east) & (lat[row] >= south) & (lat[row] < north))


@njit(types.uint64(_array(types.uint64, writable=True), types.int64), **_OPTIONS)
def _packed(eights, word):  # noqa: ANN001, ANN202
    """64 bytes of 0 or 1, seen as eight numbers, as bits: the first row is the lowest."""
    bit = np.uint64(0)
    for eight in range(8):
        bit |= ((eights[8 * word + eight] * np.uint64(0x0102040810204080)) >> np.uint64(56)) << np.uint64(8 * eight)
    return bit


@njit(types.int64(types.uint64), **_OPTIONS)
def _ones(bits):  # noqa: ANN001, ANN202
    """How many bits are set."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(types.int64(_array(types.uint64, writable=True), types.int64, types.int64), **_OPTIONS)
def _marked(words, low, high):  # noqa: ANN001, ANN202
    """How many bits are set from `low` up to `high`, which is greater."""
    first, last = low // 64, (high - 1) // 64
    head, tail = ~np.uint64(0) << np.uint64(low % 64), ~np.uint64(0) >> np.uint64(63 - (high - 1) % 64)
    if first == last:
        return _ones(words[first] & head & tail)
    total = _ones(words[first] & head) + _ones(words[last] & tail)
    for word in range(first + 1, last):
        total += _ones(words[word])
    return total


@njit(types.int64(_U2, _U1, _U8, types.int64, _I8_OUT, _U1_OUT), **_OPTIONS)
def _pick(day, category, window, start, chosen, mask):  # noqa: ANN001, ANN202
    """Rows of a piece that pass days and categories, counted from `start`."""
    _mark(day, category, window, mask)
    eights = mask.view(np.uint64)
    found = 0
    for word in range((len(day) + 63) // 64):
        bit = _packed(eights, word)
        while bit:
            chosen[found] = start + 64 * word + np.int64(trailing_zeros(bit))
            found += 1
            bit &= bit - np.uint64(1)
    return found


@njit(types.int64(_COLUMNS, _TESTS, types.int64, _I8_OUT, _I8_OUT), **_OPTIONS)
def _narrow(columns, tests, found, chosen, unknown):  # noqa: ANN001, ANN202
    """The picked rows that pass everything else; those that one uncertain condition alone cannot tell are counted by it."""
    day, _, kind, nature, gravity, place, hour, span, lon, lat = columns
    _, kinds, weekdays, natures, gravities, places, hours, box, asked = tests
    kept = 0
    for position in range(found):
        row = chosen[position]
        if asked[KIND] and not kinds[kind[row]]:
            continue
        if asked[WEEKDAY] and not weekdays[(np.int64(day[row]) + 3) % 7]:  # 1970-01-01 was a Thursday, ISO day 4
            continue
        if asked[BOX] and not (box[0] <= lon[row] < box[2] and box[1] <= lat[row] < box[3]):
            continue
        doubts, which, passes = 0, 0, True
        if asked[HOUR]:
            state = hours[min(hour[row], np.uint8(24)), min(span[row], np.uint16(23))]
            passes = state > 0
            if state == 2:
                doubts, which = doubts + 1, 0
        if asked[GRAVITY]:
            state = gravities[gravity[row]]
            passes = passes and state > 0
            if state == 2:
                doubts, which = doubts + 1, 1
        if asked[PLACE]:
            state = places[place[row]]
            passes = passes and state > 0
            if state == 2:
                doubts, which = doubts + 1, 2
        if asked[NATURE]:
            state = natures[nature[row]]
            passes = passes and state > 0
            if state == 2:
                doubts, which = doubts + 1, 3
        if passes and doubts == 0:
            chosen[kept] = row
            kept += 1
        elif passes and doubts == 1:
            unknown[which] += 1
    return kept


@njit(types.int64(_COLUMNS, _TESTS, types.int64, types.int64, _I8_OUT, _U1_OUT, _I8_OUT), **_OPTIONS)
def _piece(columns, tests, start, stop, chosen, mask, unknown):  # noqa: ANN001, ANN202
    """Matching rows of a piece, at most PIECE rows long."""
    found = _pick(columns[0][start:stop], columns[1][start:stop], tests[0], start, chosen, mask)
    return _narrow(columns, tests, found, chosen, unknown) if tests[8].any() else found


@njit(types.int64(_COLUMNS, _TESTS, types.int64, types.int64, _I8_OUT, _U1_OUT, _I8_OUT), **_OPTIONS)
def _picked(columns, tests, low, high, chosen, mask, unknown):  # noqa: ANN001, ANN202
    """Matching rows of one range, by picking them."""
    total = 0
    for start in range(low, high, PIECE):
        total += _piece(columns, tests, start, min(start + PIECE, high), chosen, mask, unknown)
    return total


@njit(types.int64(_U1), **_OPTIONS)
def _plan(asked):  # noqa: ANN001, ANN202
    """0 when days and categories are all that is asked, 1 when only the box comes to that, 2 otherwise."""
    return 2 if asked[:BOX].any() else np.int64(asked[BOX])


@njit(types.void(_COLUMNS, _TESTS, _I8, _I8, _I8_OUT, _I8_OUT), **_OPTIONS)
def per_range(columns, tests, first, last, counts, unknown):  # noqa: ANN001, ANN201
    """Matching rows of each range [first, last)."""
    chosen, mask = np.empty(PIECE, np.int64), np.empty(PIECE, np.uint8)
    plan, day, category = _plan(tests[8]), columns[0], columns[1]
    for position in range(len(first)):
        low, high = first[position], last[position]
        if plan == 0:
            counts[position] = _total(day[low:high], category[low:high], tests[0])
        else:
            counts[position] = _picked(columns, tests, low, high, chosen, mask, unknown)


@njit(types.int64(_U4, types.int64), **_OPTIONS)
def _place(starts, row):  # noqa: ANN001, ANN202
    """The first of sorted starts that is not below a row."""
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        if np.int64(starts[middle]) < row:
            low = middle + 1
        else:
            high = middle
    return low


@njit(types.UniTuple(_I8_OUT, 2)(_COLUMNS, _TESTS, _TESTS, _U4, types.UniTuple(_I8_OUT, 3), _I8_OUT), **_OPTIONS)
def per_start(columns, doubtful, sure, starts, ranges, unknown):  # noqa: ANN001, ANN201
    """First rows of cells with matching rows, and how many match in each.

    `starts`: first rows of all cells, and the end. `ranges`: first rows, last rows + 1, and whether the tests are the `sure`
    ones; they begin and end where cells do.
    """
    first, last, within = ranges
    day, category, lon, lat = columns[0], columns[1], columns[8], columns[9]
    size = 0
    for position in range(len(first)):
        size += _place(starts, last[position]) - _place(starts, first[position])
    found, counts = np.empty(size, np.int64), np.empty(size, np.int64)
    chosen, picked = np.empty(PIECE, np.int64), np.empty(PIECE, np.uint8)
    mask, words = np.empty(PIECE, np.uint8), np.empty(PIECE // 64, np.uint64)
    eights = mask.view(np.uint64)
    written, total = 0, 0
    for position in range(len(first)):
        tests = sure if within[position] else doubtful
        plan, at = _plan(tests[8]), _place(starts, first[position])
        for start in range(first[position], last[position], PIECE):
            stop = min(start + PIECE, last[position])
            if plan == 2:  # rows are picked and narrowed down, then marked again
                mask[:64 * ((stop - start + 63) // 64)] = 0
                for place in range(_piece(columns, tests, start, stop, chosen, picked, unknown)):
                    mask[chosen[place] - start] = 1
            else:
                _mark(day[start:stop], category[start:stop], tests[0], mask)
                if plan == 1:
                    _mark_within(lon[start:stop], lat[start:stop], tests[7], mask)
            for word in range((stop - start + 63) // 64):
                words[word] = _packed(eights, word)
            low = start
            while low < stop:
                end = np.int64(starts[at + 1])
                high = min(end, stop)
                total += _marked(words, low - start, high - start)
                if high == end:
                    found[written], counts[written] = np.int64(starts[at]), total
                    written += total > 0
                    total = 0
                    at += 1
                low = high
    return found[:written], counts[:written]


@njit(types.boolean(types.int64, types.int64, types.int64, types.int64, _I8), **_OPTIONS)
def _meet(west, south, east, north, box):  # noqa: ANN001, ANN202
    """Whether two boxes meet."""
    return west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]


@njit(types.UniTuple(_I8_OUT, 3)(_array(types.int64, 2), _array(types.int64, 2), types.int64, _I8), **_OPTIONS)
def touched(blocks, groups, group, box):  # noqa: ANN001, ANN201
    """Row ranges of the blocks that meet a box: first rows, last rows + 1, and whether all their facts are inside it.

    Neighbours of one sort are one range. `groups`: sides (4, g) of the boxes of so many blocks each.
    """
    west, south, east, north = groups
    near = np.empty(len(west), np.int64)
    chosen = 0
    for number in range(len(west)):
        if _meet(west[number], south[number], east[number], north[number], box):
            near[chosen] = number
            chosen += 1
    most = group * chosen
    first, last, within = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    found = -1
    for number in near[:chosen]:
        for at in range(number * group, min((number + 1) * group, len(blocks))):
            left, bottom, right, top = blocks[at, 2], blocks[at, 3], blocks[at, 4], blocks[at, 5]
            if not _meet(left, bottom, right, top, box):
                continue
            inside = np.int64(left >= box[0] and right < box[2] and bottom >= box[1] and top < box[3])
            if found < 0 or last[found] != blocks[at, 0] or within[found] != inside:
                found += 1
                first[found], within[found] = blocks[at, 0], inside
            last[found] = blocks[at, 1]
    return first[:found + 1], last[:found + 1], within[:found + 1]


@njit(types.int64(_COLUMNS, _TESTS, _U8, types.int64, _I8, _I8, _U8_OUT, _I8_OUT, _I8_OUT), **_OPTIONS)
def per_cell(columns, tests, cells, shift, first, last, ranks, counts, unknown):  # noqa: ANN001, ANN201
    """Matching rows of all ranges by cell >> shift, in order of rows; how many distinct ones were written."""
    chosen, mask = np.empty(PIECE, np.int64), np.empty(PIECE, np.uint8)
    written, current, total = 0, np.uint64(0), 0
    for position in range(len(first)):
        for start in range(first[position], last[position], PIECE):
            found = _piece(columns, tests, start, min(start + PIECE, last[position]), chosen, mask, unknown)
            for place in range(found):
                rank = cells[chosen[place]] >> np.uint64(shift)
                if rank != current:
                    ranks[written], counts[written] = current, total
                    written += total > 0
                    current, total = rank, 0
                total += 1
    if total:
        ranks[written], counts[written] = current, total
        written += 1
    return written


@njit(types.int64(_COLUMNS, _TESTS, _TESTS, types.UniTuple(_I8_OUT, 3), _I8_OUT, _I8_OUT), **_OPTIONS)
def rows(columns, doubtful, sure, ranges, out, unknown):  # noqa: ANN001, ANN201
    """Numbers of the matching rows of all ranges (as in `per_start`); how many were written."""
    first, last, within = ranges
    chosen, mask = np.empty(PIECE, np.int64), np.empty(PIECE, np.uint8)
    written = 0
    for position in range(len(first)):
        tests = sure if within[position] else doubtful
        for start in range(first[position], last[position], PIECE):
            found = _piece(columns, tests, start, min(start + PIECE, last[position]), chosen, mask, unknown)
            out[written:written + found] = chosen[:found]
            written += found
    return written


@njit(types.int64(_U8, types.int64, types.uint64), **_OPTIONS)
def _leap(cells, at, value):  # noqa: ANN001, ANN202
    """The first row from `at` on that is not below a value: in growing leaps, then by halves."""
    step = 1
    while at + step <= len(cells) and cells[at + step - 1] < value:
        at += step
        step *= 2
    low, high = at, min(at + step - 1, len(cells))
    while low < high:
        middle = (low + high) // 2
        if cells[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(types.void(_U8, _U8, _U8, _I8_OUT, _I8_OUT), **_OPTIONS)
def bounds(cells, low, high, first, last):  # noqa: ANN001, ANN201
    """Row ranges of sorted, disjoint spans of cells, both ends included: each search begins where the last one ended."""
    at = 0
    for position in range(len(low)):
        at = _leap(cells, at, low[position])
        first[position] = at
        at = _leap(cells, at, high[position] + np.uint64(1))
        last[position] = at
