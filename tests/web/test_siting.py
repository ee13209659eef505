"""Plans and fields through the door: what they answer, to whom, and what is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import shapely
from starlette.testclient import TestClient

from geoservice.operations import setup
from geoservice.web import heavy
from geoservice.web.app import create_app
from tests.operations import hotworld
from tests.web import world as worlds
from tests.web.world import CANARY, PLAINE, RIVES

PLAN = "/api/siting/plan"


def bbox(middle: tuple[float, float], half: float = 0.005) -> str:
    lon, lat = middle
    return f"{lon - half},{lat - half},{lon + half},{lat + half}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestClient]]:
    """The two landlords, with a building of 12 m on every residence of both."""
    made = worlds.build(tmp_path_factory.mktemp("siting"))
    storage = setup.open_storage(made.settings)
    hotworld.put(storage, "batiments", {f"B{middle}{n}": (
        "", "", shapely.Point(middle[0] + n / 1000, middle[1]).buffer(0.0001, quad_segs=1), {"height": 12.0})
        for middle in (RIVES, PLAINE) for n in range(3)})
    storage.close()
    with TestClient(create_app(made.settings)) as door:
        yield {name: TestClient(door.app, headers={"Authorization": f"Bearer {token}"})
               for name, token in (("rives", made.rives), ("plaine", made.plaine))}
    heavy.stop()


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
