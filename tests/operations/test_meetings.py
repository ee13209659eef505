"""Meetings from closed lists, and decisions that are followed until they are over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import accounts, audit, meetings
from geoservice.operations.meetings import Wish
from geoservice.operations.reader import Reader
from geoservice.testing.meeting import meet
from geoservice.types import Role, Viewer
from tests.operations import hotworld

SQUARE = ('{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":'
          "[[[2.44,48.89],[2.46,48.89],[2.46,48.91],[2.44,48.91],[2.44,48.89]]]}}")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    facts = hotworld.new().scattered(400)
    return hotworld.reader(tmp_path / "data", facts, commune=0.05, homes={"R1": (*hotworld.MIDDLE, 40)})


def opened(reader: Reader, **given: str) -> int:
    return meetings.open_meeting(reader, Wish(**{"kind": "clspd", "day": "2024-12-01", **given}))


def test_a_meeting_is_kept_as_it_was_asked(reader: Reader) -> None:
    number = opened(reader, kind="gltd", perimeter=SQUARE, since="2024-03-01", until="2024-09-30")
    found = meetings.one(reader.shelf.storage, reader.viewer, number)
    assert (found.kind, found.day, found.since, found.until) == ("gltd", date(2024, 12, 1), date(2024, 3, 1), date(2024, 10, 1))
    assert found.perimeter.bounds == (2.44, 48.89, 2.46, 48.91)
    assert found.title == "GLTD du 1er déc. 2024"
    assert next(row.action for row in audit.listing(reader.shelf.storage, 1)) == "seance.creee"


@pytest.mark.parametrize("given", [
    {"kind": "fête"}, {"day": ""}, {"day": "hier"}, {"zone": "commune:93099", "perimeter": SQUARE}, {"perimeter": "{}"},
    {"perimeter": "[" * 9_999}, {"perimeter": SQUARE.replace("2.46", "9.9")},
    {"perimeter": '{"type":"Point","coordinates":[2,48]}'},
    {"kind": "gltd", "zone": "commune:93099"}, {"kind": "gltd", "since": "2024-01-01", "until": "2024-05-01"},
    {"kind": "gltd", "zone": "commune:93099", "since": "2024-05-01", "until": "2024-01-01"}])
def test_what_cannot_be_a_meeting_is_refused(reader: Reader, given: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        opened(reader, **given)
    assert meetings.listing(reader.shelf.storage, reader.viewer) == []


def test_a_zone_out_of_reach_is_not_found(reader: Reader) -> None:
    with pytest.raises(NotFound):
        opened(reader, zone="commune:75056")


def test_a_decision_is_followed_until_it_is_over(reader: Reader) -> None:
    storage, viewer = reader.shelf.storage, reader.viewer
    first = opened(reader)
    given = {"lever": "eclairage", "in_charge": "bailleur", "place": "residence:R1", "due": "2025-01-15"}
    number = meetings.decide(reader, first, given)
    other = meetings.decide(reader, first, {**given, "lever": "mediation", "place": "", "due": ""})
    assert [each.number for each in meetings.due(storage, viewer, date(2024, 12, 2))] == [number, other]
    assert meetings.due(storage, viewer, date(2025, 2, 1))[0].late(date(2025, 2, 1))
    second = opened(reader, day="2025-03-01")
    meetings.follow(storage, viewer, second, number, "commence")
    meetings.follow(storage, viewer, second, number, "fait")  # the last word counts
    meetings.follow(storage, viewer, second, other, "commence")
    found = {each.number: each for each in meetings.decisions(storage, viewer)}
    assert (found[number].status, found[number].told, found[number].open) == ("fait", date(2025, 3, 1), False)
    assert [each.number for each in meetings.due(storage, viewer, date(2025, 3, 2))] == [other]
    assert meetings.place_name(reader, found[number].place) == "Résidence R1"
    assert meetings.last(storage, viewer, date(2025, 2, 1)).number == first
    assert meetings.before(storage, viewer, meetings.one(storage, viewer, second)).number == first


@pytest.mark.parametrize(("given", "wrong"), [
    ({"lever": "prière"}, BadInput), ({"in_charge": "M. Untel"}, BadInput), ({"place": "residence:INCONNUE"}, NotFound),
    ({"place": "qpv2024:QN00000X"}, NotFound), ({"place": "chez moi"}, BadInput), ({"due": "bientôt"}, BadInput)])
def test_decisions_are_words_of_lists(reader: Reader, given: dict[str, str], wrong: type[Exception]) -> None:
    number = opened(reader)
    with pytest.raises(wrong):
        meetings.decide(reader, number, {"lever": "acces", "in_charge": "ville", "place": "", "due": "", **given})
    assert meetings.decisions(reader.shelf.storage, reader.viewer) == []


def test_another_organisation_has_none_of_it(reader: Reader) -> None:
    storage = reader.shelf.storage
    number = opened(reader)
    decision = meetings.decide(reader, number, {"lever": "acces", "in_charge": "ville", "place": "", "due": ""})
    accounts.create_organisation(storage, "autre")
    other = accounts.viewer_of_organisation(storage, "autre", "test")
    assert meetings.listing(storage, other) == []
    assert meetings.decisions(storage, other) == []
    for act in (lambda: meetings.one(storage, other, number), lambda: meetings.close(storage, other, number),
                lambda: meetings.follow(storage, other, number, decision, "fait")):
        with pytest.raises(NotFound):
            act()


def test_who_only_reads_notes_nothing(reader: Reader) -> None:
    number = opened(reader)
    analyst = Viewer(1, "essai", "a", "test", role=Role.ANALYST)
    assert len(meetings.listing(reader.shelf.storage, analyst)) == 1
    for act in (lambda: meetings.close(reader.shelf.storage, analyst, number),
                lambda: meetings.follow(reader.shelf.storage, analyst, number, 1, "fait")):
        with pytest.raises(Forbidden):
            act()


def test_a_meeting_is_closed_once_it_has_been_looked_at(reader: Reader) -> None:
    number = opened(reader)
    with pytest.raises(Conflict, match="instantané"):
        meetings.close(reader.shelf.storage, reader.viewer, number)


def test_the_demo_has_a_meeting_whose_decisions_are_due(reader: Reader) -> None:
    storage, viewer = reader.shelf.storage, reader.viewer
    number = meet(storage, reader.catalog, viewer.organisation, date(2024, 12, 1))
    found = meetings.last(storage, viewer, date(2024, 12, 1))
    assert (found.number, found.kind, found.day) == (number, "clspd", date(2024, 9, 29))
    due = meetings.due(storage, viewer, date(2024, 12, 1))
    assert [each.lever for each in due] == ["acces"]  # as many as there are residences
    assert due[0].late(date(2024, 12, 1))
    assert due[0].place == "residence:R1"
