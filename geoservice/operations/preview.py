"""What a file holds before it is imported, from its first lines: columns with examples, values with codes, what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from geoservice.catalog.draft import CLOSED, VALUE_LENGTH, VALUES_MAX
from geoservice.catalog.geocoding import Geocoder, OfflineGeocoder
from geoservice.catalog.intake.codes import UNMAPPED, Coder
from geoservice.catalog.intake.common import text
from geoservice.catalog.layers import Catalog
from geoservice.catalog.readers import open_table
from geoservice.catalog.readers.unpack import tables_in
from geoservice.catalog.rows import Batch, Note, Reject, Taken
from geoservice.operations import ingest, intakes, mapping
from geoservice.operations.mapping import Correction, Reading
from geoservice.operations.places import Addresses
from geoservice.storage.store import Storage

LINES = 20_000
REJECTS, EXAMPLES, EXAMPLE_LENGTH = 50, 5, 60
_SHORT_DATE = re.compile(r"(\d{1,2})[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})\b")


@dataclass(frozen=True)
class Asked:
    """A layer (None: the likeliest), what was corrected, and how many refused lines to tell."""

    layer: str | None
    correction: Correction
    rejects: int = REJECTS


@dataclass(frozen=True)
class ValueSeen:
    """A value of a closed field, how often it was seen, and its code: None when nothing says what it means."""

    value: str
    count: int
    code: str | None


@dataclass(frozen=True)
class ColumnSeen:
    """A column, the field it fills (None: it is left out and never stored), and some of its values."""

    name: str
    field: str | None
    examples: list[str]


@dataclass
class Trial:
    """What the first lines would become. `whole`: there are no others."""

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    whole: bool = True
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """How a file would be read. `values`: field → values, most frequent first; `trial`: None while a field is missing."""

    layer: str
    reading: Reading
    columns: list[ColumnSeen]
    values: dict[str, list[ValueSeen]]
    more_values: dict[str, int]
    missing: list[str]
    trial: Trial | None
    tables: tuple[str, ...] = ()  # sheets or layers of the file, the one that was read first
    members: tuple[str, ...] = ()  # tables of an archive
    dates: bool = False  # whether day and month could be either, as far as these lines tell


@dataclass(frozen=True)
class _AtHand(intakes.Context):
    """Looks things up here and nowhere else: trying a file sends no address to anybody."""

    @cached_property
    def geocoder(self) -> Geocoder | None:
        return None if self.storage is None else OfflineGeocoder(Addresses(self.storage))


def columns_of(path: Path, correction: Correction) -> list[str]:
    """The columns of a file, of the table that was chosen in it; UnreadableFile when it cannot be read."""
    with open_table(path, None, path.name, correction.read) as table:
        return list(table.columns)


def preview(storage: Storage, catalog: Catalog, organisation_id: int, path: Path, asked: Asked) -> Preview:
    """Read the first lines of a file as it is asked for. Nothing is written."""
    layer, correction = asked.layer, asked.correction
    columns = columns_of(path, correction)
    layer = layer or mapping.layer_of(catalog, columns)
    reading = mapping.read_as(catalog, layer, (path, columns), correction)
    stores = catalog.layer(layer).stores
    with open_table(path, reading.spec, path.name) as table:
        batches = list(islice(table.batches(LINES), 2))
        batch = batches[0] if batches else Batch(path.name, [], {name: [] for name in columns}, None, None, ())
        absent = reading.missing(batch.geometry is not None)
        context = _AtHand(storage, organisation_id, 0)
        trial = None if absent else Trial(whole=len(batches) < 2, notes=[*table.notes])
        if trial is not None:
            intake, tracker = intakes.make(stores, reading.spec, context, table), ingest.Tracker(stores)
            for taken in [intake.take(batch), *intakes.finish(intake)]:
                _add(trial, tracker, taken, asked.rejects)
    values, more = _values(reading, batch) if stores == "facts" else ({}, {})
    return Preview(layer, reading, _columns(reading, batch), values, more, absent, trial, tuple(table.tables),
                   tuple(tables_in(path, path.name)), stores == "facts" and _either(reading, batch))


def _either(reading: Reading, batch: Batch) -> bool:
    """Whether every date of these lines that puts two short numbers first could be month, day: one 13 or more tells."""
    cells = map(text, batch.columns.get(reading.bound.get("date", ""), ()))
    first = [int(found[1]) for cell in cells if cell is not None and (found := _SHORT_DATE.match(cell))]
    return bool(first) and max(first) <= 12


def _add(trial: Trial, tracker: ingest.Tracker, taken: Taken, most: int) -> None:
    fresh, duplicates = tracker.split(taken.rows)
    trial.lines += len(taken.rows) + len(taken.rejects)
    trial.accepted += len(fresh)
    trial.duplicates += duplicates
    trial.rejected += len(taken.rejects)
    trial.rejects += taken.rejects[:max(0, most - len(trial.rejects))]
    trial.notes = ingest.merge_notes(trial.notes, taken.notes)


def _columns(reading: Reading, batch: Batch) -> list[ColumnSeen]:
    by_column = {column: name for name, column in reversed(reading.bound.items())}
    return [ColumnSeen(name, by_column.get(name), _examples(batch.columns.get(name, ()))) for name in reading.columns]


def _examples(cells: Sequence[Any]) -> list[str]:
    """The first distinct values that say something, cut to a length fit for a table."""
    found: dict[str, None] = {}
    for cell in cells:
        shown = text(cell)
        if shown is not None:
            found.setdefault(_short(shown))
            if len(found) == EXAMPLES:
                break
    return list(found)


def _short(value: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return plain if len(plain) <= EXAMPLE_LENGTH else plain[:EXAMPLE_LENGTH - 1] + "…"


def _values(reading: Reading, batch: Batch) -> tuple[dict[str, list[ValueSeen]], dict[str, int]]:
    """Values of the closed fields, and how many distinct ones are not shown: too many, or too long to be words of a list."""
    shown, more = {}, {}
    bound = reading.bound
    for name in CLOSED:
        if name in bound:
            counted = Counter(value for value in map(text, batch.columns.get(bound[name], ())) if value is not None)
            kept = [pair for pair in counted.most_common() if len(pair[0]) <= VALUE_LENGTH][:VALUES_MAX]
            codes = Coder(name, reading.spec).column({name: [value for value, _ in kept]}, len(kept))
            shown[name] = [ValueSeen(value, count, None if code == UNMAPPED else code or "")
                           for (value, count), code in zip(kept, codes, strict=True)]
            more[name] = len(counted) - len(kept)
    return shown, more
