"""How facts weigh in a plan of cameras: one each, by gravity, by the hours they take, or by what hot spots hold beyond chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoservice.core.query import FactQuery
from geoservice.core.siting import weighing
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.verdict import FRAGILE, SOLID
from geoservice.operations import analyse, hotareas
from geoservice.operations.chosen import Chosen
from geoservice.operations.reader import Reader


@dataclass(frozen=True, eq=False)
class Weighed:
    """weights (n,) of n places; nothing: facts that weigh nothing, since they have no hour or lie in no hot area."""

    weights: np.ndarray
    nothing: int = 0


def weighed(reader: Reader, query: FactQuery, found: Chosen, at: tuple[np.ndarray, np.ndarray], how: str) -> Weighed:
    """Weights of places. at: rows (m,) of the facts that guide, and the place (m,) int64 of each. NotEnough where none weighs
    anything, or where the hot spots have no answer."""
    rows, place = at
    places = int(place.max()) + 1 if len(place) else 0
    if how == "gravity":
        return Weighed(np.bincount(place, np.maximum(found.column("gravity")[rows].astype(np.float64), 1.0), places))
    if how == "hours":
        when = found.column("day")[rows], found.column("hour")[rows], found.column("span")[rows]
        return _some(Weighed(*weighing.hours_at_risk(place, when, places)), "sans_heures", "Aucun de ces faits n’est connu à "
                     "l’heure près : pesez-les autrement, ou complétez les heures à la saisie.")
    if how == "excess":
        return _excess(reader, query, found, (rows, place))
    return Weighed(np.bincount(place, minlength=places).astype(np.float64))


def _excess(reader: Reader, query: FactQuery, found: Chosen, at: tuple[np.ndarray, np.ndarray]) -> Weighed:
    """By the hot areas of the whole territory under the same filter: what is hot is so among all places, not among a few."""
    hot = analyse.analyse(reader, replace(query, zone=None, bbox=None))
    if hot.found is None or hot.area is None:
        why = hot.reason.sentence if hot.reason else ""
        raise NotEnough("sans_points_chauds", f"Pesez les faits autrement : il n’y a pas de points chauds. {why}".strip())
    share = np.zeros(len(hot.area))
    for area, numbers, verdict in hotareas.ranked(hot)[0]:
        if verdict.verdict in (SOLID, FRAGILE) and numbers.observed > 0:
            share[area] = max(numbers.excess, 0.0) / numbers.observed
    rows, place = at
    places = int(place.max()) + 1 if len(place) else 0
    units = analyse.units_of(found, hot.area)[rows]
    return _some(Weighed(*weighing.in_excess(place, units, share, places)), "sans_points_chauds", "Aucun de ces faits n’est dans "
                 "un point chaud solide ou fragile : pesez-les autrement, ou choisissez un autre lieu.")


def _some(found: Weighed, code: str, sentence: str) -> Weighed:
    if len(found.weights) and not (found.weights > 0).any():
        raise NotEnough(code, sentence)
    return found
