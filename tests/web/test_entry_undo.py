"""An entry taken back counts nowhere, stays in its place, and is not entered again by a phone that sends it once more."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.operations import accounts, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.web.test_entry import FACT, until


@pytest.fixture
def landlords(tmp_path) -> Iterator[tuple]:
    settings = Settings(data=tmp_path / "data")
    storage = setup.create(settings)
    tokens = []
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
        tokens.append(accounts.create_token(storage, "essai", code))
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield app.state.service, *(TestClient(app, headers={"Authorization": f"Bearer {token}"}) for token in tokens)


def test_an_entry_is_taken_back_by_whoever_made_it(landlords):
    service, rives, plaine = landlords
    for key in ("a", "b"):
        assert rives.post("/api/facts", json={**FACT, "id": key}).status_code == 201
    until(rives, 2)
    assert plaine.post("/api/facts/a/annuler").status_code == 404  # another organisation has no such entry
    answer = rives.post("/api/facts/a/annuler")
    assert (answer.status_code, answer.json()) == (200, {"id": "a", "undone": True})
    until(rives, 1)
    assert rives.post("/api/facts/a/annuler").status_code == 200  # the answer was lost, and it is asked again
    again = rives.post("/api/facts", json={**FACT, "id": "a"})  # a phone that sends late
    assert (again.status_code, again.json()["created"]) == (200, False)
    rives.post("/api/facts", json={**FACT, "id": "c"})
    until(rives, 2)
    with service.opened().read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fact")).scalar() == 3  # nothing is lost
        noted = connection.execute(text("SELECT action FROM audit WHERE action LIKE 'saisie%' ORDER BY seq")).scalars().all()
    assert noted == ["saisie", "saisie", "saisie.annulee", "saisie"]


def test_only_an_entry_of_today_is_taken_back(landlords):
    service, rives, _ = landlords
    rives.post("/api/facts", json={**FACT, "id": "hier"})
    with service.opened().write() as connection:
        connection.execute(text("UPDATE import_run SET signature = 'saisie:2020-01-01'"))
    for key in ("hier", "inconnu", "x" * 300):
        assert rives.post(f"/api/facts/{key}/annuler").status_code == 404
    until(rives, 1)


def test_the_day_is_undone_with_what_was_taken_back(landlords):
    service, rives, _ = landlords
    for key in ("a", "b"):
        rives.post("/api/facts", json={**FACT, "id": key})
    until(rives, 2)
    rives.post("/api/facts/a/annuler")
    until(rives, 1)
    (run,) = rives.get("/api/imports").json()["imports"]
    assert rives.post(f"/api/imports/{run['id']}/undo").status_code == 202
    until(rives, 0)
    with service.opened().read() as connection:
        assert [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("fact", "fact_merger")] == [0, 0]
    assert rives.post("/api/facts", json={**FACT, "id": "a"}).status_code == 201


def test_the_lists_of_the_form_are_the_organisations_own(landlords):
    _, rives, _ = landlords
    found = rives.get("/api/saisie").json()
    assert (found["organisation"], found["kind"]) == ("rives", "bailleur")
    assert rives.post("/api/facts", json={**FACT, "kind": "ville"}).status_code == 201  # a town's own register
    end = time.monotonic() + 15
    while rives.get("/api/saisie").json()["kind"] != "ville":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert {"code": "tag", "label": "Tag"} in next(one for one in found["categories"] if one["code"] == "DEG")["subcategories"]
    assert (found["residences"], found["halls"]) == ([], [])
