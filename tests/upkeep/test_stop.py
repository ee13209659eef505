"""SIGTERM: running requests finish, new ones are refused, an import ends its batch and can be finished later."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from geoservice.catalog.layers import load
from geoservice.operations import ingest
from geoservice.settings import Settings
from tests.upkeep.process import server
from tests.upkeep.state import digest, opened
from tests.upkeep.test_metrics import samples

FORM = (
    b"POST /connexion HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n"
)


def test_a_running_request_finishes_and_new_ones_are_refused(copied):
    with server(copied().data, "--log-format", "json") as running:
        with socket.create_connection(("127.0.0.1", running.port)) as slow:
            slow.sendall(FORM + b"token")  # a request whose end is still under way
            time.sleep(0.3)
            running.process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            _refused(running.port)
            assert time.monotonic() - asked < 5
            assert running.process.poll() is None  # it waits for the one that runs
            slow.sendall(b"=abcd")
            answer = b""
            while block := slow.recv(65_536):
                answer += block
        code, errors = running.stop()
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"</html>" in answer
    assert code == 0
    assert "Traceback" not in errors
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    (last,) = [line for line in lines if line.get("route") == "/connexion"]
    assert (last["method"], last["status"]) == ("POST", 401)


def _refused(port: int) -> None:
    for _ in range(100):
        try:
            httpx2.get(f"http://127.0.0.1:{port}/health/live", timeout=5)
        except httpx2.TransportError:
            return
        time.sleep(0.05)
    raise AssertionError("new requests are still taken")


@pytest.mark.slow
def test_a_request_that_never_ends_is_given_twenty_seconds(copied):
    with server(copied().data) as running, socket.create_connection(("127.0.0.1", running.port)) as slow:
        slow.sendall(FORM + b"token")
        time.sleep(0.3)
        asked = time.monotonic()
        code, errors = running.stop()
        assert 19 < time.monotonic() - asked < 26
    assert code == 0
    assert "Traceback" not in errors


@pytest.mark.slow
def test_workers_stop_too_and_count_together(copied, world):
    with server(copied().data, "--workers", "2", "--log-format", "json", GEOSERVICE_METRICS="true") as running:
        for _ in range(40):
            assert running.get("/api/session", Authorization=f"Bearer {world.rives}").status_code == 200
        found = samples(running.get("/metrics").text)
        code, errors = running.stop()
    key = frozenset({("method", "GET"), ("route", "/api/session"), ("status", "200")})
    assert found["geoservice_requests_total", key] == 40
    assert code == 0
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    served = [line for line in lines if line.get("route") == "/api/session"]
    assert len(served) == 40
    assert world.rives not in errors
    assert "Traceback" not in errors


def test_an_import_ends_its_batch_and_is_finished_later(copied, tmp_path):
    settings = Settings(data=copied().data, batch_rows=200)
    rows = [
        f"S{n};Graffitis;Graffitis sur mur;{1 + n % 28:02}/03/2024;\"{{'lon': 2.35, 'lat': {48.8 + n / 1e6:.6f}}}\""
        for n in range(60_000)
    ]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows]))
    command = [
        sys.executable,
        "-m",
        "geoservice.cli",
        "import",
        "incidents",
        str(path),
        "--organisation",
        "rives",
        "--source",
        "dans-ma-rue",
        "--data",
        str(settings.data),
    ]
    import os

    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "GEOSERVICE_BATCH_ROWS": "200"}
    )
    with opened(settings) as storage:
        deadline = time.monotonic() + 60
        while _run(storage)[0] < 3:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 143
        assert "le lot en cours se termine" in errors
        assert "relancez la même commande" in errors
        assert "Traceback" not in errors
        batches, lines, status, number = _run(storage)
        assert (lines, status) == (200 * batches, "reading")
        assert 3 <= batches < 300
        report = ingest.run(storage, load(), ingest.ImportRequest("incidents", (path,), "rives", "dans-ma-rue"))
        assert (report.import_id, report.accepted) == (number, 60_000)
        assert storage.integrity() == "ok"
        assert digest(storage, ["fact"])
        with storage.read() as connection:
            assert connection.exec_driver_sql(f"SELECT count(*) FROM fact WHERE import_id = {number:d}").scalar() == 60_000


def _run(storage) -> tuple[int, int, str, int]:
    with storage.read() as connection:
        row = connection.exec_driver_sql(
            "SELECT batches, lines, status, id FROM import_run WHERE batches < 999 AND status = 'reading' ORDER BY id DESC"
        ).first()
    return tuple(row) if row else (0, 0, "", 0)
