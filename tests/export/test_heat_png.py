"""Heat tiles: mass, seams, scale, and the PNG that Pillow reads back."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from geoservice.errors import BadInput
from geoservice.export import heat
from geoservice.export.heat import HeatStyle, density, heat_png, reach, scale_for
from geoservice.export.palette import COUNTS, gradient
from geoservice.export.png import palette_png, transparent_png
from geoservice.export.tile import Tile
from tests.export.mvt_reference import ORLY

STYLE = HeatStyle(radius_px=20)
EAST = Tile(ORLY.z, ORLY.x + 1, ORLY.y)
SOUTH = Tile(ORLY.z, ORLY.x, ORLY.y + 1)


def points_around(tile: Tile, count: int, seed: int = 1) -> np.ndarray:
    west, north, east, south = tile.buffered(3000)
    return np.random.default_rng(seed).uniform((west, north), (east, south), (count, 2))


def rgba(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def middle(tile: Tile) -> np.ndarray:
    return np.array([[tile.x + 0.5, tile.y + 0.5]]) / 2**tile.z


def test_mass_is_kept_before_the_palette():
    west, north, east, south = ORLY.buffered(-800)  # nearer than that and some would leave the tile
    points = np.random.default_rng(2).uniform((west, north), (east, south), (5000, 2))
    weights = np.random.default_rng(3).uniform(0, 3, 5000)
    assert density(ORLY, points, None, STYLE).sum() == pytest.approx(5000, rel=1e-5)
    assert density(ORLY, points, weights, STYLE).sum() == pytest.approx(weights.sum(), rel=1e-5)


def test_the_blur_is_a_gaussian():
    from itertools import product

    grid = density(ORLY, middle(ORLY), None, STYLE)
    sigma = STYLE.radius_px / 3
    for row, column in product((128, 131, 140), (120, 128, 135)):
        away = (row - 128) ** 2 + (column - 128) ** 2
        exact = np.exp(-away / 2 / sigma**2) / (2 * np.pi * sigma**2)
        assert grid[row, column] == pytest.approx(exact, rel=0.01)
    assert not grid[:100].any()


def test_neighbouring_tiles_join_without_a_seam():
    points = points_around(ORLY, 20_000)
    wide = replace(STYLE, size=512)
    whole = density(Tile(ORLY.z - 1, ORLY.x // 2, ORLY.y // 2), points, None, wide)
    for tile in (Tile(ORLY.z, ORLY.x // 2 * 2 + dx, ORLY.y // 2 * 2 + dy) for dx in (0, 1) for dy in (0, 1)):
        part = whole[tile.y % 2 * 256 :, tile.x % 2 * 256 :][:256, :256]
        assert np.allclose(density(tile, points, None, STYLE), part, rtol=1e-4, atol=1e-5)
    assert whole.max() > 0.05


def test_colours_at_the_seam_follow_each_other():
    points = points_around(ORLY, 20_000)
    style = replace(STYLE, scale_max=0.3)
    here, east, south = (rgba(heat_png(tile, points, None, style)).astype(int) for tile in (ORLY, EAST, SOUTH))
    inside = np.abs(np.diff(here, axis=1)).max()
    assert np.abs(here[:, -1] - east[:, 0]).max() <= inside
    assert np.abs(here[-1] - south[0]).max() <= inside
    assert here[..., 3].max() > 100


def test_points_beyond_reach_change_nothing():
    points = points_around(ORLY, 5000)
    west, north, east, south = reach(ORLY, STYLE)
    near = ((points >= (west, north)) & (points <= (east, south))).all(axis=1)
    assert 0 < near.sum() < len(points)
    assert np.array_equal(density(ORLY, points, None, STYLE), density(ORLY, points[near], None, STYLE))


def test_the_scale_is_given_and_not_taken_from_the_tile():
    few, many = (np.repeat(middle(ORLY), count, axis=0) for count in (5, 10))
    style = replace(STYLE, scale_max=scale_for(10, STYLE.radius_px))
    last = gradient(COUNTS)[-1]
    assert rgba(heat_png(ORLY, many, None, style))[128, 128] == pytest.approx(last, abs=3)
    assert rgba(heat_png(ORLY, few, None, style))[128, 128] == pytest.approx(gradient(COUNTS)[127], abs=3)
    default = heat_png(ORLY, np.repeat(middle(ORLY), heat.FULL_COLOUR_FACTS, axis=0), None, STYLE)
    assert rgba(default)[128, 128] == pytest.approx(last, abs=3)


@pytest.mark.parametrize("points", [np.zeros((0, 2)), middle(SOUTH), np.array([[np.nan, 0.5]])])
def test_a_tile_with_nothing_is_transparent(points: np.ndarray):
    picture = rgba(heat_png(ORLY, points, None, STYLE))
    assert picture.shape == (256, 256, 4)
    assert not picture[..., 3].any()


@pytest.mark.parametrize(
    ("weight", "style"),
    [
        (np.nan, STYLE),
        (-1.0, STYLE),
        (1.0, HeatStyle(radius_px=0)),
        (1.0, HeatStyle(scale_max=0)),
        (1.0, HeatStyle(9999)),
    ],
)
def test_impossible_weights_and_styles_are_refused(weight: float, style: HeatStyle):
    with pytest.raises(BadInput):
        heat_png(ORLY, middle(ORLY), np.array([weight]), style)


@pytest.mark.parametrize("colours", [1, 2, 7, 256])
def test_the_png_writer_agrees_with_pillow(colours: int):
    rng = np.random.default_rng(colours)
    indices = rng.integers(0, colours, (37, 61)).astype(np.uint8)
    palette = rng.integers(0, 256, (colours, 4)).astype(np.uint8)
    data = palette_png(indices, palette)
    image = Image.open(io.BytesIO(data))
    image.verify()
    assert (image.mode, image.size) == ("P", (61, 37))
    assert np.array_equal(rgba(data), palette[indices])


def test_the_png_writer_refuses_colours_out_of_the_palette():
    with pytest.raises(ValueError, match="palette"):
        palette_png(np.array([[2]], np.uint8), np.zeros((2, 4), np.uint8))
    assert len(transparent_png(256)) < 400
