"""How many reports stand behind the facts of a place: those of one's own that people merged, under the filters of the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core import facts
from geoservice.core.facts import FactIndex
from geoservice.core.query import FactQuery
from geoservice.operations.attaching import attached
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.storage import indexes, mergers

_kept: Shelf[tuple[FactIndex, ...]] = Shelf(16)


@dataclass(frozen=True)
class Joined:
    """So many reports were merged, and count as so many facts."""

    reports: int
    facts: int


def of_cell(reader: Reader, cell: int, query: FactQuery) -> Joined | None:
    """What was merged in a cell; None where nothing was."""
    both = _merged(reader)
    query, area = reader.resolved(query, within=np.array([cell], dtype=np.uint64))
    return _joined(both, lambda index: facts.select(index, area, query).rows)


def of_residence(reader: Reader, code: str, query: FactQuery) -> Joined | None:
    """What was merged in a residence, `AGP` included."""
    both = _merged(reader)
    query, _ = reader.resolved(query)
    return _joined(both, lambda index: facts.rows_of_units(index, query, index.units.rows_of("residence", code)))


def _joined(both: tuple[FactIndex, ...], rows: Callable[[FactIndex], np.ndarray]) -> Joined | None:
    if not both:
        return None
    heads, reports = (len(rows(index)) for index in both)
    return Joined(reports, heads) if heads else None


def _merged(reader: Reader) -> tuple[FactIndex, ...]:
    """One's own merged facts as an index, once each, and as often as they were reported; nothing where none is merged."""
    organisation_id, storage = reader.viewer.organisation_id, reader.shelf.storage
    index = reader.indexes.get(organisation_id)
    if index is None:
        return ()

    def read() -> tuple[FactIndex, ...]:
        with storage.read(scope_of(reader.viewer)) as connection:
            sizes = mergers.sizes(connection, organisation_id)
            times = {"faits": dict.fromkeys(sizes, 1), "signalements": dict(sizes)}
            return tuple(indexes.of_facts(connection, each, f"{index.version}.{name}") for name, each in times.items()
                         ) if sizes else ()

    found = _kept.get((str(storage.settings.data), storage.identity, organisation_id, index.version), read)
    return tuple(attached(each, organisation_id, reader.catalog, reader.shelf) for each in found)
