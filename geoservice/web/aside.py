"""What a request leaves to be written after its answer, one thing at a time: that a browser was seen, a row of the audit.

Writing waits for whoever writes; answers do not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from geoservice.operations import audit, signin
from geoservice.operations.setup import Storage
from geoservice.types import Viewer
from geoservice.web.headers import describe

log = logging.getLogger("geoservice.web")


class Aside:
    """One thread that writes in the order of what it was given; `stop` waits for the last."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._pool = ThreadPoolExecutor(1, "geoservice-aside")
        self._seen: set[int] = set()

    def touch(self, number: int) -> None:
        """A browser was seen; asked once while it waits."""
        if number not in self._seen:
            self._seen.add(number)
            self._pool.submit(self._quietly, lambda: self._touch(number))

    def _touch(self, number: int) -> None:
        try:
            signin.touch(self.storage, number)
        finally:
            self._seen.discard(number)

    def note(self, viewer: Viewer, action: str, thing: str, outcome: str) -> None:
        """A row of the audit."""
        self._pool.submit(self._quietly, lambda: audit.note_alone(
            self.storage, viewer.organisation_id, audit.actor_of(viewer), action, thing, outcome))

    def _quietly(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # the answer is gone already; the next row is written again
            log.error("aside: %s", describe(error))

    def stop(self) -> None:
        """Write what waits."""
        self._pool.shutdown(wait=True)
