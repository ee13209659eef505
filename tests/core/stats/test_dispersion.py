"""The dispersion that a map shows, and the limit that tests use: near the truth, rarely below it, and never blind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from geoservice.core.stats import dispersion
from geoservice.core.stats.calibration import null_map


def test_with_equal_exposures_the_estimate_is_the_maximum_of_the_dirichlet_multinomial() -> None:
    counts = null_map(np.ones(300), 4.0, 900, np.random.default_rng(1))

    def less(place: float) -> float:
        return -float(stats.dirichlet_multinomial.logpmf(counts, np.full(300, np.exp(place)), 900))

    best = optimize.minimize_scalar(less, bounds=(-3, 5), method="bounded", options={"xatol": 1e-8})
    found = dispersion.estimate(counts.astype(float), np.ones(300))
    assert found.ratio == pytest.approx(1 + 3 / np.exp(best.x), rel=2e-3)
    assert [law.shape for law in found.laws] == ["proportional"]
    limit = np.log(found.laws[0].concentration)
    moments = np.log(dispersion.by_moments(counts.astype(float), np.ones(300), "proportional"))
    assert limit <= best.x
    assert limit == pytest.approx(moments, abs=1e-9) or less(limit) - best.fun == pytest.approx(dispersion.DROP, abs=0.02)


@pytest.mark.parametrize(("shape", "mean", "ratio"), [("proportional", 3.0, 4.0), ("constant", 3.0, 4.0), ("constant", 0.3, 3.0)])
def test_the_limit_is_seldom_below_the_truth(shape: str, mean: float, ratio: float) -> None:
    exposure = np.random.default_rng(2).lognormal(0, 0.8, 400)
    low, told = 0, []
    for seed in range(40):
        counts = null_map(exposure, ratio, int(mean * 400), np.random.default_rng(seed), shape).astype(float)
        found = dispersion.estimate(counts, exposure)
        truth = mean / (ratio - 1)
        low += not any(law.shape == shape and law.concentration <= truth for law in found.laws)
        told.append(found.ratio)
    assert low <= 3  # 1 % each; more than 3 of 40 would be one time in a thousand
    assert np.median(told) == pytest.approx(ratio, rel=0.35)


def test_the_law_that_the_map_contradicts_is_ruled_out() -> None:
    exposure = np.random.default_rng(3).lognormal(0, 1, 1500)
    for shape in (dispersion.PROPORTIONAL, dispersion.CONSTANT):
        counts = null_map(exposure, 8.0, 9000, np.random.default_rng(4), shape).astype(float)
        assert [law.shape for law in dispersion.estimate(counts, exposure).laws] == [shape]


def test_counts_more_even_than_chance_leave_only_a_little_room() -> None:
    found = dispersion.estimate(np.full(500, 4.0), np.ones(500))
    assert found.ratio == pytest.approx(1, abs=1e-3)
    assert 1 < found.ratio_high < 1.1


def test_facts_on_one_cell_bound_nothing() -> None:
    counts = np.zeros(500)
    counts[3] = 40
    assert dispersion.estimate(counts, np.ones(500)).ratio_high > 300


def test_some_cells_alone_speak_for_the_mean_cell_of_the_whole_map() -> None:
    exposure = np.random.default_rng(5).lognormal(0, 1, 1500)
    small = exposure < np.quantile(exposure, 0.7)
    for shape in (dispersion.PROPORTIONAL, dispersion.CONSTANT):
        counts = null_map(exposure, 5.0, 15_000, np.random.default_rng(5), shape).astype(float)
        part, whole = dispersion.estimate(counts, exposure, kept=small), dispersion.estimate(counts, exposure)
        assert part.ratio == pytest.approx(whole.ratio, rel=0.25)
        assert shape in [law.shape for law in part.laws]


def test_noise_with_longer_tails_than_a_gamma_raises_the_limit_to_its_variance() -> None:
    rng = np.random.default_rng(6)
    counts = rng.poisson(rng.lognormal(0, 1.6, 1200)).astype(float)
    ratio = counts.var(ddof=1) / counts.mean()
    assert dispersion.estimate(counts, np.ones(1200)).ratio_high >= 0.999 * ratio


def test_a_stated_dispersion_is_taken_as_it_is() -> None:
    found = dispersion.stated(3.0, np.full(10, 4.0), np.arange(1.0, 11.0))
    assert (found.ratio, found.ratio_high) == (3.0, 3.0)
    assert {law.shape: law.concentration for law in found.laws} == {"proportional": 2.0, "constant": 2.0}
    assert dispersion.stated(1.0, np.ones(10), np.ones(10)).laws[0].concentration == np.inf
