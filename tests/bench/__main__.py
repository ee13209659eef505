"""`python -m tests.bench`: measure what issues 2 and 4 promise, write docs/figures/foundation.json and statistics.json.

`--rows`, `--facts` and `--rounds` make a quicker trial, which is printed and not saved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import figures, importing, measure, statistics, viewport
from tests.bench.figures import Figure

ROWS, FACTS, ROUNDS = 1_000_000, 10_000_000, 3
COMMAND = "python -m tests.bench"


def figure(name: str, measured: float, unit: str, peer: tuple[str, float, float] | None, target: tuple[str, bool]) -> Figure:
    """A row; peer: its name, what it measured and the ratio that the target speaks of."""
    who, other, ratio = peer or (None, None, None)
    return Figure(name, 2, _short(measured), unit, who, None if other is None else _short(other),
                  None if ratio is None else _short(ratio), *target, COMMAND, figures.today(), figures.commit())


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def imported(folder: Path, rows: int, rounds: int) -> Iterator[Figure]:
    ours, peer = importing.compare(folder, rows, rounds)
    name = f"import of {rows:,} CSV rows: validated, indexed, durable, the whole process"
    for what, mine, theirs in (("wall", ours.wall_s, peer.wall_s), ("processor", ours.cpu_s, peer.cpu_s)):
        yield figure(f"{name}, {what} time", mine, "s", ("sqlite3 executemany of the same tuples and indexes, WAL, FULL", theirs,
                     mine / theirs), ("≤ 6×", mine <= 6 * theirs))
    yield figure(f"import of {rows:,} CSV rows: peak memory", ours.memory_mib, "MiB", None, ("≤ 1,024", ours.memory_mib <= 1024))
    facts = min(rows, importing.REBUILT)
    built, read = importing.rebuild(folder, facts, rounds)
    yield figure(f"rebuild and swap of the index of {facts:,} facts", built.wall_s, "s",
                 ("sqlite3 fetchall of the same columns", read.wall_s, built.wall_s / read.wall_s), ("≤ 5 s", built.wall_s <= 5))


def viewed(folder: Path, facts: int, rounds: int) -> Iterator[Figure]:
    found = viewport.compare(folder, facts, 20 * rounds)
    name = f"filtered viewport of {found.cells:,} cells ({found.total:,} facts) on {facts:,} facts, 1 of 5 years, 5 categories"
    for how, (ours, *peers) in (("bursts of 5 calls", found.bursts), ("single calls between the peers'", found.alone)):
        for peer, cost in zip(("DuckDB in memory, sorted", "DuckDB on file, sorted"), peers, strict=True):
            for what, mine, theirs in (("wall", ours.wall_s, cost.wall_s), ("processor", ours.cpu_s, cost.cpu_s)):
                yield figure(f"{name}, {how}, median {what} time", mine * 1e3, "ms", (peer, theirs * 1e3, theirs / mine),
                             ("≥ 10×", theirs >= 10 * mine))


def started(rounds: int) -> Iterator[Figure]:
    helped, bare = [], []
    for _ in range(max(3, 10 * rounds // ROUNDS)):
        helped.append(measure.child([sys.executable, "-m", "geoservice.cli", "--help"]))
        bare.append(measure.child([sys.executable, "-c", "pass"]))
    ours, peer = measure.median(helped).wall_s, measure.median(bare).wall_s
    yield figure("geoservice --help, median wall time", ours, "s", ("python -c pass", peer, ours / peer), ("< 0.5 s", ours < 0.5))


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = (started(asked.rounds), viewed(folder, asked.facts, asked.rounds), imported(folder, asked.rows, asked.rounds))
        for part in parts:
            for row in part:
                print(figures.show([row]), flush=True)
                found.append(row)
    if (asked.rows, asked.facts, asked.rounds) == (ROWS, FACTS, ROUNDS):
        figures.save("foundation", found)
        found += statistics.measured(statistics.ROUNDS)
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
