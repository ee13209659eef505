"""Parquet and GeoParquet through pyarrow, row group by row group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from geoservice.catalog.readers.base import Reader, few_columns
from geoservice.catalog.rows import Batch
from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# One value repeated costs Parquet nothing: a few KB can say a billion lines.
ROWS_FREE, ROWS_A_BYTE = 1_000_000, 10


class ParquetReader(Reader):
    def prepare(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._files = []
        for member in self.members:
            try:
                self._files.append(pq.ParquetFile(member.path))
            except (pa.ArrowException, OSError) as error:
                raise UnreadableFile(f"{member.name} : ce fichier Parquet est abîmé ou incomplet.") from error
            if self._files[-1].metadata.num_rows > ROWS_FREE + ROWS_A_BYTE * member.path.stat().st_size:
                raise UnreadableFile(f"{member.name} : ce fichier grossit démesurément en s’ouvrant (une même ligne répétée ?). "
                                     "Envoyez-le en CSV.")
        schema = self._files[0].schema_arrow
        self._geometry, self._crs = _geometry(schema)
        self.columns = few_columns([
            f.name for f in schema if f.name != self._geometry and not pa.types.is_nested(f.type)
            and not pa.types.is_binary(f.type) and not f.name.startswith("__index_level_")], self.members[0].name)

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        import pyarrow as pa

        wanted = [*self.columns, *([self._geometry] if self._geometry else [])]
        for member, file in zip(self.members, self._files, strict=True):
            line = 1
            try:
                for part in file.iter_batches(batch_size=rows, columns=wanted):
                    yield self._batch(member.name, part, line)
                    line += part.num_rows
            except (pa.ArrowException, OSError) as error:
                raise UnreadableFile(f"{member.name} : ce fichier Parquet est abîmé (ligne {line} et suivantes).") from error

    def _batch(self, name: str, part: pa.RecordBatch, line: int) -> Batch:
        columns = {c: _values(part.column(c)) for c in self.columns}
        geometry = _shapes(part.column(self._geometry).to_pylist()) if self._geometry else None
        return Batch(name, range(line, line + part.num_rows), columns, geometry, self._crs)


def _values(column: pa.Array) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column.to_pylist()


def _shapes(wkb: list[Any]) -> np.ndarray:
    import numpy as np
    import shapely

    values = np.empty(len(wkb), dtype=object)
    values[:] = wkb
    return shapely.from_wkb(values, on_invalid="ignore")


def _geometry(schema: pa.Schema) -> tuple[str | None, str | None]:
    """The WKB column and its CRS, from GeoParquet metadata, else a binary column named geometry, geom or wkb."""
    geo = (schema.metadata or {}).get(b"geo")
    if geo:
        meta = json.loads(geo)
        name = meta.get("primary_column")
        column = meta.get("columns", {}).get(name, {})
        if name in schema.names and column.get("encoding") == "WKB":
            return name, _crs(column)
    return next((f.name for f in schema if f.name.lower() in ("geometry", "geom", "wkb") and _is_bytes(f.type)), None), None


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _crs(column: dict[str, Any]) -> str | None:
    if "crs" not in column:
        return "EPSG:4326"  # the GeoParquet default, OGC:CRS84: longitude first, as everywhere here
    crs = column["crs"]
    if not isinstance(crs, dict):
        return crs
    code = crs.get("id", {})
    return f"{code['authority']}:{code['code']}" if {"authority", "code"} <= set(code) else json.dumps(crs)
