"""H3 and coordinates against the reference library and published values."""

from __future__ import annotations

import numpy as np
import pytest
from h3.api import basic_int

from geoservice.core import crs, grid
from geoservice.errors import BadInput
from geoservice.types import Box

RNG = np.random.default_rng(3)
LON, LAT = RNG.uniform(-5, 9, 500), RNG.uniform(42, 51, 500)
CELLS = grid.index(LON, LAT)


def test_index_is_h3s_at_the_finest_resolution() -> None:
    assert CELLS.tolist() == [basic_int.latlng_to_cell(y, x, 12) for x, y in zip(LON, LAT, strict=True)]


@pytest.mark.parametrize("resolution", range(0, 13))
def test_parents_are_h3s(resolution: int) -> None:
    expected = [basic_int.cell_to_parent(cell, resolution) for cell in CELLS.tolist()]
    assert grid.parents(CELLS, resolution).tolist() == expected


def test_direct_indexing_differs_from_parents_which_is_why_it_is_never_done() -> None:
    direct = np.array([basic_int.latlng_to_cell(y, x, 9) for x, y in zip(LON, LAT, strict=True)], dtype=np.uint64)
    assert 0.01 < (direct != grid.parents(CELLS, 9)).mean() < 0.2


@pytest.mark.parametrize("resolution", [8, 10, 12])
def test_span_holds_all_descendants_and_no_other_cell(resolution: int) -> None:
    cells = grid.parents(CELLS[:20], resolution)
    low, high = grid.span(cells)
    for cell, first, last in zip(cells.tolist(), low.tolist(), high.tolist(), strict=True):
        children = basic_int.cell_to_children(cell, 12)
        assert first == min(children)
        assert max(children) <= last
        neighbours = [other for near in basic_int.grid_disk(cell, 1) if near != cell
                      for other in basic_int.cell_to_children(near, 12)]
        assert not any(first <= other <= last for other in neighbours)


def test_areas_are_the_true_ones() -> None:
    cells = grid.parents(grid.index(np.array([3.06, 2.35, 5.37]), np.array([50.63, 48.86, 43.30])), 9)
    assert grid.areas_m2(cells) == pytest.approx([91_120, 93_880, 103_924], rel=0.005)


def test_cover_touches_and_holds_the_box() -> None:
    box = Box(2.30, 48.85, 2.32, 48.86)
    cover = set(grid.cover(box, 10).tolist())
    lon, lat = RNG.uniform(box.west, box.east, 400), RNG.uniform(box.south, box.north, 400)
    assert {basic_int.latlng_to_cell(y, x, 10) for x, y in zip(lon, lat, strict=True)} <= cover


def test_text_and_back() -> None:
    assert [grid.from_text(text) for text in grid.to_text(CELLS[:9])] == CELLS[:9].tolist()
    for wrong in ("", "zz", "0", "8928308280fffff0000", "-1", "x" * 99, "ffffffffffffffff"):
        with pytest.raises(BadInput):
            grid.from_text(wrong)


def test_boundaries_are_h3s() -> None:
    rings, counts = grid.boundaries(CELLS[:5])
    for ring, number, cell in zip(rings, counts, CELLS[:5].tolist(), strict=True):
        assert ring[:number].tolist() == [[lon, lat] for lat, lon in basic_int.cell_to_boundary(cell)]


@pytest.mark.parametrize(("x", "y", "epsg", "swapped"), [
    (652_000, 6_862_000, 2154, False), (2.35, 48.86, 4326, False), (48.86, 2.35, 4326, True), (6_862_000, 652_000, 2154, True),
    (1_652_000, 8_192_000, 3949, False), (600_000, 2_428_000, 27572, False), (340_000, 7_660_000, 2975, False),
    (55.5, -21.1, 4326, False), (520_000, 8_590_000, 4471, False)])
def test_a_crs_is_known_by_its_range(x: float, y: float, epsg: int, swapped: bool) -> None:
    found = crs.guess(np.array([x]), np.array([y]))
    assert found is not None
    assert (found.epsg, found.swapped) == (epsg, swapped)


def test_nothing_french_is_no_guess() -> None:
    assert crs.guess(np.array([-74.0]), np.array([40.7])) is None
    assert crs.guess(np.array([np.nan]), np.array([1.0])) is None


def test_lambert_93_and_back() -> None:
    lon, lat = crs.to_lonlat(np.array([655_823.1529]), np.array([6_859_495.4557]), 2154)
    assert (lon[0], lat[0]) == pytest.approx((2.398175442, 48.833998179), abs=1e-7)
    x, y = crs.project(lon, lat, 2154)
    assert (x[0], y[0]) == pytest.approx((655_823.1529, 6_859_495.4557), abs=1e-3)


def test_each_territory_has_its_metres_and_its_clock() -> None:
    codes = {t.code: (t.epsg, t.timezone) for t in crs.TERRITORIES}
    assert codes["974"] == (2975, "Indian/Reunion")
    assert codes["972"] == (5490, "America/Martinique")
    assert crs.territory_of(45.2, -12.8).code == "976"
    assert crs.territory_of(-74.0, 40.7) is None
    for territory in crs.TERRITORIES:
        middle = ((territory.box.west + territory.box.east) / 2, (territory.box.south + territory.box.north) / 2)
        x, y = crs.project(np.array([middle[0]]), np.array([middle[1]]), territory.epsg)
        assert np.isfinite([x[0], y[0]]).all()


def test_world_units() -> None:
    x, y = crs.world(np.array([0.0, 180.0]), np.array([0.0, 85.05112877980659]))
    assert x == pytest.approx([0.5, 1.0])
    assert y == pytest.approx([0.5, 0.0], abs=1e-12)
    lon, lat = crs.unworld(*crs.world(LON, LAT))
    assert lon == pytest.approx(LON)
    assert lat == pytest.approx(LAT)
