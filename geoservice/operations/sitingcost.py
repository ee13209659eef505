"""What cameras of a plan cost, by what they hang on: dated ranges of which a budget is kept at the upper ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoservice.catalog import supports
from geoservice.core.stats.words import number
from geoservice.operations import sitingown
from geoservice.operations.reader import Reader
from geoservice.operations.sitingground import Ground

_KNOWN = {"facade": "facade", "corner": "facade", "pole": "existing_pole", "existing": "existing_pole"}
_SUPPORTS = ("facade", "existing_pole", "new_pole")
_SAME_M = 0.5  # of a place that is kept to a centimetre
_WALL_M = 1.0  # a place of one's own so near a building hangs on it; anywhere else it needs a pole


def supports_of(reader: Reader, ground: Ground, places: np.ndarray, kinds: Sequence[str]) -> list[str]:
    """What cameras at places (n, 2) metres hang on (`supports.toml`): by kind (`sitingplaces.KINDS`), by what the layer
    `emplacements` says of the place, else by what stands there."""
    import shapely

    near = np.zeros(len(places), dtype=bool)
    if len(places) and len(ground.walls.footprints):
        near[ground.walls.tree.query(shapely.points(places), predicate="dwithin", distance=_WALL_M)[0]] = True
    said = _said(reader, ground, places) if "point" in kinds else [""] * len(places)
    return [_KNOWN.get(kind) or told or ("facade" if wall else "new_pole")
            for kind, told, wall in zip(kinds, said, near.tolist(), strict=True)]


def _said(reader: Reader, ground: Ground, places: np.ndarray) -> list[str]:
    """What the layer says of each place, empty where it says nothing."""
    from scipy.spatial import cKDTree

    surveyed, supports, _ = sitingown.surveyed(reader, ground)
    if not len(surveyed):
        return [""] * len(places)
    far, which = cKDTree(surveyed).query(places)
    return [supports[row] if near and supports[row] in _SUPPORTS else ""
            for row, near in zip(which.tolist(), (far < _SAME_M).tolist(), strict=True)]


def prices(reader: Reader, ground: Ground, places: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Euros of each camera, low and high, (n, 2)."""
    known = supports.load()
    found = [known.of(code) for code in supports_of(reader, ground, places, kinds)]
    return np.array([(each.low, each.high) for each in found], dtype=np.float64).reshape(-1, 2)


def total_of(some: np.ndarray) -> tuple[float, float]:
    """Low and high of cameras (n, 2) together."""
    low, high = some.sum(axis=0).tolist()
    return low, high


def euros(amount: float) -> str:
    """« 12 000 € »."""
    return f"{number(amount, 0)} €"
