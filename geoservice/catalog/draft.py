"""The mapping file that `--dry-run` proposes: what was recognised, what is left to fill in, what will be dropped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from geoservice.catalog.intake.codes import UNMAPPED, Coder
from geoservice.catalog.intake.common import text
from geoservice.catalog.readers.base import Reader
from geoservice.catalog.schema import LayerSpec, SourceSpec
from geoservice.types import Category, Kind

CLOSED = ("category", "nature", "gravity", "place", "complaint")
VALUES_MAX, VALUE_LENGTH = 60, 80  # more or longer is free text, which is neither mapped nor shown


@dataclass(frozen=True)
class Draft:
    """`toml` is a mapping file that loads as it is; `fields` were recognised, `dropped` are columns that no field takes."""

    toml: str
    fields: dict[str, str]
    dropped: list[str]


def draft(reader: Reader, layer: LayerSpec, sources: Sequence[SourceSpec], batches: int = 2) -> Draft:
    """A mapping for a file, from the column names that a layer's sources know and the values of its first lines."""
    fields = _fields(reader.columns, sources)
    dropped = [column for column in reader.columns if column not in fields.values()]
    lines = [f"# Correspondance proposée pour la couche « {layer.title} ». Relisez-la, complétez-la, puis :",
             f"#   geoservice import {layer.name} FICHIER --mapping CE_FICHIER.toml", "",
             f"layer = {_quoted(layer.name)}", *_declarations(layer), "", "[columns]"]
    lines += [f"{field} = {_quoted(column)}" for field, column in fields.items()]
    if not fields:
        lines.append("# Aucune colonne reconnue : écrivez CHAMP = \"colonne du fichier\".")
    if dropped:
        lines += ["", "# Colonnes laissées de côté (elles ne seront pas stockées) :", *(f"#   {_plain(c)}" for c in dropped)]
    if layer.stores == "facts":
        cells = _cells(reader, fields, batches)
        for field in CLOSED:
            lines += _values(field, cells.get(field), sources)
    return Draft("\n".join(lines) + "\n", fields, dropped)


def _fields(columns: Sequence[str], sources: Sequence[SourceSpec]) -> dict[str, str]:
    """The best source's binding, completed by the others' for the columns that are left."""
    found: dict[str, str] = {}
    for source in sorted(sources, key=lambda s: -len(s.bind(columns))):
        for field, column in source.bind(columns).items():
            shared = {field, *(f for f, c in found.items() if c == column)} == {"category", "nature"}
            if field not in found and (column not in found.values() or shared):
                found[field] = column
    return found


def _declarations(layer: LayerSpec) -> list[str]:
    lines = ['access = "organisation"  # ou "open" pour des données publiées']
    if layer.stores == "facts":
        lines += [f'kind = "bailleur"  # qui a vu les faits : {", ".join(Kind)}',
                  '# key = ["key"]  # le champ qui identifie une ligne d’un export à l’autre',
                  '# crs = "EPSG:2154"  # si x et y sont dans un système que le fichier ne dit pas']
    return lines


def _cells(reader: Reader, fields: dict[str, str], batches: int) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {field: [] for field in CLOSED if field in fields}
    for batch in islice(reader.batches(), batches):
        for field, values in cells.items():
            values.extend(batch.columns[fields[field]])
    return cells


def _values(field: str, cells: Iterable[Any] | None, sources: Sequence[SourceSpec]) -> list[str]:
    """`[values.FIELD.map]` with a proposal for each value that needs one; values nobody knows are left as comments to fill in."""
    distinct = sorted({t for t in map(text, dict.fromkeys(cells or ())) if t is not None})
    if not distinct or len(distinct) > VALUES_MAX or max(map(len, distinct)) > VALUE_LENGTH:
        return []
    lines = ["", f"[values.{field}.map]"]
    if field == "category":
        lines.append(f"# Codes : {', '.join(Category)}, ou avec un détail : \"DEG.tag\". Une valeur sans code est rejetée.")
    for value in distinct:
        code = _proposal(field, value, sources)
        lines.append(f"{_quoted(value)} = {_quoted(code)}" if code else f"# {_quoted(value)} = \"\"  # à compléter")
    return lines


def _proposal(field: str, value: str, sources: Sequence[SourceSpec]) -> str | None:
    for source in sources:
        bare = source.values.get(field)
        strict = source if bare is None else source.model_copy(
            update={"values": {**source.values, field: bare.model_copy(update={"default": None})}})
        code = Coder(field, strict).column({field: [value]}, 1)[0]
        if code not in (None, UNMAPPED):
            return code
    return None


def _quoted(value: str) -> str:
    """A TOML basic string: JSON's, with DEL escaped as TOML asks."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(value: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
