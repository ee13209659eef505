"""kill -9 at any moment loses no acknowledged row, leaves no half batch, makes no duplicate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill import check, loop
from tests.kill.check import Seen
from tests.kill.loop import Bench

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return loop.prepare(tmp_path_factory.mktemp("kill"))


def test_thirty_kills(bench: Bench) -> None:
    tally = loop.run(bench, 30, seed=7)
    assert not tally.faults, tally.faults
    assert tally.kills == 30
    assert tally.mid_run >= 10, tally.hit


# Each way of being wrong must be caught, by the sort of fault that it makes.
@pytest.mark.parametrize(("fault", "sorts"), [("apart", ("half",)), ("early", ("lost", "half")), ("untied", ("duplicate",))])
def test_a_naive_importer_is_caught(bench: Bench, fault: str, sorts: tuple[str, ...]) -> None:
    tally = loop.run(bench, 20, seed=3, program=("-m", "tests.kill.naive", fault), enough=lambda t: bool(t.broken(*sorts)))
    assert tally.broken(*sorts), (tally.hit, tally.faults)


def test_the_checks_see_a_torn_index_and_a_lost_acknowledgement(bench: Bench, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "torn"
    shutil.copytree(bench.folder / "whole", folder)
    assert list(check.faults(folder, bench.expected, Seen())) == []
    assert {fault.sort for fault in check.faults(folder, bench.expected, Seen(10_000, 10))} == {"lost"}
    path = next((folder / "index").glob("*.facts"))
    path.write_bytes(path.read_bytes()[:-40_000])
    assert {fault.sort for fault in check.faults(folder, bench.expected, Seen())} == {"torn"}
