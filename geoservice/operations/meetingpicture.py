"""Maps of a snapshot: its frozen facts by hexagon, one map a kind, with the areas that stand out as its figures number them."""

from __future__ import annotations

import numpy as np
import shapely

from geoservice.core import grid
from geoservice.export import french, palette
from geoservice.export.drawing import Drawing, Group, Label, Paint, paths
from geoservice.export.paper import Picture
from geoservice.operations import picture
from geoservice.operations.hotpicture import WORDS, painted, shape_of
from geoservice.operations.picture import Frame, Viewed
from geoservice.operations.reader import Reader
from geoservice.operations.snapshotplan import MOST_AREAS
from geoservice.operations.snapshotview import View
from geoservice.types import LABELS, Box, Kind

ALONE, ONE_OF_TWO = (1_080, 560), (540, 480)
_MARK_PX = 15


def pictures(reader: Reader, view: View) -> tuple[list[Picture], tuple[str, ...]]:
    """A map for each kind with a fact, all of one ground; and the layers that were drawn."""
    days = view.header["spans"]["now"]
    held = {kind: _counts(view, kind, days) for kind in view.header["kinds"]}
    held = {kind: (cells, counts) for kind, (cells, counts) in held.items() if len(cells)}
    if not held:
        return [], ()
    size = ALONE if len(held) == 1 else ONE_OF_TWO
    shown = picture.viewed(_box(view, held), Frame(*size))
    under, over, layers = picture.context(reader, shown)
    return [_picture(view, shown, (under, [*over, *_perimeter(view, shown)]), (kind, *of)) for kind, of in held.items()], layers


def _counts(view: View, kind: str, days: list[int]) -> tuple[np.ndarray, np.ndarray]:
    cells = view.of("cell", kind, days)
    return np.unique(cells[cells > 0], return_counts=True)


def _box(view: View, held: dict[str, tuple[np.ndarray, np.ndarray]]) -> Box:
    outline = _outline(view)
    if outline is not None:
        return Box(*outline.bounds)
    cells = np.concatenate([cells for cells, _ in held.values()])
    return picture.box_around(cells, np.concatenate([counts for _, counts in held.values()]))


def _outline(view: View) -> shapely.Geometry | None:
    import json

    given = view.header["meeting"]["perimeter"]
    return None if given is None else shapely.from_geojson(json.dumps(given))


def _perimeter(view: View, shown: Viewed) -> list[Group]:
    outline = _outline(view)
    if outline is None:
        return []
    line = paths(np.array([shapely.transform(shapely.boundary(outline), shown.pixels)]))
    return [Group("perimetre-halo", Paint(None, palette.PAPER, 0.85, 6), line),
            Group("perimetre", Paint(None, palette.ACCENT, width=3), line)]


def _picture(view: View, shown: Viewed, around: tuple[list[Group], list[Group]], of: tuple[str, np.ndarray,
                                                                                           np.ndarray]) -> Picture:
    (under, over), (kind, cells, counts) = around, of
    bounds = palette.breaks(counts, len(palette.COUNTS.colours))
    rings = shown.pixels(grid.boundaries(cells)[0])
    hot, labels = _hot(view, shown, kind)
    words = _words(view, kind, cells, counts)
    drawing = Drawing(shown.frame.width, shown.frame.height, LABELS[Kind(kind)], words, palette.GROUND,
                      (*under, *picture.hexagons((cells, counts, rings), bounds), *over, *hot), labels)
    highs = [*(bound - 1 for bound in bounds[1:]), int(counts.max())]
    legend = tuple((palette.COUNTS.colours[place], french.counted(low, "fait", "faits") if low == high else
                    f"{french.number(low)} à {french.number(high)}{french.NNBSP}faits")
                   for place, (low, high) in enumerate(zip(bounds, highs, strict=True)) if high >= low)
    return Picture(drawing, f"{LABELS[Kind(kind)]}{french.NNBSP}: faits par hexagone", legend)


def _hot(view: View, shown: Viewed, kind: str) -> tuple[list[Group], tuple[Label, ...]]:
    """Outlines of the areas that stand out, as their verdicts are drawn everywhere, and their numbers."""
    found = view.analysis(kind, view.header["spans"]["now"])
    told = view.areas(kind, view.header["spans"]["now"])[0][:MOST_AREAS] if found.found is not None else []
    shapes = [shape_of(shown, found, rows) for rows, _, _ in told]
    # the hexagons under them carry the counts: lines alone
    groups = [group for group in painted([verdict.verdict for _, _, verdict in told], shapes) if not group.name.endswith("-fond")]
    marks = [Label(*_middle(shape), str(rank), _MARK_PX, palette.INK, True)
             for rank, ((_, _, verdict), shape) in enumerate(zip(told, shapes, strict=True), 1) if verdict.verdict in WORDS]
    return groups, tuple(marks)


def _middle(shape: shapely.Geometry) -> tuple[float, float]:
    point = shapely.point_on_surface(shape)
    return float(point.x), float(point.y)


def _words(view: View, kind: str, cells: np.ndarray, counts: np.ndarray) -> str:
    """The map for people who do not see it."""
    found = view.analysis(kind, view.header["spans"]["now"])
    areas = 0 if found.found is None else view.areas(kind, view.header["spans"]["now"])[1]
    return (f"Carte des faits d’origine {LABELS[Kind(kind)].lower()}{french.NNBSP}: "
            f"{french.counted(int(counts.sum()), 'fait', 'faits')} "
            f"dans {french.counted(len(cells), 'hexagone', 'hexagones')}, {french.number(int(counts.max()))} au plus dans un "
            f"hexagone. "
            f"{french.counted(areas, 'point chaud entouré et numéroté', 'points chauds entourés et numérotés')}, dont le tableau "
            "des points chauds dit les chiffres.")
