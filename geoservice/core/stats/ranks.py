"""Who is first? Ranks with intervals, and groups instead of a league table wherever the intervals overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, numbers_of, same_length, share_of
from geoservice.errors import BadInput

DRAWS = 2_000
_AT_ONCE = 2_000_000  # drawn values held at a time


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of n units, 1 for the greatest rate: `rank` expected, [low, high] its interval at `level`; (n,) each.

    `group` (n,) int from 1: units of one group cannot be told apart, intervals of different groups do not overlap.
    `ranked`: whether there is more than one group, so that an order may be shown at all. `seed` and `draws` make it again.
    """

    rank: np.ndarray
    low: np.ndarray
    high: np.ndarray
    group: np.ndarray
    ranked: bool
    level: float
    draws: int
    seed: int

    @property
    def sentence(self) -> str:
        """What a reader may conclude."""
        if not self.ranked:
            return "Les intervalles se chevauchent : ces lieux ne peuvent pas être classés entre eux."
        groups = int(self.group.max())
        return f"Ces lieux se rangent en {groups} groupes ; à l’intérieur d’un groupe, l’ordre n’a pas de sens."


def ranks(shape: Values, rate: Values, seed: int, level: float = 0.95, draws: int = DRAWS) -> Ranks:
    """Ranks of rates from their gamma posteriors (`rates.gamma_poisson`): shape, rate (n,) greater than 0.

    Goldstein and Spiegelhalter (J. R. Statist. Soc. A 159, 1996). Every draw ranks all units; the interval of a unit is the
    central one of its ranks. NotEnough for fewer than two units.
    """
    a, b = numbers_of(shape, "paramètres de forme"), numbers_of(rate, "paramètres de taux")
    same_length("paramètres", a, b)
    share_of(level, "level")
    if len(a) < 2:
        raise NotEnough("peu_d_unites", "Il faut au moins deux lieux pour les classer.")
    if min(a.min(), b.min()) <= 0 or draws < 100:
        raise BadInput("Un classement demande des paramètres plus grands que zéro et au moins 100 tirages.")
    drawn = _drawn(a, b, seed, draws)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail), axis=0, method="inverted_cdf")
    mean = drawn.mean(axis=0)
    group = groups(low, high)
    return Ranks(mean, low.astype(np.int64), high.astype(np.int64), group, bool(group.max() > 1), level, draws, seed)


def groups(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Groups of units whose intervals overlap, directly or through others, counted from the lowest interval; (n,) int from 1."""
    order = np.lexsort((high, low))
    reached = np.maximum.accumulate(high[order])
    starts = np.concatenate([[True], low[order][1:] > reached[:-1]])
    out = np.empty(len(low), dtype=np.int64)
    out[order] = np.cumsum(starts)
    return out


def _drawn(shape: np.ndarray, rate: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Rank of each unit in each draw, (draws, n), 1 for the greatest."""
    random = np.random.default_rng(seed)
    out = np.empty((draws, len(shape)), dtype=np.int32)
    step = max(1, _AT_ONCE // len(shape))
    for start in range(0, draws, step):
        some = min(step, draws - start)
        order = np.argsort(-random.standard_gamma(shape, (some, len(shape))) / rate, axis=1)
        np.put_along_axis(out[start:start + some], order, np.arange(1, len(shape) + 1, dtype=np.int32)[None, :], axis=1)
    return out
