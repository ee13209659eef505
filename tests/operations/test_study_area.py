"""Which ground a hot-spot test is made on, and what facts are counted per."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core import grid
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.core.stats.given import NotEnough
from geoservice.operations import studyarea
from geoservice.operations.studyarea import Asked, study_area
from geoservice.types import Box, Kind, Placement
from tests.operations import hotworld
from tests.operations.hotworld import COMMUNE, MIDDLE

AREA = Asked("cell", "area", 1)


def square_m2(half: float) -> float:
    """A commune of hotworld, in square metres, on a sphere."""
    wide = 2 * 1.5 * half * 111_195 * np.cos(np.radians(MIDDLE[1]))
    return float(wide * 2 * half * 111_195)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """3,000 facts of a commune, most cells empty at resolution 11."""
    return hotworld.reader(tmp_path_factory.mktemp("town") / "data", hotworld.new().scattered(3_000), commune=0.02)


@pytest.mark.parametrize("resolution", [9, 10, 11])
def test_the_commune_is_studied_whole_and_cut_at_its_limit(town, resolution):
    area = study_area(town, FactQuery(Kind.VILLE, resolution=resolution), AREA)
    assert "la commune qui porte" in area.sentence
    assert area.exposure.sum() == pytest.approx(square_m2(0.02), rel=0.01)  # whole cells would be far more
    whole = grid.areas_m2(area.cells)
    assert (area.exposure <= whole * (1 + 1e-9)).all()
    assert (area.exposure < 0.99 * whole).sum() > 50  # those at the limit
    with_facts = town.cells(FactQuery(Kind.VILLE, resolution=resolution)).cells
    assert set(with_facts) <= set(area.cells)
    assert resolution < 11 or len(area) > 2 * len(with_facts)  # empty cells belong


def test_the_zone_of_the_filter_is_the_study_area(town):
    zone = study_area(town, FactQuery(Kind.VILLE, zone=ZoneRef("commune", COMMUNE), resolution=10), AREA)
    assert zone.sentence.startswith("la zone choisie")
    half = study_area(town, FactQuery(Kind.VILLE, bbox=Box(MIDDLE[0], 48.0, 3.0, 49.0), resolution=10), AREA)
    assert half.exposure.sum() == pytest.approx(zone.exposure.sum() / 2, rel=0.02)
    with pytest.raises(NotEnough) as refused:
        study_area(town, FactQuery(Kind.VILLE, zone=ZoneRef("residence", "R1"), resolution=10), AREA)
    assert refused.value.code == "une_residence"


def test_cells_whose_neighbourhood_leaves_the_ground_are_edges(town):
    area = study_area(town, FactQuery(Kind.VILLE, resolution=10), AREA)
    lon, lat = grid.centres(area.cells).T
    deep = (abs(lon - MIDDLE[0]) < 0.027) & (abs(lat - MIDDLE[1]) < 0.018)
    assert deep.sum() > 100
    assert not area.edge[deep].any()
    out = (abs(lon - MIDDLE[0]) > 0.0295) | (abs(lat - MIDDLE[1]) > 0.0196)
    assert out.sum() > 20
    assert area.edge[out].all()


def test_categories_and_dates_do_not_change_the_ground(town):
    from datetime import date

    from geoservice.types import Category

    area = study_area(town, FactQuery(Kind.VILLE, resolution=10), AREA)
    same = study_area(town, FactQuery(Kind.VILLE, resolution=10, categories=(Category.BRU,), since=date(2024, 5, 1)), AREA)
    assert same is area  # kept: a change of filter costs nothing here


def test_without_limits_the_ground_is_where_something_stands(tmp_path):
    facts = hotworld.new(2).scattered(200, 0.004)
    town = hotworld.reader(tmp_path / "data", facts, homes={"R1": (MIDDLE[0] + 0.02, MIDDLE[1], 40)})
    area = study_area(town, FactQuery(Kind.VILLE, resolution=10), AREA)
    assert "les cellules où l’on connaît" in area.sentence
    home = grid.parents(grid.index(np.array([MIDDLE[0] + 0.02]), np.array([MIDDLE[1]])), 10)
    assert set(grid.disk(int(home[0]), 1)) <= set(area.cells)
    assert not area.edge.any()


def test_own_facts_are_counted_per_dwelling_where_the_patrimoine_covers_them(tmp_path):
    places = [(MIDDLE[0] + 0.004 * x, MIDDLE[1] + 0.004 * y) for x in range(4) for y in range(4)]
    facts = hotworld.new(3)
    for number, (lon, lat) in enumerate(places):
        facts.add(np.full(20, lon), np.full(20, lat), f"R{number}", Placement.COORDONNEES)
    homes = {f"R{number}": (lon, lat, 10 + number) for number, (lon, lat) in enumerate(places)}
    town = hotworld.reader(tmp_path / "data", facts, Kind.BAILLEUR, homes={**homes, "X": (*MIDDLE, None)})
    query = FactQuery(Kind.BAILLEUR, resolution=10)
    area = study_area(town, query, Asked("cell", "auto", 1))
    assert (area.exposure_name, area.exposure.sum(), len(area)) == ("dwellings", sum(10 + n for n in range(16)), 16)
    assert study_area(town, query, AREA).exposure_name == "area"
    homes_area = study_area(town, query, Asked("residence", "auto", 1))
    assert (len(homes_area), homes_area.unknown) == (16, 1)
    assert list(homes_area.units) == sorted(homes_area.units)
    assert homes_area.middles(np.array([0]))[0].tolist() == pytest.approx(places[0])


def test_other_peoples_facts_are_not_counted_per_dwelling_unless_asked(tmp_path):
    town = hotworld.reader(tmp_path / "data", hotworld.new(4).scattered(300, 0.001), homes={"R1": (*MIDDLE, 40)})
    query = FactQuery(Kind.VILLE, resolution=8)
    assert study_area(town, query, Asked("cell", "auto", 1)).exposure_name == "area"
    assert study_area(town, query, Asked("cell", "dwellings", 1)).exposure_name == "dwellings"


def test_what_cannot_be_studied_says_why(tmp_path, town):
    with pytest.raises(NotEnough) as none:
        study_area(town, FactQuery(Kind.VILLE, resolution=10), Asked("cell", "dwellings", 1))
    assert none.value.code == "logements_inconnus"
    wide = hotworld.new(5).scattered(500, 0.4)
    far = hotworld.reader(tmp_path / "data", wide, commune=0.4)
    with pytest.raises(NotEnough) as many:
        study_area(far, FactQuery(Kind.VILLE, resolution=11), AREA)
    assert many.value.code == "trop_de_cellules"
    assert len(study_area(far, FactQuery(Kind.VILLE, resolution=8), AREA)) < studyarea.MOST_CELLS
