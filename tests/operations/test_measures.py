"""Measures on a town whose truth is known, imported through the real door: the estimate, what merging changes, the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.catalog.layers import Catalog, load
from geoservice.core import crs
from geoservice.core.observatory.matching import Sighted, matched
from geoservice.core.query import EPOCH, FactQuery
from geoservice.operations import accounts, capture, complaints, indexing, ingest, merging, rates, setup
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from geoservice.storage.store import Storage
from geoservice.types import Category, Viewer, member_of
from geoservice.web.app import create_app
from tests.observatory.lists import Town, town

EPSG, SOUTH_WEST = 2154, (660_000.0, 6_860_000.0)
MAPPING = '''title = "essai"
access = "organisation"
kind = "bailleur"
[columns]
key = ["id"]
date = ["date"]
category = ["type"]
nature = ["nature"]
residence = ["residence"]
complaint = ["plainte"]
cost = ["cout"]
lon = ["longitude"]
lat = ["latitude"]
'''


@dataclass
class World:
    """A landlord whose teams and residents each tell a list of one town."""

    storage: Storage
    catalog: Catalog
    viewer: Viewer
    truth: Town
    token: str

    @property
    def reader(self) -> Reader:
        indexing.refresh(self.storage)
        return open_reader(self.storage, self.catalog, self.viewer)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("measures")
    storage, catalog, truth = setup.create(Settings(data=folder / "data")), load(), town(3)
    accounts.create_organisation(storage, "essai")
    token = accounts.create_token(storage, "essai", "essai")
    for layer, path in (("patrimoine", _homes(folder / "patrimoine.csv")), ("incidents", _facts(folder / "faits.csv", truth))):
        mapping = None if layer == "patrimoine" else folder / "essai.toml"
        if mapping is not None:
            mapping.write_text(MAPPING, "utf-8")
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), "essai", mapping=mapping))
        assert report.accepted == report.lines > 0, report.as_json()
    yield World(storage, catalog, accounts.viewer_of_organisation(storage, "essai", "cli"), truth, token)
    storage.close()


def _homes(path: Path) -> Path:
    rows = [f"R{n};Résidence {n};{40 + 10 * n};2.45;48.84" for n in range(4)]
    path.write_text("\n".join(["code_residence;nom_residence;nb_logements;longitude;latitude", *rows]))
    return path


def _facts(path: Path, truth: Town) -> Path:
    rows = ["id;date;type;nature;residence;plainte;cout;longitude;latitude"]
    for nature, some in (("gardien", truth.first), ("reclamation", truth.second)):
        rows += [f"{nature}{n};{(EPOCH + timedelta(int(some.day[n]))).isoformat()};{member_of(Category, int(some.category[n]))};"
                 f"{nature};R{n % 3};{'oui' if n % 7 == 0 else 'non' if n % 5 else ''};{12 if n % 2 else ''};{lon:.7f};{lat:.7f}"
                 for n, (lon, lat) in enumerate(_placed(some))]
    path.write_text("\n".join(rows), "utf-8")
    return path


def _placed(some: Sighted) -> list[tuple[float, float]]:
    return np.column_stack(crs.to_lonlat(some.xy[:, 0] + SOUTH_WEST[0], some.xy[:, 1] + SOUTH_WEST[1], EPSG)).tolist()


def test_the_estimate_of_a_register_holds_the_truth(world: World) -> None:
    found = capture.overlaps(world.reader, FactQuery())[0]
    assert found.found is not None
    # the days on which both sources are at work: one may begin a day later
    assert (found.first, found.second) == pytest.approx((len(world.truth.first), len(world.truth.second)), abs=5)
    assert found.found.estimate.rate_low <= world.truth.rate <= found.found.estimate.rate_high
    assert "serait signalée" in capture.sentence(found)


def test_open_facts_that_are_not_there_are_told(world: World) -> None:
    others = capture.overlaps(world.reader, FactQuery())[1:]
    assert [each.reason.code for each in others if each.reason] == ["pas_ensemble"] * 2


def test_the_page_and_the_answer_say_the_estimate(world: World) -> None:
    with TestClient(create_app(world.storage.settings), headers={"Authorization": f"Bearer {world.token}"}) as client:
        answer, page = client.get("/api/capture").json()["pairs"][0], client.get("/mesures").text
    assert answer["estimate"]["rate_low"] <= world.truth.rate <= answer["estimate"]["rate_high"]
    assert [row["value"] for row in answer["odds"]] == [0.5, 1.0, 1.5, 2.0, 3.0]
    assert "rapport de cotes" in page
    assert "rapprochement retenu" in page


def test_costs_are_what_is_known_and_homes_without_facts_are_there(world: World) -> None:
    found = rates.rates(world.reader, FactQuery())
    assert found.codes == ["R0", "R1", "R2", "R3"]
    assert found.facts[3] == 0
    assert found.costed[3] == found.cents[3] == 0
    assert found.cents.sum() == 1_200 * found.costed.sum() > 0
    assert found.facts.sum() == len(world.truth.first) + len(world.truth.second)


def test_what_nobody_said_of_complaints_does_not_count(world: World) -> None:
    found = complaints.gap(world.reader, FactQuery())
    whole = [int(table.sum()) for table in (found.whole.facts, found.whole.asked, found.whole.filed)]
    assert whole[0] > whole[1] > whole[2] > 0
    assert found.ratios is not None
    assert found.ratios.prior.mean == pytest.approx(whole[2] / whole[1], abs=0.02)


def test_published_statistics_that_come_alone_are_told_at_once(world: World, tmp_path: Path) -> None:
    query = FactQuery()
    assert complaints.gap(world.reader, query).police == []
    path = tmp_path / "communes.csv"
    path.write_text(
        "CODGEO_2025;annee;indicateur;unite_de_compte;nombre;taux_pour_mille;est_diffuse;insee_pop;insee_pop_millesime;"
        "insee_log;insee_log_millesime;complement_info_nombre;complement_info_taux\n"
        "93066;2024;Vols avec armes;Infraction;7;0,35;diff;20000;2021;10000;2021;NA;NA\n", "utf-8")
    assert ingest.run(world.storage, world.catalog, ingest.ImportRequest("aggregates", (path,), "essai")).accepted == 1
    (row,) = complaints.gap(world.reader, query).police
    assert (row["indicator"], row["count"]) == ("Vols avec armes", 7)


def test_reports_that_were_merged_are_known_to_both_sources(world: World) -> None:
    before, counted = capture.overlaps(world.reader, FactQuery())[0], rates.rates(world.reader, FactQuery()).facts.sum()
    same = matched(world.truth.first, world.truth.second)
    with world.storage.read() as connection:
        numbers = dict(connection.execute(text("SELECT key, id FROM fact")).all())
    alike = world.truth.first.category[same.first] == world.truth.second.category[same.second]
    for one, other in np.column_stack([same.first, same.second])[alike][:10].tolist():
        merging.merge(world.storage, world.viewer, numbers[f"gardien{one}"], [numbers[f"reclamation{other}"]])
    after = capture.overlaps(world.reader, FactQuery())[0]
    assert before.found is not None
    assert after.found is not None
    assert (after.first, after.second) == (before.first, before.second)
    assert after.found.estimate.matches == before.found.estimate.matches
    assert rates.rates(world.reader, FactQuery()).facts.sum() == counted - 10  # and counted once
