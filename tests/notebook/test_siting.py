"""Cameras in a notebook: the numbers of the page, a night that is never more than the day, and no position of a fact."""

from __future__ import annotations

import math

import geopandas
import pytest

from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.notebook import Session, connect
from geoservice.operations import accounts, siting
from geoservice.operations.sitingasked import Asked
from tests.operations.test_siting import BOX, QUERY, at, world

HOW = {"kind": "bailleur", "bbox": (BOX.west, BOX.south, BOX.east, BOX.north), "cameras": 2}


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    folder = tmp_path_factory.mktemp("siting") / "data"
    reader = world(folder)
    token = accounts.create_token(reader.shelf.storage, "analyste", "essai")
    with connect(folder, token) as session:
        yield session, reader


@pytest.fixture(scope="module")
def session(street) -> Session:
    return street[0]


def test_a_plan_has_the_numbers_of_the_page(street) -> None:
    session, reader = street
    there, here = siting.plan(reader, Asked(QUERY, cameras=2)), session.camera_plan(HOW)
    assert (here.proof["status"], here.proof["seen"], here.proof["most"], here.proof["greedy"]) == (
        there.status, there.value, there.bound, there.greedy)
    assert (here.facts, here.usable, here.covered) == (there.seen.total, int(there.seen.facts.sum()), there.covered)
    assert here.cameras["facts"].tolist() == [each.facts for each in there.cameras]
    assert here.answers["label"].tolist() == [each.label for each in there.answers]
    assert here.answers["basis"].str.len().min() > 0
    assert set(here.fields["camera"]) == set(here.cameras["camera"])


def test_a_plan_for_the_night_is_that_of_the_page(street) -> None:
    session, reader = street
    there, here = siting.plan(reader, Asked(QUERY, cameras=2, night_m=30)), session.camera_plan(HOW, night_m=30)
    assert (here.usable, here.covered) == (int(there.seen.facts.sum()), there.covered)
    assert 0 < here.usable < session.camera_plan(HOW).usable


def test_a_field_by_night_ends_at_its_range(session) -> None:
    lon, lat = at(20, 12)
    day, night = (session.field(lon, lat, 0, night_m=metres, height_m=4) for metres in (None, 10))
    assert day["class"].tolist() == ["detect", "observe", "recognise", "identify"]
    there = geopandas.GeoSeries.from_xy([lon], [lat], crs=4326).to_crs(2154)[0]
    far = max(shape.hausdorff_distance(there) for shape in night.to_crs(2154).geometry)
    assert far == pytest.approx(math.sqrt(10 ** 2 - 2.5 ** 2), rel=0.002)
    assert night.to_crs(2154).area.sum() < day.to_crs(2154).area.sum()


@pytest.mark.parametrize(("more", "error"), [({"night_m": -1}, BadInput), ({"cameras": 0}, BadInput), ({"bbox": None}, BadInput),
                                             ({"bbox": (7.0, 47.0, 7.001, 47.001)}, NotEnough)])
def test_what_cannot_be_says_so(session, more, error) -> None:
    with pytest.raises(error):
        session.camera_plan({**HOW, **more})


def test_its_map_draws_fields_and_no_fact(session) -> None:
    plan = session.camera_plan(HOW)
    drawn = plan.map()
    assert [part["title"] for part in drawn.spec["legend"]] == ["Bâtiments", "En vue, de jour", "Caméras (2)"]
    points = [feature["geometry"]["coordinates"] for layer in drawn.spec["layers"] for feature in layer["data"]["features"]
              if feature["geometry"]["type"] == "Point"]
    assert sorted(map(tuple, points)) == sorted((round(place.x, 7), round(place.y, 7)) for place in plan.cameras.geometry)
    assert "geoserviceMap" in drawn.get_root().render()
