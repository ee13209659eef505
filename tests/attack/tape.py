"""Requests at random, of somebody who wants more than is published: addresses of the surface, and mutations of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np

from tests.attack.client import Answer, Client, Headers
from tests.attack.collecting import STEPS, Seen

FREE = {  # what would open free questions, if it were taken
    "from": "2025-01-05", "to": "2025-01-09", "start": "2025-01-05", "since": "2025-02-03", "date": "2025-03-14",
    "days": "7", "hour": "8", "bbox": "3.05,50.62,3.06,50.63", "zone": "POLYGON((3 50,3.1 50,3.1 50.1,3 50))",
    "polygon": "[[3,50],[3.1,50],[3.1,50.1]]", "point": "3.05,50.62", "radius": "100", "organisation": "1", "org": "1",
    "exclude": "1", "owner": "1", "category": "SAL", "categories": "SAL,DEG", "resolution": "12", "cell": "8a1fb46622dffff",
    "zoom": "18", "limit": "1", "offset": "1", "sort": "count", "fields": "organisation", "debug": "1", "raw": "1",
    "where": "1=1",
    "format": "facts", "revision": "0", "issue": "1", "release": "0", "callback": "x", "kde": "1", "bandwidth": "50"}
PERIODS = ("2025-01-05", "2025-W03", "2025-S1", "2025-01..2025-03", "2025-01,2025-02", "all", "2025-D1", "2025-H06", "ytd", "*",
           "2025-13", "2025-Q5", "1999", "20250105", "2025-01-01/2025-01-07", "-1", "nan", "", "2024-02-30", "２０２５")
LEVELS = ("r6", "r10", "r11", "r12", "atom", "hall", "residence", "building", "organisation", "*", "R8", "r8,r9", "", "qpv2015")
GROUPS = ("group:all", "category:AGP", "group:agp", "category:SAL,category:DEG", "not:SAL", "all-SAL", "*", "organisation:1", "",
          "category:sal")
PLACES = ("8a1fb46622dffff", "hall:1", "*", "", "commune:00000,commune:00001", "qpv2024:QN99999", "../places", "0", "-1")
_FORMS = ("csv", "geojson")
_QUESTIONS = ("values", "trend", "hours", "changes", "hotspots", "export", "tile", "public", "svg", "gpkg")
_WEIGHTS = np.array([30, 30, 12, 5, 2, 3, 6, 10, .3, .1])


@dataclass(frozen=True)
class Ask:
    """One request. free: a mutation that no published answer is behind; it has to be refused."""

    path: str
    free: bool = False
    headers: Headers = ()
    method: str = "GET"

    def send(self, client: Client) -> Answer:
        return client.get(self.path, headers=self.headers, method=self.method)


class Tape:
    """An endless row of requests about one territory, from a seed. Needs a crawl, for what can be asked at all."""

    def __init__(self, seen: Seen, territory: str, seed: int, box: tuple[float, float, float, float]) -> None:
        self.seen, self.api, self.territory, self.box = seen, f"/api/shared/{territory}", territory, box
        self.rng = np.random.default_rng(seed)
        self.families = [one for one in seen.manifest["families"] if one["period"] in STEPS]
        self.profiles = [one for one in seen.manifest["families"] if one["period"] == "weekday"]

    def take(self, many: int, mutated: float = 0.4) -> Iterator[Ask]:
        """`many` requests, of which this share is mutated."""
        for _ in range(many):
            yield self.mutation() if self.rng.random() < mutated else self.question()

    def pick(self, among: object) -> object:
        return among[int(self.rng.integers(len(among)))]  # type: ignore[arg-type, index]

    def question(self) -> Ask:
        """Something that is published, some of it asked again by its validator or in another encoding."""
        what = str(self.rng.choice(_QUESTIONS, p=_WEIGHTS / _WEIGHTS.sum()))
        path = self.address(what)
        chance = self.rng.random()
        headers: Headers = ((b"accept-encoding", b"gzip"),) if chance < 0.05 else ()
        if 0.05 < chance < 0.08:
            headers = ((b"if-none-match", b'"0123456789abcdef"'),)
        return Ask(path, headers=headers)

    def address(self, what: str) -> str:
        family = self.pick(self.families)
        asked = {"level": family["level"], "period": self.pick(family["periods"]), "group": self.pick(family["groups"])}
        if what == "trend":
            place = self.pick(self.seen.places[family["level"]])
            return self._at("/trend", {"level": family["level"], "place": place, "by": family["period"], "group": asked["group"]})
        if what == "hours":
            if not self.profiles:
                return self._at("/values", asked)
            found = self.pick(self.profiles)
            return self._at("/hours", {"level": found["level"], "place": self.pick(self.seen.places[found["level"]]),
                                       "year": str(found["year"])})
        if what == "tile":
            level = asked.pop("level")
            return f"/tiles/shared/{self.territory}/{level}/{self._tile()}.mvt?{urlencode(asked)}"
        if what == "public":
            return str(self.pick(["/api/shared", self.api, f"{self.api}/halls", f"{self.api}/places/{family['level']}"]))
        name = {"export": f"/export.{self.pick(_FORMS)}", "gpkg": "/export.gpkg", "svg": "/map.svg"}.get(what, f"/{what}")
        return self._at(name, asked)

    def _at(self, name: str, asked: dict) -> str:
        return f"{self.api}{name}?{urlencode(asked)}"

    def _tile(self) -> str:
        west, south, east, north = self.box
        zoom = int(self.rng.integers(8, 17))
        lon, lat = self.rng.uniform(west, east), np.radians(self.rng.uniform(south, north))
        side = 1 << zoom
        return f"{zoom}/{int((lon + 180) / 360 * side)}/{int((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * side)}"

    def mutation(self) -> Ask:
        """A published address, changed towards what is not published; or an address of another surface."""
        return (self._more, self._other, self._elsewhere)[int(self.rng.choice(3, p=(0.4, 0.45, 0.15)))]()

    def _more(self) -> Ask:
        path = self.address(str(self.pick(("values", "trend", "hours", "hotspots", "export", "tile", "public"))))
        name = str(self.pick(list(FREE)))
        return Ask(f"{path}{'&' if '?' in path else '?'}{urlencode({name: FREE[name]})}", True)

    def _other(self) -> Ask:
        family = self.pick(self.families)
        asked = {"level": family["level"], "period": self.pick(family["periods"]), "group": self.pick(family["groups"])}
        name, among = (("period", PERIODS), ("level", LEVELS), ("group", GROUPS), ("place", PLACES),
                       ("kind", ("police", "a,b", "*")))[int(self.rng.integers(5))]
        bad = str(self.pick(among))
        if name == "place":
            return Ask(self._at("/trend", {"level": family["level"], "place": bad, "by": family["period"]}), True)
        if name == "level" and self.rng.random() < 0.5 and bad:
            asked.pop("level")
            return Ask(f"/tiles/shared/{self.territory}/{bad}/{self._tile()}.mvt?{urlencode(asked)}", True)
        asked[name] = bad
        path = self._at(f"/{self.pick(('values', 'hotspots', 'changes', 'export.csv', 'export.geojson'))}", asked)
        return Ask(path, bad != "")

    def _elsewhere(self) -> Ask:
        api = self.api
        paths = (f"{api}x/values", f"{api}/facts", f"{api}/records", f"{api}/atoms", f"{api}/audit", f"{api}/ledger",
                 "/api/hexagons",
                 "/api/incidents", "/api/hotspots", "/metrics", f"/tiles/heat/{self._tile()}.png", f"{api}/../../../etc/passwd",
                 f"{api}/export.parquet", f"{api}/export.facts.csv", "/api/shared/%2e%2e/seal", f"{api}%00/values",
                 "/p/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA?format=json", f"/{self.territory}.release", "/access.db")
        if self.rng.random() < 0.2:
            return Ask(f"{api}/values", True, method=str(self.pick(("POST", "PUT", "DELETE", "PATCH"))))
        return Ask(str(self.pick(paths)), True)


def box_of(client: Client, seen: Seen, territory: str) -> tuple[float, float, float, float]:
    """West, south, east, north of the places of the coarsest level, from their outlines."""
    level = next(iter(seen.places))
    found = client.get(f"/api/shared/{territory}/places/{level}").json()["features"]
    points = np.array([point for feature in found for point in _points(feature["geometry"]["coordinates"])])
    return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def _points(nested: list) -> Iterator[list[float]]:
    if isinstance(nested[0], float):
        yield nested
        return
    for below in nested:
        yield from _points(below)
