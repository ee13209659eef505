"""Places of one's own from a file: a layer of points that a plan tries first, with what would carry a camera there."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoservice.catalog import layers
from geoservice.catalog.intake.features import FeatureIntake
from geoservice.catalog.readers import open_table
from geoservice.core.stats.given import NotEnough
from geoservice.operations import siting, sitingcost, sitinghand, sitingown
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingkept import placed_of
from tests.operations import hotworld
from tests.operations.test_siting import COURT, DOOR, MANY, QUERY, at, world

CATALOG = layers.load()
WALL, MAST, AWAY = at(10, 8), at(20, -8), at(-55, 230)


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A façade, a mast in the court that exists already, one out of reach of any fact."""
    reader = world(tmp_path_factory.mktemp("surveyed"))
    said = {"E1": (WALL, "facade"), "E2": (MAST, "existing_pole"), "E3": (AWAY, "")}
    hotworld.put(reader.shelf.storage, "emplacements", {
        key: ("", "", shapely.Point(place), {"support": support}) for key, (place, support) in said.items()})
    return open_reader(reader.shelf.storage, reader.catalog, reader.viewer)


def test_a_plan_tries_the_places_of_a_file(surveyed: Reader) -> None:
    found = siting.plan(surveyed, Asked(QUERY, cameras=2, sites="points"))
    assert found.covered == MANY[DOOR] + MANY[COURT]
    assert {each.kind for each in found.cameras} == {"point"}
    assert (found.sites.found, found.sites.lost) == ({"point": 2}, {"far": 1})
    both = siting.plan(surveyed, Asked(QUERY, cameras=2, sites="points", points=(at(30, -8),)))
    assert both.sites.found == {"point": 3}


def test_what_would_carry_it_has_its_price(surveyed: Reader) -> None:
    """The mast exists: its price is not that of a new one, neither in a plan that was chosen nor where people put it."""
    asked = Asked(QUERY, cameras=2, sites="points")
    found = siting.plan(surveyed, asked)
    assert (found.answers[0].low, found.answers[0].high) == (6_000 + 8_000, 12_000 + 16_000)
    again = sitinghand.plan(surveyed, asked, tuple(placed_of(found)))
    assert (again.answers[0].low, again.answers[0].high) == (found.answers[0].low, found.answers[0].high)
    places = found.ground.metres(np.array([MAST, at(25, -8)]))
    assert sitingcost.supports_of(surveyed, found.ground, places, ["point", "point"]) == ["existing_pole", "new_pole"]


def test_without_the_layer_nothing_is_missed(tmp_path: Path) -> None:
    reader = world(tmp_path)
    ground = siting.sitingground.around(reader, *at(20, 5))
    places, supports, inside = sitingown.surveyed(reader, ground)
    assert (len(places), supports, inside) == (0, [], 0)
    with pytest.raises(NotEnough, match="aucun n’est donné"):
        siting.plan(reader, Asked(QUERY, sites="points"))


@pytest.mark.parametrize(("layer", "name", "text", "wanted"), [
    ("emplacements", "releve", "emplacement;support;lon;lat\nE1;Façade;2.45;48.9\nE2;candélabre;2.46;48.9\nE3;;2.47;48.9\n",
     [("support", "facade"), ("support", "existing_pole"), ("support", None)]),
    ("cameras", "registre", "camera;azimut;lon;lat\nK1;135;2.45;48.9\nK2;22,5;2.46;48.9\n",
     [("azimuth", 135.0), ("azimuth", 22.5)])])
def test_a_file_of_points_is_recognised(tmp_path: Path, layer: str, name: str, text: str, wanted: list) -> None:
    file = tmp_path / "points.csv"
    file.write_text(text, "utf-8")
    assert [(key, value.get(key)) for (key, _), value in zip(wanted, taken(layer, name, file), strict=True)] == wanted


def test_so_is_a_geojson(tmp_path: Path) -> None:
    file = tmp_path / "points.geojson"
    features = [f'{{"type":"Feature","properties":{{"emplacement":"E{n}","support":"mur"}},"geometry":{{"type":"Point",'
                f'"coordinates":[2.4{n},48.9]}}}}' for n in range(2)]
    file.write_text(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}', "utf-8")
    assert [each["support"] for each in taken("emplacements", "releve", file)] == ["facade", "facade"]


def taken(layer: str, name: str, file: Path) -> list[dict]:
    with open_table(file, None) as table:
        source = CATALOG.recognise(layer, table.columns)
    assert source is not None
    assert source.name == name
    with open_table(file, source) as table:
        intake = FeatureIntake(source, date(2026, 1, 15))
        parts = [intake.take(batch) for batch in table.batches()]
    assert not [reject for part in parts for reject in part.rejects]
    return [json.loads(row[9]) for part in parts for row in part.rows]
