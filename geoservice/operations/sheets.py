"""The sheet of a map: what a Reader knows of it, in French, ready for export/sheet.py."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import shapely

from geoservice.core import crs, grid
from geoservice.core.profiles import poisson_interval
from geoservice.core.query import FactQuery
from geoservice.export import french
from geoservice.export.french import NNBSP
from geoservice.export.sheet import Row, Sheet, Table
from geoservice.operations import credits
from geoservice.operations.indexing import FACTS
from geoservice.operations.picture import Frame, Picture, busiest, draw, hexagon_width_m
from geoservice.operations.reader import Reader
from geoservice.types import LABELS, Box, Category, Kind

SIZE = (1_080, 660)  # pixels of the drawing: 180 by 110 mm
MARKS = 10
_RESIDENCE_M, _STREET_M = 150, 120  # farther things do not tell where a cell is
_REACH = 0.004  # degrees, more than either
_UNKNOWN = {"hour": "sans heure précise", "gravity": "sans gravité", "place": "sans lieu", "nature": "sans nature"}


def compose(reader: Reader, query: FactQuery, frame: Frame, edited: datetime) -> Sheet:
    """The sheet of one map; errors are those of `picture.draw`."""
    found = draw(reader, query, frame)
    query, _ = reader.resolved(query)
    inside = grid.centres(found.cells) if len(found.cells) else np.empty((0, 2))
    territory, filters = territory_of(reader, query, inside, found.values), french.filters(query)
    return Sheet(
        title=f"Faits signalés{f', origine{NNBSP}: {LABELS[query.kind].lower()}' if query.kind else ''}", territory=territory,
        period=french.period(query, reader.period()), filters=tuple(filters), figures=_figures(found), drawing=found.drawing,
        scale_m=(found.metres_a_pixel, _cells_in_words(found)), legend=_legend(found), legend_title="Faits par hexagone",
        table=Table("Les hexagones qui comptent le plus de faits", (("Intervalle", 22.0),), _rows(reader, found)),
        sources=sources_of(reader, query.kind, found.layers), method=_method(query), edited=edited)


def territory_of(reader: Reader, query: FactQuery, points: np.ndarray, counts: np.ndarray) -> str:
    """The zone that is filtered on, else the communes that hold what is shown, else whose facts they are.

    points (n, 2) longitude and latitude, counts (n,) facts there.
    """
    if query.zone is not None and query.zone.layer == "residence":
        return reader.shelf.names("patrimoine").get(query.zone.code, query.zone.code)
    if query.zone is not None:
        layer = "limites" if query.zone.layer == "commune" else "qpv"
        name = next((zone.name for zone in reader.zones(layer) if zone.reference == query.zone), query.zone.code)
        return name if layer == "limites" else f"QPV {name}"
    names = _communes(reader, points, counts)
    return french.listed(names) if 0 < len(names) <= 3 else f"Territoire de {reader.viewer.organisation}"


def _communes(reader: Reader, points: np.ndarray, counts: np.ndarray) -> list[str]:
    if "limites" not in reader.catalog.layers or not len(points):
        return []
    around = Box(*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
    held = [(int(counts[shapely.intersects_xy(zone.geometry, points[:, 0], points[:, 1])].sum()), zone.name)
            for zone in reader.zones("limites") if zone.box.intersects(around)]
    return [name for number, name in sorted(held, key=lambda pair: (-pair[0], pair[1])) if number]


def _figures(found: Picture) -> tuple[str, ...]:
    """What is on the map, out of what; then what is not, and why."""
    counts = found.counts
    shown = f"{french.counted(found.shown, 'fait', 'faits')} sur cette carte"
    whole = f", sur {french.number(counts.total)} qui correspondent aux filtres" if counts.total != found.shown else ""
    rest = [f"{french.counted(counts.unplaced, 'autre n’a', 'autres n’ont')} pas de position."] if counts.unplaced else []
    unknown = [f"{french.counted(number, 'fait', 'faits')} {_UNKNOWN[name]}" for name, number in counts.unknown.items() if number]
    also = [f"Écartés faute d’information{NNBSP}: {french.listed(unknown)}."] if unknown else []
    return (f"{shown}{whole}.", *rest, *also)


def _cells_in_words(found: Picture) -> str:
    if not len(found.cells):
        return "Aucun fait avec ces filtres dans ce cadre."
    width = hexagon_width_m(float(grid.areas_m2(found.cells[:1])[0]))
    words = f"{french.number(round(width, -1))}{NNBSP}m" if width < 1_000 else f"{french.number(width / 1_000, 1)}{NNBSP}km"
    return f"Hexagones d’environ {words} de large. Classes calculées sur tout le territoire."


def _legend(found: Picture) -> tuple[tuple[str, str, str], ...]:
    return tuple((each.colour, french.number(each.low) if each.low == each.high
                  else f"{french.number(each.low)} à {french.number(each.high)}", french.counted(each.cells, "case", "cases"))
                 for each in found.classes)


def _rows(reader: Reader, found: Picture) -> tuple[Row, ...]:
    rows = busiest(found.values, MARKS)
    centres = grid.centres(found.cells[rows])
    out = []
    for number, (row, (lon, lat)) in enumerate(zip(rows.tolist(), centres.tolist(), strict=True), start=1):
        count = int(found.values[row])
        low, high = poisson_interval(count)
        interval = f"{french.number(math.floor(low))} à {french.number(math.ceil(high))}"
        place = _place(reader, lon, lat) or f"Cellule {grid.to_text(found.cells[row:row + 1])[0]}"
        out.append(Row(number, place, french.number(count), (interval,)))
    return tuple(out)


def _place(reader: Reader, lon: float, lat: float) -> str:
    """How a person would say where a cell is: its street, the residence beside it."""
    near = [_nearest(reader, "voies", lon, lat, _STREET_M), _nearest(reader, "patrimoine", lon, lat, _RESIDENCE_M)]
    return ", ".join(name for name in near if name)


def _nearest(reader: Reader, layer: str, lon: float, lat: float, within_m: float) -> str:
    """The name of the nearest street or residence (not building) within some metres, or nothing."""
    territory = crs.territory_of(lon, lat)
    if layer not in reader.catalog.layers or territory is None:
        return ""
    found = reader.shelf.features(layer)
    rows = [row for row in found.tree.query(shapely.Point(lon, lat).buffer(_REACH), predicate="intersects").tolist()
            if found.names[row] and found.properties[row].get("level", "residence") == "residence"] if len(found) else []
    if not rows:
        return ""
    here = crs.geometries_to_metres(np.array([shapely.Point(lon, lat)]), territory.epsg)[0]
    metres = shapely.distance(crs.geometries_to_metres(found.geometry[rows], territory.epsg), here)
    best = int(np.argmin(metres))
    return found.names[rows[best]] if metres[best] <= within_m else ""


def sources_of(reader: Reader, kind: Kind | None, layers: tuple[str, ...]) -> tuple[str, ...]:
    """Whom to name: the sources of this kind of facts and of the layers drawn whose files were imported within reach."""
    told = []
    for layer in (FACTS, *layers):
        whom = [f"{each.whom} ({each.licence})" if each.licence else each.whom
                for each in credits.of(reader, layer, kind)] or [f"fichier de {reader.viewer.organisation}"]
        title = "Faits" if layer == FACTS else reader.catalog.layer(layer).title
        told.append(f"{title}{NNBSP}: {f'{NNBSP}; '.join(whom)}.")
    return tuple(told)


def _method(query: FactQuery) -> tuple[str, ...]:
    """What a count is, and is not."""
    sentences = [
        "Chaque hexagone porte le nombre de faits signalés dont la position y tombe, à l’heure locale où ils se sont produits.",
        f"Un signalement n’est pas un fait prouvé, et l’absence de signalement n’est pas l’absence de faits{NNBSP}: le nombre "
        "dépend aussi de qui signale, et comment.",
        "Les faits d’origines différentes ne s’additionnent jamais.",
        f"L’intervalle (95{NNBSP}%, loi de Poisson) dit ce que le hasard seul peut faire varier{NNBSP}: deux hexagones dont les "
        "intervalles se recouvrent ne se classent pas.",
        "Les faits sans position, ou dont une information filtrée est inconnue, ne sont pas dessinés et sont comptés à part.",
    ]
    if query.kind == Kind.BAILLEUR:
        sentences.append(f"Les atteintes au personnel ({Category.AGP}) ne sont comptées que par résidence et n’apparaissent sur "
                         "aucune carte.")
    return tuple(sentences)
