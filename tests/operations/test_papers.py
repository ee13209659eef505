"""The papers say what settings, durations, accounts, agreements and territories say; what nobody told the service stays open."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

import geoservice
from geoservice import cli
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.query import EPOCH
from geoservice.errors import NotFound
from geoservice.export import paper
from geoservice.operations import accounts, papers, papers_annexe, papers_measures, people, setup
from geoservice.operations.territories import Terms
from geoservice.settings import Settings
from geoservice.storage import agreements as stored_agreements
from geoservice.storage import releases as stored_releases
from geoservice.types import Role
from tests.markdown import ROOT

TODAY = date(2026, 11, 22)
NAMES = {"fiche-de-registre", "projet-aipd", "annexe-convention"}
OPEN = paper.TO_COMPLETE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two organisations, a member, and an agreement."""
    data = tmp_path_factory.mktemp("papers") / "d"
    storage = setup.create(Settings(data=data))
    for code in ("rives", "plaine", "ville"):
        accounts.create_organisation(storage, code)
    people.join(storage, "claire@rives.fr", people.Place(1, Role.ORG_ADMIN), "Une phrase de passe assez longue 9")
    values = {"giver_id": 1, "opener_id": 2, "zone": "commune:93066", "categories": "DEG,SAL",
              "since": (date(2026, 1, 1) - EPOCH).days, "until": (date(2027, 1, 1) - EPOCH).days}
    with storage.write() as connection:
        stored_agreements.add(connection, values)
    storage.close()
    return data


def texts(folder: Path, organisation: str | None = None, territory: str | None = None, **settings) -> dict[str, str]:
    storage = setup.open_storage(Settings(data=folder, **settings))
    try:
        known = papers.know(storage, TODAY, organisation, territory)
    finally:
        storage.close()
    return {name: paper.to_markdown(made) for name, made in papers.compose(known).items()}


def rows(text: str, begins: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {begins}")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_each_paper_has_its_parts(folder: Path) -> None:
    made = texts(folder)
    assert set(made) == NAMES
    heads = {name: re.findall(r"^#{2,3} (.+)$", text, re.MULTILINE) for name, text in made.items()}
    assert [head.split(". ")[1] for head in heads["fiche-de-registre"] if head[0].isdigit()] == [
        "Acteurs", "Finalités", "Base légale", "Personnes et données", "Destinataires", "Durées de conservation",
        "Mesures de sécurité", "Droits des personnes"]
    assert [head for head in heads["projet-aipd"] if head.startswith(("3.2", "3.3", "3.4"))] == [
        "3.2 Accès illégitime à des données", "3.3 Modification non désirée de données", "3.4 Disparition de données"]
    assert len(heads["annexe-convention"]) >= 7
    assert all(text.count(OPEN) >= 5 for text in made.values())
    assert not [name for name, text in made.items() if "claire@" in text or "None" in text]


def test_a_setting_changes_the_paper(folder: Path, tmp_path: Path) -> None:
    before = texts(folder)["fiche-de-registre"]
    assert rows(before, "Fichiers reçus")[0][1] == "30\u202fjours"
    assert rows(texts(folder, retention_days=12)["fiche-de-registre"], "Fichiers reçus")[0][1] == "12\u202fjours"
    assert "12 heures en tout" in before
    assert "8 heures en tout" in texts(folder, sign_in_hours=8)["fiche-de-registre"]
    assert "aucun\u202f: ni géocodage" in before
    geocoded = texts(folder, geocoding=True, geocoding_url="https://geo.exemple.fr/x")
    assert "geo.exemple.fr" in geocoded["fiche-de-registre"]
    assert "geo.exemple.fr" in geocoded["projet-aipd"]
    (tmp_path / "durees.toml").write_text("[organisation.rives]\nfaits = 730\n", "utf-8")
    shorter = {code: texts(folder, code, retention=tmp_path / "durees.toml") for code in ("rives", "plaine")}
    assert rows(shorter["rives"]["fiche-de-registre"], "Faits signalés")[0][1] == "2\u202fans"
    assert rows(shorter["plaine"]["fiche-de-registre"], "Faits signalés")[0][1] == "6\u202fans"
    assert "durée (faits\u202f: 2\u202fans)" in shorter["rives"]["annexe-convention"]


def test_agreements_are_told_as_they_are(folder: Path) -> None:
    told = texts(folder)["annexe-convention"]
    assert rows(told, "rives | plaine") == [["rives", "plaine", "commune 93066", "Dégradations, Propreté", "01/01/2026",
                                            "31/12/2026", "en cours"]]
    assert rows(told, "plaine | ")[0][2] == "ouvre"
    assert "Aucun accord n’est enregistré" in texts(folder, "ville")["annexe-convention"]
    assert "plaine" in rows(texts(folder, "rives")["fiche-de-registre"], "Responsables conjoints")[0][1]
    assert not rows(texts(folder, "plaine")["fiche-de-registre"], "Organisation «")  # it gives nothing to anybody


def test_members_are_numbers_by_role(folder: Path) -> None:
    assert rows(texts(folder, "rives")["fiche-de-registre"], "Administrateur de l’organisation (1)")
    assert not rows(texts(folder, "plaine")["fiche-de-registre"], "Administrateur de l’organisation")


def test_a_territory_gives_its_own_parameters(folder: Path) -> None:
    before = texts(folder)
    assert "Aucun territoire n’est déclaré" in before["annexe-convention"]
    assert "Diffusion partagée contrôlée" not in before["projet-aipd"]
    storage = setup.open_storage(Settings(data=folder))
    terms = Terms({"bailleur": 5_000}, parameters=Parameters(dwellings=15, min_contributors=3))
    with storage.write() as connection:
        values = {"code": "orvelle", "name": "Orvelle | <b>", "communes": "93066", "terms": terms.text(), "atoms": b""}
        number = stored_releases.add_territory(connection, {**values, "digest": "0" * 64})
    try:
        told = texts(folder, territory="orvelle")
        assert rows(told["annexe-convention"], "Logements d’un lieu")[0][1] == "15"
        assert rows(told["annexe-convention"], "Contributeurs d’un nombre")[0][1] == "3"
        assert "bailleur 5\u202f000" in told["annexe-convention"]
        assert "Orvelle \\| \\<b\\>" in told["annexe-convention"]
        assert "lieux d’au moins 15 logements" in told["projet-aipd"]
        assert rows(told["annexe-convention"], "rives | plaine")
        with pytest.raises(NotFound, match="absent"):
            papers.know(storage, TODAY, territory="absent")
        with pytest.raises(NotFound, match="absente"):
            papers.know(storage, TODAY, "absente")
    finally:
        with storage.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM shared_territory WHERE id = {number}")
        storage.close()


def test_measures_are_modules_that_are_there_and_figures_that_were_measured(folder: Path) -> None:
    package = Path(geoservice.__file__).parent
    assert len(papers_measures.MEASURES) >= 12
    assert [measure.module for measure in papers_measures.MEASURES if not (package / measure.module).is_file()] == []
    rows_of = papers.figures()
    for measure in papers_measures.MEASURES:
        for figure in measure.figures:
            found = [row for row in rows_of.get(figure.file, []) if all(word in row["id"] for word in figure.words)]
            assert found, (measure.title, figure)
    assert "altérations au hasard retrouvées" in texts(folder)["fiche-de-registre"]


def test_the_last_purge_is_told(folder: Path) -> None:
    assert "AUCUNE n’est inscrite au journal" in texts(folder)["fiche-de-registre"]
    storage = setup.open_storage(Settings(data=folder))
    known = papers.know(storage, TODAY)
    storage.close()
    ran = papers.Known(**{name: getattr(known, name) for name in known.__dataclass_fields__} | {"purged": "2026-11-03"})
    assert "dernière purge menée à son terme : le 3 nov. 2026" in paper.to_markdown(papers.compose(ran)["fiche-de-registre"])


def test_a_missing_or_missed_figure_is_said(folder: Path, tmp_path: Path) -> None:
    storage = setup.open_storage(Settings(data=folder))
    known = papers.know(storage, TODAY)
    storage.close()
    measure = next(each for each in papers_measures.MEASURES if each.title == "Écritures durables")
    unread = papers.Known(**{name: getattr(known, name) for name in known.__dataclass_fields__} | {"figures": {}})
    assert papers_measures.measured(unread, measure).count(papers_measures.UNMEASURED) == 2
    assert papers.figures((tmp_path / "absent",)) == {}
    worse = {"kill": [{**row, "met": False, "measured": 3} for row in known.figures["kill"]]}
    missed = papers.Known(**{name: getattr(known, name) for name in known.__dataclass_fields__} | {"figures": worse})
    assert "3 (cible NON atteinte (1 sur 1)" in papers_measures.measured(missed, measure)


def test_the_promise_is_that_of_the_public_page() -> None:
    """docs/PRIVACY.md says it in English, the annex in French: as many promises, as many that are not made."""
    text = (ROOT / "docs" / "PRIVACY.md").read_text("utf-8")
    promised = text.partition("## What is promised")[2].partition("##")[0]
    refused = text.partition("## What is not promised")[2].partition("\n## ")[0]
    lines = [line for line in promised.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(lines) == len(papers_annexe.PROMISED) >= 7
    assert len(re.findall(r"^- \*\*", refused, re.MULTILINE)) == len(papers_annexe.NOT_PROMISED) >= 6


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_html_is_whole_and_says_the_same(folder: Path) -> None:
    storage = setup.open_storage(Settings(data=folder))
    made = papers.compose(papers.know(storage, TODAY))
    storage.close()
    for each in made.values():
        reader = _Reader()
        html = paper.to_html(each)
        reader.feed(html)
        assert reader.open == []
        assert {"h1", "h2", "table", "mark"} <= reader.seen
        assert html.count("<tr>") == sum(len(block.rows) + 1 for block in each.blocks if isinstance(block, paper.Table))
    hostile = paper.Paper("<script>", (paper.Paragraph("</p><script>alert(1)</script>"), paper.table(("a|b",), [("x\ny",)])))
    assert "<script>" not in paper.to_html(hostile)
    assert "| a\\|b |" in paper.to_markdown(hostile)
    assert "x y" in paper.to_markdown(hostile)


def test_the_command_writes_six_files(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "dossier" / "papiers"
    assert cli.main(["papers", "--to", str(there), "--organisation", "rives", "--data", str(folder)]) == 0
    assert {path.name for path in there.iterdir()} == {f"{name}.{ending}" for name in NAMES for ending in ("md", "html")}
    assert str(there / "projet-aipd.md") in capsys.readouterr().out
    assert (datetime.now(UTC).date() - timedelta(days=1)).strftime("%Y") in (there / "projet-aipd.md").read_text("utf-8")
    assert cli.main(["papers", "--to", str(there), "--data", str(folder)]) == 0  # once more, over the first
    assert cli.main(["papers", "--to", str(there), "--organisation", "x", "--data", str(folder)]) == 2
