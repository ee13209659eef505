"""The counts of the real files, through the import and the one reader."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoservice.catalog.layers import load
from geoservice.cli import main
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.operations import accounts
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.setup import open_storage
from geoservice.settings import Settings
from geoservice.types import Kind, Nature

RAW = "incidents/dansmarue_raw"


def imported(capsys, data: Path, *arguments: str) -> dict[str, int]:
    assert main(["import", *arguments, "--data", str(data), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["lines"] == sum(report[name] for name in ("accepted", "updated", "unchanged", "duplicates", "rejected"))
    return report


def reader(data: Path) -> Reader:
    storage = open_storage(Settings(data=data))
    return open_reader(storage, load(), accounts.viewer_of_organisation(storage, None, "test"))


def start(capsys, folder: Path) -> Path:
    assert main(["init", "--data", str(folder)]) == 0
    capsys.readouterr()
    return folder


def everything(data: Path) -> dict[str, object]:
    """What a reader can tell of all facts, for comparing two ways to the same state."""
    view = reader(data)
    return {str(resolution): view.cells(FactQuery(Kind.VILLE, resolution=resolution)).counts.tolist() for resolution in (6, 12)}


@pytest.fixture(scope="module")
def town(real, tmp_path_factory) -> Path:
    """The six extracts, the zones of 75 and 93, programmes and cameras."""
    data = tmp_path_factory.mktemp("real") / "data"
    assert main(["init", "--data", str(data)]) == 0
    files = [str(path) for path in sorted((real / RAW).glob("*.gz"))]
    for arguments in (["incidents", *files, "--source", "dans-ma-rue"], ["qpv", str(real / "qpv/qp2024_75_93_simplifie.geojson")],
                      ["limites", str(real / "admin/75_93_communes_arrondissements_iau.geojson")],
                      ["patrimoine", str(real / "housing/logements-sociaux-finances-a-paris.csv")],
                      ["cameras", str(real / "cameras/paris_pvpp_2019_geocodees.csv")]):
        assert main(["import", *arguments, "--data", str(data)]) == 0
    return data


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_six_extracts_in_any_order(real, tmp_path, capsys, seed: int) -> None:
    data = start(capsys, tmp_path / "data")
    files = sorted((real / RAW).glob("*.gz"))
    np.random.default_rng(seed).shuffle(files)
    totals = dict.fromkeys(("lines", "accepted", "updated", "unchanged", "duplicates", "rejected"), 0)
    for file in files:
        report = imported(capsys, data, "incidents", str(file), "--source", "dans-ma-rue")
        assert report["duplicates"] == (896 if "246108c" in file.name else 0)
        totals = {name: totals[name] + report[name] for name in totals}
    assert (totals["lines"], totals["accepted"], totals["duplicates"], totals["rejected"]) == (60_000, 39_515, 896, 0)
    assert totals["updated"] + totals["unchanged"] == 19_589
    before = everything(data)
    again = imported(capsys, data, "incidents", *[str(file) for file in files[::-1]], "--source", "dans-ma-rue")
    assert (again["accepted"], again["updated"], again["unchanged"], again["duplicates"]) == (0, 0, 59_104, 896)
    assert everything(data) == before
    assert sum(before["12"]) == 39_515


def test_patrols_have_a_nature_of_their_own(town) -> None:
    found = reader(town).cells(FactQuery(Kind.VILLE, natures=(Nature.PATROUILLE,)))
    assert (found.total, found.unknown["nature"]) == (5_356, 0)


def test_a_date_without_a_time_has_no_hour(town) -> None:
    found = reader(town).cells(FactQuery(Kind.VILLE, hours=(0, 6)))
    assert (found.total, found.unknown["hour"]) == (0, 39_515)


def test_incidents_inside_the_priority_neighbourhoods(town) -> None:
    view = reader(town)
    zones = view.zones("qpv", "2024")
    assert len(zones) == 96
    inside = sum(view.cells(FactQuery(Kind.VILLE, zone=ZoneRef("qpv2024", zone.reference.code))).total for zone in zones)
    assert inside == 1_842


@pytest.mark.parametrize(("layer", "total", "inside"), [("patrimoine", 4_173, 266), ("cameras", 707, 42)])
def test_places_inside_the_priority_neighbourhoods(town, layer: str, total: int, inside: int) -> None:
    view = reader(town)
    # the file has 4,174 programmes: the one with -8 dwellings is refused, and lies outside every zone
    features = view.features(layer)
    assert len(features) == total
    tree = shapely.STRtree(features.geometry)
    rows = [row for zone in view.zones("qpv", "2024") for row in tree.query(zone.geometry, predicate="intersects").tolist()]
    assert len(set(rows)) == inside


def test_every_fact_of_paris_is_in_one_commune(town) -> None:
    view = reader(town)
    by_commune = {unit.code: unit.count for unit in view.by_unit(FactQuery(Kind.VILLE), "commune")}
    assert sum(by_commune.values()) == pytest.approx(39_515, abs=60)
    assert {"75112", "75120"} <= set(by_commune)


@pytest.mark.parametrize(("file", "generation", "lines", "kept"), [
    ("qpv/qp2015_officiel_shp.zip", "2015", 1_514, 1_514), ("qpv/qp2024_national_simplifie_wgs84.geojson", "2024", 1_609, 1_606)])
def test_both_generations_of_zones(real, tmp_path, capsys, file: str, generation: str, lines: int, kept: int) -> None:
    data = start(capsys, tmp_path / "data")
    report = imported(capsys, data, "qpv", str(real / file))
    assert (report["lines"], report["accepted"], report["rejected"]) == (lines, kept, lines - kept)
    view = reader(data)
    codes = [zone.reference.code for zone in view.zones("qpv", generation)]
    assert len(codes) == kept
    prefix = ("QP075", "QP093", 20, 63) if generation == "2015" else ("QN075", "QN093", 21, 75)
    assert [sum(code.startswith(p) for code in codes) for p in prefix[:2]] == list(prefix[2:])


def test_dwellings_of_bondy_are_counted_once(real, tmp_path, capsys) -> None:
    data = start(capsys, tmp_path / "data")
    imported(capsys, data, "patrimoine", str(real / "housing/rpls2022_bondy_93010_adresses.parquet"))
    assert sum(properties["dwellings"] for properties in reader(data).features("patrimoine").properties) == 9_605
