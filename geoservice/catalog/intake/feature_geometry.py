"""Where a feature is: one EPSG:4326 geometry per line, from whatever the file has, or the reason why not.

A CRS that the file or the source declares is checked against the range of the coordinates; a contradiction is
recognised, corrected and noted, never guessed silently. Nothing is simplified.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoservice.catalog.intake import common, tangle
from geoservice.catalog.intake.feature_values import Unreadable, number_of, text_of
from geoservice.core import crs
from geoservice.errors import BadInput

NO_POINT = ("coordonnees-absentes", "La ligne n’a pas de coordonnées ; complétez-les, ou retirez la ligne.")
UNREADABLE = ("coordonnees-illisibles", "Les coordonnées ne sont pas des nombres ; corrigez-les.")
OUTSIDE = ("hors-de-france", "Le point n’est ni en France ni outre-mer ; vérifiez les coordonnées et leur système (EPSG).")
SWAPPED = ("lat-lon-inversees", "Latitude et longitude semblent inversées sur cette ligne ; échangez-les.")
NO_CRS = ("crs-inconnu", "Le système de coordonnées n’est ni déclaré ni reconnu ; indiquez « crs », par exemple EPSG:2154.")
BAD_CRS = ("crs-inconnu", "Ce code EPSG n’existe pas ; corrigez-le (Lambert-93 : 2154).")
EMPTY = ("geometrie-vide", "La géométrie est vide ; retirez la ligne ou complétez-la.")
NOT_FINITE = ("geometrie-illisible", "La géométrie contient des coordonnées qui ne sont pas des nombres ; corrigez-la.")
NO_AREA = ("surface-nulle", "La surface de cette zone est nulle (contour réduit à un point ou à une ligne) ; "
                            "prenez le fichier non simplifié.")

TANGLED = ("geometrie-enchevetree", "Le contour se recoupe ou se replie en trop d’endroits pour être réparé ; corrigez-le, ou "
                                    "simplifiez-le.")

Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """How the coordinates of a file are read (None: unknown CRS), and the note that says what was recognised."""

    used: int | str | None
    swapped: bool = False
    code: str = ""
    sentence: str = ""


# A file is judged on its first batch and read in one way: (columns or geometry, declared CRS) → decision.
What = tuple[str, str | None]
Memory = dict[What, Decision]
Columns = Mapping[str, Sequence[Any]]
Pair = tuple[np.ndarray, np.ndarray]


@dataclass
class Placed:
    """Geometries in EPSG:4326 (None where there is a fault), faults by row, and what was done: code → (sentence, rows)."""

    geometry: np.ndarray
    faults: dict[int, Fault]
    memory: Memory
    done: dict[str, tuple[str, list[int]]] = field(default_factory=dict)

    def note(self, code: str, sentence: str, rows: Sequence[int]) -> None:
        if len(rows):
            self.done.setdefault(code, (sentence, []))[1].extend(int(r) for r in rows)


def place_geometries(geometries: np.ndarray, declared: str | None, memory: Memory) -> Placed:
    """Geometries of the reader, in `declared` (None: not said), as valid 2D geometries in EPSG:4326."""
    import shapely

    placed = Placed(np.full(len(geometries), None, dtype=object), {}, memory)
    empty = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    broken = _not_finite(geometries)
    placed.faults.update({int(r): EMPTY for r in np.flatnonzero(empty)})
    placed.faults.update({int(r): NOT_FINITE for r in np.flatnonzero(broken & ~empty)})
    rows = np.flatnonzero(~empty & ~broken)
    if len(rows):
        _fill(placed, rows, geometries[rows], declared)
    return placed


def _not_finite(geometries: np.ndarray) -> np.ndarray:
    import shapely

    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    broken = np.zeros(len(geometries), dtype=bool)
    broken[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return broken


def _fill(placed: Placed, rows: np.ndarray, shapes: np.ndarray, declared: str | None) -> None:
    import shapely

    bounds = shapely.bounds(shapes)
    middle_x, middle_y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    used, swapped = _decide(placed, ("geometry", declared), rows, middle_x, middle_y)
    if used is None:
        placed.faults.update({int(r): NO_CRS for r in rows})
        return
    if swapped:
        shapes = shapely.transform(shapely.force_2d(shapes), lambda xy: xy[:, ::-1])
    shapes = crs.geometries_to_lonlat(shapes, used)
    tangled = _tangled(shapes)
    placed.faults.update({int(r): TANGLED for r in rows[tangled]})
    rows, shapes = rows[~tangled], shapes[~tangled]
    shapes, repaired = _repair(shapes)
    placed.note("geometrie-reparee", "Géométries invalides, réparées sans simplification.", rows[repaired])
    placed.geometry[rows] = shapes
    _refuse(placed, rows, shapes)


def _tangled(shapes: np.ndarray) -> np.ndarray:
    """Which geometries would take too long to check, or are invalid and would take too long to repair."""
    import shapely

    found = np.zeros(len(shapes), dtype=bool)
    for row in np.flatnonzero(shapely.get_num_coordinates(shapes) > tangle.FREE):
        found[row] = tangle.too_tangled(shapes[row], tangle.CHECK_MAX) or (
            not shapely.is_valid(shapes[row]) and tangle.too_tangled(shapes[row], tangle.REPAIR_MAX))
    return found


def _repair(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Valid geometries (polygons stay polygons) and which ones were repaired; what loses all its area becomes empty."""
    import shapely

    invalid = ~shapely.is_valid(shapes)
    shapes = shapes.copy()
    shapes[invalid] = [_areas(original, shapely.make_valid(original)) for original in shapes[invalid]]
    return shapes, invalid & ~shapely.is_empty(shapes)


def _areas(original: Any, repaired: Any) -> Any:
    """The polygonal part of a repaired polygon: make_valid may leave lines and points beside it."""
    import shapely

    if shapely.get_dimensions(original) != 2:
        return repaired
    parts = [p for p in shapely.get_parts(shapely.get_parts(repaired)) if p.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _refuse(placed: Placed, rows: np.ndarray, shapes: np.ndarray) -> None:
    import shapely

    flat = shapely.is_empty(shapes) | ((shapely.get_dimensions(shapes) == 2) & (shapely.area(shapes) == 0))
    bounds = shapely.bounds(shapes)
    away = crs.territories_of((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2) < 0
    for row in np.flatnonzero(flat | away):
        placed.faults[int(rows[row])] = NO_AREA if flat[row] else OUTSIDE
        placed.geometry[rows[row]] = None


def place_columns(columns: Columns, count: int, declared: str | None, memory: Memory) -> Placed:
    """Points from mapped columns: `point` ("lat, lon"), else `lon`/`lat`, else `x`/`y` (with `epsg` by row, or `declared`)."""
    import shapely

    placed = Placed(np.full(count, None, dtype=object), dict.fromkeys(range(count), NO_POINT), memory)
    for names, take in _WAYS:
        rows = np.array(sorted(placed.faults), dtype=int)
        if len(rows) and all(name in columns for name in names):
            lon, lat = take(placed, rows, columns, declared)
            good = crs.territories_of(lon, lat) >= 0
            placed.geometry[rows[good]] = shapely.points(lon[good], lat[good])
            for row in rows[good]:
                del placed.faults[int(row)]
            _explain(placed, rows[~good], lon[~good], lat[~good])
    return placed


def _explain(placed: Placed, rows: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> None:
    """Points outside France get a better reason than "absent"; reasons set by row stay."""
    turned = crs.territories_of(lat, lon) >= 0
    for row, inside, known in zip(rows, turned, np.isfinite(lon), strict=True):
        if known:
            placed.faults[int(row)] = SWAPPED if inside else OUTSIDE


def _numbers(placed: Placed, rows: np.ndarray, values: Sequence[Any]) -> np.ndarray:
    found = np.full(len(rows), np.nan)
    for position, row in enumerate(rows):
        try:
            number = number_of(values[row])
        except Unreadable:
            placed.faults[int(row)] = UNREADABLE
        else:
            found[position] = np.nan if number is None else number
    return found


def _from_point(placed: Placed, rows: np.ndarray, columns: Columns, declared: str | None) -> Pair:
    lon, lat = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for position, row in enumerate(rows):
        try:
            lon[position], lat[position] = common.point_of(columns["point"][row]) or (np.nan, np.nan)
        except ValueError:
            placed.faults[int(row)] = UNREADABLE
    return _located(placed, ("degrees", "EPSG:4326"), rows, lon, lat)


def _from_lonlat(placed: Placed, rows: np.ndarray, columns: Columns, declared: str | None) -> Pair:
    lon, lat = (_numbers(placed, rows, columns[name]) for name in ("lon", "lat"))
    return _located(placed, ("degrees", "EPSG:4326"), rows, lon, lat)


def _from_xy(placed: Placed, rows: np.ndarray, columns: Columns, declared: str | None) -> Pair:
    x, y = (_numbers(placed, rows, columns[name]) for name in ("x", "y"))
    if "epsg" not in columns:
        return _located(placed, ("metres", declared), rows, x, y)
    groups: dict[str | None, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        groups[text_of(columns["epsg"][row])].append(position)
    lon, lat = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for code, members in groups.items():
        inside = np.array(members)
        lon[inside], lat[inside] = _by_code(placed, rows[inside], x[inside], y[inside], code or declared)
    return lon, lat


def _by_code(placed: Placed, rows: np.ndarray, x: np.ndarray, y: np.ndarray, code: str | None) -> Pair:
    """Points of one EPSG code of a column that gives one by row."""
    if code is None:
        return _located(placed, ("metres", None), rows, x, y)
    digits = code.upper().removeprefix("EPSG:").strip()
    try:
        if not digits.isdigit():
            raise BadInput(code)
        return crs.to_lonlat(x, y, int(digits))
    except BadInput:
        placed.faults.update({int(row): BAD_CRS for row in rows})
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)


def _located(placed: Placed, what: What, rows: np.ndarray, x: np.ndarray, y: np.ndarray) -> Pair:
    known = np.isfinite(x) & np.isfinite(y)
    used, swapped = _decide(placed, what, rows[known], x[known], y[known])
    if used is None:
        placed.faults.update({int(row): NO_CRS for row in rows[known]})
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    return crs.to_lonlat(y, x, used) if swapped else crs.to_lonlat(x, y, used)


def _decide(placed: Placed, what: What, rows: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[int | str | None, bool]:
    """The CRS to use and whether x and y are the wrong way round; the first batch with coordinates decides for its file."""
    if not len(x):
        return crs.WGS84, False
    if what not in placed.memory:
        placed.memory[what] = _judge(x, y, what[1])
    decision = placed.memory[what]
    if decision.code:
        placed.note(decision.code, decision.sentence, rows)
    return decision.used, decision.swapped


def _judge(x: np.ndarray, y: np.ndarray, declared: str | None) -> Decision:
    """What is declared holds unless most points leave France with it and the numbers look like another CRS."""
    used = crs.WGS84 if declared and declared.upper() in _DEGREES else declared
    if used is not None and _inside(x, y, used) >= 0.5:
        return Decision(used)
    found = crs.guess(x, y)
    if found is None:
        return Decision(used)
    if used is None:
        return Decision(found.epsg, found.swapped, "crs-reconnu", f"Système de coordonnées non déclaré, reconnu : {found.name}.")
    if found.swapped and found.epsg == used:
        return Decision(found.epsg, True, "lat-lon-inversees",
                        "Latitude et longitude étaient inversées dans tout le fichier ; remises dans l’ordre.")
    return Decision(found.epsg, found.swapped, "crs-contredit",
                    f"Les coordonnées contredisent le système déclaré ; lues comme {found.name}.")


def _inside(x: np.ndarray, y: np.ndarray, used: int | str) -> float:
    """Share of points that fall in France or overseas when read in a CRS."""
    lon, lat = crs.to_lonlat(x, y, used)
    return float((crs.territories_of(lon, lat) >= 0).mean())


_DEGREES = frozenset({"EPSG:4326", "OGC:CRS84", "CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84"})
_WAYS: tuple[tuple[tuple[str, ...], Callable[[Placed, np.ndarray, Columns, str | None], Pair]], ...] = (
    (("point",), _from_point), (("lon", "lat"), _from_lonlat), (("x", "y"), _from_xy))
