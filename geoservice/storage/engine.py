"""The only module that knows which database this is: engine, transactions, and the few statements that differ."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from geoservice.errors import NotReady, disk_full, of_the_disk, read_only

SAFE_SQLITE = (3, 51, 3)  # older ones can corrupt a WAL database that two connections checkpoint (the WAL-reset race)
WRITE = {"geoservice_write": True}
_LEAST_FREE = 1 << 16


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
    """An engine on a SQLite file: WAL, every commit on the disk before it is acknowledged, one writer at a time.

    A file in a folder that cannot be written is opened for reading alone.
    """
    module = sqlite_module()
    if os.access(path.parent, os.W_OK):
        engine = create_engine(f"sqlite+pysqlite:///{path}", module=module, connect_args={"timeout": 60})
        event.listen(engine, "connect", _prepare)
    else:
        address = _reading(path)
        engine = create_engine("sqlite+pysqlite://", module=module, creator=lambda: module.connect(
            address, uri=True, timeout=60, check_same_thread=False))
        event.listen(engine, "connect", _prepare_reading)
    event.listen(engine, "begin", _begin)
    return engine


def _reading(path: Path) -> str:
    """How to open a database for reading alone: nobody changes it, unless a journal still waits to be taken in."""
    journal = path.with_name(f"{path.name}-wal")
    waiting = journal.is_file() and journal.stat().st_size > 0
    return f"file:{quote(str(path))}?mode=ro" + ("" if waiting else "&immutable=1")


def _prepare(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    _prepare_reading(connection, _record)


def _prepare_reading(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are opened by _begin, not by the driver
    for pragma in ("foreign_keys=ON", "busy_timeout=60000", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: two writers queue instead of one failing half-way.
    write = connection.get_execution_options().get("geoservice_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def plain_errors(folder: Path | None = None) -> Iterator[None]:
    """A full disk, a folder that cannot be written and a damaged file as errors that say what to do.

    `folder`: where the database is; without it a lack of room that the database calls an I/O error stays one.
    """
    try:
        yield
    except DBAPIError as error:
        plain = _plain(getattr(error.orig, "sqlite_errorname", None) or "", folder)
        if plain is None:
            raise
        raise plain from error
    except OSError as error:
        plain = of_the_disk(error)
        if plain is None:
            raise
        raise plain from error


def _free(folder: Path | None) -> int:
    try:
        return _LEAST_FREE if folder is None else shutil.disk_usage(folder).free
    except OSError:
        return _LEAST_FREE


def _plain(name: str, folder: Path | None) -> NotReady | None:
    """What an error of SQLite means for people; None where it means a mistake of ours."""
    # without room for the memory that connections share, SQLite calls it an I/O error
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _free(folder) < _LEAST_FREE):
        return disk_full()
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return read_only()
    if name.startswith("SQLITE_IOERR"):
        return NotReady("Le disque ne répond pas comme il faut : rien de ce qui était enregistré n’est perdu. Vérifiez le disque "
                        "et la place libre, puis relancez la même commande.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return NotReady("La base de données est abîmée. Restaurez une sauvegarde : « geoservice restore FICHIER --data "
                        "DOSSIER ».")
    if name.startswith("SQLITE_BUSY"):
        return NotReady("La base de données est occupée par une autre écriture ; réessayez dans un instant.")
    return None


class Watch:
    """A connection of its own that tells when anything was committed by another one, here or in another process."""

    def __init__(self, engine: Engine) -> None:
        pooled = engine.raw_connection()
        pooled.detach()
        self._connection: Any = pooled.dbapi_connection

    def mark(self) -> int:
        """A number that changes with every commit; a few microseconds, for it reads no table."""
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def create_tables(connection: Connection) -> None:
    """Every table that does not exist yet."""
    from geoservice.storage import tables  # noqa: F401  (declares the tables)

    SQLModel.metadata.create_all(connection)


def copy(path: Path, target: Path) -> None:
    """A consistent copy of a database that others may be writing to: one state of it, compact, on the disk when this returns."""
    try:
        source = sqlite_module().connect(path, timeout=60, isolation_level=None) if os.access(path.parent, os.W_OK) else \
            sqlite_module().connect(_reading(path), uri=True, isolation_level=None)
        try:
            source.execute("VACUUM INTO ?", (str(target),))
        finally:
            source.close()
    except sqlite_module().Error as error:
        target.unlink(missing_ok=True)
        plain = _plain(getattr(error, "sqlite_errorname", "") or "", target.parent)
        raise plain or NotReady("La base de données ne peut pas être copiée ; lancez « geoservice doctor ».") from error
    with target.open("rb") as file:
        os.fsync(file.fileno())


def open_copy(path: Path) -> Engine:
    """An engine that reads a database file which nobody writes, and leaves nothing beside it."""
    module = sqlite_module()
    engine = create_engine("sqlite+pysqlite://", module=module, creator=lambda: module.connect(
        f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False))
    event.listen(engine, "connect", _prepare_reading)
    event.listen(engine, "begin", _begin)
    return engine


def deep_check(connection: Connection) -> str:
    """`ok`, or the first thing wrong with the file, its indexes or its references: slower than `integrity`."""
    found = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    if found != "ok":
        return found
    return "ok" if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None else "foreign keys"


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert many tuples in the order of `names`, past the ORM: 50 times faster than objects."""
    if rows:
        quoted = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})', list(rows))


def last_id(connection: Connection, table: Table) -> int:
    """The greatest number of a table's rows; those inserted later in this transaction come after it."""
    return int(connection.exec_driver_sql(f'SELECT max(id) FROM "{table.name}"').scalar() or 0)


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
    durable = journal == "wal" and level >= 2
    return Health(f"SQLite {sqlite_module().sqlite_version}", f"journal {journal}, synchronisation {name}", durable)


def integrity(connection: Connection) -> str:
    """`ok`, or what is wrong with the file."""
    return str(connection.exec_driver_sql("PRAGMA quick_check").scalar())
