"""A large landlord: 5,000 residences with five halls each and 500,000 facts of five years, imported by the real import."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from geoservice.types import Category, Nature, Place

SEED = 20_261
RESIDENCES, HALLS, FACTS = 5_000, 5, 500_000
FIRST, DAYS = date(2021, 11, 1), 1_826
CATEGORIES = [word for word in Category if word not in (Category.AGP, Category.AUT)]
NATURES = [Nature.GARDIEN, Nature.RECLAMATION, Nature.AGENT_SECURITE, Nature.MAIN_COURANTE]


def write(folder: Path, residences: int = RESIDENCES, facts: int = FACTS, seed: int = SEED) -> tuple[Path, Path, Path]:
    """The three files of the landlord: residences, halls, facts. Facts are gamma–Poisson by residence, as registers are."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lon, lat = rng.uniform(2.05, 2.70, residences), rng.uniform(48.70, 49.05, residences)
    dwellings = rng.integers(20, 240, residences)
    weight = rng.gamma(0.8, 1.0, residences) * dwellings
    codes = [f"R{number:05d}" for number in range(residences)]
    paths = folder / "residences.csv", folder / "halls.csv", folder / "faits.csv.gz"
    with paths[0].open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(("code_residence", "nom", "nb_logements", "annee_construction", "lon", "lat"))
        out.writerows((code, f"Résidence {row}", int(dwellings[row]), 1955 + row % 50, f"{lon[row]:.6f}", f"{lat[row]:.6f}")
                      for row, code in enumerate(codes))
    with paths[1].open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(("code", "residence", "lon", "lat", "traversant", "digicode", "eclairage"))
        out.writerows((f"{code}-{hall}", code, f"{lon[row] + 0.0002 * hall:.6f}", f"{lat[row]:.6f}", "oui" if hall % 2 else "non",
                       "non", "bon") for row, code in enumerate(codes) for hall in range(HALLS))
    _write_facts(paths[2], rng, codes, weight / weight.sum(), facts)
    return paths


def _write_facts(path: Path, rng: np.random.Generator, codes: list[str], share: np.ndarray, facts: int) -> None:
    rows = rng.choice(len(codes), facts, p=share)
    days, halls = rng.integers(0, DAYS, facts), rng.integers(0, HALLS + 1, facts)
    hours, complaints = rng.integers(0, 24, facts), rng.integers(0, 3, facts)
    category, nature = rng.integers(0, len(CATEGORIES), facts), rng.integers(0, len(NATURES), facts)
    calendar = [(FIRST + timedelta(day)).isoformat() for day in range(DAYS)]
    with gzip.open(path, "wt", newline="", encoding="utf-8", compresslevel=1) as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(("id", "date", "heure", "categorie", "canal", "gravite", "lieu", "residence", "hall", "plainte", "cout"))
        out.writerows((number, calendar[days[number]], f"{hours[number]:02d}:00", CATEGORIES[category[number]],
                       NATURES[nature[number]], 1 + number % 4, Place.HALL if halls[number] else Place.COUR, codes[row],
                       f"{codes[row]}-{halls[number] - 1}" if halls[number] else "", ("oui", "non", "")[complaints[number]],
                       100 * (number % 7)) for number, row in enumerate(rows.tolist()))
