"""Backing a data folder up while it is used, and making a data folder of a backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geoservice.operations import publishing_files, setup
from geoservice.operations.indexing import refresh
from geoservice.settings import Settings
from geoservice.storage import backup
from geoservice.storage.backup import Manifest
from geoservice.storage.store import Storage


@dataclass(frozen=True)
class Saved:
    """A verified backup and what it holds."""

    path: Path
    manifest: Manifest


def save(storage: Storage, target: Path | None = None) -> Saved:
    """Write a backup, verify it, and give it its name; by default beside where the command runs, named after the moment."""
    path = target or Path(f"geoservice-{datetime.now().astimezone():%Y%m%d-%H%M%S}.tar")
    return Saved(path, backup.write(storage.settings, path))


def restore(path: Path, settings: Settings) -> Manifest:
    """Make `settings.data`, a new folder, of a backup; brought up to today's tables, indexed and with its releases."""
    manifest = backup.restore(path, settings)
    storage = setup.open_storage(settings)
    try:
        refresh(storage)
        if settings.shared is None:  # in the folder itself; another folder may be one that people are reading
            publishing_files.settle(storage)
    finally:
        storage.close()
    return manifest
