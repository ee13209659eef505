"""A map of released counts drawn by the server, for links and screens without scripts. « Non diffusé » is one hatched class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.disclosure.places import HEXAGONS
from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.core.stats.words import number
from geoservice.export import palette
from geoservice.export.drawing import Drawing, Group, Label, Paint, paths
from geoservice.export.svg import to_svg
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import MASKED, Column, group_label

_ROOM, _HATCH_PX, _NUMBERED_PX = 0.04, 7.0, 26.0
_HATCH, _EDGE, _QPV = "#7d8a94", "#8fa0ad", palette.INK


@dataclass(frozen=True)
class LegendClass:
    """A class of the map: both bounds, its colour (None: hatched), how many places are in it."""

    name: str
    words: str
    colour: str | None
    places: int


@dataclass(frozen=True)
class Picture:
    """A drawing and its legend."""

    drawing: Drawing
    classes: tuple[LegendClass, ...]

    def svg(self) -> bytes:
        return to_svg(self.drawing)


def draw(opened: Opened, found: Column, rows: np.ndarray | None = None, size: tuple[int, int] = (960, 640)) -> Picture:
    """Places of a column, or some rows of them; the scale of colours tells nothing of the others."""
    chosen = np.arange(len(found.values)) if rows is None else rows
    pixels, inside = _pixels(opened, found.level, chosen, size)
    values = found.values[chosen]
    bounds = palette.breaks(values[values != NOT_SHOWN])
    which = np.where(values == NOT_SHOWN, -1, palette.classes(values, bounds))
    groups = [Group("non-diffuse", Paint(fill=palette.GROUND, stroke=_EDGE), paths(pixels[which == -1])),
              Group("hachures", Paint(stroke=_HATCH, width=1.0), paths(_hatch(pixels[which == -1])))]
    for at, colour in enumerate(palette.COUNTS.colours[:len(bounds)]):
        groups.append(Group(f"classe-{at + 1}", Paint(fill=colour, stroke=_EDGE), paths(pixels[which == at])))
    groups += _outlines(opened, found.level, inside)
    legend = _legend(bounds, which, values)
    words = (f"{group_label(found.group)}, {found.period}. " + " ; ".join(f"{one.words} : {one.places}" for one in legend)
             + f". « {MASKED.capitalize()} » ne dit rien du nombre.")
    drawing = Drawing(*size, f"Carte des nombres diffusés, {found.period}", words, palette.PAPER, tuple(groups),
                      _labels(pixels, values, which))
    return Picture(drawing, legend)


def _legend(bounds: list[int], which: np.ndarray, values: np.ndarray) -> tuple[LegendClass, ...]:
    most = int(values.max(initial=0))
    out = [LegendClass("non-diffuse", MASKED.capitalize(), None, int((which == -1).sum()))]
    for at, low in enumerate(bounds):
        high = bounds[at + 1] - 1 if at + 1 < len(bounds) else most
        text = number(low) if low == high else f"{number(low)} à {number(high)}"
        out.append(LegendClass(f"classe-{at + 1}", text, palette.COUNTS.colours[at], int((which == at).sum())))
    return tuple(out)


def _pixels(opened: Opened, level: str, rows: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, object]:
    """Outlines of places in pixels, and how any geometry gets there."""
    world = shapely.transform(shapes.outlines(opened, level)[rows], _to_world)
    low_x, low_y, high_x, high_y = shapely.total_bounds(world) if len(world) else (0.0, 0.0, 1.0, 1.0)
    scale = min(size[0] * (1 - _ROOM) / max(high_x - low_x, 1e-9), size[1] * (1 - _ROOM) / max(high_y - low_y, 1e-9))
    middle = np.array([(low_x + high_x) / 2, (low_y + high_y) / 2])

    def place(points: np.ndarray) -> np.ndarray:
        return (points - middle) * scale + np.array(size) / 2

    return shapely.transform(world, place), lambda shape: shapely.transform(shapely.transform(shape, _to_world), place)


def _to_world(lonlat: np.ndarray) -> np.ndarray:
    return np.stack(crs.world(lonlat[:, 0], lonlat[:, 1]), axis=-1)


def _hatch(pixels: np.ndarray) -> np.ndarray:
    """Diagonal lines through shapes."""
    if not len(pixels):
        return pixels
    low_x, low_y, high_x, high_y = shapely.total_bounds(pixels)
    high = high_y - low_y
    lines = shapely.linestrings([[(x, high_y), (x + high, low_y)] for x in np.arange(low_x - high, high_x, _HATCH_PX)])
    whole = shapely.union_all(pixels, grid_size=0.01)
    return shapely.intersection(lines, whole)


def _outlines(opened: Opened, level: str, inside: object) -> list[Group]:
    """Limits of communes and QPV above hexagons."""
    if level not in HEXAGONS:
        return []
    out = []
    for name, paint in (("commune", Paint(stroke=_QPV, width=1.2)), ("qpv", Paint(stroke=_QPV, width=2.0, dash=(6, 4)))):
        if name in opened.release.places and len(opened.release.places[name].names):
            drawn = shapely.boundary(inside(shapes.outlines(opened, name)))  # type: ignore[operator]  # made by _pixels
            if name == "qpv":
                out.append(Group("qpv-halo", Paint(stroke=palette.PAPER, width=5.0), paths(drawn)))
            out.append(Group(name, paint, paths(drawn)))
    return out


def _labels(pixels: np.ndarray, values: np.ndarray, which: np.ndarray) -> tuple[Label, ...]:
    """Numbers in places that are large enough to hold them."""
    middle = shapely.point_on_surface(pixels)
    wide = np.sqrt(shapely.area(pixels))
    return tuple(Label(float(shapely.get_x(at)), float(shapely.get_y(at)), number(int(value)), 14.0, palette.INK, True)
                 for at, value, size, one in zip(middle, values.tolist(), wide.tolist(), which.tolist(), strict=True)
                 if one >= 0 and size >= _NUMBERED_PX)
