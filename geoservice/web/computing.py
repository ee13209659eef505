"""Long computations: asked for and numbered, told as they go, cancelled, and forgotten after a while.

One at a time on a thread of this process; `Task.elsewhere` does in another process what takes long, and cancelling kills that
process. Every one is its viewer's alone. With several server processes `board` tells the others how far each is.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from geoservice.errors import GeoserviceError, NotFound, NotReady
from geoservice.types import Viewer
from geoservice.web import heavy
from geoservice.web.computingboard import Board
from geoservice.web.headers import describe

T = TypeVar("T")
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OVER = frozenset({DONE, FAILED, CANCELLED})
MOST, MOST_EACH = 8, 3  # computations that are not over: in all, and of one viewer
MOST_KEPT, KEPT_S = 64, 600.0
log = logging.getLogger("geoservice.web")
_FULL = "Trop de calculs sont en cours ; réessayez dans une minute, ou annulez-en un."
_GONE = "Ce calcul n’existe pas ou n’est plus gardé : redemandez-le."
_BROKEN = "Le calcul n’a pas abouti. Réessayez avec une période plus courte ou un lieu plus petit."


class Cancelled(Exception):
    """Somebody no longer wants to know."""


@dataclass(frozen=True)
class Stage:
    """A step of a computation, in French, and the part of the whole at which it begins; `lasts_s` at most, where known."""

    name: str
    part: float
    lasts_s: float = 0.0


@dataclass(frozen=True)
class Said:
    """A computation as its viewer sees it. `result` once it is done; `problem` where it failed."""

    state: str
    step: str = ""
    part: float = 0.0
    result: Any = None
    problem: str = ""


class Task:
    """One computation. `at` is called by what computes, at each step, and ends it where it was cancelled."""

    def __init__(self, owner: Viewer, stages: tuple[Stage, ...], tell: Callable[[Task], None]) -> None:
        self.name, self.owner, self.stages = secrets.token_urlsafe(16), owner, stages
        self.said, self.ended_s = Said(WAITING), 0.0
        self.stopped = threading.Event()
        self._tell, self._stage, self._since = tell, stages[0], time.monotonic()

    def at(self, number: int) -> None:
        """A step has begun, or goes on."""
        if self.stopped.is_set():
            raise Cancelled
        stage = self.stages[number]
        if stage is not self._stage:
            self._stage, self._since = stage, time.monotonic()
        following = self.stages[number + 1].part if number + 1 < len(self.stages) else 1.0
        gone = min((time.monotonic() - self._since) / stage.lasts_s, 1.0) if stage.lasts_s else 0.0
        self.tell(Said(RUNNING, stage.name, stage.part + gone * (following - stage.part)))

    def elsewhere(self, make: Callable[..., T], *values: Any, first: int) -> T:
        """`make(*values)` in the process of computations; its steps, told by `heavy.tell`, follow the step `first`."""
        return heavy.sums.run(make, *values, watch=lambda step: self.at(first + step))

    def tell(self, said: Said) -> None:
        """How far it is."""
        self.said = said
        self._tell(self)


class Desk:
    """Takes computations and answers for them. `stop` ends them all."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = board
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "geoservice-computing")

    def ask(self, owner: Viewer, stages: tuple[Stage, ...], make: Callable[[Task], Any], at_once: bool = False) -> str:
        """Begin a computation when its turn comes, or do it now; its name. `make` returns what can be JSON. NotReady when there
        are too many."""
        task = Task(owner, stages, self._note)
        with self._lock:
            self._forget_old()
            waiting = [each for each in self._tasks.values() if each.said.state not in OVER]
            if len(waiting) >= MOST or sum(each.owner == owner for each in waiting) >= MOST_EACH:
                raise NotReady(_FULL)
            self._tasks[task.name] = task
        self._note(task)
        if at_once:
            self._run(task, make)
        else:
            self._pool.submit(self._run, task, make)
        return task.name

    def find(self, owner: Viewer, name: str) -> Said:
        """How far a computation is; NotFound for somebody else's, or one that is forgotten."""
        with self._lock:
            self._forget_old()
            task = self._tasks.get(name)
        if task is not None and task.owner == owner:
            return task.said
        found = self.board.read(owner, name) if task is None and self.board is not None else None
        if found is None:
            raise NotFound(_GONE)
        return Said(**found)

    def cancel(self, owner: Viewer, name: str) -> None:
        """End a computation that goes on; one that is over stays what it is. NotFound as in `find`."""
        self.find(owner, name)
        task = self._tasks.get(name)
        if task is not None:
            task.stopped.set()
        elif self.board is not None:
            self.board.ask_to_stop(owner, name)

    def stop(self) -> None:
        """End everything that goes on, and wait for the thread."""
        for task in list(self._tasks.values()):
            task.stopped.set()
        heavy.sums.forget()
        self._pool.shutdown(wait=True)

    def _run(self, task: Task, make: Callable[[Task], Any]) -> None:
        try:
            task.at(0)
            task.tell(Said(DONE, part=1.0, result=make(task)))
        except Cancelled:
            task.tell(Said(CANCELLED))
        except GeoserviceError as error:
            task.tell(Said(FAILED, problem=str(error)))
        except Exception as error:  # what was asked is told that it failed; the next one is computed all the same
            log.error("computing: %s", describe(error))
            task.tell(Said(FAILED, problem=_BROKEN))
        finally:
            task.ended_s = time.monotonic()

    def _note(self, task: Task) -> None:
        """Tell the other processes, and hear whether one of them was asked to end it."""
        if self.board is not None:
            self.board.write(task.owner, task.name, vars(task.said))
            if self.board.is_to_stop(task.owner, task.name):
                task.stopped.set()

    def _forget_old(self) -> None:
        over = [task for task in self._tasks.values() if task.ended_s]
        late = time.monotonic() - KEPT_S
        for extra, task in enumerate(over):  # the oldest first: they are in the order they were asked
            if task.ended_s < late or len(over) - extra > MOST_KEPT:
                del self._tasks[task.name]
                if self.board is not None:
                    self.board.remove(task.owner, task.name)
