"""Placing a fact: coordinates; else a code of the organisation's patrimoine; else an address; else a commune, in tables only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geoservice.catalog.intake.common import Collector, text
from geoservice.catalog.intake.coordinates import PointReader, Points
from geoservice.core import crs
from geoservice.types import POINT_PLACEMENTS, Placement

if TYPE_CHECKING:
    from geoservice.catalog.geocoding import Geocoder, Match
    from geoservice.catalog.streets import Address

CODES = ("hall", "building", "residence")
_LABELS = {"hall": "de hall", "building": "de bâtiment", "residence": "de résidence"}
_WHERE = ("point", "lon", "lat", "x", "y", *CODES, "address", "number", "street", "commune", "citycode")  # tell of a place
_INSEE = re.compile(r"^(\d{5}|2[AB]\d{3})$")
CODE_LENGTH = 64  # longer than any code: a sentence, which is not stored
NO_PLACE = ("Aucun lieu : donnez des coordonnées, un code de hall, de bâtiment ou de résidence, ou une adresse avec son code "
            "postal.")
_TERRITORY_OF_CODE = {t.code: position for position, t in enumerate(crs.TERRITORIES)}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the patrimoine: its finest level (`hall`, `batiment`, `residence`), its point if it has one, its codes."""

    placement: Placement
    lon: float | None
    lat: float | None
    residence: str | None
    building: str | None = None
    hall: str | None = None
    commune: str | None = None


class Places(Protocol):
    """The patrimoine of the organisation that imports."""

    def find(self, hall: str | None, building: str | None, residence: str | None) -> Spot | None:
        """The finest of the three codes that is known (a hall's code may be unique within its residence only), else None."""
        ...


@dataclass
class Placed:
    """Where the facts of a batch are: points, which rows gave coordinates, and a text or None a row for the rest."""

    points: Points
    located: np.ndarray
    placement: list[str | None]
    hall: list[str | None]
    building: list[str | None]
    residence: list[str | None]
    commune: list[str | None]
    address: list[str | None]


@dataclass
class Placer:
    """Places the facts of one file."""

    declared_crs: str | None
    places: Places | None
    geocoder: Geocoder | None
    _spots: dict[tuple[str | None, ...], Spot | None] = field(default_factory=dict)
    _points: PointReader | None = None

    def place(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str],
              pointless: set[int] = frozenset()) -> Placed:  # type: ignore[assignment]
        """columns: field → cells (absent fields are absent); names: field → the file's column.

        Rows in `pointless` are only ever counted by residence: a code that the patrimoine does not know is good enough.
        """
        rows = len(collector.batch.lines)
        self._points = self._points or PointReader(self.declared_crs)
        points = self._points.read(collector, columns, names)
        located = points.territory >= 0
        found = Placed(points, located, [None] * rows, *(self._codes(collector, columns, names, f) for f in CODES),
                       _communes(collector, columns, names), _addresses(columns, rows))
        found.placement = [str(Placement.COORDONNEES) if here else None for here in located.tolist()]
        if self.places is not None and any(f in columns for f in CODES):
            self._complete(found)
        if not located.all():
            for row in pointless:
                if found.residence[row] is not None:
                    found.placement[row] = str(Placement.RESIDENCE)
            self._unlocated(collector, columns, names, found)
        return found

    def _codes(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str],
               field_name: str) -> list[str | None]:
        if field_name not in columns:
            return [None] * len(collector.batch.lines)
        known = {value: text(value) for value in set(columns[field_name])}
        long = {value for value, code in known.items() if code is not None and len(code) > CODE_LENGTH}
        if long:
            for row, value in enumerate(columns[field_name]):
                if value in long:
                    collector.reject(row, names.get(field_name, field_name), "", "code", f"Le code {_LABELS[field_name]} est "
                                     f"trop long ({CODE_LENGTH} caractères au plus) : cette colonne contient du texte libre.")
        return [known[value] for value in columns[field_name]]

    def _spot(self, codes: tuple[str | None, ...]) -> Spot | None:
        if codes not in self._spots:
            self._spots[codes] = self.places.find(*codes) if self.places is not None else None
        return self._spots[codes]

    def _complete(self, found: Placed) -> None:
        """A located fact that names a hall or a building belongs to its residence, too."""
        for row in np.flatnonzero(found.located).tolist():
            if found.residence[row] is None and (found.hall[row] or found.building[row]):
                spot = self._spot((found.hall[row], found.building[row], None))
                if spot is not None:
                    found.residence[row] = spot.residence
                    found.commune[row] = found.commune[row] or spot.commune

    def _unlocated(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str], found: Placed) -> None:
        waiting: list[int] = []
        rejected = collector.rejected
        for row in np.flatnonzero(found.points.territory < 0).tolist():
            if row in rejected or found.placement[row] is not None:
                continue
            codes = (found.hall[row], found.building[row], found.residence[row])
            spot = self._spot(codes) if any(codes) else None
            if spot is None:
                waiting.append(row)
            else:
                _put(collector, found, row, spot)
        for row, match in zip(waiting, self._locate(found, columns, waiting), strict=True):
            self._fall_back(collector, names, found, (row, match))

    def _locate(self, found: Placed, columns: dict[str, Sequence[Any]], rows: list[int]) -> list[Match | None]:
        if self.geocoder is None or not any(found.address[row] for row in rows):
            return [None] * len(rows)
        wanted = [_address(found, columns, row) for row in rows]
        asked = [address for address in wanted if address is not None]
        answers = iter(self.geocoder.locate(asked))
        return [None if address is None else next(answers) for address in wanted]

    def _fall_back(self, collector: Collector, names: dict[str, str], found: Placed, answer: tuple[int, Match | None]) -> None:
        row, match = answer
        if match is not None and match.placement is not None:
            found.placement[row] = str(match.placement)
            found.commune[row] = found.commune[row] or match.citycode
            if match.placement in POINT_PLACEMENTS and match.lon is not None and match.lat is not None:
                _set_point(found, row, match.lon, match.lat)
            return
        unknown = next((f for f in CODES if getattr(found, f)[row]), None)
        if unknown is not None:
            code = getattr(found, unknown)[row]
            collector.reject(row, names.get(unknown, unknown), code, "code", f"Le code {_LABELS[unknown]} « {code} » n’est pas "
                             "dans le patrimoine. Importez d’abord la couche patrimoine (ou halls), ou corrigez le code.")
        elif found.address[row]:
            reason = match.reason if match is not None else ""
            collector.reject(row, names.get("address") or names["street"], found.address[row], "adresse",
                             reason or "L’adresse n’a pas été trouvée. Importez le fichier BAN du département (couche "
                             "adresses), ou corrigez l’adresse.")
        elif found.commune[row]:
            found.placement[row] = str(Placement.COMMUNE)
        else:
            looked_at = ", ".join(dict.fromkeys(names[each] for each in _WHERE if each in names))
            collector.reject(row, looked_at, "", "lieu", NO_PLACE)


def _put(collector: Collector, found: Placed, row: int, spot: Spot) -> None:
    finest = next((f for f in CODES if getattr(found, f)[row]), "residence")
    if finest == "hall" and spot.placement != Placement.HALL:
        collector.note("hall-inconnu", "Hall absent du patrimoine : fait placé à son bâtiment ou à sa résidence.", row)
    found.placement[row] = str(spot.placement)
    found.residence[row], found.building[row] = spot.residence or found.residence[row], spot.building or found.building[row]
    found.hall[row] = spot.hall or found.hall[row]
    found.commune[row] = found.commune[row] or spot.commune
    if spot.lon is not None and spot.lat is not None:
        _set_point(found, row, spot.lon, spot.lat)


def _set_point(found: Placed, row: int, lon: float, lat: float) -> None:
    points = found.points
    points.lon[row], points.lat[row] = lon, lat
    points.territory[row] = crs.territories_of(points.lon[row:row + 1], points.lat[row:row + 1])[0]


def _communes(collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> list[str | None]:
    name = next((f for f in ("commune", "citycode") if f in columns), None)
    if name is None:
        return [None] * len(collector.batch.lines)
    known = {value: _insee(value) for value in set(columns[name])}
    found = [known[value] for value in columns[name]]
    if "" in known.values():
        for row, code in enumerate(found):
            if code == "":
                collector.reject(row, names.get(name, name), columns[name][row], "commune",
                                 "Ce n’est pas un code INSEE de commune (cinq caractères, par exemple 93010 ou 2A004).")
    return [code or None for code in found]


def _insee(value: Any) -> str | None:
    """An INSEE code, None when the cell is empty, "" when it is something else. Spreadsheets drop the leading zero."""
    code = text(value)
    if code is None:
        return None
    code = code.upper().zfill(5) if code.isdigit() and len(code) == 4 else code.upper()
    return code if _INSEE.match(code) else ""


def _addresses(columns: dict[str, Sequence[Any]], rows: int) -> list[str | None]:
    """The street line: one column, or number and street put together."""
    if "address" in columns:
        return [text(value) for value in columns["address"]]
    if "street" not in columns:
        return [None] * rows
    streets = [text(value) for value in columns["street"]]
    numbers = [text(value) for value in columns.get("number", [None] * rows)]
    return [f"{n} {s}" if n and s else s for n, s in zip(numbers, streets, strict=True)]


def _address(found: Placed, columns: dict[str, Sequence[Any]], row: int) -> Address | None:
    from geoservice.catalog.streets import Address

    line = found.address[row]
    if line is None:
        return None
    postcode, city = (text(columns[f][row]) if f in columns else None for f in ("postcode", "city"))
    return Address(line, postcode, found.commune[row], city)


def territories(found: Placed, columns: dict[str, Sequence[Any]]) -> np.ndarray:
    """Position in TERRITORIES of each row, for its clock: of the point, else of the commune or postcode, else metropolitan."""
    territory = found.points.territory.astype(np.int64)
    postcodes = columns.get("postcode")
    for row in np.flatnonzero(territory < 0).tolist():
        code = found.commune[row] or (text(postcodes[row]) if postcodes is not None else None) or ""
        territory[row] = _TERRITORY_OF_CODE.get(code[:3], 0)
    return territory
