"""One hostile file: what it is called, how its bytes are made, and what must become of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

Build = Callable[[Path, Random], None]

ROWS = 5
HEADER = "identifiant;date;heure;type;longitude;latitude"


@dataclass(frozen=True)
class Case:
    """`name` names the attack and `file` the file; `good` lines must land whatever stands beside them.

    `refused` True: exit 2 with a sentence; False: exit 0; None: either, so long as it is one of the two.
    `rejects` is the least number of lines named with a reason. `quick` cases are part of the short run.
    """

    name: str
    file: str
    build: Build
    layer: str = "incidents"
    good: int = 0
    rejects: int = 0
    refused: bool | None = None
    quick: bool = False
    source: str | None = None

    @property
    def family(self) -> str:
        return self.name.split(":")[0]


def bytes_case(name: str, file: str, content: bytes | str | Callable[[], bytes | str], **also: object) -> Case:
    """A case of these bytes; heavy ones are a function, called when the case runs."""
    return Case(name, file, lambda path, _random: _write(path, content() if callable(content) else content), **also)  # type: ignore[arg-type]


def _write(path: Path, content: bytes | str) -> None:
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)


def row(number: int, **also: str) -> str:
    """A good line of a landlord's register, with some fields replaced."""
    fields = {
        "identifiant": f"F{number}",
        "date": f"{1 + number % 28:02}/03/2025",
        "heure": "22:15",
        "type": "tag",
        "longitude": f"{2.44 + number / 1000:.4f}",
        "latitude": "48.9000",
        **also,
    }
    return ";".join(fields[name] for name in HEADER.split(";"))


def table(*bad: str, header: str = HEADER) -> str:
    """Good lines around bad ones."""
    good = [row(number) for number in range(ROWS)]
    return "\n".join([header, *good[:3], *bad, *good[3:]]) + "\n"


def zone(number: int, geometry: object = None, **properties: object) -> dict[str, object]:
    """A GeoJSON district, good unless told otherwise."""
    west = 2.30 + number / 100
    ring = [[west, 48.80], [west + 0.008, 48.80], [west + 0.008, 48.808], [west, 48.808], [west, 48.80]]
    return {
        "type": "Feature",
        "properties": {"code_qp": f"QN0{number:05}M", "lib_qp": f"Quartier {number}", **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring]} if geometry is None else geometry,
    }


def zones(*bad: object, **top: object) -> str:
    """A collection of three good districts and the bad ones."""
    features = [zone(0), zone(1), *bad, zone(2)]
    return json.dumps({"type": "FeatureCollection", **top, "features": features})


def numbered(cases: Iterator[Case]) -> list[Case]:
    """A list without two cases of one name."""
    found = list(cases)
    names = [case.name for case in found]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    return found
