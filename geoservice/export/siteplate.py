"""A plan of cameras on paper, true to scale: a drawing of tenths of a millimetre whose zones differ by hatching, not by colour.

What is seen of a road behind a mask, façades whose openings nobody has surveyed, a scale bar and north are part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from geoservice.errors import BadInput
from geoservice.export import french
from geoservice.export.drawing import Drawing, Group, Label, Paint, Path, paths
from geoservice.export.palette import INK, PAPER
from geoservice.export.paper import TENTH_MM

SCALES = (100, 200, 250, 500, 1_000, 2_000, 2_500, 5_000, 10_000, 20_000)
SCALE_SLACK = 0.003  # of a length on the ground: what the projections of French territories change it by, at most
_GREY, _BAR_MM, _CORNER = "#5d6973", 45.0, 30.0
_KEY = 900  # pixels of an entry of the legend
_SMALL_SCALE = 2_000  # from here on cameras stand close on paper
_ACROSS: Mapping[str, tuple[tuple[float, float], ...]] = {  # hatches of a zone: degrees, and pixels from one to the next
    "identify": ((45, 14), (135, 14)), "recognise": ((45, 14),), "observe": ((135, 26),), "detect": ((0, 22),),
    "mask": ((90, 8),)}
_FILL = {"identify": ("#4b2e83", 0.22), "recognise": ("#6a5fb5", 0.2), "observe": ("#8b97d4", 0.2), "detect": ("#abbee5", 0.22),
         "mask": (PAPER, 1.0)}
_LINES = {"detect": Paint(stroke=INK, width=2.4, dash=(3.0, 19.0)), "mask": Paint(stroke=INK, width=2.2)}
_PLAIN = {"road": Paint(PAPER, _GREY, width=1.2, dash=(9.0, 6.0)), "building": Paint("#e9edf0", "#7d8790", width=1.6),
          "own": Paint("#c3ced2", INK, width=3.0), "third": Paint(stroke=INK, width=9.0),
          "ours": Paint(stroke=INK, width=9.0, dash=(14.0, 8.0)), "opening": Paint(PAPER, INK, width=4.0),
          "limit": Paint(stroke=INK, width=1.6, dash=(10.0, 7.0))}
KEY = {"identify": "identifier", "recognise": "reconnaître", "observe": "observer", "detect": "détecter",
       "limit": "limite du champ d’une caméra, dans celui d’une autre",
       "mask": "voie publique, à masquer de façon irréversible", "own": "bâtiments de l’exploitant",
       "building": "bâtiments de tiers", "road": "voie publique",
       "third": "façade de tiers dans un champ : ouvertures à relever sur place",
       "ours": "façade de l’exploitant dans un champ : portes, fenêtres et balcons à relever",
       "opening": "ouverture de tiers relevée"}


@dataclass(frozen=True)
class Frame:
    """The rectangle of paper for a plan, in millimetres."""

    wide_mm: float
    tall_mm: float


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera: number, place in metres, azimuth clockwise from north, its field by DORI class in metres."""

    number: str
    place: tuple[float, float]
    azimuth: float
    fields: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Site:
    """A place and its cameras, shapely in metres: mask (what is masked in the fields), façades of third parties and of one's
    own in a field as lines, openings of third parties that somebody surveyed (empty: nobody has)."""

    roads: np.ndarray
    buildings: np.ndarray
    own: np.ndarray
    cameras: Sequence[Camera]
    mask: Any
    third: Any
    ours: Any
    openings: np.ndarray


@dataclass(frozen=True)
class Plate:
    """A drawing at 1:scale; what of the legend it shows."""

    drawing: Drawing
    scale: int
    shown: tuple[str, ...]


def scale_for(bounds: tuple[float, float, float, float], frame: Frame) -> int:
    """The largest round scale at which bounds (west, south, east, north in metres) fit; BadInput beyond 1:20,000."""
    west, south, east, north = bounds
    for scale in SCALES:
        if max((east - west) * 1_000 / scale / frame.wide_mm, (north - south) * 1_000 / scale / frame.tall_mm) <= 1:
            return scale
    raise BadInput("Ce plan est trop étendu pour une feuille : choisissez un lieu plus petit ou le format A3.")


def plate(site: Site, bounds: tuple[float, float, float, float], frame: Frame, title: str, scale: int = 0) -> Plate:
    """The plan of what lies in bounds, in the middle of a frame, at 1:scale (0: the largest round one)."""
    scale = scale or scale_for(bounds, frame)
    view = _View.around(bounds, frame, scale)
    groups: list[Group] = []
    for name, shapes in (("road", view.roads(site.roads)), ("building", view.pixels(site.buildings[~site.own])),
                         ("own", view.pixels(site.buildings[site.own]))):
        groups += _plain(name, shapes)
    zones = _zones(site.cameras)
    for name, shape in (*zones.items(), ("mask", site.mask)):
        groups += zone(name, view.pixels(np.array([shape], dtype=object)))
    fields = [shapely.union_all(list(each.fields.values())) for each in site.cameras if each.fields]
    if len(fields) > 1:
        groups += _plain("limit", view.pixels(np.array(fields, dtype=object)))
    for name, line in (("ours", site.ours), ("third", site.third)):
        groups += _plain(name, view.pixels(np.array([line], dtype=object)))
    groups += _plain("opening", view.pixels(site.openings))
    shown = tuple(dict.fromkeys(group.name.partition("-")[0] for group in groups))
    size = 28.0 if scale < _SMALL_SCALE else 20.0
    groups += [_nose(view, each, size) for each in site.cameras] + [_discs(view, site.cameras, size)]
    bar, words = _bar(view)
    arrow, north = _north(view)
    labels = [Label(*view.at(each.place), each.number, size, INK, True) for each in site.cameras]
    return Plate(Drawing(view.wide, view.tall, title, _described(site, zones, scale), PAPER, (*groups, *bar, *arrow),
                         (*labels, *words, north)), scale, shown)


@dataclass(frozen=True)
class _View:
    """From metres to pixels of the sheet; shapes are cut at its edge."""

    west: float
    north: float
    scale: int
    wide: int
    tall: int

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], frame: Frame, scale: int) -> _View:
        """The view whose middle is that of the bounds."""
        west, south, east, north = bounds
        wide_m, tall_m = frame.wide_mm * scale / 1_000, frame.tall_mm * scale / 1_000
        return cls((west + east - wide_m) / 2, (south + north + tall_m) / 2, scale, round(frame.wide_mm / TENTH_MM),
                   round(frame.tall_mm / TENTH_MM))

    @property
    def per_metre(self) -> float:
        """Pixels a metre."""
        return 1_000 / self.scale / TENTH_MM

    def at(self, place: tuple[float, float]) -> tuple[float, float]:
        return (place[0] - self.west) * self.per_metre, (self.north - place[1]) * self.per_metre

    def pixels(self, shapes: np.ndarray) -> np.ndarray:
        """Shapes in pixels, cut to the sheet; what lies outside goes."""
        edge = shapely.box(0, 0, self.wide, self.tall)
        some = np.array([each for each in shapes if each is not None], dtype=object)
        moved = shapely.transform(some, lambda xy: np.column_stack(
            [(xy[:, 0] - self.west) * self.per_metre, (self.north - xy[:, 1]) * self.per_metre]))
        moved = moved[shapely.intersects(moved, edge)] if len(moved) else moved
        cut = shapely.intersection(shapely.make_valid(moved), edge) if len(moved) else moved
        return cut[~shapely.is_empty(cut)] if len(cut) else cut

    def roads(self, shapes: np.ndarray) -> np.ndarray:
        """Roads of the sheet as one shape: they overlap at every crossing."""
        cut = self.pixels(shapes)
        return np.array([shapely.union_all(cut)], dtype=object) if len(cut) else cut


def _zones(cameras: Sequence[Camera]) -> dict[str, Any]:
    """What the cameras together see, by class: where several see it, by the finest."""
    out, finer = {}, shapely.Polygon()
    for name in ("identify", "recognise", "observe", "detect"):
        whole = shapely.union_all([each.fields[name] for each in cameras if name in each.fields])
        out[name] = whole.difference(finer)
        finer = shapely.union(finer, whole)
    return dict(reversed(out.items()))


def zone(name: str, shapes: np.ndarray) -> list[Group]:
    """A zone in pixels: its tint, its hatches, its outline; nothing where it is empty."""
    areas = [part for each in shapes for part in shapely.get_parts(each) if part.geom_type == "Polygon" and part.area > 0]
    if not areas:
        return []
    whole, (colour, opacity) = shapely.multipolygons(areas), _FILL[name]
    lines = [each for angle, step in _ACROSS[name] for each in _hatched(whole, angle, step)]
    outlines = tuple(Path(tuple(shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)), False)
                     for part in areas)
    return [Group(f"{name}-fill", Paint(colour, opacity=opacity), paths(np.array(areas, dtype=object))),
            Group(f"{name}-hatch", _LINES.get(name, Paint(stroke=INK, width=1.3)), paths(np.array(lines, dtype=object))),
            Group(f"{name}-edge", Paint(stroke=INK, width=2.2), outlines)]


def _hatched(whole: Any, angle: float, step: float) -> list[Any]:
    """Parallel lines across a shape, so many pixels apart; they run on from one shape to the next."""
    turned = shapely.transform(whole, lambda xy: _turn(xy, -angle))
    west, south, east, north = shapely.bounds(turned)
    heights = np.arange(np.ceil(south / step) * step, north, step)
    ends = np.stack([np.column_stack([np.full(len(heights), x), heights]) for x in (west - 1, east + 1)], axis=1)
    shapely.prepare(turned)
    cut = shapely.intersection(shapely.linestrings(ends), turned) if len(heights) else np.empty(0, dtype=object)
    return [shapely.transform(part, lambda xy: _turn(xy, angle)) for part in shapely.get_parts(cut)
            if part.geom_type == "LineString" and not part.is_empty]


def _turn(xy: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.column_stack([xy[:, 0] * cos - xy[:, 1] * sin, xy[:, 0] * sin + xy[:, 1] * cos])


def _plain(name: str, shapes: np.ndarray) -> list[Group]:
    found = paths(shapes)
    return [Group(name, _PLAIN[name], found)] if found else []


def _discs(view: _View, cameras: Sequence[Camera], size: float) -> Group:
    """What numbers stand on."""
    discs = [shapely.Point(view.at(each.place)).buffer(size * 0.9) for each in cameras]
    return Group("camera", Paint(PAPER, INK, width=3.0), paths(np.array(discs, dtype=object)))


def _nose(view: _View, camera: Camera, size: float) -> Group:
    """Where a camera looks: a triangle beyond its number."""
    x, y = view.at(camera.place)
    shape = _turn(np.array([[0.0, -2.1], [0.62, -0.75], [-0.62, -0.75]]) * size, camera.azimuth) + np.array([x, y])
    return Group("nose", Paint(INK, PAPER, width=1.0), (Path((shape,), True),))


def _bar(view: _View) -> tuple[list[Group], list[Label]]:
    """A round length on the ground in four parts, with its ends and the scale."""
    metres = max(step * 10**power for power in range(-1, 4) for step in (1, 2, 4, 10)
                 if step * 10**power * view.per_metre * TENTH_MM <= _BAR_MM)
    left, y, long, tall = _CORNER + 14, view.tall - _CORNER - 22, metres * view.per_metre, 10.0
    ground = shapely.box(left - 24, y - 62, left + max(long, 260) + 90, y + 34)
    parts = [shapely.box(left + long * part / 4, y, left + long * (part + 1) / 4, y + tall) for part in range(4)]
    drawn = [Group(name, paint, paths(np.array(shapes, dtype=object))) for name, paint, shapes in (
        ("bar-ground", Paint(PAPER), [ground]), ("bar-dark", Paint(INK, INK, width=1.5), parts[::2]),
        ("bar-light", Paint(PAPER, INK, width=1.5), parts[1::2]))]
    ends = [Label(left + long * part, y + 26, words, 22, INK, anchor="start" if not part else "free")
            for part, words in ((0.0, "0"), (0.5, f"{metres / 2:g}".replace(".", ",")), (1.0, f"{metres:g}{french.NNBSP}m"))]
    return drawn, [*ends, Label(left, y - 30, scale_words(view.scale), 28, INK, True, "start")]


def scale_words(scale: int) -> str:
    """« Échelle 1:500 »."""
    return f"Échelle 1:{french.number(scale)}"


def _north(view: _View) -> tuple[list[Group], Label]:
    """An arrow to the north of the projection."""
    x, y = view.wide - _CORNER - 34, _CORNER + 74
    ground = shapely.box(x - 40, y - 88, x + 40, y + 78)
    arrow = np.array([[0.0, -80], [26, 20], [0, 2], [-26, 20]]) + np.array([x, y])
    return [Group("north-ground", Paint(PAPER), paths(np.array([ground], dtype=object))),
            Group("north", Paint(INK), (Path((arrow,), True),))], Label(x, y + 50, "N", 34, INK, True, "free")


def _described(site: Site, zones: Mapping[str, Any], scale: int) -> str:
    """The plan in words, for those who do not see it."""
    areas = ", ".join(f"{KEY[name]} {french.number(shape.area)} m²" for name, shape in reversed(zones.items()))
    looks = " ; ".join(f"caméra {each.number} vers {french.number(each.azimuth % 360)}°" for each in site.cameras)
    masked = 0.0 if site.mask is None else site.mask.area
    lines = sum(0.0 if line is None else line.length for line in (site.third, site.ours))
    return french.typeset(
        f"Plan à l’échelle 1:{french.number(scale)}, nord en haut. {looks}. Zones couvertes : {areas}. "
        f"Voie publique à masquer : {french.number(masked)} m². Façades dans un champ, à relever : {french.number(lines)} m.")


def with_legend(plate: Plate, lines: Sequence[str]) -> Drawing:
    """A plate as a sheet of its own: below it its title, lines of words, and what its hatches mean."""
    drawing, names = plate.drawing, [name for name in KEY if name in plate.shown]
    columns = max(1, drawing.width // _KEY)
    rows, top = -(-len(names) // columns), drawing.height + 60 + 44 * (len(lines) + 1)
    groups: list[Group] = []
    labels = [Label(20, drawing.height + 48, drawing.title, 40, INK, True, "start")]
    labels += [Label(20, drawing.height + 54 + 44 * place, line, 28, INK, anchor="start") for place, line in enumerate(lines, 1)]
    for place, name in enumerate(names):
        x, y = 20.0 + drawing.width / columns * (place % columns), top + 50.0 * (place // columns)
        groups += swatch(name, x, y)
        labels.append(Label(x + 100, y + 20, french.typeset(KEY[name]), 26, INK, anchor="start"))
    return replace(drawing, height=top + 50 * rows + 20, groups=(*drawing.groups, *groups), labels=(*drawing.labels, *labels))


def swatch(name: str, left: float = 0.0, top: float = 0.0, wide: float = 80.0, tall: float = 38.0) -> list[Group]:
    """How a thing of the legend looks, in a rectangle of pixels."""
    box = shapely.box(left, top, left + wide, top + tall)
    if name in _ACROSS:
        return zone(name, np.array([box], dtype=object))
    line = shapely.linestrings([[left, top + tall / 2], [left + wide, top + tall / 2]])
    inside = shapely.box(left + 5, top + 5, left + wide - 5, top + tall - 5)  # its edge shows beside the frame of a drawing
    return _plain(name, np.array([line if name in ("third", "ours", "limit") else inside], dtype=object))
