"""The search box through the door: residences, zones and addresses, by the beginnings of words, hostile text included."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, search, setup
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import addresses
from geoservice.web.app import create_app
from tests import folders
from tests.web.world import CANARY

STREETS = (("Rue de la République", "93140", "Bondy"), ("Rue de la République", "93100", "Montreuil"),
           ("Avenue du Général de Gaulle", "93140", "Bondy"), ("Allée de l’Église", "93140", "Bondy"))
COLUMNS = "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;x;y;lon;lat"


@pytest.fixture(scope="module")
def town(world, tmp_path_factory):
    """The world with the addresses of two communes."""
    folder: Path = tmp_path_factory.mktemp("addresses")
    settings = Settings(data=folder / "data")
    folders.copied(world.settings.data, settings.data)
    rows = [f"{n}-{number};{number};;{street};{postcode};{postcode};{city};;;{2.45 + n / 100 + number / 10_000:.5f};48.9"
            for n, (street, postcode, city) in enumerate(STREETS) for number in range(1, 31)]
    rows.append("bis;12;bis;Rue de la République;93140;93140;Bondy;;;2.4513;48.9001")
    file = folder / "adresses-93.csv"
    file.write_text("\n".join([COLUMNS, *rows]), encoding="utf-8")
    storage = setup.open_storage(settings)
    report = ingest.run(storage, load(), ingest.ImportRequest("adresses", (file,), "rives"))
    storage.close()
    assert report.accepted == len(rows)
    with TestClient(create_app(settings)) as client:
        yield lambda token: TestClient(client.app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def find(town, world):
    def results(text: str, token: str = world.rives) -> list[dict]:
        answer = town(token).get("/api/search", params={"q": text})
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    return results


@pytest.mark.parametrize(("text", "label", "detail"), [
    ("12 rue de la république bondy", "12 Rue de la République", "93140 Bondy"),
    ("12 bis rue de la republique 93140", "12 Rue de la République", "93140 Bondy"),
    ("12 RUE REPUBLIQUE 93100", "12 Rue de la République", "93100 Montreuil"),
    ("république mont", "Rue de la République", "93100 Montreuil"),
    ("av gal de gau", "Avenue du Général de Gaulle", "93140 Bondy"),
    ("7 allée de l'église", "7 Allée de l’Église", "93140 Bondy"),
    ("general de gaulle", "Avenue du Général de Gaulle", "93140 Bondy"),
    ("999 avenue du general de gaulle", "Avenue du Général de Gaulle", "93140 Bondy")])
def test_addresses_as_people_type_them(find, text, label, detail):
    first = find(text)[0]
    assert (first["type"], first["label"], first["detail"], first["zone"]) == ("adresse", label, detail, None)
    west, south, east, north = first["bbox"]
    assert west < first["lon"] < east
    assert south < first["lat"] < north


def test_a_street_of_two_communes_is_two_places(find):
    found = find("rue de la rep")
    assert [(hit["label"], hit["detail"]) for hit in found] == [
        ("Rue de la République", "93100 Montreuil"), ("Rue de la République", "93140 Bondy")]
    assert found[0]["lon"] > found[1]["lon"]


def test_residences_and_zones_can_be_filtered_by_what_is_found(find, rives):
    first = find("residence r 1")[0]
    assert (first["type"], first["label"], first["zone"]) == ("residence", "Résidence R 1", "residence:R-1")
    for text in ("nouv", "NOUVEAU", "qn07501m"):
        hit = find(text)[0]
        assert (hit["type"], hit["label"], hit["zone"]) == ("qpv", "Nouveau", "qpv2024:QN07501M")
        assert rives.get("/api/cells", params={"kind": "ville", "zone": hit["zone"]}).json()["total"] > 0
    assert find("ouveau") == []  # the middle of a word is not its beginning


def test_another_landlords_residences_are_not_found(find, world):
    for text in (CANARY, CANARY.lower()[:4], "residence canari 1", f"{CANARY}-0"):
        assert not any(CANARY in str(hit) for hit in find(text)), text
        assert find(text, world.plaine)[0]["type"] == "residence"
    assert len(find("residence", world.plaine)) == 3


HOSTILE = ("", " ", "%", "_", "%%%___", "'", '" OR 1=1 --', "'; DROP TABLE address; --", "\x00", "٣ شارع", "\ufffd", "*" * 200,
           "a " * 100, "rue " * 50, "9" * 200, "<script>alert(1)</script>", "12", "12 ", "d'", "-", "bis")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(find, text):
    assert len(find(text)) <= 20
    assert len(find("rue de la rep")) == 2  # still there


def test_what_is_no_text_at_all_and_what_is_far_too_long(town, world):
    client = town(world.rives)
    for raw in (quote("\ud800".encode("utf-8", "surrogatepass")), "%ff%fe", "%00", "%25%5F"):
        assert client.get(f"/api/search?q={raw}").status_code == 200, raw
    for length in (201, 60_000):  # a longer address is refused by clients and by the server itself
        answer = client.get(f"/api/search?q={'a' * length}")
        assert answer.status_code == 400
        assert "200 caractères" in answer.json()["detail"]
    assert client.get("/api/search?q=rue&limit=5").json()["type"].endswith("parametre-inconnu")
    assert client.get("/api/search").json() == {"results": []}


def test_a_megabyte_and_lone_surrogates_are_cut_and_read(world):
    storage = setup.open_storage(world.settings)
    viewer = accounts.viewer_of_token(storage, world.rives)
    reader = open_reader(storage, load(), viewer)
    for text in ("rue " * 250_000, "\ud800\udfff" * 500_000, "résidence r 1" + "\ud83d", "\ud800 nouveau"):
        assert len(search.find(reader, text)) <= 20
    assert search.find(reader, "\ud800 nouveau \udfff")[0].label == "Nouveau"
    storage.close()


@pytest.mark.sqlite_file
def test_streets_are_steps_in_an_index_and_never_a_scan(world):
    storage = setup.open_storage(world.settings)
    with storage.read() as connection:
        for sql, values in ((addresses._NEXT_STREET, ("rue", "", "rue\uffff")), (addresses._NUMBERS, ("rue", "93", 1, 1, 9))):
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            assert plan
            assert all("USING" in step and "INDEX address_street" in step for step in plan), plan
            assert all(step.startswith("SEARCH") for step in plan), plan
    storage.close()
