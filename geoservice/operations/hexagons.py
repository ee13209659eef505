"""Geometry of cells, sent once, and the values that travel alone: two lists in one order, told apart by a version."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core import facts, grid
from geoservice.core.facts import Area
from geoservice.core.query import FactQuery
from geoservice.errors import BadInput, NotFound
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import CellCounts, Reader
from geoservice.types import Kind

MOST_CELLS = 60_000
MICRODEGREES = 1_000_000
_KEPT = 32
_cache: OrderedDict[tuple, np.ndarray | int] = OrderedDict()


@dataclass(frozen=True)
class Geometry:
    """Every cell of a resolution that holds a fact of one kind (within a box, where one is given): cells (n,) sorted uint64."""

    version: str
    kind: Kind | None
    resolution: int
    cells: np.ndarray

    def rings(self) -> np.ndarray:
        """Outlines, not closed: (n, k, 2) int32 lon, lat in 1e-6 degree.

        k is 6, or more where an edge of the icosahedron crosses a cell; shorter rings repeat their last vertex.
        """
        lonlat, _ = grid.boundaries(self.cells)
        return np.round(lonlat * MICRODEGREES).astype("<i4")


@dataclass(frozen=True)
class Values:
    """Facts per cell of a Geometry, in its order: values (n,) int64, with what the counts say besides."""

    geometry: Geometry
    values: np.ndarray
    counts: CellCounts


def geometry(reader: Reader, query: FactQuery, version: str | None = None) -> Geometry:
    """The cells of a query's kind, resolution and box: no other condition counts.

    BadInput when there are more than MOST_CELLS; NotFound when `version` is no longer that of the data.
    """
    query, _ = reader.resolved(FactQuery(query.kind, bbox=query.bbox, resolution=query.resolution))
    current = version_of(reader, query)
    if version is not None and version != current:
        raise NotFound("Les données ont changé depuis cette version de la géométrie : demandez de nouveau /api/geometry.")
    cells = _known((str(reader.shelf.storage.settings.data), current, query.resolution), lambda: _cells(reader, query))
    if isinstance(cells, int):
        raise BadInput(f"À cette résolution il y aurait {cells} cellules, plus que {MOST_CELLS} : choisissez une résolution plus "
                       "grossière, ou une emprise avec « bbox ».")
    return Geometry(current, query.kind, query.resolution, cells)


def values(reader: Reader, query: FactQuery) -> Values:
    """Facts per cell under every condition, in the order of the geometry of the same kind, resolution and box."""
    shape = geometry(reader, query)
    counts = reader.cells(query)
    out = np.zeros(len(shape.cells), np.int64)
    out[np.searchsorted(shape.cells, counts.cells)] = counts.counts
    return Values(shape, out, counts)


def version_of(reader: Reader, query: FactQuery) -> str:
    """Names what a geometry depends on besides its resolution: the indexes in reach, the kind, the box."""
    text = "|".join(str(part) for part in ("1", reader.viewer.organisation_id, reader.version(FACTS), query.kind, query.bbox))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _known(key: tuple, make: Callable[[], np.ndarray | int]) -> np.ndarray | int:
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = make()
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found


def _cells(reader: Reader, query: FactQuery) -> np.ndarray | int:
    """Sorted cells, or how many there are when that is too many."""
    found = facts.merge([facts.count(index, query.resolution, Area(query.bbox), query) for index in reader.indexes.values()])
    found.cells.setflags(write=False)
    return found.cells if len(found.cells) <= MOST_CELLS else len(found.cells)
