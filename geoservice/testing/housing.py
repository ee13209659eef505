"""Residences, their buildings and halls, and who owns them.

The slots below are drawn by hand so that a role (a planted truth) can be given to a named slot; sizes vary with the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.testing.blocks import FLOOR_M, Footprint, box, put, slab
from geoservice.testing.frame import Points, stream
from geoservice.testing.names import CITY, COMMUNES, LOGIS, ORVELLE, TOIT, Organisation, residence_name
from geoservice.testing.plan import ESTATES, Plan

HALL_EVERY_M = 24.0
DEPTH_M = 12.5
FLAT_M = 5.3  # of façade for one flat: flats face both ways


@dataclass(frozen=True)
class Slot:
    """A residence on the drawing: the patch, its owner, and blocks (x, y, length, turn, floors, bow)."""

    key: str
    estate: int
    owner: Organisation
    blocks: tuple[tuple[float, float, float, float, int, float], ...]


def _slots(estate: int, rows: tuple) -> tuple[Slot, ...]:
    return tuple(Slot(key, estate, owner, blocks) for key, owner, *blocks_ in rows for blocks in [tuple(blocks_)])


SLOTS = (
    *_slots(0, (
        ("n1", ORVELLE, (-120, 172, 158, 0, 10, 0)),
        ("n2", ORVELLE, (-222, 92, 118, 90, 8, 0)),
        ("n3", ORVELLE, (-112, 52, 132, 0, 10, 0)),
        ("e1", TOIT, (112, 174, 150, 0, 9, 0)),
        ("e2", TOIT, (222, 96, 128, 90, 9, 0)),
        ("e3", TOIT, (60, 52, 22, 0, 15, 0), (128, 48, 22, 0, 15, 0)),
        ("w1", ORVELLE, (-222, -100, 128, 90, 9, 0)),
        ("w2", ORVELLE, (-118, -174, 156, 0, 9, 0)),
        ("w3", ORVELLE, (-112, -62, 128, 0, 8, 0)),
        ("s1", LOGIS, (116, -174, 150, 0, 8, 0)),
        ("s2", LOGIS, (222, -98, 118, 90, 8, 0)),
        ("s3", TOIT, (62, -62, 22, 0, 14, 0), (138, -64, 60, 0, 6, 0)),
        ("o1", ORVELLE, (-10, 226, 210, 0, 9, 22)),
        ("o2", ORVELLE, (-20, -234, 190, 0, 9, 0)),
        ("o3", TOIT, (290, 60, 96, 90, 8, 0)),
        ("o4", ORVELLE, (-290, -84, 110, 90, 8, 0)))),
    *_slots(1, (
        ("g1", TOIT, (-150, 150, 104, 20, 6, 0)),
        ("g2", TOIT, (-150, 92, 96, -8, 6, 0)),
        ("g3", TOIT, (60, 158, 118, 0, 7, 0)),
        ("g4", TOIT, (44, 92, 22, 0, 12, 0), (190, 150, 22, 0, 12, 0)),
        ("g5", TOIT, (-186, -50, 92, 90, 6, 0)),
        ("g6", TOIT, (-118, -30, 86, 0, 5, 0)),
        ("g7", LOGIS, (40, -84, 116, -6, 7, 0)),
        ("g8", LOGIS, (52, -152, 120, 0, 7, 0)),
        ("g9", LOGIS, (176, -112, 112, 90, 6, 0)),
        ("g0", LOGIS, (-118, -136, 72, 4, 5, 0)))),
    *_slots(2, (
        ("b1", LOGIS, (-112, 62, 44, 90, 5, 0), (-70, 74, 40, 0, 5, 0)),
        ("b2", LOGIS, (0, 78, 62, 0, 5, 0)),
        ("b3", LOGIS, (88, 72, 66, -6, 6, 0)),
        ("b4", LOGIS, (-96, -62, 62, 0, 5, 0)),
        ("b5", ORVELLE, (0, -68, 68, 0, 5, 0)),
        ("b6", ORVELLE, (96, -64, 46, 0, 5, 0), (122, -100, 30, 0, 4, 0)))),
)
SCATTERED = ((ORVELLE, -60, -760, 46), (ORVELLE, 520, -330, 52), (TOIT, -420, -420, 44), (TOIT, 480, 560, 50),
             (LOGIS, -850, 40, 48), (LOGIS, 260, -600, 40), (CITY, -180, 610, 42), (CITY, 300, 120, 36))


@dataclass(frozen=True)
class Hall:
    """An entrance hall of a residence."""

    code: str
    building: str
    x: float
    y: float
    through: bool
    keypad: bool
    raised: bool
    vehicles: bool
    lighting: str


@dataclass(frozen=True)
class Residence:
    """A residence as its landlord knows it. `key` is the slot on the drawing; positions are metres in the plane."""

    key: str
    code: str
    name: str
    owner: Organisation
    commune: int  # position in names.COMMUNES
    x: float
    y: float
    dwellings: int
    year: int
    halls: tuple[Hall, ...]
    footprints: tuple[Footprint, ...]

    @property
    def buildings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.building for h in self.halls))


def estate_blocks(slot: Slot) -> list[tuple[Footprint, Points, int]]:
    """(footprint, entrances, floors) of each block of a slot."""
    patch, out = ESTATES[slot.estate], []
    for x, y, length, turn, floors, bow in slot.blocks:
        depth = max(DEPTH_M, 20.0 if length < 30 else 0.0)
        a = np.radians(turn)
        axis = np.array([np.cos(a), np.sin(a)])
        ring = patch.place(put(slab(length, depth, bow), np.array([x, y], dtype=float), axis))
        doors = patch.place(put(entrances(length, depth, bow), np.array([x, y], dtype=float), axis))
        flats = max(4 if length < 30 else 2, round(length / FLAT_M)) * floors
        out.append((Footprint(ring, floors * FLOOR_M + 1.5, "Résidentiel", flats), doors, floors))
    return out


def entrances(length: float, depth: float, bow: float) -> Points:
    """Doors along one façade, two metres inside."""
    count = max(1, round(length / HALL_EVERY_M))
    x = (np.arange(count) + 0.5) * length / count - length / 2
    return np.column_stack([x, bow * (1 - (2 * x / length) ** 2) - depth / 2 + 2])


def scattered_blocks(plan: Plan) -> list[tuple[Organisation, list[tuple[Footprint, Points, int]]]]:
    """Small residences beside a street elsewhere in town, turned along it."""
    out = []
    for owner, x, y, length in SCATTERED:
        street = min(plan.streets, key=lambda s, x=x, y=y: (s.rank == 3, s.line.distance(shapely.Point(x, y))))
        k = int(np.hypot(*(street.points - (x, y)).T).argmin())
        k = min(max(k, 2), len(street.points) - 3)
        along = street.points[k + 1] - street.points[k - 1]
        along = along / np.hypot(*along)
        normal = np.array([-along[1], along[0]])
        away = normal if normal @ (np.array([x, y]) - street.points[k]) > 0 else -normal
        centre = street.points[k] + away * (street.width / 2 + 6 + DEPTH_M / 2)
        axis = along if away @ normal > 0 else -along
        ring, doors = (put(shape, centre, axis) for shape in (box(length, DEPTH_M), entrances(length, DEPTH_M, 0)))
        flats = round(length / FLAT_M) * 5
        out.append((owner, [(Footprint(ring, 5 * FLOOR_M + 1.5, "Résidentiel", flats), doors, 5)]))
    return out


def residences(plan: Plan, seed: int) -> tuple[Residence, ...]:
    """All residences of the town, those of the estates first."""
    rng = stream(seed, "housing")
    drawn = [(s.key, s.owner, estate_blocks(s), s.estate) for s in SLOTS]
    drawn += [(f"d{i + 1}", owner, blocks, None) for i, (owner, blocks) in enumerate(scattered_blocks(plan))]
    rank: dict[str, int] = {}
    out = []
    for i, (key, owner, blocks, estate) in enumerate(drawn):
        rank[owner.code] = rank.get(owner.code, 0) + 1
        code = f"{owner.prefix}{rank[owner.code]:03d}"
        middle = np.mean([f.ring.mean(axis=0) for f, _, _ in blocks], axis=0)
        inside = [shapely.contains_xy(c, *middle) for c in plan.communes]
        year = int(rng.integers(1962, 1975) if estate in (0, 1) else rng.integers(1978, 2012))
        halls = tuple(h for n, (_, doors, _) in enumerate(blocks) for h in halls_of(code, "ABC"[n], doors, rng))
        flats = sum(f.dwellings for f, _, _ in blocks)
        out.append(Residence(key, code, residence_name(i), owner, int(np.argmax(inside)), *middle, flats, year, halls,
                             tuple(f for f, _, _ in blocks)))
    assert all(r.commune < len(COMMUNES) for r in out)
    return tuple(out)


def halls_of(residence: str, building: str, doors: Points, rng: np.random.Generator) -> list[Hall]:
    out = []
    for n, (x, y) in enumerate(doors, start=1):
        through, keypad, raised, vehicles = rng.random(4) < (0.35, 0.7, 0.25, 0.4)
        lighting = ("bon", "moyen", "mauvais", "")[int(rng.choice(4, p=(0.45, 0.3, 0.17, 0.08)))]
        out.append(Hall(f"{residence}-{building}{n}", f"{residence}-{building}", float(x), float(y), bool(through), bool(keypad),
                        bool(raised), bool(vehicles), lighting))
    return out
