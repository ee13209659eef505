"""Keeps the indexes up with the database."""

from __future__ import annotations

import time

from geoservice.errors import NotReady
from geoservice.storage import imports, indexes
from geoservice.storage.indexes import Ready
from geoservice.storage.store import Storage

FACTS = "incidents"
MOST_ADDED = 10_000  # facts that an index is extended by; beyond, it is rebuilt


def refresh(storage: Storage, ready: Ready | None = None) -> int:
    """Rebuild and swap in the index of every organisation whose facts changed; how many were rebuilt.

    `ready(organisation, index)` is told of each new index before it is swapped in: until it returns, everybody reads the old one.
    """
    if not dirty(storage):
        return 0
    with storage.only_writer():
        return refresh_as_writer(storage, ready)


def refresh_as_writer(storage: Storage, ready: Ready | None = None) -> int:
    """`refresh` for a caller that already is the only writer."""
    rebuilt = 0
    for organisation_id, changes in dirty(storage).items():
        version, added = f"{changes}.{time.time_ns():x}", _added(storage, organisation_id, changes)
        if added:
            indexes.extend(storage, organisation_id, version, added, ready)
        else:
            indexes.rebuild(storage, organisation_id, version, ready)
        with storage.write() as connection:
            imports.built(connection, FACTS, organisation_id, changes)
        rebuilt += 1
    return rebuilt


def note_added(storage: Storage, organisation_id: int, change: int, fact: int) -> None:
    """Say that a change of an organisation's facts only added one, so that its index can be extended instead of rebuilt."""
    known = storage.additions.setdefault(organisation_id, {})
    if len(known) < MOST_ADDED:
        known[change] = fact


def _added(storage: Storage, organisation_id: int, changes: int) -> list[int]:
    """The facts that an index lacks, when every change since it was built is known to have only added one; else []."""
    known = storage.additions.get(organisation_id, {})
    with storage.read() as connection:
        built = imports.states(connection, FACTS)[organisation_id][1]
    wanted = range(built + 1, changes + 1)
    usable = all(change in known for change in wanted) and _built_from(storage, organisation_id) == str(built)
    found = [known[change] for change in wanted] if usable else []
    for change in [change for change in known if change <= changes]:
        del known[change]
    return found


def _built_from(storage: Storage, organisation_id: int) -> str:
    """The change that the index on disk holds, as text; "" where it cannot be read."""
    try:
        index = storage.indexes.get(organisation_id)
    except NotReady:
        return ""
    return "" if index is None else index.version.partition(".")[0]


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
