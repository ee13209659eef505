"""Keeps the index up with imports made by other processes, on one quiet thread."""

from __future__ import annotations

import logging
import threading

from geoservice.core.facts import FactIndex
from geoservice.operations import indexing
from geoservice.operations.reader import open_reader
from geoservice.web.headers import describe
from geoservice.web.service import Service

EVERY_S = 1.0
_SLOWEST_S = 60.0
log = logging.getLogger("geoservice.web")


class Refresher:
    """Looks every second whether an index lags and rebuilds it; waits longer after each failure.

    Before an index is swapped in, what was asked lately is worked out for it: nobody waits for what a new fact changes.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.stopped = threading.Event()
        # a daemon: stopping must not wait for an import that holds the writer's lock elsewhere
        self.thread = threading.Thread(target=self._run, name="geoservice-index", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Ask the thread to end and give it a moment."""
        self.stopped.set()
        self.thread.join(timeout=2 * EVERY_S)

    def _run(self) -> None:
        wait = 0.0
        while not self.stopped.wait(wait):
            wait = EVERY_S if self._look() else min(max(2 * wait, EVERY_S), _SLOWEST_S)

    def _look(self) -> bool:
        try:
            indexing.refresh(self.service.opened(), self._warm)
        except Exception as error:  # the next look may find a free disk or a database that answers
            log.error("index: %s", describe(error))
            return False
        return True

    def _warm(self, organisation_id: int, index: FactIndex) -> None:
        service = self.service
        service.warm.again(organisation_id, lambda viewer: open_reader(
            service.opened(), service.catalog, viewer, {organisation_id: index}))
