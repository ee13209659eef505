"""Whom a provider of identities (ProConnect) knows a person as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """An empty table: everybody goes on signing in with their password."""
    op.create_table(
        "identity", sa.Column("id", sa.Integer, primary_key=True, nullable=False),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("issuer", sa.String(200), nullable=False), sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.DateTime, nullable=False), sa.UniqueConstraint("person_id", "issuer"))


def downgrade() -> None:
    """Nobody can sign in by a provider any more; passwords work."""
    op.drop_table("identity")
