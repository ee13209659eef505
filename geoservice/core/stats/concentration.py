"""How few places hold how many facts: Lorenz curve, Gini, and Gini corrected for facts too few to be everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, share_of

LEVELS = (0.25, 0.5, 0.8)


@dataclass(frozen=True)
class Held:
    """The fewest units that hold at least `share` of the facts, and what part of all units they are."""

    share: float
    units: int
    unit_share: float


@dataclass(frozen=True, eq=False)
class Concentration:
    """n units, of which `units_with_facts` have any; `gini` and `gini_prime` lie in [0, 1].

    lorenz: (n + 1, 2) cumulated share of units, from the busiest, and of facts; it starts at (0, 0) and ends at (1, 1).
    """

    units: int
    units_with_facts: int
    facts: float
    held: tuple[Held, ...]
    gini: float
    gini_prime: float
    lorenz: np.ndarray

    @property
    def sentence(self) -> str:
        """The middle level in words."""
        from geoservice.core.stats.words import number, percent

        middle = self.held[len(self.held) // 2]
        plural = "s" if middle.units > 1 else ""
        return (f"{number(middle.units)} lieu{'x' if plural else ''} sur {number(self.units)} ({percent(middle.unit_share)}) "
                f"réuni{'ssen' if plural else ''}t au moins {percent(middle.share)} des faits.")


def concentration(counts: Values, levels: tuple[float, ...] = LEVELS) -> Concentration:
    """Concentration of facts over ALL units of the territory, those without a fact included. counts (n,).

    Units are cells or residences; `gini_prime` (Bernasco and Steenbeek, Journal of Quantitative Criminology 33, 2017) compares
    with the most even spread that so few facts allow, so that 20 facts over 1,000 cells are not called concentrated.
    NotEnough without units or facts; BadInput for counts that are negative or missing.
    """
    values = np.sort(counts_of(counts))[::-1]
    total = float(values.sum())
    if not len(values) or total <= 0:
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : la concentration n’a pas de sens.")
    n = len(values)
    cumulated = np.minimum(np.cumsum(values) / total, 1.0)
    plain = gini(values)
    return Concentration(
        units=n, units_with_facts=int((values > 0).sum()), facts=total,
        held=tuple(_held(cumulated, share_of(level, "levels"), total) for level in levels),
        gini=plain, gini_prime=max(0.0, 1 - max(n / total, 1.0) * (1 - plain)),
        lorenz=np.column_stack([np.arange(n + 1) / n, np.concatenate([[0.0], cumulated[:-1], [1.0]])]))


def gini(counts: Values) -> float:
    """Gini coefficient of counts (n,) with a positive sum: 0 when all are equal, (n - 1) / n when one holds everything."""
    ascending = np.sort(counts_of(counts))
    total, n = ascending.sum(), len(ascending)
    if total <= 0:
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection : la concentration n’a pas de sens.")
    return max(0.0, float(2 * (np.arange(1, n + 1) @ ascending) / (n * total) - (n + 1) / n))


def _held(cumulated: np.ndarray, level: float, total: float) -> Held:
    slack = 1e-12 * max(1.0, 1 / total)  # a half is reached by sums that rounding leaves just below it
    units = int(np.searchsorted(cumulated, level - slack)) + 1
    return Held(level, units, units / len(cumulated))
