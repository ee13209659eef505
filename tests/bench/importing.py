"""The whole import of a CSV against sqlite3's executemany of the same rows, and the index made from them."""

from __future__ import annotations

import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from geoservice.core import factfile
from geoservice.operations import accounts
from geoservice.operations.setup import create, open_storage
from geoservice.settings import Settings
from geoservice.storage import indexes, indexfiles
from geoservice.storage.sqlite import sqlite_module
from geoservice.testing import write_facts_csv
from tests.bench import measure
from tests.bench.measure import Cost

REBUILT = 500_000
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536")


def compare(folder: Path, rows: int, rounds: int) -> tuple[Cost, Cost]:
    """Ours and executemany's, in turns; ours is a process from its start to its end, index swapped in, all on the disk."""
    path = write_facts_csv(folder / "facts.csv", rows)
    ours, peers = [], []
    for number in range(rounds):
        data = folder / f"data{number}"
        accounts.create_organisation(create(Settings(data=data)), "bench")
        command = ["geoservice.cli", "import", "incidents", str(path), "--data", str(data)]
        ours.append(measure.child([sys.executable, "-m", *command]))
        peers.append(_executemany(data, folder / f"peer{number}.db", rows))
        if number:
            _forget(folder / f"data{number - 1}")
    return measure.median(ours), measure.median(peers)


def _executemany(data: Path, path: Path, rows: int) -> Cost:
    """Insert the tuples that are in our table, from memory, into the same table with the same indexes."""
    with closing(_connect(data / "geoservice.db")) as connection:
        ddl = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'fact' AND sql NOT NULL")]
        values = connection.execute("SELECT * FROM fact ORDER BY id").fetchall()
    assert len(values) == rows
    assert any("UNIQUE INDEX" in sql for sql in ddl)
    with closing(_connect(path)) as connection:
        for sql in ddl:
            connection.execute(sql)
        cost = measure.call(partial(_insert, connection, values))
        assert connection.execute("SELECT count(*) FROM fact").fetchone() == (rows,)
    _forget(path.parent, path.name)
    return cost


def _insert(connection: Any, values: list[tuple]) -> None:
    marks, step = ", ".join("?" * len(values[0])), Settings().batch_rows
    for start in range(0, len(values), step):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO fact VALUES ({marks})", values[start:start + step])
        connection.execute("COMMIT")


def rebuild(folder: Path, facts: int, rounds: int) -> tuple[Cost, Cost]:
    """Rebuilding the index of so many of the imported facts, and fetchall of the columns it is built from."""
    data = max(folder.glob("data*"))
    storage = open_storage(Settings(data=data))
    with storage.write() as connection:
        connection.exec_driver_sql("DELETE FROM fact WHERE id NOT IN (SELECT id FROM fact ORDER BY id LIMIT ?)", (facts,))
        owner = connection.exec_driver_sql("SELECT organisation_id FROM fact LIMIT 1").scalar_one()

    def ours() -> None:
        with storage.only_writer():
            indexes.rebuild(storage, owner, "bench")

    def peer() -> None:
        with closing(_connect(data / "geoservice.db")) as connection:
            names = ", ".join(indexes.facts.INDEXED)
            assert len(connection.execute(f"SELECT {names} FROM fact").fetchall()) == facts

    costs = measure.in_turns([ours, peer], rounds)
    assert len(factfile.open_index(indexfiles.path_of(storage.settings.index_folder, owner))) == facts
    storage.close()
    return costs[0], costs[1]


def _connect(path: Path) -> Any:
    connection = sqlite_module().connect(path)
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _forget(folder: Path, name: str = "") -> None:
    for path in folder.glob(f"{name}*" if name else "**/*"):
        if path.is_file():
            path.unlink()
