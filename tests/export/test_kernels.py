"""Tiles by compiled loops are those by numpy: the same bytes, and the same heat within a rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from geoservice.core import compiled, crs, grid
from geoservice.export import heat, mvt
from geoservice.export.heat import HeatStyle
from geoservice.export.tile import Tile, loops
from geoservice.types import Box

TILE = Tile(12, 2074, 1409)


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Calls a function without and with compiled loops."""
    if not compiled.load(loops):
        pytest.skip("numba is not installed")
    loaded = compiled._loaded[loops]

    def run(function: Callable) -> tuple:
        with monkeypatch.context() as patch:
            patch.delitem(compiled._loaded, loops)
            plain = function()
        assert compiled._loaded[loops] is loaded
        return plain, function()

    return run


def _rings(resolution: int) -> np.ndarray:
    lonlat, _ = grid.boundaries(grid.cover(Box(2.28, 48.82, 2.38, 48.87), resolution))
    return np.stack(crs.world(lonlat[..., 0], lonlat[..., 1]), axis=-1)


@pytest.mark.parametrize("zoom", [0, 5, 9, 12, 16, 20])
@pytest.mark.parametrize("backwards", [False, True])
def test_hexagons_have_the_same_bytes(both: Callable, zoom: int, backwards: bool) -> None:
    rings = _rings(10)[:, ::-1] if backwards else _rings(10)
    rings = np.concatenate([rings, np.repeat(rings[:50, :1], rings.shape[1], axis=1), mvt.padded(rings[:40], np.full(40, 4))])
    x, y = (rings[7, 0] * 2**zoom).astype(int).tolist()
    number = np.random.default_rng(zoom).geometric(0.02, len(rings))
    ids = np.arange(len(rings), dtype=np.uint64) * np.uint64(2**40)
    for given in (ids, None):
        plain, ours = both(lambda given=given: mvt.hexagons(Tile(zoom, x, y), "incidents", rings, given, {
            "n": number, "text": [None if value > 30 else f"t{value}" for value in number.tolist()]}))
        assert plain == ours
        assert len(ours) > 50_000


def test_kept_outlines_with_texts_of_one_length(both: Callable) -> None:
    import mapbox_vector_tile

    rings, rows = _rings(9), np.array([3, 5, 8, 100])
    names = [f"cell{row:04}" for row in range(len(rings))]
    plain, ours = both(lambda: mvt.outlined(TILE, "incidents", mvt.outlines(TILE, rings), rows, None, {
        "h3": mvt.Texts.of(names).take(rows), "n": np.array([7, 1, 7, 300])}))
    assert plain == ours
    assert ours == mvt.hexagons(TILE, "incidents", rings[rows], None, {"h3": [names[row] for row in rows],
                                                                      "n": np.array([7, 1, 7, 300])})
    read = mapbox_vector_tile.decode(ours)["incidents"]["features"]
    assert [feature["properties"] for feature in read] == [
        {"h3": names[row], "n": n} for row, n in zip(rows.tolist(), (7, 1, 7, 300), strict=True)]


def test_nothing_is_nothing(both: Callable) -> None:
    assert both(lambda: mvt.hexagons(TILE, "incidents", np.empty((0, 6, 2)), None, {"h3": mvt.Texts.of([])})) == (b"", b"")


@pytest.mark.parametrize("radius", [3.0, 24.0, 60.0])
def test_heat_is_the_same(both: Callable, radius: float) -> None:
    west, north, east, south = TILE.buffered(1_000)
    rng = np.random.default_rng(5)
    points = np.column_stack([rng.uniform(west, east, 20_000), rng.uniform(north, south, 20_000)])
    points = np.concatenate([points, [[np.nan, 0.3], [np.inf, 0.2], [-1.0, 5.0]]])
    plain, ours = both(lambda: heat.density(TILE, points, None, HeatStyle(radius_px=radius)))
    np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)
    assert plain.max() > 0.1
