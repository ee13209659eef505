"""The only module that knows which database this is: engine, transactions, and the few statements that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlmodel import SQLModel

from geoservice.errors import NotReady

SAFE_SQLITE = (3, 51, 3)  # older ones can corrupt a WAL database that two connections checkpoint (the WAL-reset race)
WRITE = {"geoservice_write": True}


def sqlite_module() -> Any:
    """The SQLite driver: the bundled library where there is one, else Python's own if it is recent enough."""
    try:
        import pysqlite3.dbapi2 as module
    except ImportError:
        import sqlite3 as module  # type: ignore[no-redef]
    if module.sqlite_version_info < SAFE_SQLITE:
        raise NotReady(f"SQLite {module.sqlite_version} peut perdre des données ; installez le paquet pysqlite3 "
                       f"(SQLite {'.'.join(map(str, SAFE_SQLITE))} ou plus récent).")
    return module


def open_engine(path: Path) -> Engine:
    """An engine on a SQLite file: WAL, every commit on the disk before it is acknowledged, one writer at a time."""
    engine = create_engine(f"sqlite+pysqlite:///{path}", module=sqlite_module(), connect_args={"timeout": 60})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are opened by _begin, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000", "temp_store=MEMORY",
                   "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: two writers queue instead of one failing half-way.
    write = connection.get_execution_options().get("geoservice_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def create_tables(engine: Engine) -> None:
    """Every table that does not exist yet."""
    from geoservice.storage import tables  # noqa: F401  (declares the tables)

    SQLModel.metadata.create_all(engine)


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert many tuples in the order of `names`, past the ORM: 50 times faster than objects."""
    if rows:
        quoted = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})', list(rows))


def bulk_select(connection: Connection, sql: str, values: tuple, block: int) -> Iterator[list[tuple]]:
    """Rows of a query as plain tuples, in blocks of at most `block`: the driver's own cursor, past SQLAlchemy's rows."""
    with connection.exec_driver_sql(sql, values) as result:
        cursor = result.cursor
        while rows := cursor.fetchmany(block):
            yield rows


def bulk_update(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Set `names` by id for many tuples, each `(*values, id)`."""
    if rows:
        assignments = ", ".join(f'"{name}" = ?' for name in names)
        connection.exec_driver_sql(f'UPDATE "{table.name}" SET {assignments} WHERE id = ?', list(rows))


def chunks(values: Iterable[Any], size: int = 10_000) -> Iterator[list[Any]]:
    """Lists of at most `size`: a statement binds a bounded number of values."""
    block: list[Any] = []
    for value in values:
        block.append(value)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


@dataclass(frozen=True)
class Health:
    """What `doctor` and readiness tell of the database: which one, and whether a commit is on the disk."""

    engine: str
    durability: str
    durable: bool


def health(connection: Connection) -> Health:
    """The database's version and how it writes."""
    journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    level = int(connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0)
    name = ("OFF", "NORMAL", "FULL", "EXTRA")[level]
    return Health(f"SQLite {sqlite_module().sqlite_version}", f"journal {journal}, synchronisation {name}", journal == "wal" and level >= 2)


def integrity(connection: Connection) -> str:
    """`ok`, or what is wrong with the file."""
    return str(connection.exec_driver_sql("PRAGMA quick_check").scalar())
