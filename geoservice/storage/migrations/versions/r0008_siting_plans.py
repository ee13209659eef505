"""Plans of cameras that a team keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """An empty table: nothing was kept."""
    op.create_table(
        "siting_plan", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("organisation_id", sa.Integer, sa.ForeignKey("organisation.id"), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in (
            ("asked", sa.String()), ("spots", sa.String()), ("covered", sa.Integer), ("facts", sa.Integer),
            ("versions", sa.String()), ("rules", sa.Integer), ("created", sa.DateTime))),
        sa.Column("withdrawn", sa.DateTime, nullable=True))
    op.create_index("ix_siting_plan_organisation_id", "siting_plan", ["organisation_id"])


def downgrade() -> None:
    """What was kept is gone."""
    op.drop_table("siting_plan")
