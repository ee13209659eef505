"""Imports asked for by people in front of a page: received here, done by a process of their own, told as they go."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geoservice.catalog.layers import Catalog
from geoservice.catalog.rows import Note, Reject
from geoservice.catalog.schema import SourceSpec
from geoservice.core.query import EPOCH
from geoservice.errors import BadInput, Conflict, GeoserviceError, NotFound, NotReady
from geoservice.operations import audit, ingest, mapping
from geoservice.operations.mapping import Correction
from geoservice.operations.preview import columns_of
from geoservice.operations.reach import scope_of
from geoservice.storage import imports, jobs, waiting
from geoservice.storage.store import Storage
from geoservice.types import Viewer

LISTED = 100
TRIES = 3  # of an import whose process was killed each time
SHOWN_REJECTS = 50
log = logging.getLogger("geoservice.jobs")
worker_lock = jobs.worker_lock
clean_name = waiting.clean_name
Reception = waiting.Reception


@dataclass(frozen=True)
class Job:
    """An import as its organisation sees it. `problem`: why it failed or waits; `locked`: why it cannot be undone here, or ''."""

    run: dict[str, Any]
    files: list[dict[str, Any]]
    notes: list[Note]
    problem: str | None
    locked: str
    extent: dict[str, Any] | None = None  # of the facts it wrote, for going there on the map


def begin_reception(storage: Storage, viewer: Viewer) -> Reception:
    """Somewhere to write what is being received."""
    waiting.prune(storage.settings.uploads, viewer.organisation_id)
    return Reception(storage.settings.uploads, viewer.organisation_id, storage.settings.max_upload_mb)


def received_file(storage: Storage, viewer: Viewer, upload: str) -> Path:
    """A file that this organisation sent; NotFound otherwise."""
    found = waiting.find(storage.settings.uploads, viewer.organisation_id, upload)
    if found is None:
        raise NotFound("Ce fichier n’est pas ou n’est plus ici : un fichier déposé est gardé un jour. Déposez-le de nouveau.")
    return found


def ask(storage: Storage, catalog: Catalog, viewer: Viewer, upload: str, layer: str, correction: Correction) -> int:
    """Note an import to do; its number. BadInput when a required field has no column."""
    path = received_file(storage, viewer, upload)
    reading = mapping.read_as(catalog, layer, (path, columns_of(path, correction)), correction)
    absent = reading.missing(geometry=True)  # whether the file has shapes is known once it is read
    if absent:
        raise BadInput(f"Il manque une colonne pour : {', '.join(map(mapping.label_of, absent))}. Choisissez-la, puis "
                       "recommencez.")
    request = {"organisation": viewer.organisation, "organisation_id": viewer.organisation_id, "upload": upload, "layer": layer,
               "spec": reading.spec.model_dump(exclude_unset=True, mode="json"), "tries": 0}
    with storage.write(scope_of(viewer)) as connection:
        number = jobs.receive(connection, layer, viewer.organisation_id, reading.spec.name)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "import.demande", f"import {number} {layer}")
        waiting.write_request(storage.settings.uploads, number, request)
    return number


def listing(storage: Storage, viewer: Viewer) -> list[Job]:
    """The last imports of the viewer's organisation, newest first."""
    with storage.read(scope_of(viewer)) as connection:
        runs = [_as_seen(connection, run) for run in jobs.listing(connection, viewer.organisation_id, LISTED)]
        files = jobs.files(connection, [run["id"] for run in runs])
    return [_job(storage, run, files[run["id"]]) for run in runs]


def find(storage: Storage, viewer: Viewer, number: int) -> Job:
    """One import; NotFound when it is not this organisation's."""
    with storage.read(scope_of(viewer)) as connection:
        run = _as_seen(connection, _own(connection, viewer, number))
        files = jobs.files(connection, [number])[number]
        locked = _locked(connection, viewer, run)
        extent = _extent(connection, run)
    return replace(_job(storage, run, files, locked), extent=extent)


def _as_seen(connection: Any, run: dict[str, Any]) -> dict[str, Any]:
    """A run that is undone in the tables is not over for those who look until the index no longer counts it."""
    if run["status"] != "undone" or run["layer"] != mapping.DEFAULT:  # other layers are read from the tables
        return run
    changes, built = imports.states(connection, run["layer"]).get(run["organisation_id"], (0, 0))
    return run if changes == built else {**run, "status": "undoing"}


def _extent(connection: Any, run: dict[str, Any]) -> dict[str, Any] | None:
    """Kind, first day and the day after the last (ISO), box or None: where and when the facts of a finished import are."""
    if run["status"] != "done" or run["layer"] != mapping.DEFAULT:
        return None
    found = jobs.facts_of(connection, run["id"])
    if found["first"] is None:
        return None
    box = [found[side] for side in ("west", "south", "east", "north")]
    first, end = EPOCH + timedelta(found["first"]), EPOCH + timedelta(found["last"] + 1)
    return {"kind": found["kind"], "from": str(first), "to": str(end), "bbox": None if None in box else box}


def _own(connection: Any, viewer: Viewer, number: int) -> dict[str, Any]:
    run = jobs.own(connection, viewer.organisation_id, number)
    if run is None:
        raise NotFound("Cet import n’existe pas.")
    return run


def _job(storage: Storage, run: dict[str, Any], files: list[dict[str, Any]], locked: str = "") -> Job:
    notes = imports.notes_of(run)
    problem = next((note.sentence for note in notes if note.code in (jobs.FAILED, jobs.WAITING)), None)
    told = [note for note in notes if note.code not in (jobs.FAILED, jobs.WAITING)]
    return Job(run, files or _waiting_files(storage, run), told, problem, locked)


def _waiting_files(storage: Storage, run: dict[str, Any]) -> list[dict[str, Any]]:
    request = waiting.read_request(storage.settings.uploads, run["id"]) or {}
    path = waiting.find(storage.settings.uploads, run["organisation_id"], request["upload"]) if request else None
    return [] if path is None else [{"name": path.name, "size": path.stat().st_size, "kept": True}]


def _locked(connection: Any, viewer: Viewer, run: dict[str, Any]) -> str:
    """Why an import cannot be undone from the page."""
    if run["status"] == "undone":
        return "Cet import est déjà annulé."
    if run["status"] not in ("done", "failed"):
        return "Cet import n’est pas terminé : attendez sa fin pour l’annuler."
    owner = jobs.owner(connection, run["id"])
    if owner not in (None, viewer.organisation_id):
        return ("Cet import a apporté des données publiées, qui servent à toutes les organisations : il s’annule en ligne de "
                f"commande, « geoservice undo {run['id']} ».")
    if owner is None and run["accepted"] + run["updated"] + run["unchanged"]:
        return "Cet import date d’avant les annulations : il ne peut plus être annulé."
    return ""


def rejects(storage: Storage, viewer: Viewer, number: int, limit: int | None = SHOWN_REJECTS) -> tuple[int, list[Reject]]:
    """How many lines an import refused that are still kept, and the first of them (None: all)."""
    with storage.read(scope_of(viewer)) as connection:
        _own(connection, viewer, number)
        return jobs.first_rejects(connection, number, limit)


def ask_undo(storage: Storage, viewer: Viewer, number: int) -> None:
    """Note that an import has to be taken back. Conflict says why it cannot be."""
    with storage.write(scope_of(viewer)) as connection:
        run = _own(connection, viewer, number)
        locked = _locked(connection, viewer, run)
        if locked:
            raise Conflict(locked)
        jobs.say(connection, number, "undoing")
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "annulation.demande", f"import {number}")


def pending(storage: Storage) -> list[int]:
    """Numbers of what waits to be done, oldest first. An import of the command line that was interrupted is not ours to end."""
    with storage.read() as connection:
        found = jobs.to_do(connection)
    uploads = storage.settings.uploads
    return [number for number, status in found if status != "reading" or waiting.read_request(uploads, number) is not None]


def tidy(storage: Storage) -> None:
    """Forget requests of imports that ended while nobody was left to forget them."""
    with storage.read() as connection:
        found = {number for number, _ in jobs.to_do(connection)}
    waiting.forget_requests_but(storage.settings.uploads, found)


def try_again(storage: Storage, number: int) -> bool:
    """Count a try; False when there were enough, and then the import has failed."""
    uploads = storage.settings.uploads
    request = waiting.read_request(uploads, number)
    if request is None:
        return True  # an undo, or a request that was lost: `perform` says so
    if request["tries"] >= TRIES:
        _fail(storage, number, f"L’import s’est interrompu {TRIES} fois de suite : ce fichier est peut-être abîmé. Ce qui était "
              "lu est gardé ; annulez l’import, ou déposez le fichier dans un autre format.")
        return False
    waiting.write_request(uploads, number, {**request, "tries": request["tries"] + 1})
    return True


def perform(storage: Storage, catalog: Catalog, number: int) -> bool:
    """Do what was asked of an import, in this process; False when it has to wait (a full disk, say)."""
    with storage.read() as connection:
        run = imports.find(connection, number)
    if run is None or run["status"] not in ("received", "reading", "undoing"):
        return True
    try:
        if run["status"] == "undoing":
            _undo(storage, number, run)
        else:
            _import(storage, catalog, number)
    except NotReady as error:
        _wait(storage, number, run["status"], str(error))
        return False
    return True


def _wait(storage: Storage, number: int, status: str, sentence: str) -> None:
    request = waiting.read_request(storage.settings.uploads, number)
    if request is not None:  # waiting for room is no failed try
        waiting.write_request(storage.settings.uploads, number, {**request, "tries": 0})
    with storage.write() as connection:
        jobs.say(connection, number, "undoing" if status == "undoing" else "reading", Note(jobs.WAITING, sentence, 1, 0))


def _import(storage: Storage, catalog: Catalog, number: int) -> None:
    uploads = storage.settings.uploads
    request = waiting.read_request(uploads, number)
    path = None if request is None else waiting.find(uploads, request["organisation_id"], request["upload"])
    if request is None or path is None:
        _fail(storage, number, "Le fichier de cet import n’est plus là : déposez-le de nouveau.")
        return
    try:
        spec = SourceSpec.model_validate(request["spec"])
        ingest.run(storage, catalog, ingest.ImportRequest(request["layer"], (path,), request["organisation"], spec=spec,
                                                          received=number))
        with storage.write() as connection:
            jobs.say(connection, number, "done")  # without the note that says why it waited
    except NotReady:
        raise
    except GeoserviceError as error:
        _fail(storage, number, str(error))
    waiting.forget_request(uploads, number)
    waiting.discard(uploads, request["organisation_id"], request["upload"])


def _undo(storage: Storage, number: int, run: dict[str, Any]) -> None:
    try:
        ingest.undo(storage, number)
        with storage.write() as connection:
            jobs.say(connection, number, "undone")
    except BadInput as error:
        failed = any(note.code == jobs.FAILED for note in imports.notes_of(run))
        with storage.write() as connection:
            jobs.say(connection, number, "failed" if failed else "done", Note("annulation", str(error), 1, 0))


def _fail(storage: Storage, number: int, sentence: str) -> None:
    log.warning("import %s failed", number)
    with storage.write() as connection:
        jobs.say(connection, number, "failed", Note(jobs.FAILED, sentence, 1, 0))
        imports.finish(connection, number, "failed")
    waiting.forget_request(storage.settings.uploads, number)


def moment(value: Any) -> str | None:
    """A time of the database as ISO text in UTC."""
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
