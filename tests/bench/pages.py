"""`python -m tests.bench.pages`: the pages of a large landlord, 5,000 residences, 25,000 halls and 500,000 facts.

Asked through the service's door: « Mes résidences », the census, the measures, residences, quarters and what stands beside them.
"first": right after a fact came in, when nothing computed before holds any more. What was asked in the last half hour the service
works out before it shows the fact ("asked before"); without that, the answer itself does ("asked by nobody before"). How long the
fact itself takes onto the map is a row too, with that work in it. "again": the same once more. Writes docs/figures/pages.json;
`--facts` makes a quicker trial, which is printed and not saved.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.core import compiled
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.bench import estate, figures
from tests.bench.figures import Figure

COMMAND = "python -m tests.bench.pages"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LIMIT_MS, SHOWN_MS, ROUNDS, SOME = 300.0, 5_000.0, 5, 24
PAGES = {"« Mes résidences »": "/mes-residences", "census of halls, its page": "/halls", "measures, their page": "/mesures",
         "list of residences": "/api/residences?kind=bailleur"}
END = estate.FIRST + timedelta(estate.DAYS)
WHAT = f"{estate.RESIDENCES:,} residences, {estate.RESIDENCES * estate.HALLS:,} halls"


def build(folder: Path, facts: int) -> tuple[Settings, str]:
    """The landlord's folder, imported by the real import, with the real QPV and communes; settings and a token."""
    settings = Settings(data=folder / "data")
    storage, catalog = setup.create(settings), load(None)
    accounts.create_organisation(storage, "grand-bailleur")
    residences, halls, register = estate.write(folder, facts=facts)
    given = [("qpv", DATA / "qpv" / "qp2024_75_93_simplifie.geojson", "qp2024"),
             ("qpv", DATA / "qpv" / "qp2015_75_93.geojson", "qp2015"),
             ("limites", DATA / "admin" / "75_93_communes_arrondissements_iau.geojson", None),
             ("patrimoine", residences, None), ("halls", halls, None), ("incidents", register, None)]
    for layer, path, source in given:
        ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), "grand-bailleur", source))
    token = accounts.create_token(storage, "mesure", "grand-bailleur")
    storage.close()
    return settings, token


class Door:
    """A client that times answers, and can make every answer a new one."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.entered = client, 0

    def ms(self, path: str) -> float:
        """Milliseconds of one answer, which has to be there."""
        begun = time.perf_counter()
        answer = self.client.get(path)
        taken = 1e3 * (time.perf_counter() - begun)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return taken

    def enter(self) -> float:
        """A fact comes in, and is on the map: what was computed of facts before no longer holds. Milliseconds that this took."""
        self.entered += 1
        code = f"R{self.entered:05d}"
        body = {"id": f"mesure-{self.entered}", "date": (END - timedelta(2)).isoformat(), "category": "DEG", "residence": code}
        begun = time.monotonic()
        assert self.client.post("/api/facts", json=body).status_code == 201
        until = begun + 60
        while self.client.get(f"/api/residences/{code}", params={"from": body["date"]}).json()["count"] < 1:
            assert time.monotonic() < until, "the fact never came onto the map"
            time.sleep(0.02)
        return 1e3 * (time.monotonic() - begun)


@dataclass
class Asked:
    """Milliseconds of a page in each round; see the head of this module."""

    path: str
    cold: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)


def rounds(door: Door, path: str) -> Asked:
    """The page after facts came in, with and without having been asked before."""
    found, warm = Asked(path), door.client.app.state.service.warm  # type: ignore[attr-defined]  # the application's
    door.ms(path)  # what no fact changes (boundaries, residences) is read once
    for _ in range(ROUNDS):
        warm.forget()
        door.enter()
        found.cold.append(door.ms(path))
        found.shown.append(door.enter())
        found.first.append(door.ms(path))
        found.again.append(door.ms(path))
    return found


def counted_by_sqlite(settings: Settings) -> float:
    """Milliseconds of what « Mes résidences » counts, by the database: facts by residence in two periods."""
    days = [(END - timedelta(back)).toordinal() - 719_163 for back in (180, 90, 0)]
    taken = []
    with closing(sqlite3.connect(settings.data / "geoservice.db")) as connection:
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            for first, last in pairwise(days):
                connection.execute("SELECT residence, count(*) FROM fact WHERE organisation_id = 1 AND kind = 'bailleur' "
                                   "AND day >= ? AND day < ? GROUP BY residence", (first, last)).fetchall()
            taken.append(1e3 * (time.perf_counter() - begun))
    return float(np.median(taken))


def measured(settings: Settings, token: str, facts: int) -> list[Figure]:
    """All rows."""
    rows: list[Figure] = []
    compiled.allow()
    peer = counted_by_sqlite(settings)  # before the service opens the file: a second SQLite in one process lets go of its locks
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}) as client:
        door = Door(client)
        zones = [zone["ref"] for zone in client.get("/api/zones", params={"layer": "qpv", "generation": "2024"}).json()["zones"]]
        quarters = [f"/api/quarters/{ref}?kind=bailleur" for ref in zones[::max(1, len(zones) // SOME)]][:SOME]
        homes = [f"/api/residences/R{number:05d}?kind=bailleur"
                 for number in range(7, estate.RESIDENCES, estate.RESIDENCES // SOME)]
        said = f"{WHAT}, {facts:,} facts"
        for name, path in PAGES.items():
            took = rounds(door, path)
            beside = peer if path == "/mes-residences" else None
            rows += [_row(f"{name}, first answer after a fact came in, asked by nobody before ({said})", took.cold, max, beside),
                     _row(f"{name}, first answer after a fact came in, asked before ({said})", took.first, max, beside),
                     _row(f"{name}, the next answers ({said})", took.again, max, beside),
                     _row(f"{name}, asked before: a fact is entered and on the map ({said})", took.shown, max, limit=SHOWN_MS)]
        door.enter()
        for what, paths in (("residence", homes), ("QPV", quarters)):
            name = f"page of a {what}, {len(paths)} of them"
            took = [door.ms(path) for path in paths]
            rows.append(_row(f"{name}, each for the first time, median ({said})", took, _median))
            rows.append(_row(f"{name}, each for the first time, slowest ({said})", took, max))
    return rows


def _median(values: list[float]) -> float:
    return float(np.median(values))


def _row(name: str, values: list[float], which: Callable[[list[float]], float], peer: float | None = None,
         limit: float = LIMIT_MS) -> Figure:
    value = float(f"{which(values):.4g}")
    who = None if peer is None else "sqlite3, only the two counts by residence"
    other, ratio = (None, None) if peer is None else (float(f"{peer:.4g}"), float(f"{value / peer:.4g}"))
    return Figure(name, 6, value, "ms", who, other, ratio, f"≤ {limit:.0f} ms",
                  value <= limit, COMMAND, figures.today(), figures.commit())


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--facts", type=int, default=estate.FACTS)
    facts = parser.parse_args().facts
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(*build(Path(folder), facts), facts)
    print(figures.show(rows))
    if facts == estate.FACTS:
        figures.save("pages", rows)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
