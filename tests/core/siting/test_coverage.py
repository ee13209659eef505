"""Lines of sight of many cameras: pair by pair the answers of an STRtree, on real footprints and where everything touches."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.siting.coverage import Cameras, Sights, sights
from geoservice.core.siting.dori import DENSITIES, Optics
from geoservice.core.siting.visibility import TARGET_M, Camera, field_of
from geoservice.core.siting.walls import Walls, loops, walls
from geoservice.errors import BadInput
from tests.core.siting import oracle
from tests.core.siting.places import TOWNS, thrown, town

BOX = shapely.box(10, -5, 20, 5)


def pairs_of(found: Sights) -> set[tuple[int, int]]:
    return set(zip(found.cameras.tolist(), found.indices.tolist(), strict=True))


def known_pairs(around: Walls, cameras: Cameras, points: np.ndarray) -> set[tuple[int, int]]:
    """By the tree, without cameras under a roof and points in a building."""
    camera, point = oracle.pairs_in_reach(cameras, points)
    seen = oracle.clear(around, cameras, points, (camera, point))
    over, under = around.roofs_over(points)[point], around.roofs_over(cameras.places)[camera]
    high = cameras.height_m[camera]
    seen &= np.where(np.isnan(high), (over == -np.inf) & (under == -np.inf), (over < TARGET_M) & (under < high))
    return set(zip(camera[seen].tolist(), point[seen].tolist(), strict=True))


@pytest.mark.parametrize("name", TOWNS)
@pytest.mark.parametrize("height_m", [None, 6.0])
def test_every_pair_is_that_of_the_tree(name: str, height_m: float | None) -> None:
    around, rng = town(name), np.random.default_rng(5)
    cameras = Cameras.of(thrown(around, 40, 4, height_m))
    points = rng.uniform(around.ends[:, :2].min(axis=0), around.ends[:, :2].max(axis=0), (6_000, 2))
    found, known = sights(around, cameras, points), known_pairs(around, cameras, points)
    assert len(known) > 1_000
    assert pairs_of(found) == known
    assert len(found.indices) == len(known)
    assert found.unknown == around.unknown
    assert (found.hidden == (around.roofs_over(points) > -np.inf)).all()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-5, 5)] * 4), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_touches_on_a_lattice(boxes: list, seed: int) -> None:
    """Whole coordinates everywhere: lines through corners, along walls, between walls that touch; closed means blocked."""
    rng = np.random.default_rng(seed)
    shapes = [shapely.box(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes if a != c and b != d]
    around, points = walls(shapes), rng.integers(-7, 8, (60, 2)).astype(float)
    cameras = Cameras.of([Camera(*place, 9.3) for place in rng.integers(-7, 8, (8, 2)).astype(float)])
    assert pairs_of(sights(around, cameras, points)) == known_pairs(around, cameras, points)


def test_by_hand() -> None:
    """Behind, past a corner, before, through the corner (10, 5) (touching is blocked), its own place, on a wall, inside."""
    points = np.array([(30, 0), (30, 20), (9.99, 0), (20, 10), (0, 0), (10, 0), (15, 0)], dtype=float)
    found = sights(walls([BOX]), Cameras.of([Camera(0, 0, 50)]), points)
    assert set(found.indices.tolist()) == {1, 2, 4}
    assert np.flatnonzero(found.hidden).tolist() == [5, 6]


def test_lambert_coordinates_lose_nothing() -> None:
    """The same picture 6,800 km from the origin, with a line that touches a corner exactly."""
    shift = np.array([770_000.25, 6_278_000.5])
    around = walls([shapely.transform(BOX, lambda xy: xy + shift)])
    found = sights(around, Cameras.of([Camera(*shift, 50)]), np.array([(20, 10), (20, 10.001), (20, 9.999)]) + shift)
    assert found.indices.tolist() == [1]


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.floats(-500, 500)] * 2), st.floats(-3, 3), st.integers(-3, 3))
def test_signs_are_exact(a: tuple[float, float], times: float, off: int) -> None:
    """Points on one line, or a few roundings off it, against fractions."""
    b = (a[0] * times, float(np.nextafter(a[1] * times, np.inf * off)) if off else a[1] * times)
    area = Fraction(a[0]) * Fraction(b[1]) - Fraction(a[1]) * Fraction(b[0])
    if not 0 < abs(area) < Fraction(1, 10**250):  # far below what metres can tell
        assert loops().side(*a, *b) == (area > 0) - (area < 0)


def test_directions_and_blind_cameras() -> None:
    cameras = Cameras.of([Camera(0, 0, 50, azimuth_deg=0, field_deg=90), Camera(0, 0, 5), Camera(15, 0, 50),
                          Camera(0, 0, 50, 270, 180)])
    found = sights(walls([BOX]), cameras, np.array([(0.0, 20), (0, -20), (-4, 0), (-3, 3.0)]))
    assert [set(found.indices[a:b].tolist()) for a, b in zip(found.indptr, found.indptr[1:], strict=False)] == [
        {0, 3}, {2, 3}, set(), {2, 3, 0, 1}]
    assert found.blind.tolist() == [False, False, True, False]


@pytest.mark.parametrize("name", TOWNS)
def test_the_field_holds_what_is_in_sight(name: str) -> None:
    around, rng = town(name), np.random.default_rng(8)
    chosen = thrown(around, 10, 6)
    points = rng.uniform(around.ends[:, :2].min(axis=0), around.ends[:, :2].max(axis=0), (5_000, 2))
    found, asked = sights(around, Cameras.of(chosen), points), 0
    for at, camera in enumerate(chosen):
        shape = field_of(camera, around).polygon
        sure = np.flatnonzero(shapely.distance(shape.boundary, shapely.points(points)) > 0.01)
        inside = shapely.contains_xy(shape, points[sure])
        mine = np.isin(sure, found.indices[found.indptr[at]:found.indptr[at + 1]])
        assert (mine == inside).all()
        asked += inside.sum()
    assert asked > 200


def test_classes_by_day_and_by_night(checks: dict) -> None:
    known = checks["dori"]
    lens = Optics(known["lens_mm"], known["sensor_mm"], known["width_px"])
    reaches = [lens.reach(name) for name in DENSITIES]
    points = np.array([(reach, 0.0) for reach in reaches] + [(reach + 0.01, 0.0) for reach in reaches])
    found = sights(walls([]), Cameras.of([Camera(0, 0, 100)]), points)
    order = np.argsort(found.indices)
    assert found.classes(lens)[order].tolist() == [1, 2, 3, 4, 0, 1, 2, 3]
    assert found.classes(lens, night_m=12)[order].tolist() == [0, 0, 3, 4, 0, 0, 2, 3]
    kept = found.keep(found.classes(lens) >= 3)
    assert sorted(kept.indices.tolist()) == [2, 3, 7]
    assert kept.indptr.tolist() == [0, 3]
    with pytest.raises(BadInput, match="nuit"):
        found.classes(lens, night_m=-1)


def test_a_high_lens_is_farther() -> None:
    found = sights(walls([]), Cameras.of([Camera(0, 0, 100, height_m=TARGET_M + 4)]), np.array([(3.0, 0.0)]))
    assert found.distance_m.tolist() == [5.0]


def test_nothing_to_see() -> None:
    for cameras, points in (([], [(0.0, 0.0)]), ([Camera(0, 0, 5)], [])):
        found = sights(walls([BOX]), Cameras.of(cameras), np.array(points))
        assert len(found.indices) == 0
        assert found.indptr.tolist() == [0] * (len(cameras) + 1)
    with pytest.raises(BadInput):
        sights(walls([BOX]), Cameras.of([Camera(0, 0, 5)]), np.array([(0.0, float("nan"))]))
