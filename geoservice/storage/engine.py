"""The database, whichever it is: a SQLite file in the data folder, or PostgreSQL at an address. Only this module chooses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from geoservice.errors import of_the_disk
from geoservice.settings import Settings
from geoservice.storage import sqlite
from geoservice.storage.scope import RowScope

WRITE = {"geoservice_write": True}


def _of(connection: Connection | Engine) -> ModuleType:
    return _named(connection.dialect.name)


def _named(dialect: str) -> ModuleType:
    if dialect == "sqlite":
        return sqlite
    from geoservice.storage import postgres

    return postgres


def open_engine(settings: Settings) -> Engine:
    """An engine on the folder's database: every commit is on the disk before it is acknowledged, one writer at a time."""
    if settings.database_url:
        return _named("postgresql").open_engine(settings.database_url, settings.data, settings.database_service_url)
    return sqlite.open_engine(settings.database)


def open_service(settings: Settings) -> Engine:
    """The engine that the service works by: where the database knows roles, one that owns nothing and passes no rule."""
    if settings.database_url:
        return _named("postgresql").open_service(settings.database_url, settings.data, settings.database_service_url)
    return open_engine(settings)


def open_scoped(settings: Settings, service: Engine) -> Engine:
    """The engine for transactions that have a scope."""
    return service if settings.database_url else sqlite.open_scoped(settings.database)


@contextmanager
def begun(engine: Engine, write: bool, scope: RowScope | None = None) -> Iterator[Connection]:
    """A transaction; with a scope (of an engine that `open_scoped` made) the database shows and changes only what is its."""
    options = {"geoservice_write": write, "geoservice_scope": scope, "geoservice_everybody": scope is None}
    with engine.connect().execution_options(**options) as connection:
        if scope is not None:
            _of(connection).enter(connection, scope, write)
        with connection.begin():
            yield connection


@contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Past the scope of a transaction, for what the service itself does in it. `tests/storage/test_scope_uses.py` lists where."""
    with _of(connection).lifted(connection):
        yield


def exists(settings: Settings) -> bool:
    """Whether there is a database with tables."""
    if not settings.database_url:
        return settings.database.is_file()
    engine = open_engine(settings)
    try:
        with plain_errors(), engine.connect() as connection:
            return inspect(connection).has_table("organisation")
    finally:
        engine.dispose()


def discard(settings: Settings) -> None:
    """Drop the tables that are not in the data folder."""
    if settings.database_url:
        with plain_errors():
            _named("postgresql").discard(settings.database_url, settings.data)


def identity(settings: Settings) -> str:
    """Which database this is: another one under the same name has another."""
    if settings.database_url:
        return _named("postgresql").identity(settings.database_url, settings.data)
    return str(settings.database.stat().st_ino)


@contextmanager
def plain_errors(folder: Path | None = None) -> Iterator[None]:
    """A full disk, a database that cannot be written or does not answer, and a damaged one as errors that say what to do.

    `folder`: where the data are; without it a lack of room that the database calls an I/O error stays one.
    """
    try:
        yield
    except DBAPIError as error:
        plain = _named("sqlite" if "sqlite" in type(error.orig).__module__ else "postgresql").plain(error, folder)
        if plain is None:
            raise
        raise plain from error
    except OSError as error:
        plain = of_the_disk(error)
        if plain is None:
            raise
        raise plain from error


def watch(engine: Engine) -> Any:
    """What tells when anything was committed: `mark()` gives another value after every commit; `close()` ends it."""
    return _of(engine).Watch(engine)


def create_tables(connection: Connection) -> None:
    """Every table that does not exist yet."""
    from geoservice.storage import tables  # noqa: F401  (declares the tables)

    create_schema(connection)
    SQLModel.metadata.create_all(connection)
    settle(connection)


def create_schema(connection: Connection) -> None:
    """Where tables can be made, when there is nothing yet."""
    _of(connection).create_schema(connection)


def settle(connection: Connection) -> None:
    """Make new tables mean the same everywhere: texts compared by bytes, whole numbers of 64 bits, an audit that only grows."""
    _of(connection).settle(connection)


def loosen(connection: Connection) -> None:
    """Let tables be changed, whatever holds their rows to scopes; `settle` does so again."""
    _of(connection).loosen(connection)


def copy(settings: Settings, target: Path) -> None:
    """One state of a database that others may be writing to, as a SQLite file, on the disk when this returns."""
    if not settings.database_url:
        sqlite.copy(settings.database, target)
        return
    from geoservice.storage import carry

    engine = open_engine(settings)
    try:
        carry.to_file(engine, target)
    finally:
        engine.dispose()


def open_copy(path: Path, writable: bool = False) -> Engine:
    """An engine that reads a copy which nobody writes, and leaves nothing beside it; or one that may change it."""
    return sqlite.open_engine(path) if writable else sqlite.open_copy(path)


def one_file(path: Path) -> None:
    """Leave nothing beside a copy that was changed."""
    sqlite.one_file(path)


def deep_check(connection: Connection) -> str:
    """`ok`, or the first thing wrong with a copy, its indexes or its references: slower than `integrity`."""
    return sqlite.deep_check(connection)


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert many tuples in the order of `names`, past the ORM."""
    if rows:
        _of(connection).bulk_insert(connection, table, names, rows)


def last_id(connection: Connection, table: Table) -> int:
    """The greatest number of a table's rows; those inserted later in this transaction come after it."""
    return int(connection.exec_driver_sql(f'SELECT max(id) FROM "{table.name}"').scalar() or 0)


def number_given(connection: Connection, table: Table, number: int) -> None:
    """A row was given this number by hand: the database gives later ones."""
    _of(connection).number_given(connection, table, number)


def bulk_select(connection: Connection, sql: str, values: tuple, block: int) -> Iterator[list[tuple]]:
    """Rows of a query (`?` marks) as plain tuples, at most `block` at once: the driver's own cursor."""
    with connection.exec_driver_sql(_of(connection).plain_sql(sql), values) as result:
        cursor = result.cursor
        while rows := cursor.fetchmany(block):
            yield rows


def bulk_update(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Set `names` by id for many tuples, each `(*values, id)`."""
    if rows:
        assignments = ", ".join(f'"{name}" = ?' for name in names)
        sql = _of(connection).plain_sql(f'UPDATE "{table.name}" SET {assignments} WHERE id = ?')
        connection.exec_driver_sql(sql, list(rows), execution_options=sqlite.COMPOSED)


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
    return Health(*_of(connection).health(connection))


def scrub(settings: Settings) -> bool:
    """Write the database anew: nothing is left of what its tables no longer hold. False while a reader keeps an older state."""
    engine = open_engine(settings)
    try:
        with plain_errors(settings.data):
            return bool(_of(engine).scrub(engine))
    finally:
        engine.dispose()


def integrity(connection: Connection) -> str:
    """`ok`, or what is wrong with the database."""
    return str(_of(connection).integrity(connection))
