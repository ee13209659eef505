"""Frozen facts read again: the same functions of `core` and of the hot-spot test, on the columns of a snapshot and nothing
else."""

from __future__ import annotations

from typing import Any

import numpy as np

from geoservice.core.factindex import FactIndex, Units
from geoservice.core.query import FactQuery
from geoservice.core.snapshotfile import Snapshot
from geoservice.core.stats.verdict import Verdict
from geoservice.core.stats.weights import disks, each_alone
from geoservice.operations.analyse import Analysis, Reason, Wanted, finished, unit_of
from geoservice.operations.chosen import Chosen
from geoservice.operations.evidence import Numbers
from geoservice.operations.hotareas import ranked
from geoservice.operations.studyarea import StudyArea
from geoservice.types import Kind, code_of

_COLUMNS = ("cell", "unit", "day", "hour", "span", "category", "nature", "gravity", "place", "placement")
Ranked = tuple[list[tuple[np.ndarray, Numbers, Verdict]], int]


class Erased(Exception):
    """A column that a figure rests on is no longer there."""


class View:
    """A snapshot's facts by kind and days (the last excluded); answers are kept, for figures share them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.header, self._columns = snapshot.header, snapshot.columns
        self._kept: dict[tuple, Any] = {}
        units = tuple(self.header["units"])
        self._units = Units(tuple("residence" if home else "" for home in units), units, units, ("",) * len(units))

    def column(self, name: str) -> np.ndarray:
        """A column of the snapshot; Erased when it has gone."""
        if name not in self._columns:
            raise Erased(name)
        return self._columns[name]

    def has(self, name: str) -> bool:
        """Whether a column was frozen, be it there or erased since."""
        return name in self.header["columns"]

    def rows(self, kind: str, days: list[int]) -> np.ndarray:
        """Rows of a kind in a span of days, (n,)."""
        return self.keep(("rows", kind, *days), lambda: self._rows(kind, days))

    def _rows(self, kind: str, days: list[int]) -> np.ndarray:
        first, last = np.searchsorted(self.column("kind"), [code_of(Kind(kind)), code_of(Kind(kind)) + 1])
        day = self.column("day")[first:last]
        return np.flatnonzero((day >= days[0]) & (day < days[1])) + first

    def of(self, name: str, kind: str, days: list[int]) -> np.ndarray:
        """A column of those rows."""
        return self.column(name)[self.rows(kind, days)]

    def staff(self, kind: str, span: int, home: int | None = None) -> int:
        """Assaults on staff of a kind in one of the spans that were asked for, of one residence (its row) or all."""
        mine = (self.column("staff.kind") == code_of(Kind(kind))) & (self.column("staff.span") == span)
        if home is not None:
            mine &= self.column("staff.unit") == home
        return int(self.column("staff.count")[mine].sum())

    def home(self, code: str) -> int:
        """The row of a residence among the units, -1 where no fact names it."""
        known = self.keep(("homes",), lambda: {home: row for row, home in enumerate(self.header["units"])})
        return known.get(code, -1) if code else -1

    def analysis(self, kind: str, days: list[int]) -> Analysis:
        """The hot-spot test on the frozen facts of a kind, over its frozen study area."""
        return self.keep(("analysis", kind, *days), lambda: self._analysis(kind, days))

    def areas(self, kind: str, days: list[int]) -> Ranked:
        """Its areas with their verdicts, the surest first, and how many there are."""
        return self.keep(("areas", kind, *days), lambda: ranked(self.analysis(kind, days)))

    def chosen(self, kind: str, days: list[int], placed: bool) -> Chosen:
        """Rows as the statistics take them; `placed`: those with a hexagon alone."""
        rows = self.rows(kind, days)
        if placed:
            rows = rows[self.column("cell")[rows] > 0]
        return Chosen(((self._index(), rows),), len(self.rows(kind, days)) - len(rows), {})

    def _index(self) -> FactIndex:
        return self.keep(("index",), self._built)

    def _built(self) -> FactIndex:
        point = self.column("point")
        columns = {**{name: self.column(name) for name in _COLUMNS}, "lon": point.astype(np.int64),
                   "lat": np.zeros(len(point), int)}
        return FactIndex(columns, self._units, np.empty((0, 6), np.int64), 0, {}, {}, self.header["data"])

    def _analysis(self, kind: str, days: list[int]) -> Analysis:
        said, wanted = self.header["areas"][kind], Wanted(**self.header["test"])
        query = FactQuery(Kind(kind), resolution=self.header["resolution"])
        facts = self.chosen(kind, days, placed=True)
        if "reason" in said:
            return Analysis(query, wanted, unit_of(facts, wanted), facts, self.header["data"], at=np.full(len(facts), -1),
                            reason=Reason(*said["reason"]))
        if said["unit"] == "residence":
            facts = self.chosen(kind, days, placed=False)
        return finished(Analysis(query, wanted, said["unit"], facts, self.header["data"], self._area(kind, said)))

    def _area(self, kind: str, said: dict[str, Any]) -> StudyArea:
        cells, exposure, edge = (self.column(f"area.{kind}.{name}") for name in ("cells", "exposure", "edge"))
        near = each_alone(len(cells)) if said["unit"] == "residence" else disks(cells, said["k"])
        return StudyArea(said["unit"], self.header["resolution"], cells, exposure, said["exposure"], near, edge.astype(bool),
                         said["sentence"], said["k"], tuple(said["units"]), tuple(said["names"]),
                         None if said["points"] is None else np.array(said["points"]), said["unknown"])

    def keep(self, key: tuple, make: Any) -> Any:
        """What `make` gave once; all of it follows from the snapshot."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]
