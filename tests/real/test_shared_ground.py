"""Places of shared releases from real files: INSEE squares, BD TOPO and OSM buildings, RPLS and QPV of Bondy."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.catalog.layers import load
from geoservice.core import grid
from geoservice.operations import accounts, ingest, setup, territories
from geoservice.operations.features import FeatureShelf
from geoservice.settings import Settings
from geoservice.testing.sharing import PLATFORM

BONDY, HOUSEHOLDS, SOCIAL = "93010", 23_329.3, 9_605
FILES = (("limites", "admin/75_93_communes_arrondissements_iau.geojson"), ("qpv", "qpv/qp2024_75_93_simplifie.geojson"),
         ("menages", "stats/insee_filosofi_carreaux200m_bondy.parquet"),
         ("logements-sociaux", "housing/rpls2022_bondy_93010_adresses.parquet"),
         ("batiments", "buildings/bondy_osm_batiments.parquet"))


@pytest.fixture(scope="module")
def bondy(real, tmp_path_factory):
    """The commune as a territory, and its folder."""
    storage = setup.create(Settings(data=tmp_path_factory.mktemp("bondy") / "data"))
    accounts.create_organisation(storage, "bondy")
    for layer, name in FILES:
        report = ingest.run(storage, load(), ingest.ImportRequest(layer, (real / name,), "bondy"))
        assert report.accepted > 0, report.as_json()
    plan = territories.Plan("bondy", "Bondy", (BONDY,), territories.Terms({"bailleur": 2_000}))
    yield storage, territories.create(storage, PLATFORM, plan)
    storage.close()


def test_every_household_is_somewhere_and_no_place_holds_one_to_ten(bondy):
    storage, made = bondy
    atoms = made.ground.atoms
    assert atoms.sources == ("menages", "logements-sociaux")
    assert not atoms.weaker
    lived_in = atoms.dwellings[atoms.dwellings > 0]
    assert lived_in.min() >= 11
    assert len(lived_in) > 150
    known = sum(row["households"] for row in FeatureShelf(storage, (0,)).features("menages").properties)
    assert known == pytest.approx(HOUSEHOLDS, abs=0.5)
    # the squares are apportioned at the edge of the commune, cells of the edge belong by their centres; the floor adds a little
    assert 0.97 * HOUSEHOLDS < atoms.dwellings.sum() < 1.25 * HOUSEHOLDS


def test_social_dwellings_are_a_floor(bondy):
    storage, made = bondy
    social = FeatureShelf(storage, (0,)).features("logements-sociaux")
    dwellings = np.array([row["dwellings"] for row in social.properties], dtype=float)
    assert dwellings.sum() == SOCIAL
    points = np.array([(shape.x, shape.y) for shape in social.geometry])
    atom = made.ground.atoms.of(grid.index(*points.T))
    inside = atom >= 0
    assert inside.mean() > 0.95
    held = np.bincount(atom[inside], dwellings[inside], len(made.ground.atoms.dwellings))
    assert (made.ground.atoms.dwellings + 1e-6 >= held).all()


def test_neighbourhoods_are_whole_places(bondy):
    _, made = bondy
    told = territories.told(made)
    assert told["places"]["commune"] == 1
    assert told["places"]["qpv"] >= 2
    assert {name.split(":")[0] for name in made.ground.names} == {"commune", "qpv2024"}
    assert made.ground.names[f"commune:{BONDY}"] == "Bondy"
    assert told["atoms"]["left_out"] <= 3
