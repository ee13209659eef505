"""Tables as downloads: the formats that every view comes in, and how each is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoservice.export import tables
from geoservice.export.tables import Table
from geoservice.web import heavy
from geoservice.web.responses import JSON

TYPES = {"json": JSON, "geojson": "application/geo+json", "csv": "text/csv", "gpkg": "application/geopackage+sqlite3",
         "geoparquet": "application/vnd.apache.parquet"}
_LIGHT = 1_000  # features: written sooner than sent to another process
ENDINGS = {"geojson": "geojson", "csv": "csv", "gpkg": "gpkg", "geoparquet": "parquet"}


def encoded(table: Table, form: str, layer: str, ids: Sequence[Any] | None = None) -> bytes:
    """The bytes of a table; CSV is for spreadsheets in French: UTF-8 with a mark, semicolons."""
    if form == "csv":
        return tables.to_csv(table, bom=True, delimiter=";")
    if form == "geojson":
        return tables.to_geojson(table, ids) if len(table) < _LIGHT else heavy.elsewhere(tables.to_geojson, table, ids)
    return heavy.elsewhere(tables.to_gpkg, table, layer) if form == "gpkg" else heavy.elsewhere(tables.to_geoparquet, table)
