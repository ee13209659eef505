"""The inner loops of `choose`, compiled by numba: lazy greedy, exchanges one for one, and the Lagrangian bound.

As in `core.kernels`. A table (indptr, indices) has the demands of each candidate; worth (2, m) what the first and the second
camera on a demand are worth; seen (m,) how many cameras see it already. One resource limits: cost (n,) and what there is of it,
`purse`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from geoservice.core import compiled

_F = types.float64


def _array(kind: types.Type, dimensions: int = 1, writable: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not writable)


_OPTIONS = compiled.options(_array)
_F8, _F82, _I8 = _array(_F), _array(_F, 2), _array(types.int64)
_F8_OUT, _I8_OUT, _U1_OUT = _array(_F, 1, True), _array(types.int64, 1, True), _array(types.uint8, 1, True)
_TABLE = types.Tuple((_I8, _I8, _F82))
_SPENT = 1e-9  # of a purse: sums of costs are rounded
_BETTER = 1e-12  # of the value: an exchange that brings less brings nothing
_HALVED = 25  # steps without a better bound before they are made shorter


@njit(_F(_TABLE, _I8_OUT, types.int64), **_OPTIONS)
def _gain(table, seen, candidate):  # noqa: ANN001, ANN202
    """What one more camera brings."""
    indptr, indices, worth = table
    total = 0.0
    for slot in range(indptr[candidate], indptr[candidate + 1]):
        times = seen[indices[slot]]
        if times < 2:
            total += worth[times, indices[slot]]
    return total


@njit(types.void(_TABLE, _I8_OUT, types.int64, types.int64), **_OPTIONS)
def _add(table, seen, candidate, times):  # noqa: ANN001, ANN202
    indptr, indices, _ = table
    for slot in range(indptr[candidate], indptr[candidate + 1]):
        seen[indices[slot]] += times


@njit(types.int64(_TABLE, _F8, _I8, _F, types.boolean, _I8_OUT, _U1_OUT, _U1_OUT), **_OPTIONS)
def greedy(table, cost, site, purse, by_cost, seen, taken, used):  # noqa: ANN001, ANN201
    """Take the candidate that brings most (by_cost: for what it costs) while something can be paid; how many were taken.

    Lazily [Minoux 1978]: gains only shrink, so one that is still the greatest after being counted anew needs no other. seen,
    taken (n,) and used (sites) are changed; candidates taken already stay.
    """
    many = len(cost)
    bound = np.empty(many)
    for candidate in range(many):
        gain = _gain(table, seen, candidate)
        bound[candidate] = gain / cost[candidate] if by_cost else gain
    fresh, turn, found, left = np.zeros(many, np.int64), 0, 0, purse * (1 + _SPENT)
    while True:
        best = -1
        for candidate in range(many):
            if (taken[candidate] == 0 and used[site[candidate]] == 0 and cost[candidate] <= left and bound[candidate] > 0.0
                    and (best < 0 or bound[candidate] > bound[best])):
                best = candidate
        if best < 0:
            return found
        if fresh[best] == turn:
            taken[best], used[site[best]] = 1, 1
            _add(table, seen, best, 1)
            left -= cost[best]
            turn += 1
            found += 1
            continue
        gain = _gain(table, seen, best)
        bound[best], fresh[best] = gain / cost[best] if by_cost else gain, turn


@njit(_F(_TABLE, _F8, _I8, _F, _I8_OUT, _U1_OUT, _U1_OUT), **_OPTIONS)
def exchange(table, cost, site, purse, seen, taken, used):  # noqa: ANN001, ANN201
    """Replace one camera by one other as long as that brings more; what it brought in all."""
    many, brought = len(cost), 0.0
    gains, total = np.empty(many), 0.0
    spent = 0.0
    for candidate in range(many):
        spent += cost[candidate] * taken[candidate]
    for demand in range(len(seen)):
        total += table[2][0, demand] * (seen[demand] > 0) + table[2][1, demand] * (seen[demand] > 1)
    again = True
    while again:
        again = False
        for out in range(many):
            if taken[out] == 0:
                continue
            _add(table, seen, out, -1)
            left, lost = purse * (1 + _SPENT) - spent + cost[out], _gain(table, seen, out)
            used[site[out]] = 0
            best, most = out, lost + _BETTER * total
            for candidate in range(many):
                if taken[candidate] == 0 and used[site[candidate]] == 0 and cost[candidate] <= left:
                    gains[candidate] = _gain(table, seen, candidate)
                    if gains[candidate] > most:
                        best, most = candidate, gains[candidate]
            taken[out] = 0
            taken[best], used[site[best]] = 1, 1
            _add(table, seen, best, 1)
            spent += cost[best] - cost[out]
            if best != out:
                brought += gains[best] - lost
                again = True
    return brought


@njit(_F(_TABLE, _F8, _F, _F8, _F8_OUT, _I8_OUT), **_OPTIONS)
def _relaxed(table, cost, purse, price, score, order):  # noqa: ANN001, ANN202
    """What the best cameras are worth at given prices of demands, parts of a camera allowed; score becomes what each is worth
    less what it costs, at the price of the resource; order the candidates that are taken, the others -1."""
    indptr, indices, _ = table
    many = len(cost)
    ratio = np.empty(many)
    for candidate in range(many):
        total = 0.0
        for slot in range(indptr[candidate], indptr[candidate + 1]):
            total += price[indices[slot]]
        score[candidate], ratio[candidate] = total, total / cost[candidate]
    best = np.argsort(-ratio)
    left, rate, value = purse, 0.0, 0.0
    order[:] = -1
    for place in range(many):
        candidate = best[place]
        if score[candidate] <= 0.0:
            break
        if cost[candidate] > left:
            rate = ratio[candidate]
            break
        left -= cost[candidate]
        value += score[candidate]
        order[place] = candidate
    for candidate in range(many):
        score[candidate] -= rate * cost[candidate]
    return value + rate * left


@njit(_F(_TABLE, _F8, _F, _I8, _F, types.int64, _F8_OUT, _F8_OUT), **_OPTIONS)
def lagrange(table, cost, purse, seen, known, steps, price, score):  # noqa: ANN001, ANN201
    """An upper bound of the best value, by subgradients on the prices of demands [Galvão and ReVelle 1996].

    known: the value of a plan at hand. price (m,) begins and ends as the best prices; score (n,) ends as what each candidate is
    worth less what it costs at these prices: taking one against its sign lowers the bound by that much.
    """
    worth, many = table[2], len(cost)
    now, trial, order = price.copy(), np.empty(many), np.empty(many, np.int64)
    count, best, scale, stale = np.empty(len(price), np.int64), np.inf, 1.0, 0
    for _ in range(steps):
        value = _relaxed(table, cost, purse, now, trial, order)
        for demand in range(len(now)):
            value += (max(worth[0, demand] - now[demand], 0.0) + max(worth[1, demand] - now[demand], 0.0)
                      + now[demand] * seen[demand])
        if value < best:
            stale = stale if best - value < 1e-5 * abs(value) else 0
            best = value
            price[:], score[:] = now, trial
        stale += 1
        if stale > _HALVED:
            scale, stale = 0.5 * scale, 0
            now[:] = price
        if best - known <= 1e-9 * abs(known) or scale < 1e-4:
            break
        count[:] = seen
        for place in range(many):
            if order[place] >= 0:
                _add(table, count, order[place], 1)
        square = 0.0
        for demand in range(len(now)):
            count[demand] -= np.int64(now[demand] < worth[0, demand]) + np.int64(now[demand] < worth[1, demand])
            square += count[demand] ** 2
        if square == 0.0:
            break
        step = scale * (value - known) / square
        for demand in range(len(now)):
            now[demand] = min(max(now[demand] - step * count[demand], 0.0), worth[0, demand])
    return best
