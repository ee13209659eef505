"""Ways past views and an authorizer of SQLite."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from geoservice.storage.sqlite import sqlite_module
from tests.attack.ground import CANARY, Ground
from tests.attack.probes import READ, Probe, in_turn, of_text, reading, said

_MAIN = 'SELECT "key" FROM main.fact'


def _attached(ground: Ground) -> Any:
    return in_turn(ground, (f"ATTACH '{ground.path}' AS again", 'SELECT "key" FROM again.fact'))


def _outside(ground: Ground) -> Any:
    """ATTACH and VACUUM outside of a transaction, where they work."""
    with tempfile.TemporaryDirectory() as folder, ground.begin(False) as connection:
        target = Path(folder) / "copie.db"
        raw: Any = connection.connection.dbapi_connection
        found = []
        for statement in ("COMMIT", f"ATTACH '{ground.path}' AS again", 'SELECT "key" FROM again.fact',
                          f"VACUUM INTO '{target}'", "BEGIN"):
            try:
                found.append(raw.execute(statement).fetchall())
            except Exception as error:
                found.append(str(error).replace(str(target), ""))
        return [*found, target.read_bytes()[:0] + (CANARY.encode() if target.is_file() and CANARY.encode() in target.read_bytes()
                                                   else b"")]


def _hidden_names(ground: Ground) -> Any:
    """The names of views and triggers, wherever they might be told; then as the name of an expression."""
    with ground.begin(True) as connection:
        told = repr([said(connection, statement) for statement in (
            "SELECT name, sql FROM sqlite_temp_master", "SELECT name, sql FROM temp.sqlite_schema", "PRAGMA table_list",
            "SELECT * FROM pragma_table_list", f"EXPLAIN QUERY PLAN {READ}", f"EXPLAIN {READ}",
            "/* x */ explain query plan " + READ,
            "SELECT nothing FROM fact", 'SELECT f."nothing" FROM fact f', "PRAGMA function_list", "SELECT * FROM sqlite_stmt")])
        names = {*re.findall(r"s[0-9a-f]{32}\w*", told), "fact", "token", "source"}
        return [said(connection, f'WITH "{name}" AS (SELECT "key" FROM main.fact) SELECT * FROM "{name}"') for name in names]


def _handle(*words: Any) -> Any:
    """A method of the driver's own, then what it gave or a read."""
    def use(connection: Any) -> Any:
        raw = connection.connection.dbapi_connection
        found: list[Any] = []
        for name, given in words:
            try:
                answer = getattr(raw, name)(*given)
                found.append(answer.read() if hasattr(answer, "read") else answer)
            except Exception as error:
                found.append(str(error))
        try:
            found.append(raw.execute(_MAIN).fetchall())
        except Exception as error:
            found.append(str(error))
        return found

    return use


def _backed_up(connection: Any) -> Any:
    copy = sqlite_module().connect(":memory:")
    try:
        connection.connection.dbapi_connection.backup(copy)
        return copy.execute('SELECT "key" FROM fact').fetchall()
    except Exception as error:
        return [str(error), said(connection, _MAIN)]
    finally:
        copy.close()


def _blob(connection: Any) -> Any:
    raw = connection.connection.dbapi_connection
    opened = getattr(raw, "open_blob", None) or raw.blobopen
    try:
        return [opened("fact", "content", number, True).read() for number in range(1, 61)]
    except Exception as error:
        return [str(error), said(connection, _MAIN)]


def _remembered(ground: Ground) -> Any:
    """A text that the service itself ran past the scope in this very transaction, still prepared."""
    from geoservice.storage import audit

    with ground.begin(True) as connection:
        audit.append(connection, 1, "sonde", ("saisie", "", "fait"))
        return [said(connection, statement) for statement in (
            "SELECT main.audit.seq, main.audit.hash \nFROM main.audit ORDER BY main.audit.seq DESC\n LIMIT ? OFFSET ?",
            "SELECT * FROM main.audit", "SELECT object FROM audit")]


def _two_scopes(ground: Ground) -> Any:
    """The rows that say whose a connection is, changed by text."""
    return in_turn(ground, ("INSERT INTO temp._scope VALUES ('sees', 2)", "DELETE FROM temp._scope",
            "UPDATE temp._scope SET number = 2",
                            "REPLACE INTO _scope VALUES ('all', 0)", READ), write=True)


PROBES: tuple[Probe, ...] = (
    of_text("main by name", _MAIN, "SELECT count(*) FROM main.fact", 'SELECT "key" FROM "main"."fact"',
            "SELECT * FROM [main].[fact]"),
    of_text("expression named as the view", 'WITH fact AS (SELECT * FROM main.fact) SELECT "key" FROM fact'),
    of_text("recursive expression named as the view",
            'WITH RECURSIVE fact(k) AS (SELECT "key" FROM main.fact UNION ALL SELECT k FROM fact WHERE 0) SELECT k FROM fact'),
    Probe("expression named as what is hidden", _hidden_names),
    of_text("subquery named as the view", 'SELECT "key" FROM (SELECT * FROM main.fact) AS fact'),
    of_text("rows by their number", "SELECT rowid, * FROM main.fact WHERE rowid = 31", "SELECT max(rowid) FROM main.token",
            "SELECT _rowid_, \"key\" FROM fact"),
    Probe("ATTACH of the same file", _attached),
    Probe("ATTACH and VACUUM INTO outside a transaction", _outside),
    of_text("temporary table", "CREATE TEMP TABLE t AS SELECT * FROM main.fact", "SELECT * FROM temp.t", _MAIN, write=True),
    of_text("temporary view", "CREATE TEMP VIEW v AS SELECT * FROM main.fact", "SELECT * FROM v", write=True),
    of_text("views taken away", "DROP VIEW fact", "DROP VIEW temp.fact", 'SELECT "key" FROM fact', write=True),
    of_text("temporary trigger", "CREATE TEMP TABLE stolen (k)", "CREATE TEMP TRIGGER tr AFTER INSERT ON main.source BEGIN "
            "INSERT INTO "
            'stolen SELECT "key" FROM main.fact; END', "INSERT INTO main.source (layer, name) VALUES ('q', 'q')",
            "SELECT * FROM stolen", write=True),
    of_text("triggers taken away", "DROP TRIGGER fact_insert", "PRAGMA recursive_triggers = ON", _MAIN, write=True),
    of_text("writable schema", "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = sql",
            "PRAGMA writable_schema = RESET",
            _MAIN, write=True),
    of_text("rename of a table", "ALTER TABLE main.fact RENAME TO fact2", "SELECT * FROM fact2", write=True),
    of_text("virtual tables of the file", "SELECT * FROM sqlite_dbpage", "SELECT * FROM dbstat", "SELECT * FROM "
            "pragma_table_info('fact')", "SELECT * FROM pragma_database_list", _MAIN),
    of_text("full-text table over the rows", "CREATE VIRTUAL TABLE temp.ft USING fts5(k, content='fact')",
            "INSERT INTO temp.ft(ft) VALUES ('rebuild')", "SELECT * FROM temp.ft", _MAIN, write=True),
    of_text("statistics", "ANALYZE", "SELECT * FROM sqlite_stat1", "SELECT * FROM sqlite_stat4", _MAIN, write=True),
    of_text("functions that read files", "SELECT readfile('/etc/hostname')", "SELECT load_extension('x')",
            "SELECT fts3_tokenizer('simple')", _MAIN),
    of_text("insert that returns others'", "INSERT INTO main.source (layer, name) SELECT 'z', max(\"key\") FROM main.fact "
            "RETURNING name",
            'UPDATE main.fact SET line = 3 RETURNING "key"', 'DELETE FROM main.fact WHERE id = 31 RETURNING "key"',
            "REPLACE INTO main.token SELECT * FROM main.token RETURNING name", write=True),
    of_text("upsert that returns others'", "INSERT INTO main.token (id, organisation_id, name, sha256, created, scope, "
            "last4) VALUES "
            "(2, 1, 'x', 'y', '2026-01-01', 'read', '') ON CONFLICT (id) DO UPDATE SET scope = 'read' RETURNING name, sha256",
            write=True),
    Probe("the scope's own rows", _two_scopes),
    Probe("a text that is still prepared", _remembered),
    reading("authorizer taken off", _handle(("set_authorizer", (None,)))),
    reading("several statements at once", _handle(("executescript", (f"CREATE TEMP TABLE t2 AS {_MAIN};",)))),
    reading("trace of statements", _handle(("set_trace_callback", (str,)))),
    reading("whole file as bytes", _handle(("serialize", ()), ("iterdump", ()))),
    reading("extension of the driver", _handle(("enable_load_extension", (True,)))),
    reading("backup of the driver", _backed_up),
    reading("blob by its number", _blob),
    Probe("writes by name of the table", lambda g: in_turn(g, (
        "UPDATE main.token SET name = 'pris'", "DELETE FROM main.token",
        "INSERT OR REPLACE INTO main.layer_state VALUES ('CANARI', 2, 9, 9)"),
        True), effect=True),
)
