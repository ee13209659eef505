"""Plans of levers, fixed before they start, and when one was opened again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Empty tables: nothing was planned."""
    whole, none = sa.Integer, {"nullable": True}
    op.create_table(
        "lever", sa.Column("id", whole, primary_key=True),
        sa.Column("organisation_id", whole, sa.ForeignKey("organisation.id"), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in (("code", sa.String(20)), ("in_charge", sa.String(20)),
                                                                   ("since", whole))),
        sa.Column("works_until", whole, **none), sa.Column("cost_cents", whole, **none),
        *(sa.Column(name, kind, nullable=False) for name, kind in (
            ("ratio", whole), ("categories", sa.String(200)), ("kind", sa.String(10)), ("treated", sa.String()),
            ("controls", sa.String()), ("months_before", whole), ("months_after", whole), ("created", sa.DateTime))),
        sa.Column("locked", sa.DateTime, **none), sa.Column("sha256", sa.String(64), **none),
        sa.Column("withdrawn", sa.DateTime, **none))
    op.create_table(
        "lever_unlock", sa.Column("id", whole, primary_key=True),
        sa.Column("lever_id", whole, sa.ForeignKey("lever.id", ondelete="CASCADE"), nullable=False),
        sa.Column("moment", whole, nullable=False), sa.Column("reason", sa.String(20), nullable=False))
    op.create_index("ix_lever_organisation_id", "lever", ["organisation_id"])
    op.create_index("ix_lever_unlock_lever_id", "lever_unlock", ["lever_id"])


def downgrade() -> None:
    """What was planned is gone."""
    op.drop_table("lever_unlock")
    op.drop_table("lever")
