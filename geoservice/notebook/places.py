"""Quarters, their boundaries and what lies around features, as tables of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geoservice.core.query import parse
from geoservice.errors import BadInput
from geoservice.notebook import filters as words
from geoservice.notebook import frames
from geoservice.notebook.spans import span_of
from geoservice.operations import quarter_change, quarters
from geoservice.operations.around import around
from geoservice.operations.quarters import Quarter

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from geoservice.core.query import ZoneRef
    from geoservice.operations.reader import Reader

_PIECE = ("piece", "label", "facts", "per_100_dwellings", "low", "high", "dwellings", "trend", "p")
_PART = ("area", "before", "after", "change", "time", "boundary")


class Places:
    """Places of a session; filters are those of `cells`."""

    @property
    def _reader(self) -> Reader:
        raise NotImplementedError  # a session has one

    def quarter(self, ref: str, filters: Mapping[str, Any] | None = None, /, **named: Any) -> DataFrame:
        """A QPV or commune (`qpv2024:…`, `commune:…`): a row for each generation, the ring, the rest of the commune.

        attrs: kinds (counts of each, never added), ring_m, commune.
        """
        found = self._quarter(ref, filters, named, None)
        rows = []
        for piece in found.pieces:
            rate = (None, None, None, None) if piece.rate is None else (piece.rate.value, *piece.rate.interval,
                                                                       piece.rate.dwellings)
            trend = (None, None) if piece.trend is None else (piece.trend.direction, piece.trend.p)
            rows.append((piece.code, piece.label, piece.portrait.count, *rate, *trend))
        kinds = {str(kind): counts for kind, counts in found.kinds.items()}
        commune = None if found.ground.commune is None else found.ground.commune.name
        return frames.table(rows, _PIECE, {"kinds": kinds, "ring_m": quarters.RING_M, "commune": commune})

    def boundary(self, ref: str, filters: Mapping[str, Any] | None = None, /, compare: Any = None, **named: Any) -> DataFrame:
        """What time and what the redrawn boundary changed: stable, entering, leaving, then the quarter itself, exact.

        attrs: sentence, before, after, reason (why there is no account).
        """
        told = self._quarter(ref, filters, named, compare).redrawn
        attrs = {"sentence": quarter_change.sentence(told), "before": told.before, "after": told.after,
                 "reason": None if told.reason is None else vars(told.reason)}
        if told.found is None:
            return frames.table([], _PART, attrs)
        made = told.found
        rows = [(part.area, part.before, part.after, part.change, part.time_halves / 2, part.boundary_halves / 2)
                for part in made.parts]
        whole = ("quarter", made.old, made.new, made.change, made.time_halves / 2, made.boundary_halves / 2)
        return frames.table([*rows, whole], _PART, attrs)

    def around(self, layer: str, metres: float, filters: Mapping[str, Any] | None = None, /, **named: Any) -> GeoDataFrame:
        """Features of a layer with `count`: facts at most `metres` away, each at its nearest feature."""
        found, counts = around(self._reader, layer, metres, words.query(filters, named))
        frame = frames.features(found)
        frame.insert(3, "count", counts)
        return frame

    def _quarter(self, ref: str, filters: Mapping[str, Any] | None, named: Mapping[str, Any], compare: Any) -> Quarter:
        other = None if compare is None else span_of(compare, "compare")
        return quarters.quarter(self._reader, _zone(ref), words.query(filters, named), other)


def _zone(ref: str) -> ZoneRef:
    found = parse({"zone": str(ref)}).zone
    if found is None:
        raise BadInput("Nommez un quartier ou une commune, comme qpv2024:QN07501M ou commune:93010.")
    return found
