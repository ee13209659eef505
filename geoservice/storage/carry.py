"""A database carried over to the other sort, table by table: what a backup of PostgreSQL is made of, and what restores one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Row, Table, inspect, select, text
from sqlmodel import SQLModel

from geoservice.storage import engine as db
from geoservice.storage import migrations, sqlite

_BLOCK = 20_000


def to_file(source: Engine, target: Path) -> None:
    """One state of a database as a new SQLite file, on the disk when this returns."""
    made = sqlite.open_engine(target)
    try:
        with source.connect() as reading, reading.begin():
            _make(made, migrations.revision(reading))
            with made.connect().execution_options(**db.WRITE) as writing, writing.begin():
                _copy(reading, writing)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        made.dispose()
    sqlite.one_file(target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _make(made: Engine, version: str) -> None:
    """Empty tables as the version has them."""
    with made.connect().execution_options(**db.WRITE) as writing, writing.begin():
        db.create_tables(writing)
        migrations.stamp(writing, migrations.HEAD)
    if version != migrations.HEAD:
        migrations.downgrade(made, version)


def _copy(reading: Connection, writing: Connection) -> None:
    # tables as they are there: those of today may have columns that an older version has not
    there = MetaData()
    there.reflect(writing)
    for table in _tables(reading):
        names = there.tables[table.name].columns.keys()
        for rows in _rows(reading, table, names):
            writing.execute(there.tables[table.name].insert(), [row._asdict() for row in rows])


def from_file(path: Path, target: Connection) -> None:
    """The rows of a SQLite file of today's version into empty tables, inside the caller's transaction."""
    source = sqlite.open_copy(path)
    try:
        with source.connect() as reading, reading.begin():
            for table in _tables(reading):
                for rows in _rows(reading, table, table.columns.keys()):
                    db.bulk_insert(target, table, [column.name for column in table.columns], [tuple(row) for row in rows])
                if "id" in table.c:
                    target.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), "
                                        f'coalesce((SELECT max(id) FROM "{table.name}"), 0) + 1, false)'))
    finally:
        source.dispose()


def _tables(connection: Connection) -> list[Table]:
    """Today's tables that the database has, those that are referred to first."""
    there = set(inspect(connection).get_table_names())
    return [table for table in SQLModel.metadata.sorted_tables if table.name in there]


def _rows(connection: Connection, table: Table, names: Sequence[str]) -> Iterator[Sequence[Row]]:
    ordered = select(*(table.c[name] for name in names)).order_by(*table.primary_key.columns)
    result = connection.execution_options(stream_results=True).execute(ordered)
    while rows := result.fetchmany(_BLOCK):
        yield rows
