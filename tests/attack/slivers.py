"""A10: hexagons do not contain their children. Whoever counts a coarse hexagon by its points and a fine one by its cells
publishes the sliver between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure.masking import View
from tests.attack.attacks import Score
from tests.attack.judging import Scene
from tests.attack.naive import BAR

COARSE = {"r7": 7, "r8": 8, "r9": 9}


@dataclass(frozen=True)
class Apart:
    """pairs: coarse hexagons beside the sum of their parts; claims: a difference is claimed to be facts in a sliver."""

    pairs: int
    score: Score


def nested(scene: Scene, slack: int = 0, masked: int = BAR - 1) -> Apart:
    """Coarse hexagons minus their parts, at the year: less than none, or more than the masked parts can hold, is claimed to be
    facts on a border. slack: noise of each number; masked: the most that a masked part can hold."""
    lattice = scene.found.lattice
    column = lattice.slots.column(str(lattice.slots.year), "all")
    pairs = claims = right = 0
    for coarse, fine in zip(list(COARSE)[:-1], list(COARSE)[1:], strict=True):
        parts = {place.node: set(lattice.places.of(place.node).tolist()) for place in lattice.places.published[fine]}
        for place in lattice.places.published[coarse]:
            whole = set(lattice.places.of(place.node).tolist())
            inside = [node for node, pieces in parts.items() if pieces <= whole]
            if not inside or not scene.view.shown[place.node, column]:
                continue
            shown = [node for node in inside if scene.view.shown[node, column]]
            rest = int(scene.view.value[place.node, column]) - int(scene.view.value[shown, column].sum())
            true = int(scene.counts[place.node, column]) - int(scene.counts[inside, column].sum())
            room = slack * (1 + len(shown))
            told = rest < -room or rest > room + masked * (len(inside) - len(shown))
            pairs, claims, right = pairs + 1, claims + told, right + (told and true != 0)
    return Apart(pairs, Score(claims, right))


def by_points(scene: Scene) -> Scene:
    """The naive build: hexagons of resolution 7 and 8 counted where `latlng_to_cell` puts each point, the others as they are."""
    from h3.api import basic_int

    lattice, facts = scene.found.lattice, scene.found.facts
    lon, lat = grid.centres(facts.cell).T
    column = lattice.slots.column(str(lattice.slots.year), "all")
    counts = scene.counts.copy()
    for coarse in ("r7", "r8"):
        points = zip(lon, lat, strict=True)
        direct = np.array([basic_int.latlng_to_cell(y, x, COARSE[coarse]) for x, y in points], dtype=np.uint64)
        for place in lattice.places.published[coarse]:
            cells = np.unique(grid.parents(lattice.places.cells(place), COARSE[coarse]))
            counts[place.node, column] = int(np.isin(direct, cells).sum())
    published = lattice.published()
    shown = published & (counts >= BAR)
    none = np.zeros_like(shown)
    return replace(scene, counts=counts, view=View(published, shown, np.where(shown, counts, 0), none, none))


def parents_agree(scene: Scene) -> int:
    """Published hexagons whose atoms do not lie under one hexagon of their own resolution or a joined group: 0."""
    places, wrong = scene.found.lattice.places, 0
    for level, resolution in places.hexagons.items():
        owner: dict[int, int] = {}
        for place in places.published[level]:
            for cell in np.unique(grid.parents(places.cells(place), resolution)).tolist():
                wrong += owner.setdefault(cell, place.node) != place.node
    return wrong
