"""From files to the database and its index: bytes kept, lines validated, batches committed, nothing lost.

A batch and the record of how far the run is are one transaction. A killed import leaves whole batches; running it again over
the same bytes finds the run, skips what is committed and finishes it.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from geoservice import __version__
from geoservice.catalog.draft import Draft, draft
from geoservice.catalog.layers import Catalog
from geoservice.catalog.readers import open_table
from geoservice.catalog.readers.base import readable
from geoservice.catalog.rows import Note, Reject, Taken
from geoservice.catalog.schema import ReadHints, SourceSpec, check_source, parse
from geoservice.errors import BadInput, GeoserviceError, NotFound, NotReady
from geoservice.operations import accounts, audit, intakes
from geoservice.operations.indexing import refresh_as_writer
from geoservice.operations.undo import Undone, undo
from geoservice.storage import facts, features, imports, jobs, uploads
from geoservice.storage.facts import Outcome, Owner
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN

__all__ = ["ImportReport", "ImportRequest", "Undone", "dry_run", "propose", "purge", "rejects", "run", "undo"]

Progress = Callable[[str, int], None]
PROPOSED = "proposition"  # the name of a mapping that a dry run proposes
REJECTS_SHOWN = 1_000


@dataclass(frozen=True)
class ImportRequest:
    """What to import: files into a layer, for an organisation, read as a source says (or as is recognised).

    `spec` is a source at hand, before any other way of naming one; `received` the number of an import that waits for this;
    `read` how to read a file that nobody knows yet.
    """

    layer: str
    files: tuple[Path, ...]
    organisation: str | None = None
    source: str | None = None
    mapping: Path | None = None
    spec: SourceSpec | None = None
    received: int | None = None
    read: ReadHints | None = None


@dataclass
class ImportReport:
    """What became of the lines; `lines` is the sum of the other five counts."""

    import_id: int
    layer: str
    lines: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0
    notes: list[Note] = field(default_factory=list, repr=False)
    rejects: list[Reject] = field(default_factory=list, repr=False)  # of a dry run; else they are in the database
    source: str = ""

    def counters(self) -> dict[str, int]:
        """The six counts, by name."""
        return {name: getattr(self, name) for name in imports.COUNTERS}

    def as_json(self) -> dict[str, Any]:
        """What `import --json` prints."""
        return {"import_id": self.import_id, "layer": self.layer, **self.counters()}


@dataclass(frozen=True)
class _File:
    path: Path
    name: str
    sha256: str


@dataclass(frozen=True)
class _Plan:
    """One import, decided: who, what and how."""

    layer: str
    stores: str
    source: SourceSpec
    importer: int
    owner: int
    files: tuple[_File, ...]

    def signature(self, batch_rows: int) -> str:
        """The same for the same bytes read the same way."""
        parts = [__version__, self.layer, str(self.owner), str(batch_rows), self.source.model_dump_json(),
                 *(file.sha256 for file in self.files)]  # in this order: batches are counted through it
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run(
    storage: Storage, catalog: Catalog, request: ImportRequest, progress: Progress = lambda _file, _lines: None
) -> ImportReport:
    """Import files; the report's rows are on the disk when it returns. UnreadableFile when a file cannot be read."""
    with storage.only_writer():
        purge(storage)
        plan = _plan(storage, catalog, request)
        with storage.write() as connection:
            begun = _begin(connection, plan, plan.signature(storage.settings.batch_rows), request.received)
            source_id = imports.source_id(connection, plan.layer, plan.source.name)
            audit.note(connection, plan.importer, audit.COMMAND if request.received is None else audit.SERVICE, "import",
                       f"import {begun['id']} {plan.layer}")
            for file in plan.files:
                size = file.path.stat().st_size
                uploads.record(connection, begun["id"], plan.importer, file.name, file.sha256, size)
        owner = Owner(plan.owner, source_id, begun["id"])
        try:
            report = _Run(storage, plan, owner, begun, progress).all()
        except NotReady:
            raise  # a full disk, say: the run stays open, and the same command finishes it
        except GeoserviceError:
            with storage.write() as connection:
                imports.finish(connection, begun["id"], "failed")
            raise
        refresh_as_writer(storage)
        with storage.write() as connection:  # last, so that a run killed while its index was built is found again
            imports.finish(connection, begun["id"], "done")
        return report


def _begin(connection: Any, plan: _Plan, signature: str, received: int | None) -> dict[str, Any]:
    if received is not None:
        return jobs.adopt(connection, received, signature)
    return imports.begin(connection, plan.layer, plan.importer, plan.source.name, signature)


def propose(catalog: Catalog, request: ImportRequest) -> Draft:
    """A mapping to start from, for the first file of a request."""
    layer = catalog.layer(request.layer)
    with open_table(request.files[0], None, request.files[0].name, request.read) as table:
        return draft(table, layer, list(catalog.sources[request.layer].values()))


def dry_run(storage: Storage | None, catalog: Catalog, request: ImportRequest) -> ImportReport:
    """What `run` would accept and reject, with nothing written. A file nobody knows is tried with the proposed mapping."""
    layer = catalog.layer(request.layer)
    source = _source_or(catalog, request)
    owner = _owner(storage, source, request)[1] if storage is not None else OPEN
    report = ImportReport(0, request.layer, source=source.name)
    tracker = Tracker(layer.stores)
    for path in request.files:
        file = _File(path, readable(path.name), "")
        for taken in _taken(layer.stores, source, intakes.Context(storage, owner, 0), file, 20_000):
            _foresee(report, tracker, taken)
        tracker.next_file()
    return report


def _source_or(catalog: Catalog, request: ImportRequest) -> SourceSpec:
    try:
        return _source(catalog, request)
    except BadInput:
        if request.source is not None or request.mapping is not None:
            raise
        tables = {"name": PROPOSED, **tomllib.loads(propose(catalog, request).toml)}
        return check_source(parse(SourceSpec, tables, PROPOSED), catalog.layer(request.layer).stores, PROPOSED)


def _foresee(report: ImportReport, tracker: Tracker, taken: Taken) -> None:
    fresh, duplicates = tracker.split(taken.rows)
    report.lines += len(taken.rows) + len(taken.rejects)
    report.accepted += len(fresh)
    report.duplicates += duplicates
    report.rejected += len(taken.rejects)
    report.rejects += taken.rejects[:max(0, REJECTS_SHOWN - len(report.rejects))]
    report.notes = merge_notes(report.notes, taken.notes)


def purge(storage: Storage) -> int:
    """Delete received bytes and rejected lines past their time, and bytes that a killed import left; for the only writer."""
    with storage.write() as connection:
        return uploads.purge(connection, storage.settings.uploads, storage.settings.retention_days)


def rejects(storage: Storage, import_id: int) -> list[Reject]:
    """Rejected lines of an import; NotFound when there is no such import."""
    with storage.read() as connection:
        if imports.find(connection, import_id) is None:
            raise NotFound(f"L’import n° {import_id} n’existe pas.")
        return imports.rejects(connection, import_id)


def _plan(storage: Storage, catalog: Catalog, request: ImportRequest) -> _Plan:
    source = _source(catalog, request)
    importer, owner = _owner(storage, source, request)
    settings = storage.settings
    files = tuple(_keep(settings.uploads, path, settings.max_upload_mb) for path in request.files)
    return _Plan(request.layer, catalog.layer(request.layer).stores, source, importer, owner, files)


def _keep(folder: Path, path: Path, limit_mb: int) -> _File:
    sha256, _ = uploads.keep(folder, path, limit_mb)
    return _File(uploads.path_of(folder, sha256), readable(path.name), sha256)


def _owner(storage: Storage, source: SourceSpec, request: ImportRequest) -> tuple[int, int]:
    """Who imports, and whose the rows are: open data is nobody's in particular."""
    known = accounts.organisations(storage)
    if source.access == "open" and request.organisation is None:
        return (next(iter(known.values())) if len(known) == 1 else OPEN), OPEN
    number, _ = accounts.organisation(storage, request.organisation)
    return number, OPEN if source.access == "open" else number


def _source(catalog: Catalog, request: ImportRequest) -> SourceSpec:
    """The source that was named, or the one that every file is recognised as."""
    if request.spec is not None:
        return request.spec
    if request.mapping is not None:
        return catalog.mapping(request.layer, request.mapping)
    if request.source is not None:
        return catalog.source(request.layer, request.source)
    found = {source.name: source for source in (recognised(catalog, request.layer, path) for path in request.files)}
    if len(found) != 1:
        raise BadInput(f"Ces fichiers ne sont pas du même genre ({', '.join(found)}) : importez-les séparément.")
    return next(iter(found.values()))


def recognised(catalog: Catalog, layer: str, path: Path) -> SourceSpec:
    """The source whose columns a file has; BadInput when none fits, or several."""
    columns: list[str] = []
    for hints in _ways_to_open(catalog, layer):
        with open_table(path, hints, readable(path.name)) as table:
            columns = table.columns
        found = catalog.candidates(layer, columns)
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(source.name for source in found)
            raise BadInput(f"« {readable(path.name)} » : les colonnes conviennent aussi bien à plusieurs sources. Choisissez "
                           f"avec --source : {named}.")
    shown = ", ".join(columns[:12]) + ("…" if len(columns) > 12 else "")
    name = readable(path.name)
    raise BadInput(f"« {name} » : les colonnes ne correspondent à aucune source connue de la couche « {layer} » ({shown}). "
                   "Nommez une source avec --source, ou préparez une correspondance : « geoservice import "
                   f"{layer} {name} --dry-run » en propose une, à compléter puis à donner avec --mapping.")


def _ways_to_open(catalog: Catalog, layer: str) -> Iterator[SourceSpec | None]:
    """Without hints first; then with the hints of each source that has some, for archives and records."""
    catalog.layer(layer)
    yield None
    for source in catalog.sources[layer].values():
        if source.read.member or source.read.records or source.read.sheet:
            yield source


def _taken(stores: str, source: SourceSpec, context: intakes.Context, file: _File, batch_rows: int) -> Iterator[Taken]:
    """What the intake makes of a file, batch by batch."""
    with open_table(file.path, source, file.name) as table:
        first = list(table.notes)
        intake = intakes.make(stores, source, context, table)
        for batch in table.batches(batch_rows):
            taken = intake.take(batch)
            yield Taken(taken.rows, taken.lines, taken.rejects, [*first, *taken.notes])
            first = []
        yield from intakes.finish(intake)


class Tracker:
    """Tells rows repeated within one file from others, and remembers which keys the files brought."""

    def __init__(self, stores: str) -> None:
        self._identify = intakes.identity(stores)
        self._pairs: set[int] = set()
        self._keys: set[int] = set()

    def split(self, rows: Sequence[tuple]) -> tuple[list[tuple], int]:
        """Rows not yet in this file, and how many were."""
        pairs, identify = self._pairs, self._identify
        fresh = []
        for row in rows:
            pair = hash(identify(row))
            if pair not in pairs:
                pairs.add(pair)
                fresh.append(row)
        return fresh, len(rows) - len(fresh)

    def seen_before(self, rows: Sequence[tuple]) -> set[str]:
        """Keys among `rows` that came before, in this file or another; the rows' keys are then remembered."""
        known = self._keys
        before = {row[0] for row in rows if hash(row[0]) in known}
        known.update(hash(row[0]) for row in rows)
        return before

    def next_file(self) -> None:
        """A repetition across files is another snapshot, not a duplicate."""
        self._pairs.clear()


class _Run:
    """One run over its files, from where an interrupted one stopped."""

    def __init__(self, storage: Storage, plan: _Plan, owner: Owner, begun: dict[str, Any], progress: Progress) -> None:
        self.storage, self.plan, self.owner, self.progress = storage, plan, owner, progress
        self.done = begun["batches"]
        self.report = ImportReport(owner.import_id, plan.layer, source=plan.source.name, notes=imports.notes_of(begun),
                                   **{name: begun[name] for name in imports.COUNTERS})
        self.tracker = Tracker(plan.stores)
        with storage.read() as connection:
            self.fresh = plan.stores == "facts" and not facts.has_facts(connection, owner)

    def all(self) -> ImportReport:
        number = 0
        context = intakes.Context(self.storage, self.plan.owner, self.owner.import_id)
        for file in self.plan.files:
            for taken in _taken(self.plan.stores, self.plan.source, context, file, self.storage.settings.batch_rows):
                number += 1
                self._batch(number, taken)
                self.progress(file.name, self.report.lines)
            self.tracker.next_file()
        return self.report

    def _batch(self, number: int, taken: Taken) -> None:
        rows, duplicates = self.tracker.split(taken.rows)
        before = self.tracker.seen_before(rows) if self.plan.stores == "facts" else set()
        if number <= self.done:
            return
        report = self.report
        report.notes = merge_notes(report.notes, taken.notes)
        with self.storage.write() as connection:
            outcome = self._write(connection, rows, before)
            report.lines += len(taken.rows) + len(taken.rejects)
            report.duplicates += duplicates
            report.rejected += len(taken.rejects)
            for name in ("accepted", "updated", "unchanged"):
                setattr(report, name, getattr(report, name) + getattr(outcome, name))
            report.notes = merge_notes(report.notes, _of_edits(outcome))
            imports.add_rejects(connection, self.owner.import_id, taken.rejects)
            imports.advance(connection, self.owner.import_id, number, report.counters(), report.notes)
            if outcome.accepted or outcome.updated:
                imports.touch(connection, self.plan.layer, self.plan.owner)

    def _write(self, connection: Any, rows: list[tuple], before: set[str]) -> Outcome:
        stores, owner = self.plan.stores, self.owner
        if stores == "facts":
            return facts.write(connection, owner, rows, before if self.fresh else None)
        kind = {"features": lambda: features.features_of(self.plan.layer, owner),
                "aggregates": lambda: features.aggregates_of(owner),
                "addresses": lambda: features.addresses_of(owner)}[stores]()
        return features.write(connection, kind, owner.import_id, rows)


def _of_edits(outcome: Outcome) -> list[Note]:
    """What became of what people had edited in the page: never silently replaced."""
    said = (("fiche-gardee", "Modifications faites dans la page, gardées : le fichier dit ce qui était connu avant elles.",
             outcome.edits_kept),
            ("fiche-remplacee", "Modifications faites dans la page, remplacées par ce que le fichier dit de nouveau ; elles "
             "restent dans l’historique de la fiche.", outcome.edits_replaced))
    return [Note(code, sentence, count, 0) for code, sentence, count in said if count]


def merge_notes(known: list[Note], more: Sequence[Note]) -> list[Note]:
    """Notes counted by code, the first sentence and example kept."""
    merged = {note.code: note for note in known}
    for note in more:
        old = merged.get(note.code)
        merged[note.code] = note if old is None else Note(old.code, old.sentence, old.count + note.count, old.example_line)
    return list(merged.values())


def today() -> date:
    """The day of the import, in UTC: a fact of tomorrow is refused."""
    return datetime.now(UTC).date()
