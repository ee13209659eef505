"""27 variants that differ as said; a true cluster stays hot, one that a grid line or a burst makes does not."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core import grid
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.stability import Points, shifted, stability, variants
from geoservice.errors import BadInput

LON, LAT, SINCE, UNTIL = 2.35, 48.86, 19_000, 19_090


def many(variant, cells):
    """A test that calls cells with at least 12 facts hot."""
    found, counts = np.unique(cells, return_counts=True)
    return found[counts >= 12]


def around(lon: float, lat: float, metres: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return lon + draw.normal(0, metres / 73_000, n), lat + draw.normal(0, metres / 111_000, n)


def of(*parts) -> tuple[Points, np.ndarray]:
    """Points of several places, and whose is whose."""
    lon, lat, day = (np.concatenate([part[column] for part in parts]) for column in range(3))
    owner = np.concatenate([np.full(len(part[0]), row) for row, part in enumerate(parts)])
    return Points(lon, lat, day), owner[None] == np.arange(len(parts))[:, None]


def test_there_are_27_and_they_differ():
    drawn = variants(9, SINCE, UNTIL, LON, LAT)
    assert len(set(drawn)) == 27
    assert {variant.resolution for variant in drawn} == {8, 9, 10}
    assert {(variant.since, variant.until) for variant in drawn} == {(SINCE, UNTIL), (SINCE, SINCE + 60), (SINCE + 30, UNTIL)}
    assert {variant.resolution for variant in variants(12, SINCE, UNTIL, LON, LAT)} == {10, 11, 12}
    assert {variant.resolution for variant in variants(4, SINCE, UNTIL, LON, LAT)} == {4, 5, 6}


def test_shifts_are_half_a_cell():
    """The shift is half the distance to the next centre: twice it leads from a centre to a neighbour in some direction."""
    for resolution in (8, 9, 10):
        cell = grid.parents(grid.index(np.array([LON]), np.array([LAT])), resolution)
        lon, lat = grid.centres(cell)[0]
        near = grid.centres(np.setdiff1d(grid.disk(int(cell[0]), 1), cell))
        metres = np.hypot((near[:, 0] - lon) * 111_320 * np.cos(np.radians(lat)), (near[:, 1] - lat) * 111_320)
        drawn = variants(9, SINCE, UNTIL, LON, LAT)
        moved = [variant for variant in drawn if variant.resolution == resolution and variant.east_m]
        for variant in moved:
            assert np.hypot(variant.east_m, variant.north_m) == pytest.approx(metres.mean() / 2, rel=0.03)
        assert len(moved) == 6


def test_points_move_by_metres():
    lon, lat = shifted(np.array([LON]), np.array([LAT]), 100.0, -50.0)
    assert (lon[0] - LON) * 111_320 * np.cos(np.radians(LAT)) == pytest.approx(100)
    assert (lat[0] - LAT) * 111_320 == pytest.approx(-50)


def test_a_cluster_stays_and_a_burst_and_scattered_facts_do_not():
    draw = np.random.default_rng(2)
    cluster = (*around(2.35, 48.86, 15, 90, 1), draw.integers(SINCE, UNTIL, 90))
    burst = (*around(2.30, 48.85, 15, 60, 3), draw.integers(SINCE, SINCE + 20, 60))
    scattered = (*around(2.42, 48.88, 1_500, 60, 4), draw.integers(SINCE, UNTIL, 60))
    points, places = of(cluster, burst, scattered)
    found = stability(points, places, variants(9, SINCE, UNTIL, LON, LAT), many)
    assert found.share[0] >= 24 / 27
    assert found.share[1] == pytest.approx(2 / 3, abs=0.12)
    assert found.share[2] <= 0.2
    assert found.hot.shape == (3, 27)
    np.testing.assert_allclose(found.hot.mean(axis=1), found.share)


def test_an_effect_of_the_grid_is_unstable():
    """Facts spread so that only this grid's cell gathers enough: seven cells' worth, each just under the limit elsewhere."""
    cell = grid.parents(grid.index(np.array([LON]), np.array([LAT])), 9)
    finest = grid.disk(int(cell[0]), 0)
    low, high = grid.span(finest)
    inside = np.array([fact for fact in grid.disk(int(grid.index(*grid.centres(cell).T)[0]), 8) if low[0] <= fact <= high[0]])
    lon, lat = grid.centres(inside[:: max(1, len(inside) // 13)][:13]).T
    points, places = of((lon, lat, np.linspace(SINCE, UNTIL - 1, 13).astype(int)))

    def this_grid(variant, cells):
        return cell if variant.resolution == 9 and not variant.east_m else np.empty(0, np.uint64)

    assert stability(points, places, variants(9, SINCE, UNTIL, LON, LAT), this_grid).share[0] == pytest.approx(3 / 27)


def test_the_test_sees_the_facts_of_its_window_at_its_resolution():
    draw = np.random.default_rng(5)
    points, places = of((*around(LON, LAT, 400, 50, 6), draw.integers(SINCE, UNTIL, 50)))
    seen = []

    def note(variant, cells):
        inside = (points.day >= variant.since) & (points.day < variant.until)
        direct = grid.index(*shifted(points.lon, points.lat, variant.east_m, variant.north_m))[inside]
        np.testing.assert_array_equal(cells, grid.parents(direct, variant.resolution))
        seen.append(variant)
        return cells[:0]

    drawn = variants(9, SINCE, UNTIL, LON, LAT)
    assert stability(points, places, drawn, note).share.tolist() == [0]
    assert tuple(seen) == drawn


def test_what_cannot_be_is_refused():
    points, places = of((*around(LON, LAT, 10, 5, 1), np.full(5, SINCE)))
    drawn = variants(9, SINCE, UNTIL, LON, LAT)
    with pytest.raises(NotEnough, match="aucun fait"):
        stability(points, ~places, drawn, many)
    for wrong in (places.astype(int), places[0], places[:, :3]):
        with pytest.raises(BadInput):
            stability(points, wrong, drawn, many)
    with pytest.raises(BadInput):
        stability(Points(np.full(5, np.nan), points.lat, points.day), places, drawn, many)
    with pytest.raises(BadInput):
        variants(13, SINCE, UNTIL, LON, LAT)
    with pytest.raises(BadInput):
        variants(9, SINCE, SINCE + 2, LON, LAT)
