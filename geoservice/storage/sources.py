"""Where what is stored comes from: the sources whose files were imported."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, select

from geoservice.storage.tables import ImportRun


def imported(connection: Connection) -> list[tuple[str, str, int, date | None]]:
    """(layer, source, organisation, day of the last) of finished imports. An open source is in reach whoever imported it."""
    columns = ImportRun.__table__.c
    keys = (columns.layer, columns.source, columns.organisation_id)
    query = select(*keys, func.max(columns.finished)).where(columns.status == "done").group_by(*keys)
    found = [(layer, source, number, None if last is None else last.date())
             for layer, source, number, last in connection.execute(query)]
    return sorted(found, key=lambda row: row[:3])
