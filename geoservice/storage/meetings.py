"""Meetings, what they looked at, what they decided and how far that is. Callers open scoped transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from geoservice.storage.tables import now
from geoservice.storage.watch_tables import Decision, DecisionStep, Meeting, Snapshot

_MEETING, _SNAPSHOT, _DECISION, _STEP = (each.__table__ for each in (  # type: ignore[attr-defined]
    Meeting, Snapshot, Decision, DecisionStep))
_LISTED = [_SNAPSHOT.c[name] for name in ("id", "meeting_id", "sha256", "created")]


def add_meeting(connection: Connection, values: dict[str, Any]) -> int:
    """A new meeting; its number."""
    return int(connection.execute(insert(_MEETING).values(created=now(), **values).returning(_MEETING.c.id)).scalar_one())


def meetings(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Meetings of an organisation, the latest day first."""
    query = select(_MEETING).where(_MEETING.c.organisation_id == organisation_id)
    return connection.execute(query.order_by(_MEETING.c.day.desc(), _MEETING.c.id.desc())).all()


def meeting(connection: Connection, organisation_id: int, number: int) -> Row | None:
    """One meeting of an organisation."""
    return connection.execute(select(_MEETING).where(_MEETING.c.organisation_id == organisation_id,
                                                     _MEETING.c.id == number)).first()


def close_meeting(connection: Connection, number: int) -> None:
    """It has come to its end."""
    connection.execute(update(_MEETING).where(_MEETING.c.id == number).values(closed=now()))


def add_snapshot(connection: Connection, values: dict[str, Any]) -> int:
    """A new snapshot; its number."""
    return int(connection.execute(insert(_SNAPSHOT).values(created=now(), **values).returning(_SNAPSHOT.c.id)).scalar_one())


def snapshots(connection: Connection, organisation_id: int, meeting_id: int | None = None) -> Sequence[Row]:
    """Snapshots of an organisation, or of one of its meetings, without their content; the newest first."""
    query = select(*_LISTED, func.length(_SNAPSHOT.c.content).label("size")).where(
        _SNAPSHOT.c.organisation_id == organisation_id)
    if meeting_id is not None:
        query = query.where(_SNAPSHOT.c.meeting_id == meeting_id)
    return connection.execute(query.order_by(_SNAPSHOT.c.id.desc())).all()


def snapshot(connection: Connection, organisation_id: int, number: int) -> Row | None:
    """One snapshot of an organisation, with its content."""
    return connection.execute(select(*_LISTED, _SNAPSHOT.c.content).where(
        _SNAPSHOT.c.organisation_id == organisation_id, _SNAPSHOT.c.id == number)).first()


def lighten(connection: Connection, number: int, content: bytes) -> None:
    """Another content under the same digest: that without the frozen facts."""
    connection.execute(update(_SNAPSHOT).where(_SNAPSHOT.c.id == number).values(content=content))


def add_decision(connection: Connection, values: dict[str, Any]) -> int:
    """A new decision; its number."""
    return int(connection.execute(insert(_DECISION).values(created=now(), **values).returning(_DECISION.c.id)).scalar_one())


def add_step(connection: Connection, values: dict[str, Any]) -> None:
    """How far a decision is, at a meeting."""
    connection.execute(insert(_STEP).values(**values))


def decisions(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Decisions of an organisation in their order, with the meeting that took each, and the last that was said of it (`status`,
    `step_day`, NULL where nothing was)."""
    last = select(_STEP.c.decision_id, func.max(_STEP.c.id).label("step")).group_by(_STEP.c.decision_id).subquery()
    query = (select(_DECISION, _MEETING.c.kind.label("meeting_kind"), _MEETING.c.day.label("meeting_day"),
                    _MEETING.c.zone.label("meeting_zone"), _STEP.c.status, _STEP.c.day.label("step_day"))
             .join(_MEETING, _MEETING.c.id == _DECISION.c.meeting_id)
             .join(last, last.c.decision_id == _DECISION.c.id, isouter=True).join(_STEP, _STEP.c.id == last.c.step, isouter=True))
    return connection.execute(query.where(_DECISION.c.organisation_id == organisation_id).order_by(_DECISION.c.id)).all()
