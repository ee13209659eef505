"""The notebook that makes a meeting's figures again, from the file alone: it has no folder to look into."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geoservice.catalog.layers import load
from geoservice.errors import NotFound, UnreadableFile
from geoservice.notebook.snapshot import figures, open_snapshot
from geoservice.operations import accounts, meetings, snapshots
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.testing import town
from geoservice.testing.demo import load_town
from tests.notebook.folder import Folder
from tests.notebook.test_quickstart import ROOT, complaints, executed, texts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """A snapshot of the town, exported; the folder that it came from is gone when it is read."""
    path = tmp_path_factory.mktemp("ailleurs") / "data"
    storage = load_town(Settings(data=path), town(years=2))
    reader = open_reader(storage, load(), accounts.viewer_of_organisation(storage, "orvelle-habitat", "test"))
    number = meetings.open_meeting(reader, meetings.Wish("clspd", reader.period()[1].isoformat()))
    made = snapshots.make(reader, number, date(2026, 11, 2))
    data, _ = snapshots.content(storage, reader.viewer, made)
    storage.close()
    target = tmp_path_factory.mktemp("cahier") / "instantane.geosnap"
    target.write_bytes(data)
    return target


def test_the_notebook_makes_every_figure_again(file) -> None:
    found = executed(ROOT / "notebooks" / "verifier-un-instantane.ipynb", Folder(file.parent / "rien", "", ""))
    assert not complaints(found)
    said = texts(found)
    many = len(open_snapshot(file).header["figures"])
    assert many > 40
    assert f"{many} chiffres refaits à l’identique sur {many}" in said
    assert "0 chiffres ne se refont plus" in said


def test_a_file_that_was_changed_does_not_open(file, tmp_path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "x.geosnap").write_bytes(bytes(data))
    with pytest.raises(UnreadableFile):
        open_snapshot(tmp_path / "x.geosnap")
    with pytest.raises(NotFound, match="Réunions"):
        open_snapshot(tmp_path / "absent.geosnap")


def test_every_figure_is_a_row(file) -> None:
    found = figures(open_snapshot(file))
    assert found["same"].all()
    assert found.index.is_unique
