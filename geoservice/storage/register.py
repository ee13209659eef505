"""The register of an organisation from the database: the columns of facts that no index holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from geoservice.core.observatory.register import COLUMNS, NO_COST, SUBCODES, Register
from geoservice.storage import mergers
from geoservice.storage.engine import bulk_select
from geoservice.storage.tables import Source
from geoservice.types import Category, Kind, Nature, code_of

_BLOCK = 50_000
_READ = ("day, residence, source_id, category, subcategory, kind, nature, CASE WHEN said.filed = 1 THEN 1 ELSE complaint END, "
         "CASE WHEN said.cost IS NULL OR cost_cents >= said.cost THEN cost_cents ELSE said.cost END")
_FROM = f"FROM fact {mergers.SAID} WHERE organisation_id = ? AND fact.id NOT IN ({mergers.LEFT_OUT})"
_MERGED = ("FROM fact_merger m JOIN fact f ON f.id = m.fact_id JOIN fact h ON h.id = m.head_id "
           "WHERE m.organisation_id = ? AND m.revoked IS NULL AND m.fact_id <> m.head_id")
_CODES = {name: {None: 0, **{str(word): code_of(word) for word in words}}
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
    are numbered as they come, from 1."""
    residences: dict[str, int] = {"": 0}
    blocks = [_columns(rows, residences) for rows in
              bulk_select(connection, f"SELECT {_READ} {_FROM}", (organisation_id,), _BLOCK)]
    columns = {name: np.concatenate([block[name] for block in blocks] or [np.empty(0)]).astype(kind)
               for name, kind in COLUMNS.items()}
    numbers, columns["source"] = np.unique(columns["source"], return_inverse=True)
    columns["source"] = (columns["source"] + 1).astype(COLUMNS["source"])
    names = dict(connection.execute(select(Source.id, Source.name)).all())
    return Register(columns, tuple(residences), ("", *(str(names.get(number, number)) for number in numbers.tolist())))


def reports(connection: Connection, organisation_id: int) -> list[Report]:
    """Reports with a point that were merged into another fact of an organisation, in the order they came."""
    query = (f"SELECT m.head_id, h.nature, f.nature, f.kind, f.category, f.day, f.lon, f.lat {_MERGED} AND f.cell <> 0 "
             "ORDER BY f.id")
    return [Report(*row) for rows in bulk_select(connection, query, (organisation_id,), _BLOCK) for row in rows]


def _columns(rows: list[tuple], residences: dict[str, int]) -> dict[str, np.ndarray]:
    day, residence, source, category, subcategory, kind, nature, complaint, cost = zip(*rows, strict=True)
    size = len(rows)

    def coded(values: tuple, name: str) -> np.ndarray:
        return np.fromiter(map(_CODES[name].__getitem__, values), np.uint8, size)

    return {
        "day": np.fromiter(day, np.uint16, size), "source": np.fromiter(source, np.uint32, size),
        "residence": np.fromiter((residences.setdefault(code or "", len(residences)) for code in residence), np.uint32, size),
        "category": coded(category, "category"), "kind": coded(kind, "kind"), "nature": coded(nature, "nature"),
        "subcategory": np.fromiter((SUBCODES.get(pair, 0) for pair in zip(category, subcategory, strict=True)), np.uint8, size),
        "complaint": np.fromiter(complaint, np.uint8, size),
        "cost": np.fromiter((NO_COST if cents is None else cents for cents in cost), np.int64, size),
    }
