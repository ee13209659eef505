"""Meetings through the door: forms that need no script, a snapshot, its paper and file, a decision followed at the next one."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest
import shapely

from geoservice.core.crs import geometries_to_metres
from geoservice.core.snapshotfile import unpack
from geoservice.operations import snapshots
from tests.web.world import CANARY


@pytest.fixture(scope="module")
def meeting(rives) -> str:
    answer = rives.post("/reunions", data={"kind": "clspd", "day": "2024-12-31"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture(scope="module")
def snapshot(rives, meeting) -> str:
    answer = rives.post(f"{meeting}/instantanes")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_page_lists_meetings_and_what_is_due(rives, meeting) -> None:
    page = rives.get("/reunions").text
    assert f'href="{meeting}"' in page
    assert "CLSPD du 31 déc. 2024" in page
    assert 'aria-current="page"' in page
    assert re.findall("<script[^>]*>", page) == ['<script type="module" src="/static/js/perimetre.js">']


def test_a_snapshot_is_shown_verified_and_taken_away(rives, snapshot) -> None:
    page = rives.get(f"{snapshot}?verifier=1").text
    many = int(re.search(r"Vérifié&#8239;: (\d+) chiffres recalculés à l’identique", page)[1])
    assert many > 20
    paper = rives.get(f"{snapshot}/document.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert re.search(r'filename="clspd-2024-12-31-interne-[0-9a-f]{12}\.pdf"', paper.headers["content-disposition"])
    assert paper.content.startswith(b"%PDF")
    file = unpack(rives.get(f"{snapshot}/fichier").content)
    assert len(snapshots.verify(file).right) == many
    assert file.digest in page


def test_a_decision_is_followed_at_the_next_meeting(rives, meeting) -> None:
    given = {"lever": "eclairage", "place": "residence:R-0", "in_charge": "bailleur", "due": "2025-02-01"}
    assert rives.post(f"{meeting}/decisions", data=given).status_code == 303
    page = rives.get("/reunions").text
    assert "Éclairage" in page
    assert "(passée)" in page
    later = rives.post("/reunions", data={"kind": "clspd", "day": "2025-03-01"}).headers["location"]
    number = re.search(r'name="decision" value="(\d+)"', rives.get(later).text)[1]
    assert rives.post(f"{later}/suites", data={"decision": number, "status": "fait"}).status_code == 303
    assert "Aucune décision n’attend" in rives.get("/reunions").text


@pytest.mark.parametrize(("path", "data", "said"), [
    ("", {"kind": "clspd", "day": "hier"}, "date comme"), ("", {"kind": "gltd", "day": "2024-12-01"}, "périmètre"),
    ("/decisions", {"lever": "x"}, "dans les listes"), ("/suites", {"decision": "1", "status": "x"}, "Une décision est"),
    ("/clore", {}, "instantané")])
def test_a_refusal_is_a_sentence_on_the_page(rives, path, data, said) -> None:
    fresh = rives.post("/reunions", data={"kind": "interne", "day": "2024-11-01"}).headers["location"]
    answer = rives.post(f"{fresh}{path}" if path else "/reunions", data=data)
    assert answer.status_code in (400, 409)
    assert 'role="alert"' in answer.text
    assert said in answer.text


def test_a_meeting_comes_to_its_end(rives) -> None:
    fresh = rives.post("/reunions", data={"kind": "gltd", "day": "2024-12-01", "zone": "qpv2024:QN07501M", "since": "2024-01-01",
                                          "until": "2024-11-30"}).headers["location"]
    frozen = rives.post(f"{fresh}/instantanes").headers["location"]
    assert "Bilan du GLTD" in rives.get(frozen).text
    assert rives.post(f"{fresh}/clore").status_code == 303
    assert "Réunion close" in rives.get(fresh).text
    assert rives.post(f"{fresh}/instantanes").status_code == 409


def test_another_landlord_has_none_of_it(plaine, meeting, snapshot) -> None:
    for address in (meeting, snapshot, f"{snapshot}/document.pdf", f"{snapshot}/fichier"):
        assert plaine.get(address).status_code == 404
    assert "CLSPD du 31 déc." not in plaine.get("/reunions").text


def test_nothing_of_another_landlord_is_on_the_paper(rives, snapshot) -> None:
    assert CANARY not in rives.get(snapshot).text
    assert CANARY.encode() not in rives.get(f"{snapshot}/document.pdf").content
    assert CANARY not in str(unpack(rives.get(f"{snapshot}/fichier").content).header)


def test_frozen_facts_can_be_erased(rives, meeting) -> None:
    frozen = rives.post(f"{meeting}/instantanes").headers["location"]
    assert rives.post(f"{frozen}/alleger").status_code == 303
    page = rives.get(frozen).text
    assert "restent prouvés par l’empreinte" in page
    assert rives.get(f"{frozen}/document.pdf").content.startswith(b"%PDF")


def test_a_perimeter_begins_with_the_outline_of_a_place(rives) -> None:
    begun = rives.get("/reunions", params={"take": "residence:R-0", "radius": "80"})
    assert begun.status_code == 200
    shape = shapely.from_geojson(html.unescape(re.search(r'<textarea id="perimeter"[^>]*>([^<]+)<', begun.text)[1]))
    metres = geometries_to_metres(np.array([shape]), 2154)[0]
    assert metres.area == pytest.approx(np.pi * 80**2, rel=0.1)
    given = {"kind": "gltd", "day": "2024-12-31", "since": "2024-01-01", "until": "2024-12-31"}
    made = rives.post("/reunions", data={**given, "perimeter": shapely.to_geojson(shape)})
    assert made.status_code == 303, made.text
    for params, words in (({"take": "residence:R-0"}, "donnez un nombre de mètres"),
                          ({"take": "residence:R-0", "radius": "x"}, "de 0 à 1000"),
                          ({"take": "residence:AUTRUI", "radius": "80"}, "pas dans votre patrimoine"),
                          ({"take": "qpv2024:QN99999X"}, "pas dans les couches importées")):
        told = rives.get("/reunions", params=params)
        assert (told.status_code, words in told.text) == (200, True), words


def test_an_outline_of_many_corners_fits_a_form(rives) -> None:
    ring = [[2.4 + 0.01 * np.cos(t), 48.9 + 0.01 * np.sin(t)] for t in np.linspace(0, 2 * np.pi, 130)]
    text = json.dumps({"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in [*ring, ring[0]]]]})
    given = {"kind": "gltd", "day": "2024-12-31", "since": "2024-01-01", "until": "2024-12-31", "perimeter": text}
    assert rives.post("/reunions", data=given).status_code == 303
