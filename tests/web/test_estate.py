"""The page of the patrimoine: one's own residences, edited in a form."""

from __future__ import annotations

import re

from tests.web.world import CANARY


def test_a_residence_is_shown_edited_and_its_history_told(rives, plaine):
    found = rives.get("/patrimoine")
    assert found.status_code == 200
    assert CANARY not in found.text
    code = re.search(r'/patrimoine\?residence=([^"]+)"', found.text)[1]
    page = rives.get(f"/patrimoine?residence={code}").text
    layer, key = (re.search(f'name="{name}" value="([^"]+)"', page)[1] for name in ("layer", "key"))
    place = {"residence": code, "layer": layer, "key": key}
    answer = rives.post("/patrimoine", data={**place, "dwellings": "77", "rnb": "ABCD1234EFGH"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patrimoine?residence={code}")
    page = rives.get(f"/patrimoine?residence={code}").text
    assert "→ 77" in page
    assert 'value="ABCD1234EFGH"' in page
    wrong = rives.post("/patrimoine", data={**place, "dwellings": "beaucoup"})
    assert wrong.status_code == 400
    assert "nombre entier" in wrong.text
    assert plaine.post("/patrimoine", data={**place, "dwellings": "1"}).status_code in (303, 404)
    assert "→ 77" in rives.get(f"/patrimoine?residence={code}").text
    assert rives.get("/patrimoine?residence=nulle-part").status_code == 404
    number = re.search(r"/patrimoine/([0-9]+)/annuler", page)[1]
    assert rives.post(f"/patrimoine/{number}/annuler").status_code == 303
    assert plaine.post(f"/patrimoine/{number}/annuler").status_code == 404
