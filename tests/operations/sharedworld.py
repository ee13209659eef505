"""A commune with three landlords that publish together, brought in through the real import: a release takes a moment."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np

from geoservice.catalog.layers import load
from geoservice.operations import accounts, agreements, audit, ingest, publishing, setup, territories
from geoservice.operations.publishing_facts import month_of
from geoservice.operations.setup import Storage
from geoservice.settings import Settings
from geoservice.types import Category, Role, Viewer

WEST, SOUTH, STEP = 3.05, 50.62, 0.0028  # squares of about 200 m
SIDE = 8
COMMUNE, OTHER, QPV = "59350", "59009", "QN05901M"
LANDLORDS = ("rives", "plaine", "monts")
CITY = "cite"
WORDS = ("tag", "squat de hall", "dépôt sauvage", "tapage")
FACTS = 1_500  # of each landlord, from January 2025 to October 2026
CODE = "lys"
TODAY = date(2026, 10, 20)  # September 2026 is the last closed month
SINCE, UNTIL = date(2025, 1, 1), date(2027, 1, 1)
PLATFORM = Viewer(0, "plateforme", audit.COMMAND, audit.COMMAND, role=Role.PLATFORM_ADMIN)


def build(folder: Path) -> Settings:
    """A data folder with places, households, facts of three landlords and open facts; nothing agreed or published yet."""
    settings = Settings(data=folder / "data")
    storage = setup.create(settings)
    for code in (*LANDLORDS, CITY):
        accounts.create_organisation(storage, code)
    _take(storage, "limites", _communes(folder / "limites.geojson"), CITY)
    _take(storage, "qpv", _quarter(folder / "qpv.geojson"), CITY)
    _take(storage, "menages", squares(folder / "menages.geojson"), CITY)
    _take(storage, "logements-sociaux", _social(folder / "social.csv"), CITY)
    for number, code in enumerate(LANDLORDS):
        _take(storage, "halls", _halls(folder / f"halls-{code}.csv"), code)
        _take(storage, "incidents", register(folder / f"{code}.csv", number + 1, FACTS), code)
    storage.close()
    return settings


def _take(storage: Storage, layer: str, file: Path, organisation: str) -> None:
    report = ingest.run(storage, load(), ingest.ImportRequest(layer, (file,), organisation))
    assert report.accepted == report.lines > 0, report.as_json()


def late(storage: Storage, file: Path, organisation: str, months: tuple[str, ...], seed: int = 99, count: int = 60) -> None:
    """Facts that come after everything, for given months; the ids are new."""
    _take(storage, "incidents", register(file, seed, count, months), organisation)


def agree(storage: Storage, givers: tuple[str, ...] = LANDLORDS, **other: object) -> list[int]:
    """Each giver lets the city open its facts of the commune; numbers of the agreements."""
    values = {"zone": f"commune:{COMMUNE}", "categories": agreements.SHAREABLE, "since": SINCE, "until": UNTIL, "opener": CITY}
    return [agreements.agree(storage, admin(storage, code), agreements.Terms(**{**values, **other})) for code in givers]


def territory(storage: Storage, **other: object) -> territories.Territory:
    """The commune as a territory that publishes what landlords know."""
    terms = territories.Terms(**{"volumes": {"bailleur": 2_000}, **other})
    return territories.create(storage, PLATFORM, territories.Plan(CODE, "Pays du Lys", (COMMUNE,), terms))


def publish(storage: Storage, until: str | None = None, **other: object) -> publishing.Outcome:
    """Publish from January 2025 to a month (None: the last closed one)."""
    last = None if until is None else month(until)
    return publishing.publish(storage, PLATFORM, publishing.Wish(**{
        "territory": CODE, "today": TODAY, "first": month("2025-01"), "until": last, **other}))


def month(text: str) -> int:
    """Months since 1970-01 of 2025-03."""
    return month_of(date.fromisoformat(f"{text}-01"))


def admin(storage: Storage, code: str) -> Viewer:
    """The administrator of an organisation."""
    return Viewer(accounts.organisations(storage)[code], code, code, audit.COMMAND, role=Role.ORG_ADMIN)


# --- files


def _ring(west: float, south: float, east: float, north: float) -> list:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def _geojson(path: Path, features: list[tuple[dict, list]]) -> Path:
    found = [{"type": "Feature", "properties": known, "geometry": {"type": "Polygon", "coordinates": ring}}
             for known, ring in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    return path


def _communes(path: Path) -> Path:
    east, north = WEST + SIDE * STEP, SOUTH + SIDE * STEP * 0.64
    return _geojson(path, [
        ({"insee": COMMUNE, "nomcom": "Lys-la-Belle", "numdep": "59"}, _ring(WEST, SOUTH, east, north)),
        ({"insee": OTHER, "nomcom": "Lys-le-Vieux", "numdep": "59"}, _ring(east, SOUTH, east + SIDE * STEP, north))])


def _quarter(path: Path) -> Path:
    return _geojson(path, [({"code_qp": QPV, "lib_qp": "Les Iris", "insee_dep": "59", "insee_com": COMMUNE, "lib_com": "Lys"},
                            _ring(WEST + STEP, SOUTH + STEP * 0.64, WEST + 4 * STEP, SOUTH + 4 * STEP * 0.64))])


def squares(path: Path) -> Path:
    """Households of both communes; the fourth column of squares is a park."""
    rng = np.random.default_rng(5)
    found = []
    for x in range(2 * SIDE):
        for y in range(SIDE):
            if x != 3:
                west, south = WEST + x * STEP, SOUTH + y * STEP * 0.64
                found.append(({"idcar_200m": f"C{x}-{y}", "men": int(rng.integers(20, 150)), "i_est_200": 0},
                              _ring(west, south, west + STEP, south + STEP * 0.64)))
    return _geojson(path, found)


def _social(path: Path) -> Path:
    rows = [f"{number} rue du Lys;{10 + number};{WEST + STEP * (0.5 + number % 3)};{SOUTH + STEP * 0.32 * (1 + number % 5)}"
            for number in range(12)]
    path.write_text("adresse;logements_sociaux;lon;lat\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def _halls(path: Path) -> Path:
    path.write_text(f"code;residence;lon;lat\nA;R1;{WEST + STEP};{SOUTH + STEP}\nA;R2;{WEST + 2 * STEP};{SOUTH + STEP}\n"
                    f"B;R1;{WEST + STEP * 1.1};{SOUTH + STEP}\n")
    return path


def register(path: Path, seed: int, count: int, months: tuple[str, ...] = ()) -> Path:
    """A landlord's list: facts around six places, two of them shared by all, with a few assaults on staff."""
    rng = np.random.default_rng(seed)
    own = np.random.default_rng(seed % 10).random((4, 2))
    centres = np.vstack([[[0.3, 0.3], [0.7, 0.6]], own]) * (SIDE * STEP, SIDE * STEP * 0.64) + (WEST, SOUTH)
    at = centres[rng.choice(6, count, p=(0.3, 0.3, 0.1, 0.1, 0.1, 0.1))] + rng.normal(0, 0.0008, (count, 2))
    first = np.datetime64("2025-01-01")
    days = first + rng.integers(0, 669, count)
    if months:
        days = np.array([np.datetime64(f"{months[place % len(months)]}-{1 + place % 28:02d}") for place in range(count)])
    words = rng.choice([*WORDS, str(Category.AGP)], count, p=(0.3, 0.2, 0.3, 0.15, 0.05))
    hours = [f"{hour:02d}:10" if hour < 18 else "" for hour in rng.integers(0, 24, count)]
    rows = [f"F{seed}-{n};R1;{'B' if n % 40 == 0 else ''};{day};{hour};{word};{lon:.6f};{lat:.6f}"
            for n, (day, hour, word, (lon, lat)) in enumerate(zip(days.astype(str), hours, words, at.tolist(), strict=True))]
    path.write_text("id;code_residence;hall;date;heure;categorie;lon;lat\n" + "\n".join(rows) + "\n", "utf-8")
    return path
