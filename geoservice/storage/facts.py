"""Facts and their history: what a batch of rows changes, and the columns an index is built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from geoservice.catalog.rows import FACT
from geoservice.storage import mergers, sightings
from geoservice.storage.engine import bulk_insert, bulk_select, bulk_update, chunks, last_id
from geoservice.storage.tables import Fact, FactVersion, Source
from geoservice.types import Box

_KEY, _CONTENT, _SEEN, _LINE = (FACT.index(name) for name in ("key", "content", "seen", "line"))
VALUES = tuple(name for name in FACT if name != "key")
ACCEPTED, UPDATED, UNCHANGED = "accepted", "updated", "unchanged"


@dataclass(frozen=True)
class Owner:
    """On whose behalf rows are written: organisation, source and import numbers."""

    organisation_id: int
    source_id: int
    import_id: int


@dataclass
class _Known:
    """A fact as the database (or this batch) has it: its current version and the versions in its history."""

    row: int  # database id, or -1 - position in the inserts of this batch
    content: bytes
    seen: int
    values: tuple | None = None  # of this batch; None when the current version is the database's
    history: dict[bytes, int] = field(default_factory=dict)


@dataclass
class Outcome:
    """How many rows were new, new versions of known facts, or versions already known; of features that people edited, how many
    edits stayed over a version from before them, and how many gave way to a new one."""

    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    edits_kept: int = 0
    edits_replaced: int = 0


def write(connection: Connection, owner: Owner, rows: Sequence[tuple], known_keys: set[str] | None) -> Outcome:
    """Apply rows (tuples as FACT) in order; the state reached does not depend on that order.

    `known_keys`: the only keys that can be in the database (None: any may be). The current version of a fact is the one with
    the greatest (seen, content); a version already in the history only has its `seen` raised.
    """
    keys = [row[_KEY] for row in rows if known_keys is None or row[_KEY] in known_keys]
    facts = _load(connection, owner, keys)
    last = last_id(connection, Fact.__table__)
    if not facts and len({row[_KEY] for row in rows}) == len(rows):  # what a first import brings: nothing to compare
        _insert(connection, owner, rows)
        outcome = Outcome(accepted=len(rows))
    else:
        batch = _Batch(owner)
        for row in rows:
            batch.apply(facts, row)
        batch.flush(connection, facts)
        outcome = batch.outcome
    _sight(connection, owner, rows, {key: fact.row for key, fact in facts.items() if fact.row >= 0}, last)
    return outcome


def _sight(connection: Connection, owner: Owner, rows: Sequence[tuple], known: dict[str, int], last: int) -> None:
    """Note which versions this batch met; rows inserted by it have numbers after `last`."""
    if not rows:
        return
    numbers = known | {row.key: row.id for row in connection.execute(select(Fact.key, Fact.id).where(Fact.id > last))}
    sightings.record(connection, owner.import_id, "facts",
                     [(numbers[row[_KEY]], sightings.mark_of(row[_CONTENT]), row[_LINE]) for row in rows],
                     [row[_SEEN] for row in rows])


def _insert(connection: Connection, owner: Owner, rows: Iterable[tuple]) -> None:
    ids = (owner.organisation_id, owner.source_id, owner.import_id)
    bulk_insert(connection, Fact.__table__, ("organisation_id", "source_id", "import_id", *FACT), [ids + row for row in rows])


def has_facts(connection: Connection, owner: Owner) -> bool:
    """Whether the source has given this organisation anything yet."""
    query = select(Fact.id).where(Fact.organisation_id == owner.organisation_id, Fact.source_id == owner.source_id).limit(1)
    return connection.execute(query).first() is not None


def _load(connection: Connection, owner: Owner, keys: Sequence[str]) -> dict[str, _Known]:
    facts: dict[str, _Known] = {}
    for block in chunks(dict.fromkeys(keys)):
        query = select(Fact.key, Fact.id, Fact.content, Fact.seen).where(
            Fact.organisation_id == owner.organisation_id, Fact.source_id == owner.source_id, Fact.key.in_(block))
        facts.update((key, _Known(number, content, seen)) for key, number, content, seen in connection.execute(query))
    by_id = {fact.row: fact for fact in facts.values()}
    for block in chunks(by_id):
        query = select(FactVersion.fact_id, FactVersion.content, FactVersion.seen).where(FactVersion.fact_id.in_(block))
        for number, content, seen in connection.execute(query):
            by_id[number].history[content] = seen
    return facts


class _Batch:
    """The statements one batch needs: new facts, facts whose current version changes, versions moved to the history."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.outcome = Outcome()
        self.inserts: list[str] = []
        self.changed: set[str] = set()
        self.versions: list[tuple[str, tuple | None]] = []  # None: the database's current row, as it is before this batch
        self.raised: list[tuple[str, bytes]] = []

    def apply(self, facts: dict[str, _Known], row: tuple) -> None:
        key, content, seen = row[_KEY], row[_CONTENT], row[_SEEN]
        fact = facts.get(key)
        if fact is None:
            facts[key] = _Known(-1 - len(self.inserts), content, seen, row)
            self.inserts.append(key)
            self.outcome.accepted += 1
        elif content == fact.content or content in fact.history:
            self._see_again(fact, row)
            self.outcome.unchanged += 1
        else:
            self._new_version(fact, row)
            self.outcome.updated += 1

    def _see_again(self, fact: _Known, row: tuple) -> None:
        key, content, seen = row[_KEY], row[_CONTENT], row[_SEEN]
        if content == fact.content:
            if seen > fact.seen:
                fact.seen = seen
                self.changed.add(key)
        elif seen > fact.history[content]:
            fact.history[content] = seen
            self.raised.append((key, content))
            if (seen, content) > (fact.seen, fact.content):
                self._make_current(fact, row)

    def _new_version(self, fact: _Known, row: tuple) -> None:
        if (row[_SEEN], row[_CONTENT]) > (fact.seen, fact.content):
            self._make_current(fact, row)
        else:
            fact.history[row[_CONTENT]] = row[_SEEN]
            self.versions.append((row[_KEY], row))

    def _make_current(self, fact: _Known, row: tuple) -> None:
        """The current version joins the history, the row takes its place (and may leave the history)."""
        fact.history[fact.content] = fact.seen
        self.versions.append((row[_KEY], fact.values))
        fact.history.pop(row[_CONTENT], None)
        fact.content, fact.seen, fact.values = row[_CONTENT], row[_SEEN], row
        self.changed.add(row[_KEY])

    def flush(self, connection: Connection, facts: dict[str, _Known]) -> None:
        _insert(connection, self.owner, [_with_seen(facts[key]) for key in self.inserts])
        if self.versions or self.changed or self.raised:
            self._flush_history(connection, facts)

    def _flush_history(self, connection: Connection, facts: dict[str, _Known]) -> None:
        rows = _ids(connection, self.owner, {key for key, _ in self.versions} | self.changed | {key for key, _ in self.raised})
        stored = {key for key, values in self.versions if values is None}
        kept = _current(connection, [rows[key] for key in stored])
        versions: dict[tuple[int, bytes], tuple] = {}
        for key, values in self.versions:
            number = rows[key]
            row = kept[number] if values is None else (self.owner.import_id, *values[1:])
            versions[number, row[1]] = row
        self._write_versions(connection, facts, rows, versions)
        changed = [(key, facts[key]) for key in self.changed]
        bulk_update(connection, Fact.__table__, ("import_id", *VALUES),
                    [(self.owner.import_id, *_with_seen(fact)[1:], rows[key]) for key, fact in changed if fact.values])
        bulk_update(connection, Fact.__table__, ("seen",), [(fact.seen, rows[key]) for key, fact in changed])

    def _write_versions(self, connection: Connection, facts: dict[str, _Known], rows: dict[str, int],
                        versions: dict[tuple[int, bytes], tuple]) -> None:
        table = FactVersion.__table__
        histories = {rows[key]: facts[key] for key in rows}
        stale = list({number for number, _ in versions} | {rows[key] for key, _ in self.raised})
        present = {(number, content): version for block in chunks(stale) for version, number, content in connection.execute(
            select(table.c.id, table.c.fact_id, table.c.content).where(table.c.fact_id.in_(block)))}
        gone = [version for (number, content), version in present.items() if content not in histories[number].history]
        for block in chunks(gone):
            connection.execute(table.delete().where(table.c.id.in_(block)))
        bulk_insert(connection, table, ("fact_id", "import_id", *VALUES),
                    [(number, row[0], row[1], histories[number].history[content], *row[3:])
                     for (number, content), row in versions.items()
                     if (number, content) not in present and content in histories[number].history])
        bulk_update(connection, table, ("seen",), [(histories[number].history[content], version)
                                                  for (number, content), version in present.items()
                                                  if content in histories[number].history])


def _with_seen(fact: _Known) -> tuple[Any, ...]:
    assert fact.values is not None
    return (*fact.values[:_SEEN], fact.seen, *fact.values[_SEEN + 1:])


def _ids(connection: Connection, owner: Owner, keys: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for block in chunks(keys):
        query = select(Fact.key, Fact.id).where(Fact.organisation_id == owner.organisation_id,
                                                Fact.source_id == owner.source_id, Fact.key.in_(block))
        found.update((key, number) for key, number in connection.execute(query))
    return found


def _current(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple]:
    """`(import_id, *VALUES)` of facts as they stand before this batch's updates."""
    columns = [Fact.__table__.c[name] for name in ("id", "import_id", *VALUES)]
    return {row[0]: tuple(row[1:]) for block in chunks(numbers)
            for row in connection.execute(select(*columns).where(Fact.id.in_(block)))}


INDEXED = ("cell", "lon", "lat", "day", "minute", "duration", "category", "kind", "nature", "gravity", "place", "placement",
           "residence", "building", "hall", "commune")
_NOTHING = {"lon": 0.0, "lat": 0.0, "minute": -1, "duration": 0, "gravity": 0}  # what an index has where the database has nothing


def columns(connection: Connection, organisation_id: int, block: int = 50_000) -> Iterator[list[tuple]]:
    """Blocks of current facts that count, as tuples in the order of INDEXED, for building an index; numbers are never None."""
    names = ", ".join(f'coalesce("{name}", {_NOTHING[name]})' if name in _NOTHING else f'"{name}"' for name in INDEXED)
    return bulk_select(connection, f"SELECT {names} FROM fact WHERE organisation_id = ? AND id NOT IN ({mergers.LEFT_OUT})",
                       (organisation_id,), block)


def columns_of(connection: Connection, numbers: Sequence[int]) -> list[tuple]:
    """The same for a few facts, by number."""
    names = ", ".join(f'coalesce("{name}", {_NOTHING[name]})' if name in _NOTHING else f'"{name}"' for name in INDEXED)
    found = []
    for block in chunks(numbers):
        marks = ", ".join("?" * len(block))
        for rows in bulk_select(connection, f"SELECT {names} FROM fact WHERE id IN ({marks})", tuple(block), len(block)):
            found += rows
    return [tuple(row) for row in found]


def numbers(connection: Connection, owner: Owner, keys: set[str]) -> dict[str, int]:
    """Numbers of facts of a source by their keys."""
    return _ids(connection, owner, keys)


def entry(connection: Connection, organisation_id: int, source: str, key: str) -> tuple[int, int] | None:
    """Number and import of a fact of a source, by its key."""
    found = connection.execute(select(Fact.id, Fact.import_id).join(Source, Source.id == Fact.source_id).where(
        Fact.organisation_id == organisation_id, Source.layer == "incidents", Source.name == source, Fact.key == key)).first()
    return None if found is None else (found[0], found[1])


class Told(NamedTuple):
    """What one fact says, for those who look at it: codes of closed lists, None where unknown."""

    id: int
    source_id: int
    key: str
    day: int
    minute: int | None
    category: str
    subcategory: str | None
    kind: str
    nature: str | None
    gravity: int | None
    place: str | None
    lon: float | None
    lat: float | None
    residence: str | None
    building: str | None
    hall: str | None
    placement: str | None
    complaint: int


@dataclass(frozen=True)
class Wanted:
    """Some facts of an organisation that count: by their days (the first, and the day after the last), by their residence (and
    `near`: those in a box that name none), or by their numbers. `reports`: also those that were merged into others."""

    days: tuple[int, int] | None = None
    residence: str | None = None
    near: Box | None = None
    numbers: tuple[int, ...] | None = None
    reports: bool = False


def _nameless(box: Box | None) -> list[ColumnElement[bool]]:
    """Facts with a point in a box that name neither a residence nor a hall."""
    table = Fact.__table__.c
    return [] if box is None else [and_(
        table.residence.is_(None), table.hall.is_(None), table.cell != 0, table.lon.between(box.west, box.east),
        table.lat.between(box.south, box.north))]


def told(connection: Connection, organisation_id: int, wanted: Wanted, most: int) -> list[Told]:
    """Facts with what they say, latest first, at most so many."""
    table = Fact.__table__.c
    query = select(*(table[name] for name in Told._fields)).where(table.organisation_id == organisation_id)
    if not wanted.reports:
        query = query.where(mergers.counted())
    if wanted.days is not None:
        query = query.where(table.day >= wanted.days[0], table.day < wanted.days[1])
    if wanted.residence is not None:
        query = query.where(or_(table.residence == wanted.residence, *_nameless(wanted.near)))
    if wanted.numbers is not None:
        query = query.where(table.id.in_(wanted.numbers))
    return [Told(*row) for row in connection.execute(query.order_by(table.day.desc(), table.id.desc()).limit(most))]


def total(connection: Connection, organisation_id: int) -> int:
    """How many facts an organisation has."""
    return int(connection.execute(select(func.count()).select_from(Fact)
                                  .where(Fact.organisation_id == organisation_id)).scalar_one())


def versions(connection: Connection, organisation_id: int, key: str) -> list[dict[str, Any]]:
    """Every version of a fact, the current one first, as `{"seen", "category", …}`."""
    known = select(Fact.__table__).where(Fact.organisation_id == organisation_id, Fact.key == key)
    current = connection.execute(known).mappings()
    found = [dict(row) for row in current]
    for fact in list(found):
        older = select(FactVersion.__table__).where(FactVersion.fact_id == fact["id"]).order_by(FactVersion.seen.desc())
        found += [dict(row) for row in connection.execute(older).mappings()]
    return found
