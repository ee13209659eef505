"""Gi, Gi* and G: the worked example, PySAL to 1e-9, and permutations against all permutations there are."""

from __future__ import annotations

from itertools import permutations as all_orders
from types import SimpleNamespace

import numpy as np
import pytest

from geoservice.core.stats import getis, permutation, weights
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

rng = np.random.default_rng(5)
SERIES = {"continuous": lambda n: rng.gamma(2.0, 3.0, n), "counts": lambda n: rng.poisson(0.7, n).astype(float),
          "one fact": lambda n: np.eye(n)[3]}


def test_the_worked_example_of_esda(checks: dict) -> None:
    case = checks["getis_ord"]
    x, y = np.array(case["points"], dtype=float).T
    near = weights.within(x, y, case["distance_band"])
    np.testing.assert_allclose(getis.local(case["y"], near).z, case["gi_star_z"], atol=5e-7)
    found = getis.whole(case["y"], near)
    assert found.g == pytest.approx(case["global_G"], abs=5e-9)
    assert found.p_one_sided == pytest.approx(case["global_p_norm"], abs=5e-7)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("star", [True, False])
def test_local_g_is_that_of_pysal(cells: np.ndarray, pysal: SimpleNamespace, both_ways: str, name: str, star: bool) -> None:
    near = weights.disks(cells, 2, itself=star)
    y = SERIES[name](len(cells))
    ours = getis.local(y, near, star)
    theirs = pysal.esda.G_Local(y, pysal.weights(near), transform="B", permutations=0, star=star)
    known = np.isfinite(theirs.Zs)
    np.testing.assert_array_equal(ours.defined, known)
    for mine, other in ((ours.z, theirs.Zs), (ours.g, theirs.Gs), (ours.expected, theirs.EGs), (ours.variance, theirs.VGs),
                        (np.minimum(ours.upper, ours.lower), theirs.p_norm)):
        np.testing.assert_allclose(mine[known], np.broadcast_to(other, len(y))[known], rtol=1e-9, atol=1e-9)
    assert np.isfinite(ours.z).all()
    assert known.sum() >= len(y) - 1


def test_standardised_rows_change_nothing_and_pysal_parts_by_a_known_factor(cells: np.ndarray, pysal: SimpleNamespace) -> None:
    near = weights.disks(cells, 1)
    y, n, c = SERIES["counts"](len(cells)), len(cells), near.counts
    theirs = pysal.esda.G_Local(y, pysal.weights(near), transform="R", permutations=0, star=True)
    np.testing.assert_allclose(getis.local(y, near).z * np.sqrt((n - c) / (c * (n - 1))), theirs.Zs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SERIES)
def test_global_g_is_that_of_pysal(cells: np.ndarray, pysal: SimpleNamespace, name: str) -> None:
    near = weights.disks(cells, 1)
    y = SERIES[name](len(cells))
    if name == "one fact":
        with pytest.raises(NotEnough):
            getis.whole(y, near)
        return
    ours, theirs = getis.whole(y, near), pysal.esda.G(y, pysal.weights(near.without_itself()), permutations=0)
    for mine, other in ((ours.g, theirs.G), (ours.expected, theirs.EG), (ours.z, theirs.z_norm),
                        (ours.p_one_sided, theirs.p_norm)):
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-9)
    assert ours.variance == pytest.approx(theirs.VG, rel=1e-6)


def small(ring: int = 7) -> weights.Neighbours:
    """A circle in which everybody has two neighbours, but the first has three and the last none."""
    rows = [[(i - 1) % ring, (i + 1) % ring] for i in range(ring)]
    rows[0], rows[-1] = [1, 2, 3], []
    return weights.from_lists(np.cumsum([0, *map(len, rows)]), np.concatenate(rows).astype(int))


@pytest.mark.parametrize("y", [[0, 1, 1, 0, 2, 5, 1], [0.1, 0.2, 0.3, 0.1, 0.6, 0.2, 0.3], [1, 2, 4, 8, 16, 32, 64]])
@pytest.mark.parametrize("size_of_blocks", [4_000_000, 40])
def test_permutations_are_a_sample_of_all_there_are(y: list, size_of_blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every order of the others, ties included in both tails; within five standard errors, for each unit and each tail."""
    monkeypatch.setattr(permutation, "_BLOCK", size_of_blocks)
    values, near, many = np.array(y, dtype=float), small(), 6_000
    tails = getis.permuted(values, near, many, seed=11)
    exact_values = np.round(values * 10).astype(int)
    for unit in range(len(values)):
        own = near.indices[near.indptr[unit]:near.indptr[unit + 1]]
        others = np.delete(exact_values, unit)
        sums = np.array([sum(order[:len(own)]) for order in all_orders(others.tolist())])
        observed = exact_values[own].sum()
        for tail, hits in ((tails.at_least, sums >= observed), (tails.at_most, sums <= observed)):
            counted, share = tail[unit], hits.mean()
            assert abs(counted / many - share) <= 5 * np.sqrt(share * (1 - share) / many), (unit, counted / many, share)
    assert tails.at_least[-1] == tails.at_most[-1] == many
    assert (tails.at_least + tails.at_most >= many).all()


def test_permutations_are_seeded_and_stated() -> None:
    values, near = rng.poisson(1.0, 7), small()
    first, again, other = (getis.permuted(values, near, 99, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.at_least, again.at_least)
    assert (first.at_least != other.at_least).any()
    assert first.upper.min() >= 1 / 100
    assert first.two_sided.max() <= 1
    np.testing.assert_array_equal(first.turned(np.ones(7, dtype=bool)).at_least, first.at_most)
    for wrong in (0, 10**7):
        with pytest.raises(BadInput):
            getis.permuted(values, near, wrong)


@pytest.mark.parametrize("draw", [permutation._few, permutation._many])
def test_draws_are_ordered_samples_without_replacement(draw) -> None:
    drawn = draw(np.random.default_rng(4), 9, 3, 60_000)
    assert (np.diff(np.sort(drawn, axis=1), axis=1) > 0).all()
    counts = np.bincount(drawn @ [81, 9, 1], minlength=729)
    assert (counts > 0).sum() == 9 * 8 * 7
    expected = 60_000 / 504
    assert ((counts[counts > 0] - expected) ** 2 / expected).sum() < 503 + 5 * np.sqrt(2 * 503)


@pytest.mark.slow  # esda compiles for half a minute
def test_counts_are_formally_within_monte_carlo_error_of_pysal(cells: np.ndarray, pysal: SimpleNamespace) -> None:
    """z of the difference of two shares, bounded over all units at once (Bonferroni at 1 in 10,000: valid however they depend).

    esda leaves ties out of the lower tail, (1 + number below) / (1 + permutations): its rule is applied to ours. It compares
    quotients of floating point, in which equal maps differ by rounding: its simulated values are rounded before they are counted.
    """
    from scipy.special import ndtri

    y = np.random.default_rng(9).poisson(0.7, len(cells)).astype(float)  # its own numbers, whichever tests ran before
    near, many = weights.disks(cells, 1, itself=False), 9_999
    peer = pysal.esda.G_Local(y, pysal.weights(near), "B", many, keep_simulations=True, n_jobs=1, seed=3)
    larger = (np.round(peer.rGs, 10) >= np.round(peer.Gs, 10)[:, None]).sum(axis=1)
    theirs = (1 + np.minimum(larger, many - larger)) / (1 + many)
    tails = getis.permuted(y, near, many, seed=8)
    ours = (1 + np.minimum(tails.at_least, many - tails.at_least)) / (1 + many)
    share = (ours + theirs) / 2
    z = (ours - theirs) / np.sqrt(2 * share * (1 - share) / many)
    assert np.abs(z).max() < -ndtri(1e-4 / (2 * len(y)))
    # by our rule p-values are larger wherever maps tie in the lower tail
    assert (np.minimum(tails.upper, tails.lower) - theirs).max() > 0.1


@pytest.mark.parametrize(("values", "error"), [
    ([], NotEnough), ([3], NotEnough), ([0] * 7, NotEnough), ([4] * 7, NotEnough), ([1, 2, 3, 4, 5, 6, np.nan], BadInput),
    ([1, 2, 3, 4, 5, 6, -1], BadInput), ([1, 2, 3, 4, 5, 6, np.inf], BadInput), (list("abcdefg"), BadInput)])
@pytest.mark.parametrize("statistic", [getis.local, getis.whole, getis.permuted])
def test_nothing_to_compare_is_said(values: list, error: type, statistic) -> None:
    near = weights.each_alone(len(values)) if len(values) < 7 else small()
    with pytest.raises(error):
        statistic(values, near)


def test_where_nothing_can_vary_there_is_no_z() -> None:
    everybody = weights.from_lists(np.arange(0, 26, 5), np.tile(np.arange(5), 5))
    found = getis.local([1, 2, 3, 4, 5], everybody)
    assert not found.defined.any()
    assert found.z.tolist() == [0.0] * 5
    assert found.two_sided.tolist() == found.upper.tolist() == [1.0] * 5
    with pytest.raises(NotEnough, match="voisines entre elles"):
        getis.whole([1, 2, 3, 4, 5], everybody)
    with pytest.raises(NotEnough, match="voisines"):
        getis.whole([1, 2, 3, 4, 5], weights.each_alone(5))
