"""States of halls that people set, merged reports, follow-ups, meetings with their snapshots and decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = ("id", sa.Integer)
OWNER = ("organisation_id", sa.Integer, "organisation.id")
MEETING = ("meeting_id", sa.Integer, "meeting.id")
CREATED = ("created", sa.DateTime)
SINCE, UNTIL = ("since", sa.Integer, "null"), ("until", sa.Integer, "null")
# columns a table: name, type, and what is special about it
TABLES: dict[str, tuple[tuple, ...]] = {
    "hall_override": (ID, OWNER, ("hall", sa.String(200)), ("state", sa.String(10)), ("reason", sa.String(20)),
                      ("since", sa.Integer), UNTIL, CREATED, ("revoked", sa.DateTime, "null")),
    "fact_merger": (ID, OWNER, ("fact_id", sa.Integer, "fact.id"), ("head_id", sa.Integer, "fact.id"), CREATED,
                    ("revoked", sa.DateTime, "null")),
    "follow_up": (ID, OWNER, ("fact_id", sa.Integer, "fact.id"), ("partner", sa.String(20)), ("opened", sa.Integer),
                  ("closed", sa.Integer, "null"), ("outcome", sa.String(20), "null"), CREATED),
    "meeting": (ID, OWNER, ("kind", sa.String(10)), ("day", sa.Integer), ("zone", sa.String(80)),
                ("perimeter", sa.LargeBinary, "null"), SINCE, UNTIL, CREATED, ("closed", sa.DateTime, "null")),
    "snapshot": (ID, OWNER, MEETING, ("sha256", sa.String(64)), ("content", sa.LargeBinary), CREATED),
    "decision": (ID, OWNER, MEETING, ("lever", sa.String(20)), ("place", sa.String(200)), ("in_charge", sa.String(20)),
                 ("due", sa.Integer, "null"), CREATED),
    "decision_step": (ID, OWNER, ("decision_id", sa.Integer, "decision.id"), MEETING, ("status", sa.String(20)),
                      ("day", sa.Integer)),
}
INDEXES = (*((table, "organisation_id") for table in TABLES), ("fact_merger", "fact_id"), ("fact_merger", "head_id"),
           ("follow_up", "fact_id"), ("snapshot", "meeting_id"), ("decision", "meeting_id"), ("decision_step", "decision_id"))


def _column(name: str, kind: object, special: str = "") -> sa.Column:
    # what is noted of a fact goes with it
    reference = [sa.ForeignKey(special, ondelete="CASCADE" if special == "fact.id" else None)] if "." in special else []
    return sa.Column(name, kind, *reference, primary_key=name == "id", nullable=special == "null")


def upgrade() -> None:
    """Empty tables: nothing was noted."""
    for name, columns in TABLES.items():
        op.create_table(name, *(_column(*column) for column in columns))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """What was noted is gone; reports that were merged count for themselves again."""
    for name in reversed(TABLES):
        op.drop_table(name)
