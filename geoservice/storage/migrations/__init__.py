"""Versions of the tables: which one a folder has, and the way up and down.

alembic is imported only when a folder has to change. A change of `tables.py` needs a file in `versions/` and a line in REVISIONS
(`tests/upkeep/test_migrations.py` compares the tables with what the revisions make).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from geoservice.errors import NotReady
from geoservice.settings import Settings
from geoservice.storage import engine as db

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD = REVISIONS[-1]
_TABLE = "alembic_version"


class OlderFolder(NotReady):
    """The folder's tables are of an earlier version; opening it through `operations.setup` brings them up."""


def revision(connection: Connection) -> str:
    """The version of the tables; the first one where nobody noted it yet."""
    if not inspect(connection).has_table(_TABLE):
        return REVISIONS[0]
    return str(connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar() or REVISIONS[0])


def stamp(connection: Connection, name: str) -> None:
    """Note the version of tables that are there already."""
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {_TABLE} (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text(f"DELETE FROM {_TABLE}"))
    connection.execute(text(f"INSERT INTO {_TABLE} VALUES (:name)"), {"name": name})


def check(connection: Connection, folder: Path) -> None:
    """OlderFolder when the tables have to be brought up, NotReady when this version of geoservice does not know them."""
    found = revision(connection)
    if found not in REVISIONS:
        raise NotReady(
            f"« {folder} » a été ouvert par une version plus récente de geoservice (tables {found[:12]}, ici {HEAD}). "
            "Installez cette version, ou restaurez une sauvegarde d’avant."
        )
    if found != HEAD:
        raise OlderFolder(
            f"« {folder} » vient d’une version plus ancienne de geoservice (tables {found}, ici {HEAD}). La prochaine "
            "commande qui l’ouvre le met à niveau, après une sauvegarde."
        )


def bring_up(settings: Settings) -> Path | None:
    """Bring an older folder up, as its one writer and after a backup of its database; the backup's path."""
    from geoservice.storage import backup
    from geoservice.storage.store import writer_lock

    with db.plain_errors(settings.data), writer_lock(settings.data):
        engine = db.open_engine(settings)
        try:
            with engine.connect() as connection, connection.begin():
                found = revision(connection)
            if found == HEAD:  # another process was faster
                return None
            moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
            target = settings.data / "sauvegardes" / f"avant-mise-a-niveau-{found}-{moment}.tar"
            target.parent.mkdir(mode=0o700, exist_ok=True)
            backup.write(settings, target, uploads=False)
            upgrade(engine)
            return target
        finally:
            engine.dispose()


def upgrade(engine: Engine, target: str = HEAD) -> None:
    """Up to a version, in one transaction."""
    from alembic import command

    _run(engine, command.upgrade, target)


def downgrade(engine: Engine, target: str) -> None:
    """Down to a version, in one transaction; what only the later version can say is lost."""
    from alembic import command

    _run(engine, command.downgrade, target)


def script_folder() -> Path:
    """Where alembic finds `env.py` and `versions/`."""
    return Path(__file__).resolve().parent


def _run(engine: Engine, move: Any, target: str) -> None:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(script_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        if not inspect(connection).has_table(_TABLE):
            db.create_schema(connection)
            stamp(connection, REVISIONS[0])
        db.loosen(connection)
        config.attributes["connection"] = connection
        move(config, target)
        db.settle(connection)
