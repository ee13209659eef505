"""Roads and water: the first view is a map without a basemap. The real roads of the field are read whole."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import shapely

from geoservice.catalog.intake.features import FeatureIntake
from geoservice.catalog.layers import load
from geoservice.catalog.readers import open_table

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "buildings"
CATALOG = load()
real = pytest.mark.skipif(not DATA.is_dir(), reason="les données réelles (../shared/data) ne sont pas sur cette machine")


def taken(layer: str, path: Path, name: str | None = None) -> tuple[str, list[tuple]]:
    with open_table(path, None) as table:
        source = CATALOG.source(layer, name) if name else CATALOG.recognise(layer, table.columns)
    with open_table(path, source) as table:
        intake = FeatureIntake(source, date(2026, 1, 15))
        parts = [intake.take(batch) for batch in table.batches()]
    assert [reject.sentence for part in parts for reject in part.rejects] == []
    return source.name, [row for part in parts for row in part.rows]


def ranks(rows: list[tuple]) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in rows:
        rank = json.loads(row[9])["rank"]
        found[rank] = found.get(rank, 0) + 1
    return found


@real
def test_roads_of_bondy_from_openstreetmap():
    name, rows = taken("voies", DATA / "bondy_osm_voies.parquet")
    assert (name, len({row[0] for row in rows})) == ("osm", 177)
    assert "Avenue Pasteur" in {row[2] for row in rows}
    assert set(ranks(rows)) <= {1, 2, 3, 4, 5, 6}
    assert len(ranks(rows)) >= 4
    assert all(shapely.from_wkb(row[4]).geom_type == "LineString" for row in rows)


@real
def test_roads_of_montpellier_from_the_bd_topo():
    name, rows = taken("voies", DATA / "montpellier_pasduloup_bdtopo_routes.parquet")
    assert (name, len({row[0] for row in rows})) == ("bdtopo", 318)
    assert len(ranks(rows)) == 4
    west, south, east, north = shapely.total_bounds(shapely.from_wkb([row[4] for row in rows]))
    assert (west, south, east, north) == pytest.approx((3.8397, 43.5954, 3.8539, 43.6022), abs=1e-4)


@real
def test_a_cut_extract_keeps_every_piece_with_the_source_made_for_it():
    file = DATA / "montpellier_tastavin_roads.parquet"
    name, rows = taken("voies", file)
    assert (name, len(rows), len({row[0] for row in rows})) == ("bdtopo", 182, 102)
    _, pieces = taken("voies", file, "bdtopo-decoupe")
    assert len({row[0] for row in pieces}) == 182


def test_context_lies_under_everything_and_stays_pale():
    orders = {name: spec.order for name, spec in CATALOG.layers.items()}
    assert sorted(orders, key=orders.__getitem__)[:2] == ["eau", "voies"]
    for layer in ("eau", "voies"):
        for entry in CATALOG.layer(layer).style["legend"]:
            red, green, blue = (int(entry["color"][at:at + 2], 16) for at in (1, 3, 5))
            assert min(red, green, blue) >= 200  # paler than the palest class that means something
            assert blue >= red
