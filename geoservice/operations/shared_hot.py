"""Hot spots for shared eyes: the default test on released counts alone. A count that is not shown is no zero: it is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.core.stats import hotspots
from geoservice.core.stats.chance import ranges
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import HotSpots
from geoservice.core.stats.intervals import ratio_limits
from geoservice.core.stats.verdict import FRAGILE, SOLID, Evidence, Verdict, verdict
from geoservice.core.stats.weights import Neighbours, from_lists
from geoservice.core.stats.words import number
from geoservice.export.french import typeset
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.evidence import LIST_RULES
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import Column, Wish, column, tables_of, values_of

MOST = 60
LEAST_MONTHS = 6
# what asks for single facts cannot be asked of a release
RULES = tuple(rule for rule in LIST_RULES if rule.code != "pile_inconnue")
_CONTROLS = "Il résiste aux contrôles que permettent les nombres diffusés."
_LACKING = {"trop-peu-de-cellules": "Moins de dix lieux ont un nombre diffusé : on ne peut rien comparer. Choisissez un autre "
                                    "niveau ou une période plus longue."}
_ORDER = {SOLID: 0, FRAGILE: 1}


@dataclass(frozen=True, eq=False)
class _Units:
    """Places that take part: rows of the level, their counts, exposure and neighbours among themselves."""

    rows: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    near: Neighbours
    edge: np.ndarray


def hot(opened: Opened, wish: Wish) -> dict[str, Any]:
    """The answer as JSON: units that took part with their numbers, then ranked areas with their verdict."""
    found = column(opened, wish)
    key = ("hot", found.kind, found.level, found.period, found.group)
    return opened.keep(key, lambda: _hot(opened, found))


def _hot(opened: Opened, found: Column) -> dict[str, Any]:
    dwellings = np.floor(opened.release.places[found.level].dwellings)
    units = _units(opened, found, dwellings)
    masked, empty = int((~found.shown).sum()), int((found.shown & (dwellings < 1)).sum())
    said = {"release": opened.id, "kind": found.kind, "level": found.level, "period": found.period, "group": found.group,
            "exposure": "dwellings", "excluded": {"masked": masked, "no_dwellings": empty}, "sentence": _sentence(masked, empty)}
    try:
        tested = hotspots.test(units.counts, units.exposure, units.near)
    except NotEnough as lacking:
        reason = {"code": lacking.code, "sentence": typeset(_LACKING.get(lacking.code, str(lacking)))}
        return {**said, "enough": False, "reason": reason, "places": [], "areas": []}
    areas = _areas(opened, found, units, tested)
    return {**said, "enough": True, "reason": None, **_numbers(opened, found, units, tested), "areas": areas}


def _units(opened: Opened, found: Column, dwellings: np.ndarray) -> _Units:
    near, edge = shapes.neighbours(opened, found.level)
    rows = np.flatnonzero(found.shown & (dwellings >= 1))
    place = np.full(len(dwellings), -1)
    place[rows] = np.arange(len(rows))
    kept = (place[near.rows] >= 0) & (place[near.indices] >= 0)
    first, second = place[near.rows][kept], place[near.indices][kept]
    order = np.lexsort((second, first))
    starts = np.concatenate([[0], np.cumsum(np.bincount(first, minlength=len(rows)))])
    return _Units(rows, found.values[rows].astype(np.int64), dwellings[rows], from_lists(starts, second[order]), edge[rows])


def _sentence(masked: int, empty: int) -> str:
    return typeset("Calculé sur les seuls nombres diffusés, rapportés aux logements. Lieux laissés de côté : "
                   f"{number(masked, 0)} non diffusés (ce ne sont pas des zéros) et {number(empty, 0)} sans logement connu. "
                   "Chaque nombre porte un petit aléa.")


def _numbers(opened: Opened, found: Column, units: _Units, tested: HotSpots) -> dict[str, Any]:
    names = opened.release.places[found.level].names
    return {"places": [names[row] for row in units.rows.tolist()], "observed": tested.observed.astype(int).tolist(),
            "expected": tested.expected.round(1).tolist(), "ratio": tested.ratio.round(2).tolist(),
            "q": [float(f"{q:.3g}") for q in tested.q.tolist()], "hot": tested.hot.tolist(),
            "dispersion": None if tested.dispersion is None else round(float(tested.dispersion.ratio), 2)}


def _areas(opened: Opened, found: Column, units: _Units, tested: HotSpots) -> list[dict[str, Any]]:
    general = 1.0 if tested.dispersion is None else max(1.0, float(tested.dispersion.ratio))
    spread = _bunching(opened, found, general)
    out = [_area(opened, found, units, tested, rows, spread[units.rows[rows]]) for rows in _together(units, tested)]
    out.sort(key=lambda area: (_ORDER.get(area["verdict"], 2), -area["sure_excess"], area["q"], area["places"][0]))
    return [{"rank": rank, **area} for rank, area in enumerate(out[:MOST], 1)]


def _together(units: _Units, tested: HotSpots) -> list[np.ndarray]:
    """Hot units that touch, the surest first."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    hot_rows = np.flatnonzero(tested.hot)
    if not len(hot_rows):
        return []
    near, size = units.near, len(units.rows)
    graph = csr_matrix((np.ones(len(near.indices), dtype=np.int8), near.indices, near.indptr), shape=(size, size))
    group = connected_components(graph[hot_rows][:, hot_rows], directed=False)[1]
    sure = np.lexsort((hot_rows, -tested.ratio[hot_rows], tested.q[hot_rows]))
    order = sure[np.argsort(group[sure], kind="stable")]
    return np.split(hot_rows[order], np.flatnonzero(np.diff(group[order])) + 1)


def _area(opened: Opened, found: Column, units: _Units, tested: HotSpots, rows: np.ndarray, spread: np.ndarray) -> dict[str, Any]:
    total, share = tested.total, min(1.0, float(units.exposure[rows].sum() / units.exposure.sum()))
    observed, expected = float(units.counts[rows].sum()), share * total
    shape = tuple(np.array([(one[rows] / np.maximum(tested.share[rows], 1e-15)).mean() * share]) for one in tested.shapes)
    low, high = ranges(total, np.array([share]), shape, tested.options.cover)
    noise = 1 + opened.release.parameters.variance * len(rows) / max(observed, 1.0)
    limits = ratio_limits([observed], [expected], max(1.0, float(spread.mean())) * noise)
    numbers = (float(limits[0][0]), float(limits[1][0]))
    said = _judged(Evidence(float(tested.p[rows].min()), float(tested.q[rows].min()), observed, expected, *numbers,
                            edge=bool(units.edge[rows].any())))
    q = float(tested.q[rows].min())
    rows = rows[np.lexsort((rows, -units.counts[rows]))]  # an area is called by the place where most of its facts are
    names, named = opened.release.places[found.level].names, shapes.labels(opened, found.level)
    middle = opened.keep(("centres", found.level), lambda: _centres(shapes.outlines(opened, found.level)))
    centre = np.average(middle[units.rows[rows]], axis=0, weights=np.maximum(units.counts[rows], 1))
    return {"places": [names[row] for row in units.rows[rows].tolist()],
            "name": _name(named[int(units.rows[rows[0]])], len(rows)),
            "centre": [round(float(value), 6) for value in centre], "facts": int(observed), "expected": round(expected, 1),
            "low": float(low[0]), "high": float(high[0]), "ratio": round(observed / expected, 2),
            "ratio_low": round(numbers[0], 2), "ratio_high": round(numbers[1], 2),
            "sure_excess": round(max(0.0, numbers[0] - 1) * expected, 1), "q": float(f"{q:.3g}"),
            "verdict": said.verdict, "sentence": said.sentence,
            "reasons": [{"code": one.code, "sentence": f"{one.sentence[0].upper()}{one.sentence[1:]}."} for one in said.reasons]}


def _name(first: str, many: int) -> str:
    return first if many == 1 else f"{first} et {many - 1} voisin{'s' if many > 2 else ''}"


def _judged(evidence: Evidence) -> Verdict:
    found = verdict(evidence, RULES)
    return replace(found, sentence=found.sentence.replace("Il résiste à tous les contrôles.", _CONTROLS))


def _centres(outlines: np.ndarray) -> np.ndarray:
    import shapely

    middle = shapely.centroid(outlines)
    return np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])


def _bunching(opened: Opened, found: Column, general: float) -> np.ndarray:
    """Variance / mean of the months that are shown of each place, at least 1, (places,); `general`, how unevenly facts lie on the
    map, where fewer than LEAST_MONTHS are."""
    months = [values_of(table, period, found.group) for table in tables_of(opened.release, found.kind, found.level)
              if table.period == "month" and found.group in table.groups for period in table.periods]
    out = np.full(len(found.values), general)
    if len(months) < LEAST_MONTHS:
        return out
    held = np.stack(months).astype(float)
    shown = held != NOT_SHOWN
    enough = shown.sum(axis=0) >= LEAST_MONTHS
    if enough.any():
        held[~shown] = np.nan
        mean, variance = np.nanmean(held[:, enough], axis=0), np.nanvar(held[:, enough], axis=0, ddof=1)
        out[enough] = np.maximum(1.0, variance / mean)
    return out
