"""Small tables for the tests of this folder: texts as files, batches by hand, intakes of the shipped sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from geoservice.catalog.intake.facts import FactIntake
from geoservice.catalog.intake.placing import Spot
from geoservice.catalog.layers import load
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import FACT, Batch, Taken
from geoservice.catalog.schema import SourceSpec, check_source, parse
from geoservice.types import Placement

TODAY = date(2026, 1, 15)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


class Patrimoine:
    """One residence, R1, with one hall, H1; another, R2, that nobody located."""

    def find(self, hall: str | None, building: str | None, residence: str | None) -> Spot | None:
        if hall == "H1" and residence in (None, "R1"):
            return Spot(Placement.HALL, 2.4801, 48.9071, "R1", None, "H1", "93010")
        if residence == "R1":
            return Spot(Placement.RESIDENCE, 2.48, 48.907, "R1", commune="93010")
        return Spot(Placement.RESIDENCE, None, None, "R2") if residence == "R2" else None


def landlord() -> SourceSpec:
    return load().source("incidents", "bailleur-generique")


def source(**tables: Any) -> SourceSpec:
    """A landlord's source with these tables, checked as a file is."""
    base = {"layer": "incidents", "access": "organisation", "kind": "bailleur"}
    return check_source(parse(SourceSpec, {**base, **tables}, "essai.toml"), "facts", "essai.toml")


def batch(columns: dict[str, Sequence[Any]], **more: Any) -> Batch:
    rows = len(next(iter(columns.values())))
    return Batch("essai.csv", range(2, 2 + rows), columns, **more)


def take(columns: dict[str, Sequence[Any]], spec: SourceSpec | None = None, **context: Any) -> Taken:
    given = {"places": Patrimoine(), **context}
    return FactIntake(spec or landlord(), TODAY, 1, **given).take(batch(columns))


def named(row: tuple) -> dict[str, Any]:
    return dict(zip(FACT, row, strict=True))


def one(**cells: Any) -> dict[str, Any]:
    """The fact made of one line; the line must be accepted."""
    taken = take({name: [cell] for name, cell in cells.items()})
    assert taken.rejects == []
    return named(taken.rows[0])


def refused(**cells: Any) -> Any:
    """The reject of one line; the line must be rejected."""
    taken = take({name: [cell] for name, cell in cells.items()})
    assert taken.rows == []
    assert len(taken.rejects) == 1
    return taken.rejects[0]


def read(path: Path, spec: SourceSpec | None = None) -> tuple[list[Batch], Any]:
    """Every batch of a file, and its reader."""
    with open_table(path, spec) as table:
        return list(table.batches(7)), table
