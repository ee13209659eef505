"""Files that cost seconds are made in one other process, one at a time and politely: the map of the others goes on meanwhile.

GDAL, its tables of geometries and the loops of simulated maps are loaded there alone. A server starts the process with itself;
anything else with the first export.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from geoservice.errors import NotReady

T = TypeVar("T")
_WAIT_S, _LONGEST_S = 1.0, 60.0
_turn = threading.BoundedSemaphore(1)
_BUSY = "Un autre export est en cours ; réessayez dans quelques secondes."
_BROKEN = "L’export n’a pas abouti. Réessayez avec une résolution plus grossière, une période ou une zone."


class _Worker:
    """The other process, started when it is first needed and again after it died."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, make: Callable[..., T], *values: Any) -> Future[T]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _be_polite)
        return self._pool.submit(make, *values)

    def forget(self) -> None:
        """Kill it: the next export starts another."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)


_worker = _Worker()


def warm() -> None:
    """Start the other process before anybody waits for it."""
    with _turn:
        _worker.submit(_load)


def stop() -> None:
    """End the other process, whatever it is making."""
    _worker.forget()


def _load() -> bytes:
    import geopandas  # noqa: F401  (what writing a GeoPackage or a GeoParquet loads: seconds, once)

    from geoservice.core import compiled
    from geoservice.core.stats import nulls
    from geoservice.web.routes import cells  # noqa: F401

    compiled.load(nulls.loops)  # what hundreds of simulated maps run through
    return b""


def _be_polite() -> None:
    os.nice(5)


def elsewhere(make: Callable[..., T], *values: Any) -> T:
    """`make(*values)` in the other process. NotReady while another export keeps it, and when it fails or takes too long."""
    if not _turn.acquire(timeout=_WAIT_S):
        raise NotReady(_BUSY)
    try:
        return _worker.submit(make, *values).result(_LONGEST_S)
    except (BrokenProcessPool, TooSlow) as error:
        _worker.forget()
        raise NotReady(_BROKEN) from error
    finally:
        _turn.release()
