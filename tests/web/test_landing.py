"""« Mes résidences » through the door: one's own counts, a kind of one's choice, and an empty folder."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.operations import accounts, routing, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.web.world import CANARY, World, build


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> World:
    """A world of its own: the page looks back from the last fact, and other tests enter some."""
    return build(tmp_path_factory.mktemp("landing"))


@pytest.fixture(scope="module")
def rives(fresh):
    with TestClient(create_app(fresh.settings), headers={"Authorization": f"Bearer {fresh.rives}"}) as client:
        yield client


def test_the_page_counts_ones_own_residences_and_leads_to_map_and_residence(rives):
    page = rives.get("/mes-residences")
    assert page.status_code == 200
    assert "Résidence R 0" in page.text
    assert CANARY not in page.text
    assert "/lieux#kind=bailleur&amp;from=" in page.text
    assert "/#kind=bailleur" in page.text
    units = rives.get("/api/units", params={"kind": "bailleur"}).json()["units"]
    assert all(unit["name"] in page.text for unit in units[:3])


def test_the_page_says_of_halls_and_silences_what_their_own_pages_say(rives):
    page = rives.get("/mes-residences").text
    halls = rives.get("/api/halls").json()
    assert halls["sentence"] in html.unescape(page) if halls["enough"] else halls["reason"]["sentence"] in html.unescape(page)
    silences = rives.get("/api/silence").json()
    named = [place["name"] for place in silences["places"] if place["silent"]]
    assert all(name in page for name in named[:8])
    assert silences["enough"] is (silences["reason"] is None)
    assert ("Aucun silence" in page) == (silences["enough"] and not named)


def test_another_kind_is_another_page_and_never_a_sum(rives):
    page = rives.get("/mes-residences", params={"kind": "ville"})
    assert page.status_code == 200
    assert '<a href="?kind=ville" aria-current="true">' in page.text
    assert rives.get("/mes-residences", params={"kind": "transport"}).status_code == 400
    assert rives.get("/mes-residences", params={"kind": "bailleur", "zone": "x"}).status_code == 400


def test_nobody_is_led_to_the_form(nobody):
    answer = nobody.get("/mes-residences")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")


@pytest.fixture
def empty(tmp_path):
    settings = Settings(data=tmp_path / "data")
    storage = setup.create(settings)
    accounts.create_organisation(storage, "rives")
    token = accounts.create_token(storage, "essai", "rives")
    storage.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def test_without_a_fact_it_says_what_to_do(empty):
    page = empty.get("/mes-residences")
    assert page.status_code == 200
    assert "Importez le registre" in page.text


def test_partners_who_have_not_answered_are_told(empty):
    storage = empty.app.state.service.storage
    fact = {"id": "a", "date": "2024-05-04", "category": "VEH.epave", "commune": "93010"}
    answer = empty.post("/api/facts", json=fact)
    assert answer.status_code == 201, answer.text
    with storage.read() as connection:
        number = connection.execute(text("SELECT id FROM fact")).scalar_one()
    viewer = accounts.viewer_of_organisation(storage, "rives", "essai")
    asked = routing.ask(storage, viewer, number, next(iter(routing.routing().partners)))
    assert "1\u202fsuite attend</a> une réponse" in empty.get("/mes-residences").text
    routing.close(storage, viewer, asked, next(iter(routing.routing().outcomes)))
    assert "suite attend" not in empty.get("/mes-residences").text
