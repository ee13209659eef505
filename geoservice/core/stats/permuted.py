"""The witness of the hot-spot test: rates dealt anew to the cells, as often as asked; no law of the counts is supposed.

With equal exposures this is exact whatever the law of a cell. With unequal ones rates, not counts, are exchanged, which supposes
that they vary alike everywhere: on sparse counts they do not, and the test of `nulls` is the one to trust.
P-values are (1 + as many as) / (1 + permutations): 999 of them can never say less than 0.001 (Phipson & Smyth 2010).
"""

from __future__ import annotations

import numpy as np

from geoservice.core.stats.weights import Neighbours

_PIECE = 2_000_000  # numbers held at once


def tails(counts: np.ndarray, exposure: np.ndarray, neighbours: Neighbours, permutations: int,
          seed: int) -> tuple[np.ndarray, np.ndarray]:
    """P(S* >= S) and P(S* <= S) of each neighbourhood, (n,) each. counts (n,), exposure (n,) > 0; the same for the same seed."""
    rng = np.random.default_rng(seed)
    relative = exposure / exposure.mean()
    rates = counts / relative
    even = bool((relative == relative[0]).all())
    observed = neighbours.sums(rates * relative)
    upper, lower = np.ones(len(counts)), np.ones(len(counts))
    slack = 1e-9 * max(float(observed.max(initial=0.0)), 1.0)  # equal sums added in another order are equal
    left = permutations
    while left:
        many = min(left, max(1, _PIECE // max(len(neighbours.indices), 1)))
        dealt = rng.permuted(np.tile(rates, (many, 1)), axis=1)
        sums = neighbours.sums(dealt if even else dealt * relative)
        upper += (sums >= observed - slack).sum(axis=0)
        lower += (sums <= observed + slack).sum(axis=0)
        left -= many
    return upper / (permutations + 1), lower / (permutations + 1)
