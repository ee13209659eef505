"""A landlord's register whose every line's fate is known beforehand: new, a new version, a repetition, or unusable."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geoservice.testing import write_facts_csv

NEW, VERSION, REPEATED, BAD = "accepted", "updated", "duplicates", "rejected"
MAPPING = """kind = "bailleur"
access = "organisation"
required = ["date", "category", "lon", "lat"]
[columns]
key = ["id"]
date = ["date"]
time = ["heure"]
category = ["categorie"]
nature = ["nature"]
gravity = ["gravite"]
place = ["lieu"]
lon = ["lon"]
lat = ["lat"]
"""


@dataclass(frozen=True)
class Register:
    """A file, its mapping, and for each line its fate and its key."""

    path: Path
    mapping: Path
    fates: tuple[str, ...]
    keys: tuple[str, ...]

    def counters(self, lines: int) -> dict[str, int]:
        """What an import must count once it has read `lines` lines."""
        read = self.fates[:lines]
        return {"lines": len(read), "unchanged": 0, **{fate: read.count(fate) for fate in (NEW, VERSION, REPEATED, BAD)}}

    def keys_of(self, lines: int) -> set[str]:
        """The facts there must be once `lines` lines were read."""
        return {key for key, fate in zip(self.keys[:lines], self.fates[:lines], strict=True) if fate == NEW}


def write(folder: Path, facts: int, seed: int) -> Register:
    """About 1.06 × `facts` lines; the same seed gives the same bytes."""
    plain = write_facts_csv(folder / "plain.csv", facts, seed)
    header, *lines = plain.read_text(encoding="utf-8").splitlines()
    told = list(_told(lines, random.Random(seed)))
    path, mapping = folder / "registre.csv", folder / "correspondance.toml"
    path.write_text("\n".join([header, *(line for line, _ in told)]) + "\n", encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    plain.unlink()
    return Register(path, mapping, tuple(fate for _, fate in told), tuple(line.partition(";")[0] for line, _ in told))


def _told(lines: list[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        yield line, NEW
        earlier = lines[rng.randrange(number + 1)]
        draw = rng.random()
        if draw < 0.02:
            yield earlier, REPEATED
        elif draw < 0.04:
            yield _bad(line, rng), BAD
        elif draw < 0.06:
            key, day, hour, *rest = line.split(";")
            yield ";".join([key, day, hour, *rest[:-1], f"{float(rest[-1]) + 0.0001:.7f}"]), VERSION


def _bad(line: str, rng: random.Random) -> str:
    key, day, hour, category, *rest, lon, lat = line.split(";")
    broken = rng.choice([[key, "31/02/2024", hour, category, *rest, lon, lat], [key, day, hour, "INVENTÉ", *rest, lon, lat],
                         [key, day, hour, category, *rest, lat, lon], [key, day, hour, category, *rest, "nan", lat]])
    return ";".join(broken)
