"""What costs seconds is made in other processes, one thing at a time and politely: the map of the others goes on meanwhile.

`files` writes exports: GDAL, its tables of geometries and the loops of simulated maps are loaded there alone. `sums` proves
plans: ending it, so that a computation is really over, ends nobody's export. A server starts the first with itself; all else
starts when it is first needed.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from geoservice.errors import NotReady

T = TypeVar("T")
_WAIT_S, _LONGEST_S, _LOOK_S = 1.0, 60.0, 0.1
_BUSY = "Un autre export est en cours ; réessayez dans quelques secondes."
_BROKEN = "L’export n’a pas abouti. Réessayez avec une résolution plus grossière, une période ou une zone."
_COUNTING = "Un autre calcul est en cours ; réessayez dans quelques secondes."
_STOPPED = "Le calcul n’a pas abouti. Réessayez avec moins de caméras, une période plus courte ou un lieu plus petit."
_told: Any = None  # in the other process: how far it says that it is


class Worker:
    """Another process, started when it is first needed and again after it died. `wait_s`: for one's turn."""

    def __init__(self, wait_s: float, busy: str, broken: str) -> None:
        self.wait_s, self.busy, self.broken = wait_s, busy, broken
        self._turn = threading.BoundedSemaphore(1)
        self._pool: ProcessPoolExecutor | None = None
        self._step: Any = None  # shared with it

    def run(self, make: Callable[..., T], *values: Any, watch: Callable[[int], None] = lambda step: None) -> T:
        """`make(*values)` over there. NotReady while another keeps it, and when it fails or takes too long.

        `watch` hears ten times a second which step it tells; what `watch` raises ends the process, and is raised.
        """
        if not self._turn.acquire(timeout=self.wait_s):
            raise NotReady(self.busy)
        try:
            return self._watched(make, values, watch)
        except (BrokenProcessPool, CancelledError) as error:
            self.forget()
            raise NotReady(self.broken) from error
        finally:
            self._turn.release()

    def _watched(self, make: Callable[..., T], values: tuple[Any, ...], watch: Callable[[int], None]) -> T:
        future, until = self.submit(make, *values), time.monotonic() + _LONGEST_S
        try:
            while not wait([future], _LOOK_S).done:
                watch(self._step.value)
                if time.monotonic() > until:
                    raise NotReady(self.broken)
        except BaseException:
            self.forget()
            raise
        return future.result()

    def submit(self, make: Callable[..., T], *values: Any) -> Future[T]:
        """Ask it, and do not wait."""
        if self._pool is None:
            spawned = multiprocessing.get_context("spawn")
            self._step = spawned.RawValue("i", 0)
            self._pool = ProcessPoolExecutor(1, spawned, _be_polite, (self._step,))
        self._step.value = 0
        return self._pool.submit(make, *values)

    def forget(self) -> None:
        """Kill it, whatever it is making: the next question starts another."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)

    def warm(self, load: Callable[[], bytes]) -> None:
        """Start it before anybody waits for it."""
        with self._turn:
            self.submit(load)


files = Worker(_WAIT_S, _BUSY, _BROKEN)
sums = Worker(_LONGEST_S, _COUNTING, _STOPPED)


def warm() -> None:
    """Start the process of exports before anybody waits for it."""
    files.warm(_load)


def stop() -> None:
    """End the other processes, whatever they are making."""
    files.forget()
    sums.forget()


def tell(step: int) -> None:
    """Say, in the other process, which step has begun."""
    if _told is not None:
        _told.value = step


def _load() -> bytes:
    import geopandas  # noqa: F401  (what writing a GeoPackage or a GeoParquet loads: seconds, once)

    from geoservice.core import compiled
    from geoservice.core.stats import nulls
    from geoservice.web.routes import cells  # noqa: F401

    compiled.load(nulls.loops)  # what hundreds of simulated maps run through
    return b""


def _be_polite(step: Any) -> None:
    global _told  # of this process: nothing else of it knows the other
    _told = step
    os.nice(5)


def elsewhere(make: Callable[..., T], *values: Any) -> T:
    """`make(*values)` in the process of exports. NotReady while another export keeps it, and when it fails or takes too long."""
    return files.run(make, *values)
