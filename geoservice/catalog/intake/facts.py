"""Facts: batches of a city's or a landlord's export → FACT tuples, by column.

Unmapped columns are dropped: no free text survives. `AGP` facts (assaults on staff) lose their point, hall and building
here, before anything is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from geoservice.catalog.intake.codes import COMPLAINT, UNMAPPED, Coder
from geoservice.catalog.intake.common import Collector, Memo, number, text
from geoservice.catalog.intake.identity import KEY_LENGTH, Identity, digests, given_keys, unfit
from geoservice.catalog.intake.moments import NO_UTC, NONE, MomentReader, Moments, to_utc
from geoservice.catalog.intake.placing import Placed, Placer, Places, territories
from geoservice.catalog.recognise import fold_value, missing
from geoservice.catalog.rows import Batch, Taken
from geoservice.catalog.schema import SourceSpec
from geoservice.core import grid
from geoservice.errors import UnreadableFile
from geoservice.types import UNMAPPED_CATEGORIES, Placement

if TYPE_CHECKING:
    from geoservice.catalog.geocoding import Geocoder
    from geoservice.catalog.readers import Reader

COST_MAX = 1e9  # euros
OTHER = "AUT"
_COARSE = frozenset(str(c) for c in UNMAPPED_CATEGORIES)
_CLOSED = ("category", "nature", "gravity", "place", "complaint")
_PLACED_BY_VALUE = ("hall", "building", "residence", "commune")
_SENTENCES = {"category": "Catégorie inconnue", "nature": "Nature de signalement inconnue", "gravity": "Gravité inconnue (1 à 4)",
              "place": "Lieu inconnu", "complaint": "Plainte : oui, non ou inconnu attendu"}


@dataclass
class FactIntake:
    """The intake of one file. `today` bounds dates, `seen` is the snapshot (see docs/ARCHITECTURE.md).

    `places` is the organisation's patrimoine and `geocoder` its addresses; without them, codes and addresses lead nowhere.
    """

    source: SourceSpec
    today: date
    seen: int
    places: Places | None = None
    geocoder: Geocoder | None = None
    _state: _State | None = field(default=None, init=False)

    def take(self, batch: Batch) -> Taken:
        """FACT tuples, rejects and notes of a batch; UnreadableFile when a column that the source requires is absent."""
        self._state = self._state or _State.start(self)
        collector = Collector(batch)
        columns, names = _fields(self.source, batch)
        if not len(batch.lines):
            return Taken([], [], collector.all_rejects(), [])
        values = self._state.values(collector, columns, names)
        rows = self._state.rows(collector, values)
        kept = _kept(collector)
        facts, lines = (compress(rows, kept), compress(batch.lines, kept)) if kept else (rows, batch.lines)
        return Taken(list(facts), list(lines), collector.all_rejects(), collector.notes())


def snapshot_of(reader: Reader, source: SourceSpec, today: date) -> int | None:
    """The latest usable day of a file (since 1970-01-01) when its source declares snapshots, else None. Reads it once."""
    if source.snapshot is None:
        return None
    moments, latest = MomentReader(source, today), None
    for batch in reader.batches():
        cells = _fields(source, batch)[0].get("date")
        found = moments.latest(cells) if cells is not None else None
        latest = found if latest is None or (found is not None and found > latest) else latest
    return latest


def _fields(source: SourceSpec, batch: Batch) -> tuple[dict[str, Sequence[Any]], dict[str, str]]:
    """Field → cells (columns of the file, then constants), and field → the file's column."""
    names = source.bind(batch.columns)
    absent = missing(source, {**names, **({"point": "geometry"} if batch.geometry is not None else {})})
    if absent:
        raise UnreadableFile(f"{batch.file} : colonnes absentes : {' ; '.join(_accepted(source, need) for need in absent)}. "
                             "Choisissez une autre source, ou dites quelle colonne c’est dans une correspondance : « --dry-run "
                             "--write-mapping FICHIER.toml » l’écrit, vous y ajoutez par exemple "
                             f"{absent[0].split('|')[0]} = \"nom de la colonne\" sous [columns], et --mapping la donne.")
    columns: dict[str, Sequence[Any]] = {f: batch.columns[c] for f, c in names.items()}
    constants = {f: [v] * len(batch.lines) for f, v in source.constants.items() if f not in columns}
    return {**columns, **constants}, names


def _accepted(source: SourceSpec, need: str) -> str:
    """A field that is asked for, with the column names that are known for it."""
    known = source.columns.get(need.split("|")[0], ())
    return f"{need} (par exemple {', '.join(known[:8])})" if known else need


def _kept(collector: Collector) -> list[bool] | None:
    rejected = collector.rejected
    return [row not in rejected for row in range(len(collector.batch.lines))] if rejected else None


@dataclass
class _Values:
    """The columns of a batch, each (n,): what FACT needs beside keys."""

    columns: dict[str, Sequence[Any]]
    names: dict[str, str]
    moments: Moments
    placed: Placed
    raw_lon: np.ndarray
    raw_lat: np.ndarray
    coarse: set[int]
    category: list[str]
    subcategory: list[str | None]
    nature: list[str | None]
    gravity: list[int | None]
    place: list[str | None]
    complaint: list[int]
    cost: list[int | None]


@dataclass
class _State:
    """What lasts for the whole file: caches, recognised CRS, ordinals of keyless rows."""

    intake: FactIntake
    coders: dict[str, Coder]
    moments: MomentReader
    placer: Placer
    costs: Memo
    identity: Identity

    @classmethod
    def start(cls, intake: FactIntake) -> _State:
        source = intake.source
        coders = {f: Coder(f, source) for f in (*_CLOSED, *(f for f in _PLACED_BY_VALUE if f in source.values))}
        return cls(intake, coders, MomentReader(source, intake.today), Placer(source.crs, intake.places, intake.geocoder),
                   Memo(_cents), Identity(str(source.kind)))

    def values(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> _Values:
        moments = self.moments.read(collector, columns, names)
        codes = self._codes(collector, columns, names)
        columns = {**columns, **{f: codes[f] for f in _PLACED_BY_VALUE if f in codes}}
        category, subcategory = _categories(collector, codes["category"])
        coarse = {row for row, c in enumerate(category) if c in _COARSE} if _COARSE.intersection(category) else set()
        placed = self.placer.place(collector, columns, names, coarse)
        to_utc(collector, moments, territories(placed, columns))
        given = placed.located
        values = _Values(columns, names, moments, placed, np.where(given, placed.points.lon, np.nan),
                         np.where(given, placed.points.lat, np.nan), coarse, category, subcategory, codes["nature"],
                         [None if g is None or g == UNMAPPED else int(g) for g in codes["gravity"]], codes["place"],
                         [COMPLAINT.get(c or "inconnu", 0) for c in codes["complaint"]], self._cost(collector, columns, names))
        _coarsen(collector, values)
        return values

    def _codes(self, collector: Collector, columns: dict[str, Sequence[Any]],
               names: dict[str, str]) -> dict[str, list[str | None]]:
        rows = len(collector.batch.lines)
        codes = {f: coder.column(columns, rows) for f, coder in self.coders.items() if f in _CLOSED or f in columns}
        if names.get("category") is not None and names.get("category") == names.get("nature"):
            _share(codes["category"], codes["nature"])
        for name, column in codes.items():
            if UNMAPPED in column:
                _unmapped(collector, column, columns, (name, names.get(name, name)))
        return codes

    def _cost(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> list[int | None]:
        if "cost" not in columns:
            return [None] * len(collector.batch.lines)
        found = self.costs.column(columns["cost"])
        for row, cents in enumerate(found):
            if cents == NONE:
                collector.reject(row, names.get("cost", "coût"), columns["cost"][row], "cout",
                                 "Le coût n’est pas un montant en euros, positif ou nul. Corrigez-le, ou laissez la case vide.")
        return found

    def rows(self, collector: Collector, values: _Values) -> Any:
        """An iterator of FACT tuples, one a line, rejected lines included."""
        intake, moments, placed = self.intake, values.moments, values.placed
        rows, kind = len(collector.batch.lines), str(intake.source.kind)
        lon, lat, cells = _positions(placed)
        words = (values.category, values.subcategory, values.nature, values.gravity, values.place, placed.placement,
                 placed.residence, placed.building, placed.hall, placed.commune, values.complaint, values.cost)
        numbers = (moments.day, moments.minute, moments.duration, moments.utc, placed.points.lon, placed.points.lat)
        contents = self.identity.contents(numbers, words)
        return zip(self._keys(collector, values), contents, [intake.seen] * rows, collector.batch.lines, moments.day.tolist(),
                   _or_none(moments.minute, NONE), _or_none(moments.duration, NONE), _or_none(moments.utc, NO_UTC),
                   values.category, values.subcategory, [kind] * rows, values.nature, values.gravity, values.place,
                   placed.placement, lon, lat, cells, placed.residence, placed.building, placed.hall, placed.commune,
                   values.complaint, values.cost, strict=True)

    def _keys(self, collector: Collector, values: _Values) -> list[str]:
        """The file's identifiers; where it has none, a hash of time, type and place as the file gives them (see Identity)."""
        fields, columns = self.intake.source.key, values.columns
        keys = given_keys([columns[f] for f in fields]) if all(f in columns for f in fields) else [None] * len(values.category)
        for row in unfit(keys):
            collector.reject(row, values.names.get(fields[0], fields[0]), "", "identifiant",
                             f"L’identifiant est trop long ({KEY_LENGTH} caractères au plus) ou commence par « ~ ».")
        without = [row for row, key in enumerate(keys) if key is None]
        if without:
            rejected, moments, chosen = collector.rejected, values.moments, np.array(without)
            numbers = (moments.day[chosen], moments.minute[chosen], moments.duration[chosen], values.raw_lon[chosen],
                       values.raw_lat[chosen])
            words = [(values.category[row], values.subcategory[row], *_own_place(values, row)) for row in without]
            for row, digest in zip(without, digests(numbers, words), strict=True):
                keys[row] = "~" if row in rejected else self.identity.ordinal(digest)
        return keys  # type: ignore[return-value]


def _share(category: list[str | None], nature: list[str | None]) -> None:
    """One column holds both (landlords call a fact's type its nature): a value that one knows is no fault of the other."""
    for row, (first, second) in enumerate(zip(category, nature, strict=True)):
        if first == UNMAPPED and second not in (None, UNMAPPED):
            category[row] = None
        elif second == UNMAPPED:
            nature[row] = None


def _unmapped(collector: Collector, column: list[str | None], columns: dict[str, Sequence[Any]], where: tuple[str, str]) -> None:
    name, title = where
    cells = columns.get(name, ())
    for row, code in enumerate(column):
        if code == UNMAPPED:
            value = text(cells[row]) or ""
            column[row] = None
            collector.reject(row, title, value, f"{name}-inconnu", f"{_SENTENCES.get(name, 'Code inconnu')} : « {value[:60]} ». "
                             f"Ajoutez cette valeur à la correspondance (values.{name}), ou corrigez-la.")


def _categories(collector: Collector, codes: list[str | None]) -> tuple[list[str], list[str | None]]:
    """Categories and subcategories. A fact whose type is not said counts as `AUT`, and the import says so."""
    split = {code: (code or OTHER).partition(".") for code in set(codes)}
    if None in split:
        rejected = collector.rejected
        rows = [row for row, code in enumerate(codes) if code is None and row not in rejected]
        if rows:
            collector.note("sans-categorie", "Fait sans type : compté en « Autre » (AUT).", rows[0], len(rows))
    return [split[c][0] for c in codes], [split[c][2] or None for c in codes]


def _cents(value: Any) -> int | None:
    """Euros → cents; None when empty, NONE when it is no amount."""
    try:
        euros = number(value)
    except (ValueError, OverflowError):
        return NONE
    if euros is None:
        return None
    return round(euros * 100) if 0 <= euros <= COST_MAX else NONE


def _coarsen(collector: Collector, values: _Values) -> None:
    """`AGP` facts exist only as counts of a residence or larger."""
    placed = values.placed
    for row in values.coarse:
        if placed.residence[row] is None and placed.commune[row] is None:
            collector.reject(row, values.names.get("residence", ""), "", "agp", "Une atteinte au personnel n’est comptée que par "
                             "résidence ou commune : ajoutez le code de la résidence ou le code INSEE de la commune.")
        placed.placement[row] = str(Placement.RESIDENCE if placed.residence[row] else Placement.COMMUNE)
        placed.points.lon[row] = placed.points.lat[row] = values.raw_lon[row] = values.raw_lat[row] = np.nan
        placed.hall[row] = placed.building[row] = placed.address[row] = None


def _positions(placed: Placed) -> tuple[list[float | None], list[float | None], list[int]]:
    """Longitudes and latitudes to 1e-7 degree, and finest cells (0 without a point)."""
    lon, lat = np.round(placed.points.lon, 7), np.round(placed.points.lat, 7)
    here = np.isfinite(lon) & np.isfinite(lat)
    cells = np.zeros(len(lon), dtype=np.int64)
    cells[here] = grid.index(lon[here], lat[here]).astype(np.int64)
    if here.all():
        return lon.tolist(), lat.tolist(), cells.tolist()
    inside = here.tolist()
    return ([x if ok else None for x, ok in zip(lon.tolist(), inside, strict=True)],
            [y if ok else None for y, ok in zip(lat.tolist(), inside, strict=True)], cells.tolist())


def _or_none(values: np.ndarray, nothing: int) -> list[int | None]:
    if not (values == nothing).any():
        return values.tolist()
    return [None if v == nothing else v for v in values.tolist()]


def _own_place(values: _Values, row: int) -> list[str | None]:
    """Codes and address of a row as the file gives them: a better patrimoine tomorrow does not make a new fact. Of a
    coarsened one, its residence and commune."""
    if row in values.coarse:
        return [values.placed.residence[row], values.placed.commune[row]]
    cells = [values.columns.get(f) for f in ("residence", "building", "hall", "commune", "citycode")]
    address = values.placed.address[row]
    return [*(None if c is None else text(c[row]) for c in cells), fold_value(address) if address else None]
