"""A full disk and a folder that cannot be written: a clear sentence, nothing lost, and the same command finishes later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.errors import DiskFull, ReadOnly
from geoservice.operations import accounts, backup, ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.upkeep.state import addresses, answers, digest, opened

pytestmark = pytest.mark.sqlite_file

ROWS = 6_000
TABLES = ("fact", "fact_version", "feature", "organisation", "source")


@contextmanager
def disk(path: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory."""
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk here: {made.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def small(tmp_path) -> Iterator[Path]:
    with disk(tmp_path / "petit", 24) as path:
        yield path


def leave(path: Path, kilobytes: int) -> Path:
    """Fill the disk except for so much."""
    ballast = path / "lest"
    free = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize
    with ballast.open("wb") as file:
        for _ in range(max(0, free - (kilobytes << 10)) >> 12):
            file.write(bytes(4_096))
    return ballast


def register(path: Path, number: int = ROWS) -> Path:
    rows = [
        f"D{n};Graffitis;Graffitis sur mur;{1 + n % 28:02}/03/2024;\"{{'lon': 2.35, 'lat': {48.8 + n / 1e5:.6f}}}\""
        for n in range(number)
    ]
    path.write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows, "faux;;;;"]))
    return path


def request(path: Path) -> ingest.ImportRequest:
    return ingest.ImportRequest("incidents", (path,), "rives", "dans-ma-rue")


def folder(path: Path) -> Settings:
    settings = Settings(data=path / "d", batch_rows=400)
    storage = setup.create(settings)
    accounts.create_organisation(storage, "rives")
    storage.close()
    return settings


def whole_batches(storage) -> int:
    """Facts in the database, all of committed batches."""
    with storage.read() as connection:
        facts = connection.exec_driver_sql("SELECT count(*) FROM fact").scalar()
        told = connection.exec_driver_sql("SELECT accepted, status FROM import_run ORDER BY id DESC LIMIT 1").first()
    assert facts == (told[0] if told else 0)
    assert told is None or told[1] in ("reading", "done")
    return facts


def test_an_import_on_a_full_disk_is_finished_once_there_is_room(small, tmp_path):
    path = register(tmp_path / "r.csv")
    whole = folder(tmp_path)
    with opened(whole) as storage:
        assert ingest.run(storage, load(), request(path)).counters()["rejected"] == 1
        expected = digest(storage, TABLES, {"created"})
    reached = set()
    for kilobytes in (0, 40, 600, 1_000, 1_300, 1_600):
        settings = folder(small)
        ballast = leave(small, kilobytes)
        with pytest.raises(DiskFull), opened(settings) as storage:  # without any room it cannot even be opened
            ingest.run(storage, load(), request(path))
        ballast.unlink()
        with opened(settings) as storage:
            assert storage.integrity() == "ok"
            reached.add(whole_batches(storage))
            with storage.read() as connection:
                status = connection.exec_driver_sql("SELECT status FROM import_run").scalar()
            assert status in (None, "reading")
            report = ingest.run(storage, load(), request(path))
            assert (report.accepted, report.rejected) == (ROWS, 1)
            assert digest(storage, TABLES, {"created"}) == expected
            assert len(storage.indexes.get(0)) == ROWS
            assert not list(settings.uploads.glob("*.part"))
        shutil.rmtree(settings.data)
    assert len(reached) > 3, reached  # the disk was full at different moments


def test_the_command_says_what_to_do(small, tmp_path):
    path = register(tmp_path / "r.csv")
    settings = folder(small)
    ballast = leave(small, 1_300)
    command = [
        sys.executable,
        "-m",
        "geoservice.cli",
        "import",
        "incidents",
        str(path),
        "--organisation",
        "rives",
        "--source",
        "dans-ma-rue",
        "--data",
        str(settings.data),
    ]
    environment = {**os.environ, "GEOSERVICE_BATCH_ROWS": "400"}
    failed = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert failed.returncode == 1
    assert failed.stderr.strip().splitlines()[-1].startswith("geoservice : Le disque est plein")
    assert "Traceback" not in failed.stderr
    ballast.unlink()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, f"{ROWS} nouvelles" in done.stdout) == (0, True)
    assert cli.main(["doctor", "--data", str(settings.data)]) in (0, 1)


def test_other_work_on_a_full_disk(small, tmp_path, world, capsys):
    """Backup, restore, undo, init, a token: each says so, and leaves what was there."""
    settings = folder(small)
    with opened(settings) as storage:
        number = ingest.run(storage, load(), request(register(tmp_path / "r.csv", 2_000))).import_id
        before = digest(storage)
        saved = backup.save(storage, tmp_path / "s.tar")
        ballast = leave(small, 0)
        with pytest.raises(DiskFull):
            ingest.undo(storage, number)
        with pytest.raises(DiskFull):
            [accounts.create_token(storage, f"jeton {n}", "rives") for n in range(60)]
        for kilobytes in (0, 200):
            ballast.unlink()
            leave(small, kilobytes)
            names = set(small.rglob("*"))
            with pytest.raises(DiskFull):
                backup.save(storage, small / "s.tar")
            with pytest.raises(DiskFull):
                backup.restore(saved.path, Settings(data=small / "nouveau"))
            assert set(small.rglob("*")) - names <= {small / "nouveau"}
        ballast.unlink()
        assert storage.integrity() == "ok"
        with storage.write() as connection:
            connection.exec_driver_sql("DELETE FROM token")
        assert digest(storage) == before
        assert ingest.undo(storage, number).removed == 2_000
        backup.restore(saved.path, Settings(data=small / "nouveau"))
    assert "Traceback" not in capsys.readouterr().err


def test_init_on_a_full_disk_leaves_nothing_that_passes_for_data(small, capsys):
    ballast = leave(small, 8)
    assert cli.main(["init", "--data", str(small / "d")]) == 1
    assert "disque est plein" in capsys.readouterr().err
    ballast.unlink()
    assert cli.main(["init", "--data", str(small / "d")]) == 0


def test_the_web_reads_on_a_full_disk_and_refuses_writes(small, world):
    shutil.copytree(world.settings.data, small / "d")
    settings = Settings(data=small / "d")
    asked = addresses()[::10]
    expected = answers(world.settings, world.rives, asked)
    app = create_app(settings)

    @app.post("/essai")
    def write():
        storage = app.state.service.storage
        with storage.write() as connection:
            connection.exec_driver_sql("CREATE TABLE t AS SELECT randomblob(5000000) AS b")

    bearer = {"Authorization": f"Bearer {world.rives}"}
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False, headers=bearer) as client:
        leave(small, 0)
        assert [client.get(address).status_code for address in asked] == [status for status, _, _ in expected]
        for _ in range(3):
            refused = client.post("/essai")
            assert (refused.status_code, refused.json()["type"]) == (507, "urn:geoservice:probleme:disque-plein")
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, "disque" in ready.json()["detail"]) == (503, True)
    (small / "lest").unlink()
    assert answers(settings, world.rives, asked) == expected


def test_a_service_does_not_start_on_a_full_disk_without_a_word(small, world):
    shutil.copytree(world.settings.data, small / "d")
    leave(small, 0)
    command = [sys.executable, "-m", "geoservice.cli", "serve", "--data", str(small / "d"), "--port", "1"]
    failed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert failed.stderr.startswith("geoservice : Le disque est plein")


@pytest.fixture
def frozen(tmp_path, world) -> Iterator[Settings]:
    """The world on a disk that nobody may write."""
    with disk(tmp_path / "fige", 24) as path:
        shutil.copytree(world.settings.data, path / "d")
        subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
        yield Settings(data=path / "d")


def test_a_read_only_folder_is_read_and_refuses_writes(frozen, world, tmp_path, capsys):
    asked = addresses()[::10]
    assert answers(frozen, world.rives, asked) == answers(world.settings, world.rives, asked)
    app = create_app(frozen)

    @app.post("/essai")
    def write():
        accounts.create_token(app.state.service.storage, "essai", "rives")

    with TestClient(app, raise_server_exceptions=False) as client:
        refused = client.post("/essai")
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:geoservice:probleme:lecture-seule")
    for command in (
        ["import", "incidents", str(register(tmp_path / "r.csv", 10)), "--source", "dans-ma-rue", "--organisation", "rives"],
        ["undo", "1"],
        ["token", "create", "x", "--organisation", "rives"],
        ["organisation", "create", "y"],
    ):
        assert cli.main([*command, "--data", str(frozen.data)]) == 1, command
        assert "lecture seule" in capsys.readouterr().err, command
    assert cli.main(["doctor", "--data", str(frozen.data)]) == 1
    assert "NON" in capsys.readouterr().out
    with opened(frozen) as storage:
        with pytest.raises(ReadOnly):
            ingest.run(storage, load(), request(tmp_path / "r.csv"))
        saved = backup.save(storage, tmp_path / "s.tar")  # all the more reason to be able to take a copy
    backup.restore(saved.path, Settings(data=tmp_path / "nouveau"))
    assert answers(Settings(data=tmp_path / "nouveau"), world.rives, asked) == answers(world.settings, world.rives, asked)


def test_a_read_only_folder_with_a_journal_to_take_in_loses_no_commit(tmp_path, world):
    """What was committed last stands in the journal: it is read, or the folder says that it has to be written once."""
    with disk(tmp_path / "fige", 24) as path:
        shutil.copytree(world.settings.data, tmp_path / "d")
        with opened(Settings(data=tmp_path / "d")) as storage:
            accounts.create_organisation(storage, "derniere")
            shutil.copytree(tmp_path / "d", path / "d")
        assert (path / "d" / "geoservice.db-wal").stat().st_size > 0
        subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
        with opened(Settings(data=path / "d")) as storage:
            assert "derniere" in accounts.organisations(storage)
        subprocess.run(["mount", "-o", "remount,rw", str(path)], check=True)
        (path / "d" / "geoservice.db-shm").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
        with pytest.raises(ReadOnly):  # it cannot be read whole: better no answer than one that lacks a commit
            setup.open_storage(Settings(data=path / "d"))
