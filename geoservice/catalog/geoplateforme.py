"""The Géoplateforme's geocoder, off unless it is switched on: then addresses leave the machine, and only addresses.

`POST /search/csv` (multipart) for many, `GET /search` for one. The service says "ok" to anything, so an answer counts only by
its `result_score` and `result_type`. Limits of the service: 50 requests a second, 200,000 lines and 50 MB a file.
https://data.geopf.fr/geocodage/openapi
"""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from geoservice.catalog.geocoding import Match
from geoservice.catalog.streets import Address, parse
from geoservice.core import crs
from geoservice.types import Placement

if TYPE_CHECKING:
    import httpx2

# A locality is a named place without numbers: as uncertain as a street. What is not in the table is no place.
PLACEMENTS = {"housenumber": Placement.NUMERO, "street": Placement.RUE, "locality": Placement.RUE,
              "municipality": Placement.COMMUNE}
SILENT = "Le service de géocodage n’a pas répondu ; relancez l’import plus tard, ou importez le fichier BAN du département."
WEAK = "Le service de géocodage n’est pas assez sûr de cette adresse ; corrigez-la."
NOWHERE = "Le service de géocodage ne connaît pas cette adresse ; corrigez-la."
_ASKED = ("id", "adresse", "postcode", "citycode")


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is and how politely it is used."""

    url: str = "https://data.geopf.fr/geocodage"
    score_min: float = 0.6
    timeout_s: float = 30.0
    tries: int = 4
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    requests_per_second: float = 50.0
    lines_max: int = 200_000
    bytes_max: int = 50_000_000


class Cache(Protocol):
    """Answers already received, by normalised address; storage keeps them."""

    def get(self, keys: Sequence[str]) -> Mapping[str, Match]: ...

    def put(self, answers: Mapping[str, Match]) -> None: ...


class MemoryCache:
    """A cache that lasts as long as the process."""

    def __init__(self) -> None:
        self._known: dict[str, Match] = {}

    def get(self, keys: Sequence[str]) -> Mapping[str, Match]:
        return {key: self._known[key] for key in keys if key in self._known}

    def put(self, answers: Mapping[str, Match]) -> None:
        self._known.update(answers)


class Unavailable(Exception):
    """The service did not give a usable answer after every try."""


def cache_key(address: Address) -> str:
    """The normalised address: two writings of one address are one request."""
    parts = parse(address)
    return "|".join((str(parts.number or ""), parts.suffix, parts.street, parts.postcode or "", parts.citycode or "", parts.city))


class Geoplateforme:
    """A Geocoder that asks the service. A context manager; nothing is sent before `locate`."""

    def __init__(self, service: Service, cache: Cache) -> None:
        self._service, self._cache = service, cache
        self._client: httpx2.Client | None = None
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def locate(self, addresses: Sequence[Address]) -> list[Match]:
        """One Match per address, in order. When the service is silent the matches say so, and are not remembered."""
        keys = [cache_key(address) for address in addresses]
        known = dict(self._cache.get(list(dict.fromkeys(keys))))
        asked = {key: address for key, address in zip(keys, addresses, strict=True) if key not in known}
        for piece in _pieces(asked, self._service):
            known.update(self._ask(piece))
        return [known[key] for key in keys]

    def _ask(self, asked: Mapping[str, Address]) -> dict[str, Match]:
        try:
            answers = self._one(asked) if len(asked) == 1 else self._many(asked)
        except Unavailable:
            return {key: Match(None, reason=SILENT) for key in asked}
        self._cache.put(answers)
        return answers

    def _one(self, asked: Mapping[str, Address]) -> dict[str, Match]:
        (key, address), = asked.items()
        wanted = {"q": _line(address), "limit": "1", "index": "address", "postcode": _postcode(address),
                  "citycode": address.citycode or ""}
        response = self._send("GET", "/search", params={name: value for name, value in wanted.items() if value})
        try:
            features = response.json()["features"]
            found = features[0] if features else None
            lon, lat = found["geometry"]["coordinates"][:2] if found else (None, None)
            said = found["properties"] if found else {}
            return {key: _judge(said.get("type"), said.get("score"), lon, lat, said.get("citycode"), self._service.score_min)}
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise Unavailable from error

    def _many(self, asked: Mapping[str, Address]) -> dict[str, Match]:
        body = _table(list(asked.values()))
        response = self._send("POST", "/search/csv", files={"data": ("adresses.csv", body, "text/csv")},
                              data={"columns": "adresse", "postcode": "postcode", "citycode": "citycode"})
        rows = _answers(response.content)
        found = {}
        for number, key in enumerate(asked):
            row = rows.get(str(number), {})
            found[key] = _judge(row.get("result_type"), row.get("result_score"), row.get("longitude"), row.get("latitude"),
                                row.get("result_citycode"), self._service.score_min)
        return found

    def _send(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """One request, tried again on 429, 5xx and silence, a bounded number of times. Redirects are not followed."""
        import httpx2

        if self._client is None:
            self._client = httpx2.Client(timeout=self._service.timeout_s, follow_redirects=False)
        for attempt in range(self._service.tries):
            self._pace()
            try:
                response = self._client.request(method, self._service.url.rstrip("/") + path, **content)
            except httpx2.RequestError:
                self._wait(attempt, None)
                continue
            if response.status_code == 200:
                return response
            if response.status_code != 429 and response.status_code < 500:
                raise Unavailable(str(response.status_code))
            self._wait(attempt, response.headers.get("retry-after"))
        raise Unavailable("tries")

    def _pace(self) -> None:
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self._service.requests_per_second

    def _wait(self, attempt: int, asked: str | None) -> None:
        if attempt + 1 < self._service.tries:
            wanted = float(asked) if asked and asked.isdigit() else self._service.backoff_s * 2**attempt
            time.sleep(min(wanted, self._service.backoff_max_s))


def _line(address: Address) -> str:
    return " ".join(" ".join((address.line, address.city or "")).split())[:200]


def _postcode(address: Address) -> str:
    return parse(address).postcode or ""


def _pieces(asked: Mapping[str, Address], service: Service) -> Iterator[dict[str, Address]]:
    """Parts of a request that stay within the lines and bytes that the service takes."""
    piece: dict[str, Address] = {}
    size = 0
    for key, address in asked.items():
        row = len(_line(address).encode()) * 2 + 64
        if piece and (len(piece) >= service.lines_max or size + row > service.bytes_max):
            yield piece
            piece, size = {}, 0
        piece[key] = address
        size += row
    if piece:
        yield piece


def _table(addresses: Sequence[Address]) -> bytes:
    """The CSV that is sent: a number, the address and its codes; nothing else of the file leaves."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_ASKED)
    for number, address in enumerate(addresses):
        writer.writerow((number, _line(address), _postcode(address), address.citycode or ""))
    return text.getvalue().encode()


def _answers(content: bytes) -> dict[str, dict[str, str]]:
    """Rows of the answer by the number that was sent; Unavailable when it is no such table."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unavailable from error
    if not rows or not {"id", "result_score", "result_type", "latitude", "longitude"} <= set(rows[0]):
        raise Unavailable("columns")
    return {row["id"]: row for row in rows}


def _judge(kind: Any, score: Any, lon: Any, lat: Any, citycode: Any, score_min: float) -> Match:
    """The policy: a known type, a sufficient score, and a point in France."""
    placement = PLACEMENTS.get(str(kind))
    sure, x, y = _number(score), _number(lon), _number(lat)
    if placement is None or sure is None:
        return Match(None, reason=NOWHERE)
    sure = min(max(sure, 0.0), 1.0)
    if sure < score_min:
        return Match(None, score=sure, reason=WEAK)
    code = str(citycode) if citycode else None
    if placement is Placement.COMMUNE:
        return Match(placement, citycode=code, score=sure)
    if x is None or y is None or crs.territory_of(x, y) is None:
        return Match(None, reason=NOWHERE)
    return Match(placement, x, y, code, sure)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
