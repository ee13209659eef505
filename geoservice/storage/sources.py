"""Where what is stored comes from: the sources whose files were imported."""

from __future__ import annotations

from sqlalchemy import Connection, select

from geoservice.storage.tables import ImportRun


def imported(connection: Connection) -> list[tuple[str, str, int]]:
    """(layer, source, organisation) of finished imports. An open source is in reach whoever imported it."""
    columns = ImportRun.__table__.c
    query = select(columns.layer, columns.source, columns.organisation_id).where(columns.status == "done").distinct()
    return sorted((layer, source, number) for layer, source, number in connection.execute(query))
