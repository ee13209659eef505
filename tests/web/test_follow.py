"""Pages of single facts: chronology, suites, doublons; each landlord's own."""

from __future__ import annotations

import csv
import io
import re

from tests.web.world import CANARY


def codes(client) -> list[str]:
    return [row["code"] for row in client.get("/api/residences?kind=bailleur").json()["residences"] if row["count"]]


def test_the_chronology_as_a_page_and_as_a_table(rives, plaine):
    code = codes(rives)[0]
    page = rives.get("/chronologie", params={"residence": code})
    assert page.status_code == 200
    rows = list(csv.DictReader(io.StringIO(rives.get("/api/chronologie.csv", params={"residence": code}).text.lstrip("\ufeff")),
                               delimiter=";"))
    assert len(rows) > 5
    assert page.text.count("<code>F") == len(rows)
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert {row["rattachement"] for row in rows} <= {"certain", "probable"}
    assert all(re.fullmatch("F[0-9a-f]{12}", row["fait"]) for row in rows)
    for address in ("/chronologie", "/api/chronologie.csv"):
        assert plaine.get(address, params={"residence": code}).status_code in (200, 404)  # another landlord may use the same code
        assert CANARY not in rives.get(address, params={"residence": code}).text
        assert rives.get(address, params={"residence": "nulle-part"}).status_code == 404
        for wrong in ({}, {"residence": code, "from": "hier"}, {"residence": code, "x": "1"}):
            assert rives.get(address, params=wrong).status_code == 400


def test_a_partner_is_asked_and_it_ends(rives):
    page = rives.get("/chronologie", params={"residence": codes(rives)[0]}).text
    number = re.search(r"/suites\?fait=([0-9]+)", page)[1]
    form = rives.get("/suites", params={"fait": number}).text
    assert "(concerné)" in form
    assert rives.post("/suites", data={"fact": number, "partner": "police"}).status_code == 303
    again = rives.post("/suites", data={"fact": number, "partner": "police"})
    assert again.status_code == 409
    assert "déjà saisi" in again.text
    code = codes(rives)[0]
    (row,) = rives.get("/api/suites", params={"residence": code}).json()["open"]
    assert (row["partner"], row["days"], row["ageing"]) == ("Police nationale ou gendarmerie", 0, "moins de 8 jours")
    assert rives.get("/api/suites", params={"residence": "ailleurs"}).json() == {"open": []}
    followed = re.search(r"/suites/([0-9]+)/clore", rives.get("/suites").text)[1]
    assert rives.post(f"/suites/{followed}/clore", data={"outcome": "autre"}).status_code == 400
    assert rives.post(f"/suites/{followed}/clore", data={"outcome": "fait"}).status_code == 303
    assert "Aucune." in rives.get("/suites").text
    assert "Fait le " in rives.get("/chronologie", params={"residence": codes(rives)[0]}).text
