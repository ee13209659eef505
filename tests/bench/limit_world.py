"""A data folder whose index holds millions of facts, without importing them: the index is written, the database knows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoservice.core import factfile
from geoservice.core.facts import FactIndex
from geoservice.operations import accounts, setup
from geoservice.operations.indexing import FACTS
from geoservice.settings import Settings
from geoservice.storage import imports, indexfiles


@dataclass(frozen=True)
class World:
    """A served folder: its settings, the organisation that owns the facts, and a token of it."""

    settings: Settings
    organisation: int
    token: str


def build(folder: Path, index: FactIndex) -> World:
    """What an import would leave behind, as far as tiles are concerned: they read the index and the state of the layer."""
    settings = Settings(data=folder)
    storage = setup.create(settings)
    number = accounts.create_organisation(storage, "bench")
    token = accounts.create_token(storage, "bench", "bench")
    factfile.write(index, indexfiles.path_of(settings.index_folder, number))
    with storage.write() as connection:
        imports.touch(connection, FACTS, number)
        imports.built(connection, FACTS, number, 1)
    storage.close()
    return World(settings, number, token)
