"""A meeting's paper for those outside: released numbers alone, and an owner's own once it was noted as told."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pypdfium2
import pytest

from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.export.fonts import FONT
from geoservice.export.paper import Pictures, Table
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import accounts, audit, disclosing, meetingshare, publishing, setup, shared_access
from geoservice.operations.disclosing import Telling
from geoservice.operations.meetings import Decision, Meeting
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CODE, QPV, TODAY, month

MEETING = Meeting(1, "clspd", date(2026, 10, 1))


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    opened = setup.open_storage(world.build(tmp_path_factory.mktemp("seance")))
    world.agree(opened)
    world.territory(opened)
    drawn = np.random.default_rng(4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing.secrets, "token_bytes", drawn.bytes)
        world.publish(opened, "2026-08")
    yield opened
    opened.close()


@pytest.fixture
def opened(storage):
    return shared_access.open_shared(storage.settings.shared_folder).folder.open(CODE)


def tables(opened, own=()) -> list[Table]:
    paper, _ = meetingshare.paper(opened, MEETING, [], ("rives", list(own)))
    return [block for block in paper.blocks if isinstance(block, Table)]


def test_every_number_is_a_released_one(opened) -> None:
    released = {int(value) for table in opened.release.tables for value in table.values.ravel() if value != NOT_SHOWN}
    looked = 0
    for table in tables(opened):
        for _, value, change in table.rows:
            assert change in ("hausse", "baisse", "pas de changement net", "non comparable")
            if value != "non diffusé":
                assert int(re.sub(r"\D", "", value)) in released
                looked += 1
    assert looked >= 2
    paper, edition = meetingshare.paper(opened, MEETING, [], ("rives", []))
    assert any(isinstance(block, Pictures) for block in paper.blocks)
    assert "à partager" in " ".join(edition.subtitle)


def test_an_own_figure_is_there_once_it_was_noted(storage, opened) -> None:
    who = world.admin(storage, "rives")
    telling = Telling(CODE, f"qpv2024:{QPV}", (month("2026-05"), month("2026-07")), None, TODAY)
    told = disclosing.disclose(storage, who, telling, sure=False)
    assert told.facts > 0
    assert meetingshare.own_figures(storage, who, opened) == []
    disclosing.disclose(storage, who, telling, sure=True)
    disclosing.disclose(storage, who, Telling(CODE, "hall:B", telling.months, "orange", TODAY), sure=True)  # a state is no figure
    (own,) = meetingshare.own_figures(storage, who, opened)
    assert (own.facts, own.months) == (told.facts, ("2026-05", "2026-07"))
    assert audit.listing(storage, accounts.organisations(storage)["rives"])[0].action == "divulgation"
    (row,) = tables(opened, [own])[-1].rows
    assert row[2] == str(told.facts)
    assert meetingshare.own_figures(storage, world.admin(storage, "plaine"), opened) == []


def test_a_teams_own_meeting_tells_no_decision(opened) -> None:
    decided = [(Decision(1, 1, "", MEETING.day, "acces", "residence:R1", "bailleur", None, None, None), "Résidence Secrète")]
    for kind, there in (("clspd", True), ("interne", False)):
        paper, edition = meetingshare.paper(opened, Meeting(1, kind, MEETING.day), decided, ("rives", []))
        with pypdfium2.PdfDocument(to_pdf(paper, edition, FONT)) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)
        assert ("Résidence Secrète" in text) is there
        assert "rives" in text
