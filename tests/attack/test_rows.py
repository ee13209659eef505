"""No probe passes the scope of a transaction, and each of them succeeds where there is none: on the database of this run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attack import index_choice, probing
from tests.attack.probes import Probe
from tests.conftest import ON_POSTGRESQL

PROBES = probing.probes("postgresql" if ON_POSTGRESQL else "sqlite")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[probing.Pair]:
    made = probing.Pair(tmp_path_factory.mktemp("probes"))
    yield made
    made.close()


def test_there_are_enough_probes_and_no_two_of_a_name() -> None:
    assert len(PROBES) >= 40
    assert len({probe.name for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name.replace(" ", "-"))
def test_a_probe_learns_nothing_and_succeeds_without_scopes(probe: Probe, pair: probing.Pair) -> None:
    outcome = pair.run(probe)
    assert not outcome.passed, f"{probe.name}: rows of another organisation were seen or changed"
    assert outcome.control, f"{probe.name} finds nothing without scopes either: it proves nothing"


@pytest.mark.parametrize("attack", index_choice.ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))
def test_the_choice_of_index_files_is_not_talked_into_more(attack: index_choice.Attack) -> None:
    outcome = index_choice.run(attack)
    assert not outcome.passed, f"{attack.name}: facts of another organisation were counted"
    assert outcome.control, f"{attack.name} finds nothing where everybody sees everything: it proves nothing"
