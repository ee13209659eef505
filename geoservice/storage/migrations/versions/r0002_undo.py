"""What an import can be undone from: the versions each batch met, and the rows that were replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Two tables, empty: imports from before are kept as they are."""
    op.create_table(
        "sighting",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("import_id", sa.Integer, nullable=False),
        sa.Column("stores", sa.String, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_sighting_import_id", "sighting", ["import_id"])
    op.create_table(
        "replaced_row",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stores", sa.String, nullable=False),
        sa.Column("row_id", sa.Integer, nullable=False),
        sa.Column("import_id", sa.Integer, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("replaced_row_of", "replaced_row", ["stores", "row_id"])


def downgrade() -> None:
    """Undoing is no longer possible; no fact, feature or count changes."""
    op.drop_table("replaced_row")
    op.drop_table("sighting")
