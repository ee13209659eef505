"""Densities: the exact sum, total preserved, flat up to the edge of any area, facts per dwellings."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.stats import kde
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.kde import Raster, Smoothing
from geoservice.errors import BadInput

RASTER = Raster(700_000.0, 7_050_000.0, 25.0, 160, 120)
rng = np.random.default_rng(7)
CORNER = np.array([RASTER.west, RASTER.south])
AREA = np.hypot(*np.meshgrid(np.linspace(-1.2, 1, 160), np.linspace(-1, 1.2, 120))) < 0.9


def points(n: int = 1_500) -> np.ndarray:
    """Clusters on a plain, in metres."""
    middle = rng.uniform((400, 400), (3_500, 2_500), (12, 2))
    some = np.vstack([rng.uniform((0, 0), (3_950, 2_950), (n // 3, 2)), middle[rng.integers(0, 12, n - n // 3)]])
    return some + rng.normal(0, 30, some.shape) + CORNER


def exact(xy: np.ndarray, how: Smoothing, weights: np.ndarray | None = None) -> np.ndarray:
    """The sum over all points, in facts per km²."""
    x = RASTER.west + RASTER.cell_m * np.arange(RASTER.columns)
    y = RASTER.south + RASTER.cell_m * np.arange(RASTER.rows)
    out, h2 = np.zeros(RASTER.shape), how.bandwidth_m**2
    for k, (px, py) in enumerate(xy):
        squared = (x - px) ** 2 + ((y - py) ** 2)[:, None]
        kernel = (np.exp(-squared / (2 * h2)) / (2 * np.pi * h2) if how.kernel == "gaussian"
                  else 3 / (np.pi * h2) * np.maximum(0, 1 - squared / h2) ** 2)
        out += kernel * (1 if weights is None else weights[k])
    return out * 1e6


@pytest.mark.parametrize(("how", "error"), [(Smoothing(100.0), 1e-4), (Smoothing(50.0), 2e-3),
                                            (Smoothing(250.0, "quartic"), 2e-3)])
def test_densities_are_those_of_the_exact_sum(both_ways: str, how: Smoothing, error: float) -> None:
    xy, weights = points(), rng.integers(1, 5, 1_500)
    for load in (None, weights):
        found, wanted = kde.density(xy, RASTER, how, weights=load), exact(xy, how, load)
        assert np.abs(found.values - wanted).max() < error * wanted.max()
        assert (found.used, found.outside) == (1_500, 0)
        assert found.values.min() >= 0


def test_numpy_and_compiled_loops_agree_on_points_anywhere() -> None:
    from geoservice.core import compiled
    from geoservice.core.stats.weights import loops

    if not compiled.load(loops):
        pytest.skip("numba is not installed")
    xy = np.vstack([points(), points() + 2_000, points() - 1e7])
    ours = kde.density(xy, RASTER, Smoothing(80.0))
    compiled._loaded.pop(loops)
    plain = kde.density(xy, RASTER, Smoothing(80.0))
    np.testing.assert_allclose(ours.values, plain.values, atol=1e-9 * plain.values.max())
    assert (ours.used, ours.outside) == (plain.used, plain.outside)
    assert 1_500 < ours.outside < 3_000


@pytest.mark.parametrize("how", [Smoothing(100.0), Smoothing(300.0, "quartic")])
def test_nothing_is_lost_nor_added(how: Smoothing) -> None:
    xy = rng.uniform((1_500, 1_200), (2_500, 1_800), (500, 2)) + CORNER
    found = kde.density(xy, RASTER, how).values
    assert found.sum() * RASTER.cell_m**2 / 1e6 == pytest.approx(500, rel=1e-5)


@pytest.mark.parametrize("how", [Smoothing(150.0), Smoothing(400.0, "quartic")])
def test_an_even_density_is_even_up_to_the_edge_of_the_area(how: Smoothing) -> None:
    """A point in each quarter of a cell: 6,400 a km² everywhere, edges and corners of a jagged area included."""
    x = np.arange(-1, 2 * RASTER.columns - 1) * RASTER.cell_m / 2 + RASTER.cell_m / 4
    y = np.arange(-1, 2 * RASTER.rows - 1) * RASTER.cell_m / 2 + RASTER.cell_m / 4
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) + CORNER
    jagged = AREA & (rng.random(RASTER.shape) > 0.05)
    found = kde.density(xy, RASTER, how, jagged)
    np.testing.assert_allclose(found.values[jagged], 6_400, rtol=2e-3)
    assert (found.values[~jagged] == 0).all()
    assert found.used == 4 * jagged.sum()
    assert found.used + found.outside == len(xy)
    bare = kde.density(xy, RASTER, Smoothing(how.bandwidth_m, how.kernel, edges=False), np.ones(RASTER.shape, dtype=bool)).values
    assert bare[0, 0] == pytest.approx(1_600, rel=0.25)  # a corner sees a quarter of its kernel


def test_a_ring_of_facts_around_the_area_counts_when_edges_are_not_corrected() -> None:
    outside = np.array([[RASTER.west - 60.0, RASTER.south + 1_000.0]])
    found = kde.density(outside, RASTER, Smoothing(100.0, edges=False), np.ones(RASTER.shape, dtype=bool))
    wanted = exact(outside, Smoothing(100.0))
    assert np.abs(found.values - wanted).max() < 1e-3 * wanted.max()
    with pytest.raises(NotEnough):
        kde.density(outside, RASTER, Smoothing(100.0), np.ones(RASTER.shape, dtype=bool))


def test_facts_per_dwelling_are_one_where_they_follow_dwellings() -> None:
    homes = points(400)
    flats = rng.integers(1, 60, 400)
    facts = np.repeat(homes, flats, axis=0)
    found = kde.dual(facts, (homes, flats), RASTER, Smoothing(150.0), AREA, fewest=30)
    np.testing.assert_allclose(found.values[found.known], 1.0, rtol=1e-9)
    assert 0 < found.known.sum() < AREA.sum()
    assert (found.values[~found.known] == 0).all()
    assert not found.known[~AREA].any()
    assert (kde.dual(facts, (homes, flats), RASTER, Smoothing(150.0), AREA, fewest=300).known <= found.known).all()


def test_the_dwellings_around_a_node_are_counted_by_the_area_of_the_kernel() -> None:
    """Even dwellings, 100 a km²: the gaussian sees 4πσ² of ground."""
    homes = rng.uniform((-2_000, -2_000), (6_000, 5_000), (5_600, 2)) + CORNER
    inside = homes[(np.abs(homes - (RASTER.west + 2_000, RASTER.south + 1_500)) < (2_100, 1_600)).all(axis=1)]
    sees = 100 * 4 * np.pi * 0.3**2
    shares = [kde.dual(inside[:5], (inside, np.ones(len(inside))), RASTER, Smoothing(300.0, edges=False), None, fewest=sees * f)
              .known.mean() for f in (0.6, 1.0, 1.5)]
    assert shares[0] > 0.9
    assert 0.2 < shares[1] < 0.8
    assert shares[2] < 0.1


@pytest.mark.parametrize(("call", "error"), [
    (lambda xy: kde.density([], RASTER, Smoothing(100)), NotEnough),
    (lambda xy: kde.density(xy, RASTER, Smoothing(100), np.zeros(RASTER.shape)), NotEnough),
    (lambda xy: kde.density(xy + 1e6, RASTER, Smoothing(100)), NotEnough),
    (lambda xy: kde.density(xy, RASTER, Smoothing(100), weights=np.zeros(len(xy))), NotEnough),
    (lambda xy: kde.density(np.where(xy == xy[0], np.nan, xy), RASTER, Smoothing(100)), BadInput),
    (lambda xy: kde.density(xy[:, :1], RASTER, Smoothing(100)), BadInput),
    (lambda xy: kde.density(xy, RASTER, Smoothing(100), weights=-np.ones(len(xy))), BadInput),
    (lambda xy: kde.density(xy, RASTER, Smoothing(100), weights=np.ones(2)), BadInput),
    (lambda xy: kde.density(xy, RASTER, Smoothing(100), np.ones((3, 3))), BadInput),
    (lambda xy: kde.density(xy, RASTER, Smoothing(49)), BadInput),
    (lambda xy: kde.density(xy, RASTER, Smoothing(149, "quartic")), BadInput),
    (lambda xy: kde.dual(xy, (xy, np.ones(len(xy))), RASTER, Smoothing(100), None, 0), BadInput),
    (lambda xy: Smoothing(0), BadInput), (lambda xy: Smoothing(float("nan")), BadInput),
    (lambda xy: Smoothing(5, "carré"), BadInput),
    (lambda xy: Raster(0, 0, 0, 5, 5), BadInput), (lambda xy: Raster(0, 0, 1, 10**5, 10**5), BadInput),
    (lambda xy: Raster(0, float("nan"), 1, 5, 5), BadInput), (lambda xy: Raster(0, 0, 1, 0, 5), BadInput)])
def test_bad_input_is_said(call, error: type) -> None:
    with pytest.raises(error) as found:
        call(points(30))
    assert len(str(found.value)) > 20


def test_one_point_alone_is_its_kernel() -> None:
    one = np.array([[RASTER.west + 1_003.0, RASTER.south + 998.0]])
    for how in (Smoothing(100.0), Smoothing(250.0, "quartic")):
        found, wanted = kde.density(one, RASTER, how).values, exact(one, how)
        assert np.abs(found - wanted).max() < 5e-3 * wanted.max()
