"""Before money is spent: could a reduction be seen at all, with these places, these controls, in these months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.impact import power, robust
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import facts, number, percent

SEED = 1
_LEAST = 3  # places in a group
WANTED = 0.8


@dataclass(frozen=True)
class Gate:
    """history: months before that are known; expected: facts of the treated places in the months after, without the lever;
    least: the smallest share that would be seen in 80 % of cases, None: not even all; formula: what the normal law promises
    (above 1: not even all); chance: how often the expected reduction would be seen; dispersion: times the variance of Poisson."""

    months: int
    history: int
    expected: float
    least: float | None
    formula: float
    reduction: float
    chance: float
    dispersion: float

    @property
    def possible(self) -> bool:
        return self.least is not None

    @property
    def word(self) -> str:
        """Whether the reduction that is expected would be seen, in a word."""
        return "invisible" if self.least is None else "visible" if self.chance >= WANTED else "incertain"

    @property
    def sentence(self) -> str:
        """What it means before the works."""
        if self.least is None:
            return (f"Même si tout disparaît, vous ne pourrez pas le montrer en {self.months} mois : on y attend "
                    f"{facts(self.expected)} sans rien faire, trop peu ou trop irréguliers. Allongez la durée, ou traitez plus "
                    "de lieux.")
        return (f"En {self.months} mois, une baisse de {percent(self.least)} ou plus ({number(self.least * self.expected)} faits "
                f"sur {number(self.expected)} attendus) se verrait huit fois sur dix. La baisse attendue de "
                f"{percent(self.reduction)} se verrait {_in_a_hundred(self.chance)} fois sur 100.")


def _in_a_hundred(share: float) -> str:
    """Never always nor never: it is a simulation."""
    times = round(100 * share)
    return "plus de 99" if times == 100 else "moins de 1" if times == 0 else str(times)


def gate(treated: np.ndarray, controls: np.ndarray, months: int, reduction: float) -> Gate:
    """treated, controls: facts of each place and month before, (places, months). NotEnough where nothing can be said."""
    if min(len(treated), len(controls)) < _LEAST:
        raise NotEnough("trop-peu-de-lieux", f"Il faut au moins {_LEAST} lieux traités et {_LEAST} lieux témoins (halls ou "
                                             "résidences) pour savoir combien ils varient.")
    scale = months / treated.shape[1]
    means, others = treated.sum(axis=1) * scale, controls.sum(axis=1) * scale
    if not (means.sum() and others.sum()):
        raise NotEnough("aucun-fait", "Aucun fait dans les mois d’avant, aux lieux traités ou aux témoins : aucune baisse ne "
                                      "peut se voir.")
    spread = robust.dispersion(np.vstack([treated, controls]))
    # controls count by places, not by facts: the formula's control with the same variance
    alike = (float(means.sum()) * len(others) / len(means)) ** 2 / float(others.sum())
    promised = power.gate(float(means.sum()), alike, spread)
    least = power.least_seen(means, others, spread, SEED, WANTED)
    return Gate(months, treated.shape[1], float(means.sum()), least, promised.share, reduction,
                power.power(means, others, reduction, spread, SEED), spread)
