"""The hot-spot test: planted clusters are found, noise is not, and what cannot be answered is said."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from geoservice.core import compiled, grid
from geoservice.core.stats import dispersion, hotspots, nulls, weights
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import Options
from geoservice.core.stats.weights import Neighbours
from geoservice.errors import BadInput
from tests.calibration import real

PLAIN = Options(floor=0.0)


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    """Lille: 1,261 cells of resolution 10."""
    centre = grid.parents(grid.index(np.array([3.0573]), np.array([50.6292])), 10)
    return grid.disk(int(centre[0]), 20)


@pytest.fixture(scope="module")
def near(cells: np.ndarray) -> Neighbours:
    return weights.disks(cells, 1)


def noise(n: int, mean: float, ratio: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean if ratio == 1 else rng.gamma(mean / (ratio - 1), ratio - 1, n), n)


def planted(cells: np.ndarray, radius: int = 1, more: int = 30, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Over-dispersed noise with one disk of many more facts, and which cells those are."""
    counts, inside = noise(len(cells), 2, 3, seed), np.isin(cells, grid.disk(int(cells[600]), radius))
    return counts + more * inside, inside


def test_a_planted_disk_is_found_and_little_far_from_it(cells: np.ndarray, near: Neighbours) -> None:
    far = []
    for seed in range(8):
        counts, inside = planted(cells, seed=seed)
        found = hotspots.test(counts, np.ones(len(cells)), near)
        assert found.hot[600]
        assert found.ratio[600] > 5
        assert found.p[600] < 1e-12
        assert not found.cold.any()
        far.append((near.sums(inside.astype(float))[found.hot] == 0).mean())
    assert np.mean(far) <= 0.05


def test_sums_expectations_and_p_values_are_those_of_the_definition(cells: np.ndarray, near: Neighbours) -> None:
    counts, exposure = noise(len(cells), 1, 2, 2), np.random.default_rng(2).gamma(5, 1, len(cells))
    found = hotspots.test(counts, exposure, near, replace(PLAIN, null="binomial"))
    for row in (0, 17, 600, 1260):
        members = near.indices[near.indptr[row]:near.indptr[row + 1]]
        share = exposure[members].sum() / exposure.sum()
        assert found.observed[row] == counts[members].sum()
        assert found.expected[row] == pytest.approx(share * counts.sum())
        assert found.p[row] == pytest.approx(stats.binom.sf(counts[members].sum() - 1, counts.sum(), share), rel=1e-9)
    assert found.total == counts.sum()


def test_a_stated_dispersion_is_the_dirichlet_multinomial_of_cells(cells: np.ndarray, near: Neighbours) -> None:
    counts = noise(len(cells), 2, 3, 3)
    found = hotspots.test(counts, np.ones(len(cells)), near, replace(PLAIN, dispersion=3.0))
    each = counts.mean() / 2.0
    for row in (0, 600):
        a = each * near.counts[row]
        expected = stats.betabinom.sf(found.observed[row] - 1, counts.sum(), a, each * len(cells) - a)
        assert found.p[row] == pytest.approx(expected, rel=1e-7)


def test_an_edge_cell_expects_what_its_present_neighbours_expect(cells: np.ndarray, near: Neighbours) -> None:
    assert near.edge.sum() == 120
    found = hotspots.test(np.full(len(cells), 5), np.ones(len(cells)), near)
    np.testing.assert_allclose(found.ratio, 1)
    assert not found.hot.any()


@pytest.mark.parametrize("unit", [1e-3, 93_880.0])
def test_the_unit_of_exposure_does_not_matter(cells: np.ndarray, near: Neighbours, unit: float) -> None:
    counts, exposure = planted(cells)[0], np.random.default_rng(5).gamma(3, 1, len(cells))
    one, other = (hotspots.test(counts, exposure * scale, near) for scale in (1.0, unit))
    np.testing.assert_allclose(one.p, other.p, rtol=1e-6)
    assert (one.hot == other.hot).all()


def test_the_order_of_cells_does_not_matter(cells: np.ndarray) -> None:
    counts, order = planted(cells)[0], np.random.default_rng(6).permutation(len(cells))
    one = hotspots.test(counts, np.ones(len(cells)), weights.disks(cells, 1))
    other = hotspots.test(counts[order], np.ones(len(cells)), weights.disks(cells[order], 1))
    np.testing.assert_allclose(one.p[order], other.p, rtol=1e-9)


def test_compiled_or_not_the_answer_is_the_same(cells: np.ndarray, near: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled.load(nulls.loops):
        pytest.skip("numba is not installed")
    counts, exposure = planted(cells)[0], np.random.default_rng(7).lognormal(0, 1, len(cells))
    quick = hotspots.test(counts, exposure, near)
    monkeypatch.setattr(compiled, "at_hand", lambda *_: None)
    slow = hotspots.test(counts, exposure, near)
    np.testing.assert_allclose(quick.p, slow.p, rtol=1e-6)
    assert (quick.hot == slow.hot).all()
    assert len(quick.dispersion.laws) >= 1


def test_the_floor_keeps_small_certain_excesses_off_the_map(cells: np.ndarray, near: Neighbours) -> None:
    counts = noise(len(cells), 200, 1, 8)
    counts[np.isin(cells, grid.disk(int(cells[600]), 2))] += 60
    certain, floored = (hotspots.test(counts, np.ones(len(cells)), near, replace(PLAIN, floor=floor)) for floor in (0.0, 1.5))
    assert certain.hot.any()
    assert not floored.hot.any()
    np.testing.assert_array_equal(certain.q, floored.q)


def test_the_second_look_finds_what_hides_behind_the_first(cells: np.ndarray, near: Neighbours) -> None:
    """Strong disks make the map look uneven; once seen, they no longer hide a weaker one."""
    counts = noise(len(cells), 4, 1, 9)
    for centre, more in ((300, 60), (900, 60), (600, 6)):
        counts[np.isin(cells, grid.disk(int(cells[centre]), 1))] += more
    exposure = np.ones(len(cells))
    before = dispersion.estimate(counts.astype(float), exposure)
    found = hotspots.test(counts, exposure, near)
    assert found.dispersion.ratio_high < 0.5 * before.ratio_high
    kept = hotspots.test(counts, exposure, near, Options(dispersion=before.ratio_high))
    assert found.hot[600]
    assert not kept.hot[600]


@pytest.mark.parametrize("null", hotspots.NULLS)
def test_sides_and_corrections(cells: np.ndarray, near: Neighbours, null: str) -> None:
    counts, _ = planted(cells, radius=2)
    counts[np.isin(cells, grid.disk(int(cells[200]), 3))] = 0
    options = Options(null=null, dispersion=4.0, permutations=99)
    of = {side: hotspots.test(counts, np.ones(len(cells)), near, replace(options, side=side)) for side in hotspots.SIDES}
    assert not of["upper"].cold.any()
    assert not of["lower"].hot.any()
    np.testing.assert_allclose(of["two-sided"].p, np.minimum(1, 2 * np.minimum(of["upper"].p, of["lower"].p)))
    by = hotspots.test(counts, np.ones(len(cells)), near, replace(options, correction="by"))
    assert (by.q >= of["upper"].q).all()
    assert (by.q > of["upper"].q).any()
    assert of["upper"].p[600] <= 0.01


def test_a_cold_disk_is_found_from_below(cells: np.ndarray, near: Neighbours) -> None:
    counts = noise(len(cells), 20, 1, 10)
    counts[np.isin(cells, grid.disk(int(cells[600]), 2))] = 0
    found = hotspots.test(counts, np.ones(len(cells)), near, Options(side="lower"))
    assert found.cold[600]
    assert found.cold.sum() < 40


def test_mid_p_takes_half_of_the_observed_value(cells: np.ndarray, near: Neighbours) -> None:
    counts = noise(len(cells), 0.5, 2, 11)
    whole, half = (hotspots.test(counts, np.ones(len(cells)), near, Options(dispersion=2.0, mid_p=mid)) for mid in (False, True))
    point = nulls.tails(whole.observed, whole.total, whole.share, whole.shapes[0]).point
    np.testing.assert_allclose(whole.p - half.p, point / 2, atol=1e-12)


def test_intervals_hold_what_they_say(cells: np.ndarray, near: Neighbours) -> None:
    counts = noise(len(cells), 2, 3, 12)
    found = hotspots.test(counts, np.ones(len(cells)), near)
    tails = nulls.tails(found.high, found.total, found.share, found.shapes[0])
    assert (tails.lower >= 0.975).all()
    assert (tails.lower - tails.point < 0.975).all()
    assert (nulls.tails(found.low, found.total, found.share, found.shapes[0]).lower >= 0.025).all()
    inside = (found.observed >= found.low) & (found.observed <= found.high)
    assert 0.93 < inside.mean() <= 1
    low, high = hotspots.interval(found, np.array([5, 600]))
    assert low.tolist() == found.low[[5, 600]].tolist()
    assert high.tolist() == found.high[[5, 600]].tolist()


def test_a_permutation_is_made_again_by_its_seed(cells: np.ndarray, near: Neighbours) -> None:
    counts = planted(cells)[0]
    witness = Options(null="permutation", permutations=99)
    one, same, other = (hotspots.test(counts, np.ones(len(cells)), near, replace(witness, seed=seed)).p for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert one.min() == 0.01


def test_residences_are_tested_one_by_one_with_their_dwellings() -> None:
    rng = np.random.default_rng(13)
    dwellings = rng.integers(20, 200, 80).astype(float)
    counts = rng.poisson(dwellings * 0.1)
    counts[7] += 90
    found = hotspots.test(counts, dwellings, weights.each_alone(80))
    assert np.flatnonzero(found.hot).tolist() == [7]
    assert found.expected[7] == pytest.approx(counts.sum() * dwellings[7] / dwellings.sum())


@pytest.mark.parametrize(("counts", "code"), [([], "selection-vide"), ([5], "trop-peu-de-cellules"), ([0] * 40, "aucun-fait"),
                                              ([1] * 9 + [0] * 31, "trop-peu-de-faits"), ([4] * 9, "trop-peu-de-cellules")])
def test_too_little_is_said_with_its_reason(counts: list[int], code: str) -> None:
    with pytest.raises(NotEnough) as raised:
        hotspots.test(counts, np.ones(len(counts)), weights.each_alone(len(counts)))
    assert raised.value.code == code
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("spot", [1, 40])
def test_facts_in_one_cell_alone_prove_nothing(cells: np.ndarray, near: Neighbours, spot: int) -> None:
    """Nothing tells whether facts come one by one: their dispersion has no upper limit."""
    counts = np.zeros(len(cells))
    counts[600] = 10 * spot
    found = hotspots.test(counts, np.ones(len(cells)), near)
    assert not found.hot.any()
    assert np.isfinite(found.p).all()


@pytest.mark.parametrize("counts", [np.full(50, 3), np.arange(50) % 2])
def test_a_series_without_variation_has_no_hot_spot(counts: np.ndarray) -> None:
    found = hotspots.test(counts, np.ones(50), weights.each_alone(50))
    assert not found.hot.any()
    assert np.isfinite(found.q).all()


@pytest.mark.parametrize(("change", "words"), [
    ({"counts": -1.0}, "négatifs"), ({"counts": 0.5}, "entiers"), ({"counts": np.nan}, "manquantes"), ({"exposure": 0.0}, "zéro"),
    ({"exposure": -2.0}, "zéro"), ({"exposure": np.nan}, "manquantes"), ({"exposure": np.inf}, "infinies")])
def test_impossible_values_are_refused_with_what_to_do(change: dict, words: str) -> None:
    given = {"counts": np.full(30, 2.0), "exposure": np.ones(30)}
    for name, value in change.items():
        given[name][3] = value
    with pytest.raises(BadInput, match=words):
        hotspots.test(given["counts"], given["exposure"], weights.each_alone(30))


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(BadInput, match="autant de comptages"):
        hotspots.test(np.ones(30), np.ones(30), weights.each_alone(29))
    with pytest.raises(BadInput, match="30 attendues"):
        hotspots.test(np.ones(30), np.ones(29), weights.each_alone(30))


@pytest.mark.parametrize("options", [
    Options(null="normal"), Options(side="left"), Options(correction="holm"), Options(level=0.0), Options(dispersion=0.5),
    Options(dispersion=float("nan")), Options(permutations=5), Options(floor=-1)])
def test_options_that_do_not_exist_are_refused(options: Options) -> None:
    with pytest.raises(BadInput):
        hotspots.test(np.ones(30), np.ones(30), weights.each_alone(30), options)


def test_arguments_are_not_changed(cells: np.ndarray, near: Neighbours) -> None:
    counts, exposure = planted(cells)[0], np.ones(len(cells))
    kept = counts.copy()
    hotspots.test(counts, exposure, near)
    assert (counts == kept).all()
    assert (exposure == 1).all()


@pytest.mark.parametrize("row", range(4))
def test_paris_as_checks_json_published_it(row: int) -> None:
    """real_map_flagged_share of checks.json; ours calls less than the binomial and than Gi* hot."""
    if not real.present():
        pytest.skip("les données réelles (../shared) ne sont pas à côté du projet")
    known = json.loads(Path(real.CHECKS).read_text(encoding="utf-8"))["real_map_flagged_share"]["rows"][row]
    paris = real.city_map(known["res"], known["category"])
    assert paris.ratio == pytest.approx(known["variance_to_mean"], abs=0.1)
    assert paris.counts.sum() == pytest.approx(known["facts"], rel=0.004)
    assert len(paris.counts) == known.get("cells", len(paris.counts))
    binomial, gi = real.flagged(paris, replace(PLAIN, null="binomial"))[0], real.flagged_by_gi(paris)
    assert binomial == pytest.approx(known["binomial"], abs=0.003)
    assert gi == pytest.approx(known["gi"], abs=0.002)
    assert real.flagged_by_moments(paris) == pytest.approx(known["nb"], abs=0.002)
    ours, told = real.flagged(paris, PLAIN)
    assert ours < min(binomial, gi)
    assert 1 < told.ratio <= told.ratio_high


def test_a_million_facts_on_a_few_cells_are_answered_at_once(cells: np.ndarray, near: Neighbours,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """Without compiled loops, and with tails that are a million terms long."""
    monkeypatch.setattr(compiled, "at_hand", lambda *_: None)
    counts = np.zeros(len(cells))
    counts[::100], counts[::7] = 100_000, counts[::7] + 1
    began = time.process_time()
    found = hotspots.test(counts, np.ones(len(cells)), near)
    assert time.process_time() - began < 3
    assert not found.hot.any()
    assert np.isfinite(found.high).all()


@pytest.fixture
def quick() -> None:
    compiled.allow()
    compiled.load(nulls.loops)


def test_one_hot_unit_among_few_is_not_hidden_by_the_unevenness_it_makes(quick):
    rng, alone = np.random.default_rng(11), weights.each_alone(13)
    means = np.where(np.arange(13) == 4, 200.0, 10.0)
    assert all(hotspots.test(rng.poisson(means), np.ones(13), alone).hot[4] for _ in range(20))


def test_few_units_without_clusters_stay_silent(quick):
    rng, alone, false = np.random.default_rng(12), weights.each_alone(13), 0
    for _ in range(200):
        counts = rng.poisson(rng.gamma(10 / 4, 4, 13))  # variance/mean 5
        false += bool(hotspots.test(counts, np.ones(13), alone, Options(floor=0.0)).hot.any())
    assert false <= 10  # 5 %
