"""Tables change by numbered steps, up and down, without a fact changing."""

from __future__ import annotations

import multiprocessing
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from geoservice import cli
from geoservice.errors import NotReady
from geoservice.operations import backup, setup
from geoservice.settings import Settings
from geoservice.storage import engine as db
from geoservice.storage import migrations
from geoservice.storage.store import Storage
from tests.upkeep.state import addresses, answers, digest, opened


@pytest.fixture
def older(copied):
    """The world's folder as version 0001 left it, and its engine."""

    def make(settings: Settings, name: str = migrations.REVISIONS[0]) -> None:
        engine = db.open_engine(settings)
        migrations.downgrade(engine, name)
        engine.dispose()

    settings = copied()
    make(settings)
    return settings


def tables(engine) -> dict[str, list]:
    """Everything the database itself says of its tables, indexes and references."""
    found: dict[str, list] = {}
    with engine.connect() as connection:
        for name in sorted(set(inspect(connection).get_table_names()) - {"alembic_version"}):
            indexes = connection.execute(text(f"PRAGMA index_list({name})")).all()
            found[name] = [
                sorted(tuple(row)[1:] for row in connection.execute(text(f"PRAGMA table_info({name})"))),
                sorted(tuple(row)[2:] for row in connection.execute(text(f"PRAGMA foreign_key_list({name})"))),
                sorted(
                    (row[2], row[3], [tuple(column)[2] for column in connection.execute(text(f"PRAGMA index_info({row[1]})"))])
                    for row in indexes
                ),
            ]
    return found


def test_one_head_and_every_step_is_listed():
    config = Config()
    config.set_main_option("script_location", str(migrations.script_folder()))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.HEAD]
    assert tuple(reversed([each.revision for each in script.walk_revisions()])) == migrations.REVISIONS


@pytest.mark.sqlite_file
def test_the_steps_make_the_tables_that_the_code_declares(tmp_path):
    created = setup.create(Settings(data=tmp_path / "cree"))
    stepped = db.open_copy(tmp_path / "etapes.db", writable=True)
    with stepped.connect() as connection:
        migrations.stamp(connection, "x")
        connection.execute(text("DELETE FROM alembic_version"))
        connection.commit()
    migrations.upgrade(stepped)
    assert tables(stepped) == tables(created.engine)
    assert len(tables(stepped)) == 39
    with stepped.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata) == []
    migrations.downgrade(stepped, "base")
    assert tables(stepped) == {}
    stepped.dispose()
    created.close()


def test_up_down_up_changes_no_row(copied):
    settings = copied()
    engine = db.open_engine(settings)  # the owner's: the service changes no table
    with opened(settings) as storage:
        before = digest(storage)
        for down in reversed(("base", *migrations.REVISIONS[:-1])):
            if down == "base":
                continue  # below the first version there is no data
            for _ in range(2):
                migrations.downgrade(engine, down)
                assert digest(storage) == before
                migrations.upgrade(engine)
                assert digest(storage) == before
        assert storage.integrity() == "ok"
    engine.dispose()


def test_opening_an_older_folder_brings_it_up_after_a_backup(older, world, tmp_path):
    with pytest.raises(migrations.OlderFolder):
        Storage(older)
    with opened(older) as storage, opened(world.settings) as original:
        assert digest(storage) == digest(original)
        with storage.read() as connection:
            assert migrations.revision(connection) == migrations.HEAD
    asked = addresses()[::4]
    assert answers(older, world.rives, asked) == answers(world.settings, world.rives, asked)
    (kept,) = (older.data / "sauvegardes").iterdir()
    assert "0001" in kept.name
    # the backup is of the tables as they were; restoring it brings them up again and builds the indexes
    again = Settings(data=tmp_path / "nouveau")
    assert backup.restore(kept, again).schema == "0001"
    assert answers(again, world.rives, asked) == answers(world.settings, world.rives, asked)


def test_a_folder_from_before_versions_were_noted(older):
    engine = db.open_engine(older)
    with engine.connect().execution_options(**db.WRITE) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.commit()
    engine.dispose()
    with opened(older) as storage, storage.read() as connection:
        assert migrations.revision(connection) == migrations.HEAD


def test_the_doctor_says_older_and_newer(older, capsys):
    assert cli.main(["doctor", "--data", str(older.data)]) == 1
    told = capsys.readouterr().out
    assert "NON Données" in told
    assert "plus ancienne" in told
    setup.open_storage(older).close()
    engine = db.open_engine(older)
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    engine.dispose()
    assert cli.main(["doctor", "--data", str(older.data)]) == 1
    assert "plus récente" in capsys.readouterr().out
    with pytest.raises(NotReady, match="Installez cette version"):
        setup.open_storage(older)
    assert cli.main(["import", "incidents", "x.csv", "--data", str(older.data)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_step_that_fails_leaves_the_folder_as_it_was(older, monkeypatch):
    def fail(connection, *_):
        raise RuntimeError("the power goes")

    before = older.database.stat().st_size if older.database.is_file() else 0
    from alembic.runtime.migration import HeadMaintainer

    monkeypatch.setattr(HeadMaintainer, "update_to_step", fail)  # the tables are made, their version not yet noted
    with pytest.raises(RuntimeError):
        setup.open_storage(older)
    monkeypatch.undo()
    engine = db.open_engine(older)
    with engine.connect() as connection:
        assert migrations.revision(connection) == "0001"
        assert "sighting" not in inspect(connection).get_table_names()
    engine.dispose()
    assert (older.database.stat().st_size if older.database.is_file() else 0) == before
    setup.open_storage(older).close()


def _open(folder: str, results) -> None:
    with opened(Settings(data=folder)) as storage, storage.read() as connection:
        results.put(migrations.revision(connection))


@pytest.mark.slow
def test_two_processes_open_an_older_folder_at_once(older):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_open, args=(str(older.data), results)) for _ in range(2)]
    for process in processes:
        process.start()
    assert [results.get(timeout=60) for _ in processes] == [migrations.HEAD] * 2
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len(list((older.data / "sauvegardes").iterdir())) == 1


def test_a_folder_of_today_is_opened_without_alembic(world):
    import subprocess

    code = (
        "import sys; from geoservice.settings import Settings; from geoservice.operations import setup; "
        f"setup.open_storage(Settings(data={str(world.settings.data)!r})); "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('alembic', 'mako')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
