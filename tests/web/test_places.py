"""Residences and zones through the door, against the tables that other routes give."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.operations import ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests import folders
from tests.web.world import CANARY, CITY, CITY_FACTS, PLAINE_FACTS, RIVES_AGP, RIVES_FACTS


def ask(client, path: str, **filters: str) -> dict:
    answer = client.get(path, params=filters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_residences_are_the_table_of_units_with_rates_that_say_their_denominator(rives):
    found = ask(rives, "/api/residences", kind="bailleur")
    units = ask(rives, "/api/units", kind="bailleur")["units"]
    assert {each["code"]: each["count"] for each in found["residences"]} == {unit["code"]: unit["count"] for unit in units}
    assert found["total"] == RIVES_FACTS + RIVES_AGP
    counts = [each["count"] for each in found["residences"]]
    assert counts == sorted(counts, reverse=True)
    first = found["residences"][0]
    assert (first["name"], first["dwellings"]) == ("Résidence R 0", 12)
    rate = first["rate"]
    assert rate["count"] == first["count"]
    assert rate["per_100_dwellings"] == pytest.approx(100 * first["count"] / 12, abs=0.01)
    assert rate["low"] < rate["per_100_dwellings"] < rate["high"]


def test_a_residence_adds_up_in_time_and_by_word(rives):
    found = ask(rives, "/api/residences/R-0", kind="bailleur")
    assert found["count"] == RIVES_FACTS // 3 + RIVES_AGP
    assert sum(found["series"]["counts"]) == sum(entry["count"] for entry in found["categories"]) == found["count"]
    assert (found["staff"], found["unplaced"]) == (RIVES_AGP, RIVES_AGP)
    # assaults on staff are counted at the residence, and never by hour or hall
    assert sum(map(sum, found["calendar"]["counts"])) + found["calendar"]["unknown"] == RIVES_FACTS // 3
    assert {entry["code"]: entry["count"] for entry in found["categories"]}["AGP"] == RIVES_AGP
    assert (found["halls"], found["elsewhere"]) == ([], found["count"])
    assert found["period"] == {"from": "2024-01-01", "to": "2024-12-28"}
    assert len(found["series"]["days"]) == 12
    assert found["properties"]["dwellings"] == 12
    assert found["links"]["cells"] == "/api/cells?kind=bailleur&zone=residence%3AR-0"
    for name in ("cells", "csv", "series"):
        assert rives.get(found["links"][name]).status_code == 200
    assert ask(rives, "/api/series", kind="bailleur", zone="residence:R-0")["total"] == RIVES_FACTS // 3


def test_filters_reach_every_part_of_a_residence(rives):
    found = ask(rives, "/api/residences/R-2", kind="bailleur", category="SAL", **{"from": "2024-03-01", "to": "2024-04-01"})
    units = ask(rives, "/api/units", kind="bailleur", category="SAL", **{"from": "2024-03-01", "to": "2024-04-01"})["units"]
    assert found["count"] == next(unit["count"] for unit in units if unit["code"] == "R-2") > 0
    assert [entry["code"] for entry in found["categories"]] == ["SAL"]
    assert found["series"]["days"] == ["2024-03-01"]
    assert found["rate"]["count"] == found["count"]


def test_kinds_are_not_added_on_a_page_of_a_residence(rives):
    for path in ("/api/residences", "/api/residences/R-0", "/api/zones/qpv2024:QN07501M"):
        assert rives.get(path).json()["type"].endswith("nature-de-source-requise"), path
        assert rives.get(f"{path}?kind=ville&bbox=1,1,2,2").json()["type"].endswith("parametre-inconnu"), path
    assert ask(rives, "/api/residences/R-0", kind="ville")["count"] == 0


@pytest.fixture(scope="module")
def estate(world, tmp_path_factory):
    """The world, with three residences of `rives` in and beside the QPV of the city, one without dwellings, and a hall."""
    folder = tmp_path_factory.mktemp("estate")
    settings = Settings(data=folder / "data")
    folders.copied(world.settings.data, settings.data)
    (lon, lat) = CITY
    files = {
        "patrimoine": ["code_residence;nom_residence;nb_logements;longitude;latitude",
                       f"IN;Dedans;40;{lon};{lat}", f"SANS;Sans nombre;;{lon};{lat + 0.005}",
                       f"OUT;Dehors;10;{lon + 0.015};{lat}"],
        "halls": ["code_hall;code_residence;longitude;latitude", f"A;IN;{lon};{lat}", f"B;IN;{lon};{lat}", f"A;OUT;{lon};{lat}"],
        "incidents": ["identifiant;date;heure;type;code_residence;hall",
                      *(f"I{n};02/0{1 + n % 6}/2024;21:00;tag;IN;{'AB'[n % 2] if n < 9 else ''}" for n in range(12)),
                      "O;02/01/2024;21:00;tag;OUT;A", "S;02/01/2024;21:00;tag;SANS;"]}
    storage = setup.open_storage(settings)
    for layer, lines in files.items():
        file = folder / f"{layer}.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        report = ingest.run(storage, load(), ingest.ImportRequest(layer, (file,), "rives"))
        assert report.accepted == report.lines, report.as_json()
    storage.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {world.rives}"}) as client:
        yield client


def test_distance_to_the_edge_of_both_generations(estate, rives):
    """The QPV are squares around CITY of half sides 0.01 and 0.02 degree; at this latitude 0.01 degree is 733 m wide."""
    inside = ask(estate, "/api/residences/IN", kind="bailleur")["qpv"]
    assert [(each["ref"], each["inside"]) for each in inside] == [("qpv2024:QN07501M", True), ("qpv2015:QP075001", True)]
    assert [each["edge_m"] for each in inside] == [pytest.approx(-733, abs=4), pytest.approx(-1467, abs=6)]
    beside = ask(estate, "/api/residences/OUT", kind="bailleur")["qpv"]
    assert [(each["inside"], each["edge_m"]) for each in beside] == [(False, pytest.approx(367, abs=3)),
                                                                    (True, pytest.approx(-367, abs=3))]
    assert ask(rives, "/api/residences/R-0", kind="bailleur")["qpv"] == []  # seven kilometres away


def test_halls_have_their_own_counts_and_no_rate_is_made_up(estate):
    found = ask(estate, "/api/residences/IN", kind="bailleur")
    assert [(hall["code"], hall["count"]) for hall in found["halls"]] == [("A", 5), ("B", 4)]
    assert (found["count"], found["elsewhere"]) == (12, 3)
    assert found["calendar"]["counts"][1][21] > 0  # 2 January 2024 was a Tuesday
    assert ask(estate, "/api/residences/SANS", kind="bailleur")["rate"] is None
    assert ask(estate, "/api/residences/OUT", kind="bailleur")["halls"][0]["count"] == 1


def test_a_zone_counts_its_residences_over_the_dwellings_it_knows(estate):
    found = ask(estate, "/api/zones/qpv2024:QN07501M", kind="bailleur")
    assert {each["code"]: each["count"] for each in found["residences"]} == {"IN": 12, "SANS": 1}
    assert (found["rate"]["count"], found["rate"]["dwellings"], found["rate"]["per_100_dwellings"]) == (12, 40, 30.0)
    wider = ask(estate, "/api/zones/qpv2015:QP075001", kind="bailleur")
    assert (wider["rate"]["count"], wider["rate"]["dwellings"]) == (13, 50)


def test_another_landlords_residence_is_not_found(rives, plaine):
    assert ask(plaine, f"/api/residences/{CANARY}-0", kind="bailleur")["count"] > 0
    for code in (f"{CANARY}-0", "R-99", "R-0/x", "", "%00", "é"):
        answer = rives.get(f"/api/residences/{code}?kind=bailleur")
        assert answer.status_code == 404, code
        assert CANARY not in answer.text
    assert ask(plaine, "/api/residences", kind="bailleur")["total"] == PLAINE_FACTS
    assert CANARY not in json.dumps(ask(rives, "/api/residences", kind="bailleur"))


def test_a_zone_holds_the_facts_that_its_filter_holds(rives):
    for ref, other in (("qpv2024:QN07501M", "qpv2015:QP075001"), ("qpv2015:QP075001", "qpv2024:QN07501M")):
        found = ask(rives, f"/api/zones/{ref}", kind="ville", category="DEG")
        assert found["count"] == ask(rives, "/api/cells", kind="ville", category="DEG", zone=ref)["total"]
        assert 0 < found["count"] <= CITY_FACTS
        assert sum(found["series"]["counts"]) == found["count"]
        assert [each["ref"] for each in found["overlaps"]] == [other]
        assert (found["residences"], found["rate"]) == ([], None)  # no residence within, so no denominator
    assert found["overlaps"][0]["share"] == pytest.approx(0.25, abs=0.001)  # the 2024 square is a quarter of the 2015 one
    assert found["area_km2"] == pytest.approx(0.04 * 73.2 * 0.04 * 111.2, rel=0.02)


@pytest.mark.parametrize("ref", ["qpv2024:RIEN", "qpv2030:QN07501M", "residence:R-0", "x", "qpv2024:", "commune:75056", "a/b"])
def test_a_zone_that_is_none_is_not_found(rives, ref):
    answer = rives.get(f"/api/zones/{ref}?kind=ville")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
