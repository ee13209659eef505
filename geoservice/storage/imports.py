"""Import runs, their rejects, sources, and the change counters of layers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from geoservice.catalog.rows import Note, Reject
from geoservice.storage.engine import bulk_insert
from geoservice.storage.tables import ImportRun, LayerState, RejectedLine, Source, now

COUNTERS = ("lines", "accepted", "updated", "unchanged", "duplicates", "rejected")
REJECT = ("import_id", "file", "line", "column", "value", "code", "sentence")
VALUE_LENGTH = 200


def source_id(connection: Connection, layer: str, name: str) -> int:
    """The number of a source, given one when it is new."""
    found = connection.execute(select(Source.id).where(Source.layer == layer, Source.name == name)).scalar()
    if found is None:
        found = connection.execute(insert(Source).values(layer=layer, name=name).returning(Source.id)).scalar_one()
    return int(found)


def begin(connection: Connection, layer: str, organisation_id: int, source: str, signature: str) -> dict[str, Any]:
    """The run to go on with: an interrupted one over the same bytes, else a new one."""
    table = ImportRun.__table__
    query = select(table).where(table.c.signature == signature, table.c.organisation_id == organisation_id,
                                table.c.status == "reading").order_by(table.c.id.desc()).limit(1)
    found = connection.execute(query).mappings().first()
    if found is None:
        number = connection.execute(insert(table).values(
            layer=layer, organisation_id=organisation_id, source=source, signature=signature, started=now(), status="reading",
            batches=0, notes="[]", **dict.fromkeys(COUNTERS, 0)).returning(table.c.id)).scalar_one()
        found = connection.execute(select(table).where(table.c.id == number)).mappings().one()
    return dict(found)


def notes_of(run: dict[str, Any]) -> list[Note]:
    """The notes that a run has gathered so far."""
    return [Note(*parts) for parts in json.loads(run["notes"])]


def advance(connection: Connection, import_id: int, batches: int, counters: dict[str, int], notes: Sequence[Note]) -> None:
    """Record how far a run is, in the transaction that writes its rows."""
    text = json.dumps([[note.code, note.sentence, note.count, note.example_line] for note in notes], ensure_ascii=False)
    connection.execute(update(ImportRun).where(ImportRun.id == import_id).values(batches=batches, notes=text, **counters))


def finish(connection: Connection, import_id: int, status: str) -> None:
    """Close a run as `done` or `failed`."""
    connection.execute(update(ImportRun).where(ImportRun.id == import_id).values(status=status, finished=now()))


def find(connection: Connection, import_id: int) -> dict[str, Any] | None:
    """One run."""
    row = connection.execute(select(ImportRun.__table__).where(ImportRun.id == import_id)).mappings().first()
    return None if row is None else dict(row)


def unfinished(connection: Connection) -> int:
    """How many runs were interrupted."""
    return len(connection.execute(select(ImportRun.id).where(ImportRun.status == "reading")).all())


def add_rejects(connection: Connection, import_id: int, rejects: Sequence[Reject]) -> None:
    """Keep rejected lines, values cut to a length fit for people."""
    bulk_insert(connection, RejectedLine.__table__, REJECT,
                [(import_id, r.file, r.line, r.column, r.value[:VALUE_LENGTH], r.code, r.sentence) for r in rejects])


def rejects(connection: Connection, import_id: int) -> list[Reject]:
    """The rejected lines of a run, in reading order."""
    table = RejectedLine.__table__
    query = select(*(table.c[name] for name in REJECT[1:])).where(table.c.import_id == import_id).order_by(table.c.id)
    return [Reject(*row) for row in connection.execute(query)]


def touch(connection: Connection, layer: str, organisation_id: int) -> None:
    """Say that a layer of an organisation changed: its index and cached answers are out of date."""
    table = LayerState.__table__
    where = (table.c.layer == layer, table.c.organisation_id == organisation_id)
    if not connection.execute(update(table).where(*where).values(changes=table.c.changes + 1)).rowcount:
        connection.execute(insert(table).values(layer=layer, organisation_id=organisation_id, changes=1, built=0))


def states(connection: Connection, layer: str) -> dict[int, tuple[int, int]]:
    """(changes, built) of a layer by organisation number."""
    table = LayerState.__table__
    query = select(table.c.organisation_id, table.c.changes, table.c.built).where(table.c.layer == layer)
    return {number: (changes, built) for number, changes, built in connection.execute(query)}


def built(connection: Connection, layer: str, organisation_id: int, changes: int) -> None:
    """Record which change the index on disk holds."""
    table = LayerState.__table__
    connection.execute(update(table).where(table.c.layer == layer, table.c.organisation_id == organisation_id)
                       .values(built=changes))
