"""What an import changed, taken back: the state becomes what the other imports alone would have made.

A version that another import met too stays; one that only this import met goes. Of what stays, facts have the version with the
greatest (seen, content) as their current one, other rows the version that was met last: the rules by which they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, delete, insert, select

from geoservice.storage import features, mergers, sightings
from geoservice.storage.engine import bulk_insert, bulk_update, chunks
from geoservice.storage.facts import VALUES
from geoservice.storage.features import Keyed
from geoservice.storage.sightings import Seen
from geoservice.storage.tables import Fact, FactVersion, ImportRun, ReplacedRow

_BLOCK = 5_000
_CONTENT, _SEEN, _LINE = (VALUES.index(name) for name in ("content", "seen", "line"))
Meetings = dict[int, list[Seen]]


@dataclass
class Taken:
    """Rows that went, rows whose current version changed, rows that stay as they are; and whose they were."""

    removed: int = 0
    restored: int = 0
    kept: int = 0
    organisations: set[int] = field(default_factory=set)


def take_back(connection: Connection, import_id: int, layer: str) -> Taken | None:
    """Take an import back, in the caller's transaction. None when the import is from before this was recorded."""
    stores, mine = sightings.of_import(connection, import_id)
    if not stores:
        return None
    rows = np.unique(mine["row"])
    others = sightings.of_others(connection, import_id, layer, rows)
    marks: dict[int, set[int]] = {}
    for row, mark in zip(mine["row"].tolist(), mine["mark"].tolist(), strict=True):
        marks.setdefault(row, set()).add(mark)
    undo = _Facts(connection, import_id) if stores == "facts" else _Rows(connection, import_id, features.kind_of(stores))
    for block in chunks(rows.tolist(), _BLOCK):
        undo.block(block, marks, others)
    sightings.forget(connection, import_id)
    return undo.taken


@dataclass
class _Version:
    """A version of a fact: where it is kept (None: it is the current one), who brought it, what it says."""

    stored: int | None
    import_id: int
    values: tuple
    alive: bool = True


class _Facts:
    """Facts, whose other versions are their history."""

    def __init__(self, connection: Connection, import_id: int) -> None:
        self.connection, self.import_id, self.taken = connection, import_id, Taken()

    def block(self, rows: Sequence[int], marks: dict[int, set[int]], others: dict[int, Meetings]) -> None:
        """Take back what the import did to some facts."""
        changes = _Changes()
        for row, versions in self._versions(rows).items():
            for version in versions:
                if sightings.mark_of(version.values[_CONTENT]) in marks[row]:
                    self._without(version, others.get(row, {}))
            self._settle(changes, row, versions)
        changes.write(self.connection)

    def _versions(self, rows: Sequence[int]) -> dict[int, list[_Version]]:
        """Every version of each fact, the current one first."""
        found: dict[int, list[_Version]] = {}
        table = Fact.__table__.c
        query = select(table.id, table.organisation_id, table.import_id, *(table[name] for name in VALUES)).where(
            table.id.in_(rows)
        )
        for number, organisation, import_id, *values in self.connection.execute(query):
            found[number] = [_Version(None, import_id, tuple(values))]
            self.taken.organisations.add(organisation)
        table = FactVersion.__table__.c
        query = select(table.fact_id, table.id, table.import_id, *(table[name] for name in VALUES)).where(table.fact_id.in_(rows))
        for number, stored, import_id, *values in self.connection.execute(query):
            found[number].append(_Version(stored, import_id, tuple(values)))
        return found

    def _without(self, version: _Version, meetings: Meetings) -> None:
        """The version as the other imports alone know it."""
        left = meetings.get(sightings.mark_of(version.values[_CONTENT]))
        if left is None:
            version.alive = version.import_id != self.import_id  # else brought by an import from before this was recorded
            return
        values = list(version.values)
        values[_SEEN] = max(each.seen for each in left)
        if version.import_id == self.import_id:
            version.import_id, values[_LINE] = left[0].import_id, left[0].line
        version.values = tuple(values)

    def _settle(self, changes: _Changes, row: int, versions: list[_Version]) -> None:
        current = versions[0]
        alive = [version for version in versions if version.alive]
        changes.gone += [version.stored for version in versions if version.stored is not None]
        if not alive:
            changes.dead.append(row)
            self.taken.removed += 1
            return
        best = max(alive, key=lambda version: (version.values[_SEEN], version.values[_CONTENT]))
        if best is current:
            self.taken.kept += 1
        else:
            self.taken.restored += 1
        changes.current.append((best.import_id, *best.values, row))
        changes.history += [(row, version.import_id, *version.values) for version in alive if version is not best]


@dataclass
class _Changes:
    """The statements that a block of facts needs."""

    current: list[tuple] = field(default_factory=list)
    history: list[tuple] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)

    def write(self, connection: Connection) -> None:
        _delete(connection, FactVersion.__table__, self.gone)
        mergers.promote(connection, self.dead)
        _delete(connection, Fact.__table__, self.dead)
        bulk_update(connection, Fact.__table__, ("import_id", *VALUES), self.current)
        bulk_insert(connection, FactVersion.__table__, ("fact_id", "import_id", *VALUES), self.history)


class _Rows:
    """Features, aggregates or addresses, whose other versions are kept as replaced rows."""

    def __init__(self, connection: Connection, import_id: int, kind: Keyed) -> None:
        self.connection, self.import_id, self.kind, self.taken = connection, import_id, kind, Taken()
        hand = select(ImportRun.id).where(ImportRun.source == features.BY_HAND)
        self.by_hand = set(connection.execute(hand).scalars())

    def block(self, rows: Sequence[int], _marks: dict[int, set[int]], others: dict[int, Meetings]) -> None:
        """Take back what the import did to some rows."""
        replaced = self._replaced(rows)
        gone: list[int] = []
        dead: list[int] = []
        updates: list[tuple] = []
        kept: list[dict[str, Any]] = []
        for row, import_id, values in self._current(rows):
            versions = replaced.get(row, {})
            versions[self.kind.mark(values)] = (import_id, values)
            gone.append(row)
            left = self._left(versions, others.get(row, {}))
            if not left:
                dead.append(row)
                self.taken.removed += 1
                continue
            best, owner = left[-1]
            if best == self.kind.mark(values):
                self.taken.kept += 1
            else:
                self.taken.restored += 1
            updates.append((owner, *versions[best][1], row))
            kept += [
                {
                    "stores": self.kind.stores,
                    "row_id": row,
                    "import_id": by,
                    "mark": mark,
                    "content": features.pack(versions[mark][1]),
                }
                for mark, by in dict(left).items()
                if mark != best
            ]
        self._write(gone, dead, updates, kept)

    def _current(self, rows: Sequence[int]) -> Iterator[tuple[int, int, tuple]]:
        table = self.kind.table
        whose = [table.c.organisation_id] if "organisation_id" in table.c else []
        query = select(table.c.id, table.c.import_id, *(table.c[name] for name in self.kind.names), *whose).where(
            table.c.id.in_(rows)
        )
        for number, import_id, *values in self.connection.execute(query).all():
            if whose:
                self.taken.organisations.add(values.pop())
            yield number, import_id, tuple(values)

    def _replaced(self, rows: Sequence[int]) -> dict[int, dict[int, tuple[int, tuple]]]:
        found: dict[int, dict[int, tuple[int, tuple]]] = {}
        table = ReplacedRow.__table__.c
        query = (
            select(table.row_id, table.mark, table.import_id, table.content)
            .where(table.stores == self.kind.stores, table.row_id.in_(rows))
            .order_by(table.id)
        )
        for row, mark, import_id, content in self.connection.execute(query):
            found.setdefault(row, {})[mark] = (import_id, features.unpack(content))
        return found

    def _left(self, versions: dict[int, tuple[int, tuple]], meetings: Meetings) -> list[tuple[int, int]]:
        """(mark, import) of the versions that other imports met, the one met last at the end; a file that says again what was
        known before an edit leaves the edit there, as when it was written."""
        met = sorted(
            (each.order, mark, each.import_id) for mark, all_of in meetings.items() if mark in versions for each in all_of
        )
        left = [(mark, by) for mark, (by, _) in versions.items() if mark not in meetings and by != self.import_id]
        for _, mark, by in met:
            again = any(mark == known for known, _ in left)
            if not (again and left[-1][1] in self.by_hand and by not in self.by_hand):
                left.append((mark, by))
        return left

    def _write(self, rows: list[int], dead: list[int], updates: list[tuple], kept: list[dict[str, Any]]) -> None:
        self.connection.execute(delete(ReplacedRow).where(ReplacedRow.stores == self.kind.stores, ReplacedRow.row_id.in_(rows)))
        _delete(self.connection, self.kind.table, dead)
        bulk_update(self.connection, self.kind.table, ("import_id", *self.kind.names), updates)
        if kept:
            self.connection.execute(insert(ReplacedRow), kept)


def _delete(connection: Connection, table: Table, numbers: Iterable[int]) -> None:
    for block in chunks(numbers):
        connection.execute(delete(table).where(table.c.id.in_(block)))
