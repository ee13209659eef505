"""Plans of cameras that a team keeps: what was asked and where the cameras are, in parameters of closed lists and numbers (JSON);
nobody is named, nothing is written freely. Who kept one stands in the audit.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class SitingPlan(SQLModel, table=True):
    """A plan: parameters of the page (`asked`), its cameras (`spots`, as of an address), the facts they saw when it was kept, of
    all there were, versions of the data it was made of, and the day (since 1970-01-01) of the rules that it was held against."""

    __tablename__ = "siting_plan"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    asked: str
    spots: str
    covered: int
    facts: int
    versions: str
    rules: int
    created: datetime
    withdrawn: datetime | None = None
