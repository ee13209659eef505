"""What `tests.bench.decide` measures on: a team in Montpellier, and the large landlord with footprints of Bondy and levers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import geopandas
import numpy as np

from geoservice.catalog.layers import load
from geoservice.core import crs
from geoservice.operations import accounts, ingest, setup
from geoservice.operations import leverjournal as journal
from geoservice.operations.leverjournal import Wish
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from tests.bench import estate
from tests.core.siting.places import thrown, town

BUILDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "buildings"
MONTPELLIER, EPSG = "Montpellier, Pas du Loup", 2154
SEED, FACTS, CAMERAS, LEVERS = 34_007, 2_000, 30, 12
BONDY_BOX = (2.4765, 48.9045, 2.4915, 48.9155)  # 1.1 by 1.2 km, where there are 1,420 buildings of OpenStreetMap
END = estate.FIRST + timedelta(estate.DAYS)


@dataclass(frozen=True)
class Team:
    """A data folder, a token for it, and the parameters of its plan of cameras."""

    data: Path
    token: str
    plan: str


def montpellier(folder: Path) -> Team:
    """Buildings and roads of BD TOPO, and invented facts: two in three before façades, the others anywhere in the open."""
    settings = Settings(data=folder / "data")
    storage, catalog = setup.create(settings), load(None)
    accounts.create_organisation(storage, "etude")
    register = _register(folder / "registre.csv")
    for layer, path, owner in (("batiments", BUILDINGS / "montpellier_pasduloup_bdtopo_batiments.parquet", None),
                               ("voies", BUILDINGS / "montpellier_pasduloup_bdtopo_routes.parquet", None),
                               ("incidents", register, "etude")):
        ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), owner))
    token = accounts.create_token(storage, "mesure", "etude")
    storage.close()
    return Team(settings.data, token, _plan(_box(register), "commune"))


def _register(path: Path) -> Path:
    rng, ground = np.random.default_rng(SEED), town(MONTPELLIER)
    read = geopandas.read_parquet(BUILDINGS / "montpellier_pasduloup_bdtopo_batiments.parquet")
    before = [shape.buffer(3).exterior for shape in read.geometry]
    at = [edge.interpolate(share, normalized=True) for edge, share in zip(
        (before[row] for row in rng.integers(0, len(before), FACTS)), rng.random(FACTS), strict=True)]
    anywhere = np.array([(camera.x, camera.y) for camera in thrown(ground, FACTS, SEED)])
    x, y = np.where(rng.random(FACTS)[:, None] < 2 / 3, np.array([(each.x, each.y) for each in at]), anywhere).T
    lon, lat = crs.to_lonlat(x, y, EPSG)
    days, category = rng.integers(0, 365, FACTS), rng.choice(["VEH", "VOL", "DEG", "OCC"], FACTS)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("id", "date", "heure", "categorie", "lon", "lat"))
        out.writerows((row, (date(2025, 1, 1) + timedelta(int(days[row]))).isoformat(), f"{row % 24:02d}:30", category[row],
                       f"{lon[row]:.6f}", f"{lat[row]:.6f}") for row in range(FACTS))
    return path


def _box(register: Path) -> tuple[float, float, float, float]:
    with register.open(encoding="utf-8") as file:
        at = np.array([(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)])
    return (*at.min(axis=0).tolist(), *at.max(axis=0).tolist())


def _plan(box: tuple[float, float, float, float], operator: str) -> str:
    bbox = ",".join(f"{side:.5f}" for side in box)
    return urlencode({"kind": "bailleur", "bbox": bbox, "operator": operator, "cameras": CAMERAS})


def positions(many: int, seed: int) -> list[dict[str, str]]:
    """Places in the open of Montpellier where a camera could be put, and where it would look."""
    found = thrown(town(MONTPELLIER), many, seed)
    lon, lat = crs.to_lonlat(np.array([each.x for each in found]), np.array([each.y for each in found]), EPSG)
    return [{"lon": f"{lon[row]:.7f}", "lat": f"{lat[row]:.7f}", "azimuth": f"{each.azimuth_deg:.1f}"}
            for row, each in enumerate(found)]


def landlord(settings: Settings) -> tuple[Team, list[int]]:
    """The large landlord's folder with footprints of Bondy and levers, each locked on its eve; their numbers."""
    storage, catalog = setup.open_storage(settings), load(None)
    (owner,) = accounts.organisations(storage)
    for layer, name in (("batiments", "bondy_osm_batiments.parquet"), ("voies", "bondy_osm_voies.parquet")):
        ingest.run(storage, catalog, ingest.ImportRequest(layer, (BUILDINGS / name,)))
    reader = open_reader(storage, catalog, accounts.viewer_of_organisation(storage, owner, "mesure"))
    numbers = []
    for row in range(LEVERS):
        since = END - timedelta(400 - 20 * row)
        eve = since - timedelta(1)
        wish = Wish("eclairage", "bailleur", since.isoformat(), f"R{7 + 400 * row:05d}", ("DEG", "OCC"), cost="48000",
                    months_before="24")
        numbers.append(journal.plan(reader, wish, eve))
        journal.lock(reader, numbers[-1], eve)
    token = accounts.create_token(storage, "decider", owner)
    storage.close()
    return Team(settings.data, token, _plan(BONDY_BOX, "bailleur")), numbers
