"""Features as a viewer may see them, read once per version of a layer and kept with a spatial index."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.storage import features as stored
from geoservice.storage import imports
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Box

_KEPT = 64
_cache: OrderedDict[tuple, Features] = OrderedDict()


@dataclass(frozen=True)
class Features:
    """n features: ids (n,) int64, texts, geometry (n,) shapely in EPSG:4326 (None where there is none), properties."""

    ids: np.ndarray
    keys: list[str]
    names: list[str]
    generations: list[str]
    geometry: np.ndarray
    properties: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index over the geometries."""
        return shapely.STRtree(self.geometry)

    def take(self, rows: np.ndarray) -> Features:
        """Some of the features, by row number."""
        chosen = rows.tolist()
        return Features(self.ids[rows], [self.keys[row] for row in chosen], [self.names[row] for row in chosen],
                        [self.generations[row] for row in chosen], self.geometry[rows],
                        [self.properties[row] for row in chosen])

    def within(self, box: Box | None, limit: int | None = None) -> Features:
        """Features that touch a box, in stored order, at most `limit`."""
        if box is None:
            return self if limit is None else self.take(np.arange(len(self))[:limit])
        rows = np.sort(self.tree.query(shapely.box(box.west, box.south, box.east, box.north), predicate="intersects"))
        return self.take(rows[:limit])


class FeatureShelf:
    """Features, aggregates and names for the organisations of one viewer."""

    def __init__(self, storage: Storage, organisations: tuple[int, ...]) -> None:
        self.storage = storage
        self.organisations = organisations
        self.scope = RowScope(organisations)

    def version(self, layer: str) -> str:
        """Changes with any change of the layer in reach."""
        states = self.storage.memory.get(("states", layer, self.organisations), lambda: self._states(layer))
        return ".".join([layer, self.storage.identity, *(str(states.get(number, (0, 0))[0]) for number in self.organisations)])

    def _states(self, layer: str) -> dict[int, tuple[int, int]]:
        with self.storage.read(self.scope) as connection:
            return imports.states(connection, layer)

    def features(self, layer: str, generation: str | None = None) -> Features:
        """Every feature of a layer in reach."""
        key = (str(self.storage.settings.data), self.organisations, generation, self.version(layer))
        found = _cache.get(key)
        if found is None:
            found = _cache[key] = self._read(layer, generation)
            while len(_cache) > _KEPT:
                _cache.popitem(last=False)
        return found

    def _read(self, layer: str, generation: str | None) -> Features:
        with self.storage.read(self.scope) as connection:
            rows = stored.read(connection, stored.Scope(layer, self.organisations), generation)
        geometry = np.array([None if row[5] is None else shapely.from_wkb(row[5]) for row in rows], dtype=object)
        return Features(np.array([row[0] for row in rows], dtype=np.int64), [row[1] for row in rows], [row[2] for row in rows],
                        [row[3] for row in rows], geometry, [json.loads(row[6]) for row in rows])

    def summary(self, layer: str) -> tuple[int, Box | None, tuple[str, ...]]:
        """Count, box and generations of a layer."""
        return self.storage.memory.get(("summary", layer, self.organisations), lambda: self._summary(layer))

    def _summary(self, layer: str) -> tuple[int, Box | None, tuple[str, ...]]:
        with self.storage.read(self.scope) as connection:
            rows = stored.summary(connection, stored.Scope(layer, self.organisations))
        boxed = [row for row in rows if row[2] is not None]
        box = Box(min(row[2] for row in boxed), min(row[3] for row in boxed), max(row[4] for row in boxed),
                  max(row[5] for row in boxed)) if boxed else None
        return sum(row[1] for row in rows), box, tuple(row[0] for row in rows if row[0])

    def count(self, stores: str) -> int:
        """How many aggregates or addresses there are."""
        with self.storage.read(self.scope) as connection:
            if stores == "aggregates":
                return stored.aggregate_summary(connection, self.organisations)
            return stored.address_count(connection)

    def aggregates(self, zones: tuple[tuple[str, str], ...] = ()) -> list[dict[str, Any]]:
        """Published counts in reach; of some (level, zone) where they are given."""
        with self.storage.read(self.scope) as connection:
            return stored.aggregates(connection, self.organisations, zones)

    def names(self, layer: str) -> dict[str, str]:
        """Names of a layer's features by key."""
        found = self.features(layer)
        return {key: name for key, name in zip(found.keys, found.names, strict=True) if name}

    def nearest(self, layer: str, lon: float, lat: float) -> dict[str, Any] | None:
        """Code, name and distance in metres of the feature nearest to a point; None where there is none in France."""
        found = self.features(layer)
        territory = crs.territory_of(lon, lat)
        if not len(found) or territory is None:
            return None
        # degrees are not square: the tree ranks roughly, metres decide among the closest few
        reach = shapely.Point(lon, lat).buffer(0.01)
        rows = found.tree.query(reach, predicate="intersects")
        if not len(rows):
            rows = np.atleast_1d(found.tree.nearest(shapely.Point(lon, lat)))
        metres = crs.geometries_to_metres(found.geometry[rows], territory.epsg)
        here = crs.geometries_to_metres(np.array([shapely.Point(lon, lat)]), territory.epsg)[0]
        distances = shapely.distance(metres, here)
        best = int(np.argmin(distances))
        row = int(rows[best])
        return {"code": found.keys[row], "name": found.names[row], "distance_m": round(float(distances[best]))}
