"""Papers of a camera plan through the door: who gets them, what they are, and an answer where there is no plan."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyogrio
import pytest
from starlette.testclient import TestClient

from tests.web.built import landlords
from tests.web.test_siting import bbox
from tests.web.world import CANARY, PLAINE, RIVES

ASK = f"kind=bailleur&bbox={bbox(RIVES, 0.006)}&cameras=2&lens=12&purpose=detect"
DAY = "&autorisation=2026-12-01"
FILES = {"plans.pdf": (b"%PDF-", "application/pdf"), "plan.svg": (b"<svg", "image/svg+xml"),
         "plan.gpkg": (b"SQLite format 3", "application/geopackage+sqlite3"),
         "dossier.pdf": (b"%PDF-", "application/pdf"),
         "etude.pdf": (b"%PDF-", "application/pdf"),
         "echeances.ics": (b"BEGIN:VCALENDAR\r\n", "text/calendar")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestClient]]:
    with landlords(tmp_path_factory.mktemp("papers")) as doors:
        yield doors


@pytest.mark.parametrize("name", FILES)
def test_a_paper_is_a_file_kept_while_nothing_changes(built: dict[str, TestClient], name: str) -> None:
    start, media = FILES[name]
    address = f"/decider/{name}?{ASK}{DAY if 'dossier' in name or 'echeances' in name else ''}"
    answer = built["rives"].get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(media)
    assert answer.content.startswith(start)
    assert name.partition(".")[2] in answer.headers["content-disposition"]
    assert CANARY.encode() not in answer.content
    again = built["rives"].get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_page_leads_to_its_papers(built: dict[str, TestClient]) -> None:
    page = built["rives"].get(f"/decider?{ASK}")
    for name in ("etude.pdf", "plans.pdf", "plan.svg", "plan.gpkg", "dossier"):
        assert f'href="/decider/{name}?kind=bailleur&amp;bbox=' in page.text, name
    assert built["rives"].get(f"/decider?kind=bailleur&bbox={bbox(PLAINE)}").text.count("/decider/plans.pdf") == 0


def test_the_page_of_the_file_has_pieces_and_days(built: dict[str, TestClient]) -> None:
    rives = built["rives"]
    page = rives.get(f"/decider/dossier?{ASK}").text
    assert 'data-code="registre"' in page
    assert "tous les mois" in page
    assert "echeances.ics" not in page
    dated = rives.get(f"/decider/dossier?{ASK}{DAY}").text
    assert "1er déc. 2029" in dated
    assert "/decider/echeances.ics?" in dated
    assert "Aucun fait de cette origine" in rives.get(f"/decider/dossier?kind=bailleur&bbox={bbox(PLAINE)}").text
    assert "attend un jour" in rives.get(f"/decider/dossier?{ASK}&autorisation=demain").text
    assert built["nobody"].get(f"/decider/dossier?{ASK}", follow_redirects=False).status_code == 303
    for wrong in ("demain", "0001-01-01", "9999-12-31"):
        assert rives.get(f"/decider/echeances.ics?{ASK}&autorisation={wrong}").status_code == 400
    assert rives.get(f"/decider/echeances.ics?{ASK}").status_code == 400


def test_a_kept_plan_has_papers_for_its_organisation_alone(built: dict[str, TestClient]) -> None:
    spots = f"{RIVES[0]:.7f},{RIVES[1] + 0.00012:.7f},0.0,facade"
    kept = built["rives"].post("/decider/plans", data={"address": f"{ASK}&spots={spots}"}, follow_redirects=False)
    number = kept.headers["location"].rpartition("/")[2]
    page = built["rives"].get(kept.headers["location"]).text
    for name in ("etude.pdf", "plans.pdf", "plan.svg", "plan.gpkg", "dossier"):
        assert f'href="/decider/{name}?plan={number}"' in page, name
        assert built["rives"].get(f"/decider/{name}?plan={number}").status_code == 200, name
        assert built["plaine"].get(f"/decider/{name}?plan={number}").status_code == 404, name
    assert f'href="/decider/plans/{number}"' in built["rives"].get(f"/decider/dossier?plan={number}").text


def test_layers_come_whole(built: dict[str, TestClient], tmp_path: Path) -> None:
    path = tmp_path / "plan.gpkg"
    path.write_bytes(built["rives"].get(f"/decider/plan.gpkg?{ASK}").content)
    assert len(pyogrio.read_dataframe(path, layer="cameras")) == 2


def test_papers_are_made_at_once(built: dict[str, TestClient]) -> None:
    built["rives"].get(f"/decider/plans.pdf?{ASK}")
    began = time.perf_counter()
    assert built["rives"].get(f"/decider/plans.pdf?{ASK}&paper=a3").status_code == 200
    assert time.perf_counter() - began < 9, "3 s on an idle machine"


def test_what_cannot_be_is_a_sentence(built: dict[str, TestClient]) -> None:
    rives = built["rives"]
    for name in FILES:
        elsewhere = f"kind=bailleur&bbox={bbox(PLAINE)}{DAY if name == 'echeances.ics' else ''}"
        assert built["nobody"].get(f"/decider/{name}?{ASK}").status_code == 401
        answer = rives.get(f"/decider/{name}?{elsewhere}")
        assert (answer.status_code, "Aucun fait de cette origine" in answer.text) == (409, True), name
        assert rives.get(f"/decider/{name}?kind=bailleur&zone=residence:PERSONNE"
                         + (DAY if name == "echeances.ics" else "")).status_code == 404
        assert rives.get(f"/decider/{name}?{ASK}&ailleurs=1").status_code == 400
    assert rives.get(f"/decider/plans.pdf?{ASK}&paper=a5").status_code == 400
    assert rives.get(f"/decider/plan.svg?{ASK}&camera=C99").status_code == 404
