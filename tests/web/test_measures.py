"""Measures of one's own register through the door: what they say, to whom, and as files."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from tests.web.world import CANARY, RIVES_AGP, RIVES_FACTS

ROUTES = ("complaints", "capture", "rates", "completeness", "yearly")


@pytest.mark.parametrize("route", ROUTES)
def test_each_answers_for_ones_own_and_says_nothing_of_the_other(rives: TestClient, nobody: TestClient, route: str) -> None:
    answer = rives.get(f"/api/{route}")
    assert answer.status_code == 200, answer.text
    assert CANARY not in answer.text
    assert nobody.get(f"/api/{route}").status_code == 401
    assert rives.get(f"/api/{route}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("route", ROUTES)
def test_no_data_is_an_answer(rives: TestClient, route: str) -> None:
    for query in ("from=2090-01-01", "to=1980-01-01", "kind=transport", "category=ANI"):
        assert rives.get(f"/api/{route}?{query}").status_code == 200


def test_the_yearly_table_holds_every_fact_and_those_against_staff(rives: TestClient) -> None:
    found = rives.get("/api/yearly").json()
    totals = [line for line in found["lines"] if line["total"]]
    assert sum(sum(line["facts"]) for line in totals) == RIVES_FACTS + RIVES_AGP
    assert sum(next(line for line in totals if line["family"].startswith("Atteintes au personnel"))["facts"]) == RIVES_AGP
    assert len(found["years"]) == len(found["observed_days"]) >= 1


def test_a_residence_of_somebody_else_does_not_exist(rives: TestClient, plaine: TestClient) -> None:
    code = plaine.get("/api/residences?kind=bailleur").json()["residences"][0]["code"]
    assert plaine.get("/api/yearly", params={"residence": code}).status_code == 200
    assert rives.get("/api/yearly", params={"residence": code}).status_code == 404


def test_the_yearly_table_as_a_workbook_and_as_csv(rives: TestClient) -> None:
    sheet = load_workbook(io.BytesIO(rives.get("/api/yearly?format=xlsx").content)).active
    rows = list(sheet.iter_rows(values_only=True))
    text = rives.get("/api/yearly?format=csv").content.decode("utf-8-sig").splitlines()
    assert rows[0][:3] == ("famille", "ligne", "annee")
    assert len(rows) == len(text) > 40
    assert all(isinstance(row[4], int) for row in rows[1:])


def test_what_nobody_said_of_complaints_is_no_ratio(rives: TestClient) -> None:
    found = rives.get("/api/complaints").json()
    assert found["enough"] is False
    assert "on ne sait" in found["sentence"]
    assert found["alert"]["residences"] == []
    assert found["alert"]["reason"]["code"] == "peu_d_unites"


def test_parameters_that_do_not_exist_are_refused(rives: TestClient) -> None:
    assert rives.get("/api/rates?zone=commune:75056").status_code == 400
    assert rives.get("/api/yearly?format=gpkg").status_code == 400
    assert rives.get("/api/complaints?compare=hier").status_code == 400


def test_the_page_says_the_same(rives: TestClient, nobody: TestClient) -> None:
    page = rives.get("/mesures")
    assert page.status_code == 200
    assert CANARY not in page.text
    for title in ("Écart entre plaintes et faits", "Combien n’est jamais signalé", "Faits pour 100 logements", "Complétude",
                  "Bilan annuel"):
        assert title in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert rives.get("/mesures?from=2090-01-01").status_code == 200
    assert nobody.get("/mesures").status_code == 303
