"""Snapshots hold facts: they are coarsened and erased as facts are, and what they showed stays proven as long as it is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from geoservice.catalog.layers import load
from geoservice.core.query import EPOCH
from geoservice.core.snapshotfile import PRECISE, unpack
from geoservice.operations import accounts, ingest, meetings, purge, setup, snapshots
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from tests.web.world import CANARY, build

TODAY = date(2025, 1, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(tmp_path)
    return tmp_path / "data"


def reader_of(folder: Path, code: str = "plaine") -> Reader:
    storage = setup.open_storage(Settings(data=folder))
    return open_reader(storage, load(), accounts.viewer_of_organisation(storage, code, "test"))


def frozen(reader: Reader) -> tuple[int, str, int]:
    """A snapshot's number, digest and oldest day."""
    meeting = meetings.open_meeting(reader, meetings.Wish("clspd", "2024-12-31"))
    number = snapshots.make(reader, meeting, TODAY)
    found = snapshots.load(reader.shelf.storage, reader.viewer, number)
    return number, found.digest, found.header["first"]


def later(day: int, days: int) -> datetime:
    return datetime.combine(EPOCH + timedelta(day + days), datetime.min.time(), UTC)


def told(purged: purge.Purged) -> dict[str, int]:
    return {line.rule: line.number for line in purged.lines if line.number and line.rule.startswith("instantanes")}


def test_precision_goes_first_then_the_whole(folder: Path) -> None:
    reader = reader_of(folder)
    storage, viewer = reader.shelf.storage, reader.viewer
    number, digest, first = frozen(reader)
    assert told(purge.foresee(storage, later(first, 1_095))) == {}
    moment = later(first, 1_096 + 32)
    assert told(purge.foresee(storage, moment)) == {"instantanes-precision": 1}
    assert told(purge.run(storage, moment)) == {"instantanes-precision": 1}
    light = snapshots.load(storage, viewer, number)
    assert light.digest == digest
    assert set(light.lacking) == {name for name in light.header["columns"] if name in PRECISE}
    checked = snapshots.verify(light)
    assert checked.wrong == ()
    assert checked.erased
    assert len(checked.right) > len(checked.erased)
    assert told(purge.run(storage, moment + timedelta(days=40))) == {}  # done once
    gone = later(first, 2_192 + 32)
    assert told(purge.run(storage, gone)) == {"instantanes": 1}
    assert snapshots.listing(storage, viewer) == []
    storage.close()


@pytest.mark.sqlite_file
def test_nothing_of_the_precise_columns_is_left_on_the_disk(folder: Path) -> None:
    """The bytes themselves: the packed content from before is nowhere in the folder."""
    reader = reader_of(folder)
    number, _, first = frozen(reader)
    before, _ = snapshots.content(reader.shelf.storage, reader.viewer, number)
    assert purge.run(reader.shelf.storage, later(first, 1_096 + 32)).clean
    reader.shelf.storage.close()
    piece = before[len(before) // 2:len(before) // 2 + 48]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path.name for path in files if piece in path.read_bytes()]


def test_an_organisation_that_keeps_less_keeps_less_of_its_snapshots(folder: Path, tmp_path: Path) -> None:
    reader = reader_of(folder)
    _, _, first = frozen(reader)
    reader.shelf.storage.close()
    (tmp_path / "durees.toml").write_text("[organisation.plaine]\ninstantanes = 800\n", "utf-8")
    storage = setup.open_storage(Settings(data=folder, retention=tmp_path / "durees.toml"))
    assert told(purge.foresee(storage, later(first, 801))) == {"instantanes": 1}
    storage.close()


def test_what_an_undone_import_brought_stays_in_the_snapshot_until_somebody_erases_it(folder: Path) -> None:
    """A snapshot is what was looked at that day; whoever undid an import by right erases its frozen facts too."""
    reader = reader_of(folder)
    storage, viewer = reader.shelf.storage, reader.viewer
    number, digest, _ = frozen(reader)
    with storage.read() as connection:
        from sqlalchemy import text

        run = connection.execute(text("SELECT max(id) FROM import_run WHERE organisation_id = 2 AND layer = "
                                      "'incidents'")).scalar()
    ingest.undo(storage, run)
    after = open_reader(storage, load(), viewer)
    kept = snapshots.load(storage, viewer, number)
    assert snapshots.verify(kept).fine
    assert snapshots.index_version(after) != kept.header["data"]  # the page says that data have changed since
    assert not after.kinds().get("bailleur")
    snapshots.lighten(storage, viewer, number)
    light = unpack(snapshots.content(storage, viewer, number)[0])
    assert light.digest == digest
    assert light.columns == {}
    storage.close()


def test_a_landlord_never_freezes_anothers_facts(folder: Path) -> None:
    reader = reader_of(folder, "rives")
    number, _, _ = frozen(reader)
    found = snapshots.load(reader.shelf.storage, reader.viewer, number)
    assert CANARY not in str(found.header)
    assert found.header["units"][1:]
    reader.shelf.storage.close()
