"""The register of an organisation from the database: the columns of facts that no index holds.

The database writes a column of half a million facts as one text: four times faster than a row at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from geoservice.core.observatory.register import COLUMNS, NO_COST, SUBCODES, Register
from geoservice.storage import mergers
from geoservice.storage.engine import bulk_select
from geoservice.storage.tables import Source
from geoservice.types import Category, Kind, Nature, code_of

_BLOCK = 50_000
_RANGE = 500_000  # numbers of facts whose columns are one text
# words of closed lists hold no comma and no slash; a residence's code may, and its commas are written otherwise
_READ = ("string_agg(CAST(day AS TEXT) || ',' || source_id || ',' || "
         "CASE WHEN said.filed = 1 THEN 1 ELSE complaint END || ',' || "
         f"coalesce(CASE WHEN said.cost IS NULL OR cost_cents >= said.cost THEN cost_cents ELSE said.cost END, {NO_COST}), ','), "
         "string_agg(category || '/' || coalesce(subcategory, '') || '/' || kind || '/' || coalesce(nature, ''), ','), "
         "string_agg(replace(replace(coalesce(residence, ''), '~', '~0'), ',', '~1'), ',')")
_FROM = f"FROM fact {mergers.SAID} WHERE organisation_id = ? AND fact.id NOT IN ({mergers.LEFT_OUT})"
_MERGED = ("FROM fact_merger m JOIN fact f ON f.id = m.fact_id JOIN fact h ON h.id = m.head_id "
           "WHERE m.organisation_id = ? AND m.revoked IS NULL AND m.fact_id <> m.head_id")
_CODES = {name: {"": 0, **{str(word): code_of(word) for word in words}}
          for name, words in (("category", Category), ("kind", Kind), ("nature", Nature))}


class Report(NamedTuple):
    """A report that was merged into the fact `head`, whose own nature is `head_nature`."""

    head: int
    head_nature: str | None
    nature: str | None
    kind: str
    category: str
    day: int
    lon: float
    lat: float


def read(connection: Connection, organisation_id: int) -> Register:
    """Every current fact of an organisation that counts, with what its reports say of complaint and cost. Residences and sources
    are numbered from 1."""
    nothing = Register({name: np.empty(0, kind) for name, kind in COLUMNS.items()})
    return _with(connection, nothing, _texts(connection, organisation_id))


def extended(connection: Connection, register: Register, organisation_id: int, facts: Sequence[int]) -> Register:
    """A register and facts, by number, that it lacks; for an organisation where nothing else happened."""
    listed = ",".join(str(int(fact)) for fact in facts)
    return _with(connection, register, _texts(connection, organisation_id, f"AND fact.id IN ({listed})"))


def _texts(connection: Connection, organisation_id: int, also: str = "") -> Iterator[tuple[str, str, str]]:
    """Numbers, words and residences of facts, each a text."""
    ends = f"SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM fact WHERE organisation_id = ? {also}"
    first, last = _one(connection, ends, (organisation_id,))
    for start in range(first, last + 1, _RANGE):
        asked = f"SELECT {_READ} {_FROM} {also} AND fact.id >= ? AND fact.id < ?"
        found = _one(connection, asked, (organisation_id, start, start + _RANGE))
        if found[0] is not None:
            yield found


def _one(connection: Connection, sql: str, values: tuple) -> tuple:
    return next(bulk_select(connection, sql, values, 1))[0]


def _with(connection: Connection, begun: Register, texts: Iterator[tuple[str, str, str]]) -> Register:
    residences = {code: number for number, code in enumerate(begun.residences)}
    sources = {name: number for number, name in enumerate(begun.sources)}
    names = {number: str(name) for number, name in connection.execute(select(Source.id, Source.name))}
    blocks = [begun.columns]
    for text in texts:
        block = _columns(text, residences)
        numbers, where = np.unique(block["source"], return_inverse=True)
        known = [sources.setdefault(names.get(number, str(number)), len(sources)) for number in numbers.tolist()]
        blocks.append(block | {"source": np.array(known, dtype=np.int64)[where]})
    columns = {name: np.concatenate([block[name] for block in blocks]).astype(kind) for name, kind in COLUMNS.items()}
    return Register(columns, tuple(residences), tuple(sources))


def reports(connection: Connection, organisation_id: int) -> list[Report]:
    """Reports with a point that were merged into another fact of an organisation, in the order they came."""
    query = (f"SELECT m.head_id, h.nature, f.nature, f.kind, f.category, f.day, f.lon, f.lat {_MERGED} AND f.cell <> 0 "
             "ORDER BY f.id")
    return [Report(*row) for rows in bulk_select(connection, query, (organisation_id,), _BLOCK) for row in rows]


def _columns(text: tuple[str, str, str], residences: dict[str, int]) -> dict[str, np.ndarray]:
    """Columns of one text each; residences that are new get the next number."""
    day, source, complaint, cost = np.fromstring(text[0], np.int64, sep=",").reshape(-1, 4).T
    words, homes = text[1].split(","), text[2].split(",")
    said = list(dict.fromkeys(words))
    codes = np.array([_coded(each) for each in said], dtype=np.int64)[_positions(words, said)]
    named = list(dict.fromkeys(homes))
    numbers = [residences.setdefault(code.replace("~1", ",").replace("~0", "~"), len(residences)) for code in named]
    return {"day": day, "source": source, "complaint": complaint, "cost": cost,
            "residence": np.array(numbers, dtype=np.int64)[_positions(homes, named)],
            **dict(zip(("category", "subcategory", "kind", "nature"), codes.T, strict=True))}


def _positions(values: list[str], known: list[str]) -> np.ndarray:
    at = {value: position for position, value in enumerate(known)}
    return np.fromiter(map(at.__getitem__, values), np.int64, len(values))


def _coded(words: str) -> tuple[int, int, int, int]:
    """Codes of `category/subcategory/kind/nature`."""
    category, subcategory, kind, nature = words.split("/")
    first, *others = (_CODES[name][word] for name, word in (("category", category), ("kind", kind), ("nature", nature)))
    return first, SUBCODES.get((category, subcategory), 0), others[0], others[1]
