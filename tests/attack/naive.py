"""Deliberately naive builds: the same counts on the same places, published as others do. Attacks have to succeed against them.

`exact`: hide cells under five, show the others as they are, on every level, period and group.
`first_design`: noise by consistent keys (no node in the key), a fixed bar, a leave-one-out rule that lets zero pass.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import product

import numpy as np

from geoservice.core.disclosure import noise
from geoservice.core.disclosure.bounds import OPEN, Bounds, Known
from geoservice.core.disclosure.cubes import Cube, cube
from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.masking import View
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import Places
from geoservice.core.disclosure.slots import DETAILS, Slots
from tests.attack.worlds import KIND, NAIVE_LEVELS, World

BAR, REACH = 5, 5


def full_lattice(world: World, year: int, given: Places | None = None) -> Cube:
    """Every level down to resolution 10 (or of `given` places), every month, quarter and year, every group and category: no rule
    of density."""
    places = given or world.places(NAIVE_LEVELS)
    every = [Family(level, period, detail, 0.0) for level, period, detail in
             product(places.published, ("year", "quarter", "month"), DETAILS) if places.published[level]]
    profiles = [Family(level, period, "all", 0.0) for level, period in product(("commune", "r7"), ("weekday", "band"))]
    return cube(Lattice(KIND, places, Slots(year, tuple(range(1, 13)), world.groups), (*every, *profiles)), world.facts)


def exact(found: Cube, counts: np.ndarray) -> View:
    """Threshold five and nothing else."""
    published = found.lattice.published()
    shown = published & (counts >= BAR)
    none = np.zeros_like(shown)
    return View(published, shown, np.where(shown, counts, 0), none, none)


def exact_start(known: Known, seen: View) -> Bounds:
    """What the threshold says: the number, or fewer than five."""
    high = np.where(seen.published, BAR - 1, OPEN) - known.known
    return Bounds(np.where(seen.shown, seen.value - known.known, 0).astype(np.int32),
                  np.where(seen.shown, seen.value - known.known, np.minimum(high, OPEN)).astype(np.int32))


def first_design(found: Cube, counts: np.ndarray, secret: bytes) -> View:
    """Consistent keys; shown if each contributor's rest is zero OR at least five."""
    published = found.lattice.published()
    shown = published & (counts >= BAR)
    for organisation in found.organisations():
        own = found.counts(found.of(organisation))
        rest = counts - own
        shown &= (own == 0) | (rest == 0) | (rest >= BAR)
    value = np.where(shown, counts + consistent(found.keys(), shown, secret), 0)
    shown &= value >= BAR
    none = np.zeros_like(shown)
    return View(published, shown, np.where(shown, value, 0), none, none)


def consistent(keys: np.ndarray, where: np.ndarray, secret: bytes) -> np.ndarray:
    """Noise from the records alone: the same set of records draws the same wherever it stands; 0 outside `where`."""
    parameters = Parameters()
    steps = noise._steps(parameters.reach, parameters.variance)
    out = np.zeros(keys.shape, dtype=np.int32)
    for node in np.argwhere(where):
        out[tuple(node)] = bisect_right(steps, _hash(secret, int(keys[tuple(node)]))) - parameters.reach
    return out


def _hash(secret: bytes, records: int) -> int:
    import hmac

    return int.from_bytes(hmac.digest(secret, str(records).encode(), "sha256")[:8], "big")
