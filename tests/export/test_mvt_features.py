"""Other geometries in vector tiles: clipped, valid on the integer grid, and readable by GDAL."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from geoservice.errors import BadInput
from geoservice.export import mvt
from geoservice.export.tile import Tile
from tests.export.mvt_reference import ORLY, area2, decode, hexagon_grid


def world(geometry: shapely.Geometry, tile: Tile = ORLY) -> shapely.Geometry:
    """Tile units to world units."""
    return shapely.transform(geometry, lambda units: (units / tile.extent + [tile.x, tile.y]) / 2**tile.z)


def drawn(*wkt: str, **properties: list) -> list[dict]:
    """The features that come out for geometries given in tile units."""
    shapes = np.array([None if text is None else world(shapely.from_wkt(text)) for text in wkt], object)
    data = mvt.features(ORLY, "f", shapes, np.arange(1, len(wkt) + 1), properties)
    return decode(data)["f"]["features"] if data else []


@pytest.mark.parametrize(
    ("wkt", "kind", "coordinates"),
    [
        ("POINT (10.2 20.7)", "Point", [10, 21]),
        ("MULTIPOINT ((1 2), (1 2), (30 40))", "MultiPoint", [[1, 2], [1, 2], [30, 40]]),
        ("LINESTRING (0 0, 0.2 0, 10 0, 10 10)", "LineString", [[0, 0], [10, 0], [10, 10]]),
        ("LINESTRING (0 0, 10 0, 10 10, 0 0)", "LineString", [[0, 0], [10, 0], [10, 10], [0, 0]]),
        ("MULTILINESTRING ((0 0, 5 5), (9 9, 7 8))", "MultiLineString", [[[0, 0], [5, 5]], [[9, 9], [7, 8]]]),
    ],
)
def test_points_and_lines(wkt: str, kind: str, coordinates: list):
    (feature,) = drawn(wkt)
    assert feature["geometry"] == {"type": kind, "coordinates": coordinates}


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON ((0 0, 99 0, 99 99, 0 99, 0 0), (20 20, 40 20, 40 40, 20 40, 20 20), (60 60, 60 80, 80 80, 60 60))",
        "MULTIPOLYGON (((0 0, 0 50, 50 50, 0 0)), ((60 60, 99 60, 99 99, 60 60), (72 66, 80 66, 80 71, 72 66)))",
    ],
)
def test_polygons_with_holes_keep_their_shape_and_winding(wkt: str):
    (feature,) = drawn(wkt)
    assert shape(feature["geometry"]).equals(shapely.from_wkt(wkt))
    polygons = feature["geometry"]["coordinates"]
    for rings in polygons if feature["geometry"]["type"] == "MultiPolygon" else [polygons]:
        assert [area2(ring) > 0 for ring in rings] == [True] + [False] * (len(rings) - 1)


def test_the_buffered_tile_cuts_and_covering_shapes_fill_it():
    lot, line, cover, outside, corner = (
        "POLYGON ((-500 10, 10 10, 10 20, -500 20, -500 10))",
        "LINESTRING (-500 5, 5000 5)",
        "POLYGON ((-9000 -9000, 9000 -9000, 9000 9000, -9000 9000, -9000 -9000))",
        "POLYGON ((-500 0, -100 0, -100 100, -500 0))",
        "MULTIPOINT ((-500 0), (-10 0), (4160 4160))",
    )
    features = drawn(lot, line, cover, outside, corner, nom=["lot", "ligne", "tout", "dehors", "coin"])
    assert [feature["properties"]["nom"] for feature in features] == ["lot", "ligne", "tout", "coin"]
    assert [feature["id"] for feature in features] == [1, 2, 3, 5]
    boxes = [shape(feature["geometry"]).bounds for feature in features]
    assert boxes[:3] == [(-64, 10, 10, 20), (-64, 5, 4160, 5), (-64, -64, 4160, 4160)]
    assert boxes[3][0] == -10


def test_degenerate_empty_and_missing_shapes_are_left_out():
    features = drawn(
        "POLYGON ((0 0, 0.1 0, 0.1 0.1, 0 0))",
        "LINESTRING (3 3, 3.1 3.2)",
        "POLYGON EMPTY",
        None,
        "GEOMETRYCOLLECTION EMPTY",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (4 4, 4.2 4, 4.2 4.2, 4 4))",
    )
    assert [feature["id"] for feature in features] == [6]
    assert len(features[0]["geometry"]["coordinates"]) == 1


def test_a_collection_keeps_its_highest_dimension():
    (feature,) = drawn("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 5 5), MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0))))")
    assert shape(feature["geometry"]).equals(shapely.from_wkt("POLYGON ((0 0, 9 0, 9 9, 0 0))"))


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))",
        "POLYGON ((-200 0, 100 100, 100 0, -200 100, -200 0))",
        "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), (50 50, 150 50, 150 80, 50 50))",
        "POLYGON ((0 0, 50 0, 100 0, 50 0, 50 90, 0 0))",
    ],
)
def test_broken_polygons_are_repaired(wkt: str):
    (feature,) = drawn(wkt)
    repaired = shape(feature["geometry"])
    assert repaired.is_valid
    sound = shapely.make_valid(shapely.from_wkt(wkt), method="structure")
    expected = shapely.clip_by_rect(sound, -64, -64, 4160, 4160)
    assert repaired.area == pytest.approx(expected.area, rel=0.02)


def test_mixed_types_keep_their_order_and_properties():
    features = drawn("POLYGON ((0 0, 9 0, 9 9, 0 0))", "POINT (5 5)", "LINESTRING (1 1, 8 8)", rang=np.array([3, 1, 2]))
    assert [(feature["geometry"]["type"], feature["properties"]["rang"]) for feature in features] == [
        ("Polygon", 3), ("Point", 1), ("LineString", 2),
    ]  # fmt: skip


def test_undefined_coordinates_are_refused():
    with pytest.raises(BadInput, match="coordonnée"):
        mvt.features(ORLY, "f", np.array([shapely.Point(np.nan, 1)]), None, {})
    with pytest.raises(BadInput, match="coordonnée"):
        mvt.features(ORLY, "f", np.array([shapely.LineString([(0, 0), (np.inf, 1)])]), None, {})


def test_nothing_gives_nothing():
    assert mvt.features(ORLY, "f", np.array([], object), None, {}) == b""
    assert mvt.features(ORLY, "f", np.array([None], object), None, {"n": [1]}) == b""


coordinate = st.floats(-300, 4400, allow_nan=False)
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)
small = st.lists(st.tuples(st.floats(2000, 2004), st.floats(2000, 2004)), min_size=3, max_size=9)


@settings(max_examples=150, deadline=None)
@example([([(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)], [[(0.0, 0.0), (0.0, 1.0), (4161.0, 0.0)]])])
@example([([(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)], [[(0.0, 0.0), (0.0, 4161.0), (1.0, 0.0)]])])
@example([([(0.0, 0.0), (0.0, 0.0), (0.0, -65.0)], [])])
@given(st.lists(st.tuples(ring | small, st.lists(ring | small, max_size=3)), min_size=1, max_size=4))
def test_random_polygons_with_holes_never_crash_and_come_out_valid(polygons: list):
    shapes = np.array([world(shapely.Polygon(shell, holes)) for shell, holes in polygons], object)
    data = mvt.features(ORLY, "f", shapes, np.arange(len(shapes)), {"n": np.arange(len(shapes))})
    for feature in decode(data)["f"]["features"] if data else []:
        found = shape(feature["geometry"])
        assert found.is_valid
        assert found.area > 0
        assert min(found.bounds) >= -64
        assert max(found.bounds) <= 4160
        assert feature["id"] == feature["properties"]["n"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=12))
def test_random_lines_never_crash(points: list):
    data = mvt.features(ORLY, "f", np.array([world(shapely.LineString(points))]), None, {})
    for feature in decode(data)["f"]["features"] if data else []:
        lines = feature["geometry"]["coordinates"]
        for line in lines if feature["geometry"]["type"] == "MultiLineString" else [lines]:
            assert len(line) >= 2
            assert all(a != b for a, b in pairwise(line))


def test_gdal_reads_the_tile(tmp_path: Path):
    import pyogrio

    rings, number = hexagon_grid(ORLY, 12, np.random.default_rng(5)), np.arange(144)
    zone = world(shapely.from_wkt("POLYGON ((100 100, 900 100, 900 900, 100 100), (400 200, 600 200, 600 300, 400 200))"))
    tile = mvt.join(
        mvt.hexagons(ORLY, "cellules", rings, np.arange(1, 145), {"n": number, "taux": number / 7, "signe": [-5] * 144}),
        mvt.features(ORLY, "zones", np.array([zone]), None, {"nom": ["Quartier d’été"]}),
    )
    path = tmp_path / str(ORLY.z) / str(ORLY.x) / f"{ORLY.y}.pbf"
    path.parent.mkdir(parents=True)
    path.write_bytes(tile)
    cells = pyogrio.read_dataframe(path, layer="cellules", CLIP="NO")  # by default GDAL cuts to the tile
    assert (len(cells), int(cells["n"].sum()), set(cells["signe"])) == (144, 144 * 143 // 2, {-5})
    assert cells["taux"].to_numpy() == pytest.approx(number / 7)
    assert cells.geometry.is_valid.all()
    half = 20037508.342789244
    expected = (rings[50] * 2 - 1) * [half, -half]
    assert np.array(cells.geometry.iloc[50].bounds) == pytest.approx([*expected.min(0), *expected.max(0)], abs=3)
    zones = pyogrio.read_dataframe(path, layer="zones")
    assert zones["nom"].tolist() == ["Quartier d’été"]
    assert shapely.get_num_interior_rings(zones.geometry.explode().to_numpy()).tolist() == [1]
