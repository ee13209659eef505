"""Real neighbourhoods with their heights, from ../shared/data/buildings; and cameras thrown over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoservice.core.siting.visibility import Camera
from geoservice.core.siting.walls import Walls, walls

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "buildings"
TOWNS = {"Montpellier, Pas du Loup": "montpellier_pasduloup_bdtopo_batiments", "Bondy": "bondy_bdtopo_batiments_zoom"}


def town(name: str) -> Walls:
    """The buildings of a town of TOWNS; the test is skipped where the files are not."""
    import geopandas

    path = FOLDER / f"{TOWNS[name]}.parquet"
    if not path.exists():
        pytest.skip(f"buildings are read from ../shared/data/buildings/{path.name}, which is not here")
    read = geopandas.read_parquet(path)
    return walls(read.geometry.values, read["HAUTEUR"].to_numpy())


def thrown(some: Walls, many: int, seed: int, height_m: float | None = None) -> list[Camera]:
    """Cameras anywhere in the open, with reaches of 20 to 150 m and fields of 60 to 360 degrees."""
    rng = np.random.default_rng(seed)
    low, high = some.ends[:, :2].min(axis=0), some.ends[:, :2].max(axis=0)
    places = rng.uniform(low, high, (4 * many, 2))
    places = places[some.roofs_over(places) == -np.inf][:many]
    assert len(places) == many
    return [Camera(x, y, rng.uniform(20, 150), rng.uniform(0, 360), float(rng.choice([60, 90, 120, 200, 360])), height_m)
            for x, y in places]
