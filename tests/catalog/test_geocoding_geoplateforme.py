"""The Géoplateforme client against a real HTTP server on a loopback port that speaks its protocol."""

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from geoservice.catalog.geocoding import Address
from geoservice.catalog.geoplateforme import Geoplateforme, MemoryCache, Service
from geoservice.settings import Settings
from geoservice.types import Placement

ANSWERS = {
    "12 rue des lilas": ("housenumber", 0.96, 2.48, 48.90, "93010"), "rue des lilas": ("street", 0.9, 2.481, 48.901, "93010"),
    "le bourg": ("locality", 0.8, 2.5, 48.9, "93010"), "bondy": ("municipality", 0.95, 2.48, 48.9, "93010"),
    "azertyuiop": ("housenumber", 0.34, 5.0, 45.0, "69001"), "berlin": ("housenumber", 0.99, 13.4, 52.5, "00000"),
    "martien": ("planet", 0.99, 2.4, 48.9, "93010"), "nan": ("housenumber", float("nan"), 2.4, 48.9, "93010"),
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        self.server.seen.append(("GET", url.path, parse_qs(url.query)))
        if self._troubled():
            return
        found = ANSWERS.get(parse_qs(url.query)["q"][0].lower())
        features = [] if found is None else [{
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [found[2], found[3]]},
            "properties": {"type": found[0], "score": found[1], "citycode": found[4]}}]
        self._send(200, json.dumps({"type": "FeatureCollection", "features": features}).encode(), "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        header = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = {p.get_param("name", header="content-disposition"): p.get_payload(decode=True)
                 for p in BytesParser(policy=HTTP).parsebytes(header + body).iter_parts()}
        rows = list(csv.DictReader(io.StringIO(parts["data"].decode())))
        self.server.seen.append(("POST", urlsplit(self.path).path, {"parts": parts, "rows": rows}))
        if self._troubled():
            return
        out = io.StringIO()
        added = ["longitude", "latitude", "result_score", "result_score_next", "result_label", "result_type", "result_citycode",
                 "result_status"]
        writer = csv.DictWriter(out, [*rows[0], *added])
        writer.writeheader()
        for row in reversed(rows):  # the order of the answer is not promised
            kind, score, lon, lat, code = ANSWERS.get(row[parts["columns"].decode()].lower(), ("", "", "", "", ""))
            writer.writerow({**row, "longitude": lon, "latitude": lat, "result_score": score, "result_type": kind,
                             "result_citycode": code, "result_status": "ok"})
        self._send(200, out.getvalue().encode(), "text/csv")

    def _troubled(self) -> bool:
        trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if trouble is None:
            return False
        if trouble == "slow":
            self.server.release.wait(5)
        elif trouble == "garbage":
            self._send(200, b"<html>\xff maintenance</html>", "text/html")
        elif trouble == "redirect":
            self._send(302, b"", "text/plain", Location=f"http://127.0.0.1:{self.server.server_port}/ailleurs")
        elif trouble == "hang up":
            self.close_connection = True
        else:
            self._send(trouble, b"trop vite", "text/plain", **({"Retry-After": "0"} if trouble == 429 else {}))
        return True

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.seen, one.trouble, one.release = [], [], threading.Event()
    thread = threading.Thread(target=one.serve_forever, args=(0.05,))
    thread.start()
    yield one
    one.release.set()
    one.shutdown()
    thread.join()
    one.server_close()


def client(server, cache=None, **more) -> Geoplateforme:
    options = {"backoff_s": 0.01, "backoff_max_s": 0.05, "timeout_s": 2.0, "requests_per_second": 1000.0, **more}
    return Geoplateforme(Service(f"http://127.0.0.1:{server.server_port}", **options), cache or MemoryCache())


ALL = [Address(line.capitalize(), "93140") for line in (*ANSWERS, "12 rue Nulle part")]
POLICY = [Placement.NUMERO, Placement.RUE, Placement.RUE, Placement.COMMUNE, None, None, None, None, None]


def test_many_addresses_are_one_request_judged_by_score_and_type(server):
    with client(server) as geocoder:
        found = geocoder.locate(ALL)
    assert [match.placement for match in found] == POLICY
    assert (found[0].lon, found[0].lat, found[0].citycode, found[0].score) == (2.48, 48.90, "93010", 0.96)
    assert (found[3].lon, found[3].lat) == (None, None)
    assert found[4].score == pytest.approx(0.34)
    assert all(match.reason for match in found if match.placement is None)
    (method, path, seen), = server.seen
    assert (method, path) == ("POST", "/search/csv")
    assert {name: seen["parts"][name] for name in ("columns", "postcode", "citycode")} == {
        "columns": b"adresse", "postcode": b"postcode", "citycode": b"citycode"}
    assert list(seen["rows"][0]) == ["id", "adresse", "postcode", "citycode"]  # nothing else leaves


@pytest.mark.parametrize(("address", "placement"), list(zip(ALL, POLICY, strict=True)))
def test_one_address_is_one_search(server, address, placement):
    with client(server) as geocoder:
        assert geocoder.locate([address])[0].placement is placement
    (method, path, query), = server.seen
    assert (method, path) == ("GET", "/search")
    assert query["postcode"] == ["93140"]


def test_what_was_answered_is_not_asked_again(server):
    cache = MemoryCache()
    with client(server, cache) as geocoder:
        geocoder.locate(ALL[:2])
        geocoder.locate([Address("12, RUE DES LILAS", "93140"), ALL[1], ALL[4], ALL[0]])
    assert [seen[0] for seen in server.seen] == ["POST", "GET"]
    with client(server, cache) as geocoder:
        assert geocoder.locate(ALL[:1])[0].placement is Placement.NUMERO
    assert len(server.seen) == 2


@pytest.mark.parametrize("trouble", [[429], [500, 503], [429, 502, "hang up"]])
def test_a_busy_server_is_asked_again(server, trouble):
    server.trouble = list(trouble)
    with client(server) as geocoder:
        assert geocoder.locate(ALL[:2])[0].placement is Placement.NUMERO
    assert len(server.seen) == len(trouble) + 1


@pytest.mark.parametrize(("trouble", "requests"), [
    ([503] * 9, 4), (["slow"] * 9, 4), ([400], 1), (["garbage"], 1), (["redirect"], 1)])
@pytest.mark.parametrize("count", [1, 2])
def test_a_server_that_fails_gives_a_reason_and_is_not_remembered(server, trouble, requests, count):
    server.trouble = list(trouble)
    with client(server, timeout_s=0.1) as geocoder:
        begun = time.monotonic()
        found = geocoder.locate(ALL[:count])
        assert time.monotonic() - begun < 4
        assert [match.placement for match in found] == [None] * count
        assert all("n’a pas répondu" in match.reason for match in found)
        assert len(server.seen) == requests
        assert not any(seen[1] == "/ailleurs" for seen in server.seen)
        server.trouble = []
        server.release.set()
        assert geocoder.locate(ALL[:count])[0].placement is Placement.NUMERO


def test_requests_stay_within_the_lines_and_bytes_of_the_service(server):
    wanted = [Address(f"{number} rue du Port", "93140") for number in range(1, 26)]
    with client(server, lines_max=10) as geocoder:
        assert len(geocoder.locate(wanted)) == 25
    assert [len(seen[2]["rows"]) for seen in server.seen] == [10, 10, 5]
    server.seen.clear()
    with client(server, bytes_max=1000) as geocoder:
        geocoder.locate(wanted)
    assert len(server.seen) > 1
    assert all(len(seen[2]["parts"]["data"]) <= 1000 for seen in server.seen if seen[0] == "POST")


def test_requests_are_spaced(server):
    wanted = [Address(f"{number} rue du Port", "93140") for number in range(1, 9)]
    with client(server, lines_max=2, requests_per_second=20) as geocoder:
        begun = time.monotonic()
        geocoder.locate(wanted)
    assert time.monotonic() - begun >= 3 / 20


def test_it_is_off_unless_someone_switches_it_on():
    assert Settings().geocoding is False
    assert Service().requests_per_second <= 50
    assert Service().lines_max <= 200_000
    assert Service().bytes_max <= 50_000_000
    assert Settings().geocoding_url == Service().url
