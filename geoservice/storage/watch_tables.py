"""What a team notes of its own patrimoine and meetings: closed lists and days since 1970-01-01 (`until` is excluded), no text
that anybody wrote. Who noted it stands in the audit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary
from sqlmodel import Field, SQLModel


def _of_fact() -> Any:
    """A column that names a fact; the row goes with it."""
    return Column(Integer, ForeignKey("fact.id", ondelete="CASCADE"), nullable=False, index=True)


class HallOverride(SQLModel, table=True):
    """The state of a hall as people who know it say, with a reason and an end, whatever the rules compute."""

    __tablename__ = "hall_override"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    hall: str = Field(max_length=200)  # the key of the feature
    state: str = Field(max_length=10)
    reason: str = Field(max_length=20)
    since: int
    until: int | None = None
    created: datetime
    revoked: datetime | None = None


class FactMerger(SQLModel, table=True):
    """A report that is one of several of the same fact: it stays, and counts as its head. Gone with either of them.

    Where the head is the fact itself, the entry was taken back by whoever made it.
    """

    __tablename__ = "fact_merger"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    fact_id: int = Field(sa_column=_of_fact())
    head_id: int = Field(sa_column=_of_fact())
    created: datetime
    revoked: datetime | None = None


class FollowUp(SQLModel, table=True):
    """A partner whom a fact concerns: since when, until when, and how it ended."""

    __tablename__ = "follow_up"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    fact_id: int = Field(sa_column=_of_fact())
    partner: str = Field(max_length=20)
    opened: int
    closed: int | None = None
    outcome: str | None = Field(default=None, max_length=20)
    created: datetime


class Meeting(SQLModel, table=True):
    """A meeting: its kind, its day, and the zone or perimeter (WKB, EPSG:4326) and days that it is about."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    kind: str = Field(max_length=10)  # clspd | gltd | interne
    day: int
    zone: str = Field(max_length=80)  # qpv2024:QN07501M, or empty
    perimeter: bytes | None = Field(default=None, sa_type=LargeBinary)
    since: int | None = None
    until: int | None = None
    created: datetime
    closed: datetime | None = None


class Snapshot(SQLModel, table=True):
    """What a meeting looked at, frozen under its hash."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    meeting_id: int = Field(foreign_key="meeting.id", index=True)
    sha256: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    created: datetime


class Decision(SQLModel, table=True):
    """What a meeting decided: which lever, where, whose function, until when."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    meeting_id: int = Field(foreign_key="meeting.id", index=True)
    lever: str = Field(max_length=20)
    place: str = Field(max_length=200)
    in_charge: str = Field(max_length=20)
    due: int | None = None
    created: datetime


class DecisionStep(SQLModel, table=True):
    """How far a decision was at a later meeting."""

    __tablename__ = "decision_step"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    decision_id: int = Field(foreign_key="decision.id", index=True)
    meeting_id: int = Field(foreign_key="meeting.id")
    status: str = Field(max_length=20)
    day: int
