"""An import is undone for those who look when the index no longer counts it, not before."""

from __future__ import annotations

from geoservice.catalog.layers import load
from geoservice.operations import accounts, indexing, ingest, jobs, setup
from geoservice.operations.undo import undo
from geoservice.settings import Settings
from geoservice.storage import imports


def test_undone_is_said_once_the_index_agrees(tmp_path):
    storage = setup.create(Settings(data=tmp_path / "data"))
    accounts.create_organisation(storage, "rives")
    path = tmp_path / "faits.csv"
    path.write_text("identifiant;date;type;longitude;latitude\n1;01/02/2024;tag;2.35;48.85\n", encoding="utf-8")
    number = ingest.run(storage, load(), ingest.ImportRequest("incidents", (path,), "rives")).import_id
    viewer = accounts.viewer_of_organisation(storage, "rives", "test")
    undo(storage, number)

    def seen() -> set[str]:
        return {jobs.find(storage, viewer, number).run["status"], *(job.run["status"] for job in jobs.listing(storage, viewer))}

    assert seen() == {"undone"}
    with storage.write() as connection:
        imports.touch(connection, "incidents", viewer.organisation_id)  # what a process that reads between the two moments sees
    assert seen() == {"undoing"}
    indexing.refresh(storage)
    assert seen() == {"undone"}
    storage.close()
