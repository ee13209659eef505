"""Headers, validators, compression, and the page's own files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import httpx2
import psutil
import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.operations import ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests import folders
from tests.web.world import CITY_FACTS

CACHED = (
    "/api/session",
    "/api/layers",
    "/api/cells?kind=ville",
    "/api/cells?kind=ville&format=csv",
    "/api/units?kind=bailleur",
    "/api/zones?layer=qpv",
    "/api/series?kind=ville",
    "/api/calendar?kind=ville",
    "/api/facets?kind=ville",
    "/api/geometry?kind=ville",
    "/api/values?kind=ville",
    "/api/search?q=nouveau",
    "/api/residences?kind=bailleur",
    "/api/residences/R-0?kind=bailleur",
    "/api/zones/qpv2024:QN07501M?kind=ville",
    "/api/map.svg?kind=ville",
    "/api/carte.pdf?kind=ville",
    "/tiles/incidents/tilejson.json",
    "/tiles/qpv/tilejson.json",
    "/tiles/incidents/11/1037/704.mvt?kind=ville",
    "/tiles/incidents/11/1037/704.png?kind=ville",
    "/tiles/qpv/11/1037/704.mvt",
    "/tiles/incidents/11/0/0.mvt?kind=ville",
)
EVERY = (
    *CACHED,
    "/",
    "/connexion",
    "/health/live",
    "/health/ready",
    "/api/openapi.json",
    "/static/base.css",
    "/rien",
    "/api/cells?x=1",
)


@pytest.mark.parametrize("address", CACHED)
def test_an_answer_that_did_not_change_is_304(rives, address):
    first = rives.get(address)
    assert first.status_code in (200, 204)
    assert first.headers["cache-control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= {name.strip() for name in first.headers["vary"].split(",")}
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for known in (tag, f'"autre", W/{tag}', "*"):
        again = rives.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert rives.get(address, headers={"If-None-Match": '"autre"'}).status_code == first.status_code


def test_tags_differ_by_what_is_asked_and_not_by_how_it_is_said(rives):
    def tag(address: str) -> str:
        return rives.get(address).headers["etag"]

    asked = [
        "/api/cells?kind=ville",
        "/api/cells?kind=ville&resolution=8",
        "/api/cells?kind=bailleur",
        "/api/cells?kind=ville&format=csv",
        "/tiles/incidents/11/1037/704.mvt?kind=ville",
        "/tiles/incidents/11/1037/704.png?kind=ville",
        "/tiles/incidents/11/1037/705.mvt?kind=ville",
        "/tiles/qpv/11/1037/704.mvt",
        "/tiles/qpv/11/1037/704.mvt?generation=2015",
    ]
    assert len({tag(address) for address in asked}) == len(asked)
    assert tag("/api/cells?kind=ville&category=DEG,SAL") == tag("/api/cells?category=SAL,DEG&kind=ville")


def test_text_and_tiles_are_compressed_and_images_are_not(rives):
    for address, packed in (
        ("/api/cells?kind=ville", True),
        ("/tiles/incidents/11/1037/704.mvt?kind=ville", True),
        ("/tiles/incidents/11/1037/704.png?kind=ville", False),
        ("/api/session", False),
    ):
        plain = rives.get(address, headers={"Accept-Encoding": "gzip;q=0"})
        small = rives.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert ("content-encoding" in small.headers) == packed, address
        assert "content-encoding" not in plain.headers
        assert small.content == plain.content  # the client unpacks
        if packed:
            assert int(small.headers["content-length"]) < len(plain.content)
            assert small.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("address", EVERY)
def test_security_headers_are_on_everything(rives, nobody, address):
    for client in (rives, nobody):
        headers = client.get(address).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["worker-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in ("no-referrer", "same-origin")
        assert headers["permissions-policy"]


def test_the_basemaps_host_is_allowed_only_when_it_is_switched_on(world):
    policy = TestClient(create_app(world.settings)).get("/health/live").headers["content-security-policy"]
    assert "http" not in policy
    basemap = create_app(Settings(data=world.settings.data, basemap=True))
    policy = TestClient(basemap).get("/health/live").headers["content-security-policy"]
    assert policy.count("https://data.geopf.fr") == 2


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("base.css", "text/css"),
        ("js/api.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/maplibre-gl.mjs", "text/javascript"),
        ("vendor/source-sans-3-latin.woff2", "font/woff2"),
        ("vendor/images/layers.png", "image/png"),
    ],
)
def test_files_of_the_page(nobody, page_folder, name, media_type):
    file = page_folder / name
    if not file.exists():
        pytest.skip(f"{name} is fetched by `make install`")
    answer = nobody.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.content == file.read_bytes()
    assert nobody.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_the_page_is_read_afresh_and_only_by_people_who_are_signed_in(rives):
    answer = rives.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "private, no-store"
    assert 'lang="fr"' in answer.text


@pytest.fixture
def two_workers(world, tmp_path):
    """A copy of the world served by two processes; its settings and address."""
    folders.copied(world.settings.data, tmp_path / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "geoservice.web.asgi:factory",
        "--factory",
        "--workers",
        "2",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(command, env={**os.environ, "GEOSERVICE_DATA": str(tmp_path / "data")})
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx2.get(f"{address}/health/ready").status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield Settings(data=tmp_path / "data"), address, process
    finally:
        process.terminate()
        process.wait(20)


def test_two_workers_see_the_old_index_or_the_new_one(world, two_workers, tmp_path):
    settings, address, process = two_workers
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) == 2
    more = tmp_path / "suite.csv"
    rows = [f"S{n};Graffitis;Graffitis sur mur;01/12/2024;\"{{'lon': 2.36, 'lat': 48.87}}\"" for n in range(500)]
    more.write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows]))

    def total() -> tuple[int, str]:
        answer = httpx2.get(f"{address}/api/cells?kind=ville", headers={"Authorization": f"Bearer {world.rives}"})
        body = answer.json()
        assert body["total"] == sum(body["counts"])
        return body["total"], answer.headers["etag"]

    seen = [total() for _ in range(20)]
    storage = setup.open_storage(settings)
    from threading import Thread

    importing = Thread(
        target=ingest.run, args=(storage, load(), ingest.ImportRequest("incidents", (more,), "rives", "dans-ma-rue"))
    )
    importing.start()
    while importing.is_alive():
        seen.append(total())
    seen += [total() for _ in range(30)]
    storage.close()
    assert {number for number, _ in seen} == {CITY_FACTS, CITY_FACTS + 500}
    assert {number for number, _ in seen[-30:]} == {CITY_FACTS + 500}
    assert len({tag for _, tag in seen}) == 2  # one tag for each state, the same from both workers
