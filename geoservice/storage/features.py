"""Features, aggregates and addresses: rows replaced in place by key, and read by layer for organisations."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, func, insert, or_, select, tuple_

from geoservice.catalog.rows import ADDRESS, AGGREGATE, FEATURE
from geoservice.storage import sightings
from geoservice.storage.engine import bulk_insert, bulk_update, chunks, last_id
from geoservice.storage.facts import Outcome, Owner
from geoservice.storage.tables import Address, Aggregate, Feature, ImportRun, ReplacedRow, Source

BY_HAND = "fiche"  # the source of what somebody edits in the page


@dataclass(frozen=True)
class Keyed:
    """How rows of one table are told apart: `names` in row order, which of them identify, what is the same for all."""

    table: Table
    names: tuple[str, ...]
    key: tuple[str, ...]
    same: dict[str, Any]

    @property
    def stores(self) -> str:
        """What a layer calls these rows: `features`, `aggregates`, `addresses`."""
        return stores_of(self.table)

    def mark(self, row: tuple) -> int:
        """A number that tells versions of one row apart."""
        return sightings.mark_of(row[self.names.index("content")] if "content" in self.names else tuple(row))


def stores_of(table: Table) -> str:
    """`features`, `aggregates` or `addresses`."""
    return f"{table.name}es" if table.name.endswith("s") else f"{table.name}s"


def kind_of(stores: str) -> Keyed:
    """The rows behind `stores`, whoever they belong to."""
    names = {Feature.__table__: FEATURE, Aggregate.__table__: AGGREGATE, Address.__table__: ADDRESS}
    return next(Keyed(table, names[table], (), {}) for table in names if stores_of(table) == stores)


def features_of(layer: str, owner: Owner) -> Keyed:
    """Rows as catalog.rows.FEATURE; a layer has one feature a key and generation for each organisation."""
    return Keyed(Feature.__table__, FEATURE, ("generation", "key"),
                 {"layer": layer, "organisation_id": owner.organisation_id, "source_id": owner.source_id})


def aggregates_of(owner: Owner) -> Keyed:
    """Rows as catalog.rows.AGGREGATE."""
    return Keyed(Aggregate.__table__, AGGREGATE, ("level", "zone", "period", "indicator", "unit"),
                 {"organisation_id": owner.organisation_id, "source_id": owner.source_id})


def addresses_of(_owner: Owner) -> Keyed:
    """Rows as catalog.rows.ADDRESS."""
    return Keyed(Address.__table__, ADDRESS, ("key",), {})


def write(connection: Connection, kind: Keyed, import_id: int, rows: Sequence[tuple], by_hand: bool = False) -> Outcome:
    """Insert new rows, replace those that differ, leave the others; the last of equal keys wins.

    What somebody edited (`by_hand`) stays over a version of a file that was known before: only what is new replaces it.
    """
    outcome = Outcome()
    stored = _stored(connection, kind, rows)
    inserts: dict[tuple, tuple] = {}
    updates: dict[int, tuple] = {}
    where = [kind.names.index(name) for name in kind.key]
    content = kind.names.index("content") if "content" in kind.names else None
    for row in rows:
        key = tuple(row[position] for position in where)
        known = stored.get(key)
        signature = row[content] if content is not None else row
        if known is None:
            inserts[key] = row
            stored[key] = (-1, signature)
            outcome.accepted += 1
        elif known[1] == signature:
            outcome.unchanged += 1
        else:
            (inserts.__setitem__(key, row) if known[0] < 0 else updates.__setitem__(known[0], row))
            stored[key] = (known[0], signature)
            outcome.updated += 1
    if not by_hand:
        _spare_edits(connection, kind, updates, outcome)
    last = last_id(connection, kind.table)
    _keep_replaced(connection, kind, list(updates))
    _flush(connection, kind, import_id, inserts, updates)
    _sight(connection, kind, import_id, rows, {key: number for key, (number, _) in stored.items() if number >= 0}, last)
    return outcome


def _spare_edits(connection: Connection, kind: Keyed, updates: dict[int, tuple], outcome: Outcome) -> None:
    """Leave rows that somebody edited as they are where the file says what one of their earlier versions said."""
    edited = _edited(connection, kind, list(updates))
    known: dict[int, set[int]] = {}
    for block in chunks(edited, 5_000):
        for row, mark in connection.execute(select(ReplacedRow.row_id, ReplacedRow.mark).where(
                ReplacedRow.stores == kind.stores, ReplacedRow.row_id.in_(block))):
            known.setdefault(row, set()).add(mark)
    for row in edited:
        if kind.mark(updates[row]) in known.get(row, ()):
            del updates[row]
            outcome.updated -= 1
            outcome.unchanged += 1
            outcome.edits_kept += 1
        else:
            outcome.edits_replaced += 1


def _edited(connection: Connection, kind: Keyed, rows: Sequence[int]) -> list[int]:
    """Those of some rows whose current version somebody made in the page."""
    columns = kind.table.c
    return [row for block in chunks(rows, 5_000) for (row,) in connection.execute(select(columns.id).where(
        columns.id.in_(block), columns.import_id.in_(select(ImportRun.id).where(ImportRun.source == BY_HAND))))]


def own_keys(connection: Connection, layer: str, organisation_id: int, keys: Sequence[str]) -> set[str]:
    """Those of some keys that are the organisation's own features."""
    columns = Feature.__table__.c  # type: ignore[attr-defined]
    return {key for block in chunks(keys, 5_000) for (key,) in connection.execute(select(columns.key).where(
        columns.layer == layer, columns.organisation_id == organisation_id, columns.key.in_(block)))}


def history(connection: Connection, layer: str, organisation_id: int, key: str) -> list[tuple[int, tuple]]:
    """(import, row as FEATURE) of every version of a feature that is kept, the current one first, then the last one before it."""
    columns = Feature.__table__.c  # type: ignore[attr-defined]
    current = connection.execute(select(columns.id, columns.import_id, *(columns[name] for name in FEATURE)).where(
        columns.layer == layer, columns.organisation_id == organisation_id, columns.key == key).limit(1)).first()
    if current is None:
        return []
    older = connection.execute(select(ReplacedRow.import_id, ReplacedRow.content).where(
        ReplacedRow.stores == "features", ReplacedRow.row_id == current[0]).order_by(ReplacedRow.id.desc()))
    return [(current[1], tuple(current[2:])), *((by, unpack(content)) for by, content in older)]


def _keep_replaced(connection: Connection, kind: Keyed, numbers: Sequence[int]) -> None:
    """Keep the versions that are about to be replaced, so that an undo can bring them back."""
    columns = kind.table.c
    for block in chunks(numbers, 5_000):
        query = select(columns.id, columns.import_id, *(columns[name] for name in kind.names)).where(columns.id.in_(block))
        rows = [tuple(row) for row in connection.execute(query)]
        connection.execute(insert(ReplacedRow), [
            {"stores": kind.stores, "row_id": row[0], "import_id": row[1], "mark": kind.mark(row[2:]), "content": pack(row[2:])}
            for row in rows])


def _sight(connection: Connection, kind: Keyed, import_id: int, rows: Sequence[tuple], known: dict[tuple, int],
           last: int) -> None:
    """Note which versions this batch met; rows inserted by it have numbers after `last`."""
    if not rows:
        return
    columns, where = kind.table.c, [kind.names.index(name) for name in kind.key]
    fresh = connection.execute(select(columns.id, *(columns[name] for name in kind.key)).where(columns.id > last))
    numbers = {**known, **{tuple(row[1:]): row[0] for row in fresh}}
    sightings.record(connection, import_id, kind.stores,
                     [(numbers[tuple(row[position] for position in where)], kind.mark(row), 0) for row in rows], [0] * len(rows))


def pack(row: Sequence[Any]) -> bytes:
    """Values of a row as compressed JSON, bytes in base64."""
    values = [{"bytes": b64encode(value).decode()} if isinstance(value, bytes) else value for value in row]
    return zlib.compress(json.dumps(values).encode(), 1)


def unpack(packed: bytes) -> tuple:
    """The row that was packed."""
    return tuple(b64decode(value["bytes"]) if isinstance(value, dict) else value for value in json.loads(zlib.decompress(packed)))


def _flush(connection: Connection, kind: Keyed, import_id: int, inserts: dict[tuple, tuple], updates: dict[int, tuple]) -> None:
    same = {**kind.same, "import_id": import_id}
    bulk_insert(connection, kind.table, (*same, *kind.names), [(*same.values(), *row) for row in inserts.values()])
    bulk_update(connection, kind.table, ("import_id", *kind.names),
                [(import_id, *row, number) for number, row in updates.items()])


def _stored(connection: Connection, kind: Keyed, rows: Sequence[tuple]) -> dict[tuple, tuple[int, Any]]:
    columns = kind.table.c
    where = [kind.names.index(name) for name in kind.key]
    same = {name: value for name, value in kind.same.items() if name != "source_id" or "layer" not in kind.same}
    fixed = and_(True, *(columns[name] == value for name, value in same.items()))
    signed = [columns[name] for name in (("content",) if "content" in kind.names else kind.names)]
    found: dict[tuple, tuple[int, Any]] = {}
    for block in chunks({tuple(row[position] for position in where) for row in rows}, 5_000):
        keys = tuple_(*(columns[name] for name in kind.key)).in_(block) if len(where) > 1 else columns[kind.key[0]].in_(
            [key[0] for key in block])
        query = select(columns.id, *(columns[name] for name in kind.key), *signed).where(fixed, keys)
        for row in connection.execute(query):
            values = tuple(row[1 + len(where):])
            found[tuple(row[1:1 + len(where)])] = (row[0], values[0] if len(signed) == 1 else values)
    return found


@dataclass(frozen=True)
class Scope:
    """What may be read: a layer, and the organisations whose rows the viewer sees (0 is open data)."""

    layer: str
    organisations: tuple[int, ...]


def read(connection: Connection, scope: Scope, generation: str | None = None) -> list[tuple]:
    """(id, key, name, generation, organisation_id, geometry WKB, properties JSON) in key order."""
    columns = Feature.__table__.c
    query = select(columns.id, columns.key, columns.name, columns.generation, columns.organisation_id, columns.geometry,
                   columns.properties).where(_within(scope)).order_by(columns.id)
    if generation is not None:
        query = query.where(columns.generation == generation)
    return [tuple(row) for row in connection.execute(query)]


def summary(connection: Connection, scope: Scope) -> list[tuple]:
    """(generation, count, west, south, east, north) of a layer."""
    columns = Feature.__table__.c
    query = select(columns.generation, func.count(), func.min(columns.west), func.min(columns.south), func.max(columns.east),
                   func.max(columns.north)).where(_within(scope)).group_by(columns.generation).order_by(columns.generation)
    return [tuple(row) for row in connection.execute(query)]


def _within(scope: Scope) -> Any:
    columns = Feature.__table__.c
    return and_(columns.layer == scope.layer, columns.organisation_id.in_(scope.organisations))


def places(connection: Connection, organisations: tuple[int, ...]) -> list[tuple]:
    """(layer, key, properties JSON, west, south, east, north) of residences, buildings and halls, for placing facts by code."""
    columns = Feature.__table__.c
    box = (columns.west, columns.south, columns.east, columns.north)
    query = select(columns.layer, columns.key, columns.properties, *box).where(
        columns.layer.in_(("patrimoine", "halls")), columns.organisation_id.in_(organisations), columns.west.is_not(None))
    return [tuple(row) for row in connection.execute(query)]


def aggregates(connection: Connection, organisations: tuple[int, ...],
               zones: tuple[tuple[str, str], ...] = ()) -> list[dict[str, Any]]:
    """Published counts in reach, withheld ones with `count` None; only those of some (level, zone) where they are given."""
    table = Aggregate.__table__
    query = select(table).where(table.c.organisation_id.in_(organisations)).order_by(table.c.id)
    if zones:
        # every column of the index up to the zone is named: a national file has millions of rows
        sources = select(Source.id)
        chosen = or_(*(and_(table.c.level == level, table.c.zone == zone) for level, zone in zones))
        query = query.where(table.c.source_id.in_(sources), chosen)
    return [dict(row) for row in connection.execute(query).mappings()]


def aggregate_summary(connection: Connection, organisations: tuple[int, ...]) -> int:
    """How many published counts are in reach."""
    table = Aggregate.__table__
    return int(connection.execute(select(func.count()).where(table.c.organisation_id.in_(organisations))).scalar_one())


def addresses(connection: Connection, street_norm: str, postcode: str | None, citycode: str | None) -> list[tuple]:
    """ADDRESS rows of a street, within a postcode or commune when one is known."""
    columns = Address.__table__.c
    query = select(*(columns[name] for name in ADDRESS)).where(columns.street_norm == street_norm)
    return [tuple(row) for row in connection.execute(_near(query, postcode, citycode).limit(5_000))]


def communes(connection: Connection, postcode: str | None, citycode: str | None) -> list[tuple[str, str]]:
    """(citycode, city) of the communes that have addresses under a code."""
    columns = Address.__table__.c
    query = select(columns.citycode, columns.city).distinct()
    return [(code, city) for code, city in connection.execute(_near(query, postcode, citycode).limit(100))]


def _near(query: Any, postcode: str | None, citycode: str | None) -> Any:
    columns = Address.__table__.c
    if postcode:
        query = query.where(columns.postcode == postcode)
    return query.where(columns.citycode == citycode) if citycode else query


def address_count(connection: Connection) -> int:
    """How many addresses the offline geocoder knows."""
    return int(connection.execute(select(func.count()).select_from(Address)).scalar_one())
