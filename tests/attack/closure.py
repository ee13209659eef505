"""A2: can anything be asked beyond the lattice? Every answer of a tape is opened; every number in it has to be a released one."""

from __future__ import annotations

import gzip
import json
import sqlite3
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from tests.attack.client import Answer, Client
from tests.attack.collecting import Ledger, Seen, read_csv, read_hours, read_values
from tests.attack.tape import Ask

REFUSED = frozenset((400, 401, 403, 404, 405, 406, 411, 415, 422))


@dataclass
class Result:
    """What a tape brought. taken: mutations that were answered; broken: statuses of 500 and more; unexplained: numbers that the
    crawl does not know, or knows otherwise."""

    asked: int = 0
    refused: int = 0
    numbers: int = 0
    taken: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, other: Result) -> None:
        """What another part of the tape brought."""
        for name in ("asked", "refused", "numbers"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.taken += other.taken
        self.broken += other.broken
        self.unexplained += other.unexplained
        self.statuses += other.statuses


class Ground:
    """Which places touch, from the outlines that the surface tells: hot spots add up what is shown around a place."""

    def __init__(self, client: Client, api: str) -> None:
        self.client, self.api = client, api
        self.held: dict[str, tuple[tuple[str, ...], np.ndarray, list[set[int]]]] = {}

    def expected(self, seen: Seen, told: dict[str, Any]) -> dict[str, int]:
        """The sum of the shown numbers of each place with dwellings and of those it touches."""
        names, homes, near = self._of(told["level"])
        node = [seen.ledger.told.get((told["level"], name, told["period"], told["group"])) for name in names]
        part = [value is not None and bool(lived) for value, lived in zip(node, homes, strict=True)]
        return {names[at]: sum(node[other] or 0 for other in near[at] if part[other]) for at in range(len(names)) if part[at]}

    def _of(self, level: str) -> tuple[tuple[str, ...], np.ndarray, list[set[int]]]:
        if level not in self.held:
            import shapely

            features = self.client.get(f"{self.api}/places/{level}").json()["features"]
            shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in features])
            near: list[set[int]] = [{at} for at in range(len(shapes))]
            if level.startswith("r"):
                for one, other in zip(*shapely.STRtree(shapes).query(shapes, "dwithin", 1e-5), strict=True):
                    near[int(one)].add(int(other))
            known = [feature["properties"] for feature in features]
            self.held[level] = (tuple(one["place"] for one in known), np.array([one["dwellings"] >= 1 for one in known]), near)
        return self.held[level]


def replay(client: Client, asks: Any, seen: Seen, ground: Ground | None = None) -> Result:
    """Send a tape and open its answers; `seen` is the crawl that they are compared with, and grows by what is new."""
    result = Result()
    for ask in asks:
        answer = ask.send(client)
        judge(ask, answer, seen, result)
        if ground is not None and answer.status == 200 and "/hotspots?" in ask.path:
            told = json.loads(gzip.decompress(answer.body) if answer.header("content-encoding") == "gzip" else answer.body)
            summed = ground.expected(seen, told)
            result.numbers += len(told["places"])
            result.unexplained += [f"hot spots of {place}: {value} by {ask.path}" for place, value in
                                   zip(told["places"], told.get("observed", ()), strict=True) if summed.get(place) != value]
    return result


def judge(ask: Ask, answer: Answer, seen: Seen, result: Result) -> None:
    """One answer."""
    result.asked += 1
    result.statuses[answer.status] += 1
    if answer.status >= 500:
        result.broken.append(f"{answer.status} {ask.path}")
    if answer.status in REFUSED:
        result.refused += 1
    elif ask.free and answer.status != 304:
        result.taken.append(f"{answer.status} {ask.method} {ask.path}")
    if answer.status == 200:
        book = Ledger()
        read(ask.path, answer, Seen(seen.manifest, seen.places, book))
        result.numbers += book.numbers
        for node, value in book.told.items():
            if seen.ledger.told.get(node, "unknown") != value:
                result.unexplained.append(f"{node}: {value} by {ask.path}")
                seen.ledger.note(node, value)
        result.unexplained += [f"{node}: two numbers in one answer" for node in book.conflicts]


def read(path: str, answer: Answer, into: Seen) -> None:
    """Every number of an answer, whatever its format."""
    body = gzip.decompress(answer.body) if answer.header("content-encoding") == "gzip" else answer.body
    parts = urlsplit(path)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    name = parts.path.rpartition("/")[2]
    if parts.path.startswith("/tiles/"):
        _tile(body, parts.path.split("/")[4], asked, into)
    elif name in READERS:
        READERS[name](body, into)
    elif parts.path.startswith("/p/"):
        _link(body, into)


def _values(body: bytes, into: Seen) -> None:
    read_values(into, json.loads(body))


def _hours(body: bytes, into: Seen) -> None:
    read_hours(into, json.loads(body))


def _trend(body: bytes, into: Seen) -> None:
    told = json.loads(body)
    for period, value in zip(told["periods"], told["values"], strict=True):
        into.ledger.note((told["level"], told["place"], period, told["group"]), value)


def _csv(body: bytes, into: Seen) -> None:
    read_csv(into, body)


def _geojson(body: bytes, into: Seen) -> None:
    _rows([feature["properties"] for feature in json.loads(body)["features"]], into)


def _gpkg(body: bytes, into: Seen) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gpkg"
        path.write_bytes(body)
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        _rows([dict(row) for row in database.execute("SELECT niveau, lieu, periode, groupe, faits FROM diffusion")], into)
        database.close()


def _rows(rows: list[dict[str, Any]], into: Seen) -> None:
    for row in rows:
        value = None if row["faits"] is None else int(row["faits"])
        into.ledger.note((row["niveau"], row["lieu"], row["periode"], row["groupe"]), value)


def _tile(body: bytes, level: str, asked: dict[str, str], into: Seen) -> None:
    import mapbox_vector_tile

    for layer in mapbox_vector_tile.decode(body).values():
        for feature in layer["features"]:
            known = feature["properties"]
            into.ledger.note((level, known["place"], asked["period"], asked["group"]), known.get("n"))


def _link(body: bytes, into: Seen) -> None:
    told = json.loads(body)
    for column in told["columns"]:
        for place, value in zip(told["places"], column["values"], strict=True):
            into.ledger.note((told["level"], place["place"], column["period"], column["group"]), value)


READERS = {"values": _values, "hours": _hours, "trend": _trend, "export.csv": _csv,
           "export.geojson": _geojson, "export.gpkg": _gpkg}
