"""What cameras of a plan cost, by what they hang on: dated ranges of which a budget is kept at the upper ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoservice.catalog import supports
from geoservice.core.stats.words import number
from geoservice.operations.sitingground import Ground

_KNOWN = {"facade": "facade", "corner": "facade", "pole": "existing_pole", "existing": "existing_pole"}
_WALL_M = 1.0  # a place of one's own so near a building hangs on it; anywhere else it needs a pole


def supports_of(ground: Ground, places: np.ndarray, kinds: Sequence[str]) -> list[str]:
    """What cameras at places (n, 2) metres hang on (`supports.toml`), by kind (`sitingplaces.KINDS`) or by what stands there."""
    import shapely

    near = np.zeros(len(places), dtype=bool)
    if len(places) and len(ground.walls.footprints):
        near[ground.walls.tree.query(shapely.points(places), predicate="dwithin", distance=_WALL_M)[0]] = True
    return [_KNOWN.get(kind, "facade" if wall else "new_pole") for kind, wall in zip(kinds, near.tolist(), strict=True)]


def prices(ground: Ground, places: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Euros of each camera, low and high, (n, 2)."""
    known = supports.load()
    found = [known.of(code) for code in supports_of(ground, places, kinds)]
    return np.array([(each.low, each.high) for each in found], dtype=np.float64).reshape(-1, 2)


def total_of(some: np.ndarray) -> tuple[float, float]:
    """Low and high of cameras (n, 2) together."""
    low, high = some.sum(axis=0).tolist()
    return low, high


def euros(amount: float) -> str:
    """« 12 000 € »."""
    return f"{number(amount, 0)} €"
