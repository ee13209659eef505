"""Tiles: decoded by others, and adding up to what the tables say."""

from __future__ import annotations

import io
import struct

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest

from geoservice.core import crs, grid
from geoservice.export.tile import Tile
from geoservice.operations import tiles
from geoservice.operations.tiles import resolution_of_zoom
from tests.web.world import CITY, CITY_FACTS, RIVES_FACTS

FILTERS = (
    "kind=ville",
    "kind=bailleur&category=DEG,SAL&hours=8-18",
    "kind=ville&from=2024-03-01&to=2024-07-01",
    "kind=ville&zone=qpv2024:QN07501M",
)


def pyramid(client, zoom: int, query: str) -> dict[str, int]:
    """Distinct cells of all tiles of a zoom over what is in reach; a cell in two tiles must say the same twice."""
    west, south, east, north = client.get("/api/layers").json()["bounds"]
    x, y = crs.world(np.array([west, east]), np.array([north, south]))
    found: dict[str, int] = {}
    for column in range(int(x[0] * 2**zoom), int(x[1] * 2**zoom) + 1):
        for row in range(int(y[0] * 2**zoom), int(y[1] * 2**zoom) + 1):
            answer = client.get(f"/tiles/incidents/{zoom}/{column}/{row}.mvt?{query}")
            assert answer.status_code in (200, 204)
            for cell, number in cells(answer.content).items():
                assert found.setdefault(cell, number) == number
    return found


def cells(body: bytes) -> dict[str, int]:
    features = mapbox_vector_tile.decode(body)["incidents"]["features"] if body else []
    return {feature["properties"]["h3"]: feature["properties"]["n"] for feature in features}


def address(zoom: int, lon: float = CITY[0], lat: float = CITY[1]) -> str:
    x, y = crs.world(np.array([lon]), np.array([lat]))
    return f"{zoom}/{int(x[0] * 2**zoom)}/{int(y[0] * 2**zoom)}"


@pytest.mark.parametrize("zoom", range(8, 15))
def test_a_pyramid_adds_up_to_the_table(rives, zoom):
    for query in FILTERS if zoom in (9, 12) else FILTERS[:1]:
        table = rives.get(f"/api/cells?{query}&resolution={resolution_of_zoom(zoom)}").json()
        assert pyramid(rives, zoom, query) == dict(zip(table["cells"], table["counts"], strict=True)), query
        assert table["total"] > 0


def test_low_zooms_hold_everything_in_one_tile(rives):
    for zoom in (5, 6):
        assert sum(pyramid(rives, zoom, "kind=ville").values()) == CITY_FACTS


def test_the_whole_country_in_a_tile_counts_the_same_as_by_neighbourhood(world, monkeypatch):
    from geoservice.catalog.layers import load
    from geoservice.core.query import FactQuery
    from geoservice.operations import accounts, setup
    from geoservice.operations.reader import open_reader
    from geoservice.types import Kind

    storage = setup.open_storage(world.settings)
    reader = open_reader(storage, load(), accounts.viewer_of_token(storage, world.rives))
    tile, query = Tile(4, 8, 5), FactQuery(kind=Kind.VILLE, resolution=5)
    whole = cells(tiles.cells_mvt(reader, tile, query))
    monkeypatch.setattr(tiles, "_WHOLE_ZOOM", 0)
    assert sum(whole.values()) == CITY_FACTS
    assert cells(tiles.cells_mvt(reader, tile, query)) == whole
    storage.close()


def test_hexagons_are_whole_and_in_their_place(rives):
    zoom, column, row = (int(part) for part in address(12).split("/"))
    body = rives.get(f"/tiles/incidents/{zoom}/{column}/{row}.mvt?kind=ville").content
    layer = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})["incidents"]
    assert layer["extent"] == 4096
    for feature in layer["features"]:
        ring = np.array(feature["geometry"]["coordinates"][0])[:-1]
        x, y = ((ring / 4096 + (column, row)) / 2**zoom).T
        cell = np.array([grid.from_text(feature["properties"]["h3"])], dtype=np.uint64)
        lon, lat = crs.unworld(x.mean(), y.mean())
        assert len(ring) == 6
        assert np.hypot(*(grid.centres(cell)[0] - (lon, lat))) < 2e-4


def test_gdal_reads_a_tile(rives, tmp_path):
    zoom, column, row = address(11).split("/")
    file = tmp_path / zoom / column / f"{row}.mvt"
    file.parent.mkdir(parents=True)
    file.write_bytes(rives.get(f"/tiles/incidents/{zoom}/{column}/{row}.mvt?kind=ville").content)
    frame = pyogrio.read_dataframe(file, layer="incidents", CLIP="NO")
    assert dict(zip(frame["h3"], frame["n"], strict=True)) == cells(file.read_bytes())
    assert frame.crs.to_epsg() == 3857
    assert frame.to_crs(4326).total_bounds[0] == pytest.approx(CITY[0], abs=0.3)


def test_resolution_can_be_chosen_within_bounds(rives):
    coarse = cells(rives.get(f"/tiles/incidents/{address(10)}.mvt?kind=ville&resolution=6").content)
    assert {cell[1] for cell in coarse} == {"6"}
    assert rives.get(f"/tiles/incidents/{address(12)}.mvt?kind=ville&resolution=10").status_code == 200
    refused = rives.get(f"/tiles/incidents/{address(8)}.mvt?kind=ville&resolution=12")
    assert refused.status_code == 400
    assert "demandez 8 au plus" in refused.json()["detail"]


@pytest.mark.parametrize("zoom", range(8, 17))
def test_a_tile_of_france_holds_some_hundreds_of_cells_and_a_chosen_resolution_never_too_many(zoom):
    x, y = (int(part) for part in address(zoom).split("/")[1:])
    tile = Tile(zoom, x, y)
    usual = tiles._cells_in(tile, resolution_of_zoom(zoom))
    assert (70 if zoom == 16 else 270) < usual < 2_100  # zoom 16 is the deepest: finer cells would be single halls
    for resolution in range(resolution_of_zoom(zoom), 13):
        if tiles._cells_in(tile, resolution) < tiles.MAX_CELLS:
            assert tiles.resolution_for(tile, resolution) == resolution


def test_heat_is_an_image_on_one_scale(rives):
    from PIL import Image

    answer = rives.get(f"/tiles/incidents/{address(13)}.png?kind=ville")
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content)).convert("RGBA")
    assert image.size == (256, 256)
    assert np.asarray(image)[..., 3].max() > 100


def test_heat_tiles_join(rives):
    """The last column of a tile and the first of its neighbour differ as little as columns within the tile."""
    from PIL import Image

    zoom, column, row = (int(part) for part in address(13).split("/"))
    left, right = (
        np.asarray(
            Image.open(io.BytesIO(rives.get(f"/tiles/incidents/{zoom}/{x}/{row}.png?kind=ville").content)).convert("RGBA")
        ).astype(int)
        for x in (column, column + 1)
    )
    within = np.abs(np.diff(left, axis=1)).mean(axis=(0, 2)).max()
    assert np.abs(left[:, -1] - right[:, 0]).mean() <= within + 1


def test_nothing_there_is_204_and_no_such_tile_is_404(rives):
    for path in (
        "/tiles/incidents/12/0/0.mvt?kind=ville",
        "/tiles/incidents/12/0/0.png?kind=ville",
        "/tiles/qpv/12/0/0.mvt",
        "/tiles/qpv/12/0/0.png",
    ):
        answer = rives.get(path)
        assert (answer.status_code, answer.content) == (204, b""), path
    for wrong in ("10/1024/0", "10/0/1024", "3/0/0", "17/0/0", "23/0/0", "99999999/0/0", "-1/0/0", "a/0/0", "١/0/0", "1e3/0/0"):
        assert rives.get(f"/tiles/incidents/{wrong}.mvt?kind=ville").status_code == 404, wrong
    for layer in ("aggregates", "adresses", "inconnue"):
        assert rives.get(f"/tiles/{layer}/10/518/352.mvt").status_code == 404


def test_a_tile_takes_no_box_and_other_layers_take_no_filter(rives):
    for path in (
        f"incidents/{address(12)}.mvt?kind=ville&bbox=2,48,3,49",
        f"incidents/{address(12)}.mvt?kind=ville&format=json",
        f"qpv/{address(12)}.mvt?kind=ville",
        f"incidents/{address(12)}.mvt?kind=ville&generation=2024",
    ):
        assert rives.get(f"/tiles/{path}").status_code == 400, path


def test_other_layers_are_features_of_the_newest_generation(rives):
    body = rives.get(f"/tiles/qpv/{address(12)}.mvt").content
    (newest,) = mapbox_vector_tile.decode(body)["qpv"]["features"]
    assert {name: newest["properties"][name] for name in ("key", "name", "generation")} == {
        "key": "QN07501M",
        "name": "Nouveau",
        "generation": "2024",
    }
    body = rives.get(f"/tiles/qpv/{address(12)}.mvt?generation=2015").content
    (older,) = mapbox_vector_tile.decode(body)["qpv"]["features"]
    assert older["properties"]["name"] == "Ancien"
    assert rives.get(f"/tiles/qpv/{address(12)}.mvt?generation=1999").status_code == 404
    assert rives.get(f"/tiles/qpv/{address(12)}.png").content.startswith(b"\x89PNG")


def test_points_of_a_layer_keep_their_names(rives):
    body = rives.get(f"/tiles/patrimoine/{address(14, 2.451, 48.9)}.mvt").content
    names = {feature["properties"]["name"] for feature in mapbox_vector_tile.decode(body)["patrimoine"]["features"]}
    assert names == {"Résidence R 0", "Résidence R 1", "Résidence R 2"}


def test_tilejson_describes_and_carries_filters(rives):
    answer = rives.get("/tiles/incidents/tilejson.json?kind=bailleur&from=2024-03-01").json()
    assert answer["tilejson"] == "3.0.0"
    assert answer["tiles"] == ["http://testserver/tiles/incidents/{z}/{x}/{y}.mvt?kind=bailleur&from=2024-03-01"]
    assert answer["vector_layers"][0]["fields"] == {"h3": "String", "n": "Number"}
    assert answer["resolutions"] == [resolution_of_zoom(zoom) for zoom in range(answer["maxzoom"] + 1)]
    assert answer["heat_radius_m"][10] == pytest.approx(2_410, rel=0.02)
    followed = answer["tiles"][0].format(z=7, x=64, y=44)
    assert (
        sum(cells(rives.get(followed).content).values()) == rives.get("/api/cells?kind=bailleur&from=2024-03-01").json()["total"]
    )


def test_tilejson_of_features_names_their_properties(rives):
    answer = rives.get("/tiles/patrimoine/tilejson.json").json()
    fields = answer["vector_layers"][0]["fields"]
    assert fields["key"] == fields["name"] == "String"
    assert fields["dwellings"] == "Number"
    assert rives.get("/tiles/qpv/tilejson.json").json()["generation"] == "2024"
    assert rives.get("/tiles/incidents/tilejson.json?kind=martien").status_code == 400


def test_images_are_small_palettes(rives):
    body = rives.get(f"/tiles/incidents/{address(12)}.png?kind=ville").content
    assert struct.unpack(">II", body[16:24]) == (256, 256)


def test_no_filter_loses_a_landlords_facts_in_tiles(rives):
    assert sum(pyramid(rives, 11, "kind=bailleur").values()) == RIVES_FACTS


def test_a_tile_that_was_drawn_is_kept_for_those_who_see_the_same_facts(rives, plaine, monkeypatch):
    drawn = []
    real = tiles.cells_mvt
    monkeypatch.setattr(tiles, "cells_mvt", lambda reader, *rest: drawn.append(reader.viewer.organisation) or real(reader, *rest))
    asked = f"/tiles/incidents/{address(9)}.mvt?kind=bailleur&from=2024-01-02&to=2024-11-03"
    first, again, others = (client.get(asked) for client in (rives, rives, plaine))
    assert cells(first.content)
    assert first.content == again.content
    assert cells(first.content) != cells(others.content)
    assert len(drawn) == 2
    assert len(set(drawn)) == 2
    assert rives.get(f"{asked}&category=DEG").content != first.content
