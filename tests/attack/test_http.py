"""The attacks through HTTP at their small size: each gains nothing on ours and succeeds on its naive build, else it is void."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.attack import attacks, campaign, campaign_surface, campaign_time, judging, serving
from tests.attack.campaign import SMALL
from tests.attack.campaign_surface import Town
from tests.attack.client import without_threads
from tests.bench.figures import Figure

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def inline() -> Iterator[None]:
    with without_threads():
        yield


@pytest.fixture(scope="module")
def town(inline: None) -> Town:
    return campaign_surface.town(campaign_surface.world("small_town"))


def held(rows: list[Figure], many: int) -> None:
    """Every row reached its target, which holds the naive build's as well."""
    assert len(rows) == many
    assert [row.id for row in rows if not row.met] == []


def test_towns_that_differ_inside_atoms_answer_the_same_bytes() -> None:
    held(campaign.paired(SMALL), 1)


def test_no_small_count_has_a_single_reconstruction() -> None:
    held(campaign.reconstructed(SMALL), 2)


def test_nothing_beyond_the_lattice_is_answered_and_no_difference_gives_a_count(town: Town) -> None:
    held(list(campaign_surface.asked(town, SMALL.tape, SMALL)), 4)


def test_the_audit_of_what_was_collected_finds_no_proof(town: Town) -> None:
    held(list(campaign_surface.audited(town)), 1)


def test_guesses_are_hardly_better_than_one_constant(town: Town) -> None:
    held(list(campaign_surface.estimated(town)), 2)


def test_the_attacks_of_the_notes_gain_nothing_certain(town: Town) -> None:
    held(list(campaign_surface.replayed(town)), 3)


def test_revisions_and_growing_totals_tell_nothing_certain(town: Town) -> None:
    held([*campaign_time.revised(town), *campaign_time.accumulated(town)], 3)


def test_a_month_that_is_out_stays_as_it_was() -> None:
    held(campaign_time.rolled("small_town", SMALL), 2)


def test_size_marks_refusals_logs_and_time_tell_nothing() -> None:
    held(campaign_time.beside("small_town", SMALL), 2)


def test_a_broken_design_is_found(town: Town) -> None:
    """A rule that lets zero pass, counts without noise or rule, and numbers to estimate from: each is told, and loudly."""
    lets_zero_pass = replace(town, scenes=[town.same])
    assert not next(campaign_surface.replayed(lets_zero_pass)).met

    build = serving.unmasked(town.world, town.world.order())
    scene = campaign_surface.read(build, town.world.name)[1][-1]
    assert attacks.differencer(scene.found, scene.counts, scene.view).certain > 0
    with pytest.raises(AssertionError, match="contradicts the truth"):
        judging.proofs(scene)  # what it shows is not what the rule lets through

    assert not next(campaign_surface.estimated(replace(town, scenes=[town.wide]))).met


def test_what_is_told_is_useful(town: Town) -> None:
    held(list(campaign_surface.useful(town)), 2)
