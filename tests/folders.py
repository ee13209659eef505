"""A data folder copied with its database, wherever that is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from geoservice.settings import Settings
from geoservice.storage import carry, migrations
from geoservice.storage import engine as db


def copied(source: Path, target: Path) -> Settings:
    """Copy `source` to the new folder `target`; the settings of the copy.

    By another process: a file that is opened and closed beside SQLite loses the locks that SQLite holds on it in this process,
    and whoever else closes the database then takes itself for the last one and removes its journal.
    """
    subprocess.run([sys.executable, "-c", "import shutil, sys; shutil.copytree(*sys.argv[1:])", source, target], check=True)
    given, made = Settings(data=source), Settings(data=target)
    if made.database_url:
        with tempfile.TemporaryDirectory() as folder:
            _carry(given, made, Path(folder) / "copy.db")
    return made


def _carry(given: Settings, made: Settings, between: Path) -> None:
    db.copy(given, between)
    engine = db.open_engine(made)
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        db.create_tables(connection)
        migrations.stamp(connection, migrations.HEAD)
        carry.from_file(between, connection)
    engine.dispose()
