"""Several reports of one fact: counted once everywhere, whole, taken apart again; whatever goes, what is left is counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from geoservice.catalog.layers import Catalog, load
from geoservice.core import grid
from geoservice.core.observatory.alike import Reports, alike, gathered
from geoservice.core.query import EPOCH, parse
from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import accounts, chronology, entry, indexing, ingest, joined, merging, purge, routing, setup, yearly
from geoservice.operations import register as registers
from geoservice.operations.chronology import Asked
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from geoservice.storage import mergers, register, releases
from geoservice.storage.store import Storage
from geoservice.types import Kind, Role, Scope, Viewer

TODAY = datetime.now(UTC).date()
HEAD = "id;date;heure;type;residence;hall;lieu;nature;plainte;longitude;latitude\n"
MAPPING = '''title = "essai"
access = "organisation"
kind = "bailleur"
[columns]
key = ["id"]
date = ["date"]
time = ["heure"]
category = ["type"]
residence = ["residence"]
hall = ["hall"]
place = ["lieu"]
nature = ["nature"]
complaint = ["plainte"]
lon = ["longitude"]
lat = ["latitude"]
'''


def line(key: str, days_ago: int = 1, time: str = "21:00", category: str = "DEG.tag", hall: str = "A", **more: str) -> str:
    day = (TODAY - timedelta(days_ago)).isoformat()
    given = {"place": "HALL", "nature": "gardien", "complaint": "", "lon": "2.45", "lat": "48.9", "residence": "R1", **more}
    return (f"{key};{day};{time};{category};{given['residence']};{hall};{given['place']};{given['nature']};{given['complaint']};"
            f"{given['lon']};{given['lat']}\n")


FILE = HEAD + line("1") + line("2", time="22:30", nature="reclamation", complaint="oui") + line("3", 0, "08:00") + \
    line("4", hall="B") + line("5", 9) + line("6", category="SAL.depot") + line("7", 1, "", "AGP.menace", "")


@dataclass
class World:
    storage: Storage
    catalog: Catalog
    viewer: Viewer
    folder: Path

    def bring(self, content: str, name: str = "faits.csv") -> int:
        path = self.folder / name
        path.write_text(content)
        (self.folder / "essai.toml").write_text(MAPPING)
        return ingest.run(self.storage, self.catalog, ingest.ImportRequest(
            "incidents", (path,), "rives", mapping=self.folder / "essai.toml")).import_id

    def reader(self, viewer: Viewer | None = None) -> Reader:
        indexing.refresh(self.storage)
        return open_reader(self.storage, self.catalog, viewer or self.viewer)

    def total(self) -> int:
        indexing.refresh(self.storage)
        reader = open_reader(self.storage, self.catalog, self.viewer)
        cells = reader.cells(parse({"kind": "bailleur", "resolution": "9"}))
        units = sum(unit.count for unit in reader.by_unit(parse({"kind": "bailleur"}), "residence"))
        assert units == cells.total + cells.unplaced or units == cells.total + 1  # AGP has no point
        return units

    def released(self) -> int:
        with self.storage.read() as connection:
            return sum(len(block) for block in releases.facts_of(
                connection, (self.viewer.organisation_id,), ("bailleur",), (0, 50_000)))

    def number(self, key: str) -> int:
        with self.storage.read() as connection:
            return connection.execute(text("SELECT id FROM fact WHERE key = :key"), {"key": key}).scalar_one()

    def merge(self, head: str, *reports: str) -> None:
        merging.merge(self.storage, self.viewer, self.number(head), [self.number(key) for key in reports])

    def heads(self) -> dict[str, str]:
        with self.storage.read() as connection:
            keys = dict(connection.execute(text("SELECT id, key FROM fact")).all())
            return {keys[fact]: keys[head] for fact, head in mergers.heads(connection, keys).items()}


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    storage, catalog = setup.create(Settings(data=tmp_path / "data")), load()
    accounts.create_organisation(storage, "rives")
    accounts.create_organisation(storage, "plaine")
    path = tmp_path / "patrimoine.csv"
    path.write_text("code_residence;nom_residence;longitude;latitude\nR1;Les Tilleuls;2.45;48.9\nR2;Les Ormes;2.46;48.9\n")
    ingest.run(storage, catalog, ingest.ImportRequest("patrimoine", (path,), "rives"))
    yield World(storage, catalog, accounts.viewer_of_organisation(storage, "rives", "essai"), tmp_path)
    storage.close()


def test_what_was_merged_counts_once_everywhere_and_stays_whole(world):
    world.bring(FILE)
    assert (world.total(), world.released()) == (7, 6)
    world.merge("1", "2", "3")
    assert (world.total(), world.released()) == (5, 4)
    assert world.heads() == {"2": "1", "3": "1"}
    with world.storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fact")).scalar() == 7
    (group,) = merging.merged(world.storage, world.viewer)
    assert (group.head.key, [report.key for report in group.reports]) == ("1", ["2", "3"])
    found = chronology.chronology(open_reader(world.storage, world.catalog, world.viewer), Asked("R1", "A"))
    (told,) = [each for each in found.lines if each.number == world.number("1")]
    assert (told.reports, told.natures, told.complaint) == (3, ("gardien", "reclamation"), "oui")
    merging.separate(world.storage, world.viewer, world.number("2"))
    assert (world.total(), world.released()) == (6, 5)
    assert world.heads() == {"3": "1"}


def test_the_register_has_the_fact_once_with_what_its_reports_say(world):
    world.bring(FILE)
    with world.storage.write() as connection:
        connection.execute(text("UPDATE fact SET cost_cents = 700 WHERE key = '3'"))
    world.merge("1", "2", "3")
    with world.storage.read(scope_of(world.viewer)) as connection:
        found = register.read(connection, world.viewer.organisation_id, lambda lon, *_: [""] * len(lon)).columns
    assert len(found["day"]) == 5
    assert sorted(found["complaint"].tolist()) == [0, 0, 0, 0, 1]
    assert [cost for cost in found["cost"].tolist() if cost > 0] == [700]


def test_a_place_tells_how_many_reports_its_merged_facts_are(world):
    world.bring(FILE + line("8", residence="R2", hall="C") + line("9", hall="B", time="21:30"))
    reader = world.reader()
    cell = int(grid.parents(reader.indexes[world.viewer.organisation_id]["cell"][-1:], 9)[0])
    everything = parse({"kind": "bailleur"})
    assert joined.of_residence(reader, "R1", everything) is joined.of_cell(reader, cell, everything) is None
    world.merge("1", "2", "3")
    world.merge("4", "9")
    reader = world.reader()
    both = joined.Joined(5, 2)
    assert joined.of_residence(reader, "R1", everything) == joined.of_cell(reader, cell, everything) == both
    assert joined.of_residence(reader, "R2", everything) is None
    late = parse({"kind": "bailleur", "hours": "20-22"})  # both count at 21 h, as what counts says
    assert joined.of_cell(reader, cell, late) == both
    assert joined.of_cell(reader, cell, parse({"kind": "bailleur", "hours": "8-10"})) is None
    assert joined.of_cell(reader, cell, parse({"kind": "bailleur", "category": "SAL"})) is None
    assert joined.of_cell(reader, int(grid.index(np.array([2.0]), np.array([48.0]))[0]), everything) is None
    merging.separate(world.storage, world.viewer, world.number("9"))
    assert joined.of_residence(world.reader(), "R1", everything) == joined.Joined(3, 1)


def test_through_an_exceptional_look_merged_reports_are_one_fact_too(world):
    world.bring(FILE)
    world.merge("1", "2", "3")
    for viewer in (world.viewer, replace(world.viewer, role=Role.PLATFORM_ADMIN, person=1, glass=True)):
        reader = world.reader(viewer)
        assert sum(line.facts.sum() for line in yearly.yearly(reader, parse({})).lines if line.total) == 5
        assert sum(unit.count for unit in reader.by_unit(parse({"kind": "bailleur"}), "residence")) == 5
        assert joined.of_residence(reader, "R1", parse({"kind": "bailleur"})) == joined.Joined(3, 1)
        found = registers.register_of(reader, viewer.organisation_id)
        assert (len(found), found["complaint"].max()) == (5, 1)
    with pytest.raises(Forbidden):
        merging.merge(world.storage, replace(world.viewer, role=Role.PLATFORM_ADMIN, person=1, glass=True), 1, [4])


def test_a_merger_survives_the_same_file_again(world):
    world.bring(FILE)
    world.merge("1", "2")
    world.bring(FILE, "encore.csv")
    world.bring(FILE.replace("reclamation", "signalement"), "nouvelle.csv")  # another version of the report
    assert world.heads() == {"2": "1"}
    assert world.total() == 6


def test_the_head_of_an_undone_import_leaves_its_place_to_the_first_report(world):
    run = world.bring(HEAD + line("1"), "un.csv")
    world.bring(HEAD + line("2", time="22:30") + line("3", time="23:00") + line("4", hall="B"), "deux.csv")
    world.merge("1", "2", "3")
    assert world.total() == 2
    ingest.undo(world.storage, run)
    assert world.heads() == {"3": "2"}
    assert world.total() == 2
    with world.storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fact_merger WHERE revoked IS NULL")).scalar() == 1


def test_merging_into_a_report_is_merging_into_its_fact(world):
    world.bring(FILE)
    world.merge("2", "3")
    world.merge("1", "2")  # a head with a report of its own becomes a report: no chains
    assert world.heads() == {"2": "1", "3": "1"}
    with pytest.raises(NotFound, match="ne compte déjà plus"):
        world.merge("4", "3")


def test_a_purge_of_a_head_leaves_its_reports_counted_once(world):
    old = (TODAY - timedelta(3_000)).toordinal() - date(1970, 1, 1).toordinal()
    world.bring(FILE)
    world.merge("1", "2", "3")
    with world.storage.write() as connection:
        connection.execute(text("UPDATE fact SET day = :day WHERE key = '1'"), {"day": old})
    purge.run(world.storage, datetime.now(UTC))
    assert world.heads() == {"3": "2"}
    assert world.total() == 5


def test_what_cannot_be_one_fact_is_refused(world):
    world.bring(FILE)
    for wrong in (("1", "6"), ("1", "5"), ("1", "1")):
        with pytest.raises(BadInput):
            world.merge(*wrong)
    other = accounts.viewer_of_organisation(world.storage, "plaine", "essai")
    with pytest.raises(NotFound):
        merging.merge(world.storage, other, world.number("1"), [world.number("2")])
    with pytest.raises(NotFound):
        merging.separate(world.storage, other, world.number("2"))
    assert merging.proposals(world.storage, other) == merging.merged(world.storage, other) == []
    reading = Viewer(world.viewer.organisation_id, "rives", "lecture", "jeton", scope=Scope.READ)
    with pytest.raises(Forbidden):
        merging.merge(world.storage, reading, world.number("1"), [world.number("2")])


def test_likely_doubles_are_proposed_and_no_others(world):
    world.bring(FILE)
    (group,) = merging.proposals(world.storage, world.viewer)
    assert (group.head.key, [report.key for report in group.reports]) == ("1", ["2", "3"])
    world.merge("1", "2", "3")
    assert merging.proposals(world.storage, world.viewer) == []


def test_an_entry_is_told_what_it_may_repeat(world):
    world.bring(FILE)
    day = TODAY - timedelta(1)
    entry.enter(world.storage, world.viewer, Kind.BAILLEUR, {
        "key": "tel-1", "date": day, "time": "23:10", "category": "DEG.tag", "residence": "R1", "hall": "A", "lon": 2.45,
        "lat": 48.9})
    found = merging.near(world.storage, world.viewer, entry.SOURCE, "tel-1")
    assert {row.key for row in found} == {"1", "2", "3"}
    for _ in range(2):  # the same again changes nothing
        merging.join(world.storage, world.viewer, (entry.SOURCE, "tel-1"), world.number("2"))
    assert world.heads() == {"tel-1": "2"}
    assert merging.near(world.storage, world.viewer, entry.SOURCE, "autre") == []
    assert entry.take_back(world.storage, world.viewer, "tel-1")
    assert world.heads() == {"tel-1": "tel-1"}


def test_the_chronology_has_place_and_date_only(world):
    world.bring(FILE + line("8", 2, "10:00", "SAL.depot", "", residence="", lon="2.4502", lat="48.9001"))
    reader = open_reader(world.storage, world.catalog, world.viewer)
    found = chronology.chronology(reader, Asked("R1"))
    assert [line.day for line in found.lines] == sorted(line.day for line in found.lines)
    staff = [line for line in found.lines if line.category == "AGP"]
    assert [(line.minute, line.hall) for line in staff] == [(None, None)]
    near = [line for line in found.lines if line.certainty == "probable"]
    assert [(line.part, round(line.metres or 0)) for line in near] == [("parties communes", 18)]
    hall = chronology.chronology(reader, Asked("R1", "A"))
    assert {line.category for line in hall.lines} == {"DEG", "SAL"}
    assert len(chronology.chronology(reader, Asked("R1", None, TODAY - timedelta(1), TODAY)).lines) == len(found.lines) - 3
    with pytest.raises(NotFound):
        chronology.chronology(open_reader(world.storage, world.catalog, accounts.viewer_of_organisation(
            world.storage, "plaine", "essai")), Asked("R1"))


def test_a_partner_is_asked_once_until_it_ended(world):
    world.bring(FILE)
    fact, opened = world.number("6"), (TODAY - EPOCH).days - 40
    assert routing.routing().of("VEH", "epave") == ("police", "fourriere", "bailleur")
    assert routing.routing().of("SAL", "depot")[0] == "ville"
    number = routing.ask(world.storage, world.viewer, fact, "ville", opened)
    with pytest.raises(Conflict):
        routing.ask(world.storage, world.viewer, fact, "ville")
    (row,) = routing.listing(world.storage, world.viewer, opened + 40)
    assert (row.age, row.ageing, row.closed) == (40, "31 à 90 jours", None)
    other = accounts.viewer_of_organisation(world.storage, "plaine", "essai")
    assert routing.listing(world.storage, other) == []
    with pytest.raises(NotFound):
        routing.close(world.storage, other, number, "fait")
    with pytest.raises(NotFound):
        routing.ask(world.storage, other, fact, "police")
    routing.close(world.storage, world.viewer, number, "fait", opened + 12)
    (row,) = routing.listing(world.storage, world.viewer)
    assert (row.age, row.outcome) == (12, "fait")
    with pytest.raises(BadInput):
        routing.ask(world.storage, world.viewer, fact, "maire")
    with pytest.raises(BadInput):
        routing.close(world.storage, world.viewer, number, "autre")


def test_every_category_has_its_partners():
    from geoservice.types import SUBCATEGORIES, Category

    table = routing.routing()
    known = {str(category) for category in Category} | {f"{one}.{more}" for one in Category for more in SUBCATEGORIES[one]}
    assert set(table.routes) <= known
    assert {name for names in table.routes.values() for name in names} <= set(table.partners)
    for category in Category:
        assert table.of(category, None), category


# --- the arithmetic

def reports(**columns: list) -> Reports:
    size = len(columns["day"])
    given = {name: np.array(columns.get(name, [0] * size), float if name == "xy" else np.int64) for name in (
        "group", "day", "minute", "subcategory", "place", "hall", "residence")}
    return Reports(**given, xy=np.array(columns.get("xy", [[np.nan, np.nan]] * size), float))


@pytest.mark.parametrize(("second", "wanted"), [
    ({}, True), ({"group": 2}, False), ({"minute": 60 + 24 * 60 - 1}, True), ({"day": 11, "minute": 60}, True),
    ({"day": 11, "minute": 61}, False), ({"day": 11, "minute": -1}, True), ({"day": 12, "minute": -1}, False),
    ({"hall": 2}, False), ({"hall": 0}, True), ({"hall": 0, "residence": 0}, False),
    ({"hall": 0, "residence": 0, "xy": [30.0, 40.0]}, True), ({"hall": 0, "residence": 0, "xy": [30.1, 40.0]}, False),
    ({"subcategory": 2}, False), ({"subcategory": 0}, True), ({"place": 2}, False), ({"residence": 2}, False)])
def test_pairs_by_hand(second, wanted):
    first = {"group": 1, "day": 10, "minute": 60, "subcategory": 1, "place": 1, "hall": 1, "residence": 1, "xy": [0.0, 0.0]}
    second = {**first, "xy": [np.nan, np.nan], **second}
    both = reports(**{name: [first[name], second[name]] for name in first})
    for one, other in ((0, 1), (1, 0)):
        assert alike(both, np.array([one]), np.array([other])).tolist() == [wanted]


def test_groups_are_those_of_every_pair_looked_at():
    dice = np.random.default_rng(3)
    size = 300
    some = reports(group=dice.integers(1, 3, size), day=dice.integers(0, 20, size), minute=dice.integers(-1, 1_440, size),
                   residence=dice.integers(1, 4, size), hall=dice.integers(0, 3, size))
    every = alike(some, *(each.ravel() for each in np.indices((size, size)))).reshape(size, size)
    found, seen = gathered(some), set()
    for group in found:
        head, *others = group.tolist()
        assert others
        assert all(every[head, other] for other in others)
        assert not seen & {head, *others}
        seen |= {head, *others}
    left = [row for row in range(size) if row not in seen]
    heads = [group[0] for group in found]
    assert len(found) > 20
    assert not every[np.ix_(left, left)][~np.eye(len(left), dtype=bool)].any()  # nobody who is alone has a double who is, too
    assert len(heads) == len(set(heads))
