"""Halls through the doors: the census, one hall, states said by hand, silences, sites, and the page that shows them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.core import crs
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings
from geoservice.types import Scope
from geoservice.web.app import create_app

LATER = str(datetime.now(UTC).date() + timedelta(days=20))
STATES = {"vert", "jaune", "orange", "rouge", "inconnu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Settings:
    """Two landlords of six residences with two halls each; the second hall of the first residence has a bad year."""
    folder = tmp_path_factory.mktemp("halls")
    settings = Settings(data=folder / "data")
    storage, catalog = setup.create(settings), load()
    for number, word in enumerate(("rives", "plaine")):
        accounts.create_organisation(storage, word)
        for layer, lines in _files(word, 2.3 + number / 10).items():
            path = folder / f"{word}-{layer}.csv"
            path.write_text("\n".join(lines))
            report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), word, None))
            assert report.accepted == len(lines) - 1, report.as_json()
    storage.close()
    return settings


def _files(word: str, lon: float) -> dict[str, list[str]]:
    homes = [f"{word}-{n}" for n in range(6)]
    days = [date(2024, 1, 1) + timedelta(day) for day in range(0, 725, 5)]
    facts = [(day, "dépôt sauvage", f"H{n % 2}", homes[n % 6]) for n, day in enumerate(days)]
    facts += [(day, "squat de hall", "H1", homes[0]) for day in days[80:] for _ in range(2)]
    return {
        "patrimoine": ["code_residence;nom_residence;nb_logements;longitude;latitude",
                       *(f"{home};Résidence {home};40;{lon + n / 1000};48.9" for n, home in enumerate(homes))],
        "halls": ["code_hall;nom_hall;code_residence;longitude;latitude",
                  *(f"H{k};Hall {k} de {home};{home};{lon + n / 1000};{48.9 + k / 5000}" for n, home in enumerate(homes)
                    for k in (0, 1))],
        "incidents": ["identifiant;date;heure;type;code_hall;code_residence",
                      *(f"{word}{n};{day:%d/%m/%Y};20:15;{kind};{hall};{home}"
                        for n, (day, kind, hall, home) in enumerate(facts))]}


@pytest.fixture(scope="module")
def app(folder):
    app = create_app(folder)
    with TestClient(app):
        yield app


def signed_in(app, settings: Settings, word: str, scope: Scope = Scope.WRITE) -> TestClient:
    storage = setup.open_storage(settings)
    token = accounts.make_token(storage, accounts.organisations(storage)[word], accounts.TokenWish("essai", scope, 30))
    storage.close()
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="module")
def rives(app, folder) -> TestClient:
    return signed_in(app, folder, "rives")


@pytest.fixture(scope="module")
def plaine(app, folder) -> TestClient:
    return signed_in(app, folder, "plaine")


@pytest.fixture(scope="module")
def code(rives) -> str:
    return rives.get("/api/halls").json()["halls"][-1]["code"]


def test_the_census_counts_every_hall(rives):
    found = rives.get("/api/halls").json()
    assert found["kind"] == "bailleur"
    assert sum(found["tally"].values()) == found["total"] == len(found["halls"]) == 12
    assert {hall["state"] for hall in found["halls"]} <= STATES
    assert sum(sum(line.values()) for line in found["transitions"].values()) == found["total"]
    assert found["sentence"] == "1 hall concerné sur 12 connus, 0 inconnu sur 12."
    worst = found["halls"][0]
    assert (worst["name"], worst["state"]) == ("Hall 1 de rives-0", "jaune")
    assert rives.get(f"/api/halls/{worst['code']}").json()["months"][-1]["days"]["trouble"] >= 5
    some = rives.get("/api/halls?state=inconnu").json()["halls"]
    assert len(some) == found["tally"]["inconnu"]


def test_wrong_parameters_say_what_to_write(rives):
    for query in ("state=noir", "back=0", "back=a", "of=hall", "format=xls", "to=hier"):
        assert rives.get(f"/api/halls?{query}").status_code == 400, query
    for query in ("days=3", "days=9999", "of=commune", "kind=police"):
        assert rives.get(f"/api/silence?{query}").status_code == 400, query
    assert rives.get("/api/cumul?days=90").status_code == 400
    assert rives.get("/halls?state=noir").status_code == 400


def test_files_are_for_spreadsheets(rives):
    for address in ("/api/halls", "/api/silence", "/api/cumul"):
        answer = rives.get(f"{address}?format=csv")
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert "attachment" in answer.headers["content-disposition"]


def test_halls_go_to_a_map_with_their_state(rives):
    found = rives.get("/api/halls?format=geojson&state=jaune").json()
    assert [each["properties"]["etat"] for each in found["features"]] == ["jaune"]
    assert found["features"][0]["geometry"]["type"] == "Point"
    assert rives.get("/api/halls?format=gpkg").content.startswith(b"SQLite format 3")


def test_tiles_of_halls_carry_the_state(rives, plaine, code):
    x, y = (int(side[0] * 2**14) for side in crs.world(np.array([2.3005]), np.array([48.9])))
    answer = rives.get(f"/tiles/halls/14/{x}/{y}.mvt")
    assert answer.status_code == 200
    assert b"etat" in answer.content
    assert b"jaune" in answer.content
    said = rives.post(f"/api/halls/{code}/override", json={"state": "rouge", "reason": "presence", "to": LATER})
    after = rives.get(f"/tiles/halls/14/{x}/{y}.mvt")
    assert after.headers["etag"] != answer.headers["etag"]
    assert b"rouge" in after.content
    assert b"rouge" not in answer.content
    assert plaine.get(f"/tiles/halls/14/{x}/{y}.mvt").status_code == 204
    rives.post(f"/api/halls/{code}/override/{said.json()['number']}/revoke")


def test_a_hall_of_nobody_or_of_somebody_else_is_not_found(rives, plaine):
    theirs = [hall["code"] for hall in plaine.get("/api/halls").json()["halls"]]
    mine = {hall["code"] for hall in rives.get("/api/halls").json()["halls"]}
    assert len(theirs) == 12
    assert not mine & set(theirs)
    for code in ["rien", "a/b", theirs[0]]:
        assert rives.get(f"/api/halls/{code}").status_code == 404
        assert rives.post(f"/api/halls/{code}/override", json={"state": "vert", "reason": "presence", "to": LATER}
                          ).status_code == 404
        assert rives.get("/halls", params={"hall": code}).status_code == 404


def test_a_hall_without_facts_to_tell_says_so(rives, code):
    for query in ("kind=ville", "to=1999-01-01"):
        found = rives.get(f"/api/halls/{code}?{query}").json()
        assert not found["enough"]
        assert found["reason"]["sentence"]
        whole = rives.get(f"/api/halls?{query}").json()
        assert (whole["enough"], whole["total"], whole["halls"]) == (False, 12, [])


def test_a_state_is_said_shown_and_taken_back(rives, code):
    before = rives.get("/api/halls")
    said = rives.post(f"/api/halls/{code}/override", json={"state": "orange", "reason": "mediation", "to": LATER})
    assert said.status_code == 201
    number = said.json()["number"]
    after = rives.get("/api/halls")
    assert after.headers["etag"] != before.headers["etag"]
    hall = next(each for each in after.json()["halls"] if each["code"] == code)
    assert hall["state"] == "orange"
    assert hall["said"] == {
        "number": number, "state": "orange", "reason": "mediation", "label": "Dit par un médiateur ou un gardien",
        "from": str(datetime.now(UTC).date()), "to": LATER}
    assert rives.get(f"/api/halls/{code}").json()["said"]["number"] == number
    assert rives.post(f"/api/halls/{code}/override/{number}/revoke").status_code == 204
    assert rives.post(f"/api/halls/{code}/override/{number}/revoke").status_code == 404
    assert next(each for each in rives.get("/api/halls").json()["halls"] if each["code"] == code)["said"] is None


def test_what_no_list_has_is_refused(rives, code):
    for body in ({"state": "noir", "reason": "presence", "to": LATER}, {"state": "vert", "reason": "x", "to": LATER},
                 {"state": "vert", "reason": "presence", "to": "2020-01-01"}, {"state": "vert", "reason": "presence"},
                 {"state": "vert", "reason": "presence", "to": LATER, "note": "M. Dupont"}):
        assert rives.post(f"/api/halls/{code}/override", json=body).status_code == 400, body


def test_the_page_says_counts_in_words_and_states_by_shape_and_word(rives, code):
    page = rives.get("/halls?state=all")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert re.search(r"hall.* (concerné|sur|inconnu|État inconnu)", page.text)
    assert page.text.count('href="#state-') > 5
    one = rives.get("/halls", params={"hall": code})
    assert one.status_code == 200
    assert 'class="strip"' in one.text
    assert "Dire un autre état" in one.text


def test_the_form_of_the_page_works_without_script(rives, code):
    sent = rives.post("/halls/etat", data={"hall": code, "state": "rouge", "reason": "presence", "until": LATER})
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/halls?hall=")
    page = rives.get("/halls", params={"hall": code}).text
    assert "dit par l’équipe" in page
    number = re.search(r"/halls/etat/(\d+)/retirer", page)[1]
    assert rives.post(f"/halls/etat/{number}/retirer", data={"hall": code}).status_code == 303
    assert "dit par l’équipe" not in rives.get("/halls", params={"hall": code}).text
    refused = rives.post("/halls/etat", data={"hall": code, "state": "rouge", "reason": "presence", "until": "hier"})
    assert refused.status_code == 400
    assert "Donnez le dernier jour" in refused.text


def test_who_only_reads_is_shown_no_form(app, folder, code):
    reads = signed_in(app, folder, "rives", Scope.READ)
    assert "Dire un autre état" not in reads.get("/halls", params={"hall": code}).text
    assert reads.post("/halls/etat", data={"hall": code}).status_code == 403
