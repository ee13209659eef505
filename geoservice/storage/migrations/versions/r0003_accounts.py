"""People, what they may do, the browsers they sign in with, agreements, and the audit of what was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = ("id", sa.Integer)
# columns a table: name, type, and what is special about it
TABLES: dict[str, tuple[tuple, ...]] = {
    "person": (ID, ("email", sa.String(254), "unique"), ("password", sa.String(200))),
    "membership": (ID, ("person_id", sa.Integer, "person.id"), ("organisation_id", sa.Integer, "organisation.id"),
                   ("role", sa.String(20)), ("territory", sa.String(80), "null")),
    "sign_in": (ID, ("membership_id", sa.Integer, "membership.id"), ("sha256", sa.String(64), "unique"),
                ("created", sa.DateTime), ("seen", sa.DateTime), ("ends", sa.DateTime), ("revoked", sa.DateTime, "null")),
    "attempt": (ID, ("subject", sa.String(64)), ("moment", sa.BigInteger)),
    "agreement": (ID, ("giver_id", sa.Integer, "organisation.id"), ("opener_id", sa.Integer, "organisation.id"),
                  ("zone", sa.String(80)), ("categories", sa.String(200)), ("since", sa.Integer), ("until", sa.Integer),
                  ("created", sa.DateTime), ("revoked", sa.DateTime, "null")),
    "break_glass": (ID, ("organisation_id", sa.Integer, "organisation.id"), ("asked_by", sa.Integer),
                    ("approved_by", sa.Integer, "null"), ("reason", sa.String(20)), ("asked", sa.DateTime),
                    ("ends", sa.DateTime)),
    "audit": (("seq", sa.Integer, "key"), ("moment", sa.String(32)), ("organisation_id", sa.Integer), ("actor", sa.String(40)),
              ("action", sa.String(40)), ("object", sa.String(120)), ("outcome", sa.String(20)), ("previous", sa.String(64)),
              ("hash", sa.String(64))),
    "audit_day": (("day", sa.String(10), "key"), ("seq", sa.Integer), ("hash", sa.String(64))),
}
INDEXES = (("membership", "organisation_id"), ("sign_in", "membership_id"), ("attempt", "subject"), ("agreement", "giver_id"),
           ("agreement", "opener_id"), ("break_glass", "organisation_id"), ("audit", "organisation_id"))
TOKEN = (
    ("scope", sa.String(10), {"nullable": False, "server_default": "write"}),
    ("last4", sa.String(4), {"nullable": False, "server_default": ""}),
    ("expires", sa.DateTime, {}),
    ("revoked", sa.DateTime, {}),
    ("person_id", sa.Integer, {}),
)


def _column(name: str, kind: object, special: str = "") -> sa.Column:
    key = special == "key" or name == "id"
    reference = [sa.ForeignKey(special)] if "." in special else []
    return sa.Column(name, kind, *reference, primary_key=key, nullable=special == "null", unique=special == "unique" or None,
                     autoincrement=name == "id")


def upgrade() -> None:
    """Empty tables; tokens from before may write, do not expire and keep working."""
    for name, columns in TABLES.items():
        extra = [sa.UniqueConstraint("person_id", "organisation_id")] if name == "membership" else []
        op.create_table(name, *(_column(*column) for column in columns), *extra)
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    for name, kind, options in TOKEN:
        op.add_column("token", sa.Column(name, kind, **options))


def downgrade() -> None:
    """People can no longer sign in, expired tokens work again and the audit is gone; no fact, feature or count changes."""
    for name, _, _ in reversed(TOKEN):
        op.drop_column("token", name)
    for name in reversed(TABLES):
        op.drop_table(name)
