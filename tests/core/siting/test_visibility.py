"""What one camera sees: by hand, at every degenerate place, and against overlays of shapely on real footprints."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.siting.coverage import Cameras
from geoservice.core.siting.visibility import CHORD_M, TARGET_M, Camera, field_of
from geoservice.core.siting.walls import Walls, walls
from geoservice.errors import BadInput
from tests.core.siting import oracle
from tests.core.siting.places import TOWNS, thrown, town

BOX = shapely.box(10, -5, 20, 5)


def same(camera: Camera, around: Walls) -> None:
    """The area is that of the overlay, and so is the shape as far as chords can tell."""
    found, known = field_of(camera, around), oracle.seen_on_plan(camera, around)
    assert found.plan_area_m2 == pytest.approx(known.area, rel=1e-5, abs=1e-3)
    assert found.plan.symmetric_difference(known).area <= CHORD_M * known.length + 1e-4  # arcs are drawn as chords


def test_an_empty_place_is_a_sector() -> None:
    nothing = walls([])
    assert field_of(Camera(3, 4, 20), nothing).area_m2 == pytest.approx(math.pi * 400, rel=1e-12)
    found = field_of(Camera(3, 4, 20, azimuth_deg=90, field_deg=60), nothing)
    assert found.area_m2 == pytest.approx(math.pi * 400 / 6, rel=1e-12)
    assert found.polygon.area == pytest.approx(found.area_m2, rel=1e-3)
    assert found.polygon.contains(shapely.Point(20, 4))  # east is azimuth 90
    assert not found.polygon.contains(shapely.Point(3, 20))


def test_a_courtyard_is_seen_whole_and_nothing_else() -> None:
    court = shapely.Polygon(shapely.box(0, 0, 40, 40).exterior, [shapely.box(10, 10, 30, 30).exterior])
    found = field_of(Camera(12, 29, 200), walls([court]))
    assert found.area_m2 == pytest.approx(400, rel=1e-12)
    assert found.polygon.symmetric_difference(shapely.box(10, 10, 30, 30)).area < 1e-9


def test_a_shadow_by_hand() -> None:
    """A box 10 m away and 10 m wide: of a sector that it fills, the triangle before it is left."""
    field_deg = 2 * math.degrees(math.atan(0.5))
    found = field_of(Camera(0, 0, 100, azimuth_deg=90, field_deg=field_deg), walls([BOX]))
    assert found.area_m2 == pytest.approx(50, rel=1e-9)
    assert len(set(found.sectors[:, 2])) == 1


DEGENERATE = {
    "two buildings share a corner": [shapely.box(5, 0, 10, 5), shapely.box(10, 5, 15, 10)],
    "two share a wall": [shapely.box(5, -3, 10, 2), shapely.box(5, 2, 10, 6)],
    "a corner on another's wall": [shapely.box(5, -3, 10, 2), shapely.Polygon([(10, 0), (14, 3), (14, -3)])],
    "walls on one line with the camera": [shapely.box(5, 0, 8, 3), shapely.box(10, 0, 13, -3), shapely.box(-9, 0, -4, 1)],
    "one inside another": [shapely.box(5, -5, 15, 5), shapely.box(7, -2, 9, 2)],
    "the same twice": [BOX, BOX],
    "two that cross": [shapely.box(5, -1, 15, 1), shapely.box(8, -6, 10, 6)],
    "three fans that cross": [shapely.Polygon([(6, -6), (7, -6), (14, 6), (13, 6)]), shapely.Polygon([(6, 6), (7, 6), (14, -6)]),
                              shapely.box(9, -7, 9.5, 7)],
    "a bow tie": [shapely.Polygon([(5, -5), (9, 5), (9, -5), (5, 5)])],
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("at", [(0, 0), (0, 5), (0.0, 2.0), (1e-9, -3), (3, 9)])
def test_degenerate_places(name: str, at: tuple[float, float]) -> None:
    for reach, field in ((40, 360), (9, 360), (12, 100)):
        same(Camera(*at, reach, azimuth_deg=80, field_deg=field), walls(DEGENERATE[name]))


def test_nothing_is_seen_between_buildings_that_touch_at_a_corner() -> None:
    """The line through the corner is no sight, whichever side it comes from."""
    around = walls(DEGENERATE["two buildings share a corner"])
    found = field_of(Camera(5, 10, 60), around)
    assert not found.polygon.buffer(-1e-6).intersects(shapely.LineString([(10.001, 4.999), (40, -25)]))


def test_a_camera_in_a_building_or_on_a_wall_is_blind() -> None:
    for at in ((15, 0), (10, 0), (10, 5)):
        found = field_of(Camera(*at, 30), walls([BOX]))
        assert found.blind
        assert found.area_m2 == 0
        assert found.polygon.is_empty
    assert field_of(Camera(9.9, 0, 30), walls([BOX])).area_m2 == pytest.approx(math.pi * 450, rel=0.05)  # half a circle, about


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-6, 6)] * 4), min_size=1, max_size=6), st.integers(5, 360), st.integers(0, 359),
       st.floats(0.5, 15))
def test_boxes_on_a_lattice(boxes: list, field: int, azimuth: int, reach: float) -> None:
    """Whole coordinates: shared corners, walls on one line, crossings and touches all the time."""
    shapes = [shapely.box(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes if a != c and b != d]
    around, camera = walls(shapes), Camera(0.5, 0.5, reach, azimuth, field)
    if shapes and not field_of(camera, around).blind:
        same(camera, around)


@pytest.mark.parametrize("name", TOWNS)
def test_real_footprints(name: str) -> None:
    around = town(name)
    assert len(around.ends) > 2_000
    for camera in thrown(around, 25, seed=1):
        same(camera, around)


def test_roofs_below_the_camera_hide_a_part() -> None:
    """By hand: a roof of 4 m, 10 to 20 m away, under a camera at 8 m hides what lies up to 20 × 6.5 / 4 = 32.5 m."""
    found = field_of(Camera(0, 0, 50, height_m=8), walls([BOX], [4]))
    east = shapely.LineString([(0, 0), (50, 0)])
    seen = shapely.intersection(found.polygon, east)
    assert shapely.get_coordinates(seen)[:, 0] == pytest.approx([0, 10, 32.5, 50], abs=CHORD_M)
    kerb = field_of(Camera(0, 0, 50, height_m=8), walls([BOX], [TARGET_M - 0.1]))
    assert kerb.area_m2 == pytest.approx(math.pi * 2500, rel=1e-3)
    plan = field_of(Camera(0, 0, 50), walls([BOX], [4]))
    for height in (None, 8.0, 30.0):
        high = field_of(Camera(0, 0, 50, height_m=8), walls([BOX], [height]))
        assert (high.area_m2 == pytest.approx(plan.area_m2, rel=1e-3)) == (height != 4.0)


def test_unknown_heights_block_and_are_told() -> None:
    around = walls([BOX, shapely.box(-30, -5, -20, 5), shapely.box(500, 0, 510, 10)], [None, 4, 0])
    assert around.unknown == 2
    found = field_of(Camera(0, 0, 100, height_m=20), around)
    assert found.unknown == 1
    assert not found.polygon.intersects(shapely.Point(60, 0))
    assert found.polygon.intersects(shapely.Point(-60, 0))


def test_a_camera_above_its_roof_sees_past_the_edge() -> None:
    found = field_of(Camera(15, 0, 60, height_m=12), walls([BOX], [10]))
    assert not found.blind
    assert not found.polygon.intersects(shapely.Point(15, 1))  # the roof itself
    assert not found.polygon.intersects(shapely.Point(21, 0))  # below the gutter: 5 m × 10.5 / 2 = 26.25 m away at the least
    assert found.polygon.intersects(shapely.Point(15 + 26.3, 0))
    assert not found.polygon.intersects(shapely.Point(15 + 26.2, 0))
    assert field_of(Camera(15, 0, 60, height_m=10), walls([BOX], [10])).blind


@pytest.mark.parametrize("name", TOWNS)
def test_shadows_of_real_roofs(name: str) -> None:
    """Points thrown over the reach are inside the field exactly where a line of the STRtree passes over every roof."""
    around, rng, asked = town(name), np.random.default_rng(3), 0
    for camera in thrown(around, 8, seed=2, height_m=7.0):
        points = rng.uniform(-camera.reach_m, camera.reach_m, (400, 2)) + camera.place
        cameras = Cameras.of([camera])
        pairs = oracle.pairs_in_reach(cameras, points)
        inside = points[pairs[1]]
        field = field_of(camera, around).polygon
        sure = shapely.distance(field.boundary, shapely.points(inside)) > 2 * CHORD_M
        known = oracle.clear(around, cameras, points, pairs) & (around.roofs_over(inside) < TARGET_M)
        assert (shapely.contains_xy(field, inside) == known)[sure].all()
        asked += sure.sum()
    assert asked > 500


def test_impossible_cameras_and_walls_are_refused() -> None:
    for wrong in ((0, 0, 0), (0, float("nan"), 5), (0, 0, 5, 0, 0), (0, 0, 5, 0, 361), (0, 0, 5, 0, 90, TARGET_M)):
        with pytest.raises(BadInput):
            Camera(*wrong)
    with pytest.raises(BadInput, match="hauteur par bâtiment"):
        walls([BOX], [1, 2])
