"""One fact by API: on the map within seconds, counted once however often it is sent, and only for one's own organisation."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from geoservice.operations import accounts, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app

FACT = {"id": "gardien-7", "date": "2026-03-02", "time": "22:15", "category": "DEG.tag", "nature": "gardien", "gravity": 2, "place": "HALL",
        "lon": 2.45, "lat": 48.9, "complaint": "non", "cost": 12.5}


@pytest.fixture(scope="module")
def landlords(tmp_path_factory) -> Iterator[tuple[TestClient, TestClient]]:
    settings = Settings(data=tmp_path_factory.mktemp("entry") / "data")
    storage = setup.create(settings)
    tokens = []
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
        tokens.append(accounts.create_token(storage, "essai", code))
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield tuple(TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False) for token in tokens)


def total(client: TestClient) -> int:
    return client.get("/api/cells", params={"kind": "bailleur"}).json()["total"]


def until(client: TestClient, wanted: int) -> float:
    begun = time.monotonic()
    while total(client) != wanted:
        assert time.monotonic() - begun < 15
        time.sleep(0.05)
    return time.monotonic() - begun


def test_a_fact_is_entered_once_and_seen(landlords):
    rives, plaine = landlords
    first = rives.post("/api/facts", json=FACT)
    assert (first.status_code, first.json()["created"]) == (201, True)
    until(rives, 1)
    again = rives.post("/api/facts", json=FACT)
    assert (again.status_code, again.json()["created"]) == (200, False)
    other = rives.post("/api/facts", json={**FACT, "gravity": 3})
    assert (other.status_code, other.json()["type"]) == (409, "urn:geoservice:probleme:conflit")
    assert plaine.post("/api/facts", json={**FACT, "gravity": 3}).status_code == 201  # their keys are their own
    until(plaine, 1)
    assert total(rives) == 1
    (run,) = rives.get("/api/imports").json()["imports"]
    assert (run["source"], run["status"], run["lines"], run["accepted"], run["unchanged"]) == ("Saisie directe", "done", 2, 1, 1)


def test_a_day_of_entries_is_undone_as_one(landlords):
    _, plaine = landlords
    (run,) = plaine.get("/api/imports").json()["imports"]
    assert plaine.post(f"/api/imports/{run['id']}/undo").status_code == 202
    until(plaine, 0)
    assert plaine.post("/api/facts", json=FACT).json()["created"]  # in an import of its own
    assert len(plaine.get("/api/imports").json()["imports"]) == 2


@pytest.mark.parametrize("wrong", [
    {"id": ""}, {"id": "~1"}, {"id": "a b"}, {"id": "x" * 121}, {"id": None}, {"date": "02/03/2026"}, {"date": "2999-01-01"}, {"date": "1950-01-01"},
    {"time": "25:00"}, {"category": "tag"}, {"category": "DEG.x"}, {"category": ""}, {"nature": "voisin"}, {"gravity": 5}, {"gravity": "2"},
    {"gravity": True}, {"place": "CUISINE"}, {"lon": 200}, {"lon": None}, {"lon": 10, "lat": 10}, {"lon": "2.45"}, {"residence": "inconnue", "lon": None, "lat": None},
    {"lon": None, "lat": None}, {"cost": -1}, {"commune": "1"}, {"kind": "police"}, {"nom": "Dupont"}, {"commentaire": "texte libre"},
    {"category": "AGP"}, {"organisation": "plaine"}, {"complaint": "peut-être"},
])
def test_what_is_no_fact_is_refused_in_words(landlords, wrong):
    answer = landlords[0].post("/api/facts", json={**FACT, "id": "autre", **wrong})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for said in ("Dupont", "texte libre", "CUISINE", "police", "plaine"):
        assert said not in answer.text


def test_an_assault_on_staff_has_no_point(landlords):
    rives, _ = landlords
    answer = rives.post("/api/facts", json={"id": "agp", "date": "2026-03-02", "category": "AGP.menace", "lon": 2.45, "lat": 48.9, "commune": "93010"})
    assert answer.status_code == 201, answer.text
    end = time.monotonic() + 15
    while not any(unit["code"] == "93010" for unit in rives.get("/api/units?kind=bailleur&level=commune").json()["units"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert total(rives) == 1
