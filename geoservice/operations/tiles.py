"""Tiles from a Reader: cells and heat of facts, features of every other layer.

Cells are whole in every tile they touch and carry their full count, so the distinct cells of a pyramid add up to what the
tables say. Which cells touch a tile is worked out once and kept, with their outlines in world units.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from geoservice.core import compiled, crs, grid, scanning
from geoservice.core.query import FactQuery
from geoservice.errors import BadInput, NotFound
from geoservice.export import heat, mvt, raster
from geoservice.export.heat import HeatStyle
from geoservice.export.raster import FeatureStyle
from geoservice.export.tile import Bounds, Tile
from geoservice.operations.features import Features
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import LayerView, Reader
from geoservice.types import Box

MAX_ZOOM = 22
MAX_CELLS = 20_000  # of one tile; a finer resolution than that is refused
HEAT_RADIUS_PX = 24.0  # of a tile of 256 pixels: where the kernel ends, three standard deviations away
_HEAT_LEAST = 3.0  # so many facts at one place, at least, reach the last colour
_HEAT_FULL = 0.75  # of the greatest density: from there on the last colour, so that the rest is not pale
# H3 resolution by zoom: a tile of metropolitan France holds about 300 to 2,000 cells from zoom 8 on
_RESOLUTIONS = (5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 9, 10, 11, 11)
_KEPT_TILES = 512  # a few hundred kilobytes each at most
_QUICK_ZOOM = 10
_WHOLE_ZOOM = 4  # up to here a tile is a good part of the country: every cell with facts is looked at
_EARTH_M = 40_075_016.685578488


def resolution_of_zoom(zoom: int) -> int:
    """H3 resolution of the cells drawn at a zoom."""
    return _RESOLUTIONS[min(zoom, len(_RESOLUTIONS) - 1)]


def resolution_for(tile: Tile, asked: int | None) -> int:
    """The resolution asked for, else the zoom's own; BadInput when a tile would hold MAX_CELLS cells or more."""
    usual = resolution_of_zoom(tile.z)
    if asked is None or asked <= usual:
        return usual if asked is None else asked
    finest = max([usual, *(r for r in range(usual, grid.FINEST + 1) if _cells_in(tile, r) < MAX_CELLS)])
    if asked > finest:
        raise BadInput(f"La résolution {asked} ferait trop de cellules dans une tuile de zoom {tile.z} : "
                       f"demandez {finest} au plus, ou zoomez.")
    return asked


def check(tile: Tile, view: LayerView) -> None:
    """NotFound when the tile does not exist, or lies outside the zooms at which its layer is drawn."""
    side = 1 << max(0, min(tile.z, MAX_ZOOM))
    if not (0 <= tile.z <= MAX_ZOOM and 0 <= tile.x < side and 0 <= tile.y < side):
        raise NotFound("Cette tuile n’existe pas : x et y vont de 0 à 2^z − 1.")
    if not view.spec.minzoom <= tile.z <= view.spec.maxzoom:
        raise NotFound(f"Cette couche se dessine du zoom {view.spec.minzoom} au zoom {view.spec.maxzoom}.")


def cells_mvt(reader: Reader, tile: Tile, query: FactQuery) -> bytes:
    """Hexagons that touch a tile, with properties `h3` and `n` (facts of the whole cell); b"" when there is none.

    `query.resolution` is taken as it is (`resolution_for`); a `bbox` has no place here: the tile is one.
    """
    if tile.z <= _WHOLE_ZOOM:
        return _whole_mvt(reader, tile, query)
    touching = _touching(tile, query.resolution)
    counts = reader.cells(query, touching.cells)
    rows = np.searchsorted(touching.cells, counts.cells)
    return mvt.outlined(tile, FACTS, touching.outlines, rows, None, {"h3": touching.texts.take(rows), "n": counts.counts})


def is_quick(tile: Tile, query: FactQuery) -> bool:
    """Whether `cells_mvt` will take about a millisecond: compiled, few rows, no polygon, the tile's outlines already kept."""
    return (tile.z >= _QUICK_ZOOM and query.zone is None and compiled.at_hand(scanning.loops, 0) is not None
            and (tile, query.resolution) in _kept)


def _whole_mvt(reader: Reader, tile: Tile, query: FactQuery) -> bytes:
    """A tile of a good part of the country: every cell with facts is looked at."""
    counts = reader.cells(query)
    rings = _rings(counts.cells)
    shown = _meets(rings, tile.buffered())
    properties = {"h3": mvt.Texts.of(grid.to_text(counts.cells[shown])), "n": counts.counts[shown]}
    return mvt.hexagons(tile, FACTS, rings[shown], None, properties)


def heat_png(reader: Reader, tile: Tile, query: FactQuery) -> bytes:
    """Facts as heat, on one scale for all tiles of a zoom and one filter; b"" when nothing is near."""
    style = HeatStyle(radius_px=HEAT_RADIUS_PX, scale_max=_heat_scale(reader, tile.z, query))
    found = reader.positions(query, _box(heat.reach(tile, style)))
    if not len(found):
        return b""
    return heat.heat_png(tile, np.column_stack(crs.world(found[:, 0], found[:, 1])), None, style)


def heat_radius_m(zoom: int, latitude: float) -> float:
    """HEAT_RADIUS_PX on the ground, in metres, at a latitude."""
    return HEAT_RADIUS_PX * _EARTH_M * math.cos(math.radians(latitude)) / (256 << zoom)


def features_mvt(reader: Reader, view: LayerView, tile: Tile, generation: str | None,
                 more: Mapping[str, Mapping[str, str]] | None = None) -> bytes:
    """Features of a layer in a tile: clipped, with their properties and `key`, `name`, `generation`; b"" when none.

    `more`: properties that their file did not give, by name and key.
    """
    found = reader.features(view.spec.name, _box(tile.buffered()), generation_of(view, generation))
    shapes, rows = _world(found)
    if not len(rows):
        return b""
    added = {name: [values.get(found.keys[row]) for row in rows.tolist()] for name, values in (more or {}).items()}
    return mvt.features(tile, view.spec.name, shapes, None, _properties(found, rows) | added)


def features_png(reader: Reader, view: LayerView, tile: Tile, generation: str | None) -> bytes:
    """The same features drawn as an image of 256 pixels; b"" when there is none."""
    style = _style(view)
    around = tile.buffered(64 + tile.extent * (style.point_radius_px + style.outline_px) / 256)
    shapes, rows = _world(reader.features(view.spec.name, _box(around), generation_of(view, generation)))
    return raster.features_png(tile, shapes, style) if len(rows) else b""


def generation_of(view: LayerView, asked: str | None) -> str | None:
    """The generation asked for, else the newest year; None (all features) for a layer whose generations are no years.

    NotFound when the layer has no such generation.
    """
    if asked is not None and asked not in view.generations:
        known = ", ".join(view.generations) or "aucun"
        raise NotFound(f"Ce millésime n’existe pas pour cette couche. Millésimes possibles : {known}.")
    years = [name for name in view.generations if name.isdigit()]
    return asked if asked is not None else max(years, default=None)


def fields_of(found: Features) -> dict[str, str]:
    """Names and TileJSON types of the properties that tiles of these features carry."""
    columns = _properties(found, np.arange(len(found)))
    return {name: _field_type(values) for name, values in columns.items()}


def _field_type(values: list[Any]) -> str:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return "Boolean"
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "Number"
    return "String"


@dataclass(frozen=True)
class _Touching:
    """Cells that touch a buffered tile, sorted, with their names and their outlines in it; never changed."""

    cells: np.ndarray
    texts: mvt.Texts
    outlines: mvt.Outlines


def touching_cells(tile: Tile, resolution: int) -> np.ndarray:
    """Every cell of a resolution that touches a tile and its margin, sorted uint64."""
    return _touching(tile, resolution).cells


_kept: OrderedDict[tuple[Tile, int], _Touching] = OrderedDict()  # the least recently used go first


def _touching(tile: Tile, resolution: int) -> _Touching:
    found = _kept.get((tile, resolution))
    if found is None:
        found = _kept[tile, resolution] = _worked_out(tile, resolution)
        while len(_kept) > _KEPT_TILES:
            _kept.popitem(last=False)
    else:
        with suppress(KeyError):  # dropped meanwhile by another thread
            _kept.move_to_end((tile, resolution))
    return found


def _worked_out(tile: Tile, resolution: int) -> _Touching:
    cells = grid.cover(_box(tile.buffered()), resolution)
    cells.setflags(write=False)
    return _Touching(cells, mvt.Texts.of(grid.to_text(cells)), mvt.outlines(tile, _rings(cells)))


def _rings(cells: np.ndarray) -> np.ndarray:
    """Outlines of cells in world units, (n, k, 2), as the encoder wants them."""
    lonlat, _ = grid.boundaries(cells)
    return np.stack(crs.world(lonlat[..., 0], lonlat[..., 1]), axis=-1)


def _meets(rings: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Which rings have a box that meets the bounds, (n,) bool."""
    west, north, east, south = bounds
    low, high = rings.min(axis=1, initial=np.inf), rings.max(axis=1, initial=-np.inf)
    return (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= south) & (high[:, 1] >= north)


def _box(bounds: Bounds) -> Box:
    """World bounds as degrees, held within the world."""
    west, north, east, south = bounds
    lon, lat = crs.unworld(np.clip([west, east], 0.0, 1.0), np.clip([south, north], 0.0, 1.0))
    return Box(float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))


def _cells_in(tile: Tile, resolution: int) -> float:
    """About how many cells of a resolution a tile holds, at its own latitude."""
    box = _box(tile.bounds())
    metres = _EARTH_M * math.cos(math.radians((box.south + box.north) / 2)) / 2.0**tile.z
    return metres**2 / _cell_area_m2(resolution)


@lru_cache(maxsize=16)
def _cell_area_m2(resolution: int) -> float:
    """Area of a cell in the middle of metropolitan France."""
    point = grid.index(np.array([2.4]), np.array([46.6]))
    return float(grid.areas_m2(grid.parents(point, resolution))[0])


_scales: dict[tuple, float] = {}


def _heat_scale(reader: Reader, zoom: int, query: FactQuery) -> float:
    """Facts per pixel drawn in the last colour: most of the greatest density around the fullest cell of this filter in reach.

    One number for all tiles of a zoom, so that they join and compare.
    """
    plain = query.with_(resolution=resolution_of_zoom(zoom))
    key = (reader.viewer.organisation_id, reader.version(FACTS), zoom, plain.canonical())
    if key not in _scales:
        if len(_scales) >= 1_024:
            _scales.clear()
        _scales[key] = _measured_scale(reader, zoom, plain)
    return _scales[key]


def _measured_scale(reader: Reader, zoom: int, query: FactQuery) -> float:
    found = reader.cells(query)
    least = heat.scale_for(_HEAT_LEAST, HEAT_RADIUS_PX)
    if not len(found.cells):
        return least
    # after the blur, since a cell's own density says nothing of what its neighbours add to it
    x, y = np.column_stack(crs.world(*grid.centres(found.cells[[np.argmax(found.counts)]]).T))[0]
    side = 1 << zoom
    tile, style = Tile(zoom, min(int(x * side), side - 1), min(int(y * side), side - 1)), HeatStyle(radius_px=HEAT_RADIUS_PX)
    points = reader.positions(query, _box(heat.reach(tile, style)))
    blurred = heat.density(tile, np.column_stack(crs.world(points[:, 0], points[:, 1])), None, style)
    return max(least, _HEAT_FULL * float(blurred.max()))


def _world(found: Features) -> tuple[np.ndarray, np.ndarray]:
    """Geometries in world units and the rows that have one."""
    rows = np.flatnonzero(~(shapely.is_missing(found.geometry) | shapely.is_empty(found.geometry)))
    shapes = shapely.transform(found.geometry[rows], lambda lonlat: np.column_stack(crs.world(lonlat[:, 0], lonlat[:, 1])))
    return shapes, rows


def _properties(found: Features, rows: np.ndarray) -> dict[str, list[Any]]:
    """Properties as columns: what a feature lacks is None, what a tile cannot hold becomes JSON text."""
    chosen = rows.tolist()
    names = list(dict.fromkeys(name for row in chosen for name in found.properties[row]))
    columns = {name: [_value(found.properties[row].get(name)) for row in chosen] for name in names}
    own = {"key": found.keys, "name": found.names, "generation": found.generations}
    return columns | {name: [values[row] or None for row in chosen] for name, values in own.items()}


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**53) < value < 2**53 else str(value)
    return json.dumps(value, ensure_ascii=False)


def _style(view: LayerView) -> FeatureStyle:
    """The plain look of a layer as an image: a light fill for polygons, taken from its style where that names colours."""
    paint: dict[str, Any] = {}
    for layer in view.spec.style.get("layers", []):
        paint = {**layer.get("paint", {}), **paint}
    usual = FeatureStyle()
    fill = _colour(paint.get("fill-color"))
    outline = _colour(paint.get("line-color")) or _colour(paint.get("circle-color")) or _colour(paint.get("fill-outline-color"))
    return FeatureStyle(fill=fill, outline=outline or fill or usual.outline) if fill or outline else usual


def _colour(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) != 7 or not value.startswith("#"):
        return None
    return value.lower() if all(letter in "0123456789abcdef" for letter in value[1:].lower()) else None
