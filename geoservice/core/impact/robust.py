"""Weighted displacement difference with an interval that over-dispersed counts deserve: from how differently places changed.

`wdd.wdd` takes counts for Poisson. Real ones vary more: places have bursts and drifts of their own. Here every place (a hall, a
street) says by how much it changed, and the spread of these changes within a group is what chance does, whatever its law
[Welch 1947; the sum of the four groups as in Wheeler and Ratcliffe 2018]. Control places stand for the treated ones by their
mean, so a trend that all share cancels. Never narrower than Poisson. Hypotheses: places are independent of each other, groups
would have changed alike, and treated places were not chosen for a peak of the very period `before` (else they fall by themselves:
regression to the mean).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, same_length, share_of

_LEAST = 3  # places in a group: with fewer, nobody can say how differently places change


@dataclass(frozen=True, eq=False)
class Places:
    """Facts of each place of a group in two periods of the same length, (n,) each."""

    before: np.ndarray
    after: np.ndarray

    @classmethod
    def of(cls, before: Values, after: Values) -> Places:
        """BadInput for what is no count; NotEnough for fewer than three places."""
        found = cls(counts_of(before), counts_of(after))
        same_length("comptages avant et après", found.before, found.after)
        if len(found.before) < _LEAST:
            raise NotEnough("trop-peu-de-lieux", f"Il faut au moins {_LEAST} lieux par groupe pour savoir combien ils varient.")
        return found

    @property
    def change(self) -> np.ndarray:
        """Facts after less those before, of each place."""
        return self.after - self.before


@dataclass(frozen=True)
class Effect:
    """Facts more (below 0: fewer) than without the action, its standard error, degrees of freedom and interval; p two-sided.

    dispersion: variance found over the variance of Poisson counts, 1 at the least.
    """

    value: float
    error: float
    degrees: float
    low: float
    high: float
    p: float
    dispersion: float


def effect(treated: Places, control: Places, displacement: Places | None = None, control_displacement: Places | None = None,
           level: float = 0.95) -> Effect:
    """What the treated places (and those around them) changed beyond their controls; NotEnough where nothing happened at all."""
    share_of(level, "niveau")
    pairs = [(treated, control)]
    if displacement is not None:
        pairs.append((displacement, control if control_displacement is None else control_displacement))
    weighed = [row for first, second in pairs for row in ((first, 1.0), (second, -len(first.change) / len(second.change)))]
    # one group that stands for both has one weight: its two parts are not independent
    groups: dict[int, tuple[Places, float]] = {}
    for group, weight in weighed:
        groups[id(group)] = (group, groups.get(id(group), (group, 0.0))[1] + weight)
    value = sum(weight * group.change.sum() for group, weight in groups.values())
    spread = [_variance(group.change[None], group.before + group.after, weight) for group, weight in groups.values()]
    return _effect(float(value), spread, [len(group.change) for group, _ in groups.values()], level)


def _variance(changes: np.ndarray, facts: np.ndarray, weight: float) -> tuple[float, float]:
    """Of a weighted sum of changes (1, n): as found, and were the counts Poisson."""
    many = changes.shape[-1]
    return weight**2 * many * float(changes.var(axis=-1, ddof=1)[0]), weight**2 * float(facts.sum())


def _effect(value: float, spread: list[tuple[float, float]], sizes: list[int], level: float) -> Effect:
    from scipy import stats

    found, plain = sum(one for one, _ in spread), sum(one for _, one in spread)
    variance = max(found, plain)
    if variance == 0:
        raise NotEnough("aucun-fait", "Aucun fait, ni avant ni après, ni ici ni dans les témoins : rien n’a pu changer.")
    degrees = found**2 / sum(one**2 / (size - 1) for (one, _), size in zip(spread, sizes, strict=True)) if found else math.inf
    error = math.sqrt(variance)
    half = float(stats.t.ppf((1 + level) / 2, degrees)) * error
    p = float(2 * stats.t.sf(abs(value) / error, degrees))
    return Effect(value, error, degrees, value - half, value + half, p, variance / plain if plain else 1.0)


def dispersion(before: Values) -> float:
    """How many times the variance of Poisson the change between two halves of a history has; 1 at the least.

    before: facts (places, months), an even number of months; the second half less the first, its spread between places.
    NotEnough with fewer than three places, two months or facts.
    """
    counts = counts_of(before, dimensions=2)
    half = counts.shape[1] // 2
    if counts.shape[0] < _LEAST or half < 1 or counts.sum() < _LEAST:
        raise NotEnough("historique-court", "L’historique est trop court pour dire combien les lieux varient d’eux-mêmes.")
    first, second = counts[:, :half].sum(axis=1), counts[:, half:2 * half].sum(axis=1)
    found = len(counts) * (second - first).var(ddof=1)
    return float(max(found / max((first + second).sum(), 1.0), 1.0))
