"""What an analyst gets: the Reader's answers as GeoDataFrames, and nothing more than the web shows."""

from __future__ import annotations

from datetime import date

import geopandas
import pandas as pd
import pytest

from geoservice.core import grid
from geoservice.errors import BadInput, KindRequired, NotFound, NotReady, NotSignedIn, UnknownParameter
from geoservice.notebook import Session, connect
from tests.notebook.folder import POLYGLOT, SOUTH, WEST


def test_cells_are_the_facts_of_one_kind(session):
    cells = session.cells(kind="bailleur", resolution=9)

    assert isinstance(cells, geopandas.GeoDataFrame)
    assert list(cells.columns) == ["cell", "count", "geometry"]
    assert cells.crs.to_epsg() == 4326
    assert sorted(cells["count"]) == [1, 3, 6]
    said = {"total": 10, "unplaced": 1, "kind": "bailleur", "resolution": 9,
            "unknown": {"hour": 0, "gravity": 0, "place": 0, "nature": 0}}
    assert {name: cells.attrs[name] for name in said} == said


def test_a_cell_is_the_hexagon_of_its_name(session):
    cells = session.cells(kind="bailleur", resolution=10)
    fullest = cells.loc[cells["count"].idxmax()]

    assert grid.from_text(fullest["cell"]) > 0
    assert fullest.geometry.is_valid
    assert len(fullest.geometry.exterior.coords) == 7
    assert fullest.geometry.intersects(geopandas.points_from_xy([WEST], [SOUTH])[0])


def test_each_sees_their_own_organisation_and_what_is_open(place, session):
    assert dict(session.kinds()[["kind", "facts"]].to_numpy()) == {"bailleur": 11, "ville": 4}
    with connect(place.path, place.other) as other:
        assert dict(other.kinds()[["kind", "facts"]].to_numpy()) == {"bailleur": 5, "ville": 4}
        assert other.cells(kind="bailleur").attrs["total"] == 5


@pytest.mark.parametrize(("filters", "total"), [
    ({"from_": "2024-03-03", "to": "2024-03-06"}, 3),
    ({"since": date(2024, 3, 3), "until": pd.Timestamp("2024-03-06")}, 3),
    ({"from": "2024-03-03", "to": date(2024, 3, 6)}, 3),
    ({"category": ["SAL"]}, 5),
    ({"category": "SAL,DEG", "gravity_min": 4}, 2),
    ({"bbox": (WEST - 0.001, SOUTH - 0.001, WEST + 0.001, SOUTH + 0.001)}, 6),
    ({"zone": "qpv2024:QN09300B"}, 3),
])
def test_filters_have_the_names_of_the_api(session, filters, total):
    assert session.cells(filters, kind="bailleur").attrs["total"] == total


def test_facts_without_an_hour_are_said(session):
    cells = session.cells(kind="bailleur", hours="0-12")

    assert cells.attrs["unknown"]["hour"] == 1
    assert cells.attrs["total"] == 9


@pytest.mark.parametrize(("filters", "error"), [
    ({}, KindRequired),
    ({"kind": "bailleur", "colour": "red"}, UnknownParameter),
    ({"kind": "bailleur", "format": "csv"}, BadInput),
    ({"kind": "bailleur", "from_": "2024-01-01", "since": "2024-01-02"}, BadInput),
    ({"kind": "bailleur", "from_": True}, BadInput),
    ({"kind": "bailleur", "zone": "qpv2024:QN99999Z"}, NotFound),
])
def test_impossible_filters_say_so(session, filters, error):
    with pytest.raises(error) as refused:
        session.cells(filters)
    assert str(refused.value).endswith(".")


def test_zones_can_be_given_back_to_the_filter(session):
    zones = session.zones("qpv")

    assert list(zones.columns) == ["ref", "code", "name", "generation", "geometry"]
    assert [session.cells(kind="bailleur", zone=ref).attrs["total"] for ref in sorted(zones["ref"])] == [6, 3]
    assert len(session.zones("limites")) == 0
    with pytest.raises(NotFound, match="2024"):
        session.zones("qpv", "1999")


def test_features_keep_their_properties(session):
    homes = session.features("patrimoine")

    assert list(homes.columns) == ["key", "name", "generation", "gestionnaire", "logements", "name_", "geometry"]
    assert homes.loc[0, "logements"] == 42
    assert homes.loc[0, "name"] == POLYGLOT
    assert len(session.features("patrimoine", bbox="2.0,48.0,2.1,48.1")) == 0
    assert len(session.features("patrimoine", bbox=[2.4, 48.8, 2.6, 49.0])) == 1


def test_units_count_facts_without_a_point_too(session):
    units = session.by_unit("residence", kind="bailleur")

    assert units[["code", "count"]].to_numpy().tolist() == [["R1", 11]]
    assert units.geometry.iloc[0].geom_type == "Point"
    with pytest.raises(BadInput, match="residence ou commune"):
        session.by_unit("hall", kind="bailleur")


def test_withheld_is_missing_and_never_zero(session):
    published = session.aggregates()

    assert published["count"].isna().tolist() == [False, True]
    assert published["withheld"].tolist() == [False, True]
    assert not set(published.columns) & {"id", "organisation_id", "content", "import_id", "source_id"}


def test_layers_are_listed_with_their_source(session):
    layers = session.layers().set_index("name")

    assert layers.loc["qpv", ["count", "generations", "licence"]].tolist() == [2, "2024", "Licence Ouverte 2.0"]


def test_files_are_what_they_were(session, tmp_path):
    cells = session.cells(kind="bailleur")
    cells.to_parquet(tmp_path / "cells.parquet")
    cells.to_file(tmp_path / "cells.gpkg", driver="GPKG")

    for back in (geopandas.read_parquet(tmp_path / "cells.parquet"), geopandas.read_file(tmp_path / "cells.gpkg")):
        assert dict(zip(back["cell"], back["count"], strict=True)) == dict(zip(cells["cell"], cells["count"], strict=True))
        assert back.crs == cells.crs


def test_no_way_to_positions_of_facts(session):
    public = {name for name in dir(Session) if not name.startswith("_")}

    assert public == {"aggregates", "by_unit", "cells", "close", "features", "kinds", "layers", "map", "zones",
                      "around", "boundary", "quarter", "camera_plan", "field", "gate", "lever", "levers",
                      "calibration", "change", "concentration", "hot_areas", "hotspots", "judge", "near_repeats", "profile",
                      "quality", "trend"}  # each of these is counts and statistics
    with pytest.raises(BadInput, match="cells"):
        session.features("aggregates")
    assert "geo_" not in repr(session)


@pytest.mark.parametrize("token", ["geo_inconnu", "x" * 10_000, "\udcff"])
def test_an_unknown_token_opens_nothing(place, token):
    with pytest.raises(NotSignedIn, match="jeton n’est pas connu"):
        connect(place.path, token)


def test_what_is_missing_is_named(place, tmp_path, monkeypatch):
    monkeypatch.delenv("GEOSERVICE_DATA", raising=False)
    monkeypatch.delenv("GEOSERVICE_TOKEN", raising=False)
    with pytest.raises(NotReady, match="GEOSERVICE_DATA"):
        connect()
    with pytest.raises(NotSignedIn, match="GEOSERVICE_TOKEN"):
        connect(place.path)
    with pytest.raises(NotReady, match="geoservice init"):
        connect(tmp_path / "nothing", "geo_x")


def test_the_environment_is_enough(place, monkeypatch):
    monkeypatch.setenv("GEOSERVICE_DATA", str(place.path))
    monkeypatch.setenv("GEOSERVICE_TOKEN", place.token)
    with connect() as session:
        assert session.viewer.organisation == "habitat"
