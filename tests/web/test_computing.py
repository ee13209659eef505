"""Long computations: told step by step, really ended when they are cancelled, bounded, each its viewer's alone."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from geoservice.core.siting.covering import Demand, Limits, Problem
from geoservice.errors import BadInput, NotFound, NotReady
from geoservice.types import Viewer
from geoservice.web import computing, heavy
from geoservice.web.computing import CANCELLED, DONE, FAILED, RUNNING, WAITING, Desk, Said, Stage, Task
from geoservice.web.computingboard import Board
from geoservice.web.routes.sitingjobs import best_told
from geoservice.web.server import _folder

ONE, OTHER = Viewer(1, "un", "un", "token"), Viewer(2, "autre", "autre", "token")
STAGES = (Stage("terrain", 0.0), Stage("choix", 0.25), Stage("preuve", 0.5, 1.0))


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.stop()
    heavy.stop()


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def state(desk: Desk, name: str, owner: Viewer = ONE) -> str:
    return desk.find(owner, name).state


def long_problem() -> Problem:
    """2,000 cameras, 10,000 places, 30 to choose: many seconds of proof, whatever the machine."""
    rng = np.random.default_rng(11)
    rows = [np.unique(rng.integers(0, 10_000, 60)) for _ in range(2_000)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return Problem.of((indptr, np.concatenate(rows)), Demand.of(rng.integers(1, 30, 10_000).astype(float)), Limits(30))


def test_what_is_asked_is_told_and_kept(desk: Desk) -> None:
    going = threading.Event()

    def make(task: Task) -> dict[str, int]:
        task.at(1)
        going.wait(30)
        return {"n": 3}

    name = desk.ask(ONE, STAGES, make)
    until(lambda: desk.find(ONE, name).step == "choix")
    assert desk.find(ONE, name) == Said(RUNNING, "choix", 0.25)
    going.set()
    until(lambda: state(desk, name) == DONE)
    assert desk.find(ONE, name) == Said(DONE, part=1.0, result={"n": 3})
    for owner, which in ((OTHER, name), (ONE, "inconnu")):
        with pytest.raises(NotFound):
            desk.find(owner, which)
        with pytest.raises(NotFound):
            desk.cancel(owner, which)


def test_a_step_of_known_length_moves_and_stays_below_the_next() -> None:
    heard: list[Said] = []
    task = Task(ONE, STAGES, lambda task: heard.append(task.said))
    for wait in (0.0, 0.3, 1.0):
        time.sleep(wait)
        task.at(2)
    parts = [said.part for said in heard]
    assert parts[0] == pytest.approx(0.5, abs=0.05)
    assert 0.6 < parts[1] < 0.9
    assert parts[2] == 1.0


def test_cancelling_a_long_proof_ends_its_process(desk: Desk) -> None:
    problem = long_problem()
    name = desk.ask(ONE, STAGES, lambda task: task.elsewhere(best_told, problem, 60.0, first=1))
    until(lambda: desk.find(ONE, name).step == "preuve")
    (pid,) = heavy.sums._pool._processes
    os.kill(pid, 0)
    asked = time.monotonic()
    desk.cancel(ONE, name)
    until(lambda: state(desk, name) == CANCELLED, 5)
    assert time.monotonic() - asked < 2
    until(lambda: not Path(f"/proc/{pid}").exists(), 5)
    assert desk.find(ONE, name).result is None
    after = desk.ask(ONE, STAGES, lambda task: task.elsewhere(pow, 2, 10, first=1))
    until(lambda: state(desk, after) == DONE)
    assert desk.find(ONE, after).result == 1024, "the next one has a process of its own"


def test_what_waits_is_cancelled_before_it_begins(desk: Desk) -> None:
    going, begun = threading.Event(), []
    first = desk.ask(ONE, STAGES, lambda task: going.wait(30))
    second = desk.ask(ONE, STAGES, lambda task: begun.append(1))
    assert state(desk, second) == WAITING
    desk.cancel(ONE, second)
    going.set()
    until(lambda: state(desk, second) == CANCELLED)
    assert (state(desk, first), begun) == (DONE, [])


def test_they_are_bounded_and_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()
    viewers = [Viewer(number, f"v{number}", "v", "token") for number in range(10, 14)]
    names = [(who, desk.ask(who, STAGES, lambda task: going.wait(30))) for who in viewers for _ in range(2)]
    assert len(names) == computing.MOST
    with pytest.raises(NotReady):
        desk.ask(ONE, STAGES, lambda task: 1)
    going.set()
    for who, name in names:
        until(lambda who=who, name=name: state(desk, name, who) == DONE)
    going.clear()
    for _ in range(computing.MOST_EACH):
        desk.ask(ONE, STAGES, lambda task: going.wait(30))
    with pytest.raises(NotReady):
        desk.ask(ONE, STAGES, lambda task: 1)
    desk.ask(OTHER, STAGES, lambda task: 1)
    going.set()
    monkeypatch.setattr(computing, "MOST_KEPT", 2)
    until(lambda: all(task.ended_s for task in desk._tasks.values()))
    with pytest.raises(NotFound):
        desk.find(*names[0])
    assert len(desk._tasks) == 2
    monkeypatch.setattr(computing, "KEPT_S", 0.0)
    desk._forget_old()
    assert not desk._tasks


def test_a_refusal_is_its_sentence_and_a_mistake_of_ours_is_none_of_it(desk: Desk) -> None:
    def refuse(task: Task) -> None:
        raise BadInput("Trop large.")

    names = [desk.ask(ONE, STAGES, refuse), desk.ask(ONE, STAGES, lambda task: 1 / 0)]
    until(lambda: all(state(desk, name) == FAILED for name in names))
    assert [desk.find(ONE, name).problem for name in names] == ["Trop large.", computing._BROKEN]
    after = desk.ask(ONE, STAGES, lambda task: 7, at_once=True)
    assert desk.find(ONE, after).result == 7


def test_another_process_of_the_service_tells_and_ends_it(tmp_path: Path) -> None:
    here, there = Desk(Board(tmp_path)), Desk(Board(tmp_path))
    problem = long_problem()
    try:
        name = here.ask(ONE, STAGES, lambda task: task.elsewhere(best_told, problem, 60.0, first=1))
        until(lambda: there.find(ONE, name).step == "preuve")
        with pytest.raises(NotFound):
            there.find(OTHER, name)
        there.cancel(ONE, name)
        until(lambda: there.find(ONE, name).state == CANCELLED, 10)
        done = here.ask(ONE, STAGES, lambda task: {"n": 1})
        until(lambda: there.find(ONE, done).result == {"n": 1})
    finally:
        here.stop()
        there.stop()
        heavy.stop()


def test_the_folder_of_several_processes_is_theirs_alone_and_goes_with_them() -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        folder = Path(_folder(stack))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        Board(folder).write(ONE, "x", {"state": DONE})
    assert not folder.exists()

