"""What a meeting looked at is frozen: every figure is made again from the file alone, and is what the pages say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from geoservice.catalog.layers import load
from geoservice.core.query import FactQuery, day_number
from geoservice.core.snapshotfile import PRECISE, Snapshot, pack, sealed, unpack, without
from geoservice.errors import Conflict, NotFound
from geoservice.operations import accounts, meetings, setup, snapshots
from geoservice.operations.analyse import analyse
from geoservice.operations.hotareas import hot_areas
from geoservice.operations.meetings import Wish
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.residences import listed
from geoservice.settings import Settings
from geoservice.testing import town
from geoservice.testing.demo import load_town
from geoservice.types import Kind

TODAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("ville") / "data"
    load_town(Settings(data=path), town(years=2)).close()
    return path


@pytest.fixture(scope="module")
def reader(folder) -> Reader:
    storage = setup.open_storage(Settings(data=folder))
    return open_reader(storage, load(), accounts.viewer_of_organisation(storage, "orvelle-habitat", "test"))


@pytest.fixture(scope="module")
def number(reader) -> int:
    known = reader.period()
    return meetings.open_meeting(reader, Wish("clspd", known[1].isoformat()))


@pytest.fixture(scope="module")
def frozen(reader, number) -> Snapshot:
    made = snapshots.make(reader, number, TODAY)
    return snapshots.load(reader.shelf.storage, reader.viewer, made)


def value(snapshot: Snapshot, key: str):
    return next(figure["value"] for figure in snapshot.header["figures"] if figure["key"] == key)


def asked(snapshot: Snapshot, kind: Kind) -> FactQuery:
    from geoservice.operations.meetingpaper import day

    first, after = snapshot.header["spans"]["now"]
    return FactQuery(kind, since=day(first), until=day(after), resolution=snapshot.header["resolution"])


def test_every_figure_is_made_again_from_the_file_alone(frozen) -> None:
    checked = snapshots.verify(unpack(pack(frozen)))
    assert len(checked.right) == len(frozen.header["figures"]) > 40
    assert checked.wrong == checked.erased == ()
    assert all(figure.keys() >= {"id", "what", "value", "unit", "how", "data"} for figure in frozen.header["figures"])


def test_the_same_data_freeze_to_the_same_digest(reader, number, frozen) -> None:
    again = snapshots.built(reader, meetings.one(reader.shelf.storage, reader.viewer, number), TODAY)
    assert again.digest == frozen.digest


def test_figures_are_what_the_pages_say(reader, frozen) -> None:
    for kind in reader.kinds():
        counts = reader.cells(asked(frozen, kind))
        assert value(frozen, f"{kind}.faits")["now"] == counts.total + counts.unplaced > 0
    residences = {each.residence.code: each.count for each in listed(reader, asked(frozen, Kind.BAILLEUR))[1]}
    rows = [figure for figure in frozen.header["figures"] if figure["key"].startswith("bailleur.residence.")]
    assert len(rows) >= 5
    assert [row["value"]["now"] for row in rows] == [residences[row["key"].rpartition(".")[2]] for row in rows]


def test_hot_areas_are_those_of_the_map(reader, frozen) -> None:
    found = hot_areas(reader, analyse(reader, asked(frozen, Kind.VILLE)))
    told = [figure for figure in frozen.header["figures"] if figure["key"].startswith("ville.point.")]
    assert [each["name"] for each in told] == [area.name for area in found.areas[:6]]
    assert [(each["value"]["facts"], each["value"]["expected"]) for each in told] == [
        (int(area.numbers.observed), area.numbers.expected) for area in found.areas[:6]]
    assert told


def test_kinds_are_never_added(reader, frozen) -> None:
    totals = {value(frozen, f"{kind}.faits")["now"] for kind in reader.kinds()}
    added = sum(totals)
    assert len(totals) == 2
    assert str(added) not in str([figure["value"] for figure in frozen.header["figures"]])


def test_assaults_on_staff_are_frozen_as_counts_of_residences(frozen) -> None:
    assert value(frozen, "bailleur.faits")["staff_now"] > 0
    assert 8 not in frozen.columns["category"]  # AGP
    assert set(frozen.columns) >= {"staff.unit", "staff.count"}
    assert not {"staff.day", "staff.hour", "staff.hall"} & set(frozen.columns)


def test_nothing_finer_than_a_hexagon_is_frozen(reader, frozen) -> None:
    from geoservice.core import grid

    cells = frozen.columns["cell"]
    assert set(grid.resolutions(np.unique(cells[cells > 0])).tolist()) == {frozen.header["resolution"]}
    assert not {"lon", "lat", "minute", "key"} & set(frozen.columns)


@pytest.mark.parametrize("change", [lambda day: day + (day > 20_400), lambda day: np.roll(day, 7)])
def test_other_facts_do_not_give_the_same_figures(frozen, change) -> None:
    columns = {**frozen.columns, "day": change(frozen.columns["day"].astype(np.int64)).astype(np.uint16)}
    header = {name: held for name, held in frozen.header.items() if name != "columns"}
    assert snapshots.verify(sealed(header, columns)).wrong


def test_a_changed_figure_is_named(frozen) -> None:
    figures = [dict(figure) for figure in frozen.header["figures"]]
    figures[0] = {**figures[0], "value": {**figures[0]["value"], "now": figures[0]["value"]["now"] + 1}}
    changed = replace(frozen, header={**frozen.header, "figures": figures})
    assert snapshots.verify(changed).wrong == ("1",)
    with pytest.raises(Conflict, match="empreinte"):
        snapshots.unpack_kept(pack(changed), frozen.digest)


def test_without_the_precise_columns_the_rest_is_still_made_again(frozen) -> None:
    light = unpack(pack(without(frozen, PRECISE)))
    checked = snapshots.verify(light)
    assert light.digest == frozen.digest
    assert checked.wrong == ()
    told = {figure["id"]: figure["key"] for figure in frozen.header["figures"]}
    erased = {told[each].partition(".")[2] for each in checked.erased}
    assert {"heures", "halls", "points"} <= erased
    assert not {"faits", "mois", "tendance", "residences"} & erased
    assert len(checked.right) > 25


def test_a_snapshot_can_be_lightened_and_stays_proven(reader, number) -> None:
    storage, viewer = reader.shelf.storage, reader.viewer
    made = snapshots.make(reader, number, TODAY)
    digest = snapshots.load(storage, viewer, made).digest
    snapshots.lighten(storage, viewer, made)
    light = snapshots.load(storage, viewer, made)
    assert light.digest == digest
    assert light.columns == {}
    checked = snapshots.verify(light)
    assert checked.wrong == ()
    assert set(checked.erased) | set(checked.right) == {figure["id"] for figure in light.header["figures"]}


def test_another_organisation_has_none_of_it(reader, number, frozen) -> None:
    storage = reader.shelf.storage
    other = accounts.viewer_of_organisation(storage, "toit-valbrunois", "test")
    assert snapshots.listing(storage, other) == []
    held = snapshots.listing(storage, reader.viewer)[-1].number
    for act in (lambda: snapshots.load(storage, other, held), lambda: snapshots.lighten(storage, other, held)):
        with pytest.raises(NotFound):
            act()


def test_a_perimeter_and_an_end(reader) -> None:
    zone = max(reader.zones("qpv", "2024"), key=lambda each: reader.cells(FactQuery(Kind.BAILLEUR, zone=each.reference)).total)
    west, south, east, north = zone.geometry.bounds
    square = ('{"type":"Polygon","coordinates":[[' + ",".join(f"[{x},{y}]" for x, y in (
        (west, south), (east, south), (east, north), (west, north), (west, south))) + "]]}")
    known = reader.period()
    wish = Wish("gltd", known[1].isoformat(), perimeter=square, since=f"{known[1].year}-02-01", until=f"{known[1].year}-07-31")
    number = meetings.open_meeting(reader, wish)
    found = snapshots.built(reader, meetings.one(reader.shelf.storage, reader.viewer, number), TODAY)
    first, after = found.header["spans"]["now"]
    assert (first, after) == (day_number(date(known[1].year, 2, 1)), day_number(date(known[1].year, 8, 1)))
    assert found.header["spans"]["before"] == [2 * first - after, first]
    assert snapshots.verify(unpack(pack(found))).wrong == ()
    whole = snapshots.built(reader, replace(meetings.one(reader.shelf.storage, reader.viewer, number), perimeter=None), TODAY)
    for kind in reader.kinds():
        assert 0 < value(found, f"{kind}.faits")["now"] < value(whole, f"{kind}.faits")["now"]
    with pytest.raises(Conflict):
        meetings.close(reader.shelf.storage, reader.viewer, number)
    snapshots.make(reader, number, TODAY)
    meetings.close(reader.shelf.storage, reader.viewer, number)
    with pytest.raises(Conflict, match="close"):
        snapshots.make(reader, number, TODAY)


def test_what_changed_since_the_previous_meeting(reader, number, frozen) -> None:
    known = reader.period()
    first = meetings.open_meeting(reader, Wish("interne", f"{known[1].year}-06-15"))
    second = meetings.open_meeting(reader, Wish("interne", known[1].isoformat()))
    assert first < second
    found = snapshots.built(reader, meetings.one(reader.shelf.storage, reader.viewer, second), TODAY)
    since = value(found, "ville.depuis")
    day = found.columns["day"][found.columns["kind"] == 2]
    assert since["now"] == int((day >= day_number(date(known[1].year, 6,
                                                       15))).sum() - (day >= found.header["spans"]["now"][1]).sum())
    assert found.header["meeting"]["previous"].endswith(f"15 juin {known[1].year}")
    assert "since" not in frozen.header["spans"]


def test_a_meeting_before_any_fact_is_refused(reader) -> None:
    early = meetings.open_meeting(reader, Wish("clspd", "1990-01-01"))
    with pytest.raises(Conflict, match="dates"):
        snapshots.make(reader, early, TODAY)


def test_a_period_that_is_not_known_is_neither_nothing_nor_compared(reader) -> None:
    """The first facts are two years old: what lies before them is unknown."""
    known = reader.period()
    early = meetings.open_meeting(reader, Wish("interne", f"{known[0].year + 1}-{known[0].month:02}-20"))
    found = snapshots.built(reader, meetings.one(reader.shelf.storage, reader.viewer, early), TODAY)
    for kind in reader.kinds():
        told = value(found, f"{kind}.faits")
        assert told["known_days"][1] < 60
        assert (told["ratio"], told["low"], told["high"]) == (None, None, None)
    from geoservice.operations import meetingpaper

    blocks = str(meetingpaper.paper(reader, found, drawn=False)[0].blocks)
    assert "jours sur 365" in blocks
    assert "'non comparable'" in blocks
    assert "sur la période d’avant (" not in blocks
