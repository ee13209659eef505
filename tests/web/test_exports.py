"""Views as files: read back by the libraries that people have, with the same counts; and the code that makes them again."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
from PIL import Image

from geoservice.export.columns import columns, of_one_type
from geoservice.export.drawing import Drawing, Group, Paint
from geoservice.export.drawing import Path as Shape
from geoservice.export.drawing_png import Words, to_png
from geoservice.export.tables import Table, to_gpkg
from geoservice.web.routes.picture import FONT
from tests.web.world import CANARY

FORMS = ("geojson", "csv", "gpkg", "geoparquet")
VIEWS = {
    "/api/cells?kind=ville&resolution=8": "n",
    "/api/units?kind=bailleur": "n",
    "/api/zones?layer=qpv": None,
    "/api/features/patrimoine?bbox=2,48,3,49": None,
    "/api/features/qpv?generation=2015": None,
}


def frame(content: bytes, form: str, folder: Path):
    """A download as its readers see it."""
    if form == "csv":
        return pandas.read_csv(io.BytesIO(content), sep=";", encoding="utf-8-sig", keep_default_na=False)
    path = folder / f"vue.{'parquet' if form == 'geoparquet' else form}"
    path.write_bytes(content)
    return geopandas.read_parquet(path) if form == "geoparquet" else geopandas.read_file(path)


@pytest.mark.parametrize("address", VIEWS)
def test_every_view_says_the_same_in_every_format(rives, tmp_path, address):
    seen = {}
    for form in FORMS:
        answer = rives.get(f"{address}&format={form}")
        assert answer.status_code == 200, answer.text
        assert re.search(r'filename="geoservice-[\w-]+\.(geojson|csv|gpkg|parquet)"', answer.headers["content-disposition"])
        found = frame(answer.content, form, tmp_path)
        if form != "csv":
            assert found.crs.to_epsg() == 4326
            assert found.geometry.notna().all()
        assert CANARY not in found.to_string()
        seen[form] = (len(found), None if VIEWS[address] is None else int(found[VIEWS[address]].sum()))
    assert len(set(seen.values())) == 1, seen
    assert seen["csv"][0] > 0


def test_units_without_a_shape_are_kept(plaine, tmp_path):
    rows = list(
        csv.DictReader(plaine.get("/api/units?kind=bailleur&format=csv").content.decode("utf-8-sig").splitlines(), delimiter=";")
    )
    found = frame(plaine.get("/api/units?kind=bailleur&format=gpkg").content, "gpkg", tmp_path)
    assert found.set_index("code")["n"].to_dict() == {row["code"]: int(row["n"]) for row in rows}


def test_features_are_of_the_viewer_and_of_the_box(rives, plaine):
    keys = {
        client: {each["properties"]["cle"] for each in client.get("/api/features/patrimoine").json()["features"]}
        for client in (rives, plaine)
    }
    assert keys[rives] == {"R-0", "R-1", "R-2"}
    assert all(key.startswith(CANARY) for key in keys[plaine])
    assert rives.get("/api/features/patrimoine?bbox=0,0,1,1").json()["features"] == []
    for wrong, status in (
        ("/api/features/incidents", 404),
        ("/api/features/adresses", 404),
        ("/api/features/x", 404),
        ("/api/features/qpv?generation=1900", 404),
        ("/api/features/qpv?format=shp", 400),
        ("/api/features/qpv?bbox=9,9,1,1", 400),
    ):
        assert rives.get(wrong).status_code == status, wrong


def test_properties_of_any_kind_become_columns_of_one_type(tmp_path):
    records = [
        {"Nom": "a", "n": 1, "x": 1, "fid": 9, "l": ["é"], "b": True},
        {"nom": "b", "n": None, "x": "2", "GEOM": 2.5, "n ": 3},
    ]
    found = columns({"cle": ["1", "2"]}, records)
    assert list(found) == ["cle", "Nom", "n", "x", "fid_", "l", "b", "nom_", "GEOM_", "n_"]
    assert found["x"] == ["1", "2"]
    assert found["l"] == ['["é"]', None]
    assert found["b"] == ["oui", None]
    assert np.isnan(found["n"][1])
    assert of_one_type([1, 2]).dtype == np.int64
    path = tmp_path / "a.gpkg"
    path.write_bytes(to_gpkg(Table(found, np.array([None, None], dtype=object)), "a"))
    assert len(geopandas.read_file(path)) == 2


def test_the_picture_is_a_map_with_its_words(rives):
    answer = rives.get("/api/map.png?kind=ville&width=500&height=300")
    image = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert image.width == 500
    assert image.height > 300 + 60
    pixels = np.asarray(image)
    dark = pixels.sum(axis=2) < 300
    assert dark[:300].sum() > 200  # hexagons of the upper classes
    assert 200 < dark[300:].sum() < 20_000  # words
    other = Image.open(io.BytesIO(rives.get("/api/map.png?kind=ville&width=500&height=300&to=2024-02-01").content)).convert("RGB")
    assert (np.asarray(other)[:300] != pixels[:300]).any()
    for wrong in ("width=0", "height=99999", "width=NaN", "resolution=15", "bbox=1"):
        assert rives.get(f"/api/map.png?kind=ville&{wrong}").status_code == 400, wrong


@pytest.mark.skipif(not FONT.is_file(), reason="the page's font is fetched by `make install`")
def test_a_drawing_in_pixels():
    square = np.array([[10, 10], [50, 10], [50, 50], [10, 50]], float)
    hole = np.array([[20, 20], [40, 20], [40, 40], [20, 40]], float)
    line = np.array([[0, 80], [100, 80]], float)
    groups = (
        Group("a", Paint("#ff0000"), (Shape((square, hole), True),)),
        Group("b", Paint("#0000ff", opacity=0.5), (Shape((square,), True),)),
        Group("c", Paint(None, "#000000", width=2, dash=(10, 10)), (Shape((line,), False), Shape((line[:1],), False))),
    )
    drawn = np.asarray(
        Image.open(
            io.BytesIO(to_png(Drawing(100, 100, "Été", "", "#ffffff", groups), Words(["œuvre"], [("#ff0000", "1")]), FONT))
        )
    )
    assert drawn[15, 15].tolist() == [127, 0, 128]
    assert drawn[30, 30].tolist() == [127, 127, 255]  # the hole of the first, half under the second
    assert drawn[80, 5].tolist() == [0, 0, 0]
    assert drawn[80, 15].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    "filters",
    [
        "kind=ville",
        "kind=bailleur&resolution=10&category=DEG,OCC&hours=20-6",
        "kind=ville&from=2024-03-01&to=2024-07-01&zone=qpv2024:QN07501M&weekdays=1-5&bbox=2.3,48.8,2.4,48.9",
    ],
)
def test_the_code_makes_the_view_again(rives, world, filters):
    code = rives.get(f"/api/snippet?{filters}")
    assert code.headers["content-type"].startswith("text/x-python")
    asked = rives.get(f"/api/cells?{filters}").json()
    said = subprocess.run(
        [sys.executable, "-"],
        input=code.text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "GEOSERVICE_DATA": str(world.settings.data), "GEOSERVICE_TOKEN": world.rives},
    )
    assert said.returncode == 0, said.stderr
    assert [int(number) for number in re.findall(r"\d+", said.stdout)] == [asked["total"], len(asked["cells"]), asked["unplaced"]]
    assert asked["total"] > 0
    assert world.rives not in code.text


def test_no_code_for_what_is_no_filter(rives):
    for wrong in ("zone=x'];import os;['", "kind=__import__('os')", "nom=1", "from=2024-13-01", "format=json", "from=%22%22%22"):
        answer = rives.get(f"/api/snippet?{wrong}")
        assert answer.status_code == 400, wrong
        assert "import" not in json.dumps(answer.json()["detail"])
