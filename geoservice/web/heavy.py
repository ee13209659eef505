"""Answers that cost seconds are made one at a time in a process: the map of the others goes on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from geoservice.errors import NotReady

_WAIT_S = 1.5
_turn = threading.BoundedSemaphore(1)


def alone(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """`make`, waiting a moment for its turn; NotReady when another export keeps it."""

    def made() -> bytes:
        if not _turn.acquire(timeout=_WAIT_S):
            raise NotReady("Un autre export est en cours ; réessayez dans quelques secondes.")
        try:
            return make()
        finally:
            _turn.release()

    return made
