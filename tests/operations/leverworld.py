"""A small landlord with one lever, whose effect and whose way to linked residences are planted: its truth is fixed here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, setup
from geoservice.operations import leverjournal as journal
from geoservice.operations.indexing import refresh
from geoservice.operations.leverjournal import Wish
from geoservice.operations.levermonths import later
from geoservice.operations.leverplan import Plan
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings

START = date(2025, 1, 1)
BEFORE, AFTER, HALLS, A_MONTH, SEED = 12, 6, 5, 4.0, 20_261
LON, LAT = 2.45, 48.9
# the planted truth: residence -> metres east and north, street, whether one walks through its halls
HOMES = {"T": (0, 0, "Rue des Lilas", True), "N": (80, 0, "Rue du Port", False), "S": (0, 220, "R. des Lilas", False),
         "R": (0, -220, "Place Verte", True), "O": (-240, 0, "Rue du Moulin", False), "F": (0, 900, "Rue des Lilas", True),
         **{f"C{k}": (1500 + 500 * k, 0, f"Allée {k}", bool(k % 2)) for k in range(12)}}
CONTROLS = "C0\nC1\nC2\nC3"
LEFT_AT_T = 0.2


def write(path: Path, head: str, rows: list[tuple]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([head.split(), *rows])
    return path


def facts(factor: float) -> list[tuple]:
    """Facts of every hall and month, gamma-Poisson, with the truth in them."""
    rng, rows = np.random.default_rng(SEED), []
    for home in HOMES:
        for hall in range(HALLS):
            level = rng.gamma(8, A_MONTH / 8)
            for month in range(-BEFORE, AFTER):
                left = 1.0 if month < 0 else LEFT_AT_T if home == "T" else factor if home in ("S", "R") else 1.0
                first = later(START, month)
                rows += [(f"{home}{hall}.{month}.{n}", first + timedelta(int(rng.integers(0, 28))), "OCC", home, f"{home}-{hall}")
                         for n in range(rng.poisson(level * left))]
    # the register goes on to the last day, so that the last month is known
    return [*rows, ("fin", later(START, AFTER), "OCC", "C4", "C4-0")]


@contextmanager
def town(folder: Path, factor: float) -> Iterator[Reader]:
    storage, catalog = setup.create(Settings(data=folder / "data")), load()
    accounts.create_organisation(storage, "lilas")
    east, north = 1 / (111_320 * np.cos(np.radians(LAT))), 1 / 111_320
    homes = [(code, code, street, "93099", "Essai", 80, LON + x * east, LAT + y * north)
             for code, (x, y, street, _) in HOMES.items()]
    halls = [(f"{code}-{n}", code, LON + (x + 8 * n) * east, LAT + y * north, "oui" if through else "non")
             for code, (x, y, _, through) in HOMES.items() for n in range(HALLS)]
    for layer, file in (
            ("patrimoine", write(folder / "homes.csv", "code_residence nom adresse code_insee commune nb_logements lon lat",
                                 homes)),
            ("halls", write(folder / "halls.csv", "code residence lon lat traversant", halls)),
            ("incidents", write(folder / "facts.csv", "id date categorie residence hall", facts(factor)))):
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (file,), "lilas"))
        assert report.rejected == 0
    refresh(storage)
    yield open_reader(storage, catalog, accounts.viewer_of_organisation(storage, "lilas", "test"))
    storage.close()


def planned(reader: Reader, **more: str) -> Plan:
    eve = START - timedelta(1)
    wish = Wish(**{"code": "traversant", "in_charge": "bailleur", "since": str(START), "treated": "T", "categories": ("OCC",),
                   "cost": "20000", "reduction": "60", "controls": CONTROLS, "months_before": "12", "months_after": "6", **more})
    number = journal.plan(reader, wish, eve)
    journal.lock(reader, number, eve)
    return journal.one(reader.shelf.storage, reader.viewer, number)
