"""A second camera on a place, cameras that exist already, and a plan for the night: what each changes, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoservice.core.query import parse
from geoservice.errors import BadInput
from geoservice.operations import siting, sitingfield, sitinghand
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingasked import NIGHT, Asked
from geoservice.operations.sitingfield import Spot
from geoservice.operations.sitingkept import placed_of
from geoservice.types import Category, Kind
from tests.operations import hotworld
from tests.operations.hotworld import FIRST_DAY
from tests.operations.test_siting import COURT, DOOR, MANY, QUERY, at, block, world


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """The same street with a camera that looks at the door, one that looks away, one whose direction nobody knows, one far."""
    reader = world(tmp_path_factory.mktemp("watched"))
    cameras = {"K1": (at(20, 25), {"azimuth": "180"}), "K2": (at(22, 25), {"azimuth": 0.0}),
               "K3": (at(20, -20), {"azimuth": "sud"}), "K4": (at(20, -200), {})}
    hotworld.put(reader.shelf.storage, "cameras", {key: ("", "", shapely.Point(place), more)
                                                   for key, (place, more) in cameras.items()})
    return open_reader(reader.shelf.storage, reader.catalog, reader.viewer)


def test_a_second_camera_is_worth_what_was_said(street: Reader) -> None:
    """Three cameras for two places: the third brings nothing, or its share of the greater place."""
    plain = siting.plan(street, Asked(QUERY, cameras=3))
    assert (len(plain.cameras), plain.tally.twice) == (2, 0)
    twice = siting.plan(street, Asked(QUERY, cameras=3, backup=0.5))
    assert len(twice.cameras) == 3
    assert twice.tally.twice == MANY[DOOR]
    assert twice.value == MANY[DOOR] + MANY[COURT] + 0.5 * MANY[DOOR]
    assert twice.covered == plain.covered
    assert siting.plan(street, Asked(QUERY, cameras=2, backup=1.0)).value == 2 * MANY[DOOR], "both at the door"


def test_existing_cameras_count_when_their_direction_is_known(watched: Reader) -> None:
    found = siting.plan(watched, Asked(QUERY, cameras=1))
    assert (found.existing.directed, found.existing.undirected, found.existing.counted) == (2, 1, 2)
    assert found.tally.before == MANY[DOOR]
    assert (found.covered, found.tally.added) == (MANY[COURT], MANY[COURT]), "the door is seen already"
    assert found.value == found.bound == MANY[DOOR] + MANY[COURT]
    every = siting.plan(watched, Asked(QUERY, cameras=1, existing="all"))
    assert every.existing.counted == 3
    assert every.tally.before == MANY[DOOR] + MANY[COURT]
    assert (every.cameras, every.tally.added) == ((), 0), "nothing is left to add"
    assert "n’ajoute rien" in every.clash
    none = siting.plan(watched, Asked(QUERY, cameras=1, existing="none"))
    assert (none.existing.counted, none.covered, none.tally.before) == (0, MANY[DOOR], 0)
    assert none.existing.undirected == 1, "still told"


def test_cameras_that_people_put_are_counted_alike(watched: Reader) -> None:
    """The chosen plan evaluated as if its cameras had been put by hand: the same value, shares and tally, whatever was asked."""
    for asked in (Asked(QUERY, cameras=2), Asked(QUERY, cameras=3, backup=0.4, existing="all"),
                  Asked(QUERY, cameras=2, night_m=12.0)):
        found = siting.plan(watched, asked)
        again = sitinghand.plan(watched, asked, tuple(placed_of(found)))
        assert again.value == pytest.approx(found.value)
        assert vars(again.tally) == vars(found.tally)
        assert [each.facts for each in again.cameras] == [each.facts for each in found.cameras]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """At the door by day, in the court by night, a few of unknown hour."""
    facts = hotworld.new()
    for place, hours in ((DOOR, [14] * 40), (COURT, [23] * 10 + [3] * 5), (COURT, [24] * 6)):
        many = len(hours)
        lon, lat = at(*place)
        facts.add(np.full(many, lon), np.full(many, lat), days=np.full(many, FIRST_DAY), category=Category.VOL)
        facts.columns[-1]["hour"] = np.array(hours)
    made = hotworld.reader(tmp_path_factory.mktemp("nights"), facts, Kind.BAILLEUR, homes={"R1": (*at(20, 5), 40)})
    hotworld.put(made.shelf.storage, "batiments", {"B1": ("", "", block(0, 0, 40, 10), {"height": 15.0})})
    return open_reader(made.shelf.storage, made.catalog, made.viewer)


def test_a_night_plan_has_the_facts_and_the_reach_of_the_night(nights: Reader) -> None:
    day, night = siting.plan(nights, Asked(QUERY, cameras=1)), siting.plan(nights, Asked(QUERY, cameras=1, night_m=15.0))
    assert day.covered == 40
    assert (night.covered, night.seen.total) == (15, 15)
    assert night.seen.unknown["hour"] == 6, "told: they may be of the night"
    spot = night.cameras[0].view.spot
    assert spot.night_m == 15.0
    away = np.hypot(*(night.ground.metres(np.array([at(*COURT)])) - night.ground.metres(np.array([[spot.lon, spot.lat]])))[0])
    assert np.hypot(away, 4.0 - 1.5) <= 15.0
    assert siting.in_view(nights, Asked(QUERY, night_m=15.0).facts, spot, "observe") == 15
    own = siting.plan(nights, Asked(QUERY.with_(hours=(13, 15)), cameras=1, night_m=15.0))
    assert own.covered == 40, "hours that were said are kept"
    assert Asked(QUERY, night_m=15.0).facts.hours == NIGHT
    assert parse({"hours": "22-6"}).hours == NIGHT


def test_a_night_field_ends_where_nothing_is_seen(street: Reader) -> None:
    place = at(20, -0.4)
    day, night = sitingfield.field(street, Spot(*place, 180.0)), sitingfield.field(street, Spot(*place, 180.0, night_m=10.0))
    assert night.area_m2 < day.area_m2 / 4
    ground = siting.sitingground.around(street, *place)
    shapes = siting.sitingground.crs.geometries_to_metres(np.array([each for each in night.classes.values() if not each.is_empty],
                                                                   dtype=object), ground.epsg)
    corners = shapely.get_coordinates(shapes) - ground.metres(np.array([place]))
    assert np.hypot(*corners.T).max() <= 10.01
    assert not night.classes["identify"].is_empty
    for wrong in (4.0, 101.0, float("nan")):
        with pytest.raises(BadInput, match="de 5 à 100 m"):
            Spot(*place, 180.0, night_m=wrong)
