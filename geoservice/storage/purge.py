"""What is past its time, found and taken out, rule by rule; a database that keeps no trace of what its tables no longer hold.

Rules have the names of `geoservice/retention.toml`. Facts of open data (organisation 0) are published elsewhere and stay.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, delete, exists, func, or_, select, update
from sqlmodel import SQLModel

from geoservice.core import snapshotfile
from geoservice.storage import engine as db
from geoservice.storage import imports, lever_tables, mergers, release_tables, siting_tables, tables, watch_tables
from geoservice.storage.features import kind_of
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN

FACTS = "incidents"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (a day is counted from it, whatever the clock)


def _table(model: Any) -> Table:
    return model.__table__


_FACT, _VERSION, _RUN, _UPLOAD = (_table(each) for each in (tables.Fact, tables.FactVersion, tables.ImportRun, tables.Upload))
_REJECT, _SIGHT, _REPLACED, _TOKEN = (_table(each) for each in (tables.RejectedLine, tables.Sighting, tables.ReplacedRow,
                                                                tables.Token))
_SIGN_IN, _TRY, _GLASS, _AGREEMENT = (_table(each) for each in (tables.SignIn, tables.Attempt, tables.BreakGlass,
                                                                tables.Agreement))
_ANSWER, _STATE, _TOLD = (_table(each) for each in (tables.GeocodedAddress, release_tables.ReleaseState,
                                                    release_tables.Disclosure))
_SAID, _SNAPSHOT, _MEETING, _DECISION, _STEP = (_table(each) for each in (
    watch_tables.HallOverride, watch_tables.Snapshot, watch_tables.Meeting, watch_tables.Decision, watch_tables.DecisionStep))
_LEVER, _PLAN = _table(lever_tables.Lever), _table(siting_tables.SitingPlan)
_PRECISE = ("lon", "lat", "building", "hall", "minute", "duration", "utc")


@dataclass(frozen=True)
class Limit:
    """What is older than a moment; of one organisation (`only`), or of all but some."""

    moment: datetime
    only: int | None = None
    but: tuple[int, ...] = ()

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return (self.moment.replace(tzinfo=None) - _EPOCH).days

    def whose(self, owner: ColumnElement) -> ColumnElement[bool]:
        """The organisations that it is about."""
        return owner == self.only if self.only is not None else owner.not_in(self.but) if self.but else owner.is_not(None)


def _old_runs(limit: Limit) -> Any:
    return select(_RUN.c.id).where(func.coalesce(_RUN.c.finished, _RUN.c.started) < limit.moment)


def _own_facts(limit: Limit) -> ColumnElement[bool]:
    return and_(_FACT.c.organisation_id != OPEN, limit.whose(_FACT.c.organisation_id))


def _precise(table: Table) -> ColumnElement[bool]:
    return or_(table.c.cell != 0, *(table.c[name].is_not(None) for name in _PRECISE))


def _old_versions(limit: Limit) -> ColumnElement[bool]:
    """Those that no import of late brought, of facts whose current version no import of late brought: no undo needs them."""
    current = exists().where(_FACT.c.id == _VERSION.c.fact_id, _FACT.c.import_id.in_(_old_runs(limit)),
                             limit.whose(_FACT.c.organisation_id))
    return and_(_VERSION.c.import_id.in_(_old_runs(limit)), current)


def _old_precise_versions(limit: Limit) -> ColumnElement[bool]:
    mine = exists().where(_FACT.c.id == _VERSION.c.fact_id, _own_facts(limit))
    return and_(_VERSION.c.day < limit.day, _precise(_VERSION), mine)


def _old_rejects(limit: Limit) -> ColumnElement[bool]:
    young = select(_UPLOAD.c.import_id).where(_UPLOAD.c.received >= limit.moment)
    old = select(_RUN.c.id).where(_RUN.c.started < limit.moment, limit.whose(_RUN.c.organisation_id))
    return and_(_REJECT.c.import_id.in_(old), _REJECT.c.import_id.not_in(young))


def _old_replaced(limit: Limit) -> ColumnElement[bool]:
    """Those whose current version no import of late brought."""
    found = []
    for stores in ("features", "aggregates", "addresses"):
        there = kind_of(stores).table
        young = exists().where(there.c.id == _REPLACED.c.row_id, there.c.import_id.not_in(_old_runs(limit)))
        found.append(and_(_REPLACED.c.stores == stores, ~young))
    return and_(_REPLACED.c.import_id.in_(_old_runs(limit)), or_(*found))


def _empty_runs(limit: Limit) -> ColumnElement[bool]:
    """Imports of which nothing is left."""
    referring = [table for table in SQLModel.metadata.tables.values() if "import_id" in table.c]
    left = [_RUN.c.id.not_in(select(table.c.import_id).distinct()) for table in referring]
    return and_(_RUN.c.id.in_(_old_runs(limit)), *left)


def _replaced_states(limit: Limit) -> ColumnElement[bool]:
    later = _STATE.alias()
    return and_(_STATE.c.published < limit.moment, exists().where(
        later.c.territory_id == _STATE.c.territory_id, later.c.revision > _STATE.c.revision))


def _old_decisions(limit: Limit) -> Any:
    """Those of old meetings, once no meeting of late looked at them again."""
    followed = select(_STEP.c.decision_id).join(_MEETING, _MEETING.c.id == _STEP.c.meeting_id).where(_MEETING.c.day >= limit.day)
    return select(_DECISION.c.id).join(_MEETING, _MEETING.c.id == _DECISION.c.meeting_id).where(
        _MEETING.c.day < limit.day, limit.whose(_MEETING.c.organisation_id), _DECISION.c.id.not_in(followed))


def _old_meetings(limit: Limit) -> ColumnElement[bool]:
    """Those that nothing refers to any more."""
    left = [_MEETING.c.id.not_in(select(table.c.meeting_id)) for table in (_SNAPSHOT, _DECISION, _STEP)]
    return and_(_MEETING.c.day < limit.day, limit.whose(_MEETING.c.organisation_id), *left)


def _old_snapshots(limit: Limit) -> ColumnElement[bool]:
    """Those that hold a fact past its time: a snapshot begins with the day of its oldest."""
    oldest = func.substr(_SNAPSHOT.c.content, snapshotfile.FIRST.start + 1, 4)
    return and_(oldest < snapshotfile.first_bytes(limit.day), limit.whose(_SNAPSHOT.c.organisation_id))


def _whole_snapshots(limit: Limit) -> ColumnElement[bool]:
    return and_(func.substr(_SNAPSHOT.c.content, 1, snapshotfile.FIRST.start) == snapshotfile.WHOLE, _old_snapshots(limit))


def _lightened(connection: Connection, number: int) -> dict[str, Any]:
    """The content of a snapshot without its precise columns: the same digest, the same figures."""
    content = connection.execute(select(_SNAPSHOT.c.content).where(_SNAPSHOT.c.id == number)).scalar_one()
    found = snapshotfile.unpack(bytes(content))
    return {"content": snapshotfile.pack(snapshotfile.without(found, snapshotfile.PRECISE))}


@dataclass(frozen=True)
class Sort:
    """Where a rule looks, what is due there, and what becomes of it: `coarse` values, or those that `each` makes of a row; else
    the row goes."""

    table: Table
    due: Callable[[Limit], ColumnElement[bool]]
    coarse: Callable[[Table], dict[str, Any]] | None = None
    each: Callable[[Connection, int], dict[str, Any]] | None = None


def _coarse(table: Table) -> dict[str, Any]:
    """Residence or commune, and the day: as the intake leaves an assault on staff."""
    placement = case((table.c.residence.is_not(None), "residence"), else_="commune")
    return {**dict.fromkeys(_PRECISE), "cell": 0, "placement": placement}


SORTS: dict[str, Sort] = {
    "refus": Sort(_REJECT, _old_rejects),
    "fiches-fichiers": Sort(_UPLOAD, lambda at: and_(_UPLOAD.c.received < at.moment, _UPLOAD.c.deleted.is_not(None))),
    "versions": Sort(_VERSION, _old_versions),
    "versions-precision": Sort(_VERSION, _old_precise_versions, _coarse),
    "faits": Sort(_FACT, lambda at: and_(_FACT.c.day < at.day, _own_facts(at))),
    "faits-precision": Sort(_FACT, lambda at: and_(_FACT.c.day < at.day, _own_facts(at), _precise(_FACT)), _coarse),
    "rencontres": Sort(_SIGHT, lambda at: and_(
        _SIGHT.c.import_id.in_(_old_runs(at).where(at.whose(_RUN.c.organisation_id))))),
    "remplaces": Sort(_REPLACED, _old_replaced),
    "geocodage": Sort(_ANSWER, lambda at: _ANSWER.c.received < at.moment),
    "connexions": Sort(_SIGN_IN, lambda at: _SIGN_IN.c.ends < at.moment),
    "essais": Sort(_TRY, lambda at: _TRY.c.moment < int(at.moment.timestamp())),
    "jetons": Sort(_TOKEN, lambda at: or_(_TOKEN.c.revoked < at.moment, _TOKEN.c.expires < at.moment)),
    "acces-exceptionnels": Sort(_GLASS, lambda at: _GLASS.c.ends < at.moment),
    "conventions": Sort(_AGREEMENT, lambda at: or_(_AGREEMENT.c.until <= at.day, _AGREEMENT.c.revoked < at.moment)),
    "diffusions": Sort(_STATE, _replaced_states),
    "divulgations": Sort(_TOLD, lambda at: _TOLD.c.last < (at.moment.year - 1970) * 12 + at.moment.month - 1),
    "imports": Sort(_RUN, _empty_runs),
    "etats-dits": Sort(_SAID, lambda at: and_(_SAID.c.created < at.moment, at.whose(_SAID.c.organisation_id))),
    "suites-decisions": Sort(_STEP, lambda at: _STEP.c.decision_id.in_(_old_decisions(at))),
    "decisions": Sort(_DECISION, lambda at: _DECISION.c.id.in_(_old_decisions(at))),
    "instantanes": Sort(_SNAPSHOT, _old_snapshots),
    "instantanes-precision": Sort(_SNAPSHOT, _whole_snapshots, each=_lightened),
    "seances": Sort(_MEETING, _old_meetings),
    "leviers": Sort(_LEVER, lambda at: and_(_LEVER.c.since < at.day, at.whose(_LEVER.c.organisation_id))),
    "plans-cameras": Sort(_PLAN, lambda at: and_(_PLAN.c.created < at.moment, at.whose(_PLAN.c.organisation_id))),
}


def count(connection: Connection, name: str, limit: Limit) -> int:
    """How many rows of a rule are due."""
    sort = SORTS[name]
    return int(connection.execute(select(func.count()).select_from(sort.table).where(sort.due(limit))).scalar_one())


def batch(connection: Connection, name: str, limit: Limit, most: int, after: Any = None) -> list[Any]:
    """Take at most so many rows of a rule out, or make them coarse, in the caller's transaction: their keys, in order; those up
    to `after` have been looked at."""
    sort = SORTS[name]
    key = next(iter(sort.table.primary_key.columns))
    due = sort.due(limit) if after is None else and_(key > after, sort.due(limit))
    keys = list(connection.execute(select(key).where(due).order_by(key).limit(most)).scalars())
    if sort.table is _FACT:
        _touch(connection, keys)
    if sort.coarse is not None:
        connection.execute(update(sort.table).where(key.in_(keys)).values(sort.coarse(sort.table)))
        return keys
    if sort.each is not None:
        for number in keys:
            connection.execute(update(sort.table).where(key == number).values(sort.each(connection, number)))
        return keys
    if sort.table is _FACT:
        mergers.promote(connection, keys)
        connection.execute(delete(_VERSION).where(_VERSION.c.fact_id.in_(keys)))
    connection.execute(delete(sort.table).where(key.in_(keys)))
    return keys


def _touch(connection: Connection, facts: Sequence[int]) -> None:
    """Their indexes are out of date: the one on the disk goes with what it held."""
    owners = select(_FACT.c.organisation_id).where(_FACT.c.id.in_(facts)).distinct()
    for (organisation,) in connection.execute(owners).all():
        imports.touch(connection, FACTS, organisation)


# --- files

def old_files(folder: Path, before: datetime) -> list[Path]:
    """Files of a folder, whatever it holds, that nobody wrote to since."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime < before.timestamp():
                found.append(path)
    return found


def due_uploads(connection: Connection, limit: Limit) -> list[int]:
    """Numbers of received files whose time is over."""
    query = select(_UPLOAD.c.id).where(
        _UPLOAD.c.received < limit.moment, _UPLOAD.c.deleted.is_(None), limit.whose(_UPLOAD.c.organisation_id))
    return [int(number) for (number,) in connection.execute(query)]


def forget_uploads(connection: Connection, numbers: Sequence[int], moment: datetime) -> None:
    """Note that their bytes are gone; the bytes go by `erase_unknown`."""
    connection.execute(update(_UPLOAD).where(_UPLOAD.c.id.in_(numbers)).values(deleted=moment))


def unknown(connection: Connection, uploads: Path, index: Path) -> list[Path]:
    """Bytes that no import keeps any more, and index files of nobody; for the only writer."""
    kept = {f"{sha256}.bin" for (sha256,) in connection.execute(select(_UPLOAD.c.sha256).where(_UPLOAD.c.deleted.is_(None)))}
    kept |= {f"{number}.facts" for number in imports.states(connection, FACTS)}
    return [path for folder in (uploads, index) if folder.is_dir() for path in sorted(folder.iterdir())
            if path.is_file() and path.name not in kept]


def erase(paths: Sequence[Path]) -> int:
    """Delete files, durably; how many were there."""
    gone = 0
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
            gone += 1
    for folder in {path.parent for path in paths}:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
    return gone


# --- an account

def erase_person(connection: Connection, person: int, subject: str) -> None:
    """What `people.remove` leaves of somebody: tokens they made, which no longer work, and tries under their e-mail's digest."""
    connection.execute(delete(_TOKEN).where(_TOKEN.c.person_id == person))
    connection.execute(delete(_TRY).where(_TRY.c.subject == subject))


# --- the database itself

def scrub(storage: Storage, patience_s: float = 20) -> bool:
    """Write the database anew, so that nothing is left of what its tables no longer hold: not in free pages, not in its journal.

    False where a reader kept an older state open for too long: what is in the tables is right, and the next purge tries again.
    """
    until = time.monotonic() + patience_s
    while not db.scrub(storage.settings):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True
