"""Cameras where people put them, counted as a set; and plans that are kept, evaluated on today's data, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import audit, siting, sitinghand, sitingkept, sitingspots, sitingwish
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingspots import Placed
from geoservice.types import Role, Scope
from tests.operations import hotworld
from tests.operations.test_siting import BOX, COURT, DOOR, MANY, QUERY, at, block, world

TEXT = {"kind": "bailleur", "bbox": f"{BOX.west},{BOX.south},{BOX.east},{BOX.north}"}
WHOLE = shapely.box(BOX.west, BOX.south, BOX.east, BOX.north)
NORTH, SOUTH = Placed(*at(20, 10.4), 0.0, "facade"), Placed(*at(20, -0.4), 180.0, "facade")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("kept"))


def given(*placed: Placed, **more: str) -> dict[str, str]:
    return {**TEXT, "spots": sitingspots.text_of(placed), **more}


def as_role(reader: Reader, **change: object) -> Reader:
    return open_reader(reader.shelf.storage, reader.catalog, replace(reader.viewer, **change))


def test_a_set_counts_a_fact_once(street: Reader) -> None:
    asked = Asked(QUERY)
    north, south = (sitinghand.together(street, asked, (each,)) for each in (NORTH, SOUTH))
    assert (north.covered, south.covered) == (MANY[DOOR], MANY[COURT])
    both = sitinghand.together(street, asked, (NORTH, SOUTH, NORTH))
    assert both.each.tolist() == [MANY[DOOR], MANY[COURT], MANY[DOOR]]
    assert both.covered == MANY[DOOR] + MANY[COURT] < both.each.sum()
    none = sitinghand.together(street, asked, ())
    assert (none.covered, none.each.tolist(), none.value) == (0, [], 0.0)


def test_a_plan_put_where_the_best_one_is_sees_the_same(street: Reader) -> None:
    best = siting.plan(street, Asked(QUERY, cameras=2))
    again = sitinghand.plan(street, best.asked, sitingspots.parse(sitingspots.text_of(sitingkept.placed_of(best))))
    assert (again.covered, again.value) == (best.covered, best.value)
    assert [each.facts for each in again.cameras] == [each.facts for each in best.cameras]
    assert [each.kind for each in again.cameras] == [each.kind for each in best.cameras]
    assert again.law == best.law
    assert again.answers == best.answers
    assert (again.status, again.bound, again.gap, again.greedy, again.sites) == ("placed", None, None, None, None)


def test_weight_and_quarters_are_those_of_the_set(street: Reader) -> None:
    """Facts without a gravity weigh one: the weight in view is their number."""
    found = sitinghand.together(street, Asked(QUERY, weights="gravity"), (NORTH,))
    assert found.value >= found.covered
    assert found.shares == {}


@pytest.mark.parametrize("text", ["", "x", "2.4", "2.4,48.9", "2.4,48.9,nan", "2.4,48.9,0,police", "190,48.9,0", "2.4,95,0",
                                  "2.4,48.9,0;", "1e2,48,0", ";".join(["2.4,48.9,0"] * 31)])
def test_spots_that_are_no_cameras_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput):
        sitingspots.parse(text)


def test_spots_are_read_as_they_were_written() -> None:
    assert sitingspots.parse(sitingspots.NONE) == ()
    assert sitingspots.text_of(()) == sitingspots.NONE
    text = sitingspots.text_of([NORTH, Placed(2.5, 48.5, 370.0)])
    assert text.endswith(";2.5000000,48.5000000,10.0,placed")
    assert sitingspots.text_of(sitingspots.parse(text)) == text
    assert sitingspots.parse("2.5,48.5,10")[0].kind == "placed"
    assert sitingspots.parse("2.5,48.5,10,pole")[0].public


def test_a_camera_far_away_is_named(street: Reader) -> None:
    with pytest.raises(BadInput, match="C2 est à plus de 250 m"):
        sitinghand.plan(street, Asked(QUERY), (NORTH, Placed(*at(900, 0), 0.0)))


def test_a_plan_is_kept_and_seen_again(tmp_path: Path) -> None:
    reader = world(tmp_path)
    number = sitingkept.keep(reader, given(NORTH, SOUTH))
    kept = sitingkept.one(reader.shelf.storage, reader.viewer, number)
    assert (kept.covered, kept.facts, kept.cameras, kept.withdrawn) == (65, sum(MANY.values()) + 7, 2, False)
    assert sitingkept.changed(reader, kept) == []
    assert sitingkept.name_of(reader, kept).startswith("Emprise choisie · ")
    assert sitingkept.name_of(reader, kept).endswith(f"n°\u00a0{number}")
    found = sitingkept.plan_of(reader, {"plan": str(number)})
    assert (found.covered, found.status) == (65, "placed")
    assert str(kept.rules) == str(found.law.as_of)
    noted = audit.listing(reader.shelf.storage, reader.viewer.organisation_id)
    assert [each.object for each in noted if each.action == "plan.garde"] == [f"plan {number}"]


def test_it_says_which_data_changed_since(tmp_path: Path) -> None:
    reader = world(tmp_path)
    number = sitingkept.keep(reader, given(SOUTH))
    hotworld.put(reader.shelf.storage, "batiments", {
        "B1": ("", "", block(0, 0, 40, 10), {"height": 15.0}), "B3": ("", "", block(0, -8, 40, 5), {"height": 9.0})})
    later = open_reader(reader.shelf.storage, reader.catalog, reader.viewer)
    kept = sitingkept.one(reader.shelf.storage, reader.viewer, number)
    assert sitingkept.changed(later, kept) == ["les bâtiments"]
    assert kept.covered == MANY[COURT]
    assert sitingkept.plan_of(later, {"plan": str(number)}).covered == 0, "a new wall stands before the court"


def test_a_name_says_the_place(tmp_path: Path) -> None:
    reader = world(tmp_path)
    hotworld.put(reader.shelf.storage, "qpv", {"QN1": ("Les Essais", "2024", WHOLE, {})})
    reader = open_reader(reader.shelf.storage, reader.catalog, reader.viewer)
    number = sitingkept.keep(reader, {"zone": "qpv2024:QN1", "spots": sitingspots.text_of([SOUTH])})
    kept = sitingkept.one(reader.shelf.storage, reader.viewer, number)
    assert kept.given["kind"] == "bailleur", "which facts it is about is said, whoever opens it"
    assert sitingkept.name_of(reader, kept).startswith("QPV Les Essais · ")


def test_withdrawn_it_leaves_the_list_and_can_be_read(tmp_path: Path) -> None:
    reader = world(tmp_path)
    storage, viewer = reader.shelf.storage, reader.viewer
    first, second = (sitingkept.keep(reader, given(each)) for each in (NORTH, SOUTH))
    assert [each.number for each in sitingkept.listing(storage, viewer)] == [second, first]
    sitingkept.withdraw(storage, viewer, first)
    assert [each.number for each in sitingkept.listing(storage, viewer)] == [second]
    assert sitingkept.one(storage, viewer, first).withdrawn
    with pytest.raises(Conflict):
        sitingkept.withdraw(storage, viewer, first)


def test_who_may_and_what_is_refused(tmp_path: Path) -> None:
    reader = world(tmp_path)
    number = sitingkept.keep(reader, given(SOUTH))
    for change in ({"role": Role.ANALYST}, {"scope": Scope.READ}):
        other = as_role(reader, **change)
        assert sitingkept.one(other.shelf.storage, other.viewer, number).number == number
        with pytest.raises(Forbidden):
            sitingkept.keep(other, given(SOUTH))
        with pytest.raises(Forbidden):
            sitingkept.withdraw(other.shelf.storage, other.viewer, number)
    stranger = as_role(reader, organisation_id=reader.viewer.organisation_id + 1)
    with pytest.raises(NotFound):
        sitingkept.one(stranger.shelf.storage, stranger.viewer, number)
    wrong: list[tuple[Mapping[str, str], type[Exception]]] = [
        (TEXT, BadInput), (given(), BadInput), ({"spots": "2.4,48.9,0"}, BadInput), (given(SOUTH, lens="50"), BadInput),
        ({**given(SOUTH), "zone": "residence:INCONNUE", "bbox": ""}, NotFound),
        (given(SOUTH, **{"from": "1990-01-01", "to": "1991-01-01"}), NotEnough)]
    for asked, error in wrong:
        with pytest.raises(error):
            sitingkept.keep(reader, asked)
    for text in ("", "x", "²", "1e3", "-1", "99999999999"):
        with pytest.raises(BadInput):
            sitingkept.plan_of(reader, {"plan": text})


def test_without_a_number_the_plan_is_that_of_the_address(street: Reader) -> None:
    assert sitingkept.plan_of(street, {**TEXT, "cameras": "2"}).status == "optimal"
    assert sitingkept.plan_of(street, given(SOUTH)).covered == MANY[COURT]
    assert sitingwish.made_of(street, given()).cameras == ()


def test_nothing_is_stored_that_somebody_wrote(tmp_path: Path) -> None:
    """What is kept are parameters that were understood, and cameras as numbers."""
    reader = world(tmp_path)
    number = sitingkept.keep(reader, given(SOUTH, lens="4"))
    found = sitingkept.one(reader.shelf.storage, reader.viewer, number).given
    assert set(found) <= set(sitingwish.NAMES)
    assert np.allclose([float(each) for each in found["spots"].split(",")[:3]], [SOUTH.lon, SOUTH.lat, 180.0])
