"""Tables to files: CSV, GeoJSON, GeoPackage and GeoParquet, all from one small value.

Bytes out. Text columns hold str or None, numbers may be NaN (a missing value), cells are text by then.
"""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoservice.errors import BadInput

if TYPE_CHECKING:
    from pandas import DataFrame

LONLAT = 4326
_DECIMALS = 7  # of a degree: about a centimetre
# a spreadsheet takes a cell that begins so for a formula; full-width forms are read as the plain ones
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Table:
    """Columns of one length, name -> array or list, and a geometry (shapely or None) a row, or None for no geometry.

    `crs` is the EPSG number of the geometry, longitude before latitude.
    """

    columns: Mapping[str, Sequence[Any] | np.ndarray]
    geometry: np.ndarray | None = None
    crs: int = LONLAT

    def __len__(self) -> int:
        if self.geometry is not None:
            return len(self.geometry)
        return len(next(iter(self.columns.values()), ()))


def to_csv(table: Table, *, bom: bool = False, delimiter: str = ",") -> bytes:
    """UTF-8 CSV; the geometry as WKT in a last column `geometrie`.

    `bom` for spreadsheets, which otherwise guess the encoding. Text that a spreadsheet would run as a formula begins
    with an apostrophe. A missing value is an empty cell.
    """
    columns = {name: _plain(values) for name, values in _checked(table).columns.items()}
    if table.geometry is not None:
        columns["geometrie"] = _wkt(table.geometry)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in columns])
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode("utf-8", "replace")


def to_geojson(table: Table, ids: Sequence[Any] | np.ndarray | None = None) -> bytes:
    """RFC 7946 FeatureCollection: EPSG:4326, seven decimals, exterior rings counter-clockwise, null for NaN.

    `ids` (n,) text or integers. An empty geometry is null. BadInput in another CRS.
    """
    if _checked(table).geometry is not None and table.crs != LONLAT:
        raise BadInput("Le GeoJSON est toujours en longitude et latitude (EPSG:4326) : convertir la géométrie avant.")
    shapes = _geojson_shapes(table)
    names = list(table.columns)
    rows = zip(*(_plain(values) for values in table.columns.values()), strict=True) if names else [()] * len(table)
    keys = [None] * len(table) if ids is None else _plain(ids)
    records = [dict(zip(names, row, strict=True)) for row in rows]
    lines = [_feature(*parts) for parts in zip(keys, shapes, records, strict=True)]
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n").encode("utf-8", "replace")


def to_gpkg(table: Table, layer: str = "donnees") -> bytes:
    """A GeoPackage of one layer; without geometry, a table of attributes."""
    import pyogrio

    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        path = Path(folder) / "donnees.gpkg"
        pyogrio.write_dataframe(_frame(table, unsigned=False), path, layer=layer, driver="GPKG")
        return path.read_bytes()


def to_gpkg_layers(tables: Mapping[str, Table]) -> bytes:
    """A GeoPackage of several layers by name; a layer without rows is there, so that a style that knows it opens."""
    import pyogrio

    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        path = Path(folder) / "donnees.gpkg"
        for name, table in tables.items():
            pyogrio.write_dataframe(_frame(table, unsigned=False), path, layer=name, driver="GPKG", geometry_type="Unknown",
                                    append=path.exists())
        return path.read_bytes()


def to_geoparquet(table: Table) -> bytes:
    """GeoParquet 1.1 with a covering box a row, so that readers skip what is far; without geometry, plain Parquet."""
    out = io.BytesIO()
    if table.geometry is None:
        _frame(table).to_parquet(out, compression="zstd", index=False)
    else:
        _frame(table).to_parquet(out, compression="zstd", index=False, schema_version="1.1.0", write_covering_bbox=True)
    return out.getvalue()


def _checked(table: Table) -> Table:
    lengths = {name: len(values) for name, values in table.columns.items() if len(values) != len(table)}
    if lengths:
        raise ValueError(f"columns of another length than the {len(table)} rows: {lengths}")
    return table


def _plain(values: Sequence[Any] | np.ndarray) -> list[Any]:
    """Python values: NaN, NaT and infinities are None, dates ISO text."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "Mm":
        return [None if text == "NaT" else text for text in np.datetime_as_string(values).tolist()]
    items = values.tolist() if hasattr(values, "tolist") else list(values)
    return [_scalar(item) for item in items]


def _scalar(item: Any) -> Any:
    item = item.item() if isinstance(item, np.generic) else item
    if item is None or isinstance(item, str | bool | int):
        return item
    if isinstance(item, float):
        return item if math.isfinite(item) else None
    if isinstance(item, date | datetime):
        return None if item != item else item.isoformat()  # NaT is a datetime that differs from itself
    return str(item)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _safe(text: str) -> str:
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text


def _wkt(geometry: np.ndarray) -> list[str | None]:
    return shapely.to_wkt(np.asarray(geometry, object), rounding_precision=_DECIMALS, trim=True).tolist()


def _geojson_shapes(table: Table) -> list[str]:
    if table.geometry is None:
        return ["null"] * len(table)
    shapes = np.asarray(table.geometry, object)
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise BadInput("Une géométrie contient une coordonnée indéfinie (NaN ou infinie) : la corriger.")
    wound = shapely.orient_polygons(shapely.force_2d(shapes))
    text = shapely.to_geojson(shapely.transform(wound, lambda lonlat: np.round(lonlat, _DECIMALS)))
    nothing = shapely.is_empty(shapes) | shapely.is_missing(shapes)
    return ["null" if none else shape for none, shape in zip(nothing.tolist(), text.tolist(), strict=True)]


def _feature(key: Any, shape: str, properties: dict[str, Any]) -> str:
    written = json.dumps(properties, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    identity = "" if key is None else f'"id":{json.dumps(key, ensure_ascii=False)},'
    return f'{{"type":"Feature",{identity}"geometry":{shape},"properties":{written}}}'


def _frame(table: Table, unsigned: bool = True) -> DataFrame:
    """A GeoDataFrame, or a DataFrame without geometry; without `unsigned`, uint64 becomes int64 or else text."""
    import pandas as pd

    columns = {name: _column(values, unsigned) for name, values in _checked(table).columns.items()}
    if table.geometry is None:
        return pd.DataFrame(columns)
    import geopandas

    return geopandas.GeoDataFrame(columns, geometry=np.asarray(table.geometry, object), crs=table.crs)


def _column(values: Sequence[Any] | np.ndarray, unsigned: bool) -> Sequence[Any] | np.ndarray:
    if unsigned or not isinstance(values, np.ndarray) or values.dtype != np.uint64:
        return values
    return values.astype(np.int64) if not values.size or values.max() < 2**63 else values.astype(str)
