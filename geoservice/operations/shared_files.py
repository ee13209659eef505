"""Released numbers as files, in a fixed order, for a table or a GIS; « non diffusé » is an empty cell with its own column."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.export import tables
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import MASKED, Wish, column, group_label, kind_of, level_of, plain, tables_of

_CLOCK = "OGR_CURRENT_DATE"  # GDAL writes the moment into a GeoPackage otherwise: the same request would not give the same bytes
_FIXED = "2000-01-01T00:00:00.000Z"
_lock = threading.Lock()


def csv(opened: Opened, wish: Wish) -> bytes:
    """Every published number of a kind at a level, one a line; period and group narrow it."""
    release = opened.release
    kind, level = kind_of(release, wish.kind), level_of(release, wish.level)
    if wish.period is not None or wish.group is not None:
        column(opened, Wish(kind, level, wish.period, wish.group))  # says what is wrong with them
    names, labels = release.places[level].names, shapes.labels(opened, level)
    parts: dict[str, list[Any]] = {name: [] for name in (
        "origine", "niveau", "lieu", "nom", "periode", "groupe", "groupe_nom", "faits", "etat")}
    for table in tables_of(release, kind, level):
        for at, period in enumerate(table.periods):
            for which, group in enumerate(table.groups):
                if wish.period not in (None, period) or wish.group not in (None, group):
                    continue
                counts, many = plain(table.values[:, at, which]), len(names)
                parts["lieu"] += names
                parts["nom"] += labels
                parts["faits"] += counts
                parts["etat"] += [MASKED if count is None else "diffusé" for count in counts]
                for name, text in (("origine", kind), ("niveau", level), ("periode", period), ("groupe", group),
                                   ("groupe_nom", group_label(group))):
                    parts[name] += [text] * many
    return tables.to_csv(tables.Table(parts), bom=True, delimiter=";")


def geojson(opened: Opened, wish: Wish) -> bytes:
    """Places of a level with one column of numbers."""
    return tables.to_geojson(_places(opened, wish))


def gpkg(opened: Opened, wish: Wish) -> bytes:
    """The same as a GeoPackage, byte for byte the same each time."""
    import pyogrio

    table = _places(opened, wish)
    with _lock:
        pyogrio.set_gdal_config_options({_CLOCK: _FIXED})
        try:
            return tables.to_gpkg(table, "diffusion")
        finally:
            pyogrio.set_gdal_config_options({_CLOCK: None})


def _places(opened: Opened, wish: Wish) -> tables.Table:
    found = column(opened, wish)
    public = shapes.columns(opened, found.level)
    many = len(found.values)
    counts = np.where(found.values == NOT_SHOWN, np.nan, found.values.astype(float))
    whole = {"origine": [found.kind] * many, "niveau": [found.level] * many, "lieu": public["place"], "nom": public["name"],
             "logements": public["dwellings"], "qpv": public["qpv"], "commune": public["commune"],
             "periode": [found.period] * many, "groupe": [found.group] * many, "faits": counts,
             "etat": [MASKED if masked else "diffusé" for masked in np.isnan(counts).tolist()]}
    return tables.Table(whole, shapes.outlines(opened, found.level))


FORMATS = {"csv": (csv, "text/csv; charset=utf-8"), "geojson": (geojson, "application/geo+json"),
           "gpkg": (gpkg, "application/geopackage+sqlite3")}
EXTENSIONS = tuple(FORMATS)
