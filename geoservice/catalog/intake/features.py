"""Features (zones, residences, halls, cameras, buildings, limits): lines of a file → FEATURE rows.

Reserved fields: `key` (whatever `source.key` names), `name`, `generation`, the coordinates, `osm_tags`, and the parts of an
address. Every other mapped field is a property; what is not mapped is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from geoservice.catalog.intake import feature_values as values
from geoservice.catalog.intake.common import Collector, Memo
from geoservice.catalog.intake.feature_geometry import Memory, Placed, place_columns, place_geometries
from geoservice.catalog.intake.feature_merge import Merging
from geoservice.catalog.rows import Batch, Taken
from geoservice.catalog.schema import SourceSpec

PLACES = frozenset({"lon", "lat", "x", "y", "epsg", "point"})
ADDRESS_PARTS = ("number", "suffix", "street_type", "street")
_RESERVED = PLACES | {"key", "name", "generation", "osm_tags"} | frozenset(ADDRESS_PARTS)
NO_KEY = ("identifiant-absent", "La ligne n’a pas d’identifiant ; complétez-le, ou retirez la ligne.")
STOREY_M = 3.0  # metres: the usual height of a storey, for OSM buildings that only give their storeys


@dataclass(frozen=True, slots=True)
class Feature:
    """One line, understood; `key` None: the content identifies it."""

    key: str | None
    generation: str
    name: str | None
    geometry: Any
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """A batch by field: cells as they came, as text, and typed (or the exception that says why not)."""

    columns: dict[str, Sequence[Any]]
    texts: dict[str, list[str | None]]
    typed: dict[str, list[Any]]


class Refusal(Exception):
    """A line that cannot be used: field, value, code and sentence."""

    def __init__(self, field: str, value: str, code: str, sentence: str) -> None:
        super().__init__(code)
        self.field, self.value, self.code, self.sentence = field, value, code, sentence


class FeatureIntake:
    """Validates batches of one file. Call `take` for each, then `finish` once: merging sources give their rows there."""

    def __init__(self, source: SourceSpec, today: date) -> None:
        self._source, self._today = source, today
        self._memory: dict[str, Memory] = {}
        self._merging = Merging(source.merge) if source.merge else None
        self._text, self._readers = Memo(values.text_of), dict[str, Memo]()

    def take(self, batch: Batch) -> Taken:
        """FEATURE rows, rejects and notes of a batch. Rows of a merging source wait for `finish`."""
        bound = self._source.bind(batch.columns)
        columns = {field: batch.columns[name] for field, name in bound.items()}
        found = Collector(batch)
        placed, table = self._place(batch, columns), self._table(columns)
        for code, (sentence, rows) in placed.done.items():
            found.note(code, sentence, rows[0], len(rows))
        rows, lines = [], []
        for row, line in enumerate(batch.lines):
            try:
                feature = self._feature(table, row, placed, found)
            except Refusal as refusal:
                found.reject(row, bound.get(refusal.field, refusal.field), refusal.value, refusal.code, refusal.sentence)
                continue
            if self._merging is not None:
                self._merging.add(feature, line)
            else:
                rows.append(feature_row(feature))
                lines.append(line)
        return Taken(rows, lines, found.all_rejects(), found.notes())

    def finish(self) -> Iterator[Taken]:
        """Rows of a merging source in pieces of bounded size, each feature once per line that it was made of; else nothing."""
        if self._merging is None:
            return
        for features, lines, notes in self._merging.drain():
            rows = {}
            for feature in features:
                rows.setdefault(id(feature), feature_row(feature))
            yield Taken([rows[id(f)] for f in features], lines, [], notes)

    def _place(self, batch: Batch, columns: dict[str, Sequence[Any]]) -> Placed:
        import shapely

        memory = self._memory.setdefault(batch.file, {})
        if batch.geometry is not None and not shapely.is_missing(batch.geometry).all():
            return place_geometries(batch.geometry, batch.crs or self._source.crs, memory)
        return place_columns(columns, len(batch.lines), self._source.crs, memory)

    def _feature(self, table: _Table, row: int, placed: Placed, found: Collector) -> Feature:
        typed = {field: self._cell(table, field, row, found) for field in table.typed}
        for field, value in self._source.constants.items():
            if typed.get(field) is None:
                typed[field] = value
        key = self._key(typed, table, row)
        if row in placed.faults:
            code, sentence = placed.faults[row]
            raise Refusal(_place_field(table.columns), key or "", code, sentence)
        generation = typed.get("generation")
        properties = _properties(typed, self._source)
        return Feature(key, "" if generation is None else str(generation), _name(typed), placed.geometry[row], properties)

    def _table(self, columns: dict[str, Sequence[Any]]) -> _Table:
        """Columns read value by value: what is repeated is read once."""
        texts = {field: self._text.column(cells) for field, cells in columns.items() if field not in PLACES}
        typed = {field: self._column(field, columns[field], texts) for field in texts}
        return _Table(columns, texts, typed)

    def _column(self, field: str, cells: Sequence[Any], texts: dict[str, list[str | None]]) -> list[Any]:
        mapping = self._source.values.get(field)
        if mapping is not None and any(rule.field for rule in mapping.rules):  # depends on other cells of the line
            rows = ({name: column[row] for name, column in texts.items()} for row in range(len(cells)))
            return [self._read(field, cell, row) for cell, row in zip(cells, rows, strict=True)]
        if field not in self._readers:
            self._readers[field] = Memo(lambda cell: self._read(field, cell, {}))
        return self._readers[field].column(cells)

    def _read(self, field: str, cell: Any, row: dict[str, str | None]) -> Any:
        """The typed value of a cell, or the exception that says why there is none."""
        text = values.text_of(cell)
        if field in self._source.values and text is not None:
            cell = values.mapped(self._source.values[field], text, row)
        try:
            return values.read(cell, self._source.formats.get(field, ("text",)), self._today)
        except (values.Unreadable, values.Refused) as fault:
            return fault

    def _cell(self, table: _Table, field: str, row: int, found: Collector) -> Any:
        value = table.typed[field][row]
        if isinstance(value, values.Unreadable):
            found.note(f"illisible:{field}", f"Valeurs illisibles du champ « {field} », laissées inconnues.", row)
            return None
        if isinstance(value, values.Refused):
            raise Refusal(field, table.texts[field][row] or "", "valeur-impossible", str(value))
        return value

    def _key(self, typed: dict[str, Any], table: _Table, row: int) -> str | None:
        """The first key field, then `~` and a hash of the others: the same line gives the same key in any file and order."""
        names = self._source.key
        if not names or not any(part in typed for name in names for part in name.split("|")):
            return None
        first = _first(names[0], typed)
        if first is None:
            raise Refusal(names[0].split("|")[0], "", *NO_KEY)
        if len(names) == 1:
            return first
        rest = json.dumps([table.texts[name][row] if name in table.texts else None for name in names[1:]], ensure_ascii=False)
        return f"{first}~{blake2b(rest.encode(), digest_size=6).hexdigest()}"


def _first(name: str, typed: dict[str, Any]) -> str | None:
    """The value of a key field; `relation|way` takes the first that is known and says which: `way/84163054`."""
    options = name.split("|")
    for option in options:
        if typed.get(option) is not None:
            return str(typed[option]) if len(options) == 1 else f"{option}/{typed[option]}"
    return None


def _place_field(columns: dict[str, Sequence[Any]]) -> str:
    return next((field for field in ("point", "lon", "x") if field in columns), "geometry")


def _name(typed: dict[str, Any]) -> str | None:
    return typed.get("name") or typed.get("address") or _address(typed)


def _address(typed: dict[str, Any]) -> str | None:
    return " ".join(str(typed[part]) for part in ADDRESS_PARTS if typed.get(part) is not None) or None


def _properties(typed: dict[str, Any], source: SourceSpec) -> dict[str, Any]:
    """The mapped fields and constants of a line; unknown stays, as None."""
    identity = {part for name in source.key if "|" in name for part in name.split("|")}
    found: dict[str, Any] = {}
    for field, value in typed.items():
        if field in _RESERVED or field in identity:
            continue
        if isinstance(value, values.Day):
            found |= {field: value.day.isoformat(), f"{field}_precision": value.precision}
        else:
            found[field] = value
            if source.formats.get(field, ("",))[0] == "date":
                found[f"{field}_precision"] = None
    if "street" in typed and "address" not in typed:
        found["address"] = _address(typed)
    if "osm_tags" in source.columns:
        found |= osm_height(typed.get("osm_tags") or "")
    return found


def osm_height(tags: str) -> dict[str, Any]:
    """Height in metres from an OSM hstore text: `height`, else 3 m by `building:levels` (estimated), else unknown."""
    known = dict(re.findall(r'"([^"]+)"=>"([^"]*)"', tags))
    measured = re.match(r"\d+(?:[.,]\d+)?", known.get("height", ""))
    storeys = re.match(r"\d+(?:[.,]\d+)?", known.get("building:levels", ""))
    floors = float(storeys[0].replace(",", ".")) if storeys else None
    height = (float(measured[0].replace(",", ".")) if measured else (floors or 0) * STOREY_M) or None
    return {"height": height, "height_estimated": None if height is None else not measured, "floors": floors}


def feature_row(feature: Feature) -> tuple[Any, ...]:
    """The FEATURE tuple of a line; `content` hashes everything else in it."""
    import shapely

    geometry = shapely.to_wkb(feature.geometry, output_dimension=2, byte_order=1)
    properties = json.dumps(feature.properties, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    key = feature.key or "~" + _digest(feature.generation, feature.name, geometry, properties).hex()
    name = feature.name or ""
    west, south, east, north = (float(v) for v in shapely.bounds(feature.geometry))
    content = _digest(key, feature.generation, name, geometry, properties)
    return key, feature.generation, name, content, geometry, west, south, east, north, properties


def _digest(*parts: str | bytes | None) -> bytes:
    """16-byte blake2b of parts with their lengths, so that no two lists of parts read the same."""
    digest = blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else (part or "").encode()
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()
