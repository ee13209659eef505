"""Territories that publish together, the private state of their releases, and what owners disclosed outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = ("id", sa.Integer)
TERRITORY = ("territory_id", sa.Integer, "shared_territory.id")
ORGANISATION = ("organisation_id", sa.Integer, "organisation.id")
TABLES: dict[str, tuple[tuple, ...]] = {
    "shared_territory": (ID, ("code", sa.String(40)), ("name", sa.String(120)), ("communes", sa.String), ("terms", sa.String),
                         ("atoms", sa.LargeBinary), ("digest", sa.String(64)), ("created", sa.DateTime)),
    "territory_signature": (ID, TERRITORY, ("kind", sa.String(20)), ORGANISATION, ("actor", sa.String(40)),
                            ("signed", sa.DateTime)),
    "release_state": (ID, TERRITORY, ("revision", sa.Integer), ("issue", sa.Integer), ("secret", sa.LargeBinary),
                      ("terms", sa.String), ("packed", sa.LargeBinary), ("ledger", sa.LargeBinary),
                      ("repaired", sa.LargeBinary), ("begun", sa.DateTime), ("published", sa.DateTime)),
    "disclosure": (ID, TERRITORY, ORGANISATION, ("place", sa.String(80)), ("residence", sa.String(120)),
                   ("hall", sa.String(120)), ("state", sa.String(20)), ("first", sa.Integer), ("last", sa.Integer),
                   ("day", sa.Integer), ("keys", sa.LargeBinary)),
}
UNIQUE = {"shared_territory": ("code",), "territory_signature": ("territory_id", "kind"),
          "release_state": ("territory_id", "revision")}


def _column(name: str, kind: object, reference: str = "") -> sa.Column:
    return sa.Column(name, kind, *([sa.ForeignKey(reference)] if reference else []), primary_key=name == "id", nullable=False)


def upgrade() -> None:
    """Empty tables: nothing is published."""
    for name, columns in TABLES.items():
        extra = [sa.UniqueConstraint(*UNIQUE[name])] if name in UNIQUE else []
        op.create_table(name, *(_column(*column) for column in columns), *extra)
    op.create_index("ix_disclosure_territory_id", "disclosure", ["territory_id"])
    op.create_table(
        "record_key", sa.Column("fact_id", sa.Integer, sa.ForeignKey("fact.id", ondelete="CASCADE"), primary_key=True,
                                autoincrement=False, nullable=False), sa.Column("key", sa.BigInteger, nullable=False))


def downgrade() -> None:
    """Nothing can be published any more: secrets and ledgers are gone, and releases that are out cannot be continued."""
    for name in ("record_key", *reversed(TABLES)):
        op.drop_table(name)
