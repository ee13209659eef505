"""How a place has been hot over time: eight classes of our own and "aucun", from a flag and a statistic for each period.

The rules, in the order in which they are tried; the first that holds gives the class. "Mostly" is at least three periods in four;
an episode is a run of hot periods. They are not those of other software that uses similar words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, numbers_of, share_of
from geoservice.core.stats.trend import mann_kendall
from geoservice.errors import BadInput

LEAST = 4  # periods
MOSTLY = 0.75
FEWEST = 3  # hot periods that make a history
EPISODES = 3  # that make an oscillation


@dataclass(frozen=True)
class Definition:
    """A class: code, French name, and what it means in a French sentence."""

    code: str
    label: str
    sentence: str


DEFINITIONS = (
    Definition("aucun", "Jamais chaud", "Ce lieu n’a été chaud pendant aucune période."),
    Definition("intensifie", "Intensifié", "Chaud la plupart du temps, encore maintenant, et de plus en plus."),
    Definition("en_recul", "En recul", "Chaud la plupart du temps, encore maintenant, mais de moins en moins."),
    Definition("persistant", "Persistant", "Chaud la plupart du temps et encore maintenant, sans hausse ni baisse."),
    Definition("nouveau", "Nouveau", "Chaud pendant la dernière période, pour la première fois."),
    Definition("consecutif", "Consécutif", "Chaud depuis plusieurs périodes de suite, jamais auparavant."),
    Definition("historique", "Historique", "Chaud la plupart du temps autrefois ; il ne l’est plus."),
    Definition("oscillant", "Oscillant", "Chaud, puis plus, puis de nouveau : trois épisodes ou plus."),
    Definition("sporadique", "Sporadique", "Chaud de temps en temps, sans régularité."),
)
CODES = tuple(definition.code for definition in DEFINITIONS)


@dataclass(frozen=True, eq=False)
class Emerging:
    """One row a unit, (n,) each: position in DEFINITIONS, number of hot periods, z and two-sided p of Mann–Kendall.

    Where `hot` never is, z and p are those of the statistic all the same.
    """

    classes: np.ndarray
    hot_periods: np.ndarray
    z: np.ndarray
    p: np.ndarray
    periods: int

    def codes(self) -> list[str]:
        """The classes by code."""
        return [CODES[place] for place in self.classes.tolist()]


def emerging(hot: np.ndarray, statistic: np.ndarray, alpha: float = 0.05) -> Emerging:
    """Classes of n units over T periods, the earliest first.

    hot (n, T) bool: a hot spot of that period, by whatever test; statistic (n, T) finite: what is compared between periods, for
    instance observed / expected, not a count of periods of different lengths. `alpha` is the two-sided level of the trend;
    with fewer than five periods no trend can reach 5 %. NotEnough below four periods; BadInput for other shapes.
    """
    flags, values = np.asarray(hot), numbers_of(statistic, "statistiques par période", 2)
    if flags.dtype != bool or flags.shape != values.shape:
        raise BadInput("Il faut, pour chaque lieu et chaque période, un drapeau vrai ou faux et une statistique.")
    share_of(alpha, "alpha")
    periods = flags.shape[1]
    if periods < LEAST:
        raise NotEnough("peu_de_periodes",
                        f"Il faut au moins {LEAST} périodes pour dire comment un point chaud évolue ; il y en a {periods}.")
    _, _, z, p = mann_kendall(values)
    rules = _rules(flags, np.where(p <= alpha, np.sign(z), 0))
    classes = np.select([rules[code] for code in CODES], np.arange(len(CODES)), CODES.index("sporadique"))
    return Emerging(classes.astype(np.int8), flags.sum(axis=1), z, p, periods)


def _rules(flags: np.ndarray, way: np.ndarray) -> dict[str, np.ndarray]:
    """Whether each rule holds for each unit, without regard to the order of the rules; (n,) bool by code."""
    periods = flags.shape[1]
    number, now = flags.sum(axis=1), flags[:, -1]
    starts = flags.copy()
    starts[:, 1:] &= ~flags[:, :-1]
    episodes = starts.sum(axis=1)
    mostly_now = now & (number >= MOSTLY * periods)
    until = periods - np.argmax(flags[:, ::-1], axis=1)  # periods up to the last hot one
    return {
        "aucun": number == 0,
        "intensifie": mostly_now & (way > 0), "en_recul": mostly_now & (way < 0), "persistant": mostly_now,
        "nouveau": now & (number == 1), "consecutif": now & (episodes == 1),
        "historique": ~now & (number >= FEWEST) & (number >= MOSTLY * until),
        "oscillant": episodes >= EPISODES,
        "sporadique": number > 0,
    }
