"""Accounts of redrawn boundaries on the demo's town and on Paris: do they add up, and are they those of the facts?

Facts are counted again one by one: each position against each outline as it was imported, point after point.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geoservice.catalog.layers import load
from geoservice.core import grid
from geoservice.core.facts import DEGREE
from geoservice.core.observatory.boundary import Decomposition
from geoservice.core.query import FactQuery, day_number
from geoservice.operations import accounts, ingest, setup
from geoservice.operations.quarter_change import redrawn
from geoservice.operations.quarter_ground import Ground, ground_of
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from geoservice.testing import town
from geoservice.testing.demo import load_town
from geoservice.types import Kind, code_of
from tests.bench.figures import ROOT, Figure
from tests.observatory.frame import Run, Told, figure

PLAN = tomllib.loads((Path(__file__).parent / "boundary.toml").read_text(encoding="utf-8"))
REAL = ROOT.parent / "shared" / "data"


@dataclass
class Tally:
    """Accounts made, those that add up, numbers that are not those of the facts, and by how much cell centres miss."""

    made: int = 0
    exact: int = 0
    facts: int = 0
    wrong: int = 0
    centres: int = 0


@dataclass(frozen=True, eq=False)
class Points:
    """Facts of one kind, read from the index' columns: positions, days, and the centres of their cells."""

    places: np.ndarray
    days: np.ndarray
    middles: np.ndarray


def town_told() -> list[Told]:
    """Every place, kind and cut of the demo's town."""
    with tempfile.TemporaryDirectory() as folder:
        storage = load_town(Settings(data=Path(folder) / "data"), town(years=PLAN["town"]["years"]))
        code = next(iter(accounts.organisations(storage)))
        reader = open_reader(storage, load(), accounts.viewer_of_organisation(storage, code, "campagne"))
        places = [zone.reference for layer in ("qpv", "limites") for zone in reader.zones(layer)]
        tally = tried(reader, [ground_of(reader, place) for place in places], PLAN["town"]["cuts"], 10)
        storage.close()
    return _told("demo town", tally)


def paris_told() -> list[Told]:
    """Every QPV and arrondissement of Paris with Dans Ma Rue; none where the files are not there."""
    if not (REAL / "PROVENANCE.md").is_file():
        return []
    with tempfile.TemporaryDirectory() as folder:
        storage = setup.create(Settings(data=Path(folder) / "data"))
        accounts.create_organisation(storage, "etude")
        for layer, files in _paris_files():
            source = "dans-ma-rue" if layer == "incidents" else None
            ingest.run(storage, load(), ingest.ImportRequest(layer, files, "etude", source))
        reader = open_reader(storage, load(), accounts.viewer_of_organisation(storage, "etude", "campagne"))
        places = [zone.reference for layer in ("qpv", "limites") for zone in reader.zones(layer)
                  if zone.reference.code[2:5] == "075" or zone.reference.code.startswith("751")]
        tally = tried(reader, [ground_of(reader, place) for place in places], PLAN["paris"]["cuts"], PLAN["paris"]["centres"])
        storage.close()
    return _told("Paris, Dans Ma Rue", tally)


def _paris_files() -> list[tuple[str, tuple[Path, ...]]]:
    return [("incidents", tuple(sorted((REAL / "incidents" / "dansmarue_raw").glob("*.gz")))),
            ("limites", (REAL / "admin" / "75_93_communes_arrondissements_iau.geojson",)),
            ("qpv", (REAL / "qpv" / "qp2015_75_93.geojson",)), ("qpv", (REAL / "qpv" / "qp2024_75_93_simplifie.geojson",))]


def tried(reader: Reader, grounds: list[Ground], cuts: list[list[str]], centres: int) -> Tally:
    """Accounts of every ground, kind and cut, each beside the facts one by one."""
    tally = Tally()
    for kind in reader.kinds():
        points = _points(reader, kind, centres)
        for ground in grounds:
            held = [_held(ground, which) for which in (points.places, points.middles)]
            for first, middle, last in ([date.fromisoformat(day) for day in cut] for cut in cuts):
                told = redrawn(reader, ground, FactQuery(kind=kind, since=middle, until=last), (first, middle)).found
                if told is not None:
                    _judge(tally, told, [_table(*some, points.days, (first, middle, last)) for some in held])
    return tally


def _points(reader: Reader, kind: Kind, centres: int) -> Points:
    columns = []
    for index in reader.indexes.values():
        rows = np.flatnonzero((index["kind"] == code_of(kind)) & (index["cell"] != 0))
        cells = grid.centres(grid.parents(index["cell"][rows], centres))
        places = np.column_stack([index["lon"][rows], index["lat"][rows]]) / DEGREE
        columns.append((places, index["day"][rows].astype(int), cells))
    return Points(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def _held(ground: Ground, places: np.ndarray) -> tuple[list[bool], list[bool]]:
    """Whether each place lies in the outlines of 2015 and of 2024, asked of one point after another."""
    shapes = {each: [zone.geometry for zone in ground.zones[each]] for each in ("2015", "2024")}
    limit = ground.commune.geometry if ground.of_commune and ground.commune is not None else None
    every = [shape for some in shapes.values() for shape in some]
    box = shapely.union_all(every).bounds if every else (0.0, 0.0, 0.0, 0.0)
    out: tuple[list[bool], list[bool]] = ([], [])
    for lon, lat in places.tolist():
        near = box[0] <= lon <= box[2] and box[1] <= lat <= box[3]
        point = shapely.Point(lon, lat) if near else None
        inside = point is not None and (limit is None or limit.intersects(point))
        for told, each in zip(out, ("2015", "2024"), strict=True):
            told.append(inside and any(shape.intersects(point) for shape in shapes[each]))
    return out


def _table(old: list[bool], new: list[bool], days: np.ndarray, cut: tuple[date, date, date]) -> list[list[int]]:
    """Facts by area (stable, entering, leaving) and period, one after another."""
    first, middle, last = map(day_number, cut)
    table = [[0, 0], [0, 0], [0, 0]]
    for before, after, day in zip(old, new, days.tolist(), strict=True):
        if (before or after) and first <= day < last:
            table[0 if before and after else 1 if after else 2][int(day >= middle)] += 1
    return table


def _judge(tally: Tally, told: Decomposition, tables: list[list[list[int]]]) -> None:
    ours = [[part.before, part.after] for part in told.parts]
    facts, centres = tables
    tally.made += 1
    tally.exact += adds_up(told)
    tally.facts += sum(map(sum, facts))
    tally.wrong += sum(abs(a - b) for a, b in _pairs(ours, facts))
    tally.centres += sum(abs(a - b) for a, b in _pairs(centres, facts))


def _pairs(some: list[list[int]], others: list[list[int]]) -> Iterator[tuple[int, int]]:
    return ((a, b) for left, right in zip(some, others, strict=True) for a, b in zip(left, right, strict=True))


def adds_up(told: Decomposition) -> bool:
    """Every row, every column and the whole, in whole numbers of halves."""
    parts = told.parts
    rows = all(part.time_halves + part.boundary_halves == 2 * part.change for part in parts)
    columns = sum(part.time_halves for part in parts) == told.time_halves and sum(part.change for part in parts) == told.change
    return rows and columns and told.change == told.new - told.old and told.time_halves + told.boundary_halves == 2 * told.change


def _told(where: str, tally: Tally) -> list[Told]:
    exact = Told(f"{where}: accounts that add up to the fact, of {tally.made:,}", tally.exact, f"all {tally.made:,}",
                 tally.exact == tally.made > 0, "accounts")
    right = Told(f"{where}: facts not where they lie one by one, of {tally.facts:,}", tally.wrong, "0",
                 tally.wrong == 0 < tally.facts, "facts", ("cell centres (H3 10)", tally.centres))
    return [exact, right]


def figures(_run: Run) -> list[Figure]:
    """Rows of both worlds; without the real files, of the town alone."""
    return [figure("boundary", told) for part in (town_told, paris_told) for told in part()]
