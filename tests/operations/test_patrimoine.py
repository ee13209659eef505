"""An edit of the page is a version: kept, shown, undone; and a file that says again what was known before it does not undo it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from geoservice.catalog.layers import Catalog, load
from geoservice.errors import BadInput, Forbidden, NotFound
from geoservice.operations import accounts, ingest, patrimoine, setup
from geoservice.operations.ingest import ImportReport, ImportRequest
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage.store import Storage
from geoservice.types import Scope, Viewer

HALLS = ("code;residence;batiment;longitude;latitude;traversant;digicode;eclairage\n"
         "A;R1;B1;2.4501;48.9001;oui;;bon\nB;R1;B1;2.4502;48.9001;non;;\n")
HOMES = "code_residence;nom_residence;logements;annee;rnb;longitude;latitude\nR1;Les Tilleuls;40;1968;ABCD1234EFGH;2.45;48.9\n"


@dataclass
class World:
    storage: Storage
    catalog: Catalog
    viewer: Viewer
    folder: Path

    def bring(self, layer: str, content: str) -> ImportReport:
        path = self.folder / f"{layer}.csv"
        path.write_text(content)
        return ingest.run(self.storage, self.catalog, ImportRequest(layer, (path,), "rives"))

    def home(self) -> patrimoine.Home:
        return patrimoine.home(open_reader(self.storage, self.catalog, self.viewer), "R1")

    def hall(self, code: str = "A") -> patrimoine.Place:
        return next(hall for hall in self.home().halls if hall.code == code)

    def edit(self, place: patrimoine.Place, **said: str) -> int | None:
        return patrimoine.edit(self.storage, self.viewer, (place.layer, place.key), said)

    def told(self, place: patrimoine.Place) -> list[list[tuple[str, str, str]]]:
        return [change.changes for change in patrimoine.history(self.storage, self.viewer, (place.layer, place.key))]


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    storage, catalog = setup.create(Settings(data=tmp_path / "data")), load()
    accounts.create_organisation(storage, "rives")
    accounts.create_organisation(storage, "plaine")
    made = World(storage, catalog, accounts.viewer_of_organisation(storage, "rives", "essai"), tmp_path)
    made.bring("patrimoine", HOMES)
    made.bring("halls", HALLS)
    yield made
    storage.close()


def test_the_hierarchy_with_what_matters(world):
    world.bring("patrimoine", "code_batiment;code_residence;logements;longitude;latitude\nB1;R1;20;2.45;48.9\n")
    home = world.home()
    assert (home.residence.value("dwellings"), home.residence.value("rnb")) == ("40", "ABCD1234EFGH")
    assert [(place.code, place.value("dwellings")) for place in home.buildings] == [("B1", "20")]
    assert [(hall.code, hall.building, hall.value("traversant"), hall.value("digicode")) for hall in home.halls] == [
        ("A", "B1", "oui", ""), ("B", "B1", "non", "")]


def test_an_edit_is_a_version_that_is_shown_and_undone(world):
    run = world.edit(world.hall(), digicode="oui", eclairage="en panne")
    assert world.edit(world.hall(), digicode="oui") is None
    assert (world.hall().known["digicode"], world.hall().known["eclairage"]) == (True, "en panne")
    assert world.hall("B").known["digicode"] is None
    changes = [("Digicode ou contrôle d’accès", "inconnu", "oui"), ("Éclairage", "bon", "en panne")]
    assert world.told(world.hall()) == [changes, []]
    ingest.undo(world.storage, run)
    assert (world.hall().known["digicode"], world.hall().known["eclairage"]) == (None, "bon")
    assert world.edit(world.home().residence, dwellings="42", rnb="abcd-1234-efgi") is not None
    assert world.home().residence.value("rnb") == "ABCD1234EFGI"


def test_the_old_file_again_leaves_the_edit_and_says_so(world):
    world.edit(world.hall(), digicode="oui")
    report = world.bring("halls", HALLS + "\n")  # other bytes, the same words
    assert (report.updated, report.unchanged) == (0, 2)
    assert [(note.code, note.count) for note in report.notes] == [("fiche-gardee", 1)]
    assert world.hall().known["digicode"] is True
    assert world.hall("B").known["digicode"] is None


def test_a_file_that_says_something_new_replaces_the_edit_and_says_so(world):
    run = world.edit(world.hall(), digicode="oui")
    report = world.bring("halls", HALLS.replace(";oui;;bon", ";oui;;mauvais"))
    assert (report.updated, [(note.code, note.count) for note in report.notes]) == (1, [("fiche-remplacee", 1)])
    assert (world.hall().known["digicode"], world.hall().known["eclairage"]) == (None, "mauvais")
    assert len(world.told(world.hall())) == 3  # the edit stays in the history
    ingest.undo(world.storage, report.import_id)
    assert world.hall().known["digicode"] is True
    ingest.undo(world.storage, run)
    assert world.hall().known["digicode"] is None


def test_undoing_another_import_leaves_the_edit(world):
    other = world.bring("halls", HALLS.replace("B;R1", "C;R1"))
    world.edit(world.hall(), digicode="oui")
    again = world.bring("halls", HALLS + "\n\n")
    for run in (other, again):
        ingest.undo(world.storage, run.import_id)
        assert world.hall().known["digicode"] is True


def test_what_one_edits_back_by_hand_is_edited_back(world):
    world.edit(world.hall(), digicode="oui")
    world.edit(world.hall(), digicode="")
    assert world.hall().known["digicode"] is None
    last = world.edit(world.hall(), digicode="non")
    ingest.undo(world.storage, last)
    assert world.hall().known["digicode"] is None


@pytest.mark.parametrize(("layer", "said"), [
    ("patrimoine", {"dwellings": "-3"}), ("patrimoine", {"dwellings": "beaucoup"}), ("patrimoine", {"dwellings": "1e3"}),
    ("patrimoine", {"year": "2300"}), ("patrimoine", {"rnb": "M. Dupont"}), ("patrimoine", {"rpls": "à côté du tabac"}),
    ("halls", {"digicode": "1234B"}), ("halls", {"eclairage": "il fait noir"})])
def test_there_is_no_free_text(world, layer, said):
    place = world.home().residence if layer == "patrimoine" else world.hall()
    with pytest.raises(BadInput):
        world.edit(place, **said)


def test_only_ones_own_places_are_edited(world):
    hall = world.hall()
    other = accounts.viewer_of_organisation(world.storage, "plaine", "essai")
    with pytest.raises(NotFound):
        patrimoine.edit(world.storage, other, (hall.layer, hall.key), {"digicode": "oui"})
    assert patrimoine.history(world.storage, other, (hall.layer, hall.key)) == []
    with pytest.raises(NotFound):
        patrimoine.home(open_reader(world.storage, world.catalog, other), "R1")
    reading = Viewer(world.viewer.organisation_id, "rives", "lecture", "jeton", scope=Scope.READ)
    with pytest.raises(Forbidden):
        patrimoine.edit(world.storage, reading, (hall.layer, hall.key), {"digicode": "oui"})
    with pytest.raises(NotFound):
        patrimoine.edit(world.storage, world.viewer, ("qpv", hall.key), {"digicode": "oui"})
    with pytest.raises(NotFound):  # an import of a file is no edit of the page
        patrimoine.take_back(world.storage, world.viewer, 1)
