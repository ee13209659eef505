"""SQLite, the database of a folder of one's own: engine, transactions, copies, and what its errors mean."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import DBAPIError

from geoservice.core.chain import SEAL, SEALED_AFTER_DAYS
from geoservice.errors import NotReady, disk_full, read_only
from geoservice.storage import sqlite_scope

SAFE_SQLITE = (3, 51, 3)  # older ones can corrupt a WAL database that two connections checkpoint (the WAL-reset race)
_BUSY_MS = 60_000
_LEAST_FREE = 1 << 16
COMPOSED = {"geoservice_composed": True}  # says of a text that it is ours: a scoped connection changes rows by no other
enter, lifted = sqlite_scope.enter, sqlite_scope.lifted
_UNSEALED = (
    "WHEN NOT EXISTS (SELECT 1 FROM audit AS last WHERE last.seq = (SELECT max(seq) FROM audit) "
    f"AND last.action = '{SEAL}' AND last.seq > OLD.seq AND CAST(last.object AS INTEGER) >= OLD.seq "
    f"AND julianday(substr(last.moment, 1, 10)) - julianday(substr(OLD.moment, 1, 10)) >= {SEALED_AFTER_DAYS}) ")


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


def open_engine(path: Path, factory: Any = None) -> Engine:
    """An engine on a SQLite file: WAL, every commit on the disk before it is acknowledged, one writer at a time.

    A file in a folder that cannot be written is opened for reading alone. `factory`: another class of connections.
    """
    module = sqlite_module()
    how = {"timeout": 60, "factory": factory or module.Connection}
    if os.access(path.parent, os.W_OK):
        engine = create_engine(f"sqlite+pysqlite:///{path}", module=module, connect_args=how)
        event.listen(engine, "connect", _prepare)
    else:
        address = _reading(path)
        engine = create_engine("sqlite+pysqlite://", module=module, creator=lambda: module.connect(
            address, uri=True, check_same_thread=False, **how))
        event.listen(engine, "connect", _prepare_reading)
    event.listen(engine, "begin", _begin)
    return engine


def open_scoped(path: Path) -> Engine:
    """An engine whose connections read and change nothing before `enter` gives them a scope."""
    engine = open_engine(path, sqlite_scope.connection_class(sqlite_module()))
    sqlite_scope.listen(engine)
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
    for pragma in ("foreign_keys=ON", f"busy_timeout={_BUSY_MS}", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: two writers queue instead of one failing half-way.
    write = connection.get_execution_options().get("geoservice_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _free(folder: Path | None) -> int:
    try:
        return _LEAST_FREE if folder is None else shutil.disk_usage(folder).free
    except OSError:
        return _LEAST_FREE


def plain(error: DBAPIError, folder: Path | None) -> NotReady | None:
    """What an error of SQLite means for people; None where it means a mistake of ours."""
    return _plain(getattr(error.orig, "sqlite_errorname", None) or "", folder)


def _plain(name: str, folder: Path | None) -> NotReady | None:
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
    """Insert many tuples: 50 times faster than objects."""
    quoted = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})', list(rows), execution_options=COMPOSED)


def plain_sql(sql: str) -> str:
    """A statement with `?` marks as the driver wants it."""
    return sql


def health(connection: Connection) -> tuple[str, str, bool]:
    """Version, how it writes, and whether a commit is on the disk."""
    journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
    level = int(connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0)
    name = ("OFF", "NORMAL", "FULL", "EXTRA")[level]
    durable = journal == "wal" and level >= 2
    return f"SQLite {sqlite_module().sqlite_version}", f"journal {journal}, synchronisation {name}", durable


def integrity(connection: Connection) -> str:
    """`ok`, or what is wrong with the file."""
    return str(connection.exec_driver_sql("PRAGMA quick_check").scalar())


def one_file(path: Path) -> None:
    """Take the journal of a database into its file: nothing is left beside it."""
    connection = sqlite_module().connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


def scrub(engine: Engine) -> bool:
    """Every page written anew, none free, and an empty journal; False while a reader still needs the journal."""
    pooled = engine.raw_connection()
    try:
        raw: Any = pooled.dbapi_connection
        raw.execute("PRAGMA temp_store=FILE")  # a folder may be larger than the memory
        raw.execute("VACUUM")
        raw.execute("PRAGMA busy_timeout=1000")  # writers wait meanwhile; the caller asks again
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        raw.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        pooled.close()


def number_given(_connection: Connection, _table: Table, _number: int) -> None:
    """Nothing: a new row has the number after the greatest."""


def create_schema(_connection: Connection) -> None:
    """Nothing: the file is the schema."""


def loosen(_connection: Connection) -> None:
    """Nothing: scopes are of connections, not of tables."""


def settle(connection: Connection) -> None:
    """Rows of the audit are only added, but for old ones that its last row seals. Texts compare by bytes and whole numbers have
    64 bits here already."""
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit'").first():
        for event_, unless in (("UPDATE", ""), ("DELETE", _UNSEALED)):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_no_{event_.lower()}")
            connection.exec_driver_sql(f"CREATE TRIGGER audit_no_{event_.lower()} BEFORE {event_} ON audit {unless}"
                                       "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END")
