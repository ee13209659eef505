"""Displacement and diffusion beyond the ring, to residences linked by a street or a through-hall: planted, and told apart."""

from __future__ import annotations

import pytest

from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations import leverresult as results
from geoservice.operations.levermonths import later
from tests.operations.leverworld import AFTER, CONTROLS, HALLS, START, planned, town

# what is left of the facts of S and R together after the start, and the word it deserves
PLANTED = {"nothing": (1.0, results.UNTOLD), "displaced": (2.2, results.MOVED), "diffused": (0.3, results.SPREAD)}


@pytest.mark.parametrize("outcome", PLANTED)
def test_what_went_to_linked_residences_is_told(tmp_path, outcome) -> None:
    factor, word = PLANTED[outcome]
    with town(tmp_path, factor) as reader:
        plan = planned(reader)
        assert {link.code: link.why for link in figures.links(reader, plan)} == {"S": "même rue", "R": "hall traversant"}
        found = figures.evaluate(reader, plan, later(START, AFTER))
        assert found.word == results.SEEN
        assert found.linked.group.places == 2 * (HALLS + 1)
        assert found.linked.word == word
        assert found.ring.word == results.UNTOLD


def test_controls_are_looked_for_elsewhere_and_one_that_is_linked_is_named(tmp_path) -> None:
    with town(tmp_path, 1.0) as reader:
        assert not {"residence:S", "residence:R"} & set(planned(reader, controls="").controls)
        journal.withdraw(reader.shelf.storage, reader.viewer, 1)
        chosen = planned(reader, controls=CONTROLS + "\nS")
        assert {link.code: link.control for link in figures.links(reader, chosen)} == {"S": True, "R": False}
        found = figures.evaluate(reader, chosen, later(START, AFTER))
        assert found.linked.group.places == HALLS + 1
