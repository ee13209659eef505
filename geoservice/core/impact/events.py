"""Month by month around the start of an action: treated less control places, against how they stood to each other before.

The numbers of an event-study chart. Months before show whether the two went alike; months after, when something changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, same_length
from geoservice.errors import BadInput

_LEAST = 6  # months before


@dataclass(frozen=True, eq=False)
class Events:
    """gap (m,): facts of a month beyond what the controls and the months before let expect; half: of its 95 % interval, the same
    for every month. slope: facts a month by which the gap moved already before the start, and its p (two-sided)."""

    gap: np.ndarray
    half: float
    slope: float
    p: float

    @property
    def alike(self) -> bool:
        """Whether nothing says that treated and control places already went apart before; few months say little."""
        return self.p >= 0.05


def events(treated: Values, control: Values, start: int, weight: float) -> Events:
    """treated, control: facts of each month, all places together; start: number of months before the action; weight: what a
    control fact counts for (treated places over control places, or dwellings). The interval is that of one new month given those
    before (months taken as independent). NotEnough with fewer than six months before."""
    ours, others = counts_of(treated), counts_of(control)
    same_length("mois", ours, others)
    if not 0 < start < len(ours) or not weight > 0:
        raise BadInput("L’action commence pendant les mois donnés, et le poids des témoins est au-dessus de 0.")
    if start < _LEAST:
        raise NotEnough("avant-court", f"Il faut au moins {_LEAST} mois avant l’action pour savoir comment les lieux allaient.")
    from scipy import stats

    apart = ours - weight * others
    before = apart[:start]
    half = float(stats.t.ppf(0.975, start - 1) * before.std(ddof=1) * np.sqrt(1 + 1 / start))
    if np.ptp(before) == 0:
        return Events(apart - before.mean(), half, 0.0, 1.0)
    line = stats.linregress(np.arange(start), before)
    return Events(apart - before.mean(), half, float(line.slope), float(line.pvalue))
