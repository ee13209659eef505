"""What alembic runs: the caller's connection, inside the caller's transaction. Imported by alembic alone."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
