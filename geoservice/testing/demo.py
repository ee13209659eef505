"""The demonstration: the synthetic town, written as files and brought in through the real import."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from geoservice.catalog.layers import Catalog, load
from geoservice.errors import NotReady
from geoservice.operations import accounts, setup
from geoservice.operations.ingest import ImportRequest, run
from geoservice.operations.setup import Storage
from geoservice.settings import Settings
from geoservice.testing.assembly import Town, town
from geoservice.testing.files import Import

Say = Callable[[str], None]


def prepare(settings: Settings, say: Say = lambda _text: None) -> None:
    """Make the demo's data folder unless it is ready; NotReady when the folder is somebody else's."""
    state = setup.demo_state(settings)
    if state == "foreign":
        raise NotReady(f"« {settings.data} » contient des données que la démonstration n’a pas créées ; choisissez un autre "
                       "dossier avec --data.")
    if state == "ready":
        return
    if state == "begun":
        setup.discard_demo(settings)
    say("Construction de la ville fictive…")
    load_town(settings, town(), say)
    setup.demo_ready(settings)


def load_town(settings: Settings, made: Town, say: Say = lambda _text: None) -> Storage:
    """A data folder with a town in it: its organisations, then every file through the real import."""
    storage = setup.create(settings, demo=True)
    catalog = load(settings.layers)
    for organisation in made.organisations:
        accounts.create_organisation(storage, organisation.code)
    with tempfile.TemporaryDirectory() as folder:
        for file in made.write(Path(folder)).imports():
            _import(storage, catalog, file, say)
    return storage


def _import(storage: Storage, catalog: Catalog, file: Import, say: Say) -> None:
    mapping = _mapping(file) if file.kind in ("habitant", "transport") else None
    report = run(storage, catalog, ImportRequest(file.layer, (file.path,), file.organisation, mapping=mapping))
    say(f"  {file.layer:12} {file.path.name} : {report.accepted} lignes, {report.rejected} refusées")


def _mapping(file: Import) -> Path:
    """The same columns as a landlord's register, from another kind of source."""
    path = file.path.with_suffix(".toml")
    path.write_text(f'extends = "bailleur-generique"\nname = "registre-{file.kind}"\ntitle = "Registre ({file.kind})"\n'
                    f'kind = "{file.kind}"\nattribution = "Ville fictive"\n', encoding="utf-8")
    return path
