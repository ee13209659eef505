"""`calibrate` tells the rate of false alarms; the campaign's worlds are what worlds.toml says; a small campaign holds the bar."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core import compiled
from geoservice.core.stats import hotspots, nulls, weights
from geoservice.core.stats.calibration import calibrate, null_map, wilson
from geoservice.core.stats.hotspots import Options
from geoservice.errors import BadInput
from tests.calibration import null, published, real, worlds

ALONE = weights.each_alone(60)


def test_a_test_that_always_cries_is_told_so() -> None:
    loud = Options(null="binomial", correction="none", level=0.5, floor=0.0)
    told = calibrate(np.ones(60), ALONE, 1.0, 200, loud, runs=20)
    assert told.false_maps == 1.0
    assert told.false_cells > 10
    assert told.interval[0] > 0.8


@pytest.mark.slow
def test_an_over_dispersed_town_makes_the_binomial_lie_and_not_the_default() -> None:
    exposure = np.random.default_rng(1).gamma(2, 1, 91)
    near = worlds.neighbours("hamlet")
    lying = calibrate(exposure, near, 6.0, 400, Options(null="binomial"), runs=60)
    honest = calibrate(exposure, near, 6.0, 400, runs=40)
    assert lying.false_maps > 0.5
    assert honest.false_maps <= 0.05
    assert honest.interval[0] <= 0.05


def test_calibration_is_made_again_by_its_seed_and_states_its_terms() -> None:
    options = Options(null="binomial")
    one, same, other = (calibrate(np.ones(60), ALONE, 3.0, 150, options, runs=40, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert (one.runs, one.dispersion, one.total, one.seed, one.shape) == (40, 3.0, 150, 1, "proportional")
    assert one.options == options


def test_maps_with_too_few_facts_are_undecided_and_no_alarm() -> None:
    told = calibrate(np.ones(60), ALONE, 2.0, 5, runs=10)
    assert (told.undecided, told.false_maps) == (10, 0.0)


@pytest.mark.parametrize("shape", ["proportional", "constant"])
def test_null_maps_have_their_total_their_shares_and_their_dispersion(shape: str) -> None:
    exposure = np.repeat([1.0, 1.0, 2.0], 200)
    maps = np.array([null_map(exposure, 3.0, 3000, np.random.default_rng(seed), shape) for seed in range(60)])
    assert (maps.sum(axis=1) == 3000).all()
    assert maps[:, :400].mean() == pytest.approx(3.75, rel=0.05)
    assert maps[:, 400:].mean() == pytest.approx(7.5, rel=0.05)
    ratio = maps[:, :400].var() / maps[:, :400].mean()
    assert ratio == pytest.approx(3.0 if shape == "proportional" else 1 + 3.75 / 2.5, rel=0.1)


@pytest.mark.parametrize("wrong", [{"dispersion": 0.9}, {"dispersion": float("nan")}, {"total": -1}, {"runs": 0},
                                   {"shape": "gamma"}])
def test_impossible_calibrations_are_refused(wrong: dict) -> None:
    with pytest.raises(BadInput):
        calibrate(np.ones(60), ALONE, **({"dispersion": 2.0, "total": 100} | wrong))
    with pytest.raises(BadInput):
        calibrate(np.zeros(60), ALONE, 2.0, 100)


def test_wilson_intervals() -> None:
    assert wilson(0, 100) == pytest.approx((0, 0.03699), abs=1e-5)
    assert wilson(50, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    assert wilson(0, 0) == (0, 1)


def test_worlds_are_what_the_file_says() -> None:
    every = list(worlds.null_worlds())
    assert len(every) == 9 * 6 * 5
    assert len({world.number for world in every}) == len(every)
    assert len(worlds.cells("lille")) == 1261
    assert {world.mean for world in every} == {0.05, 0.2, 0.5, 2, 10, 50}
    assert max(world.ratio for world in every) == 30
    assert 0.5 < len(worlds.cells("ragged")) / 1261 < 0.7
    assert worlds.neighbours("ragged").edge.mean() > 0.9
    for name in ("gamma", "dwellings"):
        exposure = worlds.exposure("lille", name)
        assert exposure.mean() == pytest.approx(1)
        assert exposure.min() > 0
        assert exposure.std() > 0.9


@pytest.mark.parametrize(("shape", "ratio"), [("constant", 5.0), ("proportional", 5.0), ("lognormal", 2.0), ("constant", 1.0)])
def test_a_world_has_its_mean_and_its_dispersion(shape: str, ratio: float) -> None:
    world = worlds.World(99, "lille", "equal", shape, 10.0, ratio)
    maps = np.concatenate([world.map(number) for number in range(20)])
    assert maps.mean() == pytest.approx(10, rel=0.03)
    assert maps.var() / maps.mean() == pytest.approx(ratio, rel=0.1)
    assert (world.map(3) == world.map(3)).all()


@pytest.mark.parametrize(("exposure", "shape", "mean", "ratio"), [
    ("equal", "constant", 0.05, 1), ("equal", "constant", 0.2, 10), ("gamma", "proportional", 10, 10),
    ("dwellings", "constant", 2, 5)])
def test_a_few_maps_of_the_bar(exposure: str, shape: str, mean: float, ratio: float) -> None:
    """Not the bar itself (`make calibration`): 30 maps; 5 % of false alarms would show 6 or more one time in a hundred."""
    found = null.alarms(worlds.World(77, "hamlet", exposure, shape, mean, ratio), 30)
    assert found.false <= 5
    assert found.runs == 30


@pytest.mark.slow
@pytest.mark.parametrize("area", ["lille", "ragged"])
def test_more_maps_of_the_bar(area: str) -> None:
    compiled.load(nulls.loops)
    for mean in (0.05, 0.5, 10):
        for ratio in (1, 5, 30):
            found = null.alarms(worlds.World(78, area, "gamma", "constant", mean, ratio), 200)
            assert found.interval[0] <= 0.05, found


def test_sparse_noise_deceives_analytic_gi_as_published() -> None:
    """null_calibration of checks.json, on 40 maps; `make calibration` draws 300 for every mean."""
    if not real.present():
        pytest.skip("les données réelles (../shared) ne sont pas à côté du projet")
    known = real.published()["null_calibration"]
    row = published.row(0.05, 0, runs=40)
    assert known["mean_per_cell"][0] == 0.05
    assert published.agrees(row.gi, 40, known["analytic_gi_star_two_sided"][0])
    assert published.agrees(row.binomial, 40, known["exact_binomial"][0])
    assert row.ours <= row.binomial + 1e-9
    assert not published.agrees(0.05, 300, known["analytic_gi_star_two_sided"][0])


def test_the_permutation_null_is_drawn_anew_on_every_map() -> None:
    told = calibrate(np.ones(60), ALONE, 1.0, 200, Options(null="permutation", permutations=19), runs=3)
    assert told.runs == 3
    assert hotspots.NULLS[2] == told.options.null
