"""A PostgreSQL cluster with PostGIS for the length of a measurement: own folder, this machine alone, destroyed at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("postgresql-15", "postgresql-15-postgis-3", "wrk")
USER = "postgres"
# one backend a connection works alone: parallel workers and JIT make short questions slower
SETTINGS = {"shared_buffers": "2GB", "work_mem": "64MB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB", "fsync": "off",
            "jit": "off", "max_parallel_workers_per_gather": "0", "effective_cache_size": "8GB", "random_page_cost": "1.1",
            "listen_addresses": "127.0.0.1"}


class Unavailable(RuntimeError):
    """The rival cannot be set up here; the text says why."""


@dataclass(frozen=True)
class Cluster:
    """Where a running cluster listens, and its first process."""

    socket: Path
    port: int
    pid: int

    def options(self) -> dict[str, Any]:
        """What asyncpg.connect takes; by the socket, which is faster."""
        return {"host": str(self.socket), "port": self.port, "user": USER, "database": "postgres"}

    def address(self) -> str:
        """The same as an address, for those who know no sockets."""
        return f"postgresql://{USER}:{USER}@127.0.0.1:{self.port}/postgres"

    def cpu_s(self) -> float:
        """Processor seconds of all its processes that live."""
        first = psutil.Process(self.pid)
        return sum(sum(process.cpu_times()[:2]) for process in [first, *first.children(recursive=True)])


@contextmanager
def running() -> Iterator[Cluster]:
    """A fresh cluster with the extension postgis; Unavailable where there is none and none can be installed."""
    binaries = programs()
    folder = Path(tempfile.mkdtemp(prefix="geoservice-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    data, log, port = folder / "data", folder / "log", free_port()
    try:
        _as_postgres(binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        options = " ".join([f"-k {folder} -p {port}", *(f"-c {name}={value}" for name, value in SETTINGS.items())])
        _as_postgres(binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            _as_postgres(binaries / "psql", "-h", folder, "-p", port, "-U", USER, "-qc", "CREATE EXTENSION postgis")
            yield Cluster(folder, port, int((data / "postmaster.pid").read_text().split()[0]))
        finally:
            _as_postgres(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs() -> Path:
    """The folder of PostgreSQL's programs, installed first where this is Debian and we are root."""
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], check=False,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        found = _found()
    if found is None:
        raise Unavailable(f"PostgreSQL with PostGIS is not here; install {' '.join(PACKAGES)}")
    return found


def _found() -> Path | None:
    folders = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
               if list(Path("/usr/share/postgresql").glob(f"{path.parts[-3]}/extension/postgis.control"))]
    return folders[-1] if folders and shutil.which("wrk") else None


def _as_postgres(*command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", USER, "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise Unavailable(f"{words[-1]}: {done.stderr[-500:]}")
