"""Where a fact is: coordinates in any French system, else the patrimoine, else an address, else a commune in tables only."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoservice.catalog.geocoding import Match
from geoservice.catalog.intake.common import point_of
from geoservice.catalog.intake.facts import FactIntake
from geoservice.types import Placement
from tests.catalog.tables import TODAY, Patrimoine, batch, landlord, named, one, refused, source, take

FACT = {"date": "03/01/2025", "type": "tag"}


def place(fact):
    return fact["placement"], fact["residence"], fact["hall"], fact["lon"]


@pytest.mark.parametrize("cell", [
    "48.907, 2.48", "48.907,2.48", "{'lon': 2.48, 'lat': 48.907}", '{"lat": 48.907, "lon": 2.48}', "POINT (2.48 48.907)",
    "{'type': 'Feature', 'geometry': {'coordinates': [2.48, 48.907], 'type': 'Point'}, 'properties': {}}",
    '{"coordinates": [2.48, 48.907], "type": "Point"}',
])
def test_a_point_in_one_cell(cell):
    assert point_of(cell) == (2.48, 48.907)
    fact = one(**FACT, geo_point_2d=cell)
    assert (fact["lon"], fact["lat"], fact["placement"]) == (2.48, 48.907, "coordonnees")


@pytest.mark.parametrize(("x", "y", "lon", "lat", "name"), [
    ("661882.84", "6867570.15", 2.48, 48.907, "Lambert-93"), ("1661883.38", "8189789.00", 2.48, 48.907, "CC49"),
    ("344197.58", "7666050.71", 55.5, -21.1, "Réunion"),
])
def test_a_french_system_is_recognised_by_its_range_and_named(x, y, lon, lat, name):
    taken = take({"date": ["03/01/2025"], "type": ["tag"], "x": [x], "y": [y]})
    fact = named(taken.rows[0])
    assert (fact["lon"], fact["lat"]) == pytest.approx((lon, lat), abs=1e-6)
    assert [n.code for n in taken.notes] == ["crs"]
    assert name in taken.notes[0].sentence


def test_a_row_may_name_its_own_system():
    taken = take({"date": ["03/01/2025"] * 3, "type": ["tag"] * 3, "x": ["661882.84", "344197.58", "2.48"],
                  "y": ["6867570.15", "7666050.71", "48.907"], "epsg": ["2154", 2975.0, "4326"]})
    assert [round(named(row)["lon"], 6) for row in taken.rows] == [2.48, 55.5, 2.48]
    assert refused(**FACT, x="1", y="2", epsg="17").column == "epsg"


def test_a_declared_system_that_is_wrong_is_named():
    spec = source(columns={"date": "date", "category": "type", "x": "x", "y": "y"}, crs="EPSG:2975")
    taken = take({"date": ["03/01/2025"], "type": ["BRU"], "x": ["661882.84"], "y": ["6867570.15"]}, spec)
    assert "Lambert-93" in taken.rejects[0].sentence


@pytest.mark.parametrize(("lon", "lat", "code"), [
    ("48.9", "2.4", "inversees"), ("nan", "48.9", "coordonnees"), ("1e999", "48.9", "coordonnees"), ("inf", "1", "coordonnees"),
    ("abc", "48.9", "coordonnees"), ("2.4", "", "coordonnees"), ("12.5", "41.9", "hors-france"), ("661862", "6867662", "crs"),
])
def test_coordinates_that_cannot_be_are_refused_one_by_one(lon, lat, code):
    columns = {"date": ["03/01/2025"] * 12, "type": ["tag"] * 12, "lon": ["2.4"] * 11 + [lon], "lat": ["48.9"] * 11 + [lat]}
    taken = take(columns)
    assert len(taken.rows) == 11
    assert [(r.line, r.code) for r in taken.rejects] == [(13, code)]


def test_when_the_whole_column_is_swapped_every_line_says_so():
    taken = take({"date": ["03/01/2025"] * 300, "type": ["tag"] * 300, "lon": ["48.9"] * 300, "lat": ["2.4"] * 300})
    assert taken.rows == []
    assert {r.sentence[:48] for r in taken.rejects} == {"Latitude et longitude semblent inversées. Échang"}


def test_geometry_of_a_file_in_its_own_system():
    shapes = np.array([shapely.Point(661882.84, 6867570.15), None, shapely.Point()], dtype=object)
    columns = {"date": ["03/01/2025"] * 3, "type": ["tag"] * 3, "code_residence": ["", "R1", ""]}
    lines = batch(columns, geometry=shapes, crs="EPSG:2154")
    taken = FactIntake(landlord(), TODAY, 1, Patrimoine()).take(lines)
    assert [named(r)["placement"] for r in taken.rows] == ["coordonnees", "residence"]
    assert [r.code for r in taken.rejects] == ["lieu"]


def test_the_patrimoine_places_a_fact_at_its_finest_known_code():
    assert place(one(**FACT, code_residence="R1", hall="H1")) == ("hall", "R1", "H1", 2.4801)
    assert place(one(**FACT, hall="H1")) == ("hall", "R1", "H1", 2.4801)
    assert place(one(**FACT, code_residence="R1")) == ("residence", "R1", None, 2.48)
    assert place(one(**FACT, code_residence="R2")) == ("residence", "R2", None, None)
    assert place(one(**FACT, hall="H1", lon="2.4", lat="48.9")) == ("coordonnees", "R1", "H1", 2.4)
    assert place(one(**FACT, code_residence="R1", lon="0", lat="0")) == ("residence", "R1", None, 2.48)


def test_an_unknown_hall_falls_back_to_its_residence_and_it_is_said():
    taken = take({"date": ["03/01/2025"], "type": ["tag"], "code_residence": ["R1"], "hall": ["H77"]})
    assert named(taken.rows[0])["placement"] == "residence"
    assert [n.code for n in taken.notes] == ["hall-inconnu"]


def test_an_unknown_code_is_refused_and_named():
    reject = refused(**FACT, code_residence="R404")
    assert (reject.column, reject.value, reject.code) == ("code_residence", "R404", "code")
    assert "patrimoine" in reject.sentence


def test_a_landlords_five_columns():
    taken = take({"code_residence": ["R1", "R1", "R404"], "hall": ["H1", "", "H1"], "date": ["03/01/2025"] * 3,
                  "heure": ["22h30", "", "8h"], "nature": ["tag", "gardien", "squat"]})
    assert [place(named(row)) for row in taken.rows] == [("hall", "R1", "H1", 2.4801), ("residence", "R1", None, 2.48)]
    assert [r.line for r in taken.rejects] == [4]


class Addresses:
    """Answers by the street line."""

    def locate(self, addresses):
        answers = {"12 rue Neuve": Match(Placement.NUMERO, 2.481, 48.908, "93010", 1.0), "rue Neuve": Match(
            Placement.RUE, 2.482, 48.909, "93010", 0.6), "ailleurs": Match(None, reason="Importez le fichier BAN.")}
        assert all(a.postcode == "93140" for a in addresses)
        return [answers[a.line] for a in addresses]


def test_an_address_is_a_point_at_its_number_and_a_count_at_its_street():
    lines = {"date": ["03/01/2025"] * 4, "type": ["tag"] * 4, "adresse": ["12 rue Neuve", "rue Neuve", "ailleurs", ""],
             "code_postal": ["93140"] * 4, "code_residence": ["", "", "", "R1"]}
    taken = take(lines, geocoder=Addresses())
    facts = [named(row) for row in taken.rows]
    assert [(f["placement"], f["lon"], f["commune"]) for f in facts] == [
        ("numero", 2.481, "93010"), ("rue", None, "93010"), ("residence", 2.48, "93010")]
    assert [f["cell"] == 0 for f in facts] == [False, True, False]
    assert [(r.line, r.value, r.sentence) for r in taken.rejects] == [(4, "ailleurs", "Importez le fichier BAN.")]


def test_without_imported_addresses_the_reject_says_what_to_import():
    assert "BAN" in refused(**FACT, adresse="12 rue Neuve", code_postal="93140").sentence


def test_a_commune_alone_counts_in_tables_and_nothing_at_all_is_refused():
    fact = one(**FACT, code_insee="93010")
    assert (fact["placement"], fact["commune"], fact["cell"], fact["lon"]) == ("commune", "93010", 0, None)
    assert refused(**FACT, code_insee="Bondy").code == "commune"
    nowhere = refused(**FACT, code_insee="")
    assert "Aucun lieu" in nowhere.sentence
    assert nowhere.column == "code_insee"  # a column of the file: where to write


def test_a_commune_overseas_sets_the_clock():
    away, here = one(**FACT, heure="12:00", code_insee="97411"), one(**FACT, heure="12:00", code_insee="93010")
    assert here["utc"] - away["utc"] == 3 * 3600
