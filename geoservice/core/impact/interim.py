"""Looking before the end without fooling oneself: bounds for interim looks that spend 5 % of error over all of them.

Lan and DeMets 1983, with the spending function that resembles O'Brien and Fleming 1979: hardly anything may be concluded early,
and the last look is nearly an ordinary one. The looks need not be planned: each spends what its share of the information allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geoservice.core.stats.given import share_of
from geoservice.errors import BadInput

_NODES = 400  # of the integral over what has not been concluded


def bounds(shares: Sequence[float], alpha: float = 0.05) -> list[float]:
    """The |z| that each look must reach, two-sided; shares: information at each look over that of the end (months over months, or
    facts over facts), increasing, 1 at the most. BadInput otherwise."""
    from scipy import optimize, stats

    share_of(alpha, "risque")
    if not shares or not all(0 < one <= 1 for one in shares) or any(b <= a for a, b in pairwise(shares)):
        raise BadInput("Les points d’étape sont des parts croissantes de la durée prévue, au-dessus de 0 et de 1 au plus.")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    found: list[float] = []
    places = density = np.empty(0)
    last = spent = 0.0
    for share in shares:
        # what both tails may spend until now: half of alpha each
        allowed = 4 * float(stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(share)))
        step = np.sqrt(share - last)

        def beyond(bound: float, step: float = step, places: np.ndarray = places, density: np.ndarray = density) -> float:
            if not len(places):
                return float(2 * stats.norm.sf(bound / step))
            return float(density @ (stats.norm.sf((bound - places) / step) + stats.norm.cdf((-bound - places) / step)))

        spend = allowed - spent
        bound = float(optimize.brentq(lambda b, beyond=beyond, spend=spend: beyond(b) - spend, 0.0, 40.0 * np.sqrt(share)))
        found.append(bound / np.sqrt(share))
        on = bound * nodes
        here = stats.norm.pdf(on / step) / step if not len(places) else (
            stats.norm.pdf((on[:, None] - places) / step) @ density / step)
        places, density, last, spent = on, bound * weights * here, share, allowed
    return found
