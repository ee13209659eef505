"""Zones that a filter can name: QPV of both generations, communes, residences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapely import Geometry

from geoservice.core.query import ZoneRef
from geoservice.errors import NotFound
from geoservice.operations.features import FeatureShelf
from geoservice.types import Box

# zone layer of a filter → layer and generations that hold it, the first that has the code wins
_WHERE: dict[str, tuple[str, tuple[str, ...]]] = {
    "qpv2024": ("qpv", ("2024",)),
    "qpv2015": ("qpv", ("2015",)),
    "commune": ("limites", ("commune", "arrondissement")),
}


@dataclass(frozen=True)
class ZoneView:
    """A zone to choose from; geometry in EPSG:4326."""

    reference: ZoneRef
    name: str
    generation: str
    box: Box
    geometry: Geometry


def resolve(shelf: FeatureShelf, zone: ZoneRef) -> dict[str, Any]:
    """The conditions of core.facts.Area that a zone means; NotFound when the viewer has no such zone."""
    if zone.layer == "residence":
        return {"residence": zone.code}
    layer, generations = _WHERE[zone.layer]
    for generation in generations:
        found = shelf.features(layer, generation)
        if zone.code in found.keys:
            polygon = found.geometry[found.keys.index(zone.code)]
            return {"polygon": polygon, **({"commune": zone.code} if zone.layer == "commune" else {})}
    raise NotFound(f"La zone « {zone} » n’est pas dans les couches importées.")


def list_zones(shelf: FeatureShelf, layer: str, generation: str | None) -> list[ZoneView]:
    """Zones of a layer that a filter can name, in order of name."""
    zones: list[ZoneView] = []
    for name, (held_by, generations) in _WHERE.items():
        if held_by == layer:
            for each in generations:
                if generation in (None, each):
                    zones += _views(shelf, name, layer, each)
    return sorted(zones, key=lambda zone: (zone.generation, zone.name, zone.reference.code))


def _views(shelf: FeatureShelf, name: str, layer: str, generation: str) -> list[ZoneView]:
    found = shelf.features(layer, generation)
    return [ZoneView(ZoneRef(name, key), title or key, generation, Box(*geometry.bounds), geometry)
            for key, title, geometry in zip(found.keys, found.names, found.geometry, strict=True) if geometry is not None]
