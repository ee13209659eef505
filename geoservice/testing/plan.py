"""The ground plan: river, streets, the outlines of the estates, and the limits of the communes.

The skeleton is drawn by hand (a market place, ring boulevards where walls stood, avenues to the neighbouring towns,
three estates, a works zone) and then bent by a smooth field that depends on the seed, so every seed gives a town of the same
shape with other curves. Units: metres in the town's plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoservice.testing.frame import Points, stream
from geoservice.testing.names import PLANTS

STEP_M = 12.0
RIVER_WIDTH_M = 34.0
RIVER = ((-2100, 640), (-1500, 600), (-1000, 500), (-620, 470), (-300, 340), (60, 262), (400, 300), (700, 190), (980, 70),
         (1400, -20), (2100, -180))
AVENUES = (-9, 49, 104, 173, 213, 258, 309)  # degrees from east
RINGS = (160.0, 420.0, 790.0)  # metres
AVENUE_END_M = 1120.0
STRETCH = 1.12  # the town is longer from east to west
MARKET_M = 42.0


@dataclass(frozen=True)
class Estate:
    """A patch with its own layout: centre, half sizes and turn. `kind` is estate or works."""

    name: str
    x: float
    y: float
    half_width: float
    half_height: float
    turn: float  # degrees
    kind: str = "estate"

    def place(self, local: Points) -> Points:
        """From the patch's own axes to the plane of the town."""
        a = np.radians(self.turn)
        turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        return np.asarray(local, dtype=float) @ turn + (self.x, self.y)

    def outline(self, margin: float = 0.0) -> BaseGeometry:
        w, h = self.half_width + margin, self.half_height + margin
        return shapely.Polygon(self.place(np.array([(-w, -h), (w, -h), (w, h), (-w, h)])))


ESTATES = (
    Estate("Les Trois Peupliers", 1010.0, 660.0, 322.0, 262.0, 24.0),
    Estate("La Garenne", -905.0, -640.0, 232.0, 205.0, -14.0),
    Estate("Les Berges", -600.0, 262.0, 150.0, 112.0, 8.0),
    Estate("La Fonderie", 850.0, -560.0, 250.0, 190.0, -28.0, "works"),
)

# roads inside the patches, in their own axes; True for a closed loop
PATCH_ROADS = {
    "Les Trois Peupliers": (
        (((-255, -205), (255, -205), (255, 205), (-255, 205)), True),
        (((-322, 4), (-120, 8), (0, -6), (130, -8), (322, 2)), False),
        (((2, -205), (-6, -60), (8, 70), (-2, 205)), False)),
    "La Garenne": (
        (((-232, 20), (-110, 40), (20, 0), (120, -30), (232, -10)), False),
        (((-30, 205), (-24, 100), (-20, 10), (-60, -100), (-50, -205)), False)),
    "Les Berges": ((((-150, -4), (-50, 10), (60, -10), (150, 0)), False),),
    "La Fonderie": ((((-250, 0), (0, 6), (250, -4)), False), (((0, -190), (4, 0), (-6, 190)), False)),
}

LOOPS = ((-30, -1090, 170, 95, 5), (560, -1010, 120, 90, 40), (-760, 850, 190, 95, 20), (120, 900, 170, 110, -12),
         (1272, -450, 82, 112, 10), (-1290, -60, 110, 150, 10))  # houses around a loop: x, y, half axes, turn

LIMITS = ((1560, 40), (1590, 520), (1490, 1010), (1120, 1240), (1090, 1235), (640, 1290), (100, 1190), (-420, 1270),
          (-930, 1150), (-1400, 900), (-1610, 420), (-1520, -130), (-1500, -560), (-1210, -1060), (-700, -1150),
          (-260, -1330), (300, -1280), (840, -1230), (1170, -960), (1190, -930), (1400, -520))
BORDER = ((1120, 1240), (1180, 960), (1150, 700), (1090, 430), (1055, 60), (1120, -260), (1230, -560), (1170, -960))


@dataclass(frozen=True)
class Street:
    """A named centre line; `rank` 0 avenue, 1 boulevard, 2 street, 3 lane."""

    name: str
    points: Points
    width: float
    rank: int

    @property
    def line(self) -> BaseGeometry:
        return shapely.LineString(self.points)


@dataclass(frozen=True)
class Plan:
    """What the rest of the town is built on."""

    river: Points  # centre line
    streets: tuple[Street, ...]
    communes: tuple[BaseGeometry, ...]  # in the order of names.COMMUNES

    @property
    def outline(self) -> BaseGeometry:
        return shapely.union_all(list(self.communes))


def smooth(points: Points, closed: bool = False, step: float = STEP_M) -> Points:
    """A Catmull-Rom curve through the points, resampled every `step` metres."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([p[-1], p, p[0], p[1]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return resample(np.vstack([curve.reshape(-1, 2), p[-2]]), step)


def resample(points: Points, step: float) -> Points:
    """The same line with vertices at even distances of about `step` metres."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])


class Bend:
    """A smooth displacement of the plane: a sum of long waves with phases from the seed. Pure once made."""

    def __init__(self, rng: np.random.Generator, height_m: float = 15.0) -> None:
        self.wave = 2 * np.pi / rng.uniform(520, 1100, (6, 1))
        self.direction = rng.uniform(0, 2 * np.pi, 6)
        self.phase = rng.uniform(0, 2 * np.pi, 6)
        self.push = rng.normal(0, height_m / np.sqrt(3), (6, 2))

    def __call__(self, points: Points) -> Points:
        p = np.asarray(points, dtype=float)
        along = p @ np.vstack([np.cos(self.direction), np.sin(self.direction)])
        return p + np.sin(along * self.wave.ravel() + self.phase) @ self.push


def polar(radius: Points, degrees: Points) -> Points:
    a = np.radians(degrees)
    return np.column_stack([radius * np.cos(a) * STRETCH, radius * np.sin(a)])


def skeleton(rng: np.random.Generator) -> list[tuple[str, Points, float, int]]:
    """Streets before they are cut and named: (French type of street, line, width in metres, rank)."""
    turn = np.array(AVENUES) + rng.uniform(-4, 4, len(AVENUES))
    bend = rng.uniform(-9, 9, len(AVENUES))
    out: list[tuple[str, Points, float, int]] = []
    radius = np.linspace(MARKET_M, AVENUE_END_M, 9)
    for angle, curve in zip(turn, bend, strict=True):
        out.append(("Avenue", smooth(polar(radius, angle + curve * (radius / 900) ** 2)), 13.0, 0))
    for ring, word, pieces, width in zip(RINGS, ("Cours", "Boulevard", "Boulevard"), (2, 4, 5), (11.0, 14.0, 12.0),
                                         strict=True):
        out.extend((word, line, width, 1) for line in ring_pieces(rng, ring, pieces))
    out.extend(lanes(rng, turn))
    out.extend(sector_streets(rng, turn))
    return out


def ring_pieces(rng: np.random.Generator, radius: float, pieces: int) -> list[Points]:
    degrees = np.linspace(0, 360, 25)
    wobble = radius * (1 + 0.035 * np.sin(np.radians(degrees * 3) + rng.uniform(0, 6)))
    whole = smooth(polar(wobble, degrees)[:-1], closed=True)
    cuts = np.linspace(0, len(whole) - 1, pieces + 1).astype(int)
    return [whole[a: b + 1] for a, b in pairwise(cuts)]


def lanes(rng: np.random.Generator, turn: Points) -> list[tuple[str, Points, float, int]]:
    """The crooked lanes of the old centre."""
    out = []
    middles = turn + np.diff(np.append(turn, turn[0] + 360)) / 2
    for i, angle in enumerate(middles[:6]):
        start, end = polar(np.array([MARKET_M + 12.0, RINGS[0]]), np.array([angle - 16.0, angle + 8.0]))
        middle = (start + end) / 2 + rng.uniform(-16, 16, 2)
        out.append(("Ruelle" if i % 2 else "Rue", smooth(np.array([start, middle, end])), 5.0, 3))
    degrees = np.linspace(0, 330, 12)
    out.append(("Rue", smooth(polar(100 + rng.uniform(-9, 9, 12), degrees)), 5.5, 3))
    return out


def sector_streets(rng: np.random.Generator, turn: Points) -> list[tuple[str, Points, float, int]]:
    """Streets between two avenues: arcs parallel to the rings and short ways across."""
    out = []
    for left, right in zip(turn, np.append(turn[1:], turn[0] + 360), strict=True):
        degrees = np.linspace(left, right, 7)
        for radius in (285.0, 540.0, 668.0):
            wobble = radius + rng.uniform(-20, 20) + np.cumsum(rng.normal(0, 4, 7))
            out.append(("Rue", smooth(polar(wobble, degrees)), 8.0, 2))
        for low, high, share in ((RINGS[0], RINGS[1], 0.5), (RINGS[1], RINGS[2], 0.34), (RINGS[1], RINGS[2], 0.68)):
            angle = left + (right - left) * (share + rng.uniform(-0.06, 0.06))
            radii = np.linspace(low, high, 4)
            out.append(("Rue", smooth(polar(radii, angle + rng.uniform(-3.5, 3.5, 4))), 7.5, 2))
    return out


def loop(x: float, y: float, a: float, b: float, turn: float) -> Points:
    """A rounded loop of houses, with a squarish outline."""
    t = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    shape = np.column_stack([half * np.sign(wave) * np.abs(wave) ** 0.75 for half, wave in ((a, np.cos(t)), (b, np.sin(t)))])
    return smooth(Estate("", x, y, a, b, turn).place(shape), closed=True)


def keep_dry(line: Points, forbidden: BaseGeometry, shortest: float = 85.0) -> list[Points]:
    """The pieces of a line that stay out of the river and of the patches, without the shortest stumps."""
    free = ~shapely.intersects(forbidden, shapely.points(line))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(int)))
    pieces = [line[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
    return [piece for piece in pieces if shapely.LineString(piece).length >= shortest]


def links(raw: list[tuple[str, Points, float, int]], water: BaseGeometry) -> list[Points]:
    """Ways that join the loops and the roads of the patches to the nearest avenue or boulevard, on dry land."""
    main = shapely.union_all([shapely.LineString(line) for _, line, _, rank in raw if rank <= 1])
    out = []
    for _, line, _, rank in raw:
        far = rank == 2 and shapely.LineString(line).distance(main) > 20
        if not far or np.hypot(*line.mean(axis=0) / (STRETCH, 1)) < RINGS[2] - 120:
            continue
        ends = line[[0, -1]] if np.hypot(*(line[0] - line[-1])) > 40 else line[[distances(line, main).argmin()]]
        start = ends[distances(ends, main).argmin()]
        way = shapely.shortest_line(shapely.Point(start), main)
        if way.length < 420 and not way.intersects(water):
            a, b = np.array(way.coords)
            side = np.array([b[1] - a[1], a[0] - b[0]]) * 0.09
            out.append(smooth(np.array([a, (a + b) / 2 + side, b])))
    return out


def distances(points: Points, shape: BaseGeometry) -> Points:
    return shapely.distance(shapely.points(points), shape)


def name_streets(raw: list[tuple[str, Points, float, int]], rng: np.random.Generator) -> tuple[Street, ...]:
    plants = rng.permutation(len(PLANTS))
    return tuple(Street(f"{word} {PLANTS[plants[i]]}", line, width, rank)
                 for i, (word, line, width, rank) in enumerate(raw))


def draw(seed: int) -> Plan:
    """The plan of the town of that seed."""
    rng = stream(seed, "plan")
    bend = Bend(rng)
    river = bend(smooth(np.array(RIVER)))
    water = shapely.LineString(river).buffer(RIVER_WIDTH_M / 2 + 14)
    patches = shapely.union_all([e.outline(10) for e in ESTATES])
    raw = []
    for word, line, width, rank in skeleton(rng):
        forbidden = patches if rank <= 1 else shapely.union(water, patches)  # avenues and rings have bridges
        raw.extend((word, piece, width, rank) for piece in keep_dry(bend(line), forbidden))
    for ellipse in LOOPS:
        raw.extend(("Allée", piece, 7.0, 2) for piece in keep_dry(bend(loop(*ellipse)), shapely.union(water, patches)))
    for estate in ESTATES:
        for points, closed in PATCH_ROADS[estate.name]:
            line = smooth(estate.place(np.array(points)), closed=closed)
            raw.append(("Allée" if estate.kind == "estate" else "Rue", line, 8.0, 2))
    raw.extend(("Rue", link, 8.0, 2) for link in links(raw, water))
    return Plan(river, name_streets(raw, rng), communes())


def communes() -> tuple[BaseGeometry, BaseGeometry]:
    """Two communes with a shared border, which runs through the largest estate as such borders do."""
    limits = [tuple(map(float, p)) for p in LIMITS]
    border = [tuple(map(float, p)) for p in BORDER]
    north, south = limits.index(border[0]), limits.index(border[-1])
    west = limits[north: south + 1] + border[::-1][1:-1]
    east = limits[south:] + limits[: north + 1] + border[1:-1]
    return shapely.Polygon(west), shapely.Polygon(east)
