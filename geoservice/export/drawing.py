"""A drawing in flat colours: groups of paths and labels in pixels, y downwards, that SVG and PDF both can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely


@dataclass(frozen=True)
class Paint:
    """Colours `#rrggbb` or None, opacity 0 to 1, widths and dashes in pixels."""

    fill: str | None = None
    stroke: str | None = None
    opacity: float = 1.0
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class Path:
    """Rings (closed) or lines of one thing: each (k, 2) pixels; `data` tells scripts what it is."""

    parts: tuple[np.ndarray, ...]
    closed: bool
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Paths with one paint, from a fixed name."""

    name: str
    paint: Paint
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Label:
    """A text centred on a point, on a disc of paper; `anchor` "free": without the disc, "start": it begins there."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: Literal["middle", "free", "start"] = "middle"


@dataclass(frozen=True)
class Drawing:
    """What is drawn, from bottom to top, with the words for people who do not see it."""

    width: int
    height: int
    title: str
    description: str
    ground: str
    groups: tuple[Group, ...]
    labels: tuple[Label, ...] = ()


def paths(shapes: np.ndarray) -> tuple[Path, ...]:
    """Paths of any shapely geometries in pixels; points have none."""
    found = []
    for shape in shapes:
        for part in shapely.get_parts(shape) if shape is not None else ():
            if part.geom_type == "Polygon" and not part.is_empty:
                rings = (part.exterior, *part.interiors)
                found.append(Path(tuple(shapely.get_coordinates(ring)[:-1] for ring in rings), True))
            elif part.geom_type in ("LineString", "LinearRing") and not part.is_empty:
                found.append(Path((shapely.get_coordinates(part),), False))
            elif part.geom_type == "GeometryCollection":
                found.extend(paths(np.array([part])))
    return tuple(found)
