"""GeoJSON and JSON records with the standard library; one bad feature does not lose the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from geoservice.catalog.readers.base import Reader
from geoservice.catalog.rows import Batch, Reject
from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    import numpy as np

_RECORD_KEYS = ("records", "results", "data", "rows")


class JsonReader(Reader):
    def prepare(self) -> None:
        self._tables = [_load(member.path, member.name) for member in self.members]
        self._geographic = all(_is_collection(t) for t in self._tables)
        self._lists = [self._items(t, m.name) for t, m in zip(self._tables, self.members, strict=True)]
        self._crs = _crs(self._tables[0]) if self._geographic else None
        seen: dict[str, None] = {}
        for items in self._lists:
            for item in items:
                seen.update(dict.fromkeys(_properties(item, self._geographic) or ()))
        self.columns = list(seen)

    def _items(self, table: Any, name: str) -> list[Any]:
        if self._geographic:
            return table["features"] if table["type"] == "FeatureCollection" else [table]
        if isinstance(table, list):
            return table
        keys = (self.hints.records,) if self.hints.records else _RECORD_KEYS
        found = next((table[k] for k in keys if isinstance(table.get(k), list)), None)
        if found is None:
            raise UnreadableFile(f"{name} : ce JSON ne contient pas de liste d’enregistrements. Indiquez « records » dans "
                                 "la section [read] de la correspondance.")
        return found

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        for member, items in zip(self.members, self._lists, strict=True):
            for start in range(0, len(items), rows):
                yield self._batch(member.name, items[start:start + rows], start + 1)

    def _batch(self, name: str, items: list[Any], first: int) -> Batch:
        lines, kept, shapes, rejects = [], [], [], []
        for line, item in enumerate(items, start=first):
            properties = _properties(item, self._geographic)
            try:
                shape = _shape(item.get("geometry")) if self._geographic and properties is not None else None
            except ValueError:
                rejects.append(Reject(name, line, "geometry", "", "geometrie",
                                      "La géométrie ne peut pas être lue. Corrigez-la à la source."))
                continue
            if properties is None:
                rejects.append(Reject(name, line, "", "", "enregistrement", "L’enregistrement n’est pas un objet JSON."))
                continue
            lines.append(line)
            kept.append(properties)
            shapes.append(shape)
        columns = {c: [_scalar(p.get(c)) for p in kept] for c in self.columns}
        return Batch(name, lines, columns, _array(shapes) if self._geographic else None, self._crs, tuple(rejects))


def _load(path: Any, name: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{name} : ce JSON n’est pas en UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{name} : ce JSON est incorrect ou incomplet. Téléchargez-le de nouveau.") from error


def _is_collection(table: Any) -> bool:
    if not isinstance(table, dict):
        return False
    several = table.get("type") == "FeatureCollection" and isinstance(table.get("features"), list)
    return several or table.get("type") == "Feature"


def _properties(item: Any, geographic: bool) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        return None
    if not geographic:
        return item
    properties = item.get("properties") or {}
    if not isinstance(properties, dict):
        return None
    return properties if "id" in properties or "id" not in item else {**properties, "id": item["id"]}


def _scalar(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _shape(geometry: Any) -> Any:
    """A shapely geometry, or None for a null one; ValueError when it is not GeoJSON."""
    import shapely

    if geometry is None:
        return None
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise ValueError("geometry") from error


def _array(shapes: list[Any]) -> np.ndarray:
    import numpy as np

    values = np.empty(len(shapes), dtype=object)
    values[:] = shapes
    return values


def _crs(table: dict[str, Any]) -> str:
    """GeoJSON is WGS 84, longitude first; the `crs` member of the 2008 draft says otherwise."""
    declared = table.get("crs")
    name = str(declared.get("properties", {}).get("name", "")) if isinstance(declared, dict) else ""
    code = name.rsplit(":", 1)[-1]
    return f"EPSG:{code}" if "EPSG" in name.upper() and code.isdigit() else "EPSG:4326"
