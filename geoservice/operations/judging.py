"""How good are the data, and how good was the map: signals of quality, and what a map said of a later period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core.query import FactQuery, day_number
from geoservice.core.stats import prediction, quality
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.prediction import At, Compared
from geoservice.core.stats.quality import Signal
from geoservice.errors import BadInput
from geoservice.operations.analyse import Analysis, Reason, Wanted, analyse
from geoservice.operations.chosen import Chosen, chosen
from geoservice.operations.comparison import Span
from geoservice.operations.reader import Reader
from geoservice.types import LABELS, Nature, Placement, code_of

_MONTH, _LATE = 30, 65_535


@dataclass(frozen=True)
class Quality:
    """Signals that could be measured, and by code why the others could not."""

    signals: tuple[Signal, ...]
    lacking: tuple[Reason, ...]
    facts: int


def quality_of(reader: Reader, query: FactQuery) -> Quality:
    """Stacks, single reporter, geocoding, rounded hours and drift of the natures of report, of the facts under a filter."""
    facts = chosen(reader, query)
    asked: tuple[Callable[[], Signal], ...] = (
        lambda: quality.stacks(facts.column("lon"), facts.column("lat"), facts.column("placement")).signal,
        lambda: quality.single_reporter(facts.column("nature"), None, {code_of(word): LABELS[word] for word in Nature}),
        lambda: quality.geocoding(_placements(facts)),
        lambda: quality.heaped_hours(facts.column("hour")),
        lambda: quality.drift(_natures_by_month(facts), ("Non renseigné", *(LABELS[word] for word in Nature))),
    )
    signals, lacking = [], []
    for measure in asked:
        try:
            signals.append(measure())
        except NotEnough as without:
            lacking.append(Reason(without.code, str(without)))
    return Quality(tuple(signals), tuple(lacking), len(facts))


def _placements(facts: Chosen) -> np.ndarray:
    """Placement of every matching fact; those without a point stand as communes, which are none either."""
    return np.concatenate([facts.column("placement"), np.full(facts.unplaced, code_of(Placement.COMMUNE))])


def _natures_by_month(facts: Chosen) -> np.ndarray:
    """Facts by month (of thirty days) and nature code."""
    day, nature = facts.column("day").astype(np.int64), facts.column("nature").astype(np.int64)
    month = (day - day.min(initial=_LATE)) // _MONTH
    width = len(Nature) + 1
    rows = int(month.max(initial=0)) + 1
    return np.bincount(month * width + nature, minlength=rows * width).reshape(rows, width)


@dataclass(frozen=True, eq=False)
class Judged:
    """What a map of one period held of the facts of a later one, at one share of the ground, beside the naive count map.

    `scores`: predicted facts of each unit of the map (n,); `later`: those that came.
    """

    map: Analysis
    later: np.ndarray
    scores: np.ndarray
    share: float
    result: Compared | None
    shares: tuple[At, ...]
    reason: Reason | None


def judge(reader: Reader, query: FactQuery, then: Span, wanted: Wanted, share: float = 0.05) -> Judged:
    """The map of a query's period judged on `then`, which must lie after it: PAI, PEI, RRI (`core.stats.prediction`).

    The map's score: facts of the unit and its neighbours shared by exposure, which is what the hot-spot test looks at.
    """
    if query.until is None:
        query = query.with_(until=then[0])
    if query.until is not None and query.until > then[0]:
        raise BadInput("La période sur laquelle on juge une carte vient après celle de la carte.")
    found = analyse(reader, query, wanted)
    after = analyse(reader, query.with_(since=then[0], until=then[1]), wanted)
    if found.area is None or after.area is None or found.unit != after.unit:
        none = np.empty(0)
        return Judged(found, none, none, share, None, (), found.reason or after.reason)
    days = (then[1] - then[0]).days / max(1, _lasted(found))
    near = found.area.neighbours
    scores = near.sums(found.counts) * found.area.exposure / near.sums(found.area.exposure) * days
    area = found.area.exposure
    try:
        result = prediction.compare(after.counts, scores, found.counts * days, share, area)
        shares = tuple(prediction.at(after.counts, scores, each, area) for each in prediction.SHARES)
    except NotEnough as lacking:
        return Judged(found, after.counts, scores, share, None, (), Reason(lacking.code, str(lacking)))
    return Judged(found, after.counts, scores, share, result, shares, None)


def _lasted(found: Analysis) -> int:
    days = found.facts.column("day").astype(np.int64)
    first = day_number(found.query.since) if found.query.since else int(days.min(initial=_LATE))
    after = day_number(found.query.until) if found.query.until else int(days.max(initial=0)) + 1
    return after - first


def held_by_hot(judged: Judged) -> tuple[float, float] | None:
    """Share of the ground that the hot cells are, and share of the later facts that fell in them; None without any."""
    if judged.map.found is None or judged.map.area is None or not judged.later.sum() or not judged.map.found.hot.any():
        return None
    hot, area = judged.map.found.hot, judged.map.area.exposure
    return float(area[hot].sum() / area.sum()), float(judged.later[hot].sum() / judged.later.sum())

