"""Whatever is sent, the answer is an answer: a French problem, never a 500, never the input back."""

from __future__ import annotations

import json
import logging
import time
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from geoservice.core.query import PARAMETERS
from geoservice.operations import indexing, setup
from geoservice.storage import engine as db
from geoservice.web.app import create_app
from tests import folders
from tests.conftest import ON_POSTGRESQL
from tests.web.world import CITY_FACTS

ROUTES = (
    "/",
    "/connexion",
    "/api/session",
    "/api/layers",
    "/api/cells",
    "/api/cells/891fb466257ffff",
    "/api/units",
    "/api/zones",
    "/api/series",
    "/api/calendar",
    "/api/facets",
    "/api/geometry",
    "/api/geometry/0123456789abcdef01234567/9",
    "/api/values",
    "/api/search",
    "/api/residences",
    "/api/residences/R-0",
    "/api/residences/%2e%2e%2f",
    "/api/zones/qpv2024:QN07501M",
    "/api/zones/qpv2024:%ed%a0%80",
    "/api/map.svg",
    "/api/carte.pdf",
    "/donnees",
    "/api/map.png",
    "/api/snippet",
    "/api/features/qpv",
    "/api/imports",
    "/api/imports/1",
    "/api/imports/1/rejects",
    "/api/imports/1/rejects.csv",
    "/tiles/incidents/tilejson.json",
    "/tiles/incidents/10/518/352.mvt",
    "/tiles/incidents/10/518/352.png",
    "/tiles/qpv/10/518/352.mvt",
    "/tiles/qpv/10/518/352.png",
    "/health/live",
    "/health/ready",
    "/api/openapi.json",
    "/static/base.css",
)
EVIL = (
    "nan",
    "NaN",
    "Infinity",
    "-inf",
    "1e999",
    "9" * 400,
    "-0",
    "0x10",
    "\ud800",
    "\x00",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "٣",
    "１２",
    "2024-02-30",
    "9999-99-99",
    "a,b,,c",
    ",",
    "1,2,3",
    "nan,nan,nan,nan",
    "inf,-inf,1,2",
    "1e309,0,1,1",
    "181,0,182,1",
    "-180,-90,180,90",
    "2.3,48.8,2.4,48.9",
    "qpv2024:",
    "qpv2024:\ud83d",
    "commune:75056",
    "residence:%",
    "24-24",
    "0-0",
    "23-0",
    "7-1",
    "bailleur",
    "ville",
    "ville,bailleur",
    "AGP",
    "12",
    "4",
    "csv",
    "exe",
    "",
)


def strict(text: str) -> object:
    """JSON without NaN or infinities."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))


def check(answer, sent: tuple[str, ...] = ()) -> None:
    assert answer.status_code < 500, answer.text[:300]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code >= 400 and "html" not in answer.headers["content-type"]:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = strict(answer.text)
        assert set(problem) == {"type", "title", "status", "detail"}
        assert problem["status"] == answer.status_code
        for text in sent:
            assert len(text) < 8 or text not in problem["detail"]
    elif answer.headers.get("content-type") == "application/json":
        strict(answer.text)


def encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)


values = st.one_of(st.sampled_from(EVIL), st.text(max_size=30), st.floats().map(str), st.integers().map(str))
names = st.sampled_from((*PARAMETERS, "q", "width", "step", "level", "layer", "generation"))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(ROUTES), pairs=st.lists(st.tuples(names, values), max_size=5))
@example(route="/api/cells", pairs=[("bbox", "nan,nan,nan,nan")])
@example(route="/api/cells", pairs=[("kind", "ville"), ("zone", "residence:\ud800")])
@example(route="/api/zones", pairs=[("layer", "qpv"), ("generation", "\x00")])
def test_hostile_parameters(rives, route, pairs):
    check(rives.get(f"{route}?{encoded(pairs)}"), tuple(value for _, value in pairs if value not in ("bailleur", "ville")))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(values, min_size=1, max_size=4),
    start=st.sampled_from(("/tiles/incidents", "/tiles", "/api/cells", "/static", "/api")),
    end=st.sampled_from(("", ".mvt", ".png", "/tilejson.json")),
)
@example(parts=["10", "9" * 400, "1"], start="/tiles/incidents", end=".mvt")
@example(parts=["..", "app.py"], start="/static", end="")
@example(parts=["\x00.css"], start="/static", end="")
@example(parts=["8" + "f" * 14], start="/api/cells", end="")
@example(parts=["8001fffffffffff"], start="/api/cells", end="")
def test_hostile_addresses(rives, parts, start, end):
    path = "/".join(quote(part.encode("utf-8", "surrogatepass"), safe="") for part in parts)
    check(rives.get(f"{start}/{path}{end}?kind=ville" if start.startswith("/tiles/i") else f"{start}/{path}{end}"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zoom=st.integers(0, 22),
    x=st.floats(0, 1, exclude_max=True),
    y=st.floats(0, 1, exclude_max=True),
    resolution=st.sampled_from(["", "4", "9", "12"]),
)
@example(zoom=5, x=0.0, y=0.0, resolution="")
@example(zoom=5, x=0.99, y=0.99, resolution="12")
@example(zoom=0, x=0.0, y=0.0, resolution="")
def test_every_tile_of_the_world_answers(rives, zoom, x, y, resolution):
    for form in ("mvt", "png"):
        answer = rives.get(
            f"/tiles/incidents/{zoom}/{int(x * 2**zoom)}/{int(y * 2**zoom)}.{form}?kind=ville&resolution={resolution}"
        )
        assert answer.status_code in (200, 204, 400, 404)


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_parameter_is_an_error_on_every_route(rives, route):
    answer = rives.get(f"{route}?rayon=3")
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:geoservice:probleme:parametre-inconnu"
    assert "rayon" not in answer.text


def test_a_repeated_parameter_is_an_error(rives):
    for path in ("/api/cells?kind=ville&kind=bailleur", "/tiles/incidents/10/518/352.mvt?kind=ville&kind=ville"):
        assert rives.get(path).status_code == 400
        assert "deux fois" in rives.get(path).json()["detail"]


def test_unknown_addresses_and_methods_are_problems(rives, nobody):
    for path in (
        "/rien",
        "/api/",
        "/api/cells/",
        "/tiles/incidents/1.mvt",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/static/",
        "/static/index.html",
        "/static/connexion.html",
        "/static/vendor/lock.sha256",
        "/static//base.css",
    ):
        answer = nobody.get(path)
        assert answer.status_code == 404, path
        check(answer)
    for method, path in (
        ("POST", "/api/cells"),
        ("DELETE", "/tiles/incidents/10/518/352.mvt"),
        ("PUT", "/connexion"),
        ("GET", "/deconnexion"),
    ):
        answer = rives.request(method, path)
        assert answer.status_code == 405
        check(answer)
        assert answer.headers["allow"]


def test_long_and_odd_requests(rives):
    assert rives.get("/api/cells?zone=" + "a" * 60_000).status_code == 400
    assert rives.get("/api/cells?" + "&".join(f"p{n}=1" for n in range(2_000))).status_code == 400
    assert rives.get("/api/cells?kind=ville", headers={"If-None-Match": "," * 10_000}).status_code == 200
    assert rives.get("/tiles/incidents/tilejson.json", headers={"Host": "a b"}).status_code == 400
    assert rives.get("/tiles/incidents/tilejson.json", headers={"Host": 'x"><script>'}).status_code == 400
    assert (
        rives.get("/tiles/incidents/tilejson.json", headers={"Host": "[::1]:8000"})
        .json()["tiles"][0]
        .startswith("http://[::1]:8000/")
    )


@pytest.fixture
def broken(world, tmp_path):
    """A copy of the world that a test may damage; its settings and a function that runs SQL on it."""
    copied = folders.copied(world.settings.data, tmp_path / "data")

    def damage(statement: str) -> None:
        engine = db.open_engine(copied)
        with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
            connection.exec_driver_sql(statement)
        engine.dispose()

    return copied, damage


def test_what_nobody_foresaw_is_a_500_without_a_word_of_it(world, broken, caplog):
    copied, damage = broken
    damage("DROP TABLE token")
    with (
        TestClient(create_app(copied), raise_server_exceptions=False) as client,
        caplog.at_level(logging.ERROR, "geoservice.web"),
    ):
        answer = client.get("/api/session", headers={"Authorization": f"Bearer {world.rives}"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
    for secret in ("token", "SELECT", "sqlite", "Error", world.rives):
        assert secret not in answer.text
    name = "ProgrammingError" if ON_POSTGRESQL else "OperationalError"  # a table that is not there
    (line,) = [record.getMessage() for record in caplog.records if name in record.getMessage()]
    assert f"GET {name} at" in line
    assert "SELECT" not in line
    assert world.rives not in line


def test_ready_says_what_is_missing(nobody, broken):
    assert nobody.get("/health/ready").json()["status"] == "ok"
    copied, damage = broken
    damage("DROP TABLE layer_state")
    with TestClient(create_app(copied)) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "index" in answer.json()["detail"]
        assert client.get("/health/live").status_code == 200


def test_before_the_start_nothing_is_ready(world):
    client = TestClient(create_app(world.settings), raise_server_exceptions=False)  # not entered: never started
    assert client.get("/health/live").status_code == 200
    for path in ("/health/ready", "/api/session"):
        assert client.get(path).status_code == 503


def test_a_missing_index_is_built_by_itself(world, broken):
    copied, _ = broken
    for file in copied.index_folder.iterdir():
        file.unlink()
    with TestClient(create_app(copied), headers={"Authorization": f"Bearer {world.rives}"}) as client:
        for _ in range(100):
            if client.get("/health/ready").status_code == 200:
                break
            time.sleep(0.1)
        assert client.get("/api/cells?kind=ville").json()["total"] == CITY_FACTS
        storage = setup.open_storage(copied)
        assert not indexing.dirty(storage)
        storage.close()


def test_a_person_in_a_browser_reads_a_page(rives, nobody):
    seen = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for address, status in (("/membres", 403), ("/rien", 404), ("/p/" + "x" * 43, 404)):
        answer = rives.get(address, headers=seen)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), address
        assert 'lang="fr"' in answer.text
        assert "no-store" in answer.headers["cache-control"]
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert rives.get("/membres").headers["content-type"] == "application/problem+json"
    assert rives.get("/api/rien", headers=seen).headers["content-type"] == "application/problem+json"
    assert nobody.get("/tiles/incidents/1/0/0.mvt", headers=seen).headers["content-type"] == "application/problem+json"
