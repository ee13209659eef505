"""Whom a layer names: the sources of the files that were imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoservice.catalog.layers import load
from geoservice.cli import main
from geoservice.operations import accounts, credits
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.setup import open_storage
from geoservice.settings import Settings
from geoservice.types import Kind

MAPPING = 'access = "organisation"\nkind = "transport"\nname = "registre"\n' \
          '[columns]\nkey = "n"\ndate = "jour"\nlon = "x"\nlat = "y"\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for words in (["init"], ["organisation", "create", "rives"], ["organisation", "create", "plaine"]):
        assert main([*words, "--data", str(tmp_path / "data")]) == 0
    return tmp_path / "data"


def reader(data: Path, organisation: str) -> Reader:
    storage = open_storage(Settings(data=data))
    return open_reader(storage, load(), accounts.viewer_of_organisation(storage, organisation, "essai"))


def written(data: Path, name: str, text: str) -> str:
    (data.parent / name).write_text(text, "utf-8")
    return str(data.parent / name)


def test_a_mapping_of_ones_own_is_credited_to_its_organisation_and_to_nobody_elses(data: Path) -> None:
    lines, mapping = written(data, "f.csv", "n,jour,x,y\n1,2025-01-03,2.48,48.9\n"), written(data, "m.toml", MAPPING)
    assert main(["import", "incidents", lines, "--mapping", mapping, "--organisation", "rives", "--data", str(data)]) == 0
    assert credits.texts(reader(data, "rives"), "incidents") == ("fichier de rives", "données de l’organisation")
    declared = load().layer("incidents")
    assert credits.texts(reader(data, "plaine"), "incidents") == (declared.attribution, declared.licence)


def test_facts_are_credited_by_kind_and_open_ones_whoever_imported_them(data: Path) -> None:
    report = written(data, "d.csv", "id_dmr;type;soustype;datedecl;geo_point_2d\nA1;Graffitis;Tag;03/01/2025;48.86, 2.35\n")
    own = written(data, "b.csv", "id;date;type;lon;lat\n1;03/01/2025;tag;2.48;48.9\n")
    for file in (report, own):
        assert main(["import", "incidents", file, "--organisation", "rives", "--data", str(data)]) == 0
    here, there = reader(data, "rives"), reader(data, "plaine")
    paris = credits.Credit("Ville de Paris, Dans Ma Rue", "ODbL")
    assert credits.of(here, "incidents", Kind.VILLE) == (paris,) == credits.of(there, "incidents")
    assert [each.whom for each in credits.of(here, "incidents")] == ["Bailleur", paris.whom]
