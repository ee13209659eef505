"""Log lines tell which route answered and how fast, and nothing that anybody sent or stored."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from geoservice.operations import accounts
from geoservice.settings import Settings
from geoservice.web import logs
from geoservice.web.app import create_app
from tests.upkeep.state import addresses, opened

CANARY = "zCANARIz"
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
KEYS = {"time", "level", "event", "request", "method", "route", "status", "ms", "pid"}


@pytest.fixture
def lines():
    """What a process would write, as it goes; the loggers are then put back."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    logging.captureWarnings(False)
    logs.requests.setLevel(logging.NOTSET)


@pytest.fixture
def app(world):
    return create_app(Settings(data=world.settings.data, metrics=True))


def templates(app) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in app.routes:
        for route in getattr(entry, "original_router", None).routes if hasattr(entry, "original_router") else [entry]:
            found.setdefault(route.path, set()).update(route.methods)
    return found


def test_nothing_that_is_sent_or_stored_is_logged_on_any_route(app, world, lines):
    with opened(world.settings) as storage:
        accounts.create_token(storage, CANARY + "nom", "rives")
    secret = {
        "Authorization": f"Bearer {world.rives}",
        "User-Agent": CANARY,
        "Referer": f"http://{CANARY}/",
        "X-Request-Id": CANARY,
        "X-Forwarded-For": "203.0.113.7",
        "Cookie": f"geoservice={CANARY}",
        "Accept-Language": CANARY,
    }
    asked = 0
    with TestClient(app, headers=secret, raise_server_exceptions=False, follow_redirects=False) as client:
        numbers = set()
        for template, methods in templates(app).items():
            for method in sorted(methods):
                for filled in (re.sub(r"\{[^}]*\}", CANARY, template), re.sub(r"\{[^}]*\}", "12", template)):
                    for query in ("", f"?kind={CANARY}&{CANARY}=1", f"?zone={CANARY}", f"?q={CANARY}"):
                        answer = client.request(
                            method,
                            filled + query,
                            content=f"token={CANARY}" if method == "POST" else None,
                            headers={"Content-Type": "application/x-www-form-urlencoded"},
                        )
                        numbers.add(answer.headers["x-request-id"])
                        asked += 1
        for address in [*addresses()[:200], f"/{CANARY}", f"/api/cells/{CANARY}?x={CANARY}", "/metrics"]:
            numbers.add(client.get(address).headers["x-request-id"])
            asked += 1
        client.request(CANARY, "/api/session")
    found = lines()
    requests = [line for line in found if line["event"] == "request"]
    assert len(requests) == asked + 1 > 300
    assert {line["request"] for line in requests} > numbers
    assert len(numbers) == asked  # nobody's own number was taken over
    assert {line["route"] for line in requests} - {"-"} == set(templates(app))
    assert {line["status"] for line in requests} >= {200, 204, 303, 400, 401, 404, 405}
    assert {key for line in found for key in line} <= KEYS
    assert {line["method"] for line in requests} == {*(method for each in templates(app).values() for method in each), "OTHER"}
    _hold_nothing(found, world)


def _hold_nothing(found: list[dict], world) -> None:
    own = ("time", "ms", "pid", "request")
    text = json.dumps([{name: value for name, value in line.items() if name not in own} for line in found], ensure_ascii=False)
    for word in (
        CANARY,
        world.rives,
        world.plaine,
        "203.0.113.7",
        "testclient",
        "Résidence",
        "Nouveau",
        "QN07501M",
        "48.8",
        "2.35",
        "QP075001",
        "rives",
        "plaine",
        "?",
    ):
        assert word not in text, word
    assert not re.search(r"\b8[0-9a-f]{14}\b", text)  # a cell
    assert not re.search(r"/\d+/\d+", text)  # a tile


def test_an_exception_is_told_by_its_class_and_place(app, world, lines):
    @app.get("/essai")
    def broken():
        raise RuntimeError(CANARY)

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/essai")
    (error,) = [line for line in lines() if line["level"] == "error"]
    assert answer.status_code == 500
    assert error["event"].startswith("GET RuntimeError at test_logs.py")
    assert error["request"] == answer.headers["x-request-id"]
    _hold_nothing(lines(), world)


def test_other_libraries_only_say_where_they_spoke(lines):
    other = logging.getLogger("uvicorn.error")
    try:
        raise ValueError(CANARY)
    except ValueError:
        other.exception("failed on %s", CANARY, extra={"route": CANARY})
    other.info("unheard")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    first, second = lines()
    assert re.fullmatch(r"uvicorn\.error test_logs\.py:\d+ ValueError", first["event"])
    assert second["event"].startswith("py.warnings warnings.py:")
    assert CANARY not in json.dumps([first, second])


def _logs(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    whose, level = ast.unparse(node.func.value), node.func.attr
    return whose in ("log", "logs.requests", "logger", "logging") and level in LEVELS


def test_our_own_words_are_fixed_words():
    """Whatever is logged by the package is a fixed text, numbers, or `describe(error)`: no variable text can get in."""
    root, calls = Path(logs.__file__).resolve().parents[1], 0
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if _logs(node):
                calls += 1
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
                rest = {ast.unparse(each) for each in node.args[1:]}
                known = {"describe(error)", "number", "known_method(scope['method'])", "fixed_word(why)"}
                assert rest <= known, f"{path.name}:{node.lineno} {rest}"
    assert calls >= 3


def test_text_says_the_same_and_quiet_says_no_request():
    record = logging.LogRecord("geoservice.requests", logging.INFO, "x.py", 1, "request", None, None)
    record.route, record.status, record.ms, record.method = "/api/cells", 200, 3.5, "GET"
    assert re.fullmatch(r"\S+ INFO request method=GET route=/api/cells status=200 ms=3.5", logs.Text().format(record))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    for form, heard in (("quiet", False), ("text", True), ("json", True)):
        logs.configure(form, io.StringIO())
        assert logs.requests.isEnabledFor(logging.INFO) is heard
    root.handlers[:], root.level = before
    logging.captureWarnings(False)
    logs.requests.setLevel(logging.NOTSET)


def test_a_reason_that_could_come_from_outside_is_not_logged():
    from geoservice.operations.oidc import fixed_word

    assert [fixed_word(why) for why in ("no token", "authorization_endpoint", "status 502", "BadSignatureError")] == [
        "no token", "authorization_endpoint", "status 502", "BadSignatureError"]
    assert {fixed_word(why) for why in ("jean@exemple.fr", "93066;x", "a" * 41, "État")} == {"?"}
