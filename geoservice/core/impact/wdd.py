"""Weighted displacement difference: what treated places lost beyond their controls, displacement around them included.

Wheeler and Ratcliffe 2018, Crime Science 7:11. Hypotheses: counts are Poisson and independent between places and periods, and
treated and control places would have changed by the same number. Over-dispersed counts need a wider interval than this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoservice.errors import BadInput

Z95 = 1.959964
Z80 = 0.841621  # of a power of 80 %


@dataclass(frozen=True)
class Change:
    """Facts of a group of places before and after, and the area they cover in any unit (1: areas are not weighed)."""

    before: float
    after: float
    area: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.before < float("inf") and 0 <= self.after < float("inf") and 0 < self.area < float("inf")):
            raise BadInput("Les nombres de faits ne peuvent pas être négatifs, et une surface est un nombre au-dessus de 0.")

    @property
    def difference(self) -> float:
        """Facts after less those before, per unit of area."""
        return (self.after - self.before) / self.area

    @property
    def variance(self) -> float:
        """Of the difference, were the counts Poisson."""
        return (self.after + self.before) / self.area ** 2


@dataclass(frozen=True)
class Wdd:
    """The difference (below 0: fewer facts), its standard error, z, and its 95 % interval, in facts."""

    value: float
    error: float
    z: float
    low: float
    high: float


NOWHERE = Change(0, 0)


def wdd(treated: Change, control: Change, displacement: Change = NOWHERE, control_displacement: Change = NOWHERE) -> Wdd:
    """(T1-T0) - (C1-C0) + (D1-D0) - (CD1-CD0); BadInput where there is no fact at all, for then nothing can be said."""
    value = treated.difference - control.difference + displacement.difference - control_displacement.difference
    error = sum(group.variance for group in (treated, control, displacement, control_displacement)) ** 0.5
    if error == 0:
        raise BadInput("Aucun fait, ni avant ni après, ni ici ni dans les témoins : il n’y a pas de changement à mesurer.")
    return Wdd(value, error, value / error, value - Z95 * error, value + Z95 * error)


def minimum_drop(before: float, z: float = Z95) -> float:
    """The least drop of the treated places that reaches z, when treated and control places had `before` facts each, in facts.

    The control stays as it was. A drop above `before` cannot be reached, even if every fact vanishes. z = Z95: it reaches 5 %;
    z = Z95 + Z80: it does so in 80 % of cases. BadInput unless both are above 0.
    """
    if not (before > 0 and z > 0):
        raise BadInput("Il faut au moins un fait avant l’action pour dire quelle baisse se verrait.")
    return ((z ** 4 + 16 * before * z ** 2) ** 0.5 - z ** 2) / 2
