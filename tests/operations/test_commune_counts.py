"""A fact counts once in the table of communes, whether its commune is told by its residence, its own code or its position."""

from __future__ import annotations

import json
from pathlib import Path

from geoservice.catalog.layers import load
from geoservice.core.query import FactQuery
from geoservice.operations import accounts, setup
from geoservice.operations.ingest import ImportRequest, run
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.types import Viewer

RESIDENCES = "code_residence;nom;code_insee;lon;lat\n0114;Les Tilleuls;93010;2.4831;48.9074\n"
FACTS = """identifiant;date;type;code_residence;code_insee;lon;lat
1;03/01/2025;tag;0114;;;
2;03/01/2025;tag;;;2.4840;48.9070
3;03/01/2025;tag;;93010;2.4841;48.9071
4;03/01/2025;tag;;93010;;
"""
SQUARE = [[[2.46, 48.88], [2.51, 48.88], [2.51, 48.93], [2.46, 48.93], [2.46, 48.88]]]
LIMITS = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": SQUARE},
                                                     "properties": {"insee": "93010", "nomcom": "Bondy", "numdep": "93"}}]}


def test_a_fact_counts_once_in_its_commune(tmp_path: Path) -> None:
    storage = setup.create(Settings(data=tmp_path / "data"))
    accounts.create_organisation(storage, "habitat-rives")
    catalog = load()
    files = {"patrimoine": ("r.csv", RESIDENCES), "limites": ("l.geojson", json.dumps(LIMITS)), "incidents": ("f.csv", FACTS)}
    for layer, (name, text) in files.items():
        (tmp_path / name).write_text(text, "utf-8")
        assert run(storage, catalog, ImportRequest(layer, (tmp_path / name,), "habitat-rives")).rejected == 0
    number, code = accounts.organisation(storage, "habitat-rives")
    reader = open_reader(storage, catalog, Viewer(number, code, "test", "test"))
    (found,) = reader.by_unit(FactQuery(), "commune")
    assert (found.code, found.name, found.count) == ("93010", "Bondy", 4)
    counts = reader.cells(FactQuery())
    assert counts.total + counts.unplaced == found.count
