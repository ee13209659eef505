"""The tables. No column for a person but in those of accounts (`tests/storage/test_columns.py`); closed lists as text codes; what
belongs to nobody in particular has organisation 0.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint

from geoservice.storage import lever_tables, release_tables, siting_tables, watch_tables  # noqa: F401  (declare theirs)

OPEN = 0  # the organisation number of open data


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class Organisation(SQLModel, table=True):
    """Who owns facts and signs in."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    created: datetime = Field(default_factory=now)


class Token(SQLModel, table=True):
    """A secret that signs an organisation in; only its SHA-256 and last four characters are kept. `person_id`: who made it."""

    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id")
    name: str = Field(max_length=80)
    sha256: str = Field(unique=True, max_length=64)
    created: datetime = Field(default_factory=now)
    scope: str = Field(default="write", max_length=10, sa_column_kwargs={"server_default": "write"})  # read | write
    last4: str = Field(default="", max_length=4, sa_column_kwargs={"server_default": ""})
    expires: datetime | None = None
    revoked: datetime | None = None
    person_id: int | None = None


class Person(SQLModel, table=True):
    """Someone who signs in: their e-mail and the hash of their password, and nothing else about them."""

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, max_length=254)
    password: str = Field(max_length=200)  # argon2id, with its salt and parameters


class Identity(SQLModel, table=True):
    """Whom a provider (ProConnect) knows a person as: a digest of its address and of the name it gives them, one a provider."""

    __table_args__ = (UniqueConstraint("person_id", "issuer"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    issuer: str = Field(max_length=200)
    sha256: str = Field(unique=True, max_length=64)
    created: datetime


class Membership(SQLModel, table=True):
    """What a person is in an organisation. `territory`: the zone a police liaison looks at."""

    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    role: str = Field(max_length=20)
    territory: str | None = Field(default=None, max_length=80)


class SignIn(SQLModel, table=True):
    """A browser that is signed in; its cookie's SHA-256, and neither address nor browser."""

    __tablename__ = "sign_in"
    id: int | None = Field(default=None, primary_key=True)
    membership_id: int = Field(foreign_key="membership.id", index=True)
    sha256: str = Field(unique=True, max_length=64)
    created: datetime
    seen: datetime
    ends: datetime
    revoked: datetime | None = None


class Attempt(SQLModel, table=True):
    """A try to sign in, for a quarter of an hour: a digest of the account or of the network it came from."""

    id: int | None = Field(default=None, primary_key=True)
    subject: str = Field(index=True, max_length=64)
    moment: int = Field(sa_type=BigInteger)  # seconds since 1970


class Agreement(SQLModel, table=True):
    """An organisation gives what it counts in a zone, for some categories and a time, to one that may open it."""

    id: int | None = Field(default=None, primary_key=True)
    giver_id: int = Field(foreign_key="organisation.id", index=True)
    opener_id: int = Field(foreign_key="organisation.id", index=True)
    zone: str = Field(max_length=80)
    categories: str = Field(max_length=200)  # codes with commas between them
    since: int  # days since 1970-01-01, the first
    until: int  # the day after the last
    created: datetime = Field(default_factory=now)
    revoked: datetime | None = None


class BreakGlass(SQLModel, table=True):
    """A platform administrator's dated look into an organisation, which a second person has to approve."""

    __tablename__ = "break_glass"
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    asked_by: int  # a person's number; it stays when the person goes
    approved_by: int | None = None
    reason: str = Field(max_length=20)  # a word of a closed list
    asked: datetime
    ends: datetime


class Audit(SQLModel, table=True):
    """One thing that was done, in a chain of hashes. The database refuses to change a row, and to delete one that the last row
    does not seal. Never a payload."""

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    moment: str = Field(max_length=32)  # ISO 8601, UTC
    organisation_id: int = Field(index=True)
    actor: str = Field(max_length=40)  # sort and number, never a name
    action: str = Field(max_length=40)
    object: str = Field(max_length=120)
    outcome: str = Field(max_length=20)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditDay(SQLModel, table=True):
    """The last row of the audit of each day, and its hash."""

    __tablename__ = "audit_day"
    day: str = Field(primary_key=True, max_length=10)
    seq: int
    hash: str = Field(max_length=64)


class Source(SQLModel, table=True):
    """A declared export or a mapping, by name, within a layer."""

    __table_args__ = (UniqueConstraint("layer", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    layer: str
    name: str


class ImportRun(SQLModel, table=True):
    """One import: what was read, how far, and what became of each line."""

    __tablename__ = "import_run"
    id: int | None = Field(default=None, primary_key=True)
    layer: str
    organisation_id: int
    source: str
    signature: str = Field(index=True)  # the same bytes read the same way: an interrupted run is found again by it
    status: str = "reading"  # reading | done | failed | undone
    batches: int = 0  # batches whose rows are committed
    lines: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0
    notes: str = "[]"
    started: datetime = Field(default_factory=now)
    finished: datetime | None = None


class Upload(SQLModel, table=True):
    """Bytes as they were received, kept before parsing; they belong to the organisation and expire."""

    id: int | None = Field(default=None, primary_key=True)
    import_id: int = Field(foreign_key="import_run.id", index=True)
    organisation_id: int
    name: str
    sha256: str
    size: int
    received: datetime = Field(default_factory=now)
    deleted: datetime | None = None


class RejectedLine(SQLModel, table=True):
    """A line that could not be used and why; expires with its upload."""

    __tablename__ = "rejected_line"
    id: int | None = Field(default=None, primary_key=True)
    import_id: int = Field(foreign_key="import_run.id", index=True)
    file: str
    line: int
    column: str
    value: str
    code: str
    sentence: str


class FactValues(SQLModel):
    """What one version of a fact says; names and order as `catalog.rows.FACT` without its key."""

    content: bytes = Field(sa_type=LargeBinary)
    seen: int
    line: int
    day: int
    minute: int | None
    duration: int | None
    utc: int | None = Field(sa_type=BigInteger)
    category: str
    subcategory: str | None
    kind: str
    nature: str | None
    gravity: int | None
    place: str | None
    placement: str
    lon: float | None
    lat: float | None
    cell: int = Field(sa_type=BigInteger)
    residence: str | None
    building: str | None
    hall: str | None
    commune: str | None
    complaint: int
    cost_cents: int | None


class Fact(FactValues, table=True):
    """The current version of each fact."""

    __table_args__ = (Index("fact_key", "organisation_id", "source_id", "key", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int
    source_id: int
    import_id: int
    key: str


class FactVersion(FactValues, table=True):
    """Every other version a fact has had: superseded, or older than the current one when it came."""

    __tablename__ = "fact_version"
    __table_args__ = (Index("fact_version_fact", "fact_id", "content", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    fact_id: int = Field(foreign_key="fact.id")
    import_id: int


class Feature(SQLModel, table=True):
    """A zone, residence, hall, camera, building …: geometry as WKB in EPSG:4326 with its box, properties as JSON."""

    __table_args__ = (Index("feature_key", "layer", "organisation_id", "generation", "key", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    layer: str
    organisation_id: int
    source_id: int
    import_id: int
    key: str
    generation: str
    name: str
    content: bytes = Field(sa_type=LargeBinary)
    geometry: bytes | None = Field(default=None, sa_type=LargeBinary)
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    properties: str


class Aggregate(SQLModel, table=True):
    """A published count of a zone and period; `count` is None where it is withheld. Never added to facts."""

    __table_args__ = (Index("aggregate_key", "organisation_id", "source_id", "level", "zone", "period", "indicator", "unit",
                            unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    organisation_id: int
    source_id: int
    import_id: int
    zone: str
    zone_name: str
    level: str
    period: str
    indicator: str
    unit: str
    count: int | None
    withheld: int
    rate: float | None
    denominator: int | None
    denominator_unit: str | None
    content: bytes = Field(sa_type=LargeBinary)


class Address(SQLModel, table=True):
    """A numbered address of an imported BAN file: the offline geocoder's gazetteer."""

    __table_args__ = (Index("address_street", "street_norm", "postcode"), Index("address_city", "citycode"),
                      Index("address_postcode", "postcode", "citycode"))
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    import_id: int
    number: int | None
    suffix: str
    street: str
    street_norm: str
    postcode: str
    citycode: str
    city: str
    lon: float
    lat: float


class GeocodedAddress(SQLModel, table=True):
    """Answers of the geocoding service, by normalised address, so that no address is sent twice."""

    __tablename__ = "geocoded_address"
    address: str = Field(primary_key=True)
    answer: str
    received: datetime = Field(default_factory=now)


class LayerState(SQLModel, table=True):
    """How often a layer of an organisation changed, and the change its index was built from."""

    __tablename__ = "layer_state"
    layer: str = Field(primary_key=True)
    organisation_id: int = Field(primary_key=True)
    changes: int = 0
    built: int = 0


class Sighting(SQLModel, table=True):
    """Which versions a batch of an import brought or met again: what an undo needs to know. `rows`: see storage/sightings.py."""

    id: int | None = Field(default=None, primary_key=True)
    import_id: int = Field(index=True)
    stores: str  # facts | features | aggregates | addresses
    seen: int = Field(sa_type=BigInteger)
    rows: bytes = Field(sa_type=LargeBinary)


class ReplacedRow(SQLModel, table=True):
    """A version of a feature, aggregate or address that a later import replaced. Facts keep theirs in `fact_version`."""

    __tablename__ = "replaced_row"
    __table_args__ = (Index("replaced_row_of", "stores", "row_id"),)
    id: int | None = Field(default=None, primary_key=True)
    stores: str
    row_id: int
    import_id: int
    mark: int = Field(sa_type=BigInteger)
    content: bytes = Field(sa_type=LargeBinary)
