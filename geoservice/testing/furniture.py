"""What stands along the streets: addresses, lamps, cameras, stops; and the priority quarters (QPV) in two generations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.testing.frame import Points, stream
from geoservice.testing.housing import Residence
from geoservice.testing.names import COMMUNES
from geoservice.testing.plan import ESTATES, Estate, Plan, Street

ADDRESS_EVERY_M = 15.0
LAMP_EVERY_M = 31.0
STOP_EVERY_M = 420.0


@dataclass(frozen=True)
class Address:
    """One number of one street, as in the national base of addresses."""

    number: int
    suffix: str
    street: str
    commune: int
    x: float
    y: float

    @property
    def line(self) -> str:
        return f"{self.number}{' ' + self.suffix if self.suffix else ''} {self.street}"

    @property
    def postcode(self) -> str:
        return COMMUNES[self.commune].postcode

    @property
    def city(self) -> str:
        return COMMUNES[self.commune].name


@dataclass(frozen=True)
class Camera:
    """A public camera: number, crossing in words, day of service as the register writes it."""

    number: str
    site: str
    service: str
    x: float
    y: float


@dataclass(frozen=True)
class Quarter:
    """A QPV of one generation: code, name, communes (INSEE codes) and outline in the plane."""

    code: str
    name: str
    communes: tuple[int, ...]
    ring: Points


def beside(street: Street, every: float, start: float, offset: float) -> list[tuple[Points, int]]:
    """Points every `every` metres, alternately left and right of the line; the rank along the street with each."""
    steps = np.diff(street.points, axis=0)
    length = np.hypot(*steps.T)
    at = np.concatenate([[0.0], np.cumsum(length)])
    out = []
    for rank, s in enumerate(np.arange(start, at[-1] - 4, every)):
        k = min(int(np.searchsorted(at, s, side="right")) - 1, len(steps) - 1)
        tangent = steps[k] / length[k]
        side = 1 if rank % 2 else -1
        here = street.points[k] + tangent * (s - at[k])
        out.append((here + side * (street.width / 2 + offset) * np.array([-tangent[1], tangent[0]]), rank))
    return out


def addresses(plan: Plan, seed: int) -> tuple[Address, ...]:
    """Numbers along every street that lie within the communes, some with `bis`."""
    rng = stream(seed, "addresses")
    out = []
    for street in plan.streets:
        for point, rank in beside(street, ADDRESS_EVERY_M, 8.0, 4.0):
            inside = [shapely.contains_xy(c, *point) for c in plan.communes]
            bis = "bis" if rng.random() < 0.03 else ""
            if any(inside):
                out.append(Address(rank + 1, bis, street.name, int(np.argmax(inside)), *point))
    return tuple(out)


def lamps(plan: Plan) -> Points:
    points = [p for s in plan.streets for p, _ in beside(s, LAMP_EVERY_M, 12.0, 1.0)]
    inside = shapely.contains_xy(plan.outline, np.array(points))
    return np.array(points)[inside]


def stops(plan: Plan) -> tuple[tuple[str, Points], ...]:
    """Bus stops along avenues and boulevards: (name, position)."""
    out = []
    for street in plan.streets:
        if street.rank <= 1:
            short = street.name.split(" ", 1)[1]
            for point, rank in beside(street, STOP_EVERY_M, 150.0, 2.0):
                if shapely.contains_xy(plan.outline, *point):
                    out.append((f"{short[:1].upper()}{short[1:]} {rank + 1}", point))
    return tuple(out)


def cameras(plan: Plan, seed: int, wanted: int = 26) -> tuple[Camera, ...]:
    """Cameras at crossings of the larger streets, well apart, with dates written in the ways registers have."""
    rng = stream(seed, "cameras")
    large = [s for s in plan.streets if s.rank <= 2]
    found: list[tuple[str, float, float]] = []
    pairs = [(a, b) for i, a in enumerate(large) for b in large[i + 1:] if a.line.distance(b.line) < 9]
    for k in rng.permutation(len(pairs)):
        a, b = pairs[k]
        x, y = shapely.shortest_line(a.line, b.line).coords[0]
        apart = all(np.hypot(x - u, y - v) > 150 for _, u, v in found)
        if apart and len(found) < wanted and shapely.contains_xy(plan.outline, x, y):
            found.append((f"{a.name}, {b.name[0].lower()}{b.name[1:]}", x, y))
    return tuple(Camera(camera_number(i), site, service_day(i, rng), x + 5, y + 4)
                 for i, (site, x, y) in enumerate(found))


def camera_number(i: int) -> str:
    return f"{i + 1:04d}" if i % 4 == 0 else str(i + 1)


def service_day(i: int, rng: np.random.Generator) -> str:
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(2014, 2026))
    if i % 9 == 4:
        return str(41_640 + int(rng.integers(0, 4_000)))  # the number a spreadsheet left there
    return f"Début {year}" if i % 9 == 8 else f"{day:02d}/{month:02d}/{year % 100:02d}"


def quarters(plan: Plan, generation: int) -> tuple[Quarter, ...]:
    """QPV of 2024 or 2015. In 2024 one has grown, one is unchanged, one is new; one of 2015 has left."""
    three, garenne, berges = ESTATES[:3]
    wide = outline(three, 18.0)
    if generation == 2024:
        return (Quarter("QN99901M", three.name, _communes(plan, wide), wide),
                Quarter("QN99902I", garenne.name, (0,), outline(garenne, 14.0)),
                Quarter("QN99903N", berges.name, (0,), outline(berges, 10.0)))
    # in 2015 the northern rows of the estate were outside
    small = three.place(np.array([(-335, -268), (40, -282), (330, -262), (338, 70), (150, 128), (-60, 118), (-338, 205)]))
    left = np.array([(-470, -330), (-330, -365), (-265, -480), (-360, -560), (-500, -505), (-540, -410)], dtype=float)
    return (Quarter("QP999001", three.name, _communes(plan, small), small),
            Quarter("QP999002", garenne.name, (0,), outline(garenne, 14.0)),
            Quarter("QP999003", "Faubourg des Ormes", (0,), left))


def outline(estate: Estate, margin: float) -> Points:
    """A patch's outline as a QPV has it: corners cut, edges a little crooked."""
    w, h = estate.half_width + margin, estate.half_height + margin
    c = 0.16 * h
    return estate.place(np.array([(-w + c, -h), (-0.2 * w, -h - 9), (w - c, -h), (w, -h + c), (w + 7, 0.1 * h), (w, h - c),
                                  (w - c, h), (0.15 * w, h + 8), (-w + c, h), (-w, h - c), (-w - 6, -0.15 * h), (-w, -h + c)]))


def _communes(plan: Plan, ring: Points) -> tuple[int, ...]:
    shape = shapely.Polygon(ring)
    return tuple(i for i, c in enumerate(plan.communes) if shape.intersection(c).area > 500)


def nearest_address(residence: Residence, known: tuple[Address, ...]) -> Address:
    """The number that the post would give to a residence: the nearest one in its commune."""
    here = [a for a in known if a.commune == residence.commune and not a.suffix]
    return min(here, key=lambda a: (a.x - residence.x) ** 2 + (a.y - residence.y) ** 2)
