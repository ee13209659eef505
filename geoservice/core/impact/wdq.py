"""Weighted displacement quotient and what an action gained in all, with the incidence rate ratio beside it.

Bowers and Johnson 2003, J. Quant. Criminol. 19; the sums as in Guerette 2009 (POP Center), appendix B. The quotient compares
shares of control facts and says nothing about chance: `wdd` does. Above 0: benefits spread; between 0 and -1: displacement
smaller than the effect; below -1: the action made things worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoservice.core.impact.wdd import Z95, Change
from geoservice.errors import BadInput


@dataclass(frozen=True)
class Quotient:
    """wdq; facts fewer in the treated places; spared in all, displacement included; the rate ratio and its interval."""

    wdq: float
    gross_effect: float
    total_net_effect: float
    ratio: float
    low: float
    high: float


def quotient(treated: Change, control: Change, displacement: Change, dispersion: float = 1.0, z: float = Z95) -> Quotient:
    """BadInput where a count is 0 or the treated places changed exactly as their controls: the quotient is then undefined.

    dispersion: how many times the variance of Poisson the changes have; z: of the interval of the rate ratio.
    """
    groups = (treated, control, displacement)
    if not all(group.before > 0 and group.after > 0 for group in groups):
        raise BadInput("Un de ces nombres est nul : le quotient n’est pas défini. Regardez la différence (WDD).")
    success = treated.after / control.after - treated.before / control.before
    if success == 0:
        raise BadInput("Les lieux traités ont changé comme leurs témoins : le quotient n’est pas défini.")
    spread = displacement.after / control.after - displacement.before / control.before
    kept = control.after / control.before
    net = (treated.before * kept - treated.after) + (displacement.before * kept - displacement.after)
    ratio = treated.after / treated.before / kept
    half = z * math.sqrt(dispersion * sum(1 / count for group in (treated, control) for count in (group.before, group.after)))
    return Quotient(spread / success, treated.before - treated.after, net, ratio, ratio * math.exp(-half), ratio * math.exp(half))
