"""Imports as work to do: asked for, under way, ended. The state is `import_run.status`.

received → reading → done | failed;  done | failed → undoing → undone
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from geoservice.catalog.rows import Note, Reject
from geoservice.storage import imports, sightings
from geoservice.storage.imports import COUNTERS, REJECT
from geoservice.storage.tables import OPEN, Aggregate, Fact, Feature, ImportRun, RejectedLine, Upload, now

FAILED, WAITING = "echec", "attente"  # codes of the notes that say why an import failed or waits
_TO_DO = ("received", "reading", "undoing")
_OWNED = {"facts": Fact, "features": Feature, "aggregates": Aggregate}


def worker_lock(folder: Path) -> int | None:
    """A descriptor that holds the lock of the one process that runs imports for servers, None when another holds it.

    A child inherits it: the lock is free once both have ended.
    """
    descriptor = os.open(folder / ".importer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def receive(connection: Connection, layer: str, organisation_id: int, source: str) -> int:
    """A new import that nobody has begun."""
    return int(connection.execute(insert(ImportRun).values(
        layer=layer, organisation_id=organisation_id, source=source, signature="", started=now(), status="received", batches=0,
        notes="[]", **dict.fromkeys(COUNTERS, 0)).returning(ImportRun.id)).scalar_one())


def adopt(connection: Connection, import_id: int, signature: str) -> dict[str, Any]:
    """Begin an import that was received, or go on with it where the same bytes were being read the same way."""
    known = imports.find(connection, import_id) or {}
    if known.get("signature") != signature:
        connection.execute(update(ImportRun).where(ImportRun.id == import_id).values(
            signature=signature, batches=0, notes="[]", **dict.fromkeys(COUNTERS, 0)))
    connection.execute(update(ImportRun).where(ImportRun.id == import_id).values(status="reading"))
    return imports.find(connection, import_id) or {}


def to_do(connection: Connection) -> list[tuple[int, str]]:
    """Imports that have not ended, oldest first, with their status."""
    query = select(ImportRun.id, ImportRun.status).where(ImportRun.status.in_(_TO_DO)).order_by(ImportRun.id)  # type: ignore[attr-defined]
    return [(int(number), status) for number, status in connection.execute(query)]


def listing(connection: Connection, organisation_id: int, limit: int) -> list[dict[str, Any]]:
    """Imports of an organisation, newest first."""
    table = ImportRun.__table__
    query = select(table).where(table.c.organisation_id == organisation_id).order_by(table.c.id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def own(connection: Connection, organisation_id: int, import_id: int) -> dict[str, Any] | None:
    """One import of an organisation."""
    found = imports.find(connection, import_id)
    return found if found is not None and found["organisation_id"] == organisation_id else None


def files(connection: Connection, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Files of some imports: name, size, whether the bytes are still kept."""
    found: dict[int, list[dict[str, Any]]] = {number: [] for number in numbers}
    query = select(Upload.import_id, Upload.name, Upload.size, Upload.deleted).where(Upload.import_id.in_(numbers))  # type: ignore[attr-defined]
    for number, name, size, deleted in connection.execute(query.order_by(Upload.id)):
        found[number].append({"name": name, "size": size, "kept": deleted is None})
    return found


def first_rejects(connection: Connection, import_id: int, limit: int | None) -> tuple[int, list[Reject]]:
    """How many rejected lines are kept, and the first of them."""
    table = RejectedLine.__table__
    of_import = table.c.import_id == import_id
    total = int(connection.execute(select(func.count()).select_from(table).where(of_import)).scalar_one())
    query = select(*(table.c[name] for name in REJECT[1:])).where(of_import).order_by(table.c.id).limit(limit)
    return total, [Reject(*row) for row in connection.execute(query)]


def say(connection: Connection, import_id: int, status: str, note: Note | None = None) -> None:
    """Set a status; a note replaces the one of its code, and no note removes why it waited."""
    run = imports.find(connection, import_id)
    if run is not None:
        notes = [each for each in imports.notes_of(run) if each.code not in (WAITING, note.code if note else WAITING)]
        imports.advance(connection, import_id, run["batches"], {}, [*notes, *([note] if note else [])])
        connection.execute(update(ImportRun).where(ImportRun.id == import_id).values(status=status))


def owner(connection: Connection, import_id: int) -> int | None:
    """Whose rows an import met (all of them belong to one organisation, or to nobody: OPEN); None when it met none."""
    stores, met = sightings.of_import(connection, import_id)
    if not stores:
        return None
    table = _OWNED.get(stores)
    # addresses have no owner: they serve everybody
    return OPEN if table is None else _owner_of(connection, table, met["row"][:50].tolist())


def _owner_of(connection: Connection, table: Any, rows: Iterable[int]) -> int | None:
    found = connection.execute(select(table.organisation_id).where(table.id.in_(list(rows))).limit(1)).scalar()
    return None if found is None else int(found)


def facts_of(connection: Connection, import_id: int) -> dict[str, Any]:
    """What the facts that an import wrote last span: kind, first and last day (local numbers), box; None where there is none.

    Reads every fact once: fit for one import that somebody looks at.
    """
    table = Fact.__table__  # type: ignore[attr-defined]
    query = select(func.min(table.c.kind).label("kind"),
                   func.min(table.c.day).label("first"), func.max(table.c.day).label("last"),
                   func.min(table.c.lon).label("west"), func.min(table.c.lat).label("south"), func.max(table.c.lon).label("east"),
                   func.max(table.c.lat).label("north")).where(table.c.import_id == import_id)
    return dict(connection.execute(query).mappings().one())


def ended(connection: Connection, organisation_id: int, signature: str) -> int | None:
    """The last import of an organisation under a signature, if it is done and not undone."""
    table = ImportRun.__table__
    query = select(table.c.id).where(table.c.organisation_id == organisation_id, table.c.signature == signature,
                                     table.c.status == "done").order_by(table.c.id.desc()).limit(1)
    return connection.execute(query).scalar()
