"""Drawn tiles, looked at pixel by pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely
from PIL import Image

from geoservice.export.palette import ACCENT, COUNTS, rgb, rgba
from geoservice.export.raster import FeatureStyle, features_png, hexagons_png
from geoservice.export.tile import Tile
from tests.export.mvt_reference import ORLY, hexagon_grid

STYLE = FeatureStyle(fill="#336699", fill_opacity=0.5, outline="#000000", outline_px=2)


def draw(*wkt: str, tile: Tile = ORLY, style: FeatureStyle = STYLE) -> np.ndarray:
    """Pixels of a tile for geometries in pixels of ORLY."""
    shapes = [shapely.transform(shapely.from_wkt(text), lambda px: (px / 256 + [ORLY.x, ORLY.y]) / 2**ORLY.z) for text in wkt]
    return pixels(features_png(tile, np.array(shapes, object), style))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int)


def test_polygons_holes_and_islands():
    picture = draw(
        "MULTIPOLYGON (((20 20, 200 20, 200 200, 20 200, 20 20), (60 60, 160 60, 160 160, 60 160, 60 60)),"
        " ((100 100, 120 100, 120 120, 100 120, 100 100)))"
    )
    assert picture[40, 40].tolist() == pytest.approx([0x33, 0x66, 0x99, 128], abs=2)
    assert picture[80, 80, 3] == 0
    assert picture[110, 110, 3] == pytest.approx(128, abs=2)
    assert picture[110, 20].tolist() == pytest.approx([0, 0, 0, 255], abs=60)
    assert picture[240, 240, 3] == 0


def test_overlaps_are_not_darker():
    picture = draw("POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))", "POLYGON ((40 40, 200 40, 200 200, 40 200, 40 40))")
    assert picture[70, 70].tolist() == picture[20, 20].tolist() == picture[150, 150].tolist()


def test_lines_and_points():
    picture = draw("LINESTRING (10 50, 250 50)", "POINT (128 128)")
    assert picture[50, 100].tolist()[:3] == [0, 0, 0]
    assert picture[50, 100, 3] > 200
    assert picture[128, 128].tolist() == [0, 0, 0, 255]
    assert picture[128, 140, 3] == 0


def test_a_point_on_the_border_is_whole_across_two_tiles():
    beyond = draw("POINT (258 100)")
    assert beyond[100, -1, 3] == 255
    assert not beyond[100, -5:-3, 3].any()
    west, east = draw("POINT (256 100)"), draw("POINT (256 100)", tile=Tile(ORLY.z, ORLY.x + 1, ORLY.y))
    assert west[100, -1, 3] == east[100, 0, 3] == 255
    assert np.array_equal(west[:, ::-1][:, 1:4, 3] > 100, east[:, 1:4, 3] > 100)


def test_broken_shapes_draw_and_nothing_is_transparent():
    assert draw("POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))")[50, 95, 3] > 0
    assert not draw("POLYGON EMPTY", "POINT (900 900)")[..., 3].any()
    assert not pixels(features_png(ORLY, np.array([], object), STYLE)).any()


def test_hexagons_take_the_colour_of_their_class():
    rings = hexagon_grid(ORLY, 9, np.random.default_rng(4))
    classes = np.arange(81) % 7 - 1
    picture = pixels(hexagons_png(ORLY, rings, classes, COUNTS))
    centres = (ORLY.units(rings, 256).mean(axis=1)).astype(int)
    inside = ((centres > 2) & (centres < 253)).all(axis=1)
    assert inside.sum() > 40
    for (x, y), number in zip(centres[inside], classes[inside], strict=True):
        wanted = [0, 0, 0, 0] if number < 0 else rgba(COUNTS)[number].tolist()
        got = picture[y, x].tolist()
        assert (got[3] == 0) if number < 0 else got == pytest.approx(wanted, abs=2)


def test_no_hexagon_no_colour():
    assert not pixels(hexagons_png(ORLY, np.zeros((0, 6, 2)), np.zeros(0, int), COUNTS)).any()
    assert FeatureStyle().fill == ACCENT
    assert rgb(ACCENT) == (11, 102, 112)
