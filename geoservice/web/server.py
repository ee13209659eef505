"""Running the service: its processes, their log lines and counts, and a stop that lets requests finish."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from types import FrameType

from geoservice.settings import Settings
from geoservice.web import logs
from geoservice.web.metrics import SHARED

STOP_S = 20  # how long running requests may take once a stop is asked


@dataclass(frozen=True)
class Door:
    """Where the service listens and with how many processes; `factory` makes the application in each of them."""

    host: str
    port: int
    workers: int = 1
    factory: str = "geoservice.web.asgi:factory"


def serve(door: Door, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT: the port closes at once, running requests have STOP_S seconds to finish."""
    import uvicorn

    logs.configure(settings.log_format)
    with ExitStack() as stack:
        if settings.metrics and door.workers > 1:
            os.environ[SHARED] = tempfile.mkdtemp(prefix="geoservice-")
            stack.callback(shutil.rmtree, os.environ[SHARED], ignore_errors=True)
        if door.workers == 1:
            signal.signal(signal.SIGTERM, _leave)
        uvicorn.run(
            door.factory,
            factory=True,
            host=door.host,
            port=door.port,
            workers=door.workers,
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """uvicorn raises the signal again once everything is finished: being asked to stop is no failure."""
    sys.exit(0)
