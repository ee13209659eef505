"""Small answers of the database, kept while nobody changes it: asked again after any commit, by whatever process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine

from geoservice.storage import engine as db

T = TypeVar("T")
_KEPT = 1_024


class Memory:
    """Answers by key, of one state of the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._watch: Any = None
        self._mark: object = None
        self._answers: dict[tuple, object] = {}

    def get(self, key: tuple, make: Callable[[], T]) -> T:
        """The answer kept under a key, else what `make` reads now; it must depend on the database and the key alone."""
        with self._lock:
            mark = self._look()
            if key in self._answers:
                return self._answers[key]  # type: ignore[return-value]  # a key has one maker
        made = make()
        with self._lock:
            # read after the mark: what is kept is never older than the state it is kept for
            if mark == self._mark and len(self._answers) < _KEPT:
                self._answers[key] = made
        return made

    def _look(self) -> object:
        """The mark of the database's present state; answers of another one, and too many of them, are dropped."""
        if self._watch is None:
            self._watch = db.watch(self._engine)
        mark = self._watch.mark()
        if mark != self._mark or len(self._answers) >= _KEPT:
            self._mark = mark
            self._answers.clear()
        return mark

    def close(self) -> None:
        """Let go of the connection that watches."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch, self._mark = None, None
            self._answers.clear()
