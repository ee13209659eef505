"""Each file read back and compared with the table it was made from."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geoservice.errors import BadInput
from geoservice.export.tables import Table, to_csv, to_geojson, to_geoparquet, to_gpkg

SHAPES = np.array(
    [
        shapely.Point(2.3522219, 48.8566969),
        shapely.Polygon([(2, 48), (2, 49), (3, 49), (3, 48)], [[(2.2, 48.2), (2.4, 48.2), (2.4, 48.4)]]),
        None,
    ],
    object,
)
TABLE = Table(
    {
        "cellule": ["8a1fb46622dffff", "8a1fb46622d7fff", None],
        "faits": np.array([3, -1, 2**60]),
        "taux": np.array([0.1, np.nan, 1e-9]),
        "nom": ["Cité d’Été ; « A »", "=1+1", 'ligne\n"deux"'],
        "solide": np.array([True, False, True]),
    },
    SHAPES,
)
FLAT = Table(TABLE.columns)


def read_gpkg(data: bytes, folder: Path, **options: str) -> geopandas.GeoDataFrame:
    path = folder / "lu.gpkg"
    path.write_bytes(data)
    return pyogrio.read_dataframe(path, **options)


def read_csv(data: bytes, **options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), **options))


def test_csv_reads_back():
    rows = read_csv(to_csv(TABLE))
    assert [row["faits"] for row in rows] == ["3", "-1", str(2**60)]
    assert [row["taux"] for row in rows] == ["0.1", "", "1e-09"]
    assert [row["nom"] for row in rows] == ["Cité d’Été ; « A »", "'=1+1", 'ligne\n"deux"']
    assert [row["solide"] for row in rows] == ["true", "false", "true"]
    assert rows[2]["cellule"] == ""
    back = geopandas.GeoSeries.from_wkt([row["geometrie"] or None for row in rows])
    assert back.iloc[0].equals(SHAPES[0])
    assert back.iloc[1].equals(SHAPES[1])
    assert back.iloc[2] is None


def test_csv_for_a_french_spreadsheet():
    data = to_csv(FLAT, bom=True, delimiter=";")
    assert data.startswith(b"\xef\xbb\xbfcellule;faits;")
    assert not to_csv(FLAT).startswith(b"\xef")
    assert read_csv(data, delimiter=";")[0]["nom"] == "Cité d’Été ; « A »"


@pytest.mark.parametrize("text", ["=1+1", "+33", "-2", "@SUM(A1)", "\tx", "\rx", "  =1", "＝1", '=HYPERLINK("http://x")'])
def test_csv_text_is_never_a_formula(text: str):
    (row,) = read_csv(to_csv(Table({text: [text]})))
    assert row == {"'" + text: "'" + text}


def test_csv_leaves_numbers_and_plain_text_alone():
    (row,) = read_csv(to_csv(Table({"n": [-5], "x": np.array([-1.5]), "t": ["a=b"], "d": [date(2024, 9, 12)]})))
    assert row == {"n": "-5", "x": "-1.5", "t": "a=b", "d": "2024-09-12"}


def test_geojson_reads_back():
    data = to_geojson(TABLE, ids=np.array([7, 8, 9]))
    parsed = json.loads(data, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    assert [feature["id"] for feature in parsed["features"]] == [7, 8, 9]
    assert [feature["properties"]["taux"] for feature in parsed["features"]] == [0.1, None, 1e-9]
    assert parsed["features"][2]["geometry"] is None
    assert parsed["features"][2]["properties"]["faits"] == 2**60
    frame = geopandas.read_file(io.BytesIO(data))
    assert frame["nom"].tolist() == list(TABLE.columns["nom"])
    assert frame.geometry.iloc[0].equals(SHAPES[0])
    assert frame.geometry.iloc[1].equals(SHAPES[1])


def test_geojson_winds_and_rounds_as_rfc_7946_asks():
    shapes = np.array([SHAPES[1], shapely.Point(1 / 3, -2 / 3), shapely.Point(1, 2, 3)])
    features = json.loads(to_geojson(Table({}, shapes)))["features"]
    shell, hole = features[0]["geometry"]["coordinates"]
    assert shapely.LinearRing(shell).is_ccw
    assert not shapely.LinearRing(hole).is_ccw
    assert features[1]["geometry"]["coordinates"] == [0.3333333, -0.6666667]
    assert features[2] == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [1.0, 2.0]},
        "properties": {},
    }


def test_geojson_never_holds_an_undefined_number():
    days = np.array(["2024-01-01", "NaT", "2024-01-02"], "datetime64[D]")
    floats = [float("nan"), None, np.float32("inf")]
    odd = Table({"a": np.array([np.nan, np.inf, -np.inf]), "b": floats, "c": days, "d": [pd.NaT, 1, "x"]})
    properties = [feature["properties"] for feature in json.loads(to_geojson(odd))["features"]]
    assert [row["a"] for row in properties] == [None] * 3
    assert [row["b"] for row in properties] == [None] * 3
    assert [row["c"] for row in properties] == ["2024-01-01", None, "2024-01-02"]
    assert [row["d"] for row in properties] == [None, 1, "x"]
    with pytest.raises(BadInput, match="coordonnée"):
        to_geojson(Table({}, np.array([shapely.Point(np.nan, 1)])))


def test_geojson_refuses_another_crs():
    with pytest.raises(BadInput, match="4326"):
        to_geojson(Table({}, SHAPES, crs=2154))


@pytest.mark.parametrize("crs", [4326, 2154])
def test_geoparquet_reads_back(crs: int):
    data = to_geoparquet(Table(TABLE.columns, SHAPES, crs))
    expected = geopandas.GeoDataFrame(dict(TABLE.columns), geometry=SHAPES, crs=crs)
    assert_geodataframe_equal(geopandas.read_parquet(io.BytesIO(data)), expected)


def test_geoparquet_covers_its_rows_with_boxes():
    import pyarrow.parquet as pq

    data = to_geoparquet(TABLE)
    meta = json.loads(pq.read_schema(io.BytesIO(data)).metadata[b"geo"])
    assert meta["version"] == "1.1.0"
    assert meta["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    near = geopandas.read_parquet(io.BytesIO(data), bbox=(2.35, 48.85, 2.36, 48.86))
    assert near["faits"].tolist() == [3, -1]
    far = geopandas.read_parquet(io.BytesIO(data), bbox=(7, 7, 8, 8))
    assert len(far) == 0


@pytest.mark.parametrize("crs", [4326, 2154])
def test_geopackage_reads_back(crs: int, tmp_path: Path):
    frame = read_gpkg(to_gpkg(Table(TABLE.columns, SHAPES, crs), layer="résultat"), tmp_path, layer="résultat")
    assert frame.crs.to_epsg() == crs
    for name in ("faits", "solide", "nom"):
        assert frame[name].tolist() == list(TABLE.columns[name])
    assert frame["taux"].to_numpy() == pytest.approx(TABLE.columns["taux"], nan_ok=True)
    assert frame.geometry.iloc[1].equals(SHAPES[1])
    assert frame.geometry.iloc[2] is None


def test_tables_without_geometry(tmp_path: Path):
    flat = read_gpkg(to_gpkg(FLAT), tmp_path)
    assert flat["faits"].tolist() == list(TABLE.columns["faits"])
    assert pd.read_parquet(io.BytesIO(to_geoparquet(FLAT)))["nom"].tolist() == list(TABLE.columns["nom"])
    assert [feature["geometry"] for feature in json.loads(to_geojson(FLAT))["features"]] == [None] * 3
    assert "geometrie" not in read_csv(to_csv(FLAT))[0]


def test_unsigned_cells_survive_everywhere(tmp_path: Path):
    cells = np.array([0x8A1FB46622DFFFF, 2**64 - 1], np.uint64)
    table = Table({"c": cells}, shapely.points([[2, 48], [3, 49]]))
    first = Table({"c": cells[:1]}, table.geometry[:1])
    assert geopandas.read_parquet(io.BytesIO(to_geoparquet(table)))["c"].tolist() == cells.tolist()
    assert read_gpkg(to_gpkg(first), tmp_path)["c"].tolist() == cells[:1].tolist()
    assert read_gpkg(to_gpkg(table), tmp_path)["c"].tolist() == [str(cell) for cell in cells]
    assert [row["properties"]["c"] for row in json.loads(to_geojson(table))["features"]] == cells.tolist()


@pytest.mark.parametrize("encode", [to_csv, to_geojson, to_gpkg, to_geoparquet])
def test_no_rows_and_columns_of_unequal_length(encode):
    assert encode(Table({"a": np.array([], int)}, np.array([], object)))
    with pytest.raises(ValueError, match="another length"):
        encode(Table({"a": [1, 2]}, SHAPES))
