"""Several lines that are one feature: one row per dwelling (RPLS), or one address repeated (its open extracts).

Memory grows with the features, not with the lines, and the result does not depend on the order of the lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from geoservice.catalog.rows import Note

if TYPE_CHECKING:
    from geoservice.catalog.intake.features import Feature

PIECE = 20_000  # rows that `drain` gives at a time
DWELLINGS = "dwellings"


@dataclass(slots=True)
class _Group:
    feature: Feature
    place: tuple[float, float]
    line: int
    lines: int
    differs: set[str]


class Merging:
    """Gathers features by key. `count`: lines are dwellings; `same`: lines repeat one thing, with its `dwellings` on each."""

    def __init__(self, how: Literal["count", "same"]) -> None:
        self._how = how
        self._groups: dict[tuple[str | None, str], _Group] = {}

    def add(self, feature: Feature, line: int) -> None:
        known = self._groups.get((feature.key, feature.generation))
        if known is None:
            own = replace(feature, properties=dict(feature.properties))
            self._groups[feature.key, feature.generation] = _Group(own, _place(feature), line, 1, set())
            return
        known.lines += 1
        known.line = min(known.line, line)
        if _place(feature) < known.place:  # one of the given points, always the same one
            known.feature, known.place = replace(known.feature, geometry=feature.geometry), _place(feature)
        _agree(known, feature)

    def drain(self) -> Iterator[tuple[list[Feature], list[int], list[Note]]]:
        """(features, lines, notes) in pieces; a feature stands once for each line that it was made of."""
        features: list[Feature] = []
        lines: list[int] = []
        notes = self._notes()
        for group in self._groups.values():
            feature = self._final(group)
            features += [feature] * group.lines
            lines += [group.line] * group.lines
            if len(features) >= PIECE:
                yield features, lines, notes
                features, lines, notes = [], [], []
        self._groups = {}
        if features:
            yield features, lines, notes

    def _final(self, group: _Group) -> Feature:
        if self._how == "same":
            return group.feature
        return replace(group.feature, properties={**group.feature.properties, DWELLINGS: group.lines})

    def _notes(self) -> list[Note]:
        merged = [group for group in self._groups.values() if group.lines > 1]
        if not merged:
            return []
        total = sum(group.lines for group in merged)
        return [Note("lignes-reunies", f"{total} lignes réunies en {len(merged)} adresses ou résidences.", total, merged[0].line)]


def _place(feature: Feature) -> tuple[float, float]:
    point = feature.geometry.centroid
    return point.x, point.y


def _agree(known: _Group, feature: Feature) -> None:
    """Keep what all lines agree on; where they differ the value is unknown, and `dwellings` is the greatest."""
    properties: dict[str, Any] = known.feature.properties
    for field, value in feature.properties.items():
        if field == DWELLINGS:
            properties[field] = max((v for v in (properties.get(field), value) if v is not None), default=None)
        elif properties.get(field) != value and field not in known.differs:
            known.differs.add(field)
            properties[field] = None
    if known.feature.name != feature.name:
        known.feature = replace(known.feature, name=None)
