"""Which versions an import met, batch by batch: about ten bytes a row on the disk, read again only when an import is undone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from geoservice.storage.tables import ImportRun, Sighting

# the row's number, the first 8 bytes of what it said, and the line of the file (0 where nobody keeps it)
ENTRY = np.dtype([("row", "<i8"), ("mark", "<i8"), ("line", "<i4")])


@dataclass(frozen=True)
class Seen:
    """One meeting with a version: by which import, under which snapshot, on which line; `order` grows with time."""

    import_id: int
    seen: int
    line: int
    order: tuple[int, int]


def mark_of(content: bytes | tuple) -> int:
    """A number that tells versions of one row apart."""
    digest = content if isinstance(content, bytes) else blake2b(repr(content).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest[:8], "little", signed=True)


def record(
    connection: Connection, import_id: int, stores: str, entries: Sequence[tuple[int, int, int]], seen: Sequence[int]
) -> None:
    """Keep what a batch met, in its transaction: entries as ENTRY, and the snapshot of each."""
    rows, moments = np.array(entries, ENTRY), np.asarray(seen, np.int64)
    for moment in np.unique(moments).tolist():
        packed = zlib.compress(rows[moments == moment].tobytes(), 1)
        connection.execute(insert(Sighting).values(import_id=import_id, stores=stores, seen=moment, rows=packed))


def of_import(connection: Connection, import_id: int) -> tuple[str, np.ndarray]:
    """What an import stored ("" when nothing was kept of it) and its entries."""
    query = select(Sighting.stores, Sighting.rows).where(Sighting.import_id == import_id).order_by(Sighting.id)
    blocks = [(stores, _unpack(rows)) for stores, rows in connection.execute(query)]
    return (blocks[0][0], np.concatenate([rows for _, rows in blocks])) if blocks else ("", np.empty(0, ENTRY))


def of_others(connection: Connection, import_id: int, layer: str, rows: np.ndarray) -> dict[int, dict[int, list[Seen]]]:
    """Meetings of other imports of a layer with some rows (sorted numbers): row → mark → meetings in order."""
    found: dict[int, dict[int, list[Seen]]] = {}
    for block, other, seen, entries in _blocks(connection, import_id, layer):
        for position in np.flatnonzero(np.isin(entries["row"], rows)).tolist():
            row, mark, line = entries[position].item()
            found.setdefault(row, {}).setdefault(mark, []).append(Seen(other, seen, line, (block, position)))
    return found


def _blocks(connection: Connection, import_id: int, layer: str) -> Iterator[tuple[int, int, int, np.ndarray]]:
    query = (
        select(Sighting.id, Sighting.import_id, Sighting.seen, Sighting.rows)
        .join(ImportRun, ImportRun.id == Sighting.import_id)
        .where(ImportRun.layer == layer, Sighting.import_id != import_id)
        .order_by(Sighting.id)
    )
    for block, other, seen, rows in connection.execute(query):
        yield block, other, seen, _unpack(rows)


def _unpack(rows: bytes) -> np.ndarray:
    return np.frombuffer(zlib.decompress(rows), ENTRY)


def forget(connection: Connection, import_id: int) -> None:
    """An import that is undone met nothing."""
    connection.execute(delete(Sighting).where(Sighting.import_id == import_id))
