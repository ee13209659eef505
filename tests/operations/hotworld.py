"""A folder whose index is written directly, with what hot spots need around it: a commune, residences, a viewer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from geoservice.catalog.layers import load
from geoservice.core import factfile, grid
from geoservice.core import facts as core
from geoservice.core.facts import DEGREE, Units
from geoservice.operations import accounts, setup
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from geoservice.storage import features, imports, indexfiles
from geoservice.storage.facts import Owner
from geoservice.storage.store import Storage
from geoservice.types import Category, Kind, Nature, Placement, code_of

MIDDLE = (2.45, 48.90)
FIRST_DAY, DAYS = 19_723, 366  # 2024
COMMUNE = "93099"


@dataclass
class Facts:
    """Facts to be written, as lists of arrays that grow."""

    rng: np.random.Generator
    columns: list[dict[str, np.ndarray]] = field(default_factory=list)
    residences: list[str] = field(default_factory=lambda: [""])

    def add(self, lon: np.ndarray, lat: np.ndarray, residence: str = "", placement: Placement = Placement.COORDONNEES,
            nature: Nature | None = None, days: np.ndarray | None = None, category: Category = Category.SAL) -> Facts:
        """n facts at these points; natures and days are drawn where they are not given."""
        n = len(lon)
        if residence not in self.residences:
            self.residences.append(residence)
        natures = self.rng.integers(1, 5, n) if nature is None else np.full(n, code_of(nature))
        self.columns.append({
            "lon": np.round(lon * DEGREE), "lat": np.round(lat * DEGREE), "cell": grid.index(np.asarray(lon), np.asarray(lat)),
            "day": self.rng.integers(FIRST_DAY, FIRST_DAY + DAYS, n) if days is None else days,
            "hour": self.rng.integers(0, 24, n), "category": np.full(n, code_of(category)), "nature": natures,
            "gravity": np.ones(n), "place": np.zeros(n), "span": np.zeros(n), "placement": np.full(n, code_of(placement)),
            "unit": np.full(n, self.residences.index(residence))})
        return self

    def scattered(self, n: int, half: float = 0.02) -> Facts:
        """n facts anywhere around the middle."""
        return self.add(*self.around(MIDDLE, n, half))

    def around(self, middle: tuple[float, float], n: int, half: float) -> tuple[np.ndarray, np.ndarray]:
        """n points in a square of so many degrees of latitude."""
        return (middle[0] + self.rng.uniform(-half, half, n) * 1.5, middle[1] + self.rng.uniform(-half, half, n))


def new(seed: int = 1) -> Facts:
    """No facts yet."""
    return Facts(np.random.default_rng(seed))


def reader(folder: Path, facts: Facts, kind: Kind = Kind.VILLE, commune: float | None = None,
           homes: dict[str, tuple[float, float, int | None]] | None = None) -> Reader:
    """A reader on a folder with these facts; `commune`: a square commune of so many degrees around the middle; `homes`:
    residences by code with lon, lat and dwellings."""
    storage = setup.create(Settings(data=folder))
    number = accounts.create_organisation(storage, "essai")
    columns = {name: np.concatenate([part[name] for part in facts.columns]) for name in facts.columns[0]}
    columns["kind"] = np.full(len(columns["lon"]), code_of(kind))
    names = tuple(facts.residences)
    units = Units(("", *("residence",) * (len(names) - 1)), names, names, ("",) * len(names))
    index = core.build(columns, units, version="essai")
    factfile.write(index, indexfiles.path_of(storage.settings.index_folder, number))
    with storage.write() as connection:
        imports.touch(connection, FACTS, number)
        imports.built(connection, FACTS, number, 1)
    if commune is not None:
        box = shapely.box(MIDDLE[0] - 1.5 * commune, MIDDLE[1] - commune, MIDDLE[0] + 1.5 * commune, MIDDLE[1] + commune)
        put(storage, "limites", {COMMUNE: ("Essai", "commune", box, {})})
    if homes:
        put(storage, "patrimoine", {code: (f"Résidence {code}", "", shapely.Point(lon, lat), {"level": "residence"} | (
            {} if dwellings is None else {"dwellings": dwellings})) for code, (lon, lat, dwellings) in homes.items()})
    return open_reader(storage, load(), accounts.viewer_of_organisation(storage, "essai", "test"))


def put(storage: Storage, layer: str, values: dict[str, tuple]) -> None:
    """Open features of a layer: name, generation, shape and properties by key."""
    rows = [(key, generation, name, key.encode().ljust(16, b"0")[:16], shapely.to_wkb(shape), *shape.bounds, json.dumps(more))
            for key, (name, generation, shape, more) in values.items()]
    with storage.write() as connection:
        owner = Owner(0, imports.source_id(connection, layer, "test"), 1)
        features.write(connection, features.features_of(layer, owner), 1, rows)
        imports.touch(connection, layer, 0)
