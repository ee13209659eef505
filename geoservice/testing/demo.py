"""The demonstration: the synthetic town, written as files and brought in through the real import."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from geoservice.catalog.layers import Catalog, load
from geoservice.catalog.schema import SourceSpec
from geoservice.errors import NotReady
from geoservice.operations import accounts, credits, setup
from geoservice.operations.ingest import ImportRequest, recognised, run
from geoservice.operations.setup import Storage
from geoservice.settings import Settings
from geoservice.testing import levers, meeting, sharing
from geoservice.testing.assembly import Town, town
from geoservice.testing.files import Import
from geoservice.types import Kind

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
    made = town()
    # a folder of releases that the environment names is somebody's own: the town's stays with the town
    storage = load_town(settings.model_copy(update={"shared": None}), made, say)
    _publish(storage, made, say)
    meeting.meet(storage, load(settings.layers), _first(storage), made.truth.end)
    for organisation in sorted({each.organisation for each in made.truth.levers}):
        levers.note(storage, load(settings.layers), made.truth, organisation)
    storage.close()
    setup.demo_ready(settings)


def _first(storage: Storage) -> str:
    """The organisation that visitors of the demo are signed in as."""
    known = accounts.organisations(storage)
    return min(known, key=known.__getitem__)


def _publish(storage: Storage, made: Town, say: Say) -> None:
    say("Diffusion partagée de la ville, avec son audit…")
    halls = {next(each.halls[0].code for each in made.residences if each.key == key): state for key, state in sharing.STATES}
    done = sharing.share(storage, halls)
    say(f"  {len(done.state.published.ledger)} faits de {len(sharing.VOLUMES)} origines, "
        f"{len(done.state.published.release.months)} mois")


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
    report = run(storage, catalog, ImportRequest(file.layer, (file.path,), file.organisation, spec=_source(catalog, file)))
    say(f"  {file.layer:12} {file.path.name} : {report.accepted} lignes, {report.rejected} refusées")


def _source(catalog: Catalog, file: Import) -> SourceSpec:
    """The source that the file is recognised as, under the name of a town that nobody published; a register of inhabitants or
    of the transport company has a landlord's columns and another kind."""
    known = recognised(catalog, file.layer, file.path)
    own: dict[str, object] = {"name": f"{credits.FICTIVE}-{known.name}", "attribution": credits.TOWN.whom,
                              "licence": credits.TOWN.licence}
    if file.kind in ("habitant", "transport"):
        own |= {"kind": Kind(file.kind)}
    return known.model_copy(update=own)
