"""`geoservice snapshot`: list, make, verify a number or a file, one figure, the paper, and erasing the frozen facts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.operations import accounts, meetings, setup, snapshots
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from tests.web.world import build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(tmp_path)
    storage = setup.open_storage(Settings(data=tmp_path / "data"))
    reader = open_reader(storage, load(), accounts.viewer_of_organisation(storage, "rives", "test"))
    assert meetings.open_meeting(reader, meetings.Wish("clspd", "2024-12-31")) == 1
    storage.close()
    return tmp_path / "data"


def run(folder: Path, *words: str) -> int:
    return cli.main(["snapshot", *words, "--data", str(folder), "--organisation", "rives"])


def test_made_listed_verified_and_printed(folder: Path, capsys, tmp_path: Path) -> None:
    assert run(folder, "make", "1") == 0
    digest = re.search(r"empreinte ([0-9a-f]{64})", capsys.readouterr().out)[1]
    assert run(folder, "list") == 0
    assert digest in capsys.readouterr().out
    assert run(folder, "verify", "1") == 0
    assert f"Empreinte {digest}" in capsys.readouterr().out
    assert run(folder, "pdf", "1", "--to", str(tmp_path / "x.pdf")) == 0
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert run(folder, "verify", "1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["digest"], found["wrong"], found["erased"]) == (digest, [], [])
    assert len(found["right"]) > 20


def test_a_file_is_verified_without_a_folder(folder: Path, capsys, tmp_path: Path) -> None:
    assert run(folder, "make", "1") == 0
    storage = setup.open_storage(Settings(data=folder))
    data, digest = snapshots.content(storage, accounts.viewer_of_organisation(storage, "rives", "test"), 1)
    storage.close()
    file, nowhere = tmp_path / "a.geosnap", tmp_path / "rien"
    file.write_bytes(data)
    assert run(nowhere, "verify", str(file)) == 0
    assert digest in capsys.readouterr().out
    assert run(nowhere, "verify", str(file), "--figure", "[1]") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["same"] is True
    assert told["again"] == told["value"]
    assert run(nowhere, "verify", str(file), "--figure", "9999") == 2
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run(nowhere, "verify", str(file)) == 2
    assert "modifié" in capsys.readouterr().err
    assert not nowhere.exists()


def test_erased_facts_and_what_does_not_exist(folder: Path, capsys) -> None:
    assert run(folder, "make", "1") == 0
    assert run(folder, "lighten", "1") == 0
    assert run(folder, "verify", "1") == 0
    assert "qui ne se refont plus" in capsys.readouterr().out.replace("\n", " ")
    assert run(folder, "verify", "1", "--figure", "1") == 1
    for words in (("make", "99"), ("verify", "99"), ("verify", "absent.geosnap"), ("lighten", "99")):
        assert run(folder, *words) == 2
