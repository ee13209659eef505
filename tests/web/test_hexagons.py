"""Geometry once, values alone: together they are what /api/cells says."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from geoservice.core import grid
from geoservice.operations import hexagons
from tests.web.world import CITY_FACTS, RIVES_FACTS

FILTERS = ("", "&category=DEG", "&from=2024-03-01&to=2024-05-01", "&zone=qpv2024:QN07501M", "&hours=22-6", "&gravity_min=4")


def shapes(client, **asked: str) -> dict:
    return client.get("/api/geometry", params=asked).json()


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("kind", ["ville", "bailleur"])
@pytest.mark.parametrize("resolution", ["7", "10"])
def test_values_on_the_geometry_are_the_cells(rives, kind, resolution, filters):
    shape = shapes(rives, kind=kind, resolution=resolution)
    found = rives.get(f"/api/values?kind={kind}&resolution={resolution}{filters}").json()
    cells = rives.get(f"/api/cells?kind={kind}&resolution={resolution}{filters}").json()
    assert found["version"] == shape["version"]
    assert len(found["values"]) == len(shape["cells"])
    assert {cell: n for cell, n in zip(shape["cells"], found["values"], strict=True) if n} == dict(
        zip(cells["cells"], cells["counts"], strict=True))
    for name in ("total", "unknown", "unplaced"):
        assert found[name] == cells[name]


def test_rings_are_the_outlines_of_the_cells(rives):
    shape = shapes(rives, kind="ville", resolution="9")
    rings = np.frombuffer(base64.b64decode(shape["rings"]), "<i4").reshape(len(shape["cells"]), shape["vertices"], 2)
    cells = np.array([int(cell, 16) for cell in shape["cells"]], np.uint64)
    expected, _ = grid.boundaries(cells)
    assert np.abs(rings / hexagons.MICRODEGREES - expected).max() <= 5.1e-7
    assert (np.diff(cells.astype(np.int64)) > 0).all()


def test_cells_with_more_than_six_vertices_keep_them_all():
    """Cells of odd resolutions that an edge of the icosahedron crosses have extra vertices."""
    crossed = next(cell for lon in np.arange(-5, 9, 0.02) for cell in _around(lon) if len(_ring(cell)) > 6)
    cells = np.array([crossed, int(grid.parents(grid.index(np.array([2.35]), np.array([48.86])), 5)[0])], np.uint64)
    rings = hexagons.Geometry("v", None, 5, cells).rings()
    assert rings.shape[1] == len(_ring(crossed)) > 6
    assert (rings[1, 5:] == rings[1, 5]).all()  # the shorter ring repeats its last vertex


def _around(lon: float) -> list[int]:
    lat = np.arange(42, 51, 0.1)
    return grid.parents(grid.index(np.full(len(lat), lon), lat), 5).tolist()


def _ring(cell: int) -> np.ndarray:
    rings, counts = grid.boundaries(np.array([cell], np.uint64))
    return rings[0][:counts[0]]


def test_an_address_with_its_version_is_kept_for_good_and_another_version_is_not_found(rives, plaine):
    shape = shapes(rives, kind="bailleur", resolution="10")
    address = f"/api/geometry/{shape['version']}/10?kind=bailleur"
    answer = rives.get(address)
    assert answer.json() == shape
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "Cookie" in answer.headers["vary"]
    assert rives.get("/api/geometry?kind=bailleur&resolution=10").headers["cache-control"] == "private, no-cache"
    for wrong in (address.replace(shape["version"], "0" * 24), address.replace(shape["version"], "x"),
                  f"/api/geometry/{shape['version']}/10?kind=ville"):
        assert rives.get(wrong).status_code == 404, wrong
    assert plaine.get(address).status_code == 404  # another organisation's geometry is another one
    assert rives.get(f"/api/geometry/{shape['version']}/99?kind=bailleur").status_code == 400


def test_a_box_cuts_geometry_and_values_alike(rives):
    box = "2.34,48.85,2.36,48.87"
    shape = shapes(rives, kind="ville", resolution="10", bbox=box)
    whole = shapes(rives, kind="ville", resolution="10")
    assert set(shape["cells"]) < set(whole["cells"])
    assert shape["version"] != whole["version"]
    found = rives.get(f"/api/values?kind=ville&resolution=10&bbox={box}").json()
    assert (found["version"], len(found["values"])) == (shape["version"], len(shape["cells"]))
    assert 0 < found["total"] == sum(found["values"]) < CITY_FACTS


def test_too_many_cells_are_refused_with_what_to_do(rives, monkeypatch):
    monkeypatch.setattr(hexagons, "MOST_CELLS", 100)
    hexagons._cache.clear()
    for route in ("geometry", "values"):
        answer = rives.get(f"/api/{route}?kind=ville&resolution=12")
        assert answer.status_code == 400
        assert "bbox" in answer.json()["detail"]
        assert rives.get(f"/api/{route}?kind=ville&resolution=12&bbox=2.349,48.859,2.351,48.861").status_code == 200
    hexagons._cache.clear()


def test_each_landlord_has_their_own_cells(rives, plaine):
    mine, theirs = (set(shapes(client, kind="bailleur", resolution="12")["cells"]) for client in (rives, plaine))
    assert mine
    assert theirs
    assert not mine & theirs
    assert rives.get("/api/values?kind=bailleur&resolution=12").json()["total"] == RIVES_FACTS
