"""Hexagons in vector tiles, against a decoder that is not ours and a slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.errors import BadInput
from geoservice.export import mvt
from geoservice.export.mvt_paths import LINE, POINT, POLYGON, without_repeats
from geoservice.export.tile import Tile
from tests.export.mvt_reference import ORLY, area2, decode, hexagon_grid, ring_in_tile, same_ring


def one_hexagon(count: int = 1) -> np.ndarray:
    return hexagon_grid(ORLY, 8, np.random.default_rng(1))[:count]


def properties_of(values: object) -> list[dict]:
    data = mvt.hexagons(ORLY, "c", one_hexagon(len(values)), None, {"v": values})
    return [feature["properties"] for feature in decode(data)["c"]["features"]]


def test_ids_properties_and_geometry_equal_the_reference():
    rng = np.random.default_rng(7)
    rings = hexagon_grid(ORLY, 30, rng)
    ids = rng.integers(2**59, 2**60, len(rings)).astype(np.uint64)
    counts = rng.poisson(4, len(rings))
    names = [f"cellule {n % 7}" for n in range(len(rings))]
    layer = decode(mvt.hexagons(ORLY, "cellules", rings, ids, {"n": counts, "nom": names}))["cellules"]
    assert (layer["version"], layer["extent"]) == (2, 4096)
    assert [feature["id"] for feature in layer["features"]] == ids.tolist()
    assert [feature["properties"] for feature in layer["features"]] == [
        {"n": n, "nom": name} for n, name in zip(counts.tolist(), names, strict=True)
    ]
    assert len(layer["features"]) == 900
    for feature, ring in zip(layer["features"], rings.tolist(), strict=True):
        (decoded,) = feature["geometry"]["coordinates"]
        assert same_ring(decoded, ring_in_tile(ORLY, ring))
        assert area2(decoded) > 0


def test_three_thousand_hexagons_take_few_milliseconds():
    from time import process_time

    rings = hexagon_grid(ORLY, 57, np.random.default_rng(2))
    ids, counts = np.arange(len(rings), dtype=np.uint64) + np.uint64(2**59), np.arange(len(rings)) % 90
    spent = []
    for _ in range(7):
        begin = process_time()
        mvt.hexagons(ORLY, "c", rings, ids, {"n": counts})
        spent.append(process_time() - begin)
    assert min(spent) < 0.010, f"{min(spent) * 1e3:.1f} ms of CPU for {len(rings)} hexagons"


def test_pentagons_and_distorted_cells_share_a_layer():
    rings = np.zeros((3, 10, 2))
    counts = np.array([5, 6, 10])
    for row, corners in enumerate(counts):
        angle = np.arange(corners) * 2 * np.pi / corners
        corner = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        rings[row, :corners] = np.array([2075.5, 1410.5]) / 4096 + 1e-5 * corner
    layer = decode(mvt.hexagons(ORLY, "c", mvt.padded(rings, counts), None, {"n": counts}))["c"]
    assert [len(feature["geometry"]["coordinates"][0]) - 1 for feature in layer["features"]] == [5, 6, 10]


def test_cells_smaller_than_the_grid_stay_as_unit_squares():
    far = Tile(3, 4, 2)
    rings = hexagon_grid(ORLY, 20, np.random.default_rng(3))
    layer = decode(mvt.hexagons(far, "c", rings, None, {"n": np.ones(len(rings), int)}))["c"]
    assert sum(feature["properties"]["n"] for feature in layer["features"]) == 400
    assert all(area2(feature["geometry"]["coordinates"][0]) > 0 for feature in layer["features"])


@pytest.mark.parametrize(
    "values",
    [
        [0, 127, 128, 2**31, 2**53 + 1, 2**63 - 1],
        [2**63, 2**64 - 1, 1],
        [-1, -(2**31), -(2**63)],
        [0.0, -1.5, 1e300, 3.0],
        [True, False, True],
        ["é", "", "=1+1", "😀 «\u202f»"],
        [1, 1.0, True, "1"],
    ],
)
def test_values_survive_exactly(values: list):
    decoded = [item["v"] for item in properties_of(values)]
    assert decoded == values
    assert [type(item) for item in decoded] == [type(value) for value in values]


@pytest.mark.parametrize("kind", ["uint8", "int16", "int64", "uint64", "float32", "float64", "bool"])
def test_numpy_types_survive(kind: str):
    values = np.array([0, 1, 7, 1, 100], kind)
    assert [item["v"] for item in properties_of(values)] == values.tolist()


def test_numpy_integers_at_the_limits():
    assert [item["v"] for item in properties_of(np.array([2**63, 2**64 - 1, 0], np.uint64))] == [2**63, 2**64 - 1, 0]
    assert [item["v"] for item in properties_of(np.array([-(2**63), 2**63 - 1]))] == [-(2**63), 2**63 - 1]


def test_a_missing_value_leaves_its_tag_out():
    assert properties_of([1, None, "x"]) == [{"v": 1}, {}, {"v": "x"}]
    assert properties_of([None, None]) == [{}, {}]


def test_without_ids_no_id_is_written():
    rings = one_hexagon(10)
    without, zeros = (mvt.hexagons(ORLY, "c", rings, ids, {}) for ids in (None, np.zeros(10, int)))
    assert len(zeros) - len(without) == 2 * 10


def test_vertices_that_round_to_one_place_are_written_once():
    coarse = Tile(6, 32, 22)
    rings = hexagon_grid(ORLY, 40, np.random.default_rng(6))
    layer = decode(mvt.hexagons(coarse, "c", rings, None, {}))["c"]
    found = [feature["geometry"]["coordinates"][0] for feature in layer["features"]]
    expected = [ring_in_tile(coarse, ring) for ring in rings.tolist()]
    assert min(len(ring) for ring in expected) < 6
    whole = [area2(ring) > 0 for ring in expected]
    assert sum(whole) > 1000
    assert all(same_ring(*pair) for pair, some in zip(zip(found, expected, strict=True), whole, strict=True) if some)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (POINT, [[0, 0], [0, 0], [5, 0], [5, 5], [0, 0]]),
        (LINE, [[0, 0], [5, 0], [5, 5], [0, 0]]),
        (POLYGON, [[5, 0], [5, 5], [0, 0]]),
    ],
)
def test_repeats_by_kind(kind: int, kept: list):
    points = np.array([[0, 0], [0, 0], [5, 0], [5, 5], [0, 0]])
    found, counts = without_repeats(points, np.array([5]), np.array([kind]))
    assert (found.tolist(), counts.tolist()) == (kept, [len(kept)])


def test_tables_hold_each_value_once():
    rings = one_hexagon(40)
    same = mvt.hexagons(ORLY, "c", rings, None, {"a": ["valeur commune"] * 40, "b": ["valeur commune"] * 40})
    assert same.count(b"valeur commune") == 1


@pytest.mark.parametrize("bad", [[1.0, float("nan")], np.array([np.inf, 1.0]), [2**64, 1], [-(2**63) - 1, 1], [object(), 1]])
def test_values_that_cannot_be_are_refused(bad: object):
    with pytest.raises(BadInput, match="« v »"):
        properties_of(bad)


def test_undefined_vertices_and_wrong_lengths_are_refused():
    rings = one_hexagon(2)
    with pytest.raises(ValueError, match="3 values for 2"):
        mvt.hexagons(ORLY, "c", rings, None, {"v": [1, 2, 3]})
    with pytest.raises(ValueError, match="ids"):
        mvt.hexagons(ORLY, "c", rings, np.array([-1, 2]), {})
    rings[0, 0, 0] = np.nan
    with pytest.raises(BadInput, match="coordonnée"):
        mvt.hexagons(ORLY, "c", rings, None, {})


def test_nothing_gives_nothing():
    assert mvt.hexagons(ORLY, "c", np.zeros((0, 6, 2)), None, {"n": []}) == b""
    assert mvt.join(b"", b"") == b""


def test_layers_join():
    one, two = one_hexagon(1), one_hexagon(2)
    tile = decode(mvt.join(mvt.hexagons(ORLY, "un", one, None, {}), b"", mvt.hexagons(ORLY, "deux", two, None, {})))
    assert {name: len(layer["features"]) for name, layer in tile.items()} == {"un": 1, "deux": 2}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), st.integers(4, 14))
def test_the_total_of_a_property_survives_at_every_zoom(values: list[int], zoom: int):
    tile = Tile(zoom, ORLY.x * 2**zoom // 2**12, ORLY.y * 2**zoom // 2**12)
    rings = one_hexagon(len(values))
    layer = decode(mvt.hexagons(tile, "c", rings, np.arange(len(rings)), {"n": values}))["c"]
    assert sum(feature["properties"]["n"] for feature in layer["features"]) == sum(values)
