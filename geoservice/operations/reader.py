"""The only way facts leave: a Reader holds the index files its viewer may see, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np

from geoservice.catalog.layers import Catalog
from geoservice.catalog.schema import LayerSpec
from geoservice.core import facts, grid
from geoservice.core.facts import DEGREE, Area, Counts, FactIndex
from geoservice.core.query import EPOCH, FactQuery
from geoservice.errors import KindRequired, NotFound
from geoservice.operations.attaching import attached
from geoservice.operations.features import Features, FeatureShelf
from geoservice.operations.reach import organisations_of
from geoservice.operations.zones import ZoneView, list_zones, resolve
from geoservice.storage.store import Storage
from geoservice.types import Box, Category, Kind, Viewer, code_of


@dataclass(frozen=True)
class CellCounts:
    """Facts per cell for one kind. cells (n,) sorted uint64; `unknown` says what a condition could not tell; `unplaced` match
    and have no point."""

    resolution: int
    kind: Kind | None
    cells: np.ndarray
    counts: np.ndarray
    unknown: dict[str, int]
    unplaced: int

    @property
    def total(self) -> int:
        return int(self.counts.sum())


@dataclass(frozen=True)
class UnitCount:
    """Facts of a residence or commune, with and without a point, `AGP` included; `attached` of them lie near the residence and do
    not name it (`operations.attaching`)."""

    code: str
    name: str
    count: int
    attached: int = 0


@dataclass(frozen=True)
class LayerView:
    """A layer as a viewer may draw it. `count` is None for facts: see `Reader.kinds`, kinds are never added."""

    spec: LayerSpec
    count: int | None
    bounds: Box | None
    generations: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Card:
    """What there is to say of one cell."""

    cell: int
    kind: Kind | None
    count: int
    total: int
    categories: list[tuple[Category, int]]
    qpv: list[ZoneView]
    residence: dict[str, Any] | None


def open_reader(storage: Storage, catalog: Catalog, viewer: Viewer,
                coming: Mapping[int, FactIndex] = MappingProxyType({})) -> Reader:
    """A Reader for a viewer, on the indexes as they are now; those of `coming` are about to be swapped in."""
    scope = organisations_of(viewer)
    found = {number: coming[number] if number in coming else storage.indexes.get(number) for number in scope}
    shelf = FeatureShelf(storage, scope)
    return Reader(viewer, catalog, {number: attached(index, number, catalog, shelf) for number, index in found.items()
                                    if index is not None}, shelf)


@dataclass(frozen=True)
class Reader:
    """Everything a viewer may read. Facts of different kinds are never added: counts are of one kind."""

    viewer: Viewer
    catalog: Catalog
    indexes: dict[int, FactIndex]
    shelf: FeatureShelf

    def kinds(self) -> dict[Kind, int]:
        """Facts in reach by kind."""
        return {kind: number for kind in Kind
                if (number := sum(index.kinds.get(kind, 0) for index in self.indexes.values()))}

    def layers(self) -> list[LayerView]:
        """Every layer of the catalog with what the viewer has in it."""
        return [self._layer(spec) for spec in self.catalog.layers.values()]

    def layer(self, name: str) -> LayerView:
        """One layer; NotFound when there is none of this name."""
        return self._layer(self.catalog.layer(name))

    def _layer(self, spec: LayerSpec) -> LayerView:
        version = self.version(spec.name)
        if spec.stores == "facts":
            return LayerView(spec, None, self.bounds(), (), version)
        if spec.stores == "features":
            count, bounds, generations = self.shelf.summary(spec.name)
            return LayerView(spec, count, bounds, generations, version)
        return LayerView(spec, self.shelf.count(spec.stores), None, (), version)

    def period(self) -> tuple[date, date] | None:
        """First and last local day in reach."""
        days = [(int(index["day"].min()), int(index["day"].max())) for index in self.indexes.values() if len(index)]
        if not days:
            return None
        return (EPOCH + timedelta(min(low for low, _ in days)), EPOCH + timedelta(max(high for _, high in days)))

    def bounds(self) -> Box | None:
        """The box of every position in reach."""
        boxes = [index.bounds for index in self.indexes.values() if index.bounds is not None]
        if not boxes:
            return None
        return Box(min(box.west for box in boxes), min(box.south for box in boxes), max(box.east for box in boxes),
                   max(box.north for box in boxes))

    def version(self, layer: str) -> str:
        """Changes whenever an answer about the layer could: an ETag ingredient."""
        if self.catalog.layer(layer).stores == "facts":
            # zones are features: a new boundary or residence changes what `zone=` answers, and facts hang on what they lie near
            return "-".join([*(f"{number}:{index.version}" for number, index in self.indexes.items()),
                             *map(self.shelf.version, ("qpv", "limites", "patrimoine", "halls"))])
        return self.shelf.version(layer)

    def _one_kind(self, query: FactQuery) -> FactQuery:
        kinds = list(self.kinds())
        if query.kind is None and len(kinds) > 1:
            raise KindRequired("Plusieurs origines de faits sont à portée et ne s’additionnent pas. Choisissez « kind » "
                               f"parmi : {', '.join(kinds)}.")
        return query.with_(kind=query.kind or next(iter(kinds), None))

    def check_residence(self, code: str) -> None:
        """NotFound unless the patrimoine or a fact in reach names this residence: another's is as one that does not exist."""
        found = self.shelf.features("patrimoine") if "patrimoine" in self.catalog.layers else None
        owned = found is not None and any(key == code and known.get("level", "residence") == "residence"
                                          for key, known in zip(found.keys, found.properties, strict=True))
        if not code or not (owned or any(code in index.units.residence for index in self.indexes.values())):
            raise NotFound("Cette résidence n’est pas dans votre patrimoine.")

    def _area(self, query: FactQuery, **also: Any) -> Area:
        if query.zone and query.zone.layer == "residence":
            self.check_residence(query.zone.code)
        zone = resolve(self.shelf, query.zone) if query.zone else {}
        return Area(**{"box": query.bbox, **zone, **also})

    def resolved(self, query: FactQuery, within: np.ndarray | None = None) -> tuple[FactQuery, Area]:
        """A query with its one kind, and the area it means: what functions of `core` want; `within` as in `cells`."""
        query = self._one_kind(query)
        return query, self._area(query, **({} if within is None else {"cells": within}))

    def _each(self, use: Callable[[FactIndex], Any]) -> list[Any]:
        return [use(index) for index in self.indexes.values()]

    def cells(self, query: FactQuery, within: np.ndarray | None = None) -> CellCounts:
        """Facts per cell of `query.resolution`; `within` limits to descendants of the given cells (any resolution)."""
        query = self._one_kind(query)
        area = self._area(query, **({} if within is None else {"cells": within}))
        counts: Counts = facts.merge(self._each(lambda index: facts.count(index, query.resolution, area, query)))
        return CellCounts(query.resolution, query.kind, counts.cells, counts.counts, counts.unknown, counts.unplaced)

    def positions(self, query: FactQuery, box: Box) -> np.ndarray:
        """Positions of matching facts in a box, (n, 2) lon, lat: drawn here as heat, never sent as they are."""
        query = self._one_kind(query)
        area = self._area(query, box=box)
        found = [np.column_stack([index["lon"][rows], index["lat"][rows]]) / DEGREE for index in self.indexes.values()
                 for rows in [facts.select(index, area, query).rows]]
        return np.concatenate(found) if found else np.empty((0, 2))

    def by_unit(self, query: FactQuery, level: str) -> list[UnitCount]:
        """Facts per residence or commune; the only place where `AGP` facts are seen. Most first."""
        totals = self.unit_totals(query, level)
        names = self.shelf.names("patrimoine" if level == "residence" else "limites")
        near = self.attached(query) if level == "residence" else {}
        ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
        return [UnitCount(code, names.get(code, code), number, near.get(code, 0)) for code, number in ranked]

    def attached(self, query: FactQuery) -> dict[str, int]:
        """Facts of residences, by code, that lie near one and do not name it."""
        query = self._one_kind(query)
        totals: dict[str, int] = {}
        for index in self.indexes.values():
            if index.units.named < len(index.units.code):
                for code, number in facts.unit_counts(index, query, "residence", attached=True).items():
                    totals[code] = totals.get(code, 0) + number
        return totals

    def unit_totals(self, query: FactQuery, level: str) -> dict[str, int]:
        """The counts of `by_unit` by code, in no order."""
        query = self._one_kind(query)
        totals: dict[str, int] = {}
        for found in self._each(lambda index: facts.unit_counts(index, query, level)):
            for code, number in found.items():
                totals[code] = totals.get(code, 0) + number
        if level == "commune":
            self._add_placed(totals, query)
        return totals

    def _add_placed(self, totals: dict[str, int], query: FactQuery) -> None:
        """Facts with a point and no commune of their own belong to the one their position lies in."""
        nameless = {number: np.array([not code for code in index.units.commune]) for number, index in self.indexes.items()}
        for zone in list_zones(self.shelf, "limites", "commune"):
            area = Area(**{**resolve(self.shelf, zone.reference), "commune": None})
            number = sum(int(nameless[each][index["unit"][facts.select(index, area, query).rows]].sum())
                         for each, index in self.indexes.items())
            if number:
                totals[zone.reference.code] = totals.get(zone.reference.code, 0) + number

    def unit_shapes(self, level: str) -> dict[str, Any]:
        """Shapes of residences or communes by code; those of the generation that comes first where two have a code."""
        layer, generations = ("patrimoine", (None,)) if level == "residence" else ("limites", ("commune", "arrondissement"))
        shapes: dict[str, Any] = {}
        for generation in generations if layer in self.catalog.layers else ():
            found = self.shelf.features(layer, generation)
            shapes = {**dict(zip(found.keys, found.geometry, strict=True)), **shapes}
        return shapes

    def features(self, layer: str, box: Box | None = None, generation: str | None = None,
                 limit: int | None = None) -> Features:
        """Features of a layer that touch a box, in EPSG:4326."""
        self.catalog.layer(layer)
        return self.shelf.features(layer, generation).within(box, limit)

    def zones(self, layer: str, generation: str | None = None) -> list[ZoneView]:
        """Zones that `zone=` accepts, by name."""
        return list_zones(self.shelf, layer, generation)

    def aggregates(self, zones: tuple[tuple[str, str], ...] = ()) -> list[dict[str, Any]]:
        """Published counts in reach, or those of some (level, zone); `count` is None where withheld. They stand beside facts,
        never added."""
        return self.shelf.aggregates(zones)

    def card(self, cell: int, query: FactQuery) -> Card:
        """One cell: its facts, their share of all that match, by category; QPV it touches; the nearest residence."""
        query = self._one_kind(query)
        resolution = int(grid.resolutions(np.array([cell], dtype=np.uint64))[0])
        if resolution > grid.FINEST:
            raise NotFound(f"Les faits sont indexés jusqu’à la résolution {grid.FINEST} ; choisissez une cellule plus grande.")
        area = self._area(query, cells=np.array([cell], dtype=np.uint64))
        chosen = [(index, facts.select(index, area, query).rows) for index in self.indexes.values()]
        by_code = sum((facts.category_counts(index, rows) for index, rows in chosen), np.zeros(256, np.int64))
        categories = [(category, int(by_code[code_of(category)])) for category in Category if by_code[code_of(category)]]
        total = sum(len(facts.select(index, self._area(query), query).rows) for index in self.indexes.values())
        count = sum(len(rows) for _, rows in chosen)
        return Card(cell, query.kind, count, total, sorted(categories, key=lambda item: -item[1]),
                    self._qpv_of(cell), self._nearest_residence(cell))

    def _qpv_of(self, cell: int) -> list[ZoneView]:
        import shapely

        rings, counts = grid.boundaries(np.array([cell], dtype=np.uint64))
        hexagon = shapely.Polygon(rings[0][:counts[0]])
        return [zone for zone in list_zones(self.shelf, "qpv", None) if zone.geometry.intersects(hexagon)]

    def _nearest_residence(self, cell: int) -> dict[str, Any] | None:
        lon, lat = grid.centres(np.array([cell], dtype=np.uint64))[0].tolist()
        return self.shelf.nearest("patrimoine", lon, lat)

