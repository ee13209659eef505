"""A plan of cameras as SVG, in metres of a projected CRS: roads, buildings, facts, fields by DORI class. Classes, no style.

What a page needs to put a place of the picture back on the ground stands on the root: `data-origin`, `data-right`, `data-down`,
the lon, lat of the corner and of one step each way (a plane over 1.5 km errs by centimetres).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import shapely

WIDE = 1_000.0
_LEAST_M, _BARS_M = 120.0, (10, 20, 50, 100, 200, 500)
_BAR = 0.25  # of the width, at most
_DOT, _MOST_DOT, _LEAST_DOT = 3.2, 13.0, 1.8  # radius of one fact where there are few, of the most, of the least


@dataclass(frozen=True, eq=False)
class Mark:
    """A camera: code, place in metres, azimuth, its field by class (metres), and words for who cannot see it; attributes
    for the page."""

    code: str
    place: tuple[float, float]
    azimuth: float
    field: Mapping[str, Any]
    label: str
    data: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Picture:
    """bounds west, south, east, north in metres; shapes as shapely; middles of cells (m, 2) with facts (m,); corners (3, 2) lon,
    lat of north-west, north-east, south-west; data: attributes for the page; points (p, 2) and forbidden polygons that people
    drew; still: one picture, nothing to move."""

    bounds: tuple[float, float, float, float]
    corners: np.ndarray
    roads: np.ndarray
    buildings: np.ndarray
    own: np.ndarray
    places: np.ndarray
    facts: np.ndarray
    marks: Sequence[Mark]
    title: str
    data: Mapping[str, str]
    points: np.ndarray
    forbidden: np.ndarray
    still: bool = False


@dataclass(frozen=True)
class _Frame:
    """From metres to the picture."""

    west: float
    north: float
    scale: float
    tall: float

    def at(self, xy: np.ndarray) -> np.ndarray:
        return np.column_stack([(xy[:, 0] - self.west) * self.scale, (self.north - xy[:, 1]) * self.scale])

    def path(self, shape: Any) -> str:
        """Rings of polygons as the `d` of a path."""
        rings = shapely.get_rings(shapely.get_parts(shape)[shapely.get_type_id(shapely.get_parts(shape)) == 3])
        return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in self.at(shapely.get_coordinates(ring))[:-1]) + "Z"
                       for ring in rings)


def bounds_of(places: np.ndarray, margin_m: float) -> tuple[float, float, float, float]:
    """West, south, east, north around places, with a margin and never too small to read."""
    low, high = places.min(axis=0) - margin_m, places.max(axis=0) + margin_m
    spare = np.maximum(_LEAST_M - (high - low), 0) / 2
    (west, south), (east, north) = low - spare, high + spare
    return float(west), float(south), float(east), float(north)


def svg(picture: Picture) -> str:
    """The picture; every camera can be reached by the keyboard."""
    west, south, east, north = picture.bounds
    scale = WIDE / (east - west)
    frame = _Frame(west, north, scale, (north - south) * scale)
    shown = shapely.box(*picture.bounds)
    inside = shapely.intersects(picture.buildings, shown)
    roads = picture.roads[shapely.intersects(picture.roads, shown)]
    return "".join([
        _head(picture, frame), f'<path class="road" d="{"".join(map(frame.path, roads))}"/>',
        *(f'<path class="{name}" d="{"".join(map(frame.path, picture.buildings[inside & which]))}"/>'
          for name, which in (("building", ~picture.own), ("own", picture.own))),
        '<g class="fields">', *(_field(frame, mark) for mark in picture.marks), "</g>",
        '<g class="drawn">', *_drawn(frame, picture), "</g>",
        '<g class="facts">', *_facts(frame, picture), "</g>", _bar(frame, east - west),
        '<g class="cameras">', *(_camera(frame, mark, picture.still) for mark in picture.marks), "</g></svg>"])


def _head(picture: Picture, frame: _Frame) -> str:
    origin, right, down = picture.corners[0], picture.corners[1] - picture.corners[0], picture.corners[2] - picture.corners[0]
    data = {"origin": origin, "right": right / WIDE, "down": down / frame.tall}
    words = " ".join([*(f'data-{name}="{lon:.12g} {lat:.12g}"' for name, (lon, lat) in data.items()),
                      *(f"data-{name}={_quoted(text)}" for name, text in picture.data.items())])
    role = "img" if picture.still else "group"
    return (f'<svg class="siteplan" viewBox="0 0 {WIDE:.0f} {frame.tall:.0f}" role="{role}" {words} '
            f'data-metre="{frame.scale:.6g}" aria-label={_quoted(picture.title)}>')


def _quoted(text: str) -> str:
    return '"' + escape(text, {'"': "&quot;"}) + '"'


def _field(frame: _Frame, mark: Mark) -> str:
    paths = "".join(f'<path class="{name}" d="{frame.path(shape)}"/>' for name, shape in mark.field.items())
    return f'<g class="field" data-code="{mark.code}">{paths}</g>'


def _facts(frame: _Frame, picture: Picture) -> list[str]:
    root = min(_DOT, _MOST_DOT / float(picture.facts.max()) ** 0.5) if len(picture.facts) else _DOT  # areas are numbers
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{max(root * many ** 0.5, _LEAST_DOT):.1f}" data-n="{many}"/>'
            for (x, y), many in zip(frame.at(picture.places), picture.facts.tolist(), strict=True)]


def _drawn(frame: _Frame, picture: Picture) -> list[str]:
    return [*(f'<path class="forbidden" d="{frame.path(ring)}"/>' for ring in picture.forbidden),
            *(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="8"/>' for x, y in frame.at(picture.points))]


def _camera(frame: _Frame, mark: Mark, still: bool) -> str:
    (x, y), = frame.at(np.array([mark.place]))
    data = " ".join(f'data-{name}={_quoted(value)}' for name, value in mark.data.items())
    moves = "" if still else f'tabindex="0" role="button" aria-label={_quoted(mark.label)} data-code="{mark.code}" {data} '
    return (f'<g class="camera" {moves}'
            f'transform="translate({x:.1f} {y:.1f})"><circle class="reach" r="28"/><circle class="dot" r="14"/>'
            f'<path class="nose" d="M0 -25L7 -14H-7Z" transform="rotate({mark.azimuth:.1f})"/>'
            f'<text y="5" text-anchor="middle">{mark.code.removeprefix("C")}</text></g>')


def _bar(frame: _Frame, wide_m: float) -> str:
    metres = max((each for each in _BARS_M if each <= _BAR * wide_m), default=_BARS_M[0])
    y, long = frame.tall - 16, metres * frame.scale
    drawn = f'<path d="M16 {y - 6:.1f}v6h{long:.1f}v-6"/><text x="{24 + long:.1f}" y="{y:.1f}">{metres} m</text>'
    return f'<g class="scale">{drawn}</g>'
