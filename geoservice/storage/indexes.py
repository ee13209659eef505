"""Building the FactIndex of an organisation from the database, which stays the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from sqlalchemy import Connection

from geoservice.core import factfile
from geoservice.core.facts import DEGREE, FactIndex, Units, build, hours_of
from geoservice.storage import facts
from geoservice.storage.indexfiles import path_of
from geoservice.storage.store import Storage
from geoservice.types import Category, Kind, Nature, Place, Placement, code_of

_LISTS = {"category": Category, "kind": Kind, "nature": Nature, "place": Place, "placement": Placement}
_CODES = {name: {None: 0, **{str(word): code_of(word) for word in words}} for name, words in _LISTS.items()}
_NUMBERS = {"cell": np.int64, "lon": np.float64, "lat": np.float64, "day": np.uint16, "minute": np.int64, "duration": np.int64,
            "gravity": np.uint8}
_STEPS = 64  # versions of an index that it is remembered to have grown by
Ready = Callable[[int, FactIndex], None]  # told of an organisation's next index before anybody reads it
_AT = {name: position for position, name in enumerate(facts.INDEXED)}


def rebuild(storage: Storage, organisation_id: int, version: str, ready: Ready | None = None) -> int:
    """Build the index of an organisation from the database and swap it in; how many facts it holds. O(n log n)."""
    units = _UnitBook()
    with storage.read() as connection:
        blocks = [_columns(rows, units) for rows in facts.columns(connection, organisation_id)]
    empty = _columns([], units)
    names = list(empty)
    columns = {name: np.concatenate([block[name] for block in blocks] or [empty[name]]) for name in names}
    storage.grown.pop(organisation_id, None)
    return _swap_in(storage, organisation_id, build(columns, units.table(), version), ready)


def _swap_in(storage: Storage, organisation_id: int, index: FactIndex, ready: Ready | None) -> int:
    if ready is not None:
        ready(organisation_id, index)
    factfile.write(index, path_of(storage.settings.index_folder, organisation_id))
    return len(index)


def extend(storage: Storage, organisation_id: int, version: str, numbers: list[int], ready: Ready | None = None) -> int:
    """Add facts, by number, to the index as it is; how many it holds. Nothing else may have changed since it was built.

    Units are added again rather than looked for: what counts by unit adds up those of one code.
    """
    old = storage.indexes.get(organisation_id)
    assert old is not None
    units = _UnitBook()
    with storage.read() as connection:
        new = _columns(facts.columns_of(connection, numbers), units)
    added, before = units.table(), len(old.units.code)
    new["unit"] = np.where(new["unit"] > 0, new["unit"] + (before - 1), 0).astype(np.uint32)
    both = Units(*(mine + more[1:] for mine, more in zip(*(
        (each.level, each.code, each.residence, each.commune) for each in (old.units, added)), strict=True)))
    index = build({name: np.concatenate([old[name], column]) for name, column in new.items()}, both, version)
    steps = storage.grown.get(organisation_id, {})
    storage.grown[organisation_id] = dict([*steps.items(), (version, (old.version, numbers))][-_STEPS:])
    return _swap_in(storage, organisation_id, index, ready)


def of_facts(connection: Connection, times: Mapping[int, int], version: str) -> FactIndex:
    """An index of some facts, by number, each as many times as is said; in memory alone."""
    units, rows = _UnitBook(), []
    for size in sorted(set(times.values())):
        rows += size * facts.columns_of(connection, [number for number, each in times.items() if each == size])
    columns = _columns(rows, units)
    return build(columns, units.table(), version)


def _columns(rows: list[tuple], units: _UnitBook) -> dict[str, np.ndarray]:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(facts.INDEXED)
    number = len(rows)
    coded = {name: np.fromiter(map(table.__getitem__, values[_AT[name]]), np.uint8, number) for name, table in _CODES.items()}
    numbers = {name: np.fromiter(values[_AT[name]], kind, number) for name, kind in _NUMBERS.items()}
    hour, span = hours_of(numbers["minute"], numbers["duration"])
    return {
        **coded, "hour": hour, "span": span,
        "cell": numbers["cell"].astype(np.uint64), "day": numbers["day"], "gravity": numbers["gravity"],
        **{name: np.round(numbers[name] * DEGREE).astype(np.int32) for name in ("lon", "lat")},
        "unit": units.rows(*(values[_AT[name]] for name in ("residence", "building", "hall", "commune"))),
    }


class _UnitBook:
    """Numbers the units that facts name, in the order they come."""

    def __init__(self) -> None:
        self.numbers: dict[tuple, int] = {(None, None, None, None): 0}

    def rows(self, *columns: tuple) -> np.ndarray:
        numbers = self.numbers
        return np.fromiter((numbers.setdefault(unit, len(numbers)) for unit in zip(*columns, strict=True)), np.uint32,
                           len(columns[0]))

    def table(self) -> Units:
        levels, codes, residences, communes = [], [], [], []
        for residence, building, hall, commune in self.numbers:
            level, code = next(((level, code) for level, code in (("hall", hall), ("batiment", building),
                                ("residence", residence), ("commune", commune)) if code), ("", ""))
            levels.append(level)
            codes.append(code)
            residences.append(residence or "")
            communes.append(commune or "")
        return Units(tuple(levels), tuple(codes), tuple(residences), tuple(communes))

