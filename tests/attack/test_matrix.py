"""The cross-tenant matrix in a small size, and that it sees what it is there to see."""

from __future__ import annotations

import io
import struct
import zlib

import httpx2
import pytest

from geoservice.operations import reach, reader, shared_links
from geoservice.storage import audit as stored_audit
from geoservice.storage import jobs as stored_jobs
from geoservice.storage import people as stored_people
from geoservice.storage.store import Storage
from geoservice.types import Viewer
from tests.attack import matrix, reading
from tests.attack.matrix_beside import beside_main
from tests.attack.matrix_rows import ECHOES, ROWS

READ = frozenset({"GET /api/cells", "GET /api/residences", "GET /api/search", "GET /api/features/{layer}", "GET /api/layers",
                  "GET /tiles/{layer}/{z}/{x}/{y}.mvt", "GET /tiles/{layer}/tilejson.json", "GET /api/map.svg", "GET /api/units"})


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with matrix.opened(tmp_path_factory.mktemp("locataires")) as town:
        yield town


def test_every_operation_has_a_row_and_every_row_an_operation(town):
    known = matrix.operations(town.app)
    assert matrix.missing(known) == []
    assert len(known) == len(ROWS) > 70
    document = matrix.described(town.asker(town.mine, "anonymous").request("GET", "/api/openapi.json").json())
    routed = {matrix.plain(name) for name in known}
    assert {name for name in document if name not in routed} == set()  # the description tells of no operation that is not walked
    assert len(document) > 40


def test_a_new_endpoint_without_a_row_fails_and_says_what_to_add(town):
    told = matrix.missing([*matrix.operations(town.app), "GET /api/nouveau"])
    assert told == ["GET /api/nouveau: add a row to ROWS in tests/attack/matrix_rows.py: who may ask it, whose things its path "
                    "names, and its status for one's own, somebody else's and nobody's"]
    assert "of no route any more" in matrix.missing([name for name in ROWS if name != "GET /api/cells"])[0]


def test_nobody_sees_anything_of_another_landlord(town):
    result = matrix.walk(town, whole=False, roles=matrix.QUICK_ROLES)
    assert result.leaks == []
    assert result.wrong == []
    assert result.covered == set(ROWS)
    assert len(result.cells) > 1_000
    assert len(result.sung) > 25  # whoever may see the canaries does


def test_nor_by_a_reading_key_on_the_surface_beside(town):
    result = matrix.Result()
    assert beside_main(town, result) == []  # operations there that have no row
    assert (result.leaks, result.wrong) == ([], [])
    assert len(result.covered) > 20
    assert result.asked > 150


def test_a_residence_of_another_landlord_is_answered_as_one_that_does_not_exist(town):
    """The zone of a filter: byte for byte, headers included, but for the name that was asked."""
    walked, seen = matrix.Walk(town, matrix.Result()), 0
    asker, theirs = town.asker(town.mine, "dsu_member"), town.theirs.names["zone"]
    nobodys = theirs.replace(town.theirs.word, "QZPERSONNE"[:len(town.theirs.word)])
    assert len(nobodys) == len(theirs)
    for operation in walked.known:
        row, parameters = ROWS[operation], walked.parameters.get(matrix.plain(operation), set())
        if "zone" not in parameters or not row.aims:  # what is aimed otherwise: tests/web/test_siting.py
            continue
        told = []
        for zone in (theirs, nobodys):
            for ask in matrix.asks(operation, row, "own", town.mine.names | {"zone": zone}, parameters, whole=True):
                if "zone" in dict(ask.query):
                    answer = ask.send(asker)
                    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "etag")}
                    told.append((zone, answer.status_code, answer.text.replace(zone.partition(":")[2], "?"), headers))
                    seen += 1
        half = len(told) // 2
        assert [each[1:] for each in told[:half]] == [each[1:] for each in told[half:]], operation
        assert {each[1] for each in told} == ({200} if operation in ECHOES else {404}), operation
    assert seen > 40


ENDED = frozenset({"GET /p/{secret}"})


def test_a_link_that_ended_is_asked_for_and_opens_nothing(town, monkeypatch):
    result = matrix.walk(town, whole=True, roles=("share_link",), only=ENDED)
    assert (result.leaks, result.wrong) == ([], [])
    assert {state for _, _, target, state in result.cells if target == "own"} == {"active", "revoked", "expired"}
    monkeypatch.setattr(shared_links, "alive", lambda row: row.revoked is None)  # as if no clock looked at links
    wrong = matrix.walk(town, whole=True, roles=("share_link",), only=ENDED).wrong
    assert [line.partition(" about ")[0] for line in wrong] == ["GET /p/{secret} as share_link (expired)"]


@pytest.mark.slow
def test_the_whole_matrix(tmp_path):
    with matrix.opened(tmp_path) as town:
        result = matrix.walk(town, whole=True)
    assert (result.leaks, result.wrong) == ([], [])
    kinds = {name.split()[-1] for name in result.sung}
    assert {"text/csv", "application/geopackage+sqlite3", "application/vnd.apache.parquet", "application/pdf", "image/png",
            "image/svg+xml", "application/vnd.mapbox-vector-tile", "text/html", "application/geo+json"} <= kinds


# --- planted leaks: each has to be found

def found_by(town, only: frozenset[str], role: str) -> set[str]:
    result = matrix.walk(town, whole=True, roles=(role,), only=only)
    return {line.partition(" as ")[0] for line in result.leaks}


@pytest.fixture
def no_scope(monkeypatch):
    """The database holds nobody to their rows: what a question asks is what it gets."""
    for name in ("read", "write"):
        real = getattr(Storage, name)
        monkeypatch.setattr(Storage, name, lambda self, scope=None, real=real: real(self))


def test_a_reader_of_two_landlords_is_seen(town, monkeypatch):
    def both(viewer: Viewer) -> tuple[int, ...]:
        return (0, town.mine.number, town.theirs.number)

    for module in (reader, reach):
        monkeypatch.setattr(module, "organisations_of", both)
    assert len(found_by(town, READ, "dsu_member")) >= len(READ) - 2


WRONG = [(stored_people, "members", "GET /membres"), (stored_audit, "latest", "GET /journal"),
         (stored_jobs, "listing", "GET /api/imports"), (stored_jobs, "own", "GET /api/imports/{number}")]


@pytest.mark.parametrize(("module", "name", "operation"), WRONG, ids=[operation for _, _, operation in WRONG])
def test_a_question_about_the_wrong_landlord_is_seen(town, monkeypatch, no_scope, module, name, operation):
    ask_of(town, monkeypatch, module, name)
    assert found_by(town, frozenset({operation}), "org_admin") == {operation}


@pytest.mark.parametrize(("module", "name", "operation"), WRONG, ids=[operation for _, _, operation in WRONG])
def test_the_database_holds_where_a_question_is_wrong(town, monkeypatch, module, name, operation):
    ask_of(town, monkeypatch, module, name)
    assert found_by(town, frozenset({operation}), "org_admin") == set()


def ask_of(town, monkeypatch, module, name) -> None:
    """A function of storage asks about the other landlord, whoever is meant."""
    real = getattr(module, name)
    monkeypatch.setattr(module, name, lambda connection, _, *more, **named: real(connection, town.theirs.number, *more, **named))


def test_a_right_too_many_is_seen(town, monkeypatch):
    """The rows are no copy of the table of rights: a mistake there is an unexpected status."""
    from geoservice.operations import permissions
    from geoservice.types import Role

    allowed = permissions.ALLOWED | {Role.POLICE_LIAISON: permissions.ALLOWED[Role.DSU_MEMBER]}
    monkeypatch.setattr(permissions, "ALLOWED", allowed)
    result = matrix.walk(town, whole=False, roles=("police_liaison",), only=frozenset({"GET /api/cells", "GET /api/imports"}))
    assert {line.partition(" as ")[0] for line in result.wrong} == {"GET /api/cells", "GET /api/imports"}


def test_a_change_of_the_other_landlord_is_seen(town, monkeypatch, no_scope):
    ask_of(town, monkeypatch, stored_people, "members")
    result = matrix.walk(town, whole=False, roles=("org_admin",), only=frozenset({"POST /membres/{number}/role"}))
    assert "something of the other landlord was changed" in result.leaks


# --- reading answers

def answer(kind: str, body: bytes) -> httpx2.Response:
    return httpx2.Response(200, headers={"Content-Type": kind}, content=body)


def test_a_canary_is_found_wherever_it_hides(town):
    word, cell = town.theirs.word, next(cell for cell in sorted(town.theirs.cells) if len(cell) == 15)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in word)

    def png(kind: bytes, data: bytes) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", len(data), kind) + data + b"\0\0\0\0"

    for kind, body in (
        ("application/json", f'{{"a": "{escaped}"}}'.encode()), ("text/html", f"&#{ord(word[0])};{word[1:]}".encode()),
        ("text/csv", word.lower().encode()), ("application/octet-stream", word.encode("utf-16-le")),
        ("application/json", f'{{"cell": {int(cell, 16)}}}'.encode()), ("text/plain", f"[{cell}]".encode()),
        ("image/png", png(b"zTXt", b"Comment\0\0" + zlib.compress(word.encode()))), ("image/png", png(b"iTXt", word.encode())),
        ("application/vnd.apache.parquet", _parquet(word))):
        assert reading.leaks(reading.texts(answer(kind, body)), town.theirs, ""), kind
        assert not reading.leaks(reading.texts(answer(kind, body)), town.mine, ""), kind
    assert not reading.leaks([f"introuvable : {word}"], town.theirs, f"/api/search?q={word}")  # an echo is no leak
    header = httpx2.Response(200, headers={"X-Nom": word})
    assert reading.leaks(reading.texts(header), town.theirs, "") == [word]


def _parquet(word: str) -> bytes:
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"nom": [word] * 100}), out, compression="zstd")
    return out.getvalue()


def test_counts_about_a_place_of_the_others_are_zero():
    assert reading.zeros(answer("application/json", b'{"total": 0, "rows": [{"count": 3}]}')) == ["count=3"]
    assert reading.zeros(answer("application/json", b'{"total": 0}')) == []


def test_a_tenant_is_not_the_other(town):
    assert not town.mine.cells & town.theirs.cells
    assert len(town.theirs.cells) > 300
