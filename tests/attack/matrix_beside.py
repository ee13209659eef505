"""The matrix on the surface that runs beside the main one, with reading keys alone (`geoservice serve --surface shared`)."""

from __future__ import annotations

from starlette.testclient import TestClient

from geoservice.web.shared.app import create_shared_app
from tests.attack.matrix import TARGETS, Ask, Result, asks, described, operations, plain
from tests.attack.matrix_rows import Row, beside, in_state
from tests.attack.reading import leaks, texts
from tests.attack.tenants import Asker, Town

ASKING = (*((role, state) for role in ("reading_key", "share_link") for state in ("active", "revoked", "expired")),
          ("anonymous", "active"))


def beside_main(town: Town, result: Result) -> list[str]:
    """The surface of reading keys, a process of its own: its operations without a row. Keys open one landlord's release alone."""
    with TestClient(create_shared_app(town.app.state.service.settings.shared_folder), raise_server_exceptions=False) as client:
        known = operations(client.app)  # type: ignore[arg-type]
        parameters = described(client.get("/api/openapi.json").json())
        for operation in known:
            row = beside(operation)
            if row is None:
                continue
            result.covered.add(f"partage {operation}")
            for role, state in ASKING:
                for target in TARGETS if state == "active" else TARGETS[:1]:
                    result.cells.add((f"partage {operation}", role, target, state))
                    met, names = in_state(operation, row, role, state), town.names(target, role, state)
                    for ask in asks(operation, met, target, names, parameters.get(plain(operation), set()), True):
                        _beside(town, result, client, (ask, met, role, target, state))
        return [name for name in known if beside(name) is None]


def _beside(town: Town, result: Result, client: TestClient, what: tuple[Ask, Row, str, str, str]) -> None:
    ask, row, role, target, state = what
    secret = town.mine.secrets[state].get(role, "")
    answer = ask.send(Asker(client, {"Authorization": f"Bearer {secret}"} if secret else {}))
    result.asked += 1
    let_in = role == "reading_key" and state == "active"
    expected = ask.expected if row.may is None or let_in else frozenset({303} if row.page else {401})
    where = f"partage: {ask.operation} as {role} ({state}) about {target}: {ask.address}?{dict(ask.query)}"
    if answer.status_code not in expected:
        result.wrong.append(f"{where} answers {answer.status_code}, expected {sorted(expected)}")
    if found := leaks(texts(answer), town.theirs, ask.said):
        result.leaks.append(f"{where} says {', '.join(found[:4])}")
