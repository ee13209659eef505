"""The gap between complaints and facts: a Beta-Binomial ratio per unit, and where it fell although facts did not (« lassitude »).

Only facts whose complaint column says yes or no are `asked`; of those `filed` led to a complaint. Arrays are (n,), a row a unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, same_length, whole_counts_of
from geoservice.errors import BadInput

ALARM = 0.9
TOLERANCE = 0.75  # facts "did not fall" when their rate is at least this share of what it was
LEAST_UNITS = 3
_STRENGTHS = np.geomspace(1.0, 1e4, 81)  # how many facts a prior may be worth
_DROP = 1.92  # of the log-likelihood
_ROUNDS_OF_FIT = 3
_FEWEST_CHANGES, _MOST_CHANGES, _ROUNDS = 0.001, 0.5, 60
CHANGE_STRENGTH = 4.0  # facts that the prior of a ratio after a change is worth, at most: a change may be of any size


@dataclass(frozen=True)
class Prior:
    """Beta(alpha, beta) of the ratios of one landlord."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """How many facts it is worth."""
        return self.alpha + self.beta


@dataclass(frozen=True, eq=False)
class Ratios:
    """Posterior mean of each unit's ratio with its 95 % interval, and the prior they share."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    prior: Prior


@dataclass(frozen=True, eq=False)
class Period:
    """Complaints `filed` among facts `asked`, and all `facts`, over `days`. `filed` may be fractions (of another mix)."""

    filed: np.ndarray
    asked: np.ndarray
    facts: np.ndarray
    days: float


@dataclass(frozen=True, eq=False)
class Lassitude:
    """Posteriors of each unit: that its ratio `fell`, that its facts did not (`kept`), of both; `alarm` where both > ALARM.

    `changing`: the share of units whose ratio changes, estimated from all.
    """

    fell: np.ndarray
    kept: np.ndarray
    both: np.ndarray
    alarm: np.ndarray
    changing: float


def fit(filed: Values, asked: Values) -> Prior:
    """The beta prior of all units: its mean weighted by what each unit tells, and the least strength that they allow.

    The likeliest strength of a dozen units is often far too great, and intervals then hold the truth two times in three. The
    least one is where the likelihood has dropped by the one-sided 97.5 % point. NotEnough below three units that tell something.
    """
    some, of = _given(filed, asked)
    some, of = some[of > 0], of[of > 0]
    if len(of) < LEAST_UNITS:
        raise NotEnough("peu_d_unites", f"Il faut au moins {LEAST_UNITS} résidences dont on sait s’il y a eu plainte ; il y en a "
                        f"{len(of)}.")
    strength = 1.0
    for _ in range(_ROUNDS_OF_FIT):
        weight = of / (of + strength)
        mean = float(np.clip(weight @ (some / of) / weight.sum(), 1e-4, 1 - 1e-4))
        alpha, beta = mean * _STRENGTHS, (1 - mean) * _STRENGTHS
        values = _rising(alpha, some) + _rising(beta, of - some) - _rising(alpha + beta, of)
        strength = float(_STRENGTHS[np.argmax(values >= values.max() - _DROP)])
    return Prior(mean * strength, (1 - mean) * strength)


def ratios(filed: Values, asked: Values, prior: Prior | None = None, level: float = 0.95) -> Ratios:
    """Complaints per fact seen, pulled towards the landlord's mean the more so the fewer facts.

    Intervals leave out that the prior is estimated. `prior`: that of all units when some are looked at.
    """
    from scipy.special import betaincinv

    some, of = _given(filed, asked)
    prior = prior or fit(some, of)
    pairs, row = np.unique(np.column_stack([some, of]), axis=0, return_inverse=True)  # few differ where there are many units
    a, b = prior.alpha + pairs[:, 0], prior.beta + pairs[:, 1] - pairs[:, 0]
    tail = (1 - level) / 2
    found = (a / (a + b), betaincinv(a, b, tail), betaincinv(a, b, 1 - tail))
    return Ratios(*(values[row.ravel()] for values in found), prior)


def at_the_mix_of(filed: np.ndarray, first: np.ndarray, second: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """What a first period's complaints would be with the second's mix of categories, (n,).

    first, second: (n, categories) facts asked about; usual: (categories,) the landlord's own ratios. More thefts and fewer tags
    make more complaints without anybody being less weary.
    """
    before, after = first.sum(axis=1), second.sum(axis=1)
    told = np.divide(first @ usual, before, out=np.zeros(len(first)), where=before > 0)
    asks = np.divide(second @ usual, after, out=np.zeros(len(second)), where=after > 0)
    change = np.divide(asks, told, out=np.ones(len(first)), where=(told > 0) & (after > 0))
    return np.minimum(filed * change, before)


def lassitude(before: Period, after: Period, prior: Prior) -> Lassitude:
    """Where the ratio fell while facts did not, of n units.

    A unit's ratio either is the same in both periods, drawn from the prior, or is drawn anew in the second from a wider one; the
    share that changes is estimated from all units (empirical Bayes), so that many residences do not make many false alarms.
    Facts: gamma posteriors of the two rates (Jeffreys), of these periods and no others.
    """
    from scipy.special import ndtr

    same_length("périodes", before.filed, before.asked, after.filed, after.asked, before.facts, after.facts)
    if before.days <= 0 or after.days <= 0:
        raise BadInput("Chaque période dure au moins un jour.")
    wide = _widened(prior)
    first, second = _posterior(before, prior), _posterior(after, wide)
    moved = _log_marginal(before.filed, before.asked, prior.alpha, prior.beta) \
        + _log_marginal(after.filed, after.asked, wide.alpha, wide.beta)
    stayed = _log_marginal(before.filed + after.filed, before.asked + after.asked, prior.alpha, prior.beta)
    told = (before.asked > 0) & (after.asked > 0)
    factor = np.exp(np.clip(moved - stayed, -50, 50))
    changing = _share_changing(factor[told])
    changed = np.where(told, changing * factor / (changing * factor + 1 - changing), changing)
    (high, one), (low, other) = _logit(*first), _logit(*second)
    fell = changed * ndtr((high - low) / np.sqrt(one + other))
    kept = _kept(before, after)
    both = np.where(told, fell * kept, 0.0)
    return Lassitude(fell, kept, both, both > ALARM, changing)


def _given(filed: Values, asked: Values) -> tuple[np.ndarray, np.ndarray]:
    some, of = whole_counts_of(filed, "plaintes"), whole_counts_of(asked, "faits")
    same_length("plaintes et faits", some, of)
    if (some > of).any():
        raise BadInput("Il ne peut pas y avoir plus de plaintes que de faits dont on sait s’il y en a eu une.")
    return some, of


def _log_marginal(filed: np.ndarray, asked: np.ndarray, alpha: np.ndarray | float, beta: np.ndarray | float) -> np.ndarray:
    """Log probability of one sequence of so many complaints among so many facts, under a beta prior."""
    from scipy.special import betaln

    return betaln(alpha + filed, beta + asked - filed) - betaln(alpha, beta)


def _rising(start: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Sum over units of log (start (start + 1) … (start + steps - 1)), for each start; whole steps, each value once."""
    from scipy.special import gammaln

    values, times = np.unique(steps, return_counts=True)
    return (gammaln(start[:, None] + values) - gammaln(start)[:, None]) @ times


def _posterior(period: Period, prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    return prior.alpha + period.filed, prior.beta + period.asked - period.filed


def _widened(prior: Prior) -> Prior:
    strength = min(CHANGE_STRENGTH, prior.strength)
    return Prior(prior.mean * strength, (1 - prior.mean) * strength)


def _logit(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the logit of beta variables."""
    from scipy.special import polygamma, psi

    return psi(a) - psi(b), polygamma(1, a) + polygamma(1, b)


def _share_changing(factor: np.ndarray) -> float:
    """The likeliest share of units that change (EM); few enough units say little, so it is kept within bounds."""
    share = 0.05
    for _ in range(_ROUNDS if len(factor) else 0):
        weight = share * factor / (share * factor + 1 - share)
        share = float(np.clip((weight.sum() + 1) / (len(factor) + 20), _FEWEST_CHANGES, _MOST_CHANGES))  # a prior of 1 in 20
    return share


def _kept(before: Period, after: Period) -> np.ndarray:
    """Posterior that the rate of facts after is at least TOLERANCE of what it was."""
    from scipy.special import betainc

    bound = TOLERANCE * after.days / before.days
    return 1 - betainc(after.facts + 0.5, before.facts + 0.5, bound / (1 + bound))
