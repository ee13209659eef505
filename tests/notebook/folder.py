"""A data folder small enough to count by hand, with names that would run as script if anything took them for markup."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geoservice.catalog.rows import AGGREGATE, FACT, FEATURE
from geoservice.core import grid
from geoservice.operations import accounts, indexing, setup
from geoservice.settings import Settings
from geoservice.storage import facts, features, imports
from geoservice.storage.facts import Owner
from geoservice.storage.store import Storage

WEST, SOUTH = 2.480, 48.900
DAY = (date(2024, 3, 1) - date(1970, 1, 1)).days
# one string for every context a page has: element, attribute, script, template literals of JavaScript and of Jinja
POLYGLOT = ("'\"`--></style></title></textarea></script><script>alert(1)</script><img src=x onerror=alert(2)>"
            "<svg/onload=alert(3)>${alert(4)}{{7*7}}{% raw %}\\u003cscript\\u003e\u2028&lt;b&gt;")
NAMES = {"QN09300A": "Les Lilas & Co", "QN09300B": POLYGLOT}


@dataclass(frozen=True)
class Folder:
    """A data folder, a token of « habitat » and one of « voisin »."""

    path: Path
    token: str
    other: str


def make(path: Path) -> Folder:
    """Ten facts of a landlord at three places (6, 3, 1), one without a point; four open ones of the city; another landlord's."""
    storage = setup.create(Settings(data=path))
    for code in ("habitat", "voisin"):
        accounts.create_organisation(storage, code)
    owners = accounts.organisations(storage)
    places = [(WEST, SOUTH)] * 6 + [(WEST + 0.01, SOUTH)] * 3 + [(WEST + 0.02, SOUTH + 0.01)] + [None]
    _facts(storage, owners["habitat"], "bailleur", places)
    _facts(storage, owners["voisin"], "bailleur", [(WEST + 0.03, SOUTH)] * 5)
    _facts(storage, 0, "ville", [(WEST, SOUTH)] * 4)
    _zones(storage)
    _aggregates(storage)
    indexing.refresh(storage)
    tokens = [accounts.create_token(storage, "analyste", code) for code in ("habitat", "voisin")]
    storage.close()
    return Folder(path, *tokens)


def _facts(storage: Storage, organisation_id: int, kind: str, places: list[tuple[float, float] | None]) -> None:
    rows = [_fact(number, kind, place) for number, place in enumerate(places)]
    with storage.write() as connection:
        owner = Owner(organisation_id, imports.source_id(connection, "incidents", "test"), 1)
        assert facts.write(connection, owner, rows, None).accepted == len(rows)
        imports.touch(connection, "incidents", organisation_id)


def _fact(number: int, kind: str, place: tuple[float, float] | None) -> tuple:
    lon, lat = place or (None, None)
    cell = 0 if place is None else int(grid.index(np.array([lon]), np.array([lat]))[0])
    row = dict.fromkeys(FACT) | {
        "key": str(number), "content": bytes(16), "seen": 1, "line": number, "day": DAY + number,
        "minute": 60 * number if number else None,
        "category": "SAL" if number % 2 else "DEG", "kind": kind, "nature": "gardien", "gravity": 1 + number % 4, "lon": lon,
        "lat": lat, "cell": cell, "residence": "R1", "complaint": 0, "placement": "coordonnees" if place else "residence"}
    return tuple(row[name] for name in FACT)


def _zones(storage: Storage) -> None:
    boxes = {"QN09300A": (WEST - 0.004, SOUTH - 0.004, WEST + 0.004, SOUTH + 0.004),
             "QN09300B": (WEST + 0.006, SOUTH - 0.004, WEST + 0.014, SOUTH + 0.004)}
    _features(storage, "qpv", {key: (NAMES[key], "2024", shapely.box(*box), {}) for key, box in boxes.items()})
    _features(storage, "patrimoine", {"R1": (POLYGLOT, "", shapely.Point(WEST, SOUTH), {
        "gestionnaire": POLYGLOT, "logements": 42, "name": "une propriété qui porte un nom pris"})})


def _features(storage: Storage, layer: str, values: dict[str, tuple]) -> None:
    assert FEATURE == ("key", "generation", "name", "content", "geometry", "west", "south", "east", "north", "properties")
    rows = [(key, generation, name, key.encode().ljust(16, b"0"), shapely.to_wkb(shape), *shape.bounds, json.dumps(more))
            for key, (name, generation, shape, more) in values.items()]
    with storage.write() as connection:
        owner = Owner(0, imports.source_id(connection, layer, "test"), 1)
        features.write(connection, features.features_of(layer, owner), 1, rows)
        imports.touch(connection, layer, 0)


def _aggregates(storage: Storage) -> None:
    published = {"zone": "93055", "zone_name": "Pantin", "level": "commune", "period": "2024", "indicator": "Vols",
                 "unit": "victime"}
    rows = [published | {"count": 12, "withheld": 0, "rate": 0.2, "content": bytes(16)},
            published | {"indicator": "Coups", "count": None, "withheld": 1, "content": bytes(15) + b"1"}]
    with storage.write() as connection:
        owner = Owner(0, imports.source_id(connection, "aggregates", "test"), 1)
        features.write(connection, features.aggregates_of(owner), 1, [tuple(row.get(name) for name in AGGREGATE) for row in rows])
        imports.touch(connection, "aggregates", 0)
