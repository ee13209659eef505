"""Tails are exact: against rational arithmetic where it can be done, scipy elsewhere, and with or without compiled loops."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from geoservice.core import compiled
from geoservice.core.stats import nulls


@pytest.fixture(params=["numpy", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of summing."""
    if request.param == "compiled" and not compiled.load(nulls.loops):
        pytest.skip("numba is not installed")
    if request.param == "numpy":
        monkeypatch.setattr(compiled, "at_hand", lambda *_: None)
    return request.param


def rising(a: Fraction, s: int) -> Fraction:
    out = Fraction(1)
    for step in range(s):
        out *= a + step
    return out


def exact(total: int, a: Fraction, b: Fraction) -> list[Fraction]:
    """P(S = s) for s from 0 to total."""
    return [comb(total, s) * rising(a, s) * rising(b, total - s) / rising(a + b, total) for s in range(total + 1)]


@pytest.mark.parametrize(("share", "shape"), [
    (Fraction(1, 4), Fraction(1, 50)), (Fraction(1, 3), Fraction(2)), (Fraction(9, 10), Fraction(1, 3)),
    (Fraction(1, 100), Fraction(70)), (Fraction(1, 2), Fraction(1, 2))])
def test_the_beta_binomial_is_that_of_rational_arithmetic(way: str, share: Fraction, shape: Fraction) -> None:
    total = 40
    point = exact(total, shape, shape * (1 - share) / share)
    found = nulls.tails(np.arange(total + 1), total, np.full(total + 1, float(share)), np.full(total + 1, float(shape)))
    upper = [float(sum(point[s:])) for s in range(total + 1)]
    lower = [float(sum(point[:s + 1])) for s in range(total + 1)]
    np.testing.assert_allclose(found.point, [float(p) for p in point], rtol=1e-10)
    np.testing.assert_allclose(found.upper, upper, rtol=1e-10)
    np.testing.assert_allclose(found.lower, lower, rtol=1e-10)
    assert abs(sum(point) - 1) == 0


def test_the_binomial_is_that_of_scipy(way: str) -> None:
    rng = np.random.default_rng(1)
    share = rng.uniform(1e-4, 0.03, 400)
    sums = np.minimum(rng.poisson(40_000 * share * rng.uniform(0.3, 3, 400)), 40_000)
    found = nulls.tails(sums, 40_000, share, np.full(400, np.inf))
    upper, lower = stats.binom.sf(sums - 1, 40_000, share), stats.binom.cdf(sums, 40_000, share)
    big = upper > 1e-280
    assert big.sum() > 300
    assert (upper[big] < 1e-6).sum() > 50
    np.testing.assert_allclose(found.upper[big], upper[big], rtol=1e-8)
    np.testing.assert_allclose(found.lower[lower > 1e-280], lower[lower > 1e-280], rtol=1e-8)


def test_the_beta_binomial_of_a_city_is_that_of_scipy(way: str) -> None:
    rng = np.random.default_rng(2)
    total, share, shape = 4_000, rng.uniform(1e-3, 0.02, 60), 10 ** rng.uniform(-1, 3, 60)
    sums = np.minimum(np.round(total * share * rng.uniform(0, 4, 60)), total)
    found = nulls.tails(sums, total, share, shape)
    for row in range(60):
        rest = shape[row] * (1 - share[row]) / share[row]
        point = np.exp(stats.betabinom.logpmf(np.arange(total + 1), total, shape[row], rest))
        assert found.upper[row] == pytest.approx(point[int(sums[row]):].sum(), rel=2e-7)  # scipy's own logarithms cancel
        assert found.lower[row] == pytest.approx(point[:int(sums[row]) + 1].sum(), rel=2e-7)


def test_tails_share_one_point(way: str) -> None:
    rng = np.random.default_rng(3)
    share, shape = rng.uniform(0, 1, 300), 10 ** rng.uniform(-3, 9, 300)
    found = nulls.tails(rng.integers(0, 501, 300), 500, share, shape)
    np.testing.assert_allclose(found.upper + found.lower - found.point, 1, atol=1e-9)
    assert ((found.upper >= found.point * (1 - 1e-9)) & (found.upper <= 1) & (found.lower >= 0)).all()


def test_a_share_of_nothing_and_one_of_everything_leave_no_doubt(way: str) -> None:
    found = nulls.tails(np.array([0, 3, 10, 7]), 10, np.array([0.0, 0.0, 1.0, 1.0]), np.full(4, 2.0))
    assert found.upper.tolist() == [1, 0, 1, 1]
    assert found.lower.tolist() == [1, 1, 1, 0]
    assert found.point.tolist() == [1, 0, 1, 0]
    assert nulls.tails(np.zeros(1), 0, np.array([0.3]), np.array([1.0])).upper.tolist() == [1]


def test_a_large_shape_is_a_binomial_and_a_small_one_is_not(way: str) -> None:
    plain, wide, narrow = (nulls.tails(np.array([30.0]), 1000, np.array([0.01]), np.array([shape])).upper[0]
                           for shape in (np.inf, 1.0, 1e9))
    assert narrow == pytest.approx(plain, rel=1e-5)
    assert wide > 1000 * plain


def test_compiled_loops_and_numpy_agree_to_the_last_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled.load(nulls.loops):
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(5)
    total, share, shape = 3_000, rng.uniform(0, 0.05, 2_000), 10 ** rng.uniform(-2, 11, 2_000)
    sums = rng.integers(0, 400, 2_000)
    quick = nulls.tails(sums, total, share, shape)
    monkeypatch.setattr(compiled, "at_hand", lambda *_: None)
    slow = nulls.tails(sums, total, share, shape)
    for name in ("upper", "lower", "point"):
        np.testing.assert_allclose(getattr(quick, name), getattr(slow, name), rtol=1e-9, atol=1e-300)


def test_logarithms_of_rising_factorials_do_not_cancel() -> None:
    a, s = np.array([1e-6, 0.3, 5.0, 29.9, 30.0, 1e3]), np.array([3.0, 100.0, 1e4, 1.0, 0.0, 17.0])
    np.testing.assert_allclose(nulls.log_rising(a, s), gammaln(a + s) - gammaln(a), rtol=1e-11, atol=1e-12)
    huge = nulls.log_rising(np.array([1e15]), np.array([3.0]))[0]  # Gamma's own logarithms lose every digit of this
    assert huge == pytest.approx(3 * np.log(1e15), rel=1e-15)
