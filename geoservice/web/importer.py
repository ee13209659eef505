"""Runs imports for the page: a thread that starts one process at a time, so that reading files slows no answer down.

Of several server processes over one folder a single one does this: it holds a lock, which the process at work inherits. A
killed server leaves that process to finish; a killed import is begun again and goes on after its last whole batch.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from geoservice.operations import jobs
from geoservice.operations.setup import Storage
from geoservice.settings import Settings
from geoservice.web.headers import describe

PROGRAM = (sys.executable, "-P", "-s", "-m", "geoservice.web.import_child")
EVERY_S, SLOWEST_S, STOP_S = 1.0, 60.0, 5.0
log = logging.getLogger("geoservice.web")


class Importer:
    """Looks every second (and when woken) for imports to do; waits longer after each failure."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._thread = threading.Thread(target=self._run, name="geoservice-imports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """End the process at work, which loses no whole batch, and the thread."""
        self._stopped.set()
        self._wake.set()
        process = self._process
        if process is not None:
            process.terminate()
        self._thread.join(timeout=STOP_S)
        if self._lock is not None and not self._thread.is_alive():
            os.close(self._lock)
            self._lock = None

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped.is_set():
            self._wake.wait(wait)
            self._wake.clear()
            if not self._stopped.is_set():
                wait = EVERY_S if self._look() else min(max(2 * wait, EVERY_S), SLOWEST_S)

    def _look(self) -> bool:
        """Do what waits; False when it is better to look again later."""
        try:
            if not self._mine():
                return True
            return all(self._do(number) for number in jobs.pending(self.storage))
        except Exception as error:  # the next look may find a free disk or a database that answers
            log.error("imports: %s", describe(error))
            return False

    def _mine(self) -> bool:
        """Whether this process is the one that runs imports; it stays so until it ends."""
        if self._lock is None and os.access(self.storage.settings.data, os.W_OK):
            self._lock = jobs.worker_lock(self.storage.settings.data)
            if self._lock is not None:
                jobs.tidy(self.storage)
        return self._lock is not None

    def _do(self, number: int) -> bool:
        if self._stopped.is_set():
            return False
        if not jobs.try_again(self.storage, number):
            return True
        self._process = subprocess.Popen([*PROGRAM, str(number)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         pass_fds=(self._lock or 0,), env={**os.environ, **variables(self.storage.settings)})
        if self._stopped.is_set():
            self._process.terminate()
        code = self._process.wait()
        self._process = None
        return code == 0


def variables(settings: Settings) -> dict[str, str]:
    """The settings as another process reads them."""
    found = {f"GEOSERVICE_{name.upper()}": str(value.resolve() if isinstance(value, Path) else value)
             for name, value in settings.model_dump().items() if value is not None}
    return {**found, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
