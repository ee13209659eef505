"""The sheet of hot spots: the areas on the map, what each holds beside what was expected, and how it was tested."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from geoservice.core import grid
from geoservice.core.query import FactQuery
from geoservice.export import french
from geoservice.export.french import NNBSP
from geoservice.export.sheet import Row, Sheet, Table
from geoservice.operations import analyse
from geoservice.operations.analyse import Wanted
from geoservice.operations.hotpicture import WORDS, HotPicture, draw
from geoservice.operations.picture import Frame, hexagon_width_m
from geoservice.operations.reader import Reader
from geoservice.operations.sheets import sources_of, territory_of
from geoservice.types import LABELS, Category, Kind

MARKS = 10


def compose(reader: Reader, query: FactQuery, wanted: Wanted, frame: Frame, edited: datetime) -> Sheet:
    """The sheet of hot spots under a filter; errors are those of `hotpicture.draw`."""
    found = draw(reader, query, wanted, frame)
    query, area = found.found.query, found.found.area
    held = found.found.counts > 0
    points = np.empty((0, 2)) if area is None else area.middles(np.flatnonzero(held))
    territory = territory_of(reader, query, points, found.found.counts[held])
    return Sheet(
        title=f"Points chauds{f', origine{NNBSP}: {LABELS[query.kind].lower()}' if query.kind else ''}", territory=territory,
        period=french.period(query, reader.period()), filters=tuple(french.filters(query)), figures=_figures(found),
        drawing=found.drawing, scale_m=(found.metres_a_pixel, _cells_in_words(found)),
        legend=tuple((colour, word, str(number)) for colour, word, number in found.legend()), legend_title="Points chauds",
        table=_table(found), sources=sources_of(reader, query.kind, found.layers), method=_method(found), edited=edited)


def _figures(found: HotPicture) -> tuple[str, ...]:
    return (found.drawing.description,)


def _cells_in_words(found: HotPicture) -> str:
    analysis = found.found
    if analysis.area is None:
        return ""
    if analysis.unit == "residence":
        return "Résidences comparées selon leurs logements, chacune à son point."
    width = round(hexagon_width_m(float(grid.areas_m2(analysis.area.cells[:1])[0])), -1)
    return f"Hexagones d’environ {french.number(width)}{NNBSP}m de large, réunis quand ils se touchent."


def _table(found: HotPicture) -> Table:
    rows = tuple(Row(area.rank, area.name or "Sans repère", french.number(int(found.found.counts[area.rows].sum())),
                     (f"{french.number(int(area.numbers.low))} à {french.number(int(area.numbers.high))}",
                      WORDS[area.verdict.verdict].split()[0]))
                 for area in found.shown[:MARKS])
    return Table("Où agir d’abord", (("Par hasard", 24.0), ("Verdict", 18.0)), rows)


def _method(found: HotPicture) -> tuple[str, ...]:
    """How it was tested, and what a hot spot is not."""
    sentences = [
        analyse.method(found.found).sentence.replace(" ;", f"{NNBSP};").replace(" :", f"{NNBSP}:").replace(" %", f"{NNBSP}%"),
        f"«{NNBSP}Par hasard{NNBSP}»{NNBSP}: ce que montrerait le hasard seul, pour 95 cartes sur 100.",
        f"Solide{NNBSP}: résiste à tous les contrôles. Fragile{NNBSP}: à confirmer. Artefact probable{NNBSP}: tient sans doute à "
        "la façon d’enregistrer les faits.",
        "Un signalement n’est pas un fait prouvé, et un point chaud ne dit ni qui, ni pourquoi, ni ce qui arrivera.",
        "Les faits d’origines différentes ne s’additionnent jamais.",
    ]
    if found.found.kind == Kind.BAILLEUR:
        sentences.append(f"Les atteintes au personnel ({Category.AGP}) ne sont comptées que par résidence et n’apparaissent sur "
                         "aucune carte.")
    return tuple(sentences)
