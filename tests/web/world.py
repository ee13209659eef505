"""A small world imported through the real door: open facts of a city, and two landlords who must never see each other.

The second landlord, `plaine`, is the canary: its facts lie in a part of town of their own, and everything it names says CANARI.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings

CITY, RIVES, PLAINE = (2.350, 48.860), (2.450, 48.900), (2.250, 48.800)
CITY_FACTS, RIVES_FACTS, PLAINE_FACTS, RIVES_AGP = 3_000, 900, 700, 40
CANARY = "CANARI"
_TYPES = ("tag", "squat de hall", "dépôt sauvage", "tapage")


@dataclass(frozen=True)
class World:
    """The data folder's settings and a token of each landlord."""

    settings: Settings
    rives: str
    plaine: str


def build(folder: Path) -> World:
    """Write the files, import them, and hand out the tokens."""
    settings = Settings(data=folder / "data")
    storage, catalog = setup.create(settings), load()
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
    tokens = [accounts.create_token(storage, "essai", code) for code in ("rives", "plaine")]
    for layer, organisation, file in _files(folder):
        source = {"ville.csv": "dans-ma-rue", "qp2015.geojson": "qp2015", "qp2024.geojson": "qp2024"}.get(file.name)
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (file,), organisation, source))
        assert report.accepted == report.lines > 0, report.as_json()
    storage.close()
    return World(settings, *tokens)


def _files(folder: Path) -> list[tuple[str, str, Path]]:
    return [
        (
            "qpv",
            "rives",
            _qpv(folder / "qp2015.geojson", {"CODE_QP": "QP075001", "NOM_QP": "Ancien", "COMMUNE_QP": "Paris"}, 0.02),
        ),
        (
            "qpv",
            "rives",
            _qpv(
                folder / "qp2024.geojson",
                {"code_qp": "QN07501M", "lib_qp": "Nouveau", "insee_dep": "75", "insee_com": "75056", "lib_com": "Paris"},
                0.01,
            ),
        ),
        ("patrimoine", "rives", _residences(folder / "patrimoine-rives.csv", "R", RIVES)),
        ("patrimoine", "plaine", _residences(folder / "patrimoine-plaine.csv", CANARY, PLAINE)),
        ("incidents", "rives", _city(folder / "ville.csv")),
        ("incidents", "rives", _landlord(folder / "rives.csv", "R", RIVES, (RIVES_FACTS, RIVES_AGP))),
        ("incidents", "plaine", _landlord(folder / "plaine.csv", CANARY, PLAINE, (PLAINE_FACTS, 0))),
    ]


def _scattered(middle: tuple[float, float], number: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(middle, (0.02, 0.012), (number, 2)).round(6)


def _qpv(path: Path, properties: dict[str, str], half: float) -> Path:
    (lon, lat) = CITY
    ring = [[lon + x * half, lat + y * half] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def _residences(path: Path, code: str, middle: tuple[float, float]) -> Path:
    rows = [f"{code}-{n};Résidence {code} {n};12;{middle[0] + n / 1000};{middle[1]}" for n in range(3)]
    path.write_text("\n".join(["code_residence;nom_residence;nb_logements;longitude;latitude", *rows]))
    return path


def _city(path: Path) -> Path:
    rows = [
        f"G{n};Graffitis;Graffitis sur mur;{1 + n % 28:02}/{1 + n % 12:02}/2024;\"{{'lon': {lon}, 'lat': {lat}}}\""
        for n, (lon, lat) in enumerate(_scattered(CITY, CITY_FACTS, 1).tolist())
    ]
    path.write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows]))
    return path


def _landlord(path: Path, code: str, middle: tuple[float, float], numbers: tuple[int, int]) -> Path:
    placed, assaults = numbers
    rows = [
        f"{code}{n};{1 + n % 28:02}/{1 + n % 12:02}/2024;{n % 24:02}:15;{_TYPES[n % 4]};{code}-{n % 3};{lon};{lat}"
        for n, (lon, lat) in enumerate(_scattered(middle, placed, 2).tolist())
    ]
    rows += [
        f"{code}A{n};{1 + n % 28:02}/05/2024;10:00;agression du gardien;{code}-0;{middle[0]};{middle[1]}" for n in range(assaults)
    ]
    path.write_text("\n".join(["identifiant;date;heure;type;code_residence;longitude;latitude", *rows]))
    return path
