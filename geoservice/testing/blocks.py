"""Buildings: houses along the streets, long and high blocks in the estates, sheds in the works zone, a few landmarks.

Footprints are rings of points in the town's plane, metres; heights in metres, NaN where the survey does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoservice.testing.frame import Points, stream
from geoservice.testing.plan import ESTATES, MARKET_M, RIVER_WIDTH_M, STRETCH, Plan, Street

FLOOR_M = 2.8
UNKNOWN_HEIGHT = 0.06  # share of footprints without a height


@dataclass(frozen=True)
class Footprint:
    """One building: ring (without the closing point), height, use and dwellings (0 for none)."""

    ring: Points
    height: float
    use: str
    dwellings: int = 0

    @property
    def shape(self) -> BaseGeometry:
        return shapely.Polygon(self.ring)


@dataclass(frozen=True)
class Manner:
    """How houses stand along a street: sizes in metres; `gap` between neighbours, `back` from the street's edge."""

    width: tuple[float, float]
    depth: tuple[float, float]
    gap: tuple[float, float]
    back: tuple[float, float]
    floors: tuple[int, int]
    empty: float  # share of plots without a building


CENTRE = Manner((7, 13), (10, 14), (0, 0), (0, 1), (3, 4), 0.04)
FAUBOURG = Manner((8, 13), (9, 13), (0, 9), (0.5, 3), (2, 4), 0.16)
HOUSES = Manner((9, 13.5), (8, 11.5), (9, 22), (5, 9), (1, 2), 0.14)


def box(width: float, depth: float) -> Points:
    return np.array([(-width, -depth), (width, -depth), (width, depth), (-width, depth)]) / 2


def ell(width: float, depth: float, wing: float) -> Points:
    """A house with a wing at the back."""
    w, d = width / 2, depth / 2
    return np.array([(-w, -d), (w, -d), (w, d + wing), (w - wing, d + wing), (w - wing, d), (-w, d)])


def put(local: Points, at: Points, along: Points) -> Points:
    """Turns a local ring so that its x axis follows `along` (a unit vector) and moves it to `at`."""
    return local @ np.array([along, (-along[1], along[0])]) + at


def manner_of(point: Points) -> Manner:
    radius = np.hypot(point[0] / STRETCH, point[1])
    return CENTRE if radius < 175 else FAUBOURG if radius < 430 else HOUSES


def along_street(street: Street, rng: np.random.Generator) -> list[Footprint]:
    """Houses on both sides of a street, as they come; conflicts are settled afterwards."""
    steps = np.hypot(*np.diff(street.points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    out: list[Footprint] = []
    for side in (1.0, -1.0):
        s = rng.uniform(3, 9)
        while s < at[-1] - 6:
            here = np.array([np.interp(s, at, street.points[:, i]) for i in (0, 1)])
            k = min(int(np.searchsorted(at, s)), len(steps)) - 1
            tangent = (street.points[k + 1] - street.points[k]) / steps[k] * side
            house, width = one_house(manner_of(here), rng)
            normal = np.array([-tangent[1], tangent[0]])
            if house is not None:
                ring, back, floors = house
                centre = here + tangent * side * width[0] / 2 + normal * (street.width / 2 + back)
                height = floors * FLOOR_M + rng.uniform(0.5, 3)
                out.append(Footprint(put(ring, centre, tangent), height, "Résidentiel", 1 if floors < 3 else floors))
            s += sum(width)
    return out


def one_house(m: Manner, rng: np.random.Generator) -> tuple[tuple[Points, float, int] | None, tuple[float, float]]:
    """A ring around (0, depth / 2), its set-back and floors; and the width of the plot (house, gap)."""
    width, depth = rng.uniform(*m.width), rng.uniform(*m.depth)
    gap, back, floors = rng.uniform(*m.gap), rng.uniform(*m.back), int(rng.integers(m.floors[0], m.floors[1] + 1))
    empty, wing = rng.random() < m.empty, rng.random() < 0.28
    ring = ell(width, depth, min(depth, width) * 0.45) if wing and m is not CENTRE else box(width, depth)
    plot = (width, gap)
    return (None if empty else (np.add(ring, (0, depth / 2)), back, floors)), plot


def houses(plan: Plan, rng: np.random.Generator, taken: list[Footprint]) -> list[Footprint]:
    """Houses of the whole town that touch neither water, street, patch nor one another."""
    keep_out = shapely.union_all([shapely.LineString(plan.river).buffer(RIVER_WIDTH_M / 2 + 9),
                                  shapely.Point(0, 0).buffer(MARKET_M), *(e.outline(6) for e in ESTATES),
                                  *(f.shape.buffer(6) for f in taken)])
    found = [f for street in plan.streets for f in along_street(street, rng)]
    shapes = np.array([f.shape for f in found])
    shapely.prepare(keep_out)
    free = ~shapely.intersects(keep_out, shapes) & shapely.contains(plan.outline, shapes)
    roads = shapely.union_all([s.line.buffer(s.width / 2 - 0.3, cap_style="flat") for s in plan.streets])
    shapely.prepare(roads)
    free &= ~shapely.intersects(roads, shapes)
    found, shapes = [f for f, ok in zip(found, free, strict=True) if ok], shapes[free]
    return [found[i] for i in first_come(shapes)]


def first_come(shapes: np.ndarray) -> list[int]:
    """Rows that overlap no earlier row that stays; walls may touch (a tolerance of 30 cm)."""
    thin = shapely.buffer(shapes, -0.3, join_style="mitre")
    left, right = shapely.STRtree(thin).query(thin, predicate="intersects")
    rivals: dict[int, list[int]] = {}
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if b < a:
            rivals.setdefault(a, []).append(b)
    kept: set[int] = set()
    for i in range(len(shapes)):
        if not kept.intersection(rivals.get(i, ())):
            kept.add(i)
    return sorted(kept)


def slab(length: float, depth: float, bow: float = 0.0) -> Points:
    """A long block; `bow` metres of sagitta make it curved."""
    x = np.linspace(-length / 2, length / 2, 13 if bow else 2)
    sag = bow * (1 - (2 * x / length) ** 2)
    return np.vstack([np.column_stack([x, sag - depth / 2]), np.column_stack([x, sag + depth / 2])[::-1]])


def landmarks() -> list[Footprint]:
    """Church, town hall, school and sports hall."""
    church = np.array([(-24, -7), (4, -7), (4, -13), (14, -13), (14, -7), (22, -7), (27, 0), (22, 7), (14, 7), (14, 13),
                       (4, 13), (4, 7), (-24, 7)], dtype=float)
    turn = np.array([np.cos(0.3), np.sin(0.3)])
    out = [Footprint(put(church, np.array([-2.0, 14.0]), turn), 24.0, "Religieux"),
           Footprint(put(box(30, 12), np.array([8.0, -27.0]), turn), 14.0, "Commercial et services")]
    three = ESTATES[0]
    out += [Footprint(three.place(np.add(box(70, 16), (-110, 108))), 7.5, "Enseignement"),
            Footprint(three.place(np.add(box(42, 26), (118, -128))), 9.0, "Sportif"),
            Footprint(three.place(np.add(box(64, 36), (112, 118))), 6.5, "Commercial et services"),
            Footprint(ESTATES[1].place(np.add(box(58, 15), (120, 60))), 7.0, "Enseignement")]
    return out


def sheds(rng: np.random.Generator) -> list[Footprint]:
    works = ESTATES[3]
    out = []
    for x in (-195, -120, -48, 48, 125, 200):
        for y in (-130, -52, 52, 130):
            if rng.random() < 0.86:
                width, depth = rng.uniform(34, 62), rng.uniform(28, 62)
                ring = works.place(box(width, depth) + np.array((x, y)) + rng.uniform(-4, 4, 2))
                out.append(Footprint(ring, rng.uniform(6, 12), "Industriel"))
    return out


def heights(footprints: list[Footprint], seed: int) -> np.ndarray:
    """Heights as surveyed: NaN where unknown, to the decimetre elsewhere."""
    unknown = stream(seed, "heights").random(len(footprints)) < UNKNOWN_HEIGHT
    return np.where(unknown, np.nan, np.round([f.height for f in footprints], 1))
