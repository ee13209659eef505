"""Every statistic of the service in one line, as tables; `attrs` say how each was made.

Where there is too little data, the table is empty and `attrs["reason"]` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geoservice.core import grid
from geoservice.notebook import filters as words
from geoservice.notebook import frames
from geoservice.notebook.spans import span_of
from geoservice.operations import analyse, comparison, hotareas, judging, rhythm, unevenness
from geoservice.operations.analyse import Analysis, Reason, Wanted

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from geoservice.core.query import FactQuery
    from geoservice.operations.reader import Reader

OPTIONS = ("exposure", "null", "side")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_HOT = ("count", "observed", "expected", "low", "high", "ratio", "p", "q", "hot", "rank", "verdict")
_AREA = ("rank", "name", "verdict", "count", "expected", "ratio", "ratio_low", "ratio_high", "q", "sentence")


class Statistics:
    """The statistics of a session; filters are those of `cells`, options those of the API: exposure, null, side."""

    @property
    def _reader(self) -> Reader:
        raise NotImplementedError  # a session has one

    def hotspots(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> GeoDataFrame:
        """The hot-spot test: one row a cell (or residence) with observed, expected, the range of chance, p, q, hot, verdict.

        attrs: method, study area and reason, as the API says them.
        """
        reader, (query, wanted) = self._reader, _asked(filters, named)
        found = analyse.analyse(reader, query, wanted)
        columns = _of_units(found, np.arange(len(found.counts) if found.found is not None else 0))
        if found.found is not None:
            low, high = analyse.chance(found.found)
            rank = np.zeros(len(found.counts), np.int64)
            verdicts = np.full(len(rank), "", dtype=object)
            for area in hotareas.hot_areas(reader, found).areas:
                rank[area.rows], verdicts[area.rows] = area.rank, area.verdict.verdict
            values = (found.counts, found.found.observed, found.found.expected, low, high, found.found.ratio, found.found.p,
                      found.found.q, found.found.hot, rank, verdicts)
            columns |= dict(zip(_HOT, values, strict=True))
        else:
            columns |= {name: [] for name in _HOT}
        return _framed(found, columns)

    def hot_areas(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> GeoDataFrame:
        """« Où agir d’abord ? »: hot cells that touch as one area, by evidence and effect, with the verdict in a sentence."""
        import shapely

        reader, (query, wanted) = self._reader, _asked(filters, named)
        found = analyse.analyse(reader, query, wanted)
        areas = hotareas.hot_areas(reader, found).areas
        rows = [(area.rank, area.name, area.verdict.verdict, int(area.numbers.observed), area.numbers.expected,
                 area.numbers.ratio, area.numbers.ratio_low, area.numbers.ratio_high, area.numbers.q, area.verdict.sentence)
                for area in areas]
        columns = {name: [row[place] for row in rows] for place, name in enumerate(_AREA)}
        shapes = [shapely.union_all(_shapes(found, area.rows)) for area in areas]
        frame = frames.spatial(columns, shapes)
        frame.attrs = _attrs(found)
        return frame

    def calibration(self, filters: Mapping[str, Any] | None = None, /, runs: int | None = None, **named: Any) -> DataFrame:
        """How often this very map would show a hot spot if there were none: false_maps with its 95 % interval, runs."""
        from dataclasses import replace

        found = analyse.analyse(self._reader, *_asked(filters, named))
        given = unevenness.map_at_hand(found)
        columns = ("false_maps", "low", "high", "runs", "false_cells", "dispersion", "total", "seed")
        if isinstance(given, Reason):
            return frames.table([], columns, {"reason": vars(given)})
        made = unevenness.calibrated(given if runs is None else replace(given, runs=runs))
        row = (made.false_maps, *made.interval, made.runs, made.false_cells, made.dispersion, made.total, made.seed)
        return frames.table([row], columns, {"reason": None, "sentence": unevenness.calibration_sentence(made)})

    def profile(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """Hour × weekday, aoristic: weekday, hour, facts (weights), hours there were, ratio to the whole week."""
        found = rhythm.week(self._reader, words.query(filters, named))
        attrs = {"method": vars(found.said), "reason": None if found.reason is None else vars(found.reason)}
        columns = ("weekday", "hour", "facts", "hours", "ratio")
        if found.profile is None:
            return frames.table([], columns, attrs)
        made = found.profile
        rows = [(_DAYS[day], hour, float(made.weights[day, hour]), int(made.exposure[day, hour]), float(made.ratios[day, hour]))
                for day in range(7) for hour in range(24)]
        return frames.table(rows, columns, attrs | {"facts": made.facts, "unknown": made.unknown})

    def trend(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """Facts of each month with their 95 % interval and the fitted line; attrs: sentence, direction, p."""
        found = rhythm.months(self._reader, words.query(filters, named))
        rows = list(zip(found.days, found.counts.tolist(), found.observed_days.tolist(), found.low.tolist(), found.high.tolist(),
                        found.line.tolist(), strict=True))
        told = {} if found.trend is None else {"direction": found.trend.direction, "p": found.trend.p}
        return frames.table(rows, ("month", "count", "days", "low", "high", "line"),
                      {"sentence": rhythm.trend_sentence(found), "method": vars(found.said), **told})

    def concentration(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """The fewest places that hold 25, 50 and 80 % of the facts; attrs: gini, gini_prime, sentence."""
        found = unevenness.concentrated(self._reader, *_asked(filters, named))
        columns = ("share", "units", "unit_share")
        if found.found is None:
            return frames.table([], columns, {"reason": None if found.reason is None else vars(found.reason)})
        rows = [(each.share, each.units, each.unit_share) for each in found.found.held]
        return frames.table(rows, columns, {"reason": None, "gini": found.found.gini, "gini_prime": found.found.gini_prime,
                                      "units": found.found.units, "sentence": found.found.sentence})

    def near_repeats(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """Pairs of facts by band of distance and time, beside chance: metres, days, observed, expected, ratio, p."""
        found = unevenness.repeats(self._reader, words.query(filters, named))
        columns = ("metres", "days", "observed", "expected", "ratio", "p")
        attrs = {"sentence": unevenness.repeats_sentence(found), "method": vars(found.said), "used": found.used}
        if found.found is None:
            return frames.table([], columns, attrs)
        made = found.found
        rows = [(metres, days, int(made.observed[row, column]), *(float(some[row, column]) for some in
                                                                  (made.expected, made.ratio, made.p)))
                for row, metres in enumerate(made.metres) for column, days in enumerate(made.days)]
        return frames.table(rows, columns, attrs)

    def change(self, filters: Mapping[str, Any] | None = None, /, compare: Any = None, **named: Any) -> GeoDataFrame:
        """The period against another (`compare="2023-01-01..2024-01-01"`, else the one just before), place by place."""
        other = None if compare is None else span_of(compare, "compare")
        query, wanted = _asked(filters, named)
        found = comparison.compared(self._reader, query, other, wanted)
        columns = _of_units(found.analysis, found.rows)
        if found.found is None:
            columns |= {name: [] for name in ("before", "after", "ratio", "low", "high", "q", "direction")}
        else:
            columns |= {"before": found.before, "after": found.after, "ratio": found.found.ratio, "low": found.found.low,
                        "high": found.found.high, "q": found.found.q, "direction": found.found.direction}
        frame = frames.spatial(columns, _shapes(found.analysis, found.rows))
        frame.attrs = {"sentence": comparison.change_sentence(found), "method": vars(found.said)}
        return frame

    def quality(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """What the way of recording does to the map: one row a signal with its level and a sentence."""
        found = judging.quality_of(self._reader, words.query(filters, named))
        rows = [(each.code, each.level, each.value, each.low, each.high, each.sentence) for each in found.signals]
        return frames.table(rows, ("signal", "level", "value", "low", "high", "sentence"),
                      {"facts": found.facts, "lacking": [vars(each) for each in found.lacking]})

    def judge(self, then: Any, filters: Mapping[str, Any] | None = None, /, share: float = 0.05, **named: Any) -> DataFrame:
        """The map of a period judged on a later one, `then="2024-07-01..2024-10-01"`: PAI, PEI, RRI, beside naive counts."""
        query, wanted = _asked(filters, named)
        found = judging.judge(self._reader, query, span_of(then, "then"), wanted, share)
        columns = ("map", "area", "hits", "pai", "pei", "rri")
        if found.result is None:
            return frames.table([], columns, {"reason": None if found.reason is None else vars(found.reason)})
        rows = [(name, each.area, each.hits, each.pai, each.pei, each.rri)
                for name, each in (("voisinage", found.result.ours), ("comptage brut", found.result.naive))]
        held = judging.held_by_hot(found)
        if held is not None:
            rows.append(("points chauds", held[0], held[1], held[1] / held[0], None, None))
        return frames.table(rows, columns, {"reason": None, "p": found.result.p, "later": int(found.later.sum())})


def _asked(filters: Mapping[str, Any] | None, named: Mapping[str, Any]) -> tuple[FactQuery, Wanted]:
    """The filter, and how hot spots are looked for."""
    given = {**(filters or {}), **named}
    options = {name: str(given.pop(name)) for name in OPTIONS if given.get(name) is not None}
    return words.query({name: value for name, value in given.items() if name not in OPTIONS}, {}), Wanted(**options)


def _of_units(found: Analysis, rows: np.ndarray) -> dict[str, Any]:
    """What names each unit."""
    if found.unit == "residence":
        area = found.area
        return {"code": [] if area is None else [area.units[row] for row in rows.tolist()],
                "name": [] if area is None else [area.names[row] for row in rows.tolist()]}
    return {"cell": [] if found.area is None else grid.to_text(found.area.cells[rows])}


def _shapes(found: Analysis, rows: np.ndarray) -> np.ndarray:
    """Hexagons of cells, points of residences."""
    import shapely

    if found.area is None or not len(rows):
        return np.empty(0, dtype=object)
    return shapely.points(found.area.middles(rows)) if found.unit == "residence" else frames.hexagons(found.area.cells[rows])


def _framed(found: Analysis, columns: dict[str, Any]) -> GeoDataFrame:
    rows = np.arange(len(found.counts) if found.found is not None else 0)
    frame = frames.spatial(columns, _shapes(found, rows))
    frame.attrs = _attrs(found)
    return frame


def _attrs(found: Analysis) -> dict[str, Any]:
    """What is said beside the answer, as plain values."""
    said = vars(analyse.method(found))
    return {"enough": found.found is not None, "reason": None if found.reason is None else vars(found.reason), "method": said,
            "kind": None if found.kind is None else str(found.kind), "total": found.total, "outside": found.outside,
            "unplaced": found.facts.unplaced, "resolution": found.query.resolution,
            "unknown": dict(found.facts.unknown)}
