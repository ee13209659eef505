"""What `geoservice doctor` looks at: versions, rights, durability, integrity, indexes, the page's files."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geoservice.catalog.layers import load
from geoservice.errors import GeoserviceError
from geoservice.operations import publishing_files
from geoservice.operations.indexing import refresh
from geoservice.settings import Settings
from geoservice.storage import imports, migrations
from geoservice.storage.store import Storage

PAGE_FILES = ("maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css", "source-sans-3.css", "leaflet.js")
_LEAST_FREE = 1 << 30


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    sentence: str


def run(settings: Settings) -> Iterator[Check]:
    """Checks one after the other; an index that lags is rebuilt on the way."""
    yield Check("Python", True, platform.python_version())
    yield _guarded("Couches", lambda: f"{len(load(settings.layers).layers)} reconnues")
    yield _page()
    opened = _guarded("Données", lambda: f"« {settings.data} » s’ouvre, tables {migrations.HEAD}" if Storage(settings) else "")
    yield opened
    if opened.ok:
        yield from _data(settings)


def _guarded(name: str, look) -> Check:  # noqa: ANN001  (a function of no argument that gives a sentence)
    try:
        return Check(name, True, look())
    except GeoserviceError as error:
        return Check(name, False, str(error))


def _page() -> Check:
    vendor = Path(__file__).resolve().parents[1] / "web" / "page" / "vendor"
    missing = [name for name in PAGE_FILES if not (vendor / name).is_file()]
    return Check("Page", not missing, f"il manque {', '.join(missing)} : réinstallez le paquet" if missing
                 else "tous ses fichiers sont là, rien n’est pris sur internet")


def _data(settings: Settings) -> Iterator[Check]:
    storage = Storage(settings)
    health = storage.health()
    yield Check("Base de données", True, health.engine)
    yield Check("Durabilité", health.durable, health.durability)
    state = storage.integrity()
    sound = state == "ok"
    yield Check("Intégrité", sound, "la base est saine" if sound else "la base est abîmée : restaurez une sauvegarde")
    yield Check("Droits", os.access(settings.data, os.W_OK), "le dossier de données est accessible en écriture")
    free = shutil.disk_usage(settings.data).free
    yield Check("Disque", free > _LEAST_FREE, f"{free >> 30} Go libres")
    rebuilt = refresh(storage)
    yield Check("Index", True, f"{rebuilt} reconstruits" if rebuilt else "à jour")
    yield _guarded("Diffusions", lambda: f"{', '.join(written)} : remise en place" if (
        written := publishing_files.settle(storage)) else "le dossier partagé est à jour")
    with storage.read() as connection:
        interrupted = imports.unfinished(connection)
    yield Check("Imports", interrupted == 0, "aucun interrompu" if not interrupted else
                f"{interrupted} interrompus : relancez la même commande pour les finir")
