"""Levers through the door: plain forms from the gate to the lock, one word afterwards, another landlord sees none of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from geoservice.core.impact.robust import Effect
from geoservice.export.eventchart import Study, svg
from geoservice.operations import leverfigures, leverresult
from geoservice.web.routes.levers import result_json

WISH = {"code": "eclairage", "in_charge": "ville", "treated": "R-0", "controls": "R-1", "kind": "bailleur", "cost": "12000",
        "reduction": "40", "months_before": "12", "months_after": "6", "c-DEG": "1"}


def soon(days: int = 9) -> str:
    return str(datetime.now(UTC).date() + timedelta(days))


@pytest.fixture
def lever(rives):
    answer = rives.post("/leviers", data={**WISH, "since": soon()})
    assert answer.status_code == 303, answer.text
    yield answer.headers["location"]
    rives.post(f"{answer.headers['location']}/retirer")


def test_a_plan_is_noted_changed_locked_and_opened_again(rives, lever) -> None:
    page = rives.get(lever).text
    assert "Pourra-t-on le voir" in page
    assert "<script" not in page
    assert "style=" not in page
    assert rives.post(lever, data={**WISH, "since": soon(), "cost": "15000"}).status_code == 303
    assert "15\u202f000" in rives.get(lever).text
    assert rives.post(f"{lever}/verrouiller").status_code == 303
    locked = rives.get(lever).text
    assert "verrouillé le" in locked
    assert "Modifier le plan" not in locked
    refused = rives.post(lever, data={**WISH, "since": soon()})
    assert refused.status_code == 409
    assert "verrouillé" in refused.text
    assert rives.post(f"{lever}/deverrouiller", data={"reason": "x"}).status_code == 400
    assert rives.post(f"{lever}/deverrouiller", data={"reason": "cout"}).status_code == 303
    assert "Déverrouillé le" in rives.get(lever).text


@pytest.mark.parametrize(("data", "said"), [
    ({"code": "x"}, "dans les listes"), ({"since": "hier"}, "date comme"), ({"treated": "ailleurs"}, "patrimoine"),
    ({"c-DEG": ""}, "catégorie"), ({"months_before": "1"}, "nombre de mois"), ({"cost": "beaucoup"}, "nombre entier")])
def test_a_refusal_is_a_sentence_on_the_page_and_keeps_what_was_typed(rives, data, said) -> None:
    answer = rives.post("/leviers", data={**WISH, "since": soon(), **data})
    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.text
    assert said in answer.text
    assert 'value="40"' in answer.text


def test_a_lever_that_began_is_not_locked(rives) -> None:
    made = rives.post("/leviers", data={**WISH, "since": "2024-06-01"}).headers["location"]
    refused = rives.post(f"{made}/verrouiller")
    assert (refused.status_code, "a commencé" in refused.text) == (409, True)
    assert "pas été verrouillé avant le début" in rives.get(made).text
    rives.post(f"{made}/retirer")
    assert "retiré" in rives.get("/leviers").text


def test_the_answer_for_analysts_says_the_same(rives, lever) -> None:
    number = int(lever.rsplit("/", 1)[1])
    found = next(each for each in rives.get("/api/levers").json()["levers"] if each["number"] == number)
    assert (found["lever"], found["treated"], found["locked"], found["intact"]) == ("eclairage", ["residence:R-0"], False, True)
    assert found["result"] is None
    assert "verrouillé" in found["result_reason"]
    assert (found["gate"] is None) == bool(found["gate_reason"])
    rives.post(f"{lever}/verrouiller")
    found = next(each for each in rives.get("/api/levers").json()["levers"] if each["number"] == number)
    assert found["locked"]
    assert len(found["sha256"]) == 64


def test_another_landlord_has_none_of_it(plaine, rives, lever) -> None:
    assert plaine.get(lever).status_code == 404
    for act in ("verrouiller", "deverrouiller", "retirer"):
        assert plaine.post(f"{lever}/{act}", data={"reason": "cout"}).status_code in (400, 404)
    assert lever not in plaine.get("/leviers").text
    assert plaine.get("/api/levers").json()["levers"] == []
    assert plaine.post("/leviers", data={**WISH, "since": soon()}).status_code == 404  # another's residence


def test_its_note_is_a_paper_for_its_own_landlord(plaine, rives, lever) -> None:
    assert f"{lever}/note.pdf" in rives.get(lever).text
    answer = rives.get(f"{lever}/note.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    assert rives.get(f"{lever}/note.pdf", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    rives.post(f"{lever}/verrouiller")
    assert rives.get(f"{lever}/note.pdf").headers["etag"] != answer.headers["etag"]
    assert plaine.get(f"{lever}/note.pdf").status_code == 404


def test_a_result_stands_on_the_page_with_its_chart(rives, lever, monkeypatch) -> None:
    rng = np.random.default_rng(3)
    seen = leverresult.Seen(12, np.hstack([rng.poisson(9, (6, 12)), rng.poisson(3, (6, 6))]).astype(float),
                            rng.poisson(9, (8, 18)).astype(float), rng.poisson(9, (4, 18)).astype(float), np.full((9, 12), 4.0))
    result = leverresult.judge(seen, 6, 6, 1_200_000)
    monkeypatch.setattr(leverfigures, "evaluate", lambda *_: result)
    page = rives.get(lever).text
    assert "<strong>conclu</strong>" in page
    assert page.count('class="dot') == 18
    assert "Coût par fait évité" in page
    assert "style=" not in page
    told = next(each for each in rives.get("/api/levers").json()["levers"] if lever.endswith(f"/{each['number']}"))["result"]
    assert (told["word"], len(told["events"]["gap"])) == ("conclu", 18)
    assert result_json(replace(result, effect=Effect(0.0, 1.0, float("inf"), -1.0, 1.0, 1.0, 1.0)))["effect"]["degrees"] is None


def test_the_chart_marks_months_outside_the_band_and_says_so() -> None:
    drawn = svg(Study(np.array([0.0, 1.0, -9.0]), 2.0, 2, ["04/2024", "05/2024", "06/2024"]), "Trois mois & un \"début\"")
    assert drawn.count('class="dot outside"') == 1
    assert 'aria-label="Trois mois &amp; un &quot;début&quot;"' in drawn
    assert "06/2024 : −9" in drawn
    assert "style" not in drawn
