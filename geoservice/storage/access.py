"""`access.db` of the shared folder: reading keys, share links, patrol requests. A database of its own, which holds no fact.

It is written by the main surface and by the shared one; secrets are kept as hashes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from geoservice.errors import NotReady
from geoservice.storage.sqlite import copy as copy_database
from geoservice.storage.sqlite import open_engine, scrub

NAME = "access.db"
VERSION = 1
KEPT_DAYS = 365  # after the end of a key or a link, or from the day of a request on
_META = MetaData()
KEYS = Table(
    "reading_key", _META, Column("id", Integer, primary_key=True), Column("sha256", String(64), unique=True, nullable=False),
    Column("label", String(60), nullable=False), Column("organisation", String(60)),
    Column("territory", String(60), nullable=False), Column("zone", String(60)), Column("liaison", Integer, nullable=False),
    Column("created", DateTime, nullable=False), Column("expires", DateTime, nullable=False), Column("revoked", DateTime))
LINKS = Table(
    "share_link", _META, Column("id", Integer, primary_key=True), Column("sha256", String(64), unique=True, nullable=False),
    Column("organisation", String(60), nullable=False), Column("territory", String(60), nullable=False),
    Column("release", String(64), nullable=False), Column("kind", String(20), nullable=False),
    Column("level", String(20), nullable=False), Column("zone", String(60)), Column("created", DateTime, nullable=False),
    Column("expires", DateTime, nullable=False), Column("revoked", DateTime), Column("opens", Integer, nullable=False))
REQUESTS = Table(
    "patrol_request", _META, Column("id", Integer, primary_key=True), Column("organisation", String(60), nullable=False),
    Column("territory", String(60), nullable=False), Column("level", String(20), nullable=False),
    Column("place", String(120), nullable=False), Column("category_group", String(60), nullable=False),
    Column("reason", String(40), nullable=False), Column("wished", String(10), nullable=False),
    Column("created", DateTime, nullable=False), Column("answer", String(20)), Column("answer_reason", String(40)),
    Column("answered", DateTime), Column("withdrawn", DateTime))

TABLES = (KEYS, LINKS, REQUESTS)


def now() -> datetime:
    """This moment in UTC, as the database keeps it: without saying so."""
    return datetime.now(UTC).replace(tzinfo=None)


class Access:
    """The database of a folder; made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._engine: Engine | None = None
        self._writable = False

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """A connection that reads; None where nobody has written anything yet."""
        engine = self._open(make=False)
        if engine is None:
            yield None
            return
        with engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; NotReady where the folder can only be read."""
        if not os.access(self.path.parent, os.W_OK):
            raise NotReady("Le dossier partagé manque ou est en lecture seule : rien n’y a été écrit.")
        engine = self._open(make=True)
        if engine is None:
            raise NotReady("Le dossier partagé ne s’ouvre pas.")
        with engine.connect().execution_options(geoservice_write=True) as connection, connection.begin():
            yield connection

    def scrub(self) -> None:
        """Write the file anew, so that nothing is left of rows that went."""
        engine = self._open(make=True)
        if engine is not None:
            scrub(engine)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _open(self, make: bool) -> Engine | None:
        if self._engine is None:
            if not self.path.is_file() and (not make or not os.access(self.path.parent, os.W_OK)):
                return None
            engine = open_engine(self.path)
            if make:
                self._make(engine)
            self._engine = engine
            self._writable = make
        elif make and not self._writable:
            self._make(self._engine)
            self._writable = True
        return self._engine

    def _make(self, engine: Engine) -> None:
        with engine.connect().execution_options(geoservice_write=True) as connection, connection.begin():
            found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if found > VERSION:
                raise NotReady("« access.db » vient d’une version plus récente de geoservice : mettez le service à jour.")
            _META.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
        self.path.chmod(0o600)


def copy(folder: Path, target: Path) -> bool:
    """One state of the database as a file of its own; False where nobody has written anything yet."""
    if not (folder / NAME).is_file():
        return False
    copy_database(folder / NAME, target)
    return True


def add(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """A new row; its number. What ended long ago goes."""
    forget(connection, now() - timedelta(days=KEPT_DAYS))
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def find(connection: Connection, table: Table, sha256: str) -> Row | None:
    """A row by the hash of its secret, alive or not."""
    return connection.execute(select(table).where(table.c.sha256 == sha256)).first()


def listing(connection: Connection, table: Table, **equal: Any) -> Sequence[Row]:
    """Rows with these values, newest first."""
    return connection.execute(select(table).filter_by(**equal).order_by(table.c.id.desc())).all()


def change(connection: Connection, table: Table, number: int, **values: Any) -> None:
    """Other values in one row."""
    connection.execute(update(table).where(table.c.id == number).values(values))


_ENDS = ((KEYS, KEYS.c.expires), (LINKS, LINKS.c.expires), (REQUESTS, REQUESTS.c.created))


def forget(connection: Connection, before: datetime) -> int:
    """Rows that ended before a moment go; how many."""
    return sum(connection.execute(delete(table).where(end < before)).rowcount for table, end in _ENDS)


def due(folder: Path, before: datetime) -> int:
    """How many rows `purge` would take out."""
    access = Access(folder)
    try:
        with access.read() as connection:
            return 0 if connection is None else sum(
                int(connection.execute(select(func.count()).select_from(table).where(end < before)).scalar_one())
                for table, end in _ENDS)
    finally:
        access.close()


def purge(folder: Path, before: datetime) -> int:
    """Take out what ended before a moment (UTC, without saying so), also from the pages of the file; how many rows."""
    access = Access(folder)
    if not access.path.is_file():
        return 0
    try:
        with access.write() as connection:
            taken = forget(connection, before)
        access.scrub()
        return taken
    finally:
        access.close()


def count_open(connection: Connection, number: int) -> None:
    """A share link was opened once more."""
    connection.execute(update(LINKS).where(LINKS.c.id == number).values(opens=LINKS.c.opens + 1))
