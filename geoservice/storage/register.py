"""The register of an organisation from the database: the columns of facts that no index holds.

The database writes a column of half a million facts as one text: four times faster than a row at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from geoservice.core.factindex import DEGREE
from geoservice.core.observatory.attach import KIND
from geoservice.core.observatory.register import COLUMNS, NO_COST, SUBCODES, Register
from geoservice.storage import mergers
from geoservice.storage.engine import bulk_select
from geoservice.storage.tables import Source
from geoservice.types import Category, Kind, Nature, Placement, code_of

_BLOCK = 50_000
_RANGE = 500_000  # numbers of facts whose columns are one text
# words of closed lists hold no comma and no slash; a residence's code may, and its commas are written otherwise
_READ = ("string_agg(CAST(day AS TEXT) || ',' || source_id || ',' || "
         "CASE WHEN said.filed = 1 THEN 1 ELSE complaint END || ',' || "
         f"coalesce(CASE WHEN said.cost IS NULL OR cost_cents >= said.cost THEN cost_cents ELSE said.cost END, {NO_COST}), ','), "
         "string_agg(category || '/' || coalesce(subcategory, '') || '/' || kind || '/' || coalesce(nature, ''), ','), "
         f"string_agg(CASE WHEN residence IS NULL AND building IS NULL AND hall IS NULL AND cell <> 0 AND kind = '{KIND}' "
         "THEN '~2' || lon || '/' || lat || '/' || coalesce(placement, '') "  # it may lie near a residence
         "ELSE replace(replace(coalesce(residence, ''), '~', '~0'), ',', '~1') END, ',')")
_FROM = f"FROM fact {mergers.SAID} WHERE organisation_id = ? AND fact.id NOT IN ({mergers.LEFT_OUT})"
_MERGED = ("FROM fact_merger m JOIN fact f ON f.id = m.fact_id JOIN fact h ON h.id = m.head_id "
           "WHERE m.organisation_id = ? AND m.revoked IS NULL AND m.fact_id <> m.head_id")
_CODES = {name: {"": 0, **{str(word): code_of(word) for word in words}}
          for name, words in (("category", Category), ("kind", Kind), ("nature", Nature), ("placement", Placement))}
# codes of the residences that n points lie near, "" for none: lon, lat (n,) in 1e-7 degree and placement (n,)
Near = Callable[[np.ndarray, np.ndarray, np.ndarray], list[str]]


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


def read(connection: Connection, organisation_id: int, near: Near) -> Register:
    """Every current fact of an organisation that counts, with what its reports say of complaint and cost. Residences and sources
    are numbered from 1; `near` is asked about a landlord's facts with a point that name no hall, building or residence."""
    nothing = Register({name: np.empty(0, kind) for name, kind in COLUMNS.items()})
    return _with(connection, nothing, _texts(connection, organisation_id), near)


def extended(connection: Connection, register: Register, organisation_id: int, facts: Sequence[int], near: Near) -> Register:
    """A register and facts, by number, that it lacks; for an organisation where nothing else happened."""
    listed = ",".join(str(int(fact)) for fact in facts)
    return _with(connection, register, _texts(connection, organisation_id, f"AND fact.id IN ({listed})"), near)


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


def _with(connection: Connection, begun: Register, texts: Iterator[tuple[str, str, str]], near: Near) -> Register:
    residences = {code: number for number, code in enumerate(begun.residences)}
    sources = {name: number for number, name in enumerate(begun.sources)}
    names = {number: str(name) for number, name in connection.execute(select(Source.id, Source.name))}
    blocks = [begun.columns]
    for text in texts:
        block = _columns(text, residences, near)
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


def _columns(text: tuple[str, str, str], residences: dict[str, int], near: Near) -> dict[str, np.ndarray]:
    """Columns of one text each; residences that are new get the next number."""
    day, source, complaint, cost = np.fromstring(text[0], np.int64, sep=",").reshape(-1, 4).T
    words, homes = text[1].split(","), text[2].split(",")
    said = list(dict.fromkeys(words))
    codes = np.array([_coded(each) for each in said], dtype=np.int64)[_positions(words, said)]
    named = list(dict.fromkeys(homes))
    found = _homes(named, near)
    numbers = [residences.setdefault(code, len(residences)) for code in found]
    attached = [each.startswith("~2") and bool(code) for each, code in zip(named, found, strict=True)]
    at = _positions(homes, named)
    return {"day": day, "source": source, "complaint": complaint, "cost": cost,
            "residence": np.array(numbers, dtype=np.int64)[at], "attached": np.array(attached, dtype=np.int64)[at],
            **dict(zip(("category", "subcategory", "kind", "nature"), codes.T, strict=True))}


def _homes(named: list[str], near: Near) -> list[str]:
    """The residence that each text names or, where it is a point, lies near; "" for none."""
    spots = [each[2:].split("/") for each in named if each.startswith("~2")]
    lon, lat = (np.round(np.array([spot[place] for spot in spots], dtype=float) * DEGREE).astype(np.int32) for place in (0, 1))
    placed = np.array([_CODES["placement"][spot[2]] for spot in spots], dtype=np.int64)
    answers = iter(near(lon, lat, placed) if spots else ())
    return [next(answers) if each.startswith("~2") else each.replace("~1", ",").replace("~0", "~") for each in named]


def _positions(values: list[str], known: list[str]) -> np.ndarray:
    at = {value: position for position, value in enumerate(known)}
    return np.fromiter(map(at.__getitem__, values), np.int64, len(values))


def _coded(words: str) -> tuple[int, int, int, int]:
    """Codes of `category/subcategory/kind/nature`."""
    category, subcategory, kind, nature = words.split("/")
    first, *others = (_CODES[name][word] for name, word in (("category", category), ("kind", kind), ("nature", nature)))
    return first, SUBCODES.get((category, subcategory), 0), others[0], others[1]
