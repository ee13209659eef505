"""Running the service: its processes, their log lines and counts, and a stop that lets requests finish."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from types import FrameType

from geoservice.errors import NotReady
from geoservice.settings import Settings
from geoservice.web import compiling, logs
from geoservice.web.computingboard import FOLDER
from geoservice.web.metrics import SHARED

STOP_S = 20  # how long running requests may take once a stop is asked


@dataclass(frozen=True)
class Door:
    """Where the service listens and with how many processes; `factory` makes the application in each of them."""

    host: str
    port: int
    workers: int = 1
    factory: str = "geoservice.web.asgi:factory"


def check(door: Door) -> None:
    """NotReady says why nobody can listen there: taken by another program, not this machine's, not allowed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(door.host, door.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server: a port that was just left is free
            trial.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise NotReady(f"Le port {door.port} de {door.host} est déjà pris par un autre programme : arrêtez-le, ou choisissez "
                           "un autre port avec --port.") from error
        if error.errno == errno.EACCES:
            raise NotReady(f"Le port {door.port} est réservé au système : choisissez-en un au-dessus de 1023 avec "
                           "--port.") from error
        raise NotReady(f"« {door.host} » n’est pas une adresse de cette machine : donnez par exemple --host "
                       "127.0.0.1.") from error


def serve(door: Door, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT: the port closes at once, running requests have STOP_S seconds to finish."""
    import uvicorn

    check(door)
    logs.configure(settings.log_format)
    with ExitStack() as stack:
        if settings.metrics and door.workers > 1:
            os.environ[SHARED] = _folder(stack)
        if door.workers > 1:
            os.environ[FOLDER] = _folder(stack)
        compiling.begin(stack)
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


def _folder(stack: ExitStack) -> str:
    """A folder for the processes of this service alone, which goes with them."""
    folder = tempfile.mkdtemp(prefix="geoservice-")
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """uvicorn raises the signal again once everything is finished: being asked to stop is no failure."""
    sys.exit(0)
