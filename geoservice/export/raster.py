"""Pictures of geometries, for maps without WebGL: drawn at twice the size with Pillow, then halved."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.errors import GEOSException

from geoservice.export import mvt_shapes
from geoservice.export.palette import ACCENT, PAPER, Ramp, rgb
from geoservice.export.png import transparent_png
from geoservice.export.tile import Tile

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_FINER = 2  # drawn this many times larger


@dataclass(frozen=True)
class FeatureStyle:
    """Colours `#rrggbb` or None (not drawn), opacities 0 to 1, sizes in pixels. Lines take the outline."""

    fill: str | None = ACCENT
    fill_opacity: float = 0.35
    outline: str | None = ACCENT
    outline_px: float = 1.5
    point_radius_px: float = 4.0


def features_png(tile: Tile, geometries_world: np.ndarray, style: FeatureStyle, size: int = 256) -> bytes:
    """PNG of any shapely geometries (n,) in world units; one fill for all, so overlaps are not darker."""
    fine = size * _FINER
    around_px = max(style.point_radius_px, style.outline_px) + 2  # what is drawn here by things just outside
    wider = replace(tile, buffer=math.ceil(around_px * tile.extent / size))
    shapes, _ = mvt_shapes.in_tile(wider, geometries_world, fine)
    if not len(shapes):
        return transparent_png(size)
    picture = _blank(fine)
    dimension = shapely.get_dimensions(shapes)
    if style.fill and (dimension == 2).any():
        _paint(picture, _filled(shapes[dimension == 2], fine), style.fill, style.fill_opacity)
    if style.outline and (dimension >= 1).any():
        _paint(picture, _stroked(shapes[dimension >= 1], style, fine), style.outline, 1.0)
    if (dimension == 0).any():
        _discs(picture, shapely.get_coordinates(shapes[dimension == 0]), style)
    return _halved(picture)


def hexagons_png(tile: Tile, rings: np.ndarray, classes: np.ndarray, ramp: Ramp, size: int = 256) -> bytes:
    """PNG of cells: `rings` (n, k, 2) world units, `classes` (n,) positions in the ramp, negative = not drawn."""
    from PIL import ImageDraw

    classes = np.asarray(classes)
    if not (classes >= 0).any():
        return transparent_png(size)
    picture = _blank(size * _FINER)
    pen = ImageDraw.Draw(picture)
    colours = [(*rgb(colour), round(ramp.opacity * 255)) for colour in ramp.colours]
    corners = tile.units(rings, size * _FINER)
    for ring, number in zip(corners[classes >= 0], classes[classes >= 0].tolist(), strict=True):
        pen.polygon(_flat(ring), fill=colours[number])
    return _halved(picture)


def _blank(side: int) -> Image:
    from PIL import Image

    return Image.new("RGBA", (side, side), (*rgb(PAPER), 0))


def _mask(side: int) -> tuple[Image, ImageDraw]:
    from PIL import Image, ImageDraw

    mask = Image.new("L", (side, side), 0)
    return mask, ImageDraw.Draw(mask)


def _paint(picture: Image, mask: Image, colour: str, opacity: float) -> None:
    """Lay one colour over the picture wherever the mask is set."""
    from PIL import Image

    layer = Image.new("RGBA", picture.size, (*rgb(colour), 0))
    layer.putalpha(mask.point(lambda level: round(level * opacity)))
    picture.alpha_composite(layer)


def _filled(polygons: np.ndarray, side: int) -> Image:
    """Mask of the union of polygons; larger parts first, as a part may lie in another's hole."""
    mask, pen = _mask(side)
    parts = shapely.get_parts(_union(polygons))
    parts = parts[shapely.get_dimensions(parts) == 2]
    outer = shapely.area(shapely.polygons(shapely.get_exterior_ring(parts)))
    for part in parts[np.argsort(-outer)]:
        for number, ring in enumerate(shapely.get_rings(part)):
            pen.polygon(_flat(shapely.get_coordinates(ring)), fill=0 if number else 255)
    return mask


def _union(polygons: np.ndarray) -> shapely.Geometry:
    sound = mvt_shapes.repaired(polygons)
    try:
        return shapely.union_all(sound)
    except GEOSException:  # overlaps are then painted one over the other, which looks nearly the same
        return shapely.multipolygons(shapely.get_parts(sound)[shapely.get_dimensions(shapely.get_parts(sound)) == 2])


def _stroked(shapes: np.ndarray, style: FeatureStyle, side: int) -> Image:
    """Mask of the lines and of the borders of polygons."""
    mask, pen = _mask(side)
    parts = shapely.get_parts(shapes)
    lines = np.concatenate([shapely.get_rings(parts), parts[shapely.get_dimensions(parts) == 1]])
    width = max(1, round(style.outline_px * _FINER))
    for line in lines:
        pen.line(_flat(shapely.get_coordinates(line)), fill=255, width=width, joint="curve")
    return mask


def _discs(picture: Image, centres: np.ndarray, style: FeatureStyle) -> None:
    """Small discs, with a border of paper so that neighbours stay apart."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    radius = style.point_radius_px * _FINER
    colour = (*rgb(style.outline or style.fill or ACCENT), 255)
    for x, y in centres.tolist():
        box = (x - radius, y - radius, x + radius - 1, y + radius - 1)  # Pillow draws the last pixel too
        pen.ellipse(box, fill=colour, outline=(*rgb(PAPER), 255), width=_FINER)


def _flat(points: np.ndarray) -> list[float]:
    return points.reshape(-1).tolist()


def _halved(picture: Image) -> bytes:
    out = io.BytesIO()
    picture.reduce(_FINER).save(out, "PNG", compress_level=1)
    return out.getvalue()
