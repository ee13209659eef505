"""Plans and fields through the door: what they answer, to whom, and what is refused with a sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from geoservice.operations import siting
from tests.web.built import landlords
from tests.web.world import CANARY, PLAINE, RIVES

PLAN = "/api/siting/plan"


def bbox(middle: tuple[float, float], half: float = 0.005) -> str:
    lon, lat = middle
    return f"{lon - half},{lat - half},{lon + half},{lat + half}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestClient]]:
    with landlords(tmp_path_factory.mktemp("siting")) as doors:
        yield doors


def test_a_plan_is_json_with_everything_of_it(built: dict[str, TestClient]) -> None:
    answer = built["rives"].post(PLAN, json={"filter": {"kind": "bailleur", "bbox": bbox(RIVES, 0.006)}, "cameras": 2,
                                             "lens": "12", "purpose": "detect"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["enough"] is True, found["reason"]
    assert found["status"] == "optimal"
    assert 0 < len(found["cameras"]) <= 2
    assert found["value"] == found["bound"] >= found["greedy"] > 0
    assert found["answers"][0]["films"] is True
    assert not any(each["films"] for each in found["answers"][1:])
    assert found["regime"]["papers"]
    assert {each["place"] for each in found["cameras"]} == {"abords_immediats"}
    assert CANARY not in answer.text
    assert "no-store" in answer.headers["cache-control"]


def test_a_field_is_geojson_kept_while_nothing_changes(built: dict[str, TestClient]) -> None:
    address = f"/api/siting/field?lon={RIVES[0]}&lat={RIVES[1] + 0.00012}&azimuth=0"
    answer = built["rives"].get(address)
    assert answer.headers["content-type"].startswith("application/geo+json")
    found = answer.json()
    assert [each["properties"]["class"] for each in found["features"]] == ["identify", "recognise", "observe", "detect"]
    assert found["area_m2"] > 500
    json.dumps(found, allow_nan=False)
    assert built["rives"].get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_whose_a_building_is_is_nobody_elses_business(built: dict[str, TestClient]) -> None:
    """The same spot before a residence of `plaine`: its own surroundings for her, somebody else's for the other."""
    address = f"/api/siting/field?lon={PLAINE[0]}&lat={PLAINE[1] + 0.00012}"
    assert built["plaine"].get(address).json()["place"] == "abords_immediats"
    assert built["rives"].get(address).json()["place"] == "lieu_ouvert"
    wish = {"filter": {"kind": "bailleur", "bbox": bbox(PLAINE)}}
    other = built["rives"].post(PLAN, json=wish)
    assert (other.status_code, other.json()["enough"], other.json()["reason"]["code"]) == (200, False, "sans_faits")
    page = built["rives"].get(f"/decider?kind=bailleur&bbox={bbox(PLAINE)}")
    assert "Aucun fait de cette origine" in page.text
    assert CANARY not in page.text + other.text


def test_what_cannot_be_is_a_sentence(rives: TestClient, nobody: TestClient) -> None:
    assert rives.get("/api/siting/field?lon=2.35&lat=48.86").json()["reason"]["code"] == "sans_batiments"
    for query in ("lon=2.35", "lon=2.35&lat=nord", "lon=nan&lat=48", "lon=2.35&lat=48.86&lens=50",
                  "lon=2.35&lat=48.86&height_m=1", "lon=0&lat=0", "lon=2.35&lat=48.86&operator=police",
                  "lon=2.35&lat=48.86&azimuth=inf", "ailleurs=1"):
        assert rives.get(f"/api/siting/field?{query}").status_code == 400, query
    for body in ({}, {"filter": {"kind": "bailleur", "bbox": "2.0,48.0,2.9,49.0"}}, {"filter": {"mot": "x"}}, {"cameras": 0},
                 {"cameras": "4"}, {"lens": "50"}, {"least": 3.0}, {"spacing_m": 0.001}):
        assert rives.post(PLAN, json=body).status_code == 400, body
    assert rives.post(PLAN, json={"filter": {"kind": "bailleur", "zone": "residence:INCONNUE"}}).status_code == 404
    wish = {"filter": {"kind": "bailleur", "bbox": bbox(RIVES)}}
    assert rives.post(PLAN, json=wish).json()["reason"]["code"] == "sans_batiments"
    assert nobody.post(PLAN, json=wish).status_code == 401
    assert rives.post(PLAN, json=wish, headers={"Origin": "https://ailleurs.example"}).status_code == 403
    assert "Aucun bâtiment n’est connu ici" in rives.get(f"/decider?kind=bailleur&bbox={bbox(PLAINE)}").text
    assert "attend un nombre entier" in rives.get("/decider?cameras=x&kind=bailleur&bbox=2.44,48.89,2.45,48.9").text


def test_a_field_counts_nothing_in_a_residence_of_another_landlord(rives, plaine):
    """Whose facts a field would count is a filter: somebody else's residence is answered as one that does not exist."""
    code = plaine.get("/api/residences", params={"kind": "bailleur"}).json()["residences"][0]["code"]
    asked = [{"lon": "2.25", "lat": "48.8", "kind": "bailleur", "zone": f"residence:{each}"} for each in (code, "PERSONNE")]
    theirs, nobodys = (rives.get("/api/siting/field", params=params) for params in asked)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"]
    assert plaine.get("/api/siting/field", params=asked[0]).status_code != 404  # there are no buildings, and that is said


def test_the_form_keeps_what_was_asked(rives: TestClient) -> None:
    """Every rare choice comes back chosen and its part of the form open; what the map gave is kept; other hours too."""
    bare = rives.get("/decider").text
    assert "<details><summary>Plus de choix" in bare
    asked = rives.get("/decider?weights=hours&place=HALL&hours=21-23&weekdays=6,7&gravity_min=3&sites=points"
                      "&points=2.35,48.86").text
    assert "<details open><summary>Plus de choix" in asked
    for value in ("hours", "HALL", "21-23", "6,7", "3", "points"):
        assert f'<option value="{value}" selected>' in asked, value
    assert '<input type="hidden" name="points" value="2.35,48.86">' in asked


def computed(client: TestClient, name: str) -> dict:
    """A plan that was asked for, once it is over."""
    end = time.monotonic() + 90
    while True:
        said = client.get(f"/api/siting/plans/{name}").json()
        if said["state"] not in ("waiting", "running"):
            return said
        assert time.monotonic() < end, said
        time.sleep(0.05)


def test_a_plan_is_a_job_that_is_asked_once_and_told_to_its_viewer_alone(built: dict[str, TestClient], monkeypatch) -> None:
    asked = {"kind": "bailleur", "bbox": bbox(RIVES, 0.006), "cameras": "2", "lens": "12", "purpose": "detect", "masks": "0"}
    answer = built["rives"].post("/api/siting/plans", json={"asked": asked})
    assert (answer.status_code, answer.headers["cache-control"]) == (202, "private, no-store")
    name = answer.json()["id"]
    assert answer.headers["location"] == f"/api/siting/plans/{name}"
    assert answer.json()["steps"] == ["terrain", "lignes de vue", "choix", "preuve"]
    for method in ("get", "delete"):
        assert getattr(built["plaine"], method)(f"/api/siting/plans/{name}").status_code == 404
    said = computed(built["rives"], name)
    assert (said["state"], said["part"], said["problem"]) == ("done", 1.0, None)
    same = built["rives"].post(PLAN, json={"filter": {"kind": "bailleur", "bbox": asked["bbox"]}, "cameras": 2, "lens": "12",
                                           "purpose": "detect", "masked": False}).json()
    assert said["result"] == same
    assert said["result"]["status"] == "optimal"

    def never(*_: object) -> None:
        raise AssertionError("it is known already")

    monkeypatch.setattr(siting, "_plan", never)
    again = built["rives"].post("/api/siting/plans", json={"asked": asked}).json()
    assert (again["state"], again["result"]) == ("done", same), "the same again is there at once"
    page = built["rives"].get("/decider", params=asked)
    assert "c’est prouvé" in page.text
    assert built["rives"].delete(f"/api/siting/plans/{name}").status_code == 204
    assert computed(built["rives"], name)["state"] == "done", "what is over stays what it is"


def test_a_job_that_cannot_be_says_why(built: dict[str, TestClient]) -> None:
    def asked(**words: str) -> dict:
        return {"asked": {"kind": "bailleur", **words}}

    for body in (asked(cameras="x"), asked(lens="50"), asked(ailleurs="1"), {"asked": {"kind": 3}}, {}):
        assert built["rives"].post("/api/siting/plans", json=body).status_code == 400, body
    wide = built["rives"].post("/api/siting/plans", json=asked(bbox="2.0,48.0,2.9,49.0")).json()
    assert "1,5 km au plus" in computed(built["rives"], wide["id"])["problem"]
    empty = built["rives"].post("/api/siting/plans", json=asked(bbox=bbox(PLAINE))).json()
    assert computed(built["rives"], empty["id"])["result"]["reason"]["code"] == "sans_faits"
    code = built["plaine"].get("/api/residences", params={"kind": "bailleur"}).json()["residences"][0]["code"]
    told = [computed(built["rives"], built["rives"].post("/api/siting/plans", json=asked(zone=f"residence:{each}")).json()["id"])
            for each in (code, "PERSONNE")]
    assert told[0]["problem"] == told[1]["problem"] is not None
    assert built["rives"].delete("/api/siting/plans/x", headers={"Origin": "https://ailleurs.example"}).status_code == 403
