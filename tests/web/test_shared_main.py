"""Shared releases beside the map: who may open one by role and agreement, and the desk of links, keys and requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from geoservice.operations import accounts, agreements, audit, people, setup, signin
from geoservice.operations.agreements import Terms
from geoservice.operations.people import Place
from geoservice.settings import Settings
from geoservice.types import Category, Role
from geoservice.web.app import create_app
from tests.web import shared_world
from tests.web.shared_world import COMMUNE, OTHER, QPV, TOWN

PASSWORD = "une phrase assez longue"
API = f"/api/shared/{TOWN}"
PEOPLE = {"admin": ("rives", Role.ORG_ADMIN, None), "dsu": ("rives", Role.DSU_MEMBER, None),
          "analyste": ("rives", Role.ANALYST, None), "ouvre": ("ville", Role.ORG_ADMIN, None),
          "ailleurs": ("plaine", Role.ORG_ADMIN, None), "police": ("ville", Role.POLICE_LIAISON, QPV),
          "loin": ("ville", Role.POLICE_LIAISON, "qpv2024:QN99999"), "plateforme": ("plaine", Role.PLATFORM_ADMIN, None)}
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    settings = Settings(data=tmp_path_factory.mktemp("data") / "data")
    storage = setup.create(settings)
    codes = {code: accounts.create_organisation(storage, code) for code in ("rives", "ville", "plaine")}
    numbers = accounts.organisations(storage)
    assert set(codes) == set(numbers)
    for name, (code, role, territory) in PEOPLE.items():
        people.join(storage, f"{name}@essai.fr", Place(numbers[code], role, territory), PASSWORD)
    storage.close()
    folder = shared_world.build(settings.shared_folder)
    (folder / f"{OTHER}.release").unlink()
    app = create_app(settings)
    with TestClient(app):
        agree(app, "rives", TODAY - timedelta(days=10), TODAY + timedelta(days=10))
        yield app


def agree(app: FastAPI, giver: str, since: Any, until: Any) -> int:
    storage = app.state.service.storage
    admin = signin.find(storage, browser(app, "admin").cookies["geoservice"])
    assert admin is not None
    assert giver == "rives"
    return agreements.agree(storage, admin.viewer, Terms(COMMUNE, (Category.SAL,), since, until, "ville"))


@pytest.fixture(scope="module")
def signed(running: FastAPI) -> dict[str, TestClient]:
    return {name: browser(running, name) for name in PEOPLE}


def browser(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    assert client.post("/connexion", data={"email": f"{name}@essai.fr", "password": PASSWORD}).status_code == 303
    return client


# --- who opens


@pytest.mark.parametrize(("name", "opens"), [("admin", True), ("dsu", True), ("analyste", True), ("ouvre", True),
                                             ("police", True), ("ailleurs", False), ("loin", False)])
def test_an_agreement_or_a_territory_opens_a_release(signed: dict[str, TestClient], name: str, opens: bool) -> None:
    listed = [one["territory"] for one in signed[name].get("/api/shared").json()["releases"]]
    assert listed == ([TOWN] if opens else [])
    assert signed[name].get(f"{API}/values?level=r8").status_code == (200 if opens else 404)
    assert signed[name].get("/partage").status_code == 200


def test_a_closed_release_and_an_unknown_one_look_the_same(signed: dict[str, TestClient]) -> None:
    told = [signed["ailleurs"].get(f"/api/shared/{name}/values") for name in (TOWN, "inconnue")]
    assert [one.status_code for one in told] == [404, 404]
    assert told[0].content == told[1].content


def test_the_platform_reads_no_release(signed: dict[str, TestClient]) -> None:
    assert signed["plateforme"].get("/api/shared").status_code == 403
    assert signed["plateforme"].get("/partage").status_code == 403


def test_a_liaison_begins_on_their_quarter_and_everybody_reads_the_same_numbers(signed: dict[str, TestClient]) -> None:
    assert signed["police"].get("/").headers["location"] == "/partage"
    assert signed["police"].get("/api/shared").json()["releases"][0]["zone"] == QPV
    for question in ("/values?level=r8", "/hotspots?level=r8", "/export.csv?level=qpv", "/places/qpv"):
        answers = [signed[name].get(API + question) for name in ("police", "admin", "ouvre")]
        assert len({one.content for one in answers}) == 1
        assert len({one.headers["etag"] for one in answers}) == 1


def test_an_agreement_that_is_over_or_taken_back_opens_nothing(running: FastAPI, signed: dict[str, TestClient]) -> None:
    storage = running.state.service.storage
    admin = signin.find(storage, signed["admin"].cookies["geoservice"])
    assert admin is not None
    rows = agreements.listing(storage, admin.viewer)
    agree(running, "rives", TODAY - timedelta(days=20), TODAY - timedelta(days=1))  # over
    agree(running, "rives", TODAY + timedelta(days=1), TODAY + timedelta(days=20))  # not begun
    agreements.withdraw(storage, admin.viewer, rows[0].id)
    assert signed["ouvre"].get("/api/shared").json()["releases"] == []
    assert signed["police"].get(API).status_code == 200  # a liaison has a territory instead
    agree(running, "rives", TODAY, TODAY + timedelta(days=20))
    assert signed["ouvre"].get(API).status_code == 200


# --- the desk


def test_the_desk_makes_a_link_that_opens_and_is_taken_back(running: FastAPI, signed: dict[str, TestClient]) -> None:
    given = {"layer": f"{TOWN}/bailleur/qpv", "zone": QPV, "days": "30"}
    page = signed["dsu"].post("/partages/liens", data=given)
    address = re.search(r'<code id="told">http://testserver(/p/[\w-]{43})</code>', page.text)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert address is not None
    nobody = TestClient(running, raise_server_exceptions=False)
    assert nobody.get(f"{address[1]}?format=json").json()["zone"] == QPV
    again = signed["dsu"].get("/partages").text
    assert address[1] not in again
    assert '<td class="number">1</td>' in again  # opened once
    number = re.search(r"/partages/liens/(\d+)/revoquer", again)
    assert number is not None
    assert signed["ouvre"].post(f"/partages/liens/{number[1]}/revoquer").status_code == 404  # another organisation's
    assert signed["admin"].post(f"/partages/liens/{number[1]}/revoquer").status_code == 303
    assert nobody.get(address[1]).status_code == 404


@pytest.mark.parametrize("wrong", [{"days": "3650"}, {"layer": "x"}, {"layer": f"{OTHER}/bailleur/qpv"},
                                   {"zone": "commune:1"}])
def test_a_link_that_cannot_be_is_refused_on_the_page(signed: dict[str, TestClient], wrong: dict[str, str]) -> None:
    given = {"layer": f"{TOWN}/bailleur/qpv", "zone": QPV, "days": "30", **wrong}
    page = signed["dsu"].post("/partages/liens", data=given)
    assert page.status_code in (400, 404)
    assert 'role="alert"' in page.text


def test_roles_at_the_desk(signed: dict[str, TestClient]) -> None:
    for name in ("analyste", "police", "plateforme"):
        assert signed[name].get("/partages").status_code == 403
    assert 'action="/partages/cles"' not in signed["dsu"].get("/partages").text
    key = {"territory": TOWN, "label": "Brigade", "days": "90", "zone": QPV, "liaison": "1"}
    assert signed["dsu"].post("/partages/cles", data=key).status_code == 403


def test_a_key_made_here_opens_the_shared_surface(running: FastAPI, signed: dict[str, TestClient]) -> None:
    key = {"territory": TOWN, "label": "Brigade", "days": "90", "zone": QPV, "liaison": "1"}
    page = signed["admin"].post("/partages/cles", data=key)
    secret = re.search(r'<code id="told">(gsk_[\w-]{43})</code>', page.text)
    assert secret is not None
    folder: Path = running.state.service.settings.shared_folder
    guest = shared_world.client(folder, secret[1])
    assert guest.get(f"{API}/values").content == signed["admin"].get(f"{API}/values").content
    assert TestClient(running).get("/api/shared", headers={"Authorization": f"Bearer {secret[1]}"}).status_code == 401
    number = re.search(r"/partages/cles/(\d+)/revoquer", signed["admin"].get("/partages").text)
    assert number is not None
    assert signed["ouvre"].post(f"/partages/cles/{number[1]}/revoquer").status_code == 404
    assert signed["admin"].post(f"/partages/cles/{number[1]}/revoquer").status_code == 303
    assert guest.get(API).status_code == 401


def test_a_patrol_is_asked_here_and_answered_by_the_liaison(running: FastAPI, signed: dict[str, TestClient]) -> None:
    given = {"where": f"{TOWN}|qpv|{QPV}", "group": "group:proprete", "reason": "repetition",
             "wished": (TODAY + timedelta(days=2)).isoformat()}
    assert signed["dsu"].post("/partages/demandes", data=given).status_code == 303
    assert signed["dsu"].post("/partages/demandes", data={**given, "reason": "libre"}).status_code == 400
    told = signed["police"].get(f"{API}/requests").json()["requests"]
    assert [one["organisation"] for one in told] == ["rives"]
    assert signed["ouvre"].get(f"{API}/requests").json()["requests"] == []  # another organisation's
    number = told[0]["number"]
    assert signed["dsu"].post(f"{API}/requests/{number}", json={"answer": "fait"}).status_code == 403
    assert signed["loin"].post(f"{API}/requests/{number}", json={"answer": "fait"}).status_code == 404
    assert signed["police"].post(f"{API}/requests/{number}", json={"answer": "fait"}).status_code == 204
    assert "<td>Fait</td>" in re.sub(r">\s+", ">", re.sub(r"\s+<", "<", signed["dsu"].get("/partages").text))


def test_the_liaison_writes_nothing_else(signed: dict[str, TestClient]) -> None:
    for address in ("/partages/liens", "/partages/cles", "/partages/demandes", "/accords", "/membres", "/api/facts",
                    "/api/uploads", "/compte/jetons"):
        assert signed["police"].post(address, data={}).status_code == 403, address


def test_what_is_shared_is_in_the_audit_without_its_secret(running: FastAPI, signed: dict[str, TestClient]) -> None:
    page = signed["dsu"].post("/partages/liens", data={"layer": f"{TOWN}/bailleur/qpv", "zone": QPV, "days": "7"})
    secret = re.search(r"/p/([\w-]{43})", page.text)
    assert secret is not None
    running.state.service.aside._pool.submit(lambda: None).result()  # what was left to write is written
    storage = running.state.service.storage
    rows = audit.listing(storage, accounts.organisations(storage)["rives"], most=1_000)
    assert {"lien.cree", "lien.revoque", "cle.creee", "cle.revoquee", "patrouille.demandee"} <= {row.action for row in rows}
    assert secret[1] not in str(rows)
