"""Hot spots drawn by the server, as the page draws them: line and hatch double the colour, and each area wears its rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import grid
from geoservice.core.query import FactQuery
from geoservice.core.stats.verdict import ARTEFACT, FRAGILE, SOLID
from geoservice.export import french, palette
from geoservice.export.drawing import Drawing, Group, Label, Paint, paths
from geoservice.operations.analyse import Analysis, Wanted, analyse
from geoservice.operations.hotareas import HotArea, hot_areas
from geoservice.operations.picture import Frame, Viewed, box_of, context, viewed
from geoservice.operations.reader import Reader
from geoservice.types import LABELS

WORDS = {SOLID: "Solide", FRAGILE: "Fragile", ARTEFACT: "Artefact probable"}
NAMES = {SOLID: "solide", FRAGILE: "fragile", ARTEFACT: "artefact"}
_ALONE_PX, _HATCH_PX = 11.0, 6.0
_MARK_PX = 14


@dataclass(frozen=True, eq=False)
class HotPicture:
    """The drawing, the areas of the territory in their order, and those of them that the frame shows."""

    drawing: Drawing
    found: Analysis
    areas: tuple[HotArea, ...]
    shown: tuple[HotArea, ...]
    metres_a_pixel: float
    layers: tuple[str, ...]

    def legend(self) -> list[tuple[str, str, int]]:
        """Colour, word and number of areas of each verdict on the map."""
        return [(palette.HOT[NAMES[verdict]].fill, word, sum(area.verdict.verdict == verdict for area in self.shown))
                for verdict, word in WORDS.items()]


def draw(reader: Reader, query: FactQuery, wanted: Wanted, frame: Frame) -> HotPicture:
    """Areas under a filter; the test is made on the whole territory or zone, whatever the frame shows of it."""
    box = frame.box or query.bbox
    query, _ = reader.resolved(query.with_(bbox=None))
    view = viewed(box or box_of(reader, query), frame)
    found = analyse(reader, query, wanted)
    areas = tuple(area for area in hot_areas(reader, found).areas if area.verdict.verdict in WORDS)
    shapes = [shape_of(view, found, area.rows) for area in areas]
    inside = shapely.box(0, 0, frame.width, frame.height)
    seen = [place for place, shape in enumerate(shapes) if shapely.intersects(shape, inside)]
    under, over, layers = context(reader, view)
    groups = (*under, *painted([areas[place].verdict.verdict for place in seen], [shapes[place] for place in seen]), *over)
    shown = tuple(areas[place] for place in seen)
    drawing = Drawing(frame.width, frame.height, _title(query), _words(found, areas, shown), palette.GROUND, groups,
                      tuple(_mark(view, area) for area in shown))
    return HotPicture(drawing, found, areas, shown, view.metres_a_pixel, layers)


def shape_of(view: Viewed, found: Analysis, rows: np.ndarray) -> shapely.Geometry:
    """The cells of an area as one shape in pixels; a disc for a residence."""
    assert found.area is not None
    if found.unit == "residence":
        return shapely.buffer(shapely.Point(*view.pixels(found.area.middles(rows))[0]), _ALONE_PX)
    rings = view.pixels(grid.boundaries(found.area.cells[rows])[0])
    # corners of neighbours agree to a fraction of a pixel
    return shapely.union_all(shapely.polygons(rings), grid_size=0.05)


def painted(verdicts: list[str], shapes: list[shapely.Geometry]) -> list[Group]:
    """One fill and one line a verdict, over a halo of paper; what is doubtful is hatched."""
    out = []
    for verdict in WORDS:
        mine = np.array([shape for said, shape in zip(verdicts, shapes, strict=True) if said == verdict])
        if not len(mine):
            continue
        name, edges = NAMES[verdict], paths(shapely.boundary(mine))
        look = palette.HOT[name]
        out.append(Group(f"{name}-fond", Paint(look.fill, opacity=0.9), paths(mine)))
        if verdict == ARTEFACT:
            out.append(Group(f"{name}-hachures", Paint(None, look.line, width=1), paths(_hatched(mine))))
        out.append(Group(f"{name}-halo", Paint(None, palette.PAPER, width=5), edges))
        out.append(Group(name, Paint(None, look.line, width=look.width, dash=look.dash), edges))
    return out


def _hatched(shapes: np.ndarray) -> np.ndarray:
    """Oblique lines inside each shape."""
    out = []
    for west, north, east, south in shapely.bounds(shapes).tolist():
        starts = np.arange(np.floor((west - (south - north)) / _HATCH_PX) * _HATCH_PX, east, _HATCH_PX)
        out.append(shapely.multilinestrings([[(x, south), (x + south - north, north)] for x in starts.tolist()]))
    return shapely.intersection(np.array(out), shapes)


def _mark(view: Viewed, area: HotArea) -> Label:
    x, y = view.pixels(np.array([area.centre]))[0].tolist()
    return Label(x, y, str(area.rank), _MARK_PX, palette.INK, True)


def _title(query: FactQuery) -> str:
    return f"Points chauds{f' ({LABELS[query.kind]})' if query.kind else ''}"


def _words(found: Analysis, areas: tuple[HotArea, ...], shown: tuple[HotArea, ...]) -> str:
    """What someone who does not see the map should know first."""
    if found.found is None:
        return found.reason.sentence if found.reason else "Aucun fait avec ces filtres."
    held = {verdict: sum(area.verdict.verdict == verdict for area in shown) for verdict in WORDS}
    told = [f"{french.number(number)} {WORDS[verdict].lower()}{'s' if number > 1 and verdict != ARTEFACT else ''}"
            for verdict, number in held.items() if number]
    if not areas:
        return f"Aucun point chaud parmi {french.counted(found.total, 'fait', 'faits')}."
    first = f", d’abord {areas[0].name}" if areas[0].name else ""
    which = f"{french.NNBSP}: {french.listed(told)}" if told else ""
    rest = "" if len(shown) == len(areas) else f", sur {french.number(len(areas))} dans le territoire"
    return (f"{french.counted(len(shown), 'point chaud', 'points chauds')} sur cette carte{rest}{which}{first}. "
            f"{french.counted(found.total, 'fait', 'faits')} avec une position.")
