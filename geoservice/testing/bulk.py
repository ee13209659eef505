"""Many synthetic facts over Île-de-France, for benchmarks: a quarter uniform, the rest in Pareto-sized clusters.

Facts come in blocks of BLOCK, each from its own generator, so any number can be made in bounded memory and the first facts
are the same whatever the number. No AGP: a fact without a residence cannot hold one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoservice.types import UNKNOWN_HOUR, Box, Category, Nature, Place, code_of

REGION = Box(1.45, 48.12, 3.55, 49.24)
PARIS = (2.35, 48.86)
FIRST_DAY, DAYS = 18_932, 1_826  # 2021-11-01, five years
CLUSTERS = 4_000
UNIFORM = 0.25
BLOCK = 131_072
Columns = dict[str, NDArray]

CATEGORIES = {Category.OCC: 20, Category.TRF: 6, Category.DEG: 22, Category.VEH: 9, Category.SAL: 24, Category.BRU: 9,
              Category.ANI: 2, Category.AGL: 1, Category.VOL: 3, Category.TEC: 3, Category.AUT: 1}
HOURS = np.array([6, 4, 3, 2, 1, 1, 1, 2, 4, 5, 5, 4, 4, 4, 4, 5, 5, 6, 7, 8, 9, 9, 9, 8], dtype=float)
NO_HOUR, NO_GRAVITY, NO_PLACE = 0.15, 0.10, 0.08


def fact_blocks(n: int, seed: int) -> Iterator[Columns]:
    """The facts of `facts` in blocks of at most BLOCK."""
    centres = clusters(seed)
    for start in range(0, n, BLOCK):
        block = one_block(np.random.default_rng([seed, 1 + start // BLOCK]), centres)
        yield {k: v[: n - start] for k, v in block.items()}


def facts(n: int, seed: int = 1) -> Columns:
    """n facts as columns: `lon, lat` degrees (f8), `day` days since 1970-01-01 (u2), `hour` (u1, 255 unknown), and u1 codes
    (position in the closed list + 1, 0 unknown) `category, nature, gravity, place`. 23 bytes a fact."""
    found = list(fact_blocks(n, seed)) or [{k: v[:0] for k, v in next(fact_blocks(1, seed)).items()}]
    return {k: np.concatenate([b[k] for b in found]) for k in found[0]}


def clusters(seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """Centres (degrees), radii (metres) and cumulative weights of the clusters, denser towards Paris."""
    rng = np.random.default_rng([seed, 0])
    centre = np.array(PARIS) + rng.standard_t(2.5, (CLUSTERS, 2)) * (0.16, 0.10)
    low, high = (REGION.west + 0.01, REGION.south + 0.01), (REGION.east - 0.01, REGION.north - 0.01)
    outside = ((centre < low) | (centre > high)).any(axis=1)
    centre[outside] = rng.uniform(low, high, (int(outside.sum()), 2))
    weight = np.cumsum(rng.pareto(1.16, CLUSTERS) + 1)
    return centre, rng.lognormal(np.log(90), 0.6, CLUSTERS), weight / weight[-1]


def one_block(rng: np.random.Generator, centres: tuple[NDArray, NDArray, NDArray]) -> Columns:
    middle, radius, weight = centres
    which = np.searchsorted(weight, rng.random(BLOCK), side="right").clip(0, CLUSTERS - 1)
    metres = rng.standard_normal((BLOCK, 2)) * radius[which, None]
    point = middle[which] + metres / (111_320.0 * np.cos(np.radians(PARIS[1])), 111_320.0)
    scattered = rng.uniform((REGION.west, REGION.south), (REGION.east, REGION.north), (BLOCK, 2))
    point = np.where((rng.random(BLOCK) < UNIFORM)[:, None], scattered, point)
    point = np.round(point.clip((REGION.west, REGION.south), (REGION.east, REGION.north)), 7)
    day = FIRST_DAY + rng.integers(0, DAYS, BLOCK)
    return {"lon": point[:, 0].copy(), "lat": point[:, 1].copy(), "day": day.astype(np.uint16),
            "hour": hidden(choose(rng, HOURS).astype(np.uint8), NO_HOUR, UNKNOWN_HOUR, rng),
            "category": coded(list(CATEGORIES), list(CATEGORIES.values()), rng),
            "nature": coded(list(Nature), [8, 3, 1, 4, 3, 1, 1, 1, 1, 1], rng),
            "gravity": hidden(1 + choose(rng, np.array([4.0, 4, 3, 1])).astype(np.uint8), NO_GRAVITY, 0, rng),
            "place": hidden(coded(list(Place), [1] * len(Place), rng), NO_PLACE, 0, rng)}


def choose(rng: np.random.Generator, weights: NDArray) -> NDArray:
    total = np.cumsum(weights)
    return np.searchsorted(total, rng.random(BLOCK) * total[-1], side="right").clip(0, len(weights) - 1)


def coded(members: list, weights: list[float], rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.array([code_of(m) for m in members], dtype=np.uint8)[choose(rng, np.array(weights, dtype=float))]


def hidden(values: NDArray, share: float, nothing: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.where(rng.random(len(values)) < share, nothing, values).astype(np.uint8)


def write_facts_csv(path: Path, n: int, seed: int = 1) -> Path:
    """Writes `facts(n, seed)` as a landlord's CSV: `id;date;heure;categorie;nature;gravite;lieu;lon;lat`, ISO dates, one block
    of rows in memory at a time. About a second per million rows."""
    import pyarrow as pa
    from pyarrow import csv

    path = Path(path)
    options = csv.WriteOptions(include_header=False, delimiter=";", quoting_style="none")
    with path.open("wb") as out:
        out.write(b"id;date;heure;categorie;nature;gravite;lieu;lon;lat\n")
        first = 1
        for block in fact_blocks(n, seed):
            csv.write_csv(pa.table(text_columns(block, first)), out, options)
            first += len(block["day"])
    return path


def text_columns(block: Columns, first: int) -> dict[str, object]:
    """The columns of the CSV: words for codes, empty for unknown; minutes follow from the position, so there is no other draw."""
    import pyarrow as pa

    size = len(block["day"])
    rank = np.arange(first, first + size)
    clock = [f"{h:02d}:{m:02d}" for h in range(24) for m in range(0, 60, 5)] + [""]
    minute = np.where(block["hour"] == UNKNOWN_HOUR, len(clock) - 1, block["hour"].astype(int) * 12 + rank * 7 % 12)
    words = {"categorie": ("category", ["", *Category]), "nature": ("nature", ["", *Nature]),
             "gravite": ("gravity", ["", "1", "2", "3", "4"]), "lieu": ("place", ["", *Place])}

    def taken(texts: list[str], codes: NDArray) -> object:
        return pa.array([str(t) for t in texts]).take(pa.array(codes))

    columns = {name: taken(texts, block[column]) for name, (column, texts) in words.items()}
    return {"id": pa.array(rank), "date": pa.array(block["day"].astype(np.int32), pa.int32()).cast(pa.date32()),
            "heure": taken(clock, minute), "categorie": columns["categorie"], "nature": columns["nature"],
            "gravite": columns["gravite"], "lieu": columns["lieu"], "lon": pa.array(block["lon"]), "lat": pa.array(block["lat"])}
