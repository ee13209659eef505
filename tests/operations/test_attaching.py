"""Facts that name no place hang on the one they lie near: one rule, whatever counts; open facts and other kinds stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from geoservice.catalog.layers import Catalog, load
from geoservice.core.observatory.attach import nearest
from geoservice.core.query import FactQuery
from geoservice.operations import (
    accounts,
    attaching,
    census,
    chronology,
    complaints,
    entry,
    ingest,
    landing,
    rates,
    residences,
    setup,
    yearly,
)
from geoservice.operations.indexing import refresh
from geoservice.operations.ingest import ImportRequest
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.undo import undo
from geoservice.settings import Settings
from geoservice.storage.store import Storage
from geoservice.types import Kind, Placement, code_of

HOMES = ("code_residence;nom_residence;logements;longitude;latitude\nR1;Les Tilleuls;40;2.45;48.9\nR2;Les Ormes;30;2.46;48.9\n")
HALLS = "code;residence;batiment;longitude;latitude\nA;R1;B1;2.4502;48.9\nB;R1;B1;2.4498;48.9\nC;R2;;2.46;48.9\n"
FACTS = """id;date;categorie;lieu;residence;hall;longitude;latitude
1;2024-03-01;DEG;HALL;R1;A;2.4502;48.9
2;2024-03-02;DEG;;R1;;;
3;2024-03-03;SAL;;;;2.45021;48.9
4;2024-03-04;SAL;;;;2.45;48.9006
5;2024-03-05;BRU;ABORDS;;;2.45;48.9006
6;2024-03-06;BRU;LOGT;;;2.4600;48.90001
7;2024-03-07;VEH;;;;2.47;48.9
8;2024-03-08;AGP;;R1;;;
"""
KIND = FactQuery(kind=Kind.BAILLEUR)


@dataclass
class World:
    storage: Storage
    catalog: Catalog
    folder: Path

    def bring(self, layer: str, content: str) -> int:
        path = self.folder / f"{layer}.csv"
        path.write_text(content)
        report = ingest.run(self.storage, self.catalog, ImportRequest(layer, (path,), "rives"))
        refresh(self.storage)
        return report.import_id

    @property
    def reader(self) -> Reader:
        return open_reader(self.storage, self.catalog, accounts.viewer_of_organisation(self.storage, "rives", "essai"))

    def listed(self) -> dict[str, tuple[int, int]]:
        return {each.residence.code: (each.count, each.attached) for each in residences.listed(self.reader, KIND)[1]}


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    storage = setup.create(Settings(data=tmp_path / "data"))
    accounts.create_organisation(storage, "rives")
    made = World(storage, load(), tmp_path)
    made.bring("patrimoine", HOMES)
    made.bring("halls", HALLS)
    made.bring("incidents", FACTS)
    yield made
    storage.close()


def test_a_residence_says_how_many_it_owes_to_distance_and_where_they_were(world):
    found = residences.profile(world.reader, "R1", KIND)
    assert (found.portrait.count, found.attached, found.elsewhere) == (6, 3, 4)
    assert {hall.code: (hall.count, hall.attached) for hall in found.halls} == {"A": (2, 1), "B": (0, 0)}
    # 1 in a hall; 4 lies 67 m away and says nothing, 5 says that it is outside; of 2, 3 and 8 nothing is known
    assert found.parts == {"parties communes": 1, "abords": 2, "logement": 0, "inconnu": 3}
    other = residences.profile(world.reader, "R2", KIND)
    assert (other.portrait.count, other.attached, other.parts["logement"]) == (1, 1, 1)


def test_every_figure_agrees(world):
    reader = world.reader
    wanted = {"R1": (6, 3), "R2": (1, 1)}
    assert world.listed() == wanted
    for code, (count, attached) in wanted.items():
        lines = chronology.chronology(reader, chronology.Asked(code)).lines
        assert (len(lines), sum(line.certainty == chronology.PROBABLE for line in lines)) == (count, attached)
    rated = rates.rates(reader, KIND)
    assert dict(zip(rated.codes, rated.facts.tolist(), strict=True)) == {code: count for code, (count, _) in wanted.items()}
    assert (rated.attached, rated.nowhere) == (4, 1)
    gap = complaints.gap(reader, KIND)
    assert dict(zip(gap.codes, gap.whole.facts.sum(axis=1).tolist(), strict=True)) == {"R1": 6, "R2": 1}
    assert (gap.attached, yearly.yearly(reader, KIND).attached, yearly.yearly(reader, KIND, "R2").attached) == (4, 4, 1)
    changed = landing.changed(reader, Kind.BAILLEUR, landing.Span(date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 30)))
    assert ({each.residence.code: each.since for each in changed.moved}, changed.attached) == ({"R1": 6, "R2": 1}, 4)


def test_the_census_sees_them_at_a_hall_alone(world):
    world.bring("incidents", "id;date;categorie;residence\n90;2024-03-31;DEG;R2\n")
    found = census.census(world.reader, census.Wanted(date(2024, 4, 2)))
    assert (found.computed.attached, found.computed.elsewhere) == (2, 5)  # 3 at A, 6 at C; AGP is nowhere here
    assert found.computed.days[0, found.stock.codes.index("A"), -1] == 2


def test_an_address_is_of_a_building_and_of_no_hall(world):
    places = attaching.places(world.reader.viewer.organisation_id, world.reader.shelf)
    where = np.array([24_502_100]), np.array([489_000_000])
    told = [places.level[int(nearest(places, *where, np.array([code_of(how)])).place[0])]
            for how in (Placement.COORDONNEES, Placement.NUMERO)]
    assert told == ["hall", "residence"]


def test_other_kinds_stand_beside_and_are_never_moved(world):
    viewer = world.reader.viewer
    said = {"key": "h1", "date": "2024-03-09", "category": "SAL", "lon": 2.45, "lat": 48.9}
    entry.enter(world.storage, viewer, Kind.HABITANT, said)
    refresh(world.storage)
    found = residences.profile(world.reader, "R1", KIND)
    assert (found.portrait.count, found.beside) == (6, {Kind.HABITANT: 1})
    assert residences.profile(world.reader, "R1", KIND.with_(kind=Kind.HABITANT)).portrait.count == 0
    told = chronology.chronology(world.reader, chronology.Asked("R1"))
    assert (len(told.lines), told.beside) == (6, {Kind.HABITANT: 1})


def test_what_moves_a_place_moves_its_facts_and_an_undo_moves_them_back(world):
    before = world.listed()
    number = world.bring("patrimoine", HOMES.replace("48.9\nR2", "48.95\nR2"))
    halls = world.bring("halls", HALLS.replace("2.4502;48.9", "2.4502;48.95").replace("2.4498;48.9", "2.4498;48.95"))
    assert world.listed() == {"R1": (3, 0), "R2": (1, 1)}
    for each in (halls, number):
        undo(world.storage, each)
        refresh(world.storage)
    assert world.listed() == before
