"""Fewer reports than dwellings, one's own past and similar places lead to expect: silence that calm does not explain.

A place's rate is gamma among places alike (empirical Bayes, `core.stats.rates`), its reports are Poisson times the season all
share and a noise of its own; what is expected is then negative binomial. Two questions are asked of each place, and paid for
(Bonferroni): fewer than its own past leads to expect? fewer, past included, than places alike? Then Benjamini-Hochberg over the
places that could be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats import rates
from geoservice.core.stats.given import NotEnough, Values, exposure_of, whole_counts_of
from geoservice.core.stats.multiple import bh
from geoservice.errors import BadInput

LEVEL = 0.05
LEAST_PLACES = 5
LEAST_OF_A_SORT = 30  # places: fewer are judged with all others
_LEAST_NOISE = 0.02  # relative variance: nobody reports with the regularity of a clock
_LEAST_SPREAD = 0.1  # relative variance between places: no two are alike


@dataclass(frozen=True, eq=False)
class Expected:
    """What is expected of n places over the recent days: `mean` (n,) with `shape` (n,) of its gamma; `factor` what all share.

    `alike`, `alike_shape`: the same over past and recent days together from places alike alone. `noise`: relative variance of a
    place's own unsteadiness.
    """

    mean: np.ndarray
    shape: np.ndarray
    alike: np.ndarray
    alike_shape: np.ndarray
    factor: float
    noise: float


@dataclass(frozen=True, eq=False)
class Watch:
    """Places judged: `p`, `q` (n,) (1 where not judged), `silent` q at most the level, `judged` whether a silence could be told.

    `against`: 0 its own past told more, 1 places alike did.
    """

    expected: Expected
    p: np.ndarray
    q: np.ndarray
    silent: np.ndarray
    judged: np.ndarray
    against: np.ndarray


def sorts_of(exposure: np.ndarray) -> np.ndarray:
    """Places alike: thirds by exposure, when each holds enough of them; else all are of one sort. (n,) int."""
    if len(exposure) < 3 * LEAST_OF_A_SORT:
        return np.zeros(len(exposure), int)
    return np.searchsorted(np.quantile(exposure, (1 / 3, 2 / 3)), exposure)


def unsteadiness(past: np.ndarray) -> float:
    """Relative variance of a place's reports between stretches beyond Poisson and season; by moments, one standard error up.

    past (n, stretches): shares of a stretch are those of all places together. At least 0.02: few stretches look too steady.
    """
    total, stretches = past.sum(), past.shape[1]
    if total == 0 or stretches < 2:
        return _LEAST_NOISE
    whole = past.sum(axis=1)
    share = past.sum(axis=0) / total
    mean = whole[:, None] * share
    beyond = ((past - mean) ** 2 - mean * (1 - share)).sum()
    # a place of weight w bent the season by w towards itself, and its own total by one stretch in all of them
    weights = float((whole.astype(float) ** 2).sum())
    free = (1 - 1 / stretches) * max(0.1, 1 - weights / total**2)
    found = max(0.0, float(beyond / (weights * (share**2).sum()) / free))
    freedom = (stretches - 1) * weights**2 / float((whole.astype(float) ** 4).sum())
    # the noise of counting stands in the error too, or none would be seen where reports are few
    error = (found + float((mean * (1 - share)).sum() / (weights * (share**2).sum()))) * (2 / freedom) ** 0.5
    return float(np.clip(found + error, _LEAST_NOISE, 2.0))


def expect(seen: Values, past: np.ndarray, exposure: Values) -> Expected:
    """What is expected over the recent days of places that were `seen` (n,) then, and `past` (n, stretches) before.

    The season is what all others did, recent over past, each place left out of its own. NotEnough below 5 places or without past.
    """
    now = whole_counts_of(seen)
    past = whole_counts_of(past, dimensions=2)
    bases = exposure_of(exposure, len(now), "expositions")
    if len(past) != len(now):
        raise BadInput("Il faut un passé par lieu.")
    before = past.sum(axis=1)
    if len(now) < LEAST_PLACES or before.sum() == 0:
        raise NotEnough("peu_de_lieux", f"Dire d’un silence demande au moins {LEAST_PLACES} lieux et des signalements passés.")
    noise = unsteadiness(past)
    prior_mean, prior_shape, prior_spread = _prior(before, bases)
    others_now, others_before = now.sum() - now, before.sum() - before
    factor = (others_now + 0.5) / (others_before + 0.5)
    # the season is itself estimated: few others, much doubt
    doubt = 1 / (others_now + 1) + 1 / (others_before + 1) + noise / max(1, len(now) - 1)
    posterior = prior_shape + before
    mean = posterior / (prior_shape / prior_mean + 1) * factor
    shape = 1 / (1 / posterior + noise + doubt)
    alike_shape = 1 / (prior_spread + doubt)
    return Expected(mean, shape, prior_mean * (1 + factor), alike_shape, float(now.sum() / before.sum()), noise)


def _prior(before: np.ndarray, bases: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and gamma shape of the past count of each place, from places alike, and the relative variance between them; (n,) each.

    The last is what the shape says and its own standard error more, for few places tell little of how unlike places are.
    """
    mean, shape, spread = np.zeros(len(before)), np.zeros(len(before)), np.zeros(len(before))
    sorts = sorts_of(bases)
    for sort in np.unique(sorts):
        mine = sorts == sort
        known = mine if before[mine].any() else np.ones(len(before), bool)  # where none of a sort reported, all places tell
        rate, strength = rates.prior(before[known], bases[known])
        mean[mine], shape[mine] = rate * bases[mine], strength
        spread[mine] = max(_LEAST_SPREAD, 1 / strength) * (1 + (8 / known.sum()) ** 0.5)  # of a gamma of shape 1
    return mean, np.minimum(shape, 1 / _LEAST_SPREAD), spread


def at_most(seen: np.ndarray, mean: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """P(X ≤ seen) of negative binomials of these means and gamma shapes; (n,)."""
    from scipy.special import betainc

    return betainc(shape, np.asarray(seen) + 1.0, shape / (shape + mean))


def watch(seen: Values, past: np.ndarray, exposure: Values, level: float = LEVEL) -> Watch:
    """Which places are silent; arguments as for `expect`, which see for NotEnough.

    A place whose silence could not be told even with no report at all is not judged: its chance of 0 is above the level. That
    depends on its past alone, so that leaving it out costs nobody else.
    """
    found = expect(seen, past, exposure)
    now = whole_counts_of(seen)
    both = now + np.asarray(past).sum(axis=1)
    own, alike = at_most(now, found.mean, found.shape), at_most(both, found.alike, found.alike_shape)
    p = np.minimum(1.0, 2 * np.minimum(own, alike))
    zero = np.zeros(len(now))
    least = 2 * np.minimum(at_most(zero, found.mean, found.shape), at_most(zero, found.alike, found.alike_shape))
    judged = least <= level
    q = np.ones(len(p))
    q[judged] = bh(p[judged])
    p = np.where(judged, p, 1.0)
    return Watch(found, p, q, q <= level, judged, (alike < own).astype(int))


def chance_of_none(past: np.ndarray, exposure: np.ndarray, share: float) -> np.ndarray:
    """Chance that a place where people report has no report over `share` of the time of its past, season left out; (n,).

    1 where nothing is known to expect anything. past (n, stretches).
    """
    before = np.asarray(past, dtype=np.float64).sum(axis=1)
    if len(before) == 0 or before.sum() == 0:
        return np.ones(len(before))
    mean, shape, _ = _prior(before, exposure)
    posterior = shape + before
    expected = posterior / (shape / mean + 1) * share
    own = 1 / (1 / posterior + unsteadiness(past))
    return (own / (own + expected)) ** own
