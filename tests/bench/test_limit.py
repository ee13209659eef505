"""What the limit benchmark trusts: a rival that answers otherwise is noticed, and smaller worlds are parts of larger ones."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from geoservice.core import crs, grid
from geoservice.export import mvt
from geoservice.export.tile import Tile
from geoservice.operations import tiles
from tests.bench import __main__ as bench
from tests.bench import figures, limit, limit_growth, limit_index, limit_plot, limit_tiles
from tests.bench.figures import Figure
from tests.bench.limit_growth import Built, Grown
from tests.bench.measure import Cost

TILE = Tile(13, 4149, 2818)
PATH = f"/tiles/incidents/{TILE.z}/{TILE.x}/{TILE.y}.mvt?from=2024-01-01"
CELLS = tiles.touching_cells(TILE, tiles.resolution_of_zoom(TILE.z))
COUNTS = np.arange(1, len(CELLS) + 1)


def tile_of(rows: np.ndarray, counts: np.ndarray, moved: float = 0.0, buffer: int = 64) -> bytes:
    lonlat, _ = grid.boundaries(CELLS[rows])
    rings = np.stack(crs.world(lonlat[..., 0], lonlat[..., 1]), axis=-1)
    rings[:1, 0, 0] += moved / (2.0**TILE.z * TILE.extent)
    properties = {"h3": mvt.Texts.of(grid.to_text(CELLS[rows])), "n": counts[rows]}
    return mvt.hexagons(Tile(TILE.z, TILE.x, TILE.y, buffer=buffer), "incidents", rings, None, properties)


ALL = np.arange(len(CELLS))
OURS = tile_of(ALL, COUNTS)
WITHIN = np.flatnonzero(np.isin(CELLS, grid.cover(tiles._box(TILE.bounds()), tiles.resolution_of_zoom(TILE.z))))


def test_the_same_features_pass() -> None:
    assert len(CELLS) > 50
    assert limit_tiles._same(OURS, tile_of(ALL, COUNTS, moved=1), PATH) == len(CELLS)
    assert limit_tiles._same_counts(OURS, tile_of(WITHIN, COUNTS), PATH) == len(WITHIN)
    assert limit_tiles._same(b"", b"", PATH) == 0


@pytest.mark.parametrize(("wrong", "comparison"), [
    (tile_of(ALL, COUNTS + (ALL == 3)), limit_tiles._same),
    (tile_of(ALL, COUNTS, moved=40), limit_tiles._same),
    (tile_of(ALL[1:], COUNTS), limit_tiles._same),
    (b"", limit_tiles._same),
    (tile_of(ALL, COUNTS + (WITHIN[0] == ALL)), limit_tiles._same_counts),
    (tile_of(WITHIN[1:], COUNTS), limit_tiles._same_counts),
])
def test_a_wrong_rival_is_noticed(wrong: bytes, comparison) -> None:
    with pytest.raises(AssertionError):
        comparison(OURS, wrong, PATH)


@pytest.mark.parametrize("comparison", [limit_tiles._same, limit_tiles._same_counts])
def test_what_we_leave_out_is_noticed(comparison) -> None:
    with pytest.raises(AssertionError):
        comparison(tile_of(np.delete(ALL, WITHIN[0]), COUNTS), OURS, PATH)


def test_hexagons_are_compared_by_counts_and_outlines() -> None:
    assert limit_index.same_hexagons(OURS, tile_of(ALL, COUNTS)) == len(CELLS)
    for wrong in (tile_of(ALL, COUNTS + (ALL == 3)), tile_of(ALL, COUNTS, moved=3), tile_of(ALL[1:], COUNTS)):
        with pytest.raises(AssertionError):
            limit_index.same_hexagons(OURS, wrong)


@pytest.mark.parametrize("make", [limit_growth.wider, limit_growth.fuller])
def test_a_smaller_world_is_a_part_of_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    monkeypatch.setattr(limit_growth, "A_REGION", 500)
    for facts in (700, 12_000):
        folder = tmp_path / str(facts)
        folder.mkdir()
        make(folder, facts)
    small, large = limit_growth._columns(tmp_path / "700", 700), limit_growth._columns(tmp_path / "12000", 12_000)
    assert {len(column) for column in large.values()} == {12_000}
    for name in ("cell", "lon", "lat"):
        np.testing.assert_array_equal(small[name][:500], large[name][:500])
    places = len(set(zip(large["lon"].tolist(), large["lat"].tolist(), strict=True)))
    assert places > 11_000 if make is limit_growth.wider else 4_000 < places <= 5_000


def row(part: str, name: str) -> Figure:
    return limit.row(part, (name, 1.0, "ms"), None, ("≥ 2×", True))


def test_a_part_measured_again_replaces_its_own_rows_alone() -> None:
    old = [vars(row("counts", "a")), vars(row("heat", "b")), vars(row("growth", "c"))]
    assert [one.id for one in limit.replaced(old, [row("heat", "d"), row("heat", "e")])] == ["a", "d", "e", "c"]


def test_rows_of_the_foundation_are_kept_when_their_part_is_not_measured() -> None:
    names = ("import of a", "filtered viewport b", "geoservice --help")
    found = bench.with_others([bench.figure("filtered viewport c", 1, "ms", None, ("", True))],
                              [vars(bench.figure(name, 1, "s", None, ("", True))) for name in names], ["viewed"])
    assert [row.id for row in found] == ["geoservice --help", "filtered viewport c", "import of a"]
    assert all(row["id"].startswith(tuple(sum(bench.PARTS.values(), ()))) for row in figures.load()["foundation"])


def test_the_picture_of_growth_has_every_measurement() -> None:
    def world(slope: float) -> list[Grown]:
        return [Grown(Built(facts, Path(), Cost(1, facts / 1e6, 100)), Cost(1, 1e-3 * (facts / 1e6)**slope),
                      Cost(1, facts * 1e-9), 9, 9) for facts in limit_growth.SIZES]

    picture = ElementTree.fromstring(limit_plot.draw(world(0), world(1)))
    circles = picture.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 4 * 2 * len(limit_growth.SIZES)
    heights = [float(circle.get("cy", "nan")) for circle in circles[:10]]
    assert len(set(heights[:5])) == 1
    assert heights[5:] == sorted(heights[5:], reverse=True)
