"""The register of whoever reads: complaints, costs, subcategories and sources of their own facts, kept by version."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from geoservice.core.observatory.register import Register
from geoservice.core.query import EPOCH, FactQuery
from geoservice.operations import attaching
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Residence, residences
from geoservice.operations.reuse import Shelf
from geoservice.storage import register as stored
from geoservice.storage.register import Report
from geoservice.types import Kind

_FACTS = 4_000_000  # facts whose registers are kept, some 18 bytes each
_kept: Shelf[Register] = Shelf(16, _FACTS, lambda register: max(1, len(register)))


@dataclass(frozen=True)
class Own:
    """The viewer's own register under a filter of one kind, whose days are (first, last), both included."""

    register: Register
    query: FactQuery
    period: tuple[int, int]
    known: dict[str, Residence]

    @property
    def days(self) -> int:
        return self.period[1] - self.period[0] + 1


def own(reader: Reader, query: FactQuery) -> Own:
    """Facts of the viewer's own organisation: open facts say nothing of complaints or costs. A landlord's kind unless another is
    asked; the period is cut to the days on which there are facts, since before and after nobody looked."""
    register = register_of(reader, reader.viewer.organisation_id)
    query = query.with_(kind=query.kind or _kind(register))
    return Own(register, query, _period(register, query), residences(reader))


def key_of(reader: Reader, query: FactQuery, *more: Hashable) -> tuple:
    """Under what an answer about one's own register is kept: whose, of which data, under which filter."""
    return (reader.viewer.organisation_id, reader.viewer.glass, str(reader.shelf.storage.settings.data),
            reader.version("incidents"), reader.version("patrimoine"), query.canonical(), *more)


def register_of(reader: Reader, organisation_id: int) -> Register:
    """The register of an organisation in reach, as old as its index; facts hang on the residence they lie near, as there."""
    index = reader.indexes.get(organisation_id)
    storage = reader.shelf.storage
    version = "" if index is None else index.version

    def key(of: str) -> tuple:
        return (str(storage.settings.data), storage.identity, organisation_id, of, reader.viewer.glass,
                attaching.version(reader.shelf))

    def near(lon: np.ndarray, lat: np.ndarray, placement: np.ndarray) -> list[str]:
        return attaching.residences_near(reader.catalog, reader.shelf, organisation_id, (lon, lat, placement))

    def read() -> Register:
        older, facts = _older(storage.grown.get(organisation_id, {}), version, lambda of: _kept.kept(key(of)))
        with storage.read(scope_of(reader.viewer)) as connection:
            return (stored.read(connection, organisation_id, near) if older is None else
                    stored.extended(connection, older, organisation_id, facts, near))

    return _kept.get(key(version), read)


def _older(grown: Mapping[str, tuple[str, list[int]]], version: str,
           kept: Callable[[str], Register | None]) -> tuple[Register | None, list[int]]:
    """The newest kept register that this version only adds facts to, and these facts."""
    facts: list[int] = []
    while version in grown:
        version, more = grown[version]
        facts += more
        found = kept(version)
        if found is not None:
            return found, facts
    return None, []


def reports_of(reader: Reader, organisation_id: int) -> list[Report]:
    """Reports that were merged into other facts of an organisation in reach."""
    with reader.shelf.storage.read(scope_of(reader.viewer)) as connection:
        return stored.reports(connection, organisation_id)


def _kind(register: Register) -> Kind:
    """The landlord's, unless there is none of it: then the first there is."""
    present = set(register["kind"].tolist()) if len(register) else set()
    return next((kind for number, kind in enumerate(Kind, 1) if number in present), Kind.BAILLEUR)


def _period(register: Register, query: FactQuery) -> tuple[int, int]:
    days = register["day"][register["kind"] == list(Kind).index(query.kind) + 1] if query.kind else register["day"]
    if not len(days):
        return 0, -1
    first, last = int(days.min()), int(days.max())
    if query.since is not None:
        first = max(first, (query.since - EPOCH).days)
    if query.until is not None:
        last = min(last, (query.until - EPOCH - timedelta(1)).days)
    return (first, last) if first <= last else (0, -1)
