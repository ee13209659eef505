"""`python -m tests.bench`: measure what issues 2 and 4 promise, write docs/figures/foundation.json and statistics.json.

`--only PART` measures some parts and replaces their rows alone. `--rows`, `--facts` and `--rounds` make a quicker trial, which is
printed and not saved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import figures, hotspots_live, importing, measure, statistics, viewport
from tests.bench.figures import Figure

ROWS, FACTS, ROUNDS = 1_000_000, 10_000_000, 3
COMMAND = "python -m tests.bench"
# how the rows of each part begin
PARTS = {"started": ("geoservice --help",), "viewed": ("filtered viewport",), "imported": ("import of", "rebuild")}


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


def with_others(found: list[Figure], old: list[dict], measured: list[str]) -> list[Figure]:
    """Rows of now, and of before those of parts that were not measured, in the order of PARTS."""
    kept = [Figure(**row) for row in old if not row["id"].startswith(tuple(start for part in measured for start in PARTS[part]))]
    starts = [start for part in PARTS.values() for start in part]
    return sorted([*kept, *found], key=lambda row: next(at for at, start in enumerate(starts) if row.id.startswith(start)))


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", action="append", choices=tuple(PARTS))
    asked = parser.parse_args()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {"started": started(asked.rounds), "viewed": viewed(folder, asked.facts, asked.rounds),
                 "imported": imported(folder, asked.rows, asked.rounds)}
        for part in asked.only or PARTS:
            for row in parts[part]:
                print(figures.show([row]), flush=True)
                found.append(row)
    if (asked.rows, asked.facts, asked.rounds) == (ROWS, FACTS, ROUNDS):
        figures.save("foundation", with_others(found, figures.load().get("foundation", []), asked.only or list(PARTS)))
    if (asked.rows, asked.facts, asked.rounds, asked.only) == (ROWS, FACTS, ROUNDS, None):
        live = hotspots_live.rows(hotspots_live.ROUNDS)
        print(figures.show(live), flush=True)
        figures.save("hotspots_live", live)
        found += live
        found += statistics.measured(statistics.ROUNDS)
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
