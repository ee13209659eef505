"""Did something change between two periods, cell by cell? Poisson e-test, false discoveries controlled, ratio with an interval.

Percentages are not used: from 1 fact to 3 is "+200 %" and nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats import bunching, multiple
from geoservice.core.stats.given import Values, exposure_of, same_length, share_of, whole_counts_of
from geoservice.errors import BadInput

LEAST_FOR_DISPERSION = 5  # units with two facts or more; on few of them the limit of the estimate is far on the careful side
_STANDS_OUT, _MOST_ROUNDS = 0.01, 8
_NEARLY = 1 - 1e-10  # outcomes exactly as extreme as the observed one count as such, whatever rounding does
_ROWS = 256


@dataclass(frozen=True)
class Periods:
    """Exposure of two periods (days, or days × dwellings) as one number each or one a unit, and how the test is made.

    `dispersion`: variance / mean that remains within a unit; None estimates from the map how facts come in bunches, 1.0 is the
    plain e-test.
    """

    before: float | np.ndarray
    after: float | np.ndarray
    dispersion: float | None = None
    correction: str = "bh"
    alpha: float = 0.05


@dataclass(frozen=True, eq=False)
class Changes:
    """One row a unit, (n,) each: `p` two-sided, `q` corrected, `direction` +1 or -1 where q <= alpha and 0 elsewhere.

    `ratio` is the rate after over the rate before with half a fact added to each count, so it is finite; `low`, `high` its 95 %
    interval (Jeffreys), as wide as the dispersion asks. `dispersion`: mean over units with facts; `dispersion_estimated`: whether
    it is the map's own. `method` states hypothesis and correction.
    """

    p: np.ndarray
    q: np.ndarray
    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    direction: np.ndarray
    dispersion: float
    dispersion_estimated: bool
    method: str


@dataclass(frozen=True, eq=False)
class _Two:
    """Counts and exposures of both periods, (n,) float64 each."""

    first: np.ndarray
    second: np.ndarray
    first_exposure: np.ndarray
    second_exposure: np.ndarray

    @property
    def both(self) -> np.ndarray:
        return self.first + self.second

    @property
    def share(self) -> np.ndarray:
        """Of the facts that fall in the second period when nothing changes."""
        return self.second_exposure / (self.first_exposure + self.second_exposure)


def changes(before: Values, after: Values, periods: Periods) -> Changes:
    """Change of every unit. before, after: (n,) whole counts; BadInput for other counts, exposures that are not positive.

    Hypothesis: the same rate per unit of exposure in both periods, with facts that come in bunches as they do on this map. `p`
    is the greatest of the e-test's and of the beta-binomial's under each law (`bunching`), estimated without the units that stand
    out (`_settled`). A stated dispersion divides the e-test's z by its square root instead.
    """
    two = _checked(before, after, periods)
    plain = e_test(two.first, two.second, two.first_exposure, two.second_exposure)
    own = periods.dispersion is None and (two.both >= 2).sum() >= LEAST_FOR_DISPERSION
    if not own:
        spread = np.full(len(plain), max(1.0, periods.dispersion or 1.0))
        p = widened(plain, float(spread.max(initial=1.0)))
    else:
        p, spread = _settled(two, plain)
    q = multiple.CORRECTIONS[periods.correction](p)
    ratio, low, high = rate_ratio(two.first, two.second, two.first_exposure, two.second_exposure, spread)
    direction = np.where(q <= periods.alpha, np.sign(np.log(ratio)), 0).astype(np.int8)
    mean = float(spread[two.both > 0].mean()) if (two.both > 0).any() else 1.0
    return Changes(p, q, ratio, low, high, direction, mean, bool(own), _method(periods, mean, bool(own)))


def _checked(before: Values, after: Values, periods: Periods) -> _Two:
    first, second = whole_counts_of(before, "comptages d’avant"), whole_counts_of(after, "comptages d’après")
    same_length("comptages des deux périodes", first, second)
    share_of(periods.alpha, "alpha")
    if periods.correction not in multiple.CORRECTIONS:
        raise BadInput(f"Correction inconnue. Corrections possibles : {', '.join(multiple.CORRECTIONS)}.")
    if periods.dispersion is not None:
        exposure_of([periods.dispersion], 1, "dispersions")
    return _Two(first, second, exposure_of(periods.before, len(first), "durées d’avant"),  # type: ignore[arg-type]  # one number is
                exposure_of(periods.after, len(first), "durées d’après"))  # type: ignore[arg-type]  # one a unit


def _settled(two: _Two, plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p and dispersion of each unit, (n,) each, by laws of the units that do not stand out under these laws themselves.

    Begins with those that the e-test leaves alone. With all units a few real changes would pass for bunches, and hide each other:
    of two fourfold changes among 200 units none was found, now both; maps without changes show one in at most 5 % of draws, with
    13 to 600 units, 2 to 40 facts each and a variance / mean of 1 to 20.
    """
    p, trusted = plain, np.zeros(len(plain), dtype=bool)
    for _ in range(_MOST_ROUNDS):
        kept = p > _STANDS_OUT
        if (two.both[kept] >= 2).sum() < LEAST_FOR_DISPERSION:
            kept = np.ones(len(p), dtype=bool)
        if (kept == trusted).all():
            break
        trusted = kept
        p, spread = _bunched(two, plain, trusted)
    return p, spread


def _bunched(two: _Two, plain: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p and dispersion of each unit, (n,) each; laws are estimated on units `trusted` (n,) bool, around their common change."""
    odds = (two.second[trusted].sum() + 0.5) / (two.first[trusted].sum() + 0.5)
    odds = odds * two.first_exposure[trusted].sum() / two.second_exposure[trusted].sum() * two.share / (1 - two.share)
    common = odds / (1 + odds)
    fitting = bunching.laws(two.second[trusted], two.both[trusted], common[trusted])
    p = np.maximum.reduce([plain, *(bunching.two_sided(two.second, two.both, two.share, law) for law in fitting)])
    return p, np.maximum.reduce([law.dispersion(two.both) for law in fitting])


def e_test(first: Values, second: Values, first_exposure: Values | float = 1.0,
           second_exposure: Values | float = 1.0) -> np.ndarray:
    """Two-sided p that two Poisson counts have the same rate, (n,) (Krishnamoorthy and Thomson, J. Stat. Plan. Inf. 119, 2004).

    The sum over all outcomes at least as extreme is exact: for each first count these are the second counts outside an interval
    whose ends solve a quadratic, so one row costs as many steps as the first count has plausible values.
    """
    k1, k2 = whole_counts_of(first), whole_counts_of(second)
    n1, n2 = (exposure_of(some, len(k1)) for some in (first_exposure, second_exposure))  # type: ignore[arg-type]  # as above
    same_length("comptages des deux périodes", k1, k2)
    table = np.column_stack([k1, k2, n1, n2])
    if not len(table):
        return np.ones(0)
    rows, where = np.unique(table, axis=0, return_inverse=True)
    order = np.argsort(rows[:, 0] + rows[:, 1])
    p = np.ones(len(rows))
    for start in range(0, len(rows), _ROWS):
        chosen = order[start:start + _ROWS]
        p[chosen] = _e_test(*rows[chosen].T)
    return p[where.reshape(-1)]


def _e_test(k1: np.ndarray, k2: np.ndarray, n1: np.ndarray, n2: np.ndarray) -> np.ndarray:
    """`e_test` of some rows at once, padded to the widest."""
    from scipy.special import gammaln, pdtr, pdtrc, xlogy

    rate = (k1 + k2) / (n1 + n2)
    square = _square(k1, k2, n1, n2) * _NEARLY
    m1, m2 = (rate * n1)[:, None], (rate * n2)[:, None]
    low, high = _plausible(m1[:, 0])
    x = low[:, None] + np.arange(int((high - low).max()) + 1)
    mass = np.exp(xlogy(x, m1) - m1 - gammaln(x + 1)) * (x <= high[:, None])
    r, a, b = x / n1[:, None], n1[:, None], n2[:, None]
    half, rest = r + square[:, None] / (2 * b), r * r - square[:, None] * r / a
    root = np.sqrt(np.maximum(half * half - rest, 0.0))
    less = rest / np.maximum(half + root, 1e-300)  # half - root, without cancellation
    below = np.where((x > 0) & (rest >= 0), np.floor(b * less), -1.0)
    above = np.ceil(b * (half + root))
    outside = np.where(below >= 0, pdtr(np.maximum(below, 0), m2), 0.0) + np.where(above >= 1, pdtrc(above - 1, m2), 1.0)
    return np.where(square > 0, np.clip((mass * outside).sum(axis=1), 0.0, 1.0), 1.0)


def _square(k1: np.ndarray, k2: np.ndarray, n1: np.ndarray, n2: np.ndarray) -> np.ndarray:
    """Squared statistic: difference of rates over its variance; 0 where neither period has a fact."""
    variance = k1 / n1**2 + k2 / n2**2
    return np.divide((k1 / n1 - k2 / n2) ** 2, variance, out=np.zeros(len(k1)), where=variance > 0)


def _plausible(mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts outside which a Poisson variable of this mean has less than 1e-15 of its mass, on both sides together."""
    reach = 9 * np.sqrt(mean) + 30
    return np.maximum(np.floor(mean - reach), 0), np.ceil(mean + reach)


def widened(p: np.ndarray, dispersion: float) -> np.ndarray:
    """Two-sided p-values with their z divided by the square root of the dispersion; (n,), unchanged for 1."""
    from scipy.special import ndtr, ndtri

    if dispersion <= 1:
        return p
    z = -ndtri(np.maximum(p, 1e-300) / 2)
    return np.minimum(2 * ndtr(-z / dispersion**0.5), 1.0)


def rate_ratio(first: np.ndarray, second: np.ndarray, first_exposure: np.ndarray, second_exposure: np.ndarray,
               dispersion: float | np.ndarray = 1.0, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rate after over rate before, lower and upper limit, (n,) each, all finite and positive.

    Given both counts' sum, the second is binomial; its share has a Jeffreys posterior (Brown, Cai and DasGupta, Statistical
    Science 16, 2001), on counts divided by the dispersion.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    a, b = second / dispersion + 0.5, first / dispersion + 0.5
    scale = first_exposure / second_exposure
    shares = (betaincinv(a, b, tail), 1 - betaincinv(b, a, tail))
    low, high = (np.clip(share, 1e-12, 1 - 1e-12) for share in shares)
    return (second + 0.5) / (first + 0.5) * scale, low / (1 - low) * scale, high / (1 - high) * scale


def _method(periods: Periods, spread: float, own: bool) -> str:
    how = ("greatest p of the Poisson e-test and of beta-binomials whose strength the map gives" if own else
           "Poisson e-test, z divided by sqrt(dispersion)")
    few = "; too few units to estimate a dispersion" if not own and periods.dispersion is None else ""
    return (f"two-sided, same rate per unit of exposure in both periods; {how}; mean dispersion {spread:.3g}{few}; "
            f"correction {periods.correction}; alpha {periods.alpha:g}; Jeffreys 95 % interval of the ratio")
