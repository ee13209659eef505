"""`python -m tests.bench.visible`: from one fact entered by API to its count in /api/cells, on a folder of 500,000 facts.

The service is a process of its own, as `geoservice serve` runs it; the clock starts when the request is sent. Writes
docs/figures/visible.json. `--facts` and `--rounds` make a quicker trial, which is printed and not saved.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest
from geoservice.operations.setup import create
from geoservice.settings import Settings
from geoservice.testing import write_facts_csv
from tests.bench import figures
from tests.bench.figures import Figure
from tests.browser.conftest import free_port

FACTS, ROUNDS, LIMIT_S = 500_000, 7, 5.0
COMMAND = "python -m tests.bench.visible"


def prepared(folder: Path, facts: int) -> tuple[Settings, str]:
    """A folder with so many facts of one organisation, and a token."""
    settings = Settings(data=folder / "data")
    storage = create(settings)
    accounts.create_organisation(storage, "bench")
    path = write_facts_csv(folder / "facts.csv", facts)
    report = ingest.run(storage, load(), ingest.ImportRequest("incidents", (path,), "bench"))
    assert report.accepted == facts, report.as_json()
    token = accounts.create_token(storage, "bench", "bench")
    storage.close()
    return settings, token


class Service:
    """A client of the running server."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token

    def ask(self, path: str, body: dict | None = None) -> dict:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urlopen(
            Request(self.address + path, None if body is None else json.dumps(body).encode(), headers), timeout=60
        ) as answer:
            return json.loads(answer.read())

    def count(self) -> int:
        """Facts of the day that nothing else has."""
        return self.ask("/api/cells?kind=bailleur&resolution=10&bbox=2.44,48.89,2.46,48.91&from=2026-03-02&to=2026-03-03")[
            "total"
        ]

    def seconds(self, number: int) -> float:
        """From sending one more fact to its being counted."""
        before, begun = self.count(), time.perf_counter()
        answer = self.ask(
            "/api/facts", {"id": f"bench-{number}", "date": "2026-03-02", "category": "DEG.tag", "lon": 2.45, "lat": 48.9}
        )
        assert answer["created"]
        while self.count() != before + 1:
            if time.perf_counter() - begun > 60:
                raise TimeoutError("a fact was not visible after a minute")
            time.sleep(0.02)
        return time.perf_counter() - begun


def measured(settings: Settings, token: str, rounds: int) -> list[float]:
    """Seconds of each round; the first one, which nobody counts, finds the server cold."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "geoservice.cli", "serve", "--data", str(settings.data), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    service = Service(f"http://127.0.0.1:{port}", token)
    try:
        for _ in range(300):
            try:
                service.ask("/health/ready")
                break
            except OSError:
                time.sleep(0.2)
        return [service.seconds(number) for number in range(rounds + 1)][1:]
    finally:
        server.terminate()
        server.wait(30)


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings, token = prepared(Path(name), asked.facts)
        found = measured(settings, token, asked.rounds)
    rows = [
        Figure(
            f"one fact by API, from sending it to its count in /api/cells, {asked.facts:,} facts, {what}",
            3,
            float(f"{value:.4g}"),
            "s",
            None,
            None,
            None,
            "≤ 5 s",
            value <= LIMIT_S,
            COMMAND,
            figures.today(),
            figures.commit(),
        )
        for what, value in (("median", statistics.median(found)), ("slowest", max(found)))
    ]
    print(figures.show(rows), flush=True)
    if (asked.facts, asked.rounds) == (FACTS, ROUNDS):
        figures.save("visible", rows)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
