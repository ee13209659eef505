"""Knox and near repeats: the worked example, counts of every pair by hand, bounds, chance."""

from __future__ import annotations

import warnings
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest

from geoservice.core.stats import knox
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

rng = np.random.default_rng(8)


def burkitt() -> tuple[np.ndarray, np.ndarray]:
    """Cases of Burkitt's lymphoma in Uganda, the example that libpysal carries."""
    import importlib.util

    import pyogrio

    found = importlib.util.find_spec("libpysal")
    path = Path(found.submodule_search_locations[0]) / "examples" / "burkitt" / "burkitt.shp" if found else Path("none")
    if not path.exists():
        pytest.skip("libpysal's example burkitt is not installed")
    table = pyogrio.read_dataframe(path, read_geometry=False)
    return table[["X", "Y"]].to_numpy(dtype=float), table["T"].to_numpy(dtype=float)


def some(n: int = 60, spread: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Whole metres and days, so that bounds are hit exactly."""
    return rng.integers(0, spread, (n, 2)).astype(float), rng.integers(0, 30, n).astype(float)


def test_the_worked_example_of_pointpats(checks: dict, both_ways: str) -> None:
    case = checks["knox"]
    xy, t = burkitt()
    assert len(t) == case["n"]
    found = knox.knox(xy, t, case["delta"], case["tau"])
    assert found.table.tolist() == case["observed"]
    assert found.expected == pytest.approx(case["expected_close"], abs=5e-8)
    assert found.p_more == pytest.approx(case["p_poisson"], abs=5e-7)
    assert found.p_poisson > found.p_more  # at least as many, which a test asks; pointpats says more
    assert 0.1 < found.p_permuted < 0.35


def test_every_pair_is_counted_once_bounds_included(both_ways: str) -> None:
    for metres, days in ((5, 3), (13, 1), (0, 4), (40, 0)):
        xy, t = some()
        pairs = list(combinations(range(len(t)), 2))
        near = [((xy[a] - xy[b]) ** 2).sum() <= metres**2 for a, b in pairs]
        soon = [abs(t[a] - t[b]) <= days for a, b in pairs]
        found = knox.knox(xy, t, metres, days, permutations=5)
        assert (found.space, found.time, found.all) == (sum(near), sum(soon), len(pairs))
        assert found.close == sum(np.logical_and(near, soon)) == found.table[0, 0]
        assert found.table.sum() == len(pairs)
        assert len(found.permuted) == 5


@pytest.mark.slow  # pointpats takes long to import
def test_counts_and_chance_are_those_of_pointpats() -> None:
    xy, t = some(150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pointpats.spacetime import Knox

        np.random.seed(3)
        theirs = Knox(xy, t[:, None], 6, 2, permutations=199, keep=True)
    ours = knox.knox(xy, t, 6, 2, permutations=1_999, seed=4)
    assert ours.table.tolist() == theirs.observed.tolist()
    assert (ours.expected, ours.p_more) == (pytest.approx(theirs.expected[0, 0]), pytest.approx(theirs.p_poisson))
    assert abs(ours.p_permuted - theirs.p_sim) < 5 * np.sqrt(0.25 / 199)
    assert ours.permuted.mean() == pytest.approx(theirs.sim.mean(), abs=5 * theirs.sim.std() / np.sqrt(199))


def test_permutations_are_a_sample_of_all_orders_of_time() -> None:
    xy, t = np.array([[0, 0], [0, 1], [5, 5], [5, 6], [9, 0], [9, 1]], dtype=float), np.array([1, 1, 4, 5, 9, 9.0])
    found = knox.knox(xy, t, 1, 1, permutations=5_000, seed=2)
    every = [sum(abs(order[a] - order[a + 1]) <= 1 for a in (0, 2, 4)) for order in permutations(t.tolist())]
    for count in range(4):
        share = np.mean([value == count for value in every])
        assert (found.permuted == count).mean() == pytest.approx(share, abs=5 * np.sqrt(0.25 / 5_000))
    assert found.p_permuted == (1 + (found.permuted >= found.close).sum()) / 5_001
    np.testing.assert_array_equal(found.permuted, knox.knox(xy, t, 1, 1, permutations=5_000, seed=2).permuted)
    assert knox.knox(xy, t, 1, 1, permutations=0).p_permuted is None


def test_bands_are_closed_above_and_open_below(both_ways: str) -> None:
    """Facts at 0, 1, 2, 4 m and days: differences fall on bounds."""
    metres, days = (0, 1, 2, 4), (0, 1, 3)
    for _ in range(5):
        xy, t = some(40, 4)
        found = knox.near_repeats(xy, t, metres, days, permutations=9)
        table = np.zeros((4, 3), dtype=int)
        for a, b in combinations(range(40), 2):
            apart, later = float(np.hypot(*(xy[a] - xy[b]))), abs(t[a] - t[b])
            rows = [i for i, bound in enumerate(metres) if apart <= bound]
            columns = [i for i, bound in enumerate(days) if later <= bound]
            if rows and columns:
                table[rows[0], columns[0]] += 1
        np.testing.assert_array_equal(found.observed, table)
        assert (found.metres, found.days) == ((0, 1, 2, 4), (0, 1, 3))


def test_planted_repeats_stand_out_and_noise_does_not() -> None:
    xy = rng.uniform(0, 3_000, (400, 2))
    t = rng.integers(0, 365, 400).astype(float)
    again, after = xy[:60] + rng.uniform(-30, 30, (60, 2)), t[:60] + rng.integers(0, 7, 60)
    metres, days = (100, 200, 400), (7, 14, 28)
    planted = knox.near_repeats(np.vstack([xy, again]), np.concatenate([t, after]), metres, days, seed=1)
    noise = knox.near_repeats(xy, t, metres, days, seed=1)
    assert (planted.p[0, 0], planted.p.shape) == (0.01, (3, 3))
    assert planted.ratio[0, 0] > 3
    assert noise.p.min() > 0.01
    assert 0.5 < noise.ratio[0, 0] < 1.7
    with_none = knox.near_repeats(xy, t, (0, 100), (7,), permutations=9)
    assert (with_none.observed[0, 0], with_none.ratio[0, 0], with_none.p[0, 0]) == (0, 1.0, 1.0)


def test_many_facts_on_one_point() -> None:
    xy, t = np.vstack([np.zeros((300, 2)), [[1e6, 1e6]]]), np.arange(301.0)
    found = knox.near_repeats(xy, t, (0, 50), (1, 7), permutations=9)
    assert found.observed[0].tolist() == [299, sum(300 - k for k in range(2, 8))]
    assert np.isfinite(found.ratio).all()


@pytest.mark.parametrize(("change", "error"), [
    ({"points": [], "times": []}, NotEnough), ({"points": [[0, 0]], "times": [1]}, NotEnough),
    ({"metres": 0.001}, NotEnough), ({"points": np.full((60, 2), np.nan)}, BadInput), ({"times": [np.nan] * 60}, BadInput),
    ({"times": [1.0] * 59}, BadInput), ({"points": np.zeros((60, 3))}, BadInput), ({"metres": -1}, BadInput),
    ({"days": float("nan")}, BadInput), ({"days": -1}, BadInput)])
def test_bad_input_is_said(change: dict, error: type) -> None:
    xy, t = some()
    given = {"points": xy + np.arange(60)[:, None] / 100, "times": t, "metres": 5, "days": 3, **change}
    with pytest.raises(error):
        knox.knox(**given)


@pytest.mark.parametrize("change", [{"metres": ()}, {"metres": (5, 5)}, {"days": (7, 3)}, {"permutations": 0},
                                    {"days": tuple(range(101))}])
def test_bands_that_are_none_are_refused(change: dict) -> None:
    xy, t = some()
    with pytest.raises(BadInput):
        knox.near_repeats(xy, t, **{"metres": (5, 9), "days": (3,), **change})


def test_the_same_time_for_all_is_no_interaction() -> None:
    xy, _ = some()
    found = knox.knox(xy, np.zeros(60), 5, 3)
    assert (found.close, found.expected, found.p_permuted) == (found.space, found.space, 1.0)
