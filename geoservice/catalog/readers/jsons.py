"""GeoJSON and JSON records with the standard library; one bad feature does not lose the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geoservice.catalog.readers import jsonstream
from geoservice.catalog.readers.base import COLUMNS_MAX, Reader, few_columns
from geoservice.catalog.readers.unpack import Member
from geoservice.catalog.rows import Batch, Reject
from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    import numpy as np

_RECORD_KEYS = ("records", "results", "data", "rows")
_FEATURES, _WHOLE, _BATCH_CHARACTERS = "features", None, 4 << 20
_ITEMS_WITHOUT = 10_000  # so many records without a column are no table


@dataclass
class _Survey:
    """What a first walk through a document finds: its own members, and the columns of each list in it."""

    members: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, None]] = field(default_factory=dict)
    items: int = 0


class JsonReader(Reader):
    def prepare(self) -> None:
        surveys = [self._survey(member) for member in self.members]
        self._geographic = all(_is_collection(survey) for survey in surveys)
        self._where = [self._list(survey, member.name) for survey, member in zip(surveys, self.members, strict=True)]
        self._crs = _crs(surveys[0].members) if self._geographic else None
        seen: dict[str, None] = {}
        for survey, where in zip(surveys, self._where, strict=True):
            seen.update(survey.columns[where] if where is not _WHOLE
                        else dict.fromkeys(_properties(survey.members, True) or ()))
        self.columns = few_columns(list(seen), self.members[0].name)

    def _keys(self) -> tuple[str, ...]:
        return (self.hints.records,) if self.hints.records else _RECORD_KEYS

    def _survey(self, member: Member) -> _Survey:
        found = _Survey()
        for name, value, _ in self._walk(member):
            if value is jsonstream.EMPTY:
                found.columns.setdefault(name, {})
            elif name in found.columns:
                columns = found.columns[name]
                found.items += 1
                if found.items == _ITEMS_WITHOUT and not columns:
                    raise UnreadableFile(f"{member.name} : les {_ITEMS_WITHOUT} premiers enregistrements de ce JSON n’ont aucun "
                                         "champ. Vérifiez l’export.")
                columns.update(dict.fromkeys(_properties(value, name == _FEATURES) or ()))
                if len(columns) > COLUMNS_MAX:
                    few_columns(list(columns), member.name)
            else:
                found.members[name] = value
        return found

    def _walk(self, member: Member) -> Iterator[tuple[str, Any, int]]:
        """Members and items of a document; UnreadableFile where it breaks off."""
        try:
            yield from jsonstream.members(member.path, ("", _FEATURES, *self._keys()))
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"{member.name} : ce JSON n’est pas en UTF-8.") from error
        except jsonstream.TooLong as error:
            raise UnreadableFile(f"{member.name} : un enregistrement de ce JSON dépasse {jsonstream.VALUE_MAX >> 20} Mo. "
                                 "Simplifiez sa géométrie, ou découpez-le.") from error
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"{member.name} : ce JSON est incorrect ou incomplet. Téléchargez-le de nouveau.") from error

    def _list(self, survey: _Survey, name: str) -> str | None:
        """Under which name the records are; None where the document itself is the one feature."""
        if self._geographic:
            return _FEATURES if survey.members["type"] == "FeatureCollection" else _WHOLE
        found = next((key for key in ("", *self._keys()) if key in survey.columns), None)
        if found is None:
            raise UnreadableFile(f"{name} : ce JSON ne contient pas de liste d’enregistrements. Indiquez « records » dans "
                                 "la section [read] de la correspondance.")
        return found

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        for member, where in zip(self.members, self._where, strict=True):
            items: list[Any] = []
            first, start = 1, 0
            for item, position in self._items(member, where):
                items.append(item)
                if len(items) >= rows or position - start > _BATCH_CHARACTERS:
                    yield self._batch(member.name, items, first)
                    first, start, items = first + len(items), position, []
            if items:
                yield self._batch(member.name, items, first)

    def _items(self, member: Member, where: str | None) -> Iterator[tuple[Any, int]]:
        if where is _WHOLE:
            yield self._survey(member).members, 0
            return
        for name, value, position in self._walk(member):
            if name == where and value is not jsonstream.EMPTY:
                yield value, position

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


def _is_collection(survey: _Survey) -> bool:
    kind = survey.members.get("type")
    return kind == "Feature" or (kind == "FeatureCollection" and _FEATURES in survey.columns)


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
