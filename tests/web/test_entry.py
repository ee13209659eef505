"""One fact by API: on the map within seconds, counted once however often it is sent, and only for one's own organisation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.core.query import parse
from geoservice.operations import accounts, entry, indexing, ingest, jobs, setup
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import indexes
from geoservice.types import Kind
from geoservice.web.app import create_app

FACT = {
    "id": "gardien-7",
    "date": "2026-03-02",
    "time": "22:15",
    "category": "DEG.tag",
    "nature": "gardien",
    "gravity": 2,
    "place": "HALL",
    "lon": 2.45,
    "lat": 48.9,
    "complaint": "non",
    "cost": 12.5,
}


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
        yield tuple(
            TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False) for token in tokens
        )


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


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "~1"},
        {"id": "a b"},
        {"id": "x" * 121},
        {"id": None},
        {"date": "02/03/2026"},
        {"date": "2999-01-01"},
        {"date": "1950-01-01"},
        {"time": "25:00"},
        {"category": "tag"},
        {"category": "DEG.x"},
        {"category": ""},
        {"nature": "voisin"},
        {"gravity": 5},
        {"gravity": "2"},
        {"gravity": True},
        {"place": "CUISINE"},
        {"lon": 200},
        {"lon": None},
        {"lon": 10, "lat": 10},
        {"lon": "2.45"},
        {"residence": "inconnue", "lon": None, "lat": None},
        {"lon": None, "lat": None},
        {"cost": -1},
        {"commune": "1"},
        {"kind": "police"},
        {"nom": "Dupont"},
        {"commentaire": "texte libre"},
        {"category": "AGP"},
        {"organisation": "plaine"},
        {"complaint": "peut-être"},
    ],
)
def test_what_is_no_fact_is_refused_in_words(landlords, wrong):
    answer = landlords[0].post("/api/facts", json={**FACT, "id": "autre", **wrong})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for said in ("Dupont", "texte libre", "CUISINE", "police", "plaine"):
        assert said not in answer.text


def test_an_assault_on_staff_has_no_point(landlords):
    rives, _ = landlords
    answer = rives.post(
        "/api/facts",
        json={"id": "agp", "date": "2026-03-02", "category": "AGP.menace", "lon": 2.45, "lat": 48.9, "commune": "93010"},
    )
    assert answer.status_code == 201, answer.text
    end = time.monotonic() + 15
    while not any(unit["code"] == "93010" for unit in rives.get("/api/units?kind=bailleur&level=commune").json()["units"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert total(rives) == 1


def test_an_index_that_is_extended_says_what_a_rebuilt_one_says(tmp_path, monkeypatch):
    """Facts with and without a point, in residences that the index knows and in new ones; then an undo, which rebuilds."""
    settings = Settings(data=tmp_path / "data")
    storage, catalog = setup.create(settings), load()
    number = accounts.create_organisation(storage, "rives")
    viewer = accounts.viewer_of_organisation(storage, "rives", "essai")
    path = tmp_path / "patrimoine.csv"
    path.write_text(
        "code_residence;nom_residence;longitude;latitude\n"
        + "\n".join(f"R{n};Résidence {n};{2.4 + n / 100};48.9" for n in range(4))
    )
    ingest.run(storage, catalog, ingest.ImportRequest("patrimoine", (path,), "rives"))
    extended: list[int] = []
    real = indexes.extend
    monkeypatch.setattr(indexes, "extend", lambda *asked: extended.append(len(asked[3])) or real(*asked))

    def add(key: str, **fields) -> None:
        entry.enter(storage, viewer, Kind.BAILLEUR, {"key": key, "date": date(2026, 3, 2), "category": "DEG", **fields})

    def said() -> tuple:
        reader = open_reader(storage, catalog, viewer)
        query = parse({"kind": "bailleur", "resolution": "9"})
        counts = reader.cells(query)
        units = [(unit.code, unit.count) for level in ("residence", "commune") for unit in reader.by_unit(query, level)]
        zones = [reader.cells(parse({"kind": "bailleur", "zone": f"residence:R{n}"})).total for n in range(4)]
        return counts.cells.tolist(), counts.counts.tolist(), counts.unplaced, units, zones

    add("1", residence="R0")
    indexing.refresh(storage)
    for key in range(2, 6):
        add(str(key), residence=f"R{key % 3}")
    add("6", commune="93010")
    add("7", category="AGP", residence="R3")
    add("8", lon=2.41, lat=48.91, time="22:15")
    indexing.refresh(storage)
    assert extended == [7]
    first = said()
    assert len(storage.indexes.get(number)) == 8
    assert sum(first[1]) == 6
    assert storage.additions == {number: {}}
    with storage.only_writer():
        indexes.rebuild(storage, number, storage.indexes.get(number).version)
    assert said() == first
    add("9", residence="R0")
    assert storage.additions[number]
    (run,) = [job.run["id"] for job in jobs.listing(storage, viewer) if job.run["layer"] == "incidents"]
    add("10", residence="R0")
    ingest.undo(storage, run)
    assert extended == [7]  # other changes than additions: rebuilt
    assert len(storage.indexes.get(number)) == 0
    storage.close()
