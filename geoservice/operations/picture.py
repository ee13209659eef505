"""A map drawn by the server: hexagons in classes, QPV, limits, and water and roads to find one's way; for screens without
WebGL and for paper.

Hexagons are whole and carry their full count; classes are those of the whole territory, as on the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs, grid
from geoservice.core.query import FactQuery
from geoservice.errors import BadInput
from geoservice.export import french, palette
from geoservice.export.drawing import Drawing, Group, Label, Paint, Path, paths
from geoservice.operations.reader import CellCounts, Reader
from geoservice.operations.tiles import generation_of
from geoservice.operations.zones import resolve
from geoservice.types import LABELS, Box

MOST_CELLS = 20_000
_MOST_LINES = 15_000  # of one layer: beyond, a picture shows nothing but ink
# wider than this, they are noise
_UP_TO_M = {"voies": 30_000, "batiments": 2_500}
_MARGIN_PX = 8  # drawn beyond the frame, so that outlines end outside it
_FINEST = 11  # of what is chosen here
_SEEN_PX, _NUMBERED_PX = 11.0, 21.0
_ROOM = 0.06  # of the width, around what is shown
_FRANCE = Box(-5.2, 41.3, 9.6, 51.1)
_EQUATOR_M = 40_075_016.685578488


@dataclass(frozen=True)
class Frame:
    """What is asked for: pixels, a box to show (else where the facts are), an H3 resolution (else by the scale)."""

    width: int
    height: int
    box: Box | None = None
    resolution: int | None = None
    marks: int = 0  # of the busiest cells, numbered on the map


@dataclass(frozen=True)
class LegendClass:
    """A class of counts, both bounds included, and how many cells of the picture are in it."""

    low: int
    high: int
    colour: str
    cells: int


@dataclass(frozen=True)
class Picture:
    """The drawing with what stands beside it. `cells` and `values` are those in the frame, `counts` those of the territory."""

    drawing: Drawing
    classes: list[LegendClass]
    counts: CellCounts
    cells: np.ndarray
    values: np.ndarray
    box: Box
    metres_a_pixel: float
    layers: tuple[str, ...]  # what was drawn, for naming its sources

    @property
    def shown(self) -> int:
        return int(self.values.sum())


@dataclass(frozen=True)
class Viewed:
    """World units to pixels: x, y of the north-west corner and world units a pixel."""

    west: float
    north: float
    unit: float
    frame: Frame

    def pixels(self, lonlat: np.ndarray) -> np.ndarray:
        x, y = crs.world(lonlat[..., 0], lonlat[..., 1])
        return np.stack([(x - self.west) / self.unit, (y - self.north) / self.unit], axis=-1)

    @property
    def box(self) -> Box:
        lon, lat = crs.unworld(np.array([self.west, self.west + self.unit * self.frame.width]),
                               np.array([self.north + self.unit * self.frame.height, self.north]))
        return Box(float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))

    @property
    def metres_a_pixel(self) -> float:
        middle = math.radians((self.box.south + self.box.north) / 2)
        return self.unit * _EQUATOR_M * math.cos(middle)


def draw(reader: Reader, query: FactQuery, frame: Frame) -> Picture:
    """A picture of one kind of facts; a `bbox` of the query is the frame's and cuts no cell. BadInput for too many cells."""
    box = frame.box or query.bbox
    query, _ = reader.resolved(query.with_(bbox=None))
    view = viewed(box or box_of(reader, query), frame)
    query = query.with_(resolution=frame.resolution or _resolution(view))
    counts = reader.cells(query)
    cells, values, rings = _in_frame(counts, view)
    bounds = palette.breaks(counts.counts, len(palette.COUNTS.colours))
    under, over, layers = context(reader, view)
    groups = (*under, *hexagons((cells, values, rings), bounds), *over)
    words = _description(query, reader.period(), counts, values)
    drawing = Drawing(frame.width, frame.height, _title(query), words, palette.GROUND, groups, _marks(values, rings, frame.marks))
    most = int(counts.counts.max(initial=0))
    return Picture(drawing, _legend(bounds, values, most), counts, cells, values, view.box, view.metres_a_pixel, layers)


def busiest(values: np.ndarray, number: int) -> np.ndarray:
    """Rows of the busiest cells, most first, ties in the order of cells; the numbers on the map and of the table."""
    return np.argsort(-values, kind="stable")[:number]


def box_of(reader: Reader, query: FactQuery) -> Box:
    """The zone that is filtered on, else where nearly all matching facts are (one stray fact does not shrink the map)."""
    if query.zone is not None and query.zone.layer != "residence":
        return Box(*resolve(reader.shelf, query.zone)["polygon"].bounds)
    counts = reader.cells(query.with_(resolution=grid.FINEST - 2))
    if not len(counts.cells):
        return reader.bounds() or _FRANCE
    return box_around(counts.cells, counts.counts)


def box_around(cells: np.ndarray, counts: np.ndarray) -> Box:
    """Where nearly all facts of some cells are."""
    centres = grid.centres(cells) if len(cells) <= MOST_CELLS else grid.centres(cells[:: len(cells) // MOST_CELLS + 1])
    weights = counts if len(centres) == len(counts) else np.ones(len(centres))
    (west, east), (south, north) = (_quantiles(centres[:, axis], weights) for axis in (0, 1))
    return Box(west - 0.002, south - 0.0015, east + 0.002, north + 0.0015)


def _quantiles(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = np.searchsorted(share, [0.005, 0.995])
    return float(values[order][low]), float(values[order][min(high, len(values) - 1)])


def viewed(box: Box, frame: Frame) -> Viewed:
    """The box with some room, in the middle of the frame."""
    x, y = crs.world(np.array([box.west, box.east]), np.array([box.north, box.south]))
    room = 0.0 if frame.box is not None else _ROOM
    unit = max((x[1] - x[0]) / frame.width, (y[1] - y[0]) / frame.height) * (1 + 2 * room)
    unit = max(float(unit), 1 / (_EQUATOR_M * 20))  # five centimetres a pixel: nothing is closer
    return Viewed(float(x.mean() - unit * frame.width / 2), float(y.mean() - unit * frame.height / 2), unit, frame)


def _resolution(view: Viewed) -> int:
    """The finest resolution whose hexagons are wide enough to be seen, and to carry a number where they are numbered."""
    least = _NUMBERED_PX if view.frame.marks else _SEEN_PX
    return max([grid.COARSEST, *(each for each in range(grid.COARSEST, _FINEST + 1)
                                 if hexagon_width_m(_area_of(each)) >= least * view.metres_a_pixel)])


def hexagon_width_m(area_m2: float) -> float:
    """Between opposite sides."""
    return math.sqrt(2 * area_m2 / math.sqrt(3))


def _in_frame(counts: CellCounts, view: Viewed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells whose outline meets the frame: cells (n,), counts (n,), rings in pixels (n, k, 2)."""
    box, wide = view.box, 2 * math.sqrt(_area_of(counts.resolution)) / 60_000  # cells just outside may reach in
    centres = grid.centres(counts.cells) if len(counts.cells) <= 10 * MOST_CELLS else None
    if centres is None:
        raise _too_many(counts)
    near = ((centres[:, 0] > box.west - wide) & (centres[:, 0] < box.east + wide) & (centres[:, 1] > box.south - wide)
            & (centres[:, 1] < box.north + wide))
    cells, values = counts.cells[near], counts.counts[near]
    if len(cells) > MOST_CELLS:
        raise _too_many(counts)
    rings = view.pixels(grid.boundaries(cells)[0]) if len(cells) else np.empty((0, 6, 2))
    low, high = rings.min(axis=1, initial=np.inf), rings.max(axis=1, initial=-np.inf)
    meets = ((high > 0) & (low < [view.frame.width, view.frame.height])).all(axis=1)
    return cells[meets], values[meets], rings[meets]


def _too_many(counts: CellCounts) -> BadInput:
    return BadInput(f"À la résolution {counts.resolution} cette carte aurait plus de {MOST_CELLS} cellules : choisissez une "
                    "résolution plus grossière, une période ou une emprise plus petite.")


def _area_of(resolution: int) -> float:
    return float(grid.areas_m2(grid.parents(grid.index(np.array([2.4]), np.array([46.6])), resolution))[0])


def hexagons(shown: tuple[np.ndarray, np.ndarray, np.ndarray], bounds: list[int]) -> list[Group]:
    """One group a class, palest first, each cell with its address and count for scripts."""
    cells, values, rings = shown
    which, names = palette.classes(values, bounds), grid.to_text(cells)
    ramp = palette.COUNTS
    return [Group(f"classe-{number + 1}", Paint(ramp.colours[number], palette.PAPER, ramp.opacity, 0.6),
                  tuple(Path((rings[row],), True, {"h3": names[row], "n": str(values[row])})
                        for row in np.flatnonzero(which == number).tolist()))
            for number in range(len(bounds))]


def _legend(bounds: list[int], values: np.ndarray, most: int) -> list[LegendClass]:
    which = palette.classes(values, bounds)
    highs = [*(bound - 1 for bound in bounds[1:]), most][:len(bounds)]
    return [LegendClass(low, high, palette.COUNTS.colours[number], int((which == number).sum()))
            for number, (low, high) in enumerate(zip(bounds, highs, strict=True)) if high >= low]


def _marks(values: np.ndarray, rings: np.ndarray, number: int) -> tuple[Label, ...]:
    rows = busiest(values, number)
    return tuple(Label(*rings[row].mean(axis=0).tolist(), str(place), 13, palette.INK, True)
                 for place, row in enumerate(rows.tolist(), start=1))


def context(reader: Reader, view: Viewed) -> tuple[list[Group], list[Group], tuple[str, ...]]:
    """Groups under and over what is counted, and the layers they come from."""
    under, over, used = [], [], []
    makers = {"eau": _water, "voies": _roads, "batiments": _buildings, "limites": _limits, "qpv": _quarters}
    for name, make in makers.items():
        if name in reader.catalog.layers and view.metres_a_pixel * view.frame.width <= _UP_TO_M.get(name, math.inf):
            found = make(reader, view)
            (over if name in ("limites", "qpv") else under).extend(found)
            used += [name] if any(group.paths for group in found) else []
    return under, over, tuple(used)


def _shapes(reader: Reader, view: Viewed, layer: str, generation: str | None = None) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Features of a layer in pixels, cut a little outside the frame, simplified to a third of a pixel; and their properties."""
    found = reader.features(layer, view.box, generation, _MOST_LINES)
    frame, edge = view.frame, _MARGIN_PX
    drawn = shapely.transform(found.geometry, view.pixels)
    drawn = shapely.simplify(drawn, 0.3)
    return shapely.clip_by_rect(drawn, -edge, -edge, frame.width + edge, frame.height + edge), found.properties


def _colour(reader: Reader, layer: str) -> str:
    """The colour of a layer's legend: the page and the paper look alike."""
    legend = reader.catalog.layer(layer).style.get("legend") or [{}]
    colour = str(legend[0].get("color", palette.HAIRLINE))
    return colour if len(colour) == 7 and colour[0] == "#" and colour[1:].isalnum() else palette.HAIRLINE


def _water(reader: Reader, view: Viewed) -> list[Group]:
    return [Group("eau", Paint(_colour(reader, "eau")), paths(_shapes(reader, view, "eau")[0]))]


def _buildings(reader: Reader, view: Viewed) -> list[Group]:
    return [Group("batiments", Paint(_colour(reader, "batiments"), opacity=0.6), paths(_shapes(reader, view, "batiments")[0]))]


def _roads(reader: Reader, view: Viewed) -> list[Group]:
    shapes, known = _shapes(reader, view, "voies")
    ranks = np.array([rank if isinstance(rank := each.get("rank"), int) else 5 for each in known], dtype=np.int64)
    widths = ((5, 0.7, ranks >= 5), (4, 1.1, ranks == 4), (3, 1.8, ranks <= 3))
    return [Group(f"voies-{rank}", Paint(None, _colour(reader, "voies"), width=width), paths(shapes[chosen]))
            for rank, width, chosen in widths]


def _limits(reader: Reader, view: Viewed) -> list[Group]:
    shapes = np.concatenate([_shapes(reader, view, "limites", level)[0] for level in ("commune", "arrondissement")])
    return [Group("limites", Paint(None, _colour(reader, "limites"), width=1.2), paths(shapely.boundary(shapes)))]


def _quarters(reader: Reader, view: Viewed) -> list[Group]:
    newest = generation_of(reader.layer("qpv"), None)
    outlines = paths(shapely.boundary(_shapes(reader, view, "qpv", newest)[0]))
    return [Group("qpv-halo", Paint(None, palette.PAPER, 0.85, 4.5), outlines),
            Group("qpv", Paint(None, palette.INK, width=1.8, dash=(6, 4)), outlines)]


def _title(query: FactQuery) -> str:
    return f"Carte des faits{f' ({LABELS[query.kind]})' if query.kind else ''}"


def _description(query: FactQuery, known: tuple[date, date] | None, counts: CellCounts, values: np.ndarray) -> str:
    """What someone who does not see the map should know first."""
    shown = f"{french.counted(int(values.sum()), 'fait', 'faits')} dans {french.counted(len(values), 'hexagone', 'hexagones')}"
    most = f", {french.number(int(values.max()))} au plus dans un hexagone" if len(values) else ""
    rest = "; ".join(french.filters(query)).replace("; ", f"{french.NNBSP}; ")
    period = french.period(query, known)
    place = f"{shown} sur cette carte{most}, sur {french.number(counts.total)} avec une position."
    return (f"{place} Période{french.NNBSP}: {period}." + (f" {rest}." if rest else "")
            + f" {french.counted(counts.unplaced, 'fait', 'faits')} sans position.")
