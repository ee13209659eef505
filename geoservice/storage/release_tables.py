"""Tables of what is published together: territories, the private state of their releases, and what owners disclosed outside.

Everything here but the territory itself is PRIVATE to the publisher: keys of records, secrets, ledgers. Nothing but the publisher
reads these tables, and no viewer's question reaches them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint


class SharedTerritory(SQLModel, table=True):
    """A ground on which organisations publish together. `terms` as JSON; `atoms`: its places, made once from open data."""

    __tablename__ = "shared_territory"
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    communes: str  # INSEE codes with commas between them
    terms: str
    atoms: bytes = Field(sa_type=LargeBinary)
    digest: str = Field(max_length=64)
    created: datetime


class TerritorySignature(SQLModel, table=True):
    """The only owner of a kind of facts accepts that its counts of ten and more are read."""

    __tablename__ = "territory_signature"
    __table_args__ = (UniqueConstraint("territory_id", "kind"),)
    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="shared_territory.id")
    kind: str = Field(max_length=20)
    organisation_id: int = Field(foreign_key="organisation.id")
    actor: str = Field(max_length=40)  # sort and number, never a name
    signed: datetime


class ReleaseState(SQLModel, table=True):
    """The last release of a revision of a territory, and what its publisher keeps of it. `packed`: the release as it leaves, but
    sealed for the publisher alone; `ledger`: the facts that were counted; `repaired`: nodes that the audit hid."""

    __tablename__ = "release_state"
    __table_args__ = (UniqueConstraint("territory_id", "revision"),)
    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="shared_territory.id")
    revision: int
    issue: int  # releases of this revision so far
    secret: bytes = Field(sa_type=LargeBinary)
    terms: str  # what holds for the whole revision, as JSON
    packed: bytes = Field(sa_type=LargeBinary)
    ledger: bytes = Field(sa_type=LargeBinary)
    repaired: bytes = Field(sa_type=LargeBinary)
    begun: datetime
    published: datetime


class RecordKey(SQLModel, table=True):
    """64 random bits of a fact that was published once: never derived from it, never exported, gone with it."""

    __tablename__ = "record_key"
    fact_id: int = Field(sa_column=Column(Integer, ForeignKey("fact.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False))
    key: int = Field(sa_type=BigInteger)


class Disclosure(SQLModel, table=True):
    """What an owner told outside about its own facts: the state of a hall, or the exact figure of a zone. `keys`: which facts."""

    __table_args__ = (Index("ix_disclosure_territory_id", "territory_id"),)
    id: int | None = Field(default=None, primary_key=True)
    territory_id: int = Field(foreign_key="shared_territory.id")
    organisation_id: int = Field(foreign_key="organisation.id")
    place: str = Field(max_length=80)  # hall:CODE, residence:CODE, commune:CODE, qpv2024:CODE
    residence: str = Field(max_length=120)  # the names that people read
    hall: str = Field(max_length=120)
    state: str = Field(max_length=20)  # a word of a closed list, or "chiffre"
    first: int  # months since 1970-01, both included
    last: int
    day: int  # days since 1970-01-01: when it was told
    keys: bytes = Field(sa_type=LargeBinary)
