"""Kept plans through the door: kept by an address, one's own alone, withdrawn; what cameras see together as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.web.built import landlords
from tests.web.test_siting import bbox
from tests.web.world import CANARY, RIVES

TOGETHER = "/api/siting/together"
LON, LAT = RIVES
SPOTS = f"{LON:.7f},{LAT + 0.00012:.7f},0.0,facade;{LON + 0.001:.7f},{LAT - 0.00012:.7f},180.0,placed"
GIVEN = {"kind": "bailleur", "bbox": bbox(RIVES, 0.006), "lens": "12", "purpose": "detect", "spots": SPOTS}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestClient]]:
    with landlords(tmp_path_factory.mktemp("kept"), follow_redirects=False) as doors:
        yield doors


def keep(door: TestClient, **more: str) -> str:
    answer = door.post("/decider/plans", data={"address": urlencode({**GIVEN, **more})})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_set_is_json_kept_while_nothing_changes(built: dict[str, TestClient]) -> None:
    answer = built["rives"].get(TOGETHER, params=GIVEN)
    found = answer.json()
    assert found["enough"] is True, found
    assert max(found["cameras"]) <= found["covered"] <= sum(found["cameras"])
    assert found["covered"] <= found["usable"] <= found["facts"]
    assert found["sentence"].startswith("2\u202fcaméras verraient les lieux de ")
    again = built["rives"].get(TOGETHER, params=GIVEN, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert built["plaine"].get(TOGETHER, params=GIVEN).json()["reason"]["code"] == "sans_faits", "these are not her facts"
    for wrong in ({"spots": "x"}, {"spots": "2.35,48.86,0"}, {"lens": "50"}, {"bbox": ""}):
        assert built["rives"].get(TOGETHER, params={**GIVEN, **wrong}).status_code == 400, wrong


def test_an_address_with_cameras_is_a_page_that_says_so(built: dict[str, TestClient]) -> None:
    page = built["rives"].get("/decider", params=GIVEN).text
    assert "posées à la main" in page
    assert page.count('class="camera"') == 2
    assert "Garder ce plan" in page
    bare = built["rives"].get("/decider", params={**GIVEN, "spots": "none"}).text
    assert "Aucune caméra n’est posée" in bare
    assert 'id="keep" hidden' in bare


def test_a_plan_is_kept_found_and_withdrawn(built: dict[str, TestClient]) -> None:
    rives, plaine = built["rives"], built["plaine"]
    address = keep(rives)
    assert re.fullmatch(r"/decider/plans/\d+", address)
    page = rives.get(address).text
    assert "Les données n’ont pas changé depuis" in page
    assert page.count('class="camera"') == 2
    assert f'href="{address}"' in rives.get("/decider").text
    assert (plaine.get(address).status_code, plaine.post(f"{address}/retirer").status_code) == (404, 404)
    assert f'href="{address}"' not in plaine.get("/decider").text
    assert CANARY not in page
    drawing = f"/decider/plan.svg?plan={address.rpartition('/')[2]}"
    assert drawing.replace("&", "&amp;") in page
    assert rives.get(drawing).headers["content-type"].startswith("image/svg+xml")
    assert plaine.get(drawing).status_code == 404
    assert rives.post(f"{address}/retirer").headers["location"] == "/decider#plans"
    assert f'href="{address}"' not in rives.get("/decider").text
    assert "Ce plan est retiré" in rives.get(address).text
    assert rives.post(f"{address}/retirer").status_code == 409


@pytest.mark.parametrize("text", ["", "x=1", "kind=bailleur&kind=ville", "plan=1", "spots=none", "spots=x",
                                  "zone=residence:INCONNUE&kind=bailleur&spots=2.4,48.9,0", "%ff=1", "&".join(["a=1"] * 99)])
def test_what_is_no_plan_is_refused_in_words(built: dict[str, TestClient], text: str) -> None:
    answer = built["rives"].post("/decider/plans", data={"address": text})
    assert answer.status_code in (400, 404), answer.text
    assert 'role="alert"' in answer.text


def test_plans_stand_side_by_side_with_what_differs_in_words(built: dict[str, TestClient]) -> None:
    rives, plaine = built["rives"], built["plaine"]
    first, second = (keep(rives, **more).rpartition("/")[2] for more in ({}, {"lens": "6", "purpose": "observe"}))
    page = rives.get("/decider/comparer", params={"plans": f"{first},{second}"}).text
    assert page.count('class="siteplan"') == 2
    assert page.count('role="img"') >= 2
    assert 'tabindex="0" role="button"' not in page, "nothing can be moved here"
    asked = page.partition("Ce qui change dans la question")[2]
    assert "Objectif" in asked
    assert "12 mm, étroit" in asked
    assert "Période" not in asked, "what is the same is not told"
    assert page.count("qui peuvent guider un plan") == page.count("en tout") == 2
    same = rives.get("/decider/comparer", params={"plans": first, "address": urlencode(GIVEN)}).text
    assert "Ces plans répondent à la même question" in same
    other = rives.get("/decider/comparer", params={"plans": first, "address": urlencode({**GIVEN, "operator": "commune"})}).text
    assert "leurs nombres ne se comparent pas directement" in other
    unlike = {"plans": first, "address": urlencode({**GIVEN, "night_m": 30, "budget": 40_000})}
    night = rives.get("/decider/comparer", params=unlike).text.partition("Ce qui change dans la question")[2]
    assert all(words in night for words in ("Moment", "De nuit, à 30 m au plus", "Budget", "40\u202f000\u202f€"))
    assert "Choisissez deux ou trois plans" in rives.get("/decider/comparer").text
    assert plaine.get("/decider/comparer", params={"plans": f"{first},{second}"}).status_code == 404
    for wrong in ({"plans": "x"}, {"plans": "1,2,3,4"}, {"address": "x=1", "plans": first}):
        assert rives.get("/decider/comparer", params=wrong).status_code == 400, wrong
