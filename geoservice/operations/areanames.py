"""What people call the place where hot cells lie: the residence, else the street, else the neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from geoservice.operations.analyse import Analysis
from geoservice.operations.reader import Reader

NEAR_M = {"patrimoine": 120.0, "voies": 60.0}
_DEGREE_M = 111_320.0
_ZONES = (("qpv", None), ("limites", None))


def names_of(reader: Reader, found: Analysis, groups: Sequence[np.ndarray], centres: Sequence[tuple[float, float]]) -> list[str]:
    """A name for each group of units whose middle is `centres`; « Secteur 3 » where nothing has a name."""
    if found.unit == "residence" and found.area is not None:
        return [found.area.names[rows[0]] for rows in groups]
    names: list[str] = [""] * len(groups)
    for layer, reach in NEAR_M.items():
        _fill(names, _nearest(reader, layer, centres, reach), "Près de {}" if layer == "patrimoine" else "{}")
    for layer, _ in _ZONES:
        _fill(names, _within(reader, layer, centres), "{}")
    _fill(names, [f"Secteur {place}" for place in range(1, len(names) + 1)], "{}")
    return _told_apart(names)


def _fill(names: list[str], found: Sequence[str], words: str) -> None:
    for place, name in enumerate(found):
        if not names[place] and name:
            names[place] = words.format(name)


def _nearest(reader: Reader, layer: str, centres: Sequence[tuple[float, float]], reach_m: float) -> list[str]:
    """Name of the feature nearest to each point within reach, empty where there is none."""
    out = [""] * len(centres)
    if layer not in reader.catalog.layers or not centres:
        return out
    features = reader.shelf.features(layer)
    if not len(features):
        return out
    points = shapely.points(np.array(centres))
    # degrees of longitude are shorter than those of latitude: the reach is generous, a name needs no metres
    which, rows = features.tree.query_nearest(points, max_distance=reach_m / _DEGREE_M * 1.2, all_matches=False)
    for place, row in zip(which.tolist(), rows.tolist(), strict=True):
        out[place] = features.names[row] or str(features.properties[row].get("address") or "")
    return out


def _within(reader: Reader, layer: str, centres: Sequence[tuple[float, float]]) -> list[str]:
    """Name of the newest zone that holds each point."""
    out = [""] * len(centres)
    if layer not in reader.catalog.layers or not centres:
        return out
    for generation in sorted(reader.layer(layer).generations, reverse=True) or [None]:  # type: ignore[list-item]  # one without
        features = reader.shelf.features(layer, generation)
        if len(features):
            which, rows = features.tree.query(shapely.points(np.array(centres)), predicate="intersects")
            for place, row in zip(which.tolist(), rows.tolist(), strict=True):
                out[place] = out[place] or features.names[row]
    return out


def _told_apart(names: list[str]) -> list[str]:
    """Equal names get numbers: « Belleville (2) »."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out
