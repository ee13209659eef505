"""`python -m tests.attack.matrix`: every operation × role × organisation × state, with canaries in every text of each landlord.

Operations are those of the API's description and of the application's routes; `matrix_rows.ROWS` says of each who may ask it and
what it answers. A landlord's canary (a word in every string field, its cells) may appear in no body, header, tile, export, log or
error that somebody of the other landlord gets.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from geoservice.web.app import create_app
from geoservice.web.logs import JsonLines
from tests.attack import tenants
from tests.attack.matrix_rows import ECHOES, GONE, ROWS, Row, in_state
from tests.attack.reading import leaks, texts, zeros
from tests.attack.tenants import ROLES, STRANGERS, TOKENS, Asker, Tenant, Town
from tests.bench import figures
from tests.bench.figures import Figure

TARGETS = ("own", "other", "none")
STATES = ("active", "revoked", "expired", "other_site")
QUICK_ROLES = ("dsu_member", "org_admin", "police_liaison", "token_read", "anonymous")
SLOW = ("/api/carte.pdf", "/api/map.png", "/api/calibration")  # of a process of their own
FILES = ("geojson", "csv", "gpkg", "geoparquet")


@dataclass
class Result:
    """What was asked and what was wrong with the answers."""

    asked: int = 0
    covered: set[str] = field(default_factory=set)
    cells: set[tuple[str, str, str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sung: Counter[str] = field(default_factory=Counter)  # operations in which a landlord's own people read their canary


def operations(app: FastAPI) -> list[str]:
    """METHOD PATH of every route, those of the description first."""
    found = []
    for entry in app.routes:
        routes = entry.original_router.routes if hasattr(entry, "original_router") else [entry]
        found += [f"{method} {route.path}" for route in routes for method in sorted(route.methods - {"HEAD"})]
    return found


def missing(known: list[str], rows: Mapping[str, Row] = ROWS) -> list[str]:
    """A sentence for every operation without a row, and for every row without an operation."""
    return [f"{name}: add a row to ROWS in tests/attack/matrix_rows.py: who may ask it, whose things its path names, and its "
            "status for one's own, somebody else's and nobody's" for name in known if name not in rows] + [
        f"{name}: this row is of no route any more; remove it" for name in rows if name not in known]


def described(document: dict[str, Any]) -> dict[str, set[str]]:
    """Names of the query parameters of each operation of the description; path parameters lose their converters."""
    return {f"{method.upper()} {path}": {given["name"] for given in operation.get("parameters", []) if given["in"] == "query"}
            for path, methods in document["paths"].items() for method, operation in methods.items()}


@dataclass(frozen=True)
class Ask:
    """One request."""

    operation: str
    address: str
    query: tuple[tuple[str, str], ...]
    expected: frozenset[int]
    empty: bool = False  # it is about a place where the asker has nothing
    body: tuple[tuple[str, Any], ...] = ()

    def send(self, asker: Asker, headers: dict[str, str] | None = None) -> Response:
        method = self.operation.partition(" ")[0]
        return asker.request(method, self.address, headers, params=dict(self.query), **dict(self.body))

    @property
    def said(self) -> str:
        """Everything that the request itself says."""
        return f"{self.address} {self.query} {self.body}"


def plain(path: str) -> str:
    """A path as the description writes it."""
    return re.sub(r":path\}", "}", path)


def asks(operation: str, row: Row, target: str, names: dict[str, str], parameters: set[str], whole: bool) -> Iterator[Ask]:
    """Requests of an operation about a landlord's things, or nobody's. `whole`: every format and aim; else one request."""
    path = operation.partition(" ")[2]
    status: frozenset[int] = getattr(row, target)
    base = {name: value for name, value in (("kind", "bailleur"), ("exposure", "area"))
            if name in parameters and not (name == "exposure" and "show" in parameters)}
    bodies = (("data", row.form and row.form(names)), ("json", row.json and row.json(names)), ("content", row.content))
    body = tuple((how, made) for how, made in bodies if made is not None)
    forms: tuple[str | None, ...] = (None, *FILES) if row.files and "format" in parameters and whole else (None,)
    aims = [{aim: names[aim]} for aim in ("bbox", "cell", "zone") if row.aims and aim in parameters and aim in names]
    variants = [{}, *aims] if target == "own" else aims or [{}]
    address = re.sub(r"\{(\w+)(?::path)?\}", lambda hole: _name(row, names, hole[1]), path)
    for query in row.queries(names) if whole else row.queries(names)[:1]:
        for aim in variants if whole else variants[:1]:
            expected = status if "zone" not in aim or target == "own" or operation in ECHOES else GONE
            for form in forms if not aim or target == "other" else forms[:1]:
                given = base | query | aim | ({"format": form} if form else {})
                yield Ask(operation, address, tuple(given.items()), expected, target != "own" and bool(aim), body)


def _name(row: Row, names: Mapping[str, str], hole: str) -> str:
    """What stands in a hole of a path: a landlord's name for it, or the row's own word."""
    called = row.path.get(hole, hole)
    return called[1:] if called.startswith("=") else names[called]


@dataclass
class Walk:
    """A walk through the matrix in a town."""

    town: Town
    result: Result
    roles: tuple[str, ...] = ROLES
    whole: bool = True
    only: frozenset[str] | None = None

    def __post_init__(self) -> None:
        self.parameters = described(self.town.asker(self.town.mine, "anonymous").request("GET", "/api/openapi.json").json())
        self.known = [name for name in operations(self.town.app) if self.only is None or name in self.only]
        for tenant in (self.town.mine, self.town.theirs):
            self._prepare(tenant)

    def _prepare(self, tenant: Tenant) -> None:
        """Names that only a request tells: a received file, the version of one's cells; and an import that cannot be undone."""
        admin = self.town.asker(tenant, "org_admin")
        rows = f"identifiant;date;type\nX{tenant.word};01/02/2024;tag\nY;31/02/2024 {tenant.word};tag".encode()
        sent = admin.request("POST", f"/api/uploads?name={tenant.word}-attente.csv", content=rows)
        tenant.names["upload"] = sent.json()["upload"]
        tenant.names["version"] = admin.request("GET", "/api/geometry?kind=bailleur&resolution=11").json()["version"]
        tenant.names["undone"] = tenants.undone_import(self.town, tenant)

    def run(self) -> None:
        """Every cell of the matrix."""
        for operation in self.known:
            self.result.covered.add(operation)
            for role in self.roles:
                for target, state in self._corners(role):
                    if state != "other_site" or operation.startswith("POST"):
                        self._cell(operation, role, target, state)

    def _corners(self, role: str) -> list[tuple[str, str]]:
        """Targets and states; the quick walk keeps all of them for one role, and what differs for the others."""
        ends = [("own", state) for state in STATES[1:] if state == "other_site" or role not in STRANGERS or role == "share_link"]
        if self.whole or role == "dsu_member":
            return [(target, "active") for target in TARGETS] + ends
        if role in STRANGERS:
            return [("own", "active")]
        return [("own", "active"), ("other", "active")] + ([("own", "revoked")] if role in TOKENS else [])

    def _cell(self, operation: str, role: str, target: str, state: str) -> None:
        row = in_state(operation, ROWS[operation], role, state)
        whole = self.whole and role in ("dsu_member", "org_admin") and state == "active"
        names = self.town.names(target, role, state)
        slow = operation.partition(" ")[2] in SLOW and self._may(row, role) and state == "active"
        if not self.whole and slow and (role, target) != ("dsu_member", "other"):
            return
        self.result.cells.add((operation, role, target, state))
        if row.uses_up and target == "own" and state == "active" and self._may(row, role) and row.uses_up != "cookie":
            names = names | {row.path["number"]: tenants.fresh(self.town, row.uses_up, role)}
        for ask in asks(operation, row, target, names, self.parameters.get(plain(operation), set()), whole):
            self._one(ask, row, role, target, state)

    def _one(self, ask: Ask, row: Row, role: str, target: str, state: str) -> None:
        asker = "anonymous" if row.uses_up == "cookie" else role
        asking = self.town.asker(self.town.mine, asker, "active" if state == "other_site" else state)
        answer = ask.send(asking, {"Origin": "https://ailleurs.example"} if state == "other_site" else None)
        self.result.asked += 1
        where = f"{ask.operation} as {role} ({state}) about {target}: {ask.address}?{dict(ask.query)}"
        expected = self.expected(ask, row, role, target, state)
        if answer.status_code not in expected:
            self.result.wrong.append(f"{where} answers {answer.status_code}, expected {sorted(expected)}")
        found = leaks(texts(answer), self.town.theirs, ask.said)
        if ask.empty and self._may(row, role) and state == "active":
            found += zeros(answer)
        if found:
            self.result.leaks.append(f"{where} says {', '.join(found[:4])}")

    def _may(self, row: Row, role: str) -> bool:
        return row.may is None or role in row.may

    def expected(self, ask: Ask, row: Row, role: str, target: str, state: str) -> frozenset[int]:
        """The statuses that an answer may have."""
        if state == "other_site":
            return frozenset({401, 403}) if role in STRANGERS else frozenset({403})
        if row.may is None:
            return ask.expected
        if role in STRANGERS or state != "active":
            return frozenset({303}) if row.page else frozenset({401})
        if role not in row.may:
            return frozenset({303, 403}) if row.page else frozenset({403})
        return row.also.get(role, {}).get(target, ask.expected)

    def sing(self) -> None:
        """The other landlord's own people do read their canaries: else the search would find nothing in any case."""
        theirs = self.town.theirs
        for role in ("dsu_member", "org_admin"):
            asker = self.town.asker(theirs, role)
            for operation in self.known:
                row = ROWS[operation]
                if not operation.startswith("GET") or row.may is None or role not in row.may:
                    continue
                for ask in asks(operation, row, "own", theirs.names, self.parameters.get(plain(operation), set()), self.whole):
                    answer = ask.send(asker)
                    found = leaks(texts(answer), theirs, "" if "search" not in operation else ask.said)
                    if found:
                        self.result.sung[f"{operation} {answer.headers.get('content-type', '').partition(';')[0]}"] += 1


@contextmanager
def opened(folder: Path) -> Iterator[Town]:
    """The service over two landlords."""
    settings, mine, theirs = tenants.build(folder)
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Town(app, mine, theirs, client)


@contextmanager
def logged() -> Iterator[list[str]]:
    """Every line that the service would write with `GEOSERVICE_LOG_FORMAT=json`."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler, requests = Kept(), logging.getLogger("geoservice.requests")
    handler.setFormatter(JsonLines())
    before = requests.level
    root = logging.getLogger()
    root.addHandler(handler)
    requests.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        requests.setLevel(before)


def walk(town: Town, whole: bool, roles: tuple[str, ...] = ROLES, only: frozenset[str] | None = None) -> Result:
    """Run the matrix; nothing of the other landlord may change, and no log line may say either canary."""
    result = Result()
    with logged() as lines:
        walked = Walk(town, result, roles, whole, only)
        before = tenants.state_of(town, town.theirs)
        walked.run()
        if tenants.state_of(town, town.theirs) != before:
            result.leaks.append("something of the other landlord was changed")
        walked.sing()
    for tenant in (town.mine, town.theirs):
        result.leaks += [f"the log says {', '.join(found)}" for line in lines if (found := leaks([line], tenant, ""))]
    if not lines:
        result.wrong.append("no line was logged: the logs were not looked at")
    return result


def rows(result: Result, known: int, command: str) -> list[Figure]:
    """Lines of the scoreboard."""
    share = 100 * len(result.covered) / known
    said = [("operations_covered", share, "%", "100 %", share == 100),
            ("cells", len(result.cells), "operation × role × organisation × state", "reported", True),
            ("requests", result.asked, "requests", "reported", True),
            ("unexpected_statuses", len(result.wrong), "answers", "0", not result.wrong),
            ("leaks", len(result.leaks), "answers", "0", not result.leaks)]
    return [Figure(f"matrix_{name}", 5, value, unit, None, None, None, target, met, command, figures.today(), figures.commit())
            for name, value, unit, target, met in said]


def main(arguments: list[str] | None = None) -> int:
    """Walk the whole matrix, and save the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.matrix", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="save nothing")
    given = parser.parse_args(arguments)
    from tests.attack.matrix_beside import beside_main

    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as town:
        known = operations(town.app)
        absent = missing(known)
        print(*absent, sep="\n", end="\n" if absent else "")
        result = walk(town, whole=True, only=frozenset(name for name in known if name in ROWS))
        absent += (more := beside_main(town, result))
    print(*result.leaks[:50], *result.wrong[:80], sep="\n")
    print(*(f"{number:4} {name}" for name, number in sorted(result.sung.items())), sep="\n")
    known += [f"partage {name}" for name in more] + [name for name in result.covered if name.startswith("partage ")]
    found = rows(result, len(known), "python -m tests.attack.matrix")
    print(figures.show(found))
    if not given.dry_run:
        figures.save("matrix", found)
    return 1 if absent or result.leaks or result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
