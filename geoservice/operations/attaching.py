"""Facts of an organisation that name no hall, building or residence hang on the one they lie near: one rule for every figure.

What `core.observatory.attach` states, on the organisation's own facts and its own patrimoine (where it imported none, that of
open data). Open facts never move: they stand beside, by kind. Worked out from the index and the patrimoine as they are and kept
until one of them changes: nothing is stored, so that an import, an edit or an undo has nothing to put right.
"""

from __future__ import annotations

import numpy as np
import shapely

from geoservice.catalog.layers import Catalog
from geoservice.core.factindex import FactIndex
from geoservice.core.observatory.attach import Places, hung, loose, nearest
from geoservice.operations.features import Features, FeatureShelf
from geoservice.operations.reuse import Shelf
from geoservice.storage.tables import OPEN

LAYERS = ("patrimoine", "halls")
_FACTS = 8_000_000  # of the indexes that are kept, four bytes each
_LEVELS = {"residence": "", "batiment": "building"}  # of the patrimoine, with the property that holds the code facts give
_places: Shelf[Places] = Shelf(8)
_hung: Shelf[FactIndex] = Shelf(16, _FACTS, len)


def attached(index: FactIndex, organisation_id: int, catalog: Catalog, shelf: FeatureShelf) -> FactIndex:
    """The index of an organisation as everything that counts by place reads it; that of open facts stays as it is."""
    if organisation_id == OPEN or not known(catalog):
        return index
    key = (str(shelf.storage.settings.data), organisation_id, index.version, version(shelf))
    return _hung.get(key, lambda: _attached(index, organisation_id, shelf))


def known(catalog: Catalog) -> bool:
    """Whether there are the layers that hold places."""
    return set(LAYERS) <= set(catalog.layers)


def version(shelf: FeatureShelf) -> tuple[str, ...]:
    """Changes whenever a place could."""
    return tuple(map(shelf.version, LAYERS))


def _attached(index: FactIndex, organisation_id: int, shelf: FeatureShelf) -> FactIndex:
    return hung(index, places(organisation_id, shelf)) if len(loose(index)) else index


def places(organisation_id: int, shelf: FeatureShelf) -> Places:
    """Halls, buildings and residences that facts of an organisation can hang on, in the order of the layers."""
    own = FeatureShelf(shelf.storage, (organisation_id,))
    key = (str(shelf.storage.settings.data), organisation_id, version(shelf))
    return _places.get(key, lambda: _read(own if own.summary("patrimoine")[0] else shelf))


def residences_near(catalog: Catalog, shelf: FeatureShelf, organisation_id: int, spots: tuple[np.ndarray, ...]) -> list[str]:
    """The residence that each of some points lies near, "" for none; `spots` as `attach.nearest` takes them."""
    if organisation_id == OPEN or not known(catalog):
        return [""] * len(spots[0])
    found = places(organisation_id, shelf)
    return ["" if place < 0 else found.residence[place] for place in nearest(found, *spots).place.tolist()]


def _read(shelf: FeatureShelf) -> Places:
    homes, halls = (shelf.features(layer) for layer in LAYERS)
    rows = [(*_home(key, known), point) for key, known, point in zip(homes.keys, homes.properties, _middles(homes), strict=True)]
    rows += [("hall", str(known.get("hall") or key), str(known.get("residence") or ""), point)
             for key, known, point in zip(halls.keys, halls.properties, _middles(halls), strict=True)]
    some = [row for row in rows if row[1]]
    level, code, residence = (tuple(row[place] for row in some) for place in range(3))
    return Places(level, code, residence, np.array([row[3] for row in some], dtype=float).reshape(-1, 2))


def _home(key: str, known: dict) -> tuple[str, str, str]:
    """Level, code and residence of a feature of the patrimoine; no code for what facts do not hang on."""
    level = known.get("level") or "residence"
    if level not in _LEVELS:
        return level, "", ""
    return level, str(known.get(_LEVELS[level]) or key), key if level == "residence" else str(known.get("residence") or "")


def _middles(found: Features) -> list[tuple[float, float]]:
    middles = shapely.centroid(found.geometry)
    return list(zip(shapely.get_x(middles).tolist(), shapely.get_y(middles).tolist(), strict=True))
