"""Moran's I: PySAL to 1e-9, permutations against all there are and, formally, against PySAL's own."""

from __future__ import annotations

from itertools import permutations as all_orders
from types import SimpleNamespace

import numpy as np
import pytest

from geoservice.core.stats import moran, weights
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

rng = np.random.default_rng(6)
SERIES = {"continuous": lambda n: rng.normal(10.0, 3.0, n), "counts": lambda n: rng.poisson(0.7, n).astype(float)}
KINDS = [(True, "r"), (False, "b")]


def close(ours, theirs) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(("standardised", "letter"), KINDS)
def test_global_moran_is_that_of_pysal(cells: np.ndarray, pysal: SimpleNamespace, name: str, standardised: bool,
                                       letter: str) -> None:
    near = weights.disks(cells, 2, itself=False)
    y = SERIES[name](len(cells))
    ours, theirs = moran.whole(y, near, standardised), pysal.esda.Moran(y, pysal.weights(near), letter, permutations=0)
    for mine, other in ((ours.i, theirs.I), (ours.expected, theirs.EI), (ours.variance_normal, theirs.VI_norm),
                        (ours.variance_permuted, theirs.VI_rand), (ours.z_normal, theirs.z_norm),
                        (ours.z_permuted, theirs.z_rand), (ours.p_normal, theirs.p_norm), (ours.p_permuted, theirs.p_rand)):
        close(mine, other)


def test_weights_that_are_not_mutual(pysal: SimpleNamespace) -> None:
    dense = np.random.default_rng(1).random((30, 30)) < 0.15
    np.fill_diagonal(dense, False)
    dense[:, 0] |= ~dense.any(1)  # nobody alone
    dense[0] = False
    dense[0, 5] = True
    near = weights.from_lists(np.concatenate([[0], np.cumsum(dense.sum(1))]), np.nonzero(dense)[1])
    y = SERIES["continuous"](30)
    for standardised, letter in KINDS:
        ours, theirs = moran.whole(y, near, standardised), pysal.esda.Moran(y, pysal.weights(near), letter, permutations=0)
        close([ours.i, ours.variance_normal, ours.variance_permuted], [theirs.I, theirs.VI_norm, theirs.VI_rand])


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(("standardised", "letter"), KINDS)
def test_local_moran_is_that_of_pysal(cells: np.ndarray, pysal: SimpleNamespace, both_ways: str, name: str, standardised: bool,
                                      letter: str) -> None:
    near = weights.disks(cells, 1, itself=False)
    y = SERIES[name](len(cells))
    ours = moran.local(y, near.with_itself(), standardised)
    theirs = pysal.esda.Moran_Local(y, pysal.weights(near), letter, permutations=0)
    for mine, other in ((ours.i, theirs.Is), (ours.expected, theirs.EIc), (ours.variance, theirs.VIc),
                        (ours.expected_total, theirs.EI), (ours.variance_total, theirs.VI)):
        close(mine, other)
    np.testing.assert_array_equal(ours.quadrant, theirs.q)
    assert ours.defined.all()
    assert ((ours.two_sided > 0) & (ours.two_sided <= 1)).all()


def test_a_unit_at_the_mean_and_a_unit_alone_have_no_z() -> None:
    near = weights.from_lists([0, 2, 4, 6, 8, 8], [1, 3, 0, 2, 1, 3, 0, 2])
    found = moran.local([1, 2, 3, 4, 2.5], near)
    assert found.defined.tolist() == [True] * 4 + [False]
    assert found.z[4] == found.i[4] == 0
    assert found.two_sided[4] == 1
    assert moran.permuted([1, 2, 3, 4, 2.5], near, 99).upper[4] == 1
    middle = moran.permuted([1, 3, 5, 3, 3], near, 99)
    assert middle.upper[[1, 3]].tolist() == middle.lower[[1, 3]].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("y", [[0, 1, 1, 0, 2, 5, 1], [0.1, 0.2, 0.3, 0.1, 0.6, 0.2, 0.3], [2, 2, 2, 2, 2, 2, 9]])
def test_local_permutations_are_a_sample_of_all_there_are(y: list) -> None:
    """I itself, in exact fractions, over every order of the others; within five standard errors in both tails."""
    n, many = len(y), 6_000
    near = weights.from_lists(np.arange(0, 2 * n + 1, 2), np.ravel([[(i - 1) % n, (i + 1) % n] for i in range(n)]))
    tails = moran.permuted(y, near, many, seed=12)
    exact = np.round(np.array(y) * 10).astype(int)
    z = n * exact - exact.sum()
    for unit in range(n):
        sums = np.array([order[0] + order[1] for order in all_orders(np.delete(z, unit).tolist(), 2)]) * z[unit]
        observed = z[unit] * (z[unit - 1] + z[(unit + 1) % n])
        for tail, hits in ((tails.at_least, sums >= observed), (tails.at_most, sums <= observed)):
            counted, share = tail[unit], hits.mean()
            assert abs(counted / many - share) <= 5 * np.sqrt(share * (1 - share) / many), (unit, counted / many, share)


def test_global_permutations_find_what_was_planted_and_nothing_else(cells: np.ndarray) -> None:
    near = weights.disks(cells, 1, itself=False)
    noise = rng.poisson(1.0, len(cells)).astype(float)
    smooth = weights.disks(cells, 2).sums(noise)
    assert moran.whole_permuted(smooth, near, 199, seed=1).upper[0] == 1 / 200
    planted = [moran.whole_permuted(rng.poisson(1.0, len(cells)), near, 99, seed=k).upper[0] for k in range(20)]
    assert 0.2 < np.mean(planted) < 0.8
    small = weights.from_lists([0, 1, 2, 3, 4], [1, 0, 3, 2])
    share = np.mean([a * b + c * d >= 1 * 2 + 3 * 4 for a, b, c, d in all_orders([1, 2, 3, 4])])
    assert moran.whole_permuted([1, 2, 3, 4], small, 6_000, seed=2).at_least[0] / 6_000 == pytest.approx(share, abs=0.03)


@pytest.mark.slow  # esda compiles for half a minute
@pytest.mark.parametrize("name", SERIES)
def test_local_permutations_are_formally_within_monte_carlo_error_of_pysal(cells: np.ndarray, pysal: SimpleNamespace,
                                                                          name: str) -> None:
    """z of the difference of two shares, bounded over all units at once (Bonferroni at 1 in 10,000).

    esda compares sums of floating point, in which equal maps differ by rounding: its simulated values are rounded here before
    they are compared, as ours are exact; and it leaves ties out of the lower tail.
    """
    from scipy.special import ndtri

    y, near, many = SERIES[name](len(cells)), weights.disks(cells, 1, itself=False), 9_999
    theirs = pysal.esda.Moran_Local(y, pysal.weights(near), permutations=many, n_jobs=1, seed=3)
    tails = moran.permuted(y, near, many, seed=8)
    simulated, observed = np.round(theirs.sim, 9), np.round(theirs.Is, 9)
    for ours, counted in ((tails.at_least, (simulated >= observed).sum(0)), (tails.at_most, (simulated <= observed).sum(0))):
        share = (ours + counted + 1) / (2 * many + 2)
        z = (ours - counted) / many / np.sqrt(2 * share * (1 - share) / many + 1e-12)
        assert np.abs(z).max() < -ndtri(1e-4 / (2 * len(y)))
    apart = np.abs(np.minimum(tails.upper, tails.lower) - theirs.p_sim).max()
    assert apart < 0.03 if name == "continuous" else apart > 0.05


@pytest.mark.parametrize(("values", "error"), [
    ([], NotEnough), ([3], NotEnough), ([0] * 5, NotEnough), ([4] * 5, NotEnough), ([1, 2, 3, 4, np.nan], BadInput),
    ([1, 2, 3, 4, np.inf], BadInput), (list("abcde"), BadInput)])
@pytest.mark.parametrize("statistic", [moran.whole, moran.local, moran.permuted, moran.whole_permuted])
def test_nothing_to_compare_is_said(values: list, error: type, statistic) -> None:
    near = weights.from_lists([0, 1, 2, 3, 4, 4], [1, 0, 3, 2]) if len(values) == 5 else weights.each_alone(len(values))
    with pytest.raises(error):
        statistic(values, near)


def test_nobody_near_or_everybody_near_is_said() -> None:
    with pytest.raises(NotEnough, match="voisine"):
        moran.whole([1, 2, 3, 4], weights.each_alone(4))
    with pytest.raises(NotEnough, match="voisines entre elles"):
        moran.whole([1, 2, 3, 5], weights.from_lists(np.arange(0, 17, 4), np.tile(np.arange(4), 4)))
    with pytest.raises(BadInput):
        moran.whole_permuted([1, 2, 3, 5], weights.from_lists([0, 1, 2, 3, 4], [1, 0, 3, 2]), 0)
