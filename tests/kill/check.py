"""What must hold of a data folder after its import was killed, read with the plain driver and not with our own storage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoservice.core import factfile
from geoservice.errors import NotReady
from geoservice.storage.sqlite import sqlite_module
from tests.kill.register import Register

COUNTERS = ("lines", "accepted", "updated", "unchanged", "duplicates", "rejected")


@dataclass(frozen=True)
class Fault:
    """Something that must never be: `lost`, `duplicate`, `half` (a batch) or `torn` (a file, an index, a database)."""

    sort: str
    sentence: str


@dataclass(frozen=True)
class Seen:
    """What another process saw of the run while it was alive: it was acknowledged."""

    batches: int = 0
    lines: int = 0


@dataclass(frozen=True)
class Expected:
    """The register, how many of its lines are a batch, and what the folder held before (facts, import number)."""

    register: Register
    batch_rows: int
    before: int
    import_id: int


def runs(folder: Path) -> list[dict[str, Any]]:
    """Import runs as they are committed."""
    with closing(_connect(folder)) as connection:
        return _runs(connection)


def faults(folder: Path, expected: Expected, seen: Seen) -> Iterator[Fault]:
    """Everything that is wrong, at any moment of an import's life."""
    with closing(_connect(folder)) as connection:
        state = connection.execute("PRAGMA quick_check").fetchone()[0]
        if state != "ok":
            yield Fault("torn", f"database: {state}")
        found = [run for run in _runs(connection) if run["id"] >= expected.import_id]
        run = found[0] if found else {"batches": 0, **dict.fromkeys(COUNTERS, 0)}
        if len(found) > 1:
            yield Fault("duplicate", f"{len(found)} runs instead of one")
        if run["batches"] < seen.batches or run["lines"] < seen.lines:
            yield Fault("lost", f"{seen} had been acknowledged, the database has {run['batches']} batches, {run['lines']} lines")
        yield from _rows(connection, expected, run)
    yield from _index(folder, expected)


def _rows(connection: Any, expected: Expected, run: dict[str, Any]) -> Iterator[Fault]:
    """Rows are those of whole batches, and the counters say so."""
    lines = min(run["batches"] * expected.batch_rows, len(expected.register.fates))
    wanted = expected.register.counters(lines)
    if {name: run[name] for name in COUNTERS} != wanted:
        yield Fault("half", f"counters after {run['batches']} batches: {run}, expected {wanted}")
    number = expected.import_id
    keys = [key for (key,) in connection.execute("SELECT key FROM fact NOT INDEXED WHERE import_id = ?", (number,))]
    must = expected.register.keys_of(lines)
    if len(keys) != len(set(keys)):
        yield Fault("duplicate", f"{len(keys) - len(set(keys))} facts are there twice")
    if must - set(keys):
        yield Fault("lost", f"{len(must - set(keys))} facts of committed batches are missing")
    if set(keys) - must:
        yield Fault("half", f"{len(set(keys) - must)} facts of a batch that is not counted")
    for table, name in (("fact_version", "updated"), ("rejected_line", "rejected")):
        rows = connection.execute(f"SELECT count(*) FROM {table} NOT INDEXED WHERE import_id = ?", (number,)).fetchone()[0]
        if rows != wanted[name]:
            yield Fault("half", f"{table}: {rows} rows, {wanted[name]} expected")
    before = connection.execute("SELECT count(*) FROM fact NOT INDEXED WHERE import_id < ?", (number,)).fetchone()[0]
    if before != expected.before:
        yield Fault("lost", f"{before} facts of the earlier import instead of {expected.before}")


def _index(folder: Path, expected: Expected) -> Iterator[Fault]:
    whole = expected.before + len(expected.register.keys_of(len(expected.register.fates)))
    for path in sorted((folder / "index").glob("*.facts")):
        size = index_size(path)
        if size not in (expected.before, whole):
            yield Fault("torn", f"index {path.name}: {size} facts, neither {expected.before} nor {whole}")


def index_size(path: Path) -> int:
    """Facts of an index file that opens, is sorted and ends where it says; -1 when it is torn."""
    try:
        index = factfile.open_index(path)
    except (NotReady, ValueError, KeyError, OSError):
        return -1
    cells = index["cell"]
    return len(index) if (cells[1:] >= cells[:-1]).all() and sum(index.kinds.values()) == len(index) else -1


def fingerprint(folder: Path) -> str:
    """SHA-256 of everything an import leaves: facts, histories, rejects, the run with its notes, the index's columns."""
    digest = hashlib.sha256()
    queries = (f"SELECT id, {', '.join(COUNTERS)}, batches, status, notes FROM import_run ORDER BY id",
               "SELECT key, import_id, content, seen, line, day, minute, category, lon, lat, cell FROM fact "
               "ORDER BY source_id, key",
               "SELECT key, v.import_id, v.content, v.seen, v.lat FROM fact_version v JOIN fact f ON f.id = fact_id "
               "ORDER BY key, v.content", "SELECT import_id, file, line, \"column\", value, code FROM rejected_line ORDER BY id",
               "SELECT import_id, name, sha256, deleted FROM upload ORDER BY id")
    with closing(_connect(folder)) as connection:
        for query in queries:
            digest.update(repr(connection.execute(query).fetchall()).encode())
    for path in sorted((folder / "index").iterdir()):
        digest.update(path.name.encode())
        for name, column in factfile.open_index(path).columns.items():
            digest.update(name.encode() + column.tobytes())
    digest.update(repr(sorted(path.name for path in (folder / "uploads").iterdir())).encode())
    return digest.hexdigest()


def _runs(connection: Any) -> list[dict[str, Any]]:
    names = ("id", "batches", "status", *COUNTERS)
    return [dict(zip(names, row, strict=True))
            for row in connection.execute(f"SELECT {', '.join(names)} FROM import_run ORDER BY id")]


def _connect(folder: Path) -> Any:
    connection = sqlite_module().connect(folder / "geoservice.db", timeout=60)
    connection.isolation_level = None
    return connection
