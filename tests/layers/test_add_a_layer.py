"""A layer is a folder: the README's own example, done as it says, and then seen on the map."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.core import crs
from geoservice.export.tile import Tile
from geoservice.operations import accounts, setup
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.tiles import features_mvt
from geoservice.settings import Settings
from geoservice.types import Viewer
from tests.markdown import ROOT, commands, section, write_files

HEADING = "Add a layer"


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Settings:
    """A data folder after the README's commands."""
    shown = section(ROOT / "README.md", HEADING)
    written = write_files(shown, tmp_path)
    assert {path.name for path in written} == {"layer.toml", "locaux.toml", "style.json", "locaux.csv"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEOSERVICE_DATA", "donnees")
    monkeypatch.setenv("GEOSERVICE_LAYERS", "mes-couches")
    assert cli.main(["init"]) == 0
    assert cli.main(["organisation", "create", "habitat-rives"]) == 0
    ran = list(commands(shown))
    assert len(ran) == 1
    for words in ran:
        assert cli.main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report == {"import_id": 1, "layer": "locaux", "lines": 2, "accepted": 2, "updated": 0, "unchanged": 0, "duplicates": 0,
                      "rejected": 0}
    return Settings(data=Path("donnees"))


def _reader(settings: Settings, code: str) -> Reader:
    storage = setup.open_storage(settings)
    number, name = accounts.organisation(storage, code)
    return open_reader(storage, load(settings.layers), Viewer(number, name, "test", "test"))


def test_the_layer_is_on_the_map_of_those_who_imported_it(added: Settings) -> None:
    reader = _reader(added, "habitat-rives")
    view = next(view for view in reader.layers() if view.spec.name == "locaux")
    assert (view.spec.title, view.count, view.spec.minzoom) == ("Locaux associatifs", 2, 11)
    assert view.spec.style["legend"][0]["label"] == "Local associatif"
    found = reader.features("locaux")
    assert found.keys == ["L1", "L2"]
    assert found.names == ["Maison des jeunes", "Atelier vélo"]
    assert found.properties[0] == {"code": "L1", "surface_m2": 85.0, "ouvert_soir": True}
    assert (found.geometry[0].x, found.geometry[0].y) == (2.4835, 48.907)
    x, y = (int(side * 2**11) for side in crs.world(2.4835, 48.907))
    assert b"Maison des jeunes" in features_mvt(reader, view, Tile(11, x, y), None)


def test_it_is_drawn_between_its_neighbours_and_listed(added: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    names = list(load(added.layers).layers)
    assert names.index("halls") < names.index("locaux") < names.index("cameras")
    assert cli.main(["layers"]) == 0
    assert cli.main(["sources"]) == 0
    told = capsys.readouterr().out
    assert "Locaux associatifs (features, organisation)" in told
    assert "Liste des locaux" in told


def test_another_organisation_has_nothing_in_it(added: Settings) -> None:
    reader = _reader(added, "organisation-1")
    assert reader.layer("locaux").count == 0
    assert len(reader.features("locaux")) == 0


@pytest.mark.sqlite_file
def test_what_no_source_names_is_not_stored(added: Settings) -> None:
    kept = [path for path in added.data.rglob("*") if path.is_file() and path.suffix != ".bin"]
    assert any(path.name == "geoservice.db" for path in kept)
    assert not [path for path in kept if b"01 00 00 00" in path.read_bytes()]


def test_a_second_layer_of_one_name_is_refused(added: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = tmp_path / "mes-couches" / "qpv"
    again.mkdir()
    shutil.copy(tmp_path / "mes-couches" / "locaux" / "layer.toml", again)
    assert cli.main(["layers"]) == 2
    assert "la couche « qpv » existe déjà" in capsys.readouterr().err
