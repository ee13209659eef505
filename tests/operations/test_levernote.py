"""The evaluation note of a lever: what it says of a plan that is locked, opened again, too early or not locked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pypdfium2
import pytest

from geoservice.errors import NotFound
from geoservice.export.fonts import FONT
from geoservice.export.paper import Events, Heading, Paper, Table, to_html, to_markdown
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations import levernote
from geoservice.operations.levermonths import later
from geoservice.operations.reader import Reader
from tests.export.test_paperpdf import walk
from tests.operations.leverworld import AFTER, START, planned, town

END = later(START, AFTER)


@pytest.fixture(scope="module")
def landlord(tmp_path_factory) -> Iterator[Reader]:
    with town(tmp_path_factory.mktemp("note"), 1.0) as reader:
        yield reader


@pytest.fixture
def plan(landlord):
    made = planned(landlord)
    yield made
    journal.withdraw(landlord.shelf.storage, landlord.viewer, made.number)


def written(landlord: Reader, number: int, day: date = END) -> Paper:
    return levernote.paper(levernote.tell(landlord, number, day), day)[0]


def test_every_number_of_the_result_stands_in_the_note(landlord, plan) -> None:
    found, paper = figures.evaluate(landlord, plan, END), written(landlord, plan.number)
    text = to_markdown(paper).replace("\\", "")
    assert paper.blocks[0] == Heading("Résultat\u202f: conclu")
    assert plan.sha256 in text
    assert "Rien\u202f: le plan" in text.replace(" :", "\u202f:")
    for sentence in (found.ring.sentence, found.linked.sentence, found.mean_sentence, found.cost_sentence):
        assert levernote.typeset(sentence) in text
    tables = {block.head[0]: block.rows for block in paper.blocks if isinstance(block, Table)}
    assert tables["Groupe"][0][1:4] == (str(found.treated.places), str(found.treated.before), str(found.treated.after))
    assert len(tables["Groupe"]) == 5
    assert [row[0] for row in tables["Mesure"]] == ["Rapport des taux (IRR)", "Quotient de déplacement (WDQ)", "Effet net total"]
    events = next(block for block in paper.blocks if isinstance(block, Events))
    assert len(events.study.gap) == 18
    assert "01/2025" in events.words
    assert "01/2025" in to_html(paper)


def test_what_went_apart_from_the_plan_is_told(landlord, plan) -> None:
    eve = START - timedelta(1)
    journal.unlock(landlord.shelf.storage, landlord.viewer, plan.number, "lieux", eve)
    journal.lock(landlord, plan.number, eve)
    text = to_markdown(written(landlord, plan.number))
    assert "Déverrouillé le 31 déc. 2024\u202f: lieux changés." in text
    assert "Rien" not in text


def test_too_early_and_not_locked_are_notes_without_an_effect(landlord, plan) -> None:
    early = written(landlord, plan.number, later(START, 1))
    assert early.blocks[0] == Heading("Résultat\u202f: trop tôt")
    assert not any(isinstance(block, Events) for block in early.blocks)
    journal.unlock(landlord.shelf.storage, landlord.viewer, plan.number, "abandon", START)
    never = to_markdown(written(landlord, plan.number))
    assert never.startswith("# Projet d’évaluation")
    assert "pas été verrouillé avant le début" in never
    assert "huit fois sur dix" in never or "Même si tout" in never


def test_the_pdf_is_tagged_and_its_chart_is_lines_with_words(landlord, plan) -> None:
    made = to_pdf(*levernote.paper(levernote.tell(landlord, plan.number, END), END), FONT)
    found = list(walk(made))
    figure, = (alt for _, _, kind, alt in found if kind == "Figure")
    assert "sortent de la bande du hasard" in figure
    assert figure.count("/2025") == AFTER
    assert {"H1", "H2", "H3", "Table", "TH", "TD", "L", "Caption"} <= {kind for _, _, kind, _ in found}
    assert b"/Subtype /Image" not in made
    with pypdfium2.PdfDocument(made) as document:
        assert len(document) == 2


def test_another_landlord_has_no_note(landlord) -> None:
    with pytest.raises(NotFound):
        levernote.tell(landlord, 10_000, END)
