"""Where cameras could be put: by hand on a few boxes, and properties on real footprints."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoservice.core.siting.candidates import (
    FINE,
    FORBIDDEN,
    IN_BUILDING,
    KINDS,
    OFFSET_M,
    apart,
    corners,
    facades,
    outside,
    points,
    refusals,
    together,
)
from geoservice.core.siting.visibility import Camera, field_of
from geoservice.core.siting.walls import walls
from geoservice.errors import BadInput
from tests.core.siting.places import TOWNS, town

BOX = shapely.box(0, 0, 20, 10)


def test_facades_of_a_box() -> None:
    found = facades(walls([BOX]), every_m=10, offset_m=0.5)
    rows = {(x, y, azimuth) for (x, y), azimuth in zip(found.places.tolist(), found.azimuth_deg.tolist(), strict=True)}
    assert rows == {(5, -0.5, 180), (15, -0.5, 180), (20.5, 5, 90), (5, 10.5, 0), (15, 10.5, 0), (-0.5, 5, 270)}
    assert {KINDS[kind] for kind in found.kind} == {"facade"}
    assert len(facades(walls([BOX]), every_m=9.9)) == 3 + 3 + 2 + 2


def test_walls_that_houses_share_are_no_facades() -> None:
    found = facades(walls([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]), every_m=20)
    assert sorted(found.azimuth_deg.tolist()) == [0, 0, 90, 180, 180, 270]


def test_courtyards_have_facades_and_no_corners() -> None:
    court = walls([shapely.Polygon(shapely.box(0, 0, 40, 40).exterior, [shapely.box(10, 10, 30, 30).exterior])])
    assert sum(shapely.box(10, 10, 30, 30).contains(shapely.Point(place)) for place in facades(court, 40).places) == 4
    found = corners(court)
    assert sorted(found.azimuth_deg.round(9).tolist()) == [45, 135, 225, 315]
    assert np.hypot(*(found.places - np.clip(found.places, 0, 40)).T) == pytest.approx([OFFSET_M] * 4)


def test_a_flat_corner_is_none() -> None:
    assert len(corners(walls([shapely.Polygon([(0, 0), (5, -1), (10, 0), (10, 8), (0, 8)])]))) == 4


@pytest.mark.parametrize("name", TOWNS)
def test_nothing_stands_in_a_building_and_all_look_away(name: str) -> None:
    around = town(name)
    found = together(facades(around, 12), corners(around))
    assert len(found) > 2_000
    assert (refusals(found, around) == FINE).all()
    for row in range(0, len(found), 150):
        seen = field_of(Camera(*found.places[row], 15, found.azimuth_deg[row], 90), around)
        assert not seen.blind
        assert seen.area_m2 > 0


def test_refusals_are_told() -> None:
    around, park = walls([BOX]), shapely.box(30, 0, 50, 10)
    found = points(np.array([(10.0, 5), (0, 0), (40, 5), (30, 10), (60, 5)]), "pole")
    assert refusals(found, around, [park]).tolist() == [IN_BUILDING, IN_BUILDING, FORBIDDEN, FORBIDDEN, FINE]
    assert np.isnan(found.azimuth_deg).all()
    assert found.where(refusals(found, around, [park]) == FINE).places.tolist() == [[60, 5]]


def test_separation_keeps_the_first() -> None:
    found = points(np.array([(0.0, 0), (3, 0), (5, 0), (8, 0), (5, 0)]))
    assert apart(found, 5).tolist() == [0, 2]
    assert apart(found, 5, order=np.array([3, 1, 0, 2, 4])).tolist() == [1, 3]
    assert apart(found, 0).tolist() == [0, 1, 2, 3, 4]
    assert apart(found, 1).tolist() == [0, 1, 2, 3]


def test_separation_is_maximal() -> None:
    rng = np.random.default_rng(1)
    found = points(rng.uniform(0, 200, (800, 2)))
    kept = apart(found, 12, order=rng.permutation(800))
    gaps = np.hypot(*(found.places[:, None] - found.places[None, kept]).transpose(2, 0, 1))
    assert (np.sort(gaps[kept], axis=1)[:, 1] >= 12).all()
    assert (gaps.min(axis=1) < 12).all()  # nobody else fits


def test_doors_are_put_before_their_facade() -> None:
    around = walls([BOX, shapely.box(20, 0, 30, 10)])
    found, moved = outside(around, np.array([(10.0, 1), (19.5, 5), (50, 50), (20, 10)]))
    assert found[0].tolist() == [10, -OFFSET_M]
    assert moved[0] == pytest.approx(1 + OFFSET_M)
    assert around.roofs_over(found).max() == -np.inf
    assert moved[1] >= 5  # not through the shared wall
    assert found[2].tolist() == [50, 50]
    assert moved[2] == 0


def test_impossible_demands_are_refused() -> None:
    for wrong in (lambda: points(np.array([(0.0, 1)]), "tree"), lambda: points(np.array([(0.0, float("nan"))])),
                  lambda: facades(walls([BOX]), 0), lambda: corners(walls([BOX]), 0),
                  lambda: apart(points(np.zeros((1, 2))), -1)):
        with pytest.raises(BadInput):
            wrong()
