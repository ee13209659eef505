"""One fact entered directly: the intake of a file of one line, then the database. Its key makes sending it twice harmless."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from geoservice.catalog.intake.facts import FactIntake
from geoservice.catalog.rows import FACT, Batch
from geoservice.catalog.schema import SourceSpec
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import audit, intakes, residences
from geoservice.operations.features import FeatureShelf
from geoservice.operations.indexing import FACTS, note_added
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.storage import facts, imports, jobs, mergers
from geoservice.storage.facts import Owner
from geoservice.storage.store import Storage
from geoservice.types import Kind, Viewer

SOURCE = "saisie"
FIELDS = ("key", "date", "time", "category", "nature", "gravity", "place", "complaint", "cost", "lon", "lat", "hall", "building",
          "residence", "commune")
_KEY, _SEEN, _LINE = (FACT.index(name) for name in ("key", "seen", "line"))


@dataclass(frozen=True)
class Entered:
    """What became of a fact: the import it is counted in, and whether it is new."""

    import_id: int
    created: bool


@dataclass(frozen=True)
class Choices:
    """The organisation's own places, as short rows: (code, name, lon, lat) and (code, name, residence, lon, lat)."""

    residences: list[tuple]
    halls: list[tuple]


def choices(reader: Reader) -> Choices:
    """Residences and halls that an entry can name: the organisation's own; where it imported none, those of open data."""
    own = replace(reader, shelf=FeatureShelf(reader.shelf.storage, (reader.viewer.organisation_id,)))
    mine = own if residences.residences(own) else reader
    rows = [(found.code, found.name, *_rounded(found.point)) for found in residences.residences(mine).values()]
    halls = [(hall.code, hall.name, home, *_rounded(hall.point)) for home, hall in residences.known_halls(mine) if home]
    return Choices(sorted(rows, key=lambda row: row[1]), sorted(halls, key=lambda row: (row[2], row[1])))


def kind_of(reader: Reader) -> Kind:
    """The origin that an organisation's entries have: that of most of its facts, else a landlord's."""
    index = reader.indexes.get(reader.viewer.organisation_id)
    known = {} if index is None else {kind: number for kind, number in index.kinds.items() if number}
    return max(known, key=lambda kind: known[kind], default=Kind.BAILLEUR)


def _rounded(point: tuple[float, float] | None) -> tuple[float | None, float | None]:
    return (None, None) if point is None else (round(point[0], 6), round(point[1], 6))


def enter(storage: Storage, viewer: Viewer, kind: Kind, fields: dict[str, Any]) -> Entered:
    """Store one fact of the viewer's organisation; `fields` by the names of FIELDS.

    BadInput says what is wrong with it; Conflict when its key is another fact's.
    """
    row = _row(storage, viewer, kind, fields)
    with storage.write(scope_of(viewer)) as connection:
        number = _run_of_today(connection, viewer.organisation_id)
        owner = Owner(viewer.organisation_id, imports.source_id(connection, FACTS, SOURCE), number)
        run = imports.find(connection, number) or {}
        fact = (*row[:_SEEN], number, run["lines"] + 1, *row[_LINE + 1:])
        found = facts.write(connection, owner, [fact], None)
        if found.updated:
            raise Conflict("Cet identifiant est déjà celui d’un autre fait. Donnez-en un autre, ou annulez l’import qui l’a "
                           "apporté.")
        counters = {name: run[name] for name in imports.COUNTERS}
        counters["lines"] += 1
        counters["accepted" if found.accepted else "unchanged"] += 1
        imports.advance(connection, number, run["batches"] + 1, counters, [])
        if found.accepted:
            imports.touch(connection, FACTS, viewer.organisation_id)
            audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "saisie", f"import {number}")
        change = imports.states(connection, FACTS)[viewer.organisation_id][0]
        fact_number = facts.numbers(connection, owner, {row[_KEY]})[row[_KEY]]
    if found.accepted:
        note_added(storage, viewer.organisation_id, change, fact_number)
    return Entered(number, bool(found.accepted))


def take_back(storage: Storage, viewer: Viewer, key: str) -> bool:
    """Take back an entry of today, by the identifier that only whoever made it knows: it counts nowhere and stays in its place,
    so that the same fact sent once more is not new. False when it was taken back already; NotFound for anything else.
    """
    with storage.write(scope_of(viewer)) as connection:
        number, run = facts.entry(connection, viewer.organisation_id, SOURCE, key) or (0, 0)
        if not number or (imports.find(connection, run) or {}).get("signature") != _signature():
            raise NotFound("Cette saisie n’est pas ou plus annulable ici : on annule ses propres saisies du jour.")
        if mergers.heads(connection, [number]).get(number) == number:
            return False
        mergers.release(connection, number)
        mergers.withdraw(connection, viewer.organisation_id, number)
        imports.touch(connection, FACTS, viewer.organisation_id)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "saisie.annulee", f"fait {number}")
    return True


def _row(storage: Storage, viewer: Viewer, kind: Kind, fields: dict[str, Any]) -> tuple:
    context = intakes.Context(storage, viewer.organisation_id, 0)
    intake = FactIntake(_spec(kind), intakes.latest_day(), 0, context.places)
    columns = {name: [fields[name]] for name in FIELDS if fields.get(name) is not None}
    taken = intake.take(Batch(SOURCE, [1], columns, None, None, ()))
    if taken.rejects:
        raise BadInput(taken.rejects[0].sentence)
    return taken.rows[0]


def _spec(kind: Kind) -> SourceSpec:
    return SourceSpec(name=SOURCE, title="Saisie directe", layer=FACTS, access="organisation", kind=kind,
                      columns={name: (name,) for name in FIELDS}, required=("key", "date", "category"), crs="EPSG:4326")


def _run_of_today(connection: Any, organisation_id: int) -> int:
    """The import that entries of a day are counted in, so that a day can be seen and undone as one."""
    signature = _signature()
    found = jobs.ended(connection, organisation_id, signature)
    if found is None:
        found = jobs.receive(connection, FACTS, organisation_id, SOURCE)
        jobs.adopt(connection, found, signature)
        imports.finish(connection, found, "done")
    return found


def _signature() -> str:
    return f"{SOURCE}:{datetime.now(UTC).date().isoformat()}"
