"""How unevenly facts lie under a filter: in few places, soon after one another, or not more than chance would have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core import crs
from geoservice.core.facts import DEGREE
from geoservice.core.query import FactQuery
from geoservice.core.stats.calibration import Calibration, calibrate
from geoservice.core.stats.concentration import Concentration, concentration
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import FEW, HotSpots
from geoservice.core.stats.knox import NearRepeats, near_repeats
from geoservice.core.stats.weights import Neighbours
from geoservice.core.stats.words import number, percent
from geoservice.operations.analyse import Analysis, Reason, Wanted, analyse
from geoservice.operations.chosen import Chosen, chosen
from geoservice.operations.reader import Reader
from geoservice.operations.said import Said, of_data
from geoservice.types import Kind

METRES, DAYS = (0.0, 100.0, 200.0, 400.0), (7.0, 14.0, 28.0, 56.0)
MOST_FACTS, FEWEST_FACTS, MOST_PAIRS = 4_000, 500, 500_000  # the most recent facts: pairs grow with their square
PERMUTATIONS, SEED = 199, 1
_AROUND = 2.5  # pairs within the last distance, beside those of one square of that side
_MOST_TESTED, _FEWEST_RUNS, _MOST_RUNS, _RUNS_OF_FEW = 1_500_000, 40, 200, 80  # cells tested in all; maps


@dataclass(frozen=True, eq=False)
class Concentrated:
    """Concentration over all units of the study area, or the reason why there is none."""

    analysis: Analysis
    found: Concentration | None
    reason: Reason | None
    said: Said


def concentrated(reader: Reader, query: FactQuery, wanted: Wanted) -> Concentrated:
    """Which share of the places holds a quarter, half and four fifths of the facts."""
    analysis = analyse(reader, query, wanted)
    said = Said("courbe de Lorenz, Gini et Gini’", "Part des lieux de la zone d’étude, même sans fait, qui portent une part "
                "des faits ; Gini’ tient compte de ce que peu de faits ne peuvent pas être partout (Bernasco, Steenbeek 2017).",
                of_data(reader))
    if analysis.area is None:
        return Concentrated(analysis, None, analysis.reason, said)
    try:
        return Concentrated(analysis, concentration(analysis.counts), None, said)
    except NotEnough as lacking:
        return Concentrated(analysis, None, Reason(lacking.code, str(lacking)), said)


@dataclass(frozen=True, eq=False)
class Repeats:
    """Near repeats of the `used` most recent facts of `total`, or the reason why there are none."""

    kind: Kind | None
    used: int
    total: int
    found: NearRepeats | None
    reason: Reason | None
    said: Said


def repeats(reader: Reader, query: FactQuery) -> Repeats:
    """Whether a fact is followed by others nearby more than chance would have it."""
    query, _ = reader.resolved(query)
    facts = chosen(reader, query)
    day = facts.column("day").astype(np.float64)
    latest = _latest(facts, day)
    said = Said("Knox par bandes de distance et de temps", f"Couples de faits proches, comparés à {PERMUTATIONS} mélanges des "
                "dates entre les lieux. Un même fait signalé deux fois compte comme deux faits proches.", of_data(reader),
                null="dates mélangées entre les lieux", level=0.05, correction="aucune", seed=SEED)
    try:
        xy = _metres(*(facts.column(name)[latest] / DEGREE for name in ("lon", "lat")))
        found = near_repeats(xy, day[latest], METRES, DAYS, PERMUTATIONS, SEED)
    except NotEnough as lacking:
        return Repeats(query.kind, len(latest), len(day), None, Reason(lacking.code, str(lacking)), said)
    return Repeats(query.kind, len(latest), len(day), found, None, said)


def _latest(facts: Chosen, day: np.ndarray) -> np.ndarray:
    """Rows of the most recent facts, in stored order: fewer where they lie so close that their pairs would be too many."""
    order = np.argsort(day, kind="stable")[-MOST_FACTS:]
    if len(order) <= FEWEST_FACTS:
        return np.sort(order)
    xy = _metres(*(facts.column(name)[order] / DEGREE for name in ("lon", "lat")))
    _, many = np.unique(np.floor(xy / METRES[-1]), axis=0, return_counts=True)
    pairs = _AROUND * float((many.astype(float) ** 2).sum()) / 2
    kept = int(len(order) * min(1.0, (MOST_PAIRS / pairs) ** 0.5))
    return np.sort(order[-max(kept, FEWEST_FACTS):])


def _metres(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Positions in the metric CRS of the territory that holds the first fact, (n, 2)."""
    if not len(lon):
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection.")
    return np.column_stack(crs.project(lon, lat, crs.metric_epsg(float(lon[0]), float(lat[0]))))


def repeats_sentence(found: Repeats) -> str:
    """The clearest band in words."""
    if found.found is None:
        return "" if found.reason is None else found.reason.sentence
    table, sure = found.found, found.found.p <= 0.05
    above = np.where(sure & (table.ratio > 1) & (table.observed >= 5), table.ratio, 0.0)
    if not above.any():
        return "Les faits ne se suivent pas de près plus que par hasard."
    row, column = np.unravel_index(int(above.argmax()), above.shape)
    where = "au même endroit" if not table.metres[row] else f"à moins de {number(table.metres[row])} m"
    when = f"dans les {number(table.days[0])} jours" if not column else \
        f"entre {number(table.days[column - 1])} et {number(table.days[column])} jours après"
    return (f"Après un fait, il y en a {number(float(above[row, column]))} fois plus que par hasard {where} {when} "
            f"(p = {number(float(table.p[row, column]), 3)}).")


@dataclass(frozen=True)
class MapAtHand:
    """What calibration needs of a map, fit to be sent to another process."""

    exposure: np.ndarray
    neighbours: Neighbours
    dispersion: float
    total: int
    wanted: Wanted
    runs: int


def map_at_hand(analysis: Analysis) -> MapAtHand | Reason:
    """The map of an analysis; the Reason where it has no answer."""
    if analysis.found is None or analysis.area is None:
        return analysis.reason or Reason("aucun_fait", "Aucun fait dans cette sélection.")
    # a map of few units is asked about each of its likeliest ones anew, which costs as much as a thousand cells
    cells = len(analysis.area) if len(analysis.area) > FEW else _MOST_TESTED // _RUNS_OF_FEW
    runs = int(np.clip(_MOST_TESTED // max(cells, 1), _FEWEST_RUNS, _MOST_RUNS))
    return MapAtHand(analysis.area.exposure, analysis.area.neighbours, spread_of(analysis.found), analysis.found.total,
                     analysis.wanted, runs)


def spread_of(found: HotSpots) -> float:
    """The map's variance / mean; 1 for a null that has none."""
    return 1.0 if found.dispersion is None else float(found.dispersion.ratio)


def calibrated(given: MapAtHand) -> Calibration:
    """The rate of false alarms of the test on maps like this one, without any cluster."""
    from geoservice.core import compiled
    from geoservice.core.stats import nulls

    compiled.load(nulls.loops)  # hundreds of tests are worth the second that it takes
    return calibrate(given.exposure, given.neighbours, given.dispersion, given.total, given.wanted.options, given.runs, SEED)


def calibration_sentence(found: Calibration) -> str:
    """The rate in words, with what so few draws are worth."""
    low, high = found.interval
    return (f"Sur {number(found.runs)} cartes simulées sans aucun foyer, aussi irrégulières que celle-ci, "
            f"{percent(found.false_maps)} montrent au moins un faux point chaud "
            f"(intervalle à 95 % : de {percent(low)} à {percent(high)}).")
