"""What a Reader answers, as tables: GeoDataFrames in EPSG:4326, or DataFrames where there is nothing to draw.

`attrs` holds plain values only, since Parquet files carry it along as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoservice.core import grid

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from geoservice.operations.features import Features
    from geoservice.operations.reader import CellCounts, UnitCount
    from geoservice.operations.zones import ZoneView

LONLAT = 4326
# what an organisation published, without the numbers that only the database needs
AGGREGATE_COLUMNS = ("zone", "zone_name", "level", "period", "indicator", "unit", "count", "withheld", "rate", "denominator",
                     "denominator_unit")


def cells(counts: CellCounts) -> GeoDataFrame:
    """One row a cell with facts: cell (hexadecimal), count, geometry (the hexagon).

    attrs: total, unknown (facts that a condition could not judge, by condition), unplaced (facts without a point), kind,
    resolution.
    """
    frame = spatial({"cell": grid.to_text(counts.cells), "count": counts.counts.astype(np.int64)}, hexagons(counts.cells))
    frame.attrs = {"total": counts.total, "unknown": {name: int(number) for name, number in counts.unknown.items()},
                   "unplaced": int(counts.unplaced), "kind": None if counts.kind is None else str(counts.kind),
                   "resolution": int(counts.resolution)}
    return frame


def hexagons(cells: np.ndarray) -> np.ndarray:
    """Polygons of cells, (n,) shapely in EPSG:4326."""
    rings, corners = grid.boundaries(cells)
    shapes = np.empty(len(cells), dtype=object)
    for number in np.unique(corners).tolist():
        chosen = corners == number
        shapes[chosen] = shapely.polygons(rings[chosen, :number])
    return shapes


def features(found: Features) -> GeoDataFrame:
    """key, name, generation, one column a property, geometry. A property that bears a name already taken gets a `_`."""
    columns: dict[str, Sequence[Any]] = {"key": found.keys, "name": found.names, "generation": found.generations}
    for name in dict.fromkeys(name for row in found.properties for name in row):
        free = name
        while free in columns or free == "geometry":
            free += "_"
        columns[free] = [row.get(name) for row in found.properties]
    return spatial(columns, found.geometry)


def zones(found: Sequence[ZoneView]) -> GeoDataFrame:
    """ref (what `zone=` takes), code, name, generation, geometry."""
    columns = {"ref": [str(zone.reference) for zone in found], "code": [zone.reference.code for zone in found],
               "name": [zone.name for zone in found], "generation": [zone.generation for zone in found]}
    return spatial(columns, [zone.geometry for zone in found])


def units(found: Sequence[UnitCount], shapes: Mapping[str, Any]) -> GeoDataFrame:
    """code, name, count, geometry (None where the unit is in no imported layer), most facts first."""
    columns = {"code": [unit.code for unit in found], "name": [unit.name for unit in found],
               "count": np.array([unit.count for unit in found], dtype=np.int64)}
    return spatial(columns, [shapes.get(unit.code) for unit in found])


def aggregates(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """Published counts; `count` is missing (never 0) where it was withheld."""
    import pandas as pd

    frame = pd.DataFrame({name: [row[name] for row in rows] for name in AGGREGATE_COLUMNS})
    return frame.astype({"count": "Int64", "withheld": bool})


def records(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> DataFrame:
    """A plain table with these columns even when it is empty."""
    import pandas as pd

    return pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns))


def table(rows: Sequence[tuple], columns: Sequence[str], attrs: dict[str, Any]) -> DataFrame:
    """A plain table with what is said beside it."""
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=list(columns))
    frame.attrs = attrs
    return frame


def spatial(columns: Mapping[str, Any], geometry: Any) -> GeoDataFrame:
    """Columns and one shape (or None) a row, in EPSG:4326."""
    import geopandas

    shapes = np.empty(len(geometry), dtype=object)
    shapes[:] = geometry
    return geopandas.GeoDataFrame(dict(columns), geometry=shapes, crs=LONLAT)
