"""The data folder: the database, the uploads, the indexes, and the lock of its one writer."""

from __future__ import annotations

import fcntl
import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from geoservice.errors import NotReady
from geoservice.settings import Settings
from geoservice.storage import engine as db
from geoservice.storage import migrations
from geoservice.storage.indexfiles import IndexFiles
from geoservice.storage.memory import Memory
from geoservice.storage.scope import RowScope

DEMO_MARK = ".geoservice-demo"


class Storage:
    """A data folder that exists, with today's tables (OlderFolder otherwise). `read()` and `write()` open short transactions."""

    def __init__(self, settings: Settings) -> None:
        if not db.exists(settings):
            raise NotReady(f"Aucune donnée dans « {settings.data} ». Lancez d’abord « geoservice init --data "
                           f"{settings.data} ».")
        self.settings = settings
        self.engine = db.open_service(settings)
        self._scoped: Engine | None = None
        try:
            with self.read() as connection:
                migrations.check(connection, settings.data)
        except BaseException:
            self.engine.dispose()
            raise
        self.indexes = IndexFiles(settings.index_folder)
        # organisation → change of its facts → the one fact that this change added: what an index can be extended by
        self.additions: dict[int, dict[int, int]] = {}
        # organisation → version of its index → the version that it extends and the facts that it has besides
        self.grown: dict[int, dict[str, tuple[str, list[int]]]] = {}
        self.memory = Memory(self.engine)
        self.identity = db.identity(settings)

    @contextmanager
    def read(self, scope: RowScope | None = None) -> Iterator[Connection]:
        """A transaction that sees one state of the database: the rows of a scope, held to by the database itself.

        Without a scope it sees everybody's: for maintenance alone, and `tests/storage/test_scope_uses.py` lists where.
        """
        with db.plain_errors(self.settings.data), db.begun(self._engine(scope), False, scope) as connection:
            yield connection

    @contextmanager
    def write(self, scope: RowScope | None = None) -> Iterator[Connection]:
        """A transaction that holds the write lock; on the disk when the block ends, undone when it raises. Scopes as `read`."""
        with db.plain_errors(self.settings.data), db.begun(self._engine(scope), True, scope) as connection:
            yield connection

    def _engine(self, scope: RowScope | None) -> Engine:
        if scope is None:
            return self.engine
        if self._scoped is None:
            self._scoped = db.open_scoped(self.settings, self.engine)
        return self._scoped

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Wait to be the one process that imports or rebuilds; the system lets go when a process dies."""
        with db.plain_errors(self.settings.data), writer_lock(self.settings.data), _few_collections():
            yield

    def health(self) -> db.Health:
        """Version and durability of the database."""
        with self.read() as connection:
            return db.health(connection)

    def integrity(self) -> str:
        """`ok`, or what is wrong."""
        with self.read() as connection:
            return db.integrity(connection)

    def close(self) -> None:
        """Let go of the file."""
        self.memory.close()
        if self._scoped is not None:
            self._scoped.dispose()
        self.engine.dispose()


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """The lock of a data folder's one writer."""
    with (folder / ".writer.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _few_collections() -> Iterator[None]:
    """Rows are tuples without cycles: looking for cycles among millions of them was a third of an import's time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def create(settings: Settings, demo: bool = False) -> Storage:
    """A new data folder; NotReady when one is there already."""
    if db.exists(settings):
        raise NotReady(f"« {settings.data} » contient déjà des données ; choisissez un autre dossier avec --data.")
    with db.plain_errors(settings.data):
        for folder in (settings.data, settings.index_folder, settings.uploads):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if demo:
            mark_demo(settings.data, "begun")
        try:
            _new_database(settings)
        except Exception:  # half a database would pass for somebody's data
            for name in () if settings.database_url else ("", "-wal", "-shm"):
                settings.database.with_name(settings.database.name + name).unlink(missing_ok=True)
            raise
    return Storage(settings)


def _new_database(settings: Settings) -> None:
    database = db.open_engine(settings)
    try:
        with database.connect().execution_options(**db.WRITE) as connection, connection.begin():
            db.create_tables(connection)
            migrations.stamp(connection, migrations.HEAD)
    finally:
        database.dispose()


def mark_demo(folder: Path, state: str) -> None:
    """Say that this folder is the demo's, and whether it is `begun` or `ready`."""
    (folder / DEMO_MARK).write_text(state, encoding="ascii")


def demo_state(folder: Path) -> str:
    """`none`: nothing here; `begun` or `ready`: made by the demo; `foreign`: not ours to touch."""
    if (folder / DEMO_MARK).is_file():
        return (folder / DEMO_MARK).read_text(encoding="ascii")
    return "foreign" if folder.exists() and any(folder.iterdir()) else "none"


def discard_demo(settings: Settings) -> None:
    """Delete the demo's own folder and its database; NotReady when it is not the demo's."""
    if demo_state(settings.data) not in ("begun", "ready"):
        raise NotReady(f"« {settings.data} » n’a pas été créé par la démonstration : rien n’y est effacé.")
    db.discard(settings)
    shutil.rmtree(settings.data)
