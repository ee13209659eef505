"""What a team plans to do, where and when, and whether it will be seen: fixed by a hash before it starts. Closed lists, numbers
and codes of places (JSON), days since 1970-01-01 (`works_until` is excluded); nobody is named. Who did it stands in the audit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel


class Lever(SQLModel, table=True):
    """A plan: what (`levers.toml`), whose function, from when, what it costs, the expected facts after for 100 before, on which
    facts and places it will be judged, beside which controls. Locked: `sha256` of all this."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    code: str = Field(max_length=20)
    in_charge: str = Field(max_length=20)
    since: int
    works_until: int | None = None
    cost_cents: int | None = None
    ratio: int
    categories: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    treated: str
    controls: str
    months_before: int
    months_after: int
    created: datetime
    locked: datetime | None = None
    sha256: str | None = Field(default=None, max_length=64)
    withdrawn: datetime | None = None


class LeverUnlock(SQLModel, table=True):
    """A plan that was opened again, on which day and why; gone with the plan."""

    __tablename__ = "lever_unlock"
    id: int | None = Field(default=None, primary_key=True)
    lever_id: int = Field(sa_column=Column(Integer, ForeignKey("lever.id", ondelete="CASCADE"), nullable=False, index=True))
    moment: int
    reason: str = Field(max_length=20)
