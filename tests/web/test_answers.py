"""What each route answers, through the door, on imported facts."""

from __future__ import annotations

import csv
import io
import json
import re

import geopandas
import pytest

from geoservice.catalog.layers import load
from tests.web.world import CITY, CITY_FACTS, PLAINE_FACTS, RIVES_AGP, RIVES_FACTS

QPV_BOX = "2.34,48.85,2.36,48.87"


def test_session_says_who_is_signed_in(rives):
    assert rives.get("/api/session").json() == {"name": "essai", "organisation": "rives", "via": "token", "basemap": False}


def test_layers_hold_counts_words_and_extent(rives):
    answer = rives.get("/api/layers").json()
    layers = {layer["name"]: layer for layer in answer["layers"]}
    assert layers["incidents"]["count"] is None  # kinds are never added
    assert layers["qpv"]["generations"] == ["2015", "2024"]
    assert layers["patrimoine"]["count"] == 3
    assert {kind["code"]: kind["facts"] for kind in answer["kinds"]} == {"ville": CITY_FACTS, "bailleur": RIVES_FACTS + RIVES_AGP}
    assert {word["code"] for word in answer["categories"] if not word["mapped"]} == {"AGP"}
    assert answer["period"] == {"from": "2024-01-01", "to": "2024-12-28"}
    assert len(answer["bounds"]) == 4


@pytest.mark.parametrize("resolution", [5, 9, 12])
def test_cells_add_up_at_every_resolution(rives, resolution):
    answer = rives.get(f"/api/cells?kind=ville&resolution={resolution}").json()
    assert answer["total"] == sum(answer["counts"]) == CITY_FACTS
    assert len(answer["cells"]) == len(set(answer["cells"])) == len(answer["counts"])
    assert answer["resolution"] == resolution
    assert answer["unknown"] == {"hour": 0, "gravity": 0, "place": 0, "nature": 0}


def test_hours_tell_what_they_could_not_know(rives):
    answer = rives.get("/api/cells?kind=ville&hours=20-6").json()
    assert answer["total"] == 0
    assert answer["unknown"]["hour"] == CITY_FACTS  # the city gives dates without a time


def test_kind_is_required_when_several_are_in_reach(rives):
    for path in ("/api/cells", "/api/units", "/tiles/incidents/10/518/352.mvt", "/tiles/incidents/10/518/352.png"):
        answer = rives.get(path)
        assert answer.status_code == 400, path
        assert "bailleur, ville" in answer.json()["detail"]


def test_assaults_on_staff_are_in_the_table_of_residences_and_nowhere_on_the_map(rives):
    mapped = rives.get("/api/cells?kind=bailleur&category=AGP").json()
    assert (mapped["total"], mapped["unplaced"], mapped["cells"]) == (0, RIVES_AGP, [])
    assert rives.get("/api/cells?kind=bailleur").json()["total"] == RIVES_FACTS
    table = rives.get("/api/units?kind=bailleur&category=AGP").json()
    assert [(unit["code"], unit["count"]) for unit in table["units"]] == [("R-0", RIVES_AGP)]
    for form in ("mvt", "png"):
        for zoom, x, y in ((5, 16, 11), (12, 2075, 1408)):
            assert rives.get(f"/tiles/incidents/{zoom}/{x}/{y}.{form}?kind=bailleur&category=AGP").status_code == 204


def test_card_of_a_cell(rives):
    counts = rives.get("/api/cells?kind=ville&resolution=9").json()
    busiest = max(zip(counts["counts"], counts["cells"], strict=True))
    card = rives.get(f"/api/cells/{busiest[1]}?kind=ville").json()
    assert (card["count"], card["total"]) == (busiest[0], CITY_FACTS)
    assert card["share"] == pytest.approx(busiest[0] / CITY_FACTS)
    assert sum(category["count"] for category in card["categories"]) == card["count"]
    assert {zone["ref"] for zone in card["qpv"]} == {"qpv2024:QN07501M", "qpv2015:QP075001"}
    assert card["residence"]["code"].startswith("R-")
    assert abs(card["centre"][0] - CITY[0]) < 0.1


def test_zone_and_box_agree(rives):
    zone = rives.get("/api/cells?kind=ville&zone=qpv2024:QN07501M").json()["total"]
    assert 0 < zone < CITY_FACTS
    assert zone == rives.get(f"/api/cells?kind=ville&bbox={QPV_BOX}").json()["total"]


def test_units_count_facts_with_and_without_a_point(rives):
    table = rives.get("/api/units?kind=bailleur&level=residence").json()
    assert table["total"] == RIVES_FACTS + RIVES_AGP
    assert {unit["code"] for unit in table["units"]} == {"R-0", "R-1", "R-2"}
    assert table["units"][0]["name"] == "Résidence R 0"
    text = rives.get("/api/units?kind=bailleur&format=csv").content.decode("utf-8-sig")
    assert [row["code"] for row in csv.DictReader(io.StringIO(text), delimiter=";")] == ["R-0", "R-1", "R-2"]


def test_units_by_category_carry_the_bridge_of_words(rives, tmp_path):
    def read(form: str) -> bytes:
        return rives.get(f"/api/units?kind=bailleur&by=category&format={form}").content

    rows = list(csv.DictReader(io.StringIO(read("csv").decode("utf-8-sig")), delimiter=";"))
    assert sum(int(row["n"]) for row in rows) == RIVES_FACTS + RIVES_AGP
    damage = next(row for row in rows if row["categorie"] == "DEG")
    assert (damage["libelle"], damage["famille_ssmsi"], damage["rapport"]) == (
        "Dégradations", "Destructions et dégradations volontaires", "en partie")
    assert next(row for row in rows if row["categorie"] == "SAL")["famille_ssmsi"] == ""
    file = tmp_path / "units.gpkg"
    file.write_bytes(read("gpkg"))
    frame = geopandas.read_file(file)
    assert set(frame["libelle"]) == {row["libelle"] for row in rows}
    assert frame["n"].sum() == RIVES_FACTS + RIVES_AGP
    assert "categorie" not in rives.get("/api/units?kind=bailleur&format=csv").text
    assert {unit["category"] for unit in json.loads(read("json"))["units"]} == {row["categorie"] for row in rows}


def test_a_table_of_places_is_not_cut_by_another_place(rives):
    assert rives.get(f"/api/units?kind=ville&bbox={QPV_BOX}").status_code == 400
    assert rives.get("/api/units?kind=ville&zone=qpv2024:QN07501M").status_code == 400


def test_zones_are_listed_by_generation(rives):
    zones = rives.get("/api/zones?layer=qpv&generation=2024").json()["zones"]
    assert [(zone["ref"], zone["name"]) for zone in zones] == [("qpv2024:QN07501M", "Nouveau")]
    assert zones[0]["bbox"] == pytest.approx([2.34, 48.85, 2.36, 48.87])
    assert len(rives.get("/api/zones?layer=qpv").json()["zones"]) == 2
    assert rives.get("/api/zones").status_code == 400


@pytest.mark.parametrize(
    ("form", "media_type", "ending"),
    [
        ("geojson", "application/geo+json", "geojson"),
        ("csv", "text/csv", "csv"),
        ("gpkg", "application/geopackage+sqlite3", "gpkg"),
        ("geoparquet", "application/vnd.apache.parquet", "parquet"),
    ],
)
def test_downloads_hold_the_same_counts(rives, tmp_path, form, media_type, ending):
    import pandas as pd
    import pyogrio

    answer = rives.get(f"/api/cells?kind=ville&resolution=8&format={form}")
    assert answer.headers["content-type"].startswith(media_type)
    name = re.fullmatch(r'attachment; filename="([A-Za-z0-9._-]+)"', answer.headers["content-disposition"])[1]
    assert name.endswith(f".{ending}")
    file = tmp_path / name
    file.write_bytes(answer.content)
    if form == "csv":
        frame = pd.read_csv(file, sep=";", encoding="utf-8-sig")
    else:
        frame = pd.read_parquet(file) if form == "geoparquet" else pyogrio.read_dataframe(file)
    assert frame["n"].sum() == CITY_FACTS
    assert set(frame["h3"]) == set(rives.get("/api/cells?kind=ville&resolution=8").json()["cells"])


def test_each_landlord_has_their_own_counts(rives, plaine):
    assert rives.get("/api/cells?kind=bailleur").json()["total"] == RIVES_FACTS
    assert plaine.get("/api/cells?kind=bailleur").json()["total"] == PLAINE_FACTS
    assert plaine.get("/api/cells?kind=ville").json()["total"] == CITY_FACTS


def test_a_layer_names_whose_files_were_imported(rives, plaine):
    """Not everybody whose files the layer understands; and an ODbL source says so, which is its licence's one demand."""
    told = {layer["name"]: (layer["attribution"], layer["licence"]) for layer in rives.get("/api/layers").json()["layers"]}
    assert told["incidents"] == ("Bailleur ; Ville de Paris, Dans Ma Rue",
                                 "Données de l’organisation (Bailleur) ; ODbL (Ville de Paris, Dans Ma Rue)")
    assert told["qpv"][1] == "Licence Ouverte 2.0"
    declared = load().layer("eau")  # nothing imported: what the layer declares
    assert told["eau"] == (declared.attribution, declared.licence)
    assert "ODbL" in rives.get("/tiles/incidents/tilejson.json").json()["attribution"]
