"""Hot cells that touch, as one area: what it holds, what chance would give, and in which order areas deserve attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.chance import ranges
from geoservice.core.stats.hotspots import HotSpots
from geoservice.core.stats.intervals import ratio_limits
from geoservice.core.stats.verdict import ARTEFACT, FRAGILE, NOT_HOT, SOLID, Verdict
from geoservice.core.stats.weights import disks
from geoservice.core.stats.words import facts as facts_words
from geoservice.core.stats.words import number
from geoservice.operations.analyse import Analysis, Reason
from geoservice.operations.areanames import names_of
from geoservice.operations.evidence import Numbers, area_of_facts, bunching, evidence_of, judged
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf

MOST = 60  # areas that are told; the map shows every hot cell
_ORDER = {SOLID: 0, FRAGILE: 1, ARTEFACT: 2, NOT_HOT: 3}
_kept: Shelf[HotAreas] = Shelf(64)


@dataclass(frozen=True, eq=False)
class HotArea:
    """An area: rows (m,) of the study area's units, the surest first; rank from 1."""

    rank: int
    rows: np.ndarray
    centre: tuple[float, float]
    name: str
    numbers: Numbers
    verdict: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, eq=False)
class HotAreas:
    """The first MOST areas by evidence and effect, and how many there are in all."""

    areas: tuple[HotArea, ...]
    total: int


def hot_areas(reader: Reader, found: Analysis) -> HotAreas:
    """Areas of an analysis; none where it has no answer. Verdicts use everything but stability, which is for an opened card."""
    key = (str(reader.shelf.storage.settings.data), reader.viewer.organisation_id, found.index_version, found.query.canonical(),
           found.wanted)
    return _kept.get(key, lambda: _hot_areas(reader, found))


def _hot_areas(reader: Reader, found: Analysis) -> HotAreas:
    told, total = ranked(found)
    chosen = [rows for rows, _, _ in told]
    centres = [centre_of(found, rows) for rows in chosen]
    names = names_of(reader, found, chosen, centres)
    areas = [HotArea(rank, rows, centre, name, numbers, verdict, reasons_of(numbers, verdict))
             for rank, ((rows, numbers, verdict), centre, name) in enumerate(zip(told, centres, names, strict=True), 1)]
    return HotAreas(tuple(areas), total)


def ranked(found: Analysis) -> tuple[list[tuple[np.ndarray, Numbers, Verdict]], int]:
    """Rows, numbers and verdict of the first MOST areas, the surest first, and how many there are in all; nothing is read."""
    groups = together(found)
    if not groups:
        return [], 0
    # the most telling first, so that what is left out is the least
    told = sorted(zip(groups, numbers_of(found, groups), strict=True),
                  key=lambda pair: (-pair[1].sure_excess, pair[1].q, int(pair[0][0])))[:MOST]
    verdicts = [judged(each) for each in evidence_of(found, [rows for rows, _ in told], [numbers for _, numbers in told])]
    order = sorted(range(len(told)), key=lambda place: (_ORDER[verdicts[place].verdict], place))
    return [(*told[place], verdicts[place]) for place in order], len(groups)


def together(found: Analysis) -> list[np.ndarray]:
    """Rows of hot units that touch on the H3 grid, the surest of each group first; residences stand alone.

    A group that is hot by what lies around it more than by what it holds takes those cells in: an area is where the facts are.
    """
    if found.found is None or found.area is None:
        return []
    hot = np.flatnonzero(found.found.hot)
    if not len(hot):
        return []
    group = np.arange(len(hot)) if found.unit == "residence" else _components(found.area.cells[hot])
    sure = np.lexsort((-found.found.ratio[hot], found.found.q[hot]))
    order = sure[np.argsort(group[sure], kind="stable")]
    groups = np.split(hot[order], np.flatnonzero(np.diff(group[order])) + 1)
    return groups if found.unit == "residence" else _where_the_facts_are(found, groups)


def _where_the_facts_are(found: Analysis, groups: list[np.ndarray]) -> list[np.ndarray]:
    """Groups whose own cells do not reach the floor, with the cells around that hold facts and belong to no group yet."""
    assert found.found is not None
    assert found.area is not None
    near, exposure = found.area.neighbours, found.area.exposure
    taken = np.zeros(len(exposure), dtype=bool)
    taken[np.concatenate(groups)] = True
    out = []
    for rows in groups:
        expected = found.found.total * exposure[rows].sum() / exposure.sum()
        if found.counts[rows].sum() < found.found.options.floor * expected:
            around = np.unique(np.concatenate([near.indices[near.indptr[row]:near.indptr[row + 1]] for row in rows]))
            more = around[~taken[around] & (found.counts[around] > 0)]
            taken[more] = True
            rows = np.concatenate([rows, more])
        if found.counts[rows].sum():
            out.append(rows)
    return out


def _components(cells: np.ndarray) -> np.ndarray:
    """Which group of touching cells each belongs to, (n,)."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    near = disks(cells, 1)
    graph = csr_matrix((np.ones(len(near.indices), dtype=np.int8), near.indices, near.indptr), shape=(len(cells), len(cells)))
    return connected_components(graph, directed=False)[1]


def numbers_of(found: Analysis, groups: list[np.ndarray]) -> list[Numbers]:
    """Facts of each group of units together, beside what exposure alone would give them and what chance would make of that."""
    if not groups or found.found is None or found.area is None:
        return []
    bunched = bunching(found, area_of_facts(found, groups), len(groups))
    exposure, result = found.area.exposure, found.found
    share = np.array([min(1.0, float(exposure[rows].sum() / exposure.sum())) for rows in groups])
    low, high = ranges(result.total, share, _shapes(result, groups, share), result.options.cover)
    out = []
    for place, rows in enumerate(groups):
        observed, expected = float(found.counts[rows].sum()), float(share[place] * result.total)
        limits = ratio_limits([observed], [expected], float(bunched[place]))
        out.append(Numbers(observed, expected, float(low[place]), float(high[place]), float(limits[0][0]), float(limits[1][0]),
                           float(result.p[rows].min()), float(result.q[rows].min())))
    return out


def _shapes(found: HotSpots, groups: list[np.ndarray], share: np.ndarray) -> tuple[np.ndarray, ...]:
    """Shapes of the betas of groups of units, one array a law: taken per unit of exposure from the units at hand."""
    return tuple(np.array([(shape[rows] / np.maximum(found.share[rows], 1e-15)).mean() for rows in groups]) * share
                 for shape in found.shapes)


def centre_of(found: Analysis, rows: np.ndarray) -> tuple[float, float]:
    """The middle of the facts of an area, to the cell: weighted by what its cells hold."""
    assert found.area is not None
    weights = np.maximum(found.counts[rows], 1e-9)
    lon, lat = np.average(found.area.middles(rows), axis=0, weights=weights)
    return round(float(lon), 6), round(float(lat), 6)


def reasons_of(numbers: Numbers, verdict: Verdict) -> tuple[Reason, ...]:
    """Why it stands where it stands: the evidence, the effect, then what speaks against it."""
    q = "moins de 0,001" if numbers.q < 0.001 else number(numbers.q, 3)
    sure = f", au moins {number(numbers.sure_excess, 0)} en tenant compte de l’incertitude" if numbers.sure_excess >= 1 else ""
    return (Reason("preuve", f"Ce que le hasard seul montrerait ici va de {number(numbers.low)} à {facts_words(numbers.high)} "
                   f"(probabilité corrigée : {q})."),
            Reason("effet", f"{facts_words(numbers.excess)} de plus qu’attendu{sure}."),
            *(Reason(each.code, f"{each.sentence[0].upper()}{each.sentence[1:]}.") for each in verdict.reasons))

