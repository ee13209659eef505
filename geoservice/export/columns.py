"""Records with any properties as columns that every file format can hold: one type each, names that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# names that GeoPackage and shapefile readers keep for themselves
_TAKEN = {"fid", "geom", "geometry", "geometrie", "ogc_fid", "rowid"}


def columns(first: Mapping[str, Sequence[Any]], records: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """`first` as it is, then a column a property; a name that differs from another in case alone gets a `_`."""
    found: dict[str, Sequence[Any]] = dict(first)
    taken = {name.casefold() for name in first} | _TAKEN
    for name in dict.fromkeys(name for record in records for name in record):
        free = name.strip() or "colonne"
        while free.casefold() in taken:
            free += "_"
        taken.add(free.casefold())
        found[free] = of_one_type([record.get(name) for record in records])
    return found


def of_one_type(values: list[Any]) -> Sequence[Any]:
    """Numbers as floats or whole numbers, else texts; None where there is nothing."""
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        if kinds == {int} and None not in values and all(-2**53 <= value <= 2**53 for value in values):
            return np.array(values, np.int64)
        return np.array([np.nan if value is None else float(value) for value in values])
    return [_text(value) for value in values]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
