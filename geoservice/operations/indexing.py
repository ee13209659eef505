"""Keeps the indexes up with the database."""

from __future__ import annotations

import time

from geoservice.errors import NotReady
from geoservice.storage import imports, indexes
from geoservice.storage.store import Storage

FACTS = "incidents"


def refresh(storage: Storage) -> int:
    """Rebuild and swap in the index of every organisation whose facts changed; how many were rebuilt."""
    if not dirty(storage):
        return 0
    with storage.only_writer():
        return refresh_as_writer(storage)


def refresh_as_writer(storage: Storage) -> int:
    """`refresh` for a caller that already is the only writer."""
    rebuilt = 0
    for organisation_id, changes in dirty(storage).items():
        indexes.rebuild(storage, organisation_id, f"{changes}.{time.time_ns():x}")
        with storage.write() as connection:
            imports.built(connection, FACTS, organisation_id, changes)
        rebuilt += 1
    return rebuilt


def dirty(storage: Storage) -> dict[int, int]:
    """Organisations whose index lags, with the change it should hold; one whose file is missing or unreadable counts too."""
    with storage.read() as connection:
        states = imports.states(connection, FACTS)
    return {number: changes for number, (changes, built) in states.items()
            if changes != built or not _readable(storage, number)}


def _readable(storage: Storage, organisation_id: int) -> bool:
    try:
        return storage.indexes.get(organisation_id) is not None
    except NotReady:
        return False
