"""`python -m tests.bench.publishing`: the whole publisher on the real Dans Ma Rue, from the database to a sealed file.

36,422 facts of 14 organisations (nearest landlord), twelve months, twenty arrondissements, every cell of resolution 10 a place:
the hardest case of the notes, brought in through the real import. `geoservice publish` runs as a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from geoservice.catalog.layers import load
from geoservice.core import grid
from geoservice.operations import accounts, agreements, audit, ingest, setup, territories
from geoservice.operations.setup import Storage
from geoservice.settings import Settings
from geoservice.testing.sharing import PLATFORM
from geoservice.types import Category, Role, Viewer, member_of
from tests.attack import worlds
from tests.bench import figures, measure
from tests.bench.figures import Figure
from tests.bench.measure import Cost

COMMAND = "python -m tests.bench.publishing"
NAME = "Dans Ma Rue, 36,422 facts, 14 organisations, from the database to the sealed file"
TERRITORY, OPENER = "paris", "ville-de-paris"
TARGET_S = 120
_TOWNS = tuple(f"751{number:02d}" for number in range(1, 21))


@dataclass(frozen=True)
class Published:
    """What making the territory and publishing cost, and the report."""

    places: Cost
    first: Cost
    report: dict


def prepare(folder: Path) -> Settings:
    """A data folder with the facts of everybody, and agreements about every arrondissement."""
    settings = Settings(data=folder / "data")
    storage = setup.create(settings)
    world = worlds.paris()
    accounts.create_organisation(storage, OPENER)
    _take(storage, "limites", worlds.DATA / "admin" / "paris_arrondissements_20.geojson", OPENER)
    _take(storage, "qpv", worlds.DATA / "qpv" / "qp2024_75_93_simplifie.geojson", OPENER)
    _take(storage, "menages", _homes(folder / "menages.geojson", world.atoms.cells), OPENER)
    for number in np.unique(world.facts.organisation).tolist():
        code = f"bailleur-{number}"
        accounts.create_organisation(storage, code)
        _take(storage, "incidents", _facts(folder / f"{code}.csv", world, number), code)
        viewer = Viewer(accounts.organisations(storage)[code], code, code, audit.COMMAND, role=Role.ORG_ADMIN)
        for town in _TOWNS:
            agreements.agree(storage, viewer, agreements.Terms(f"commune:{town}", agreements.SHAREABLE, date(2024, 1, 1),
                                                               date(2025, 1, 1), OPENER))
    storage.close()
    return settings


def _take(storage: Storage, layer: str, file: Path, organisation: str) -> None:
    report = ingest.run(storage, load(), ingest.ImportRequest(layer, (file,), organisation))
    assert report.accepted > 0, report.as_json()


def _homes(path: Path, cells: np.ndarray) -> Path:
    """Eleven households at the centre of every cell: each is a place of its own."""
    def square(lon: float, lat: float) -> dict:
        west, south, east, north = lon - 5e-5, lat - 5e-5, lon + 5e-5, lat + 5e-5
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}

    features = [{"type": "Feature", "properties": {"idcar_200m": f"C{place}", "men": 11}, "geometry": square(lon, lat)}
                for place, (lon, lat) in enumerate(grid.centres(cells).tolist())]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def _facts(path: Path, world: worlds.World, number: int) -> Path:
    """One organisation's register: points in the cells of the facts, their days, hours and categories."""
    mine = world.facts.take(world.facts.organisation == number)
    points = grid.centres(mine.cell).tolist()
    days = mine.day.astype("datetime64[D]").astype(str).tolist()
    words = [str(member_of(Category, code)) for code in mine.category.tolist()]
    rows = [f"{number}-{place};{day};{hour:02d}:05;{word};{lon:.7f};{lat:.7f}" for place, (day, hour, word, (lon, lat)) in
            enumerate(zip(days, mine.hour.tolist(), words, points, strict=True))]
    path.write_text("id;date;heure;categorie;lon;lat\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def run(settings: Settings) -> Published:
    """Make the territory, publish 2024."""
    terms = territories.Terms({"bailleur": 36_000}, (), dict(worlds.paris().groups.groups))
    storage = setup.open_storage(settings)
    places = measure.call(lambda: territories.create(storage, PLATFORM, territories.Plan(TERRITORY, "Paris", _TOWNS, terms)))
    storage.close()
    report = settings.data / "report.json"
    command = [sys.executable, "-m", "geoservice.cli", "publish", TERRITORY, "--months", "2024-01..2024-12", "--json", "--data",
               str(settings.data)]
    script = settings.data / "publish.sh"
    script.write_text(f"exec {' '.join(command)} > {report}\n")
    first = measure.child(["/bin/sh", str(script)])
    return Published(places, first, json.loads(report.read_text()))


def rows(found: Published) -> list[Figure]:
    """The scoreboard's rows."""
    (audited,) = found.report["audits"]
    facts = found.report["kinds"]["bailleur"]["facts"]

    def row(what: str, measured: float, unit: str, target: str, met: bool) -> Figure:
        return Figure(f"{NAME}: {what}", 5, float(f"{measured:.4g}"), unit, None, None, None, target, met, COMMAND,
                      figures.today(), figures.commit())

    return [
        row(f"`geoservice publish`, wall time ({facts:,} facts counted, {audited['attackers'] - 1} organisations)",
            found.first.wall_s, "s", f"≤ {TARGET_S} s", found.first.wall_s <= TARGET_S),
        row("`geoservice publish`, processor time", found.first.cpu_s, "s", f"≤ {TARGET_S} s", found.first.cpu_s <= TARGET_S),
        row("small counts proven or narrower than 4, by anybody", audited["proven"] + audited["narrow"], "counts", "0",
            audited["proven"] + audited["narrow"] == 0),
        row("median relative error of shown counts of 20 facts and more", 100 * audited["error"], "%", "≤ 5 %",
            audited["error"] <= 0.05),
        row("facts shown over the published levels", 100 * audited["shown"], "%", "≥ 93 %", audited["shown"] >= 0.93),
        row("`geoservice territory create`, wall time", found.places.wall_s, "s", "reported", True),
    ]


def main() -> int:
    missing = worlds.paris_missing()
    if missing:
        print(missing, file=sys.stderr)
        return 1
    os.environ.pop("GEOSERVICE_DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        settings = prepare(Path(folder))
        print(f"prepared in {time.perf_counter() - start:.0f} s", flush=True)
        found = rows(run(settings))
    figures.save("publishing", found)
    print(figures.show(found))
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
