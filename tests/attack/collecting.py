"""What somebody with a reading key learns: the surface is crawled through HTTP, and its answers are put on the public lattice.

The lattice follows from public facts: atoms, zones, and the families, groups and parameters that the manifest tells.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.masking import View
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import Places
from geoservice.core.disclosure.slots import BAND_HOURS, Groups, Slots
from tests.attack.client import Client

STEPS = ("year", "quarter", "month")
Node = tuple[str, str, str, str]  # level, place, period, group


@dataclass
class Ledger:
    """Every number that an answer told, by node; None is « non diffusé ». conflicts: nodes of which two answers differ."""

    told: dict[Node, int | None] = field(default_factory=dict)
    conflicts: set[Node] = field(default_factory=set)
    numbers: int = 0

    def note(self, node: Node, value: int | None) -> None:
        self.numbers += 1
        if self.told.setdefault(node, value) != value:
            self.conflicts.add(node)


@dataclass(frozen=True)
class Seen:
    """A crawl: the manifest, the places of each level in the order of answers, and the numbers."""

    manifest: dict[str, Any]
    places: dict[str, tuple[str, ...]]
    ledger: Ledger

    @property
    def kind(self) -> str:
        return str(self.manifest["kinds"][0]["code"])

    @property
    def years(self) -> list[int]:
        return sorted({family["year"] for family in self.manifest["families"]})

    @property
    def parameters(self) -> Parameters:
        return Parameters(**self.manifest["parameters"])


def begin(client: Client, territory: str) -> Seen:
    """What can be asked of a territory: its manifest and places, no number."""
    api = f"/api/shared/{territory}"
    manifest = client.get(api).json()
    places = {level["code"]: _names(client, f"{api}/places/{level['code']}") for level in manifest["levels"]}
    return Seen(manifest, places, Ledger())


def crawl(client: Client, territory: str) -> Seen:
    """Everything of a territory: all families, periods and groups, weekdays and hours of every place that has them."""
    seen = begin(client, territory)
    api, manifest = f"/api/shared/{territory}", seen.manifest
    for family in manifest["families"]:
        if family["period"] in STEPS:
            for period in family["periods"]:
                for group in family["groups"]:
                    read_values(seen, client.get(f"{api}/values", {"kind": family["kind"], "level": family["level"],
                                                                   "period": period, "group": group}).json())
    return _with_hours(client, api, seen)


def download(client: Client, territory: str) -> Seen:
    """The same by the tables of /export.csv, one a level (A2 holds them against the other answers)."""
    seen, api = begin(client, territory), f"/api/shared/{territory}"
    for level in seen.places:
        read_csv(seen, client.get(f"{api}/export.csv", {"level": level}).body)
    return _with_hours(client, api, seen)


def _with_hours(client: Client, api: str, seen: Seen) -> Seen:
    profiles = {(one["level"], one["year"]): 0 for one in seen.manifest["families"] if one["period"] == "weekday"}
    for level, year in profiles:
        for place in seen.places[level]:
            read_hours(seen, client.get(f"{api}/hours", {"level": level, "place": place, "year": str(year)}).json())
    return seen


def _names(client: Client, path: str) -> tuple[str, ...]:
    return tuple(feature["properties"]["place"] for feature in client.get(path).json()["features"])


def read_values(seen: Seen, told: dict[str, Any]) -> None:
    """An answer of /values."""
    for place, value in zip(seen.places[told["level"]], told["values"], strict=True):
        seen.ledger.note((told["level"], place, told["period"], told["group"]), value)


def read_csv(seen: Seen, body: bytes) -> None:
    """A table of /export.csv; weekdays and hours, which it has as well, are read by their own names."""
    for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"):
        seen.ledger.note((row["niveau"], row["lieu"], row["periode"], row["groupe"]), int(row["faits"]) if row["faits"] else None)


def read_hours(seen: Seen, told: dict[str, Any]) -> None:
    """An answer of /hours."""
    for day, value in enumerate(told["weekdays"] or (), 1):
        seen.ledger.note((told["level"], told["place"], f"{told['year']}-D{day}", "all"), value)
    for band, value in enumerate(told["bands"] or ()):
        seen.ledger.note((told["level"], told["place"], f"{told['year']}-H{band * BAND_HOURS:02d}", "all"), value)


def lattice(seen: Seen, places: Places, year: int) -> Lattice:
    """The lattice of one year from what is public."""
    groups = {group["code"].removeprefix("group:"): tuple(group["categories"]) for group in seen.manifest["groups"]
              if group["code"].startswith("group:")}
    months = tuple(int(month[5:]) for month in seen.manifest["months"] if int(month[:4]) == year)
    families = tuple(Family(one["level"], one["period"], one["detail"], 0.0) for one in seen.manifest["families"]
                     if one["year"] == year and one["kind"] == seen.kind)
    return Lattice(seen.kind, places, Slots(year, months, Groups(groups)), families)


def view(seen: Seen, found: Lattice) -> View:
    """The numbers of one year on its lattice; what nobody told is not published."""
    rows = {(place.level, place.name): place.node for level in found.places.published.values() for place in level}
    published, value = np.zeros(found.shape, dtype=bool), np.zeros(found.shape, dtype=np.int32)
    for (level, place, period, group), count in seen.ledger.told.items():
        if int(period[:4]) == found.slots.year:
            node = rows[level, place], found.slots.column(period, group)
            published[node] = True
            value[node] = count or 0
    none = np.zeros(found.shape, dtype=bool)
    return View(published, value > 0, value, none, none)
