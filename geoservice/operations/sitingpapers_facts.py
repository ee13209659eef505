"""What an opportunity study says of facts: by category, month and hour, there and in view, and whether an effect could show.

Facts are those of one kind with a point, which a plan counts; assaults on staff have none and are not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import shapely

from geoservice.core import crs, grid
from geoservice.core.query import FactQuery, day_number
from geoservice.core.siting.deadlines import months_after
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.trend import Trend, trend
from geoservice.operations import sitinghand, sitingkept
from geoservice.operations.chosen import Chosen, chosen
from geoservice.operations.levergate import Gate, gate
from geoservice.operations.levermonths import RING_M
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.siting import Plan
from geoservice.types import Category, member_of

BAND_H, UNKNOWN_H = 3, 255
AFTER = (6, 12, 24)  # months of a gate
REDUCTION = 0.13  # what studies of cameras find in the mean: `levers.toml`
_CELL = 11  # of the places of a gate: some 50 m across
_EACH, _MOST = 4, 200  # controls of a place, places of a gate
_known: Shelf[Gate] = Shelf(256)  # a second of simulations: of the same counts the same


@dataclass(frozen=True)
class Facts:
    """all, seen: facts of the area with a point, and those whose place the plan has in view. categories: (which, all, seen), most
    first; starts: first days of whole months, with counts (months,) of all and of those in view; hours (8,) bands of those in
    view, `timeless` without an hour; tendency of all and gates of those in view, or the reason why there is none."""

    all: int
    seen: int
    categories: tuple[tuple[Category, int, int], ...]
    starts: tuple[date, ...]
    months: np.ndarray
    months_seen: np.ndarray
    hours: np.ndarray
    timeless: int
    tendency: Trend | str
    gates: tuple[Gate, ...]
    gate_reason: str


def facts_of(reader: Reader, plan: Plan) -> Facts:
    """The facts of a plan's area, as they are today."""
    query, _ = reader.resolved(plan.asked.query)
    found, held = chosen(reader, query), seen_of(reader, plan)
    sees = np.zeros(len(found), dtype=bool)
    sees[held] = True
    edges = month_edges(reader, query)
    months, part = (by_month(found.column("day")[which], edges) for which in (np.ones(len(found), bool), sees))
    hours = found.column("hour")[sees].astype(np.int64)
    gates, reason = _gates(reader, query, found, sees, edges)
    return Facts(len(found), int(sees.sum()), _categories(found, sees), tuple(edges[:-1]), months, part,
                 np.bincount(hours[hours < 24] // BAND_H, minlength=24 // BAND_H), int((hours >= 24).sum()),
                 _tendency(months, edges), gates, reason)


def seen_of(reader: Reader, plan: Plan) -> np.ndarray:
    """Rows of the facts that were chosen whose place is in view of a camera of the plan."""
    together = sitinghand.together(reader, plan.asked, tuple(sitingkept.placed_of(plan)))
    return together.seen.rows[together.held[together.seen.at]]


def month_edges(reader: Reader, query: FactQuery) -> list[date]:
    """First days of the whole months that a query and the data cover, and the day after the last; [] without any."""
    known = reader.period()
    if known is None:
        return []
    first, after = max(query.since or known[0], known[0]), min(query.until or date.max, known[1] + timedelta(1))
    start = first if first.day == 1 else months_after(first.replace(day=1), 1)
    many = (after.year - start.year) * 12 + after.month - start.month
    return [months_after(start, each) for each in range(many + 1)] if many > 0 else []


def by_month(days: np.ndarray, edges: list[date]) -> np.ndarray:
    """Facts of each month between edges, (months,)."""
    if not edges:
        return np.empty(0, np.int64)
    month = np.searchsorted([day_number(each) for each in edges], days.astype(np.int64), side="right") - 1
    return np.bincount(month[(month >= 0) & (month < len(edges) - 1)], minlength=len(edges) - 1)


def _categories(found: Chosen, sees: np.ndarray) -> tuple[tuple[Category, int, int], ...]:
    codes = found.column("category").astype(np.int64)
    whole, part = np.bincount(codes, minlength=256), np.bincount(codes[sees], minlength=256)
    rows = [(category, int(whole[code]), int(part[code])) for code in np.flatnonzero(whole).tolist()
            if (category := member_of(Category, code)) is not None]
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))


def _tendency(months: np.ndarray, edges: list[date]) -> Trend | str:
    """Of facts a day: months are not equally long."""
    days = np.array([(after - before).days for before, after in pairwise(edges)])
    try:
        return trend(months / days if len(days) else months)
    except NotEnough as lacking:
        return str(lacking)


def _gates(reader: Reader, query: FactQuery, found: Chosen, sees: np.ndarray, edges: list[date]) -> tuple[tuple[Gate, ...], str]:
    """For several months after, with the places in view against places of the same facts farther than RING_M from any of them."""
    try:
        if len(edges) < 2:
            raise NotEnough("aucun_mois", "Aucun mois entier n’est connu : élargissez la période.")
        treated, controls = _places(reader, query, found, sees, edges)
        key = reader.shelf.organisations, *((each.shape, each.tobytes()) for each in (treated, controls))
        return tuple(_known.get((*key, months), lambda months=months: gate(treated, controls, months, REDUCTION))
                     for months in AFTER), ""
    except NotEnough as lacking:
        return (), str(lacking)


def _places(reader: Reader, query: FactQuery, found: Chosen, sees: np.ndarray,
            edges: list[date]) -> tuple[np.ndarray, np.ndarray]:
    """Facts by place and month in view, and of as many places alike as there are, up to four each; (places, months) each."""
    every = chosen(reader, replace(query, zone=None, bbox=None))
    cells, counts = _table(every.parents(_CELL), every.column("day"), edges)
    ours, treated = _table(found.parents(_CELL)[sees], found.column("day")[sees], edges)
    if not len(ours):
        raise NotEnough("rien_en_vue", "Aucun fait n’est en vue : il n’y a pas d’effet à mesurer.")
    most = np.sort(np.argsort(-treated.sum(axis=1), kind="stable")[:_MOST])
    far = _far(grid.centres(cells), grid.centres(ours))
    return treated[most], counts[far][_alike(treated[most].sum(axis=1), counts[far].sum(axis=1))]


def _table(cells: np.ndarray, days: np.ndarray, edges: list[date]) -> tuple[np.ndarray, np.ndarray]:
    """Cells with a fact in these months, and their facts by month."""
    month = np.searchsorted([day_number(each) for each in edges], days.astype(np.int64), side="right") - 1
    kept = (month >= 0) & (month < len(edges) - 1)
    known, which = np.unique(cells[kept], return_inverse=True)
    many = len(edges) - 1
    return known, np.bincount(which.ravel() * many + month[kept], minlength=len(known) * many).reshape(len(known), many)


def _far(places: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Rows of places (n, 2) lon, lat farther than RING_M from all of ours."""
    epsg = crs.metric_epsg(*ours.mean(axis=0).tolist())
    theirs, mine = (shapely.points(np.column_stack(crs.project(xy[:, 0], xy[:, 1], epsg))) for xy in (places, ours))
    near = np.unique(shapely.STRtree(mine).query(theirs, predicate="dwithin", distance=float(RING_M))[0])
    return np.setdiff1d(np.arange(len(places)), near)


def _alike(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Rows of the known totals nearest to each that is wanted, up to four each and each once; the largest chooses first."""
    free, out = np.ones(len(known), dtype=bool), []
    for total in np.sort(wanted)[::-1].tolist():
        rows = np.flatnonzero(free)
        best = rows[np.argsort(np.abs(known[rows] - total), kind="stable")[:_EACH]]
        free[best] = False
        out += best.tolist()
    return np.array(out, dtype=np.int64)
