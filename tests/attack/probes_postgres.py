"""Ways past forced policies of PostgreSQL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import text

from tests.attack.ground import CANARY, MINE, Ground
from tests.attack.probes import READ, Probe, in_turn, of_text, reading, said

_THEIRS = "SELECT * FROM token"


def _owner(ground: Ground) -> str:
    with ground.storage.read() as connection:
        return str(connection.exec_driver_sql("SELECT tableowner FROM pg_tables WHERE tablename = 'fact' AND schemaname = "
                                              "current_schema()").scalar_one())


def _roles(ground: Ground) -> Any:
    owner = _owner(ground)
    return in_turn(ground, (f'SET ROLE "{owner}"', "RESET ROLE", "SET ROLE NONE", f"SET SESSION AUTHORIZATION '{owner}'",
                            "RESET SESSION AUTHORIZATION", READ), write=True)


def _rights(ground: Ground) -> Any:
    owner = _owner(ground)
    return in_turn(ground, (f'GRANT "{owner}" TO CURRENT_USER', "ALTER ROLE CURRENT_USER BYPASSRLS",
            "ALTER ROLE CURRENT_USER SUPERUSER",
                            "CREATE ROLE voleur SUPERUSER", READ), write=True)


def _forged(ground: Ground) -> Any:
    """The setting that says whose a transaction is: taken as it is, with other numbers, longer, or all."""
    with ground.begin(False) as connection:
        mine = str(said(connection, "SELECT current_setting('geoservice.scope', true)"))
        signature = mine.partition("#")[2].strip("')], ")
        claims = ("*", f"*#{signature}", f"0,1,2|2|2#{signature}", f"0,1|1|\x80,2#{signature}", "0,1,2|2|2")
        found = []
        for claim in claims:
            with suppress(Exception), connection.begin_nested():
                connection.execute(text("SELECT set_config('geoservice.scope', :claim, true)"), {"claim": claim})
                found.append(connection.exec_driver_sql(READ).all())
        return found


def _own_key(ground: Ground) -> Any:
    return in_turn(ground, ("SELECT scope_enter('', '*')", "SELECT scope_enter(NULL, '*')", "SELECT scope_enter((SELECT key FROM "
                            "service_role), '*')", "SELECT key, password FROM service_role", READ))


def _copied(ground: Ground) -> Any:
    found: list[Any] = []
    with ground.begin(True) as connection:
        raw: Any = connection.connection.dbapi_connection
        for statement in ("COPY fact TO STDOUT", 'COPY (SELECT "key" FROM fact) TO STDOUT',
                "COPY token TO STDOUT (FORMAT binary)"):
            try:
                with raw.cursor() as cursor, cursor.copy(statement) as out:
                    found += [bytes(block) for block in out]
            except Exception as error:
                return [*found, str(error)]
    return found


def _poisoned(ground: Ground) -> Any:
    """Tables of the session under names of ours: does the next transaction of another write into them?"""
    with suppress(Exception), ground.begin(True) as connection:
        said(connection, "CREATE TEMP TABLE token (LIKE token)")
        said(connection, "SET search_path = pg_temp, public")
        connection.exec_driver_sql("COMMIT")
    from geoservice.storage.scope import RowScope

    with suppress(Exception), ground.storage.write(RowScope.of_organisation(2)) as connection:
        connection.exec_driver_sql(f"INSERT INTO token (organisation_id, name, sha256, created, scope, last4) VALUES (2, "
                f"'{CANARY}', "
                                   "'poison', now(), 'read', '')")
    with ground.begin(True) as connection:
        return [said(connection, "SELECT * FROM pg_temp.token"), said(connection, _THEIRS)]


def _held(ground: Ground) -> Any:
    """A cursor and a prepared statement, kept past the transaction, and opened again under whatever comes then."""
    with suppress(Exception), ground.begin(False) as connection:
        for statement in (f"DECLARE kept CURSOR WITH HOLD FOR {READ}", f"PREPARE asked AS {READ}", "COMMIT"):
            with suppress(Exception):
                connection.exec_driver_sql(statement)
    with ground.begin(False) as connection:
        return [said(connection, statement) for statement in ("FETCH ALL FROM kept", "EXECUTE asked", f"PREPARE b AS {READ}",
                "EXECUTE b")]


def _notices(ground: Ground) -> Any:
    """Functions that look at every row before a policy does, and blocks that say what they see."""
    told: list[str] = []
    with ground.begin(True) as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        found = [said(connection, statement) for statement in (
            "CREATE FUNCTION pg_temp.leak(t text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE '%%', t; "
            "RETURN true; END $$", 'SELECT count(*) FROM fact WHERE pg_temp.leak("key")',
            "DO $$ DECLARE r record; BEGIN PERFORM set_config('geoservice.scope', '*', true); FOR r IN SELECT \"key\" FROM "
            "fact LOOP "
            "RAISE NOTICE '%%', r.key; END LOOP; END $$")]
    return [found, told]


def _several(connection: Any) -> Any:
    cursor = connection.connection.dbapi_connection.execute(f"SELECT set_config('geoservice.scope', '*', true); {READ}")
    cursor.nextset()
    return cursor.fetchall()


PROBES: tuple[Probe, ...] = (
    Probe("another role", _roles),
    Probe("rights taken", _rights),
    of_text("row security off", "SET row_security = off", "SET LOCAL row_security = off", READ,
            "SET row_security = on", READ),
    Probe("setting forged", _forged),
    Probe("the key", _own_key),
    Probe("COPY", _copied),
    of_text("COPY to a program, files", "COPY fact TO PROGRAM 'cat'", "COPY fact TO '/tmp/x'",
            "SELECT pg_read_file('/etc/hostname')",
            "SELECT lo_import('/etc/hostname')", READ, write=True),
    Probe("functions and blocks that tell", _notices),
    of_text("function of the definer", "CREATE FUNCTION pg_temp.all_of() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS "
            "'SELECT \"key\"::text FROM fact'", "SELECT pg_temp.all_of()", READ, write=True),
    of_text("policies taken off", "ALTER TABLE fact DISABLE ROW LEVEL SECURITY", "ALTER TABLE fact NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY seen ON fact", "CREATE POLICY mine ON fact USING (true)", READ, write=True),
    of_text("functions of policies replaced", "CREATE OR REPLACE FUNCTION scope_all() RETURNS boolean LANGUAGE sql AS "
            "'SELECT true'",
            "CREATE FUNCTION pg_temp.scope_all() RETURNS boolean LANGUAGE sql AS 'SELECT true'", READ,
            "SET LOCAL search_path = pg_temp, public", READ, write=True),
    of_text("trigger, rule, view, index over the rows", "CREATE VIEW v AS SELECT * FROM fact", "SELECT * FROM v",
            "CREATE RULE r AS ON SELECT TO source DO INSTEAD SELECT * FROM fact", "CREATE INDEX i ON fact (length(\"key\"))",
            "CREATE TRIGGER t BEFORE UPDATE ON fact EXECUTE FUNCTION audit_is_only_added_to()", READ, write=True),
    of_text("statistics", "ANALYZE fact", "SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'fact'",
            "SELECT stavalues1::text FROM pg_statistic", "SELECT histogram_bounds::text FROM pg_stats", _THEIRS, write=True),
    of_text("catalogues", "SELECT query FROM pg_stat_activity", "SELECT rolpassword FROM pg_authid",
            "SELECT passwd FROM pg_shadow",
            "SELECT setconfig FROM pg_db_role_setting", _THEIRS),
    of_text("catalogues changed", "UPDATE pg_class SET relrowsecurity = false WHERE relname = 'fact'",
            "DELETE FROM pg_policy", READ, write=True),
    of_text("another base", "CREATE EXTENSION dblink", "CREATE EXTENSION postgres_fdw", "CREATE EXTENSION file_fdw", READ,
            write=True),
    of_text("update that returns", "UPDATE fact SET line = 4 RETURNING \"key\"",
            "UPDATE fact SET line = 4 WHERE organisation_id = 2 "
            "RETURNING \"key\"", "DELETE FROM fact_version RETURNING residence", write=True),
    of_text("upsert that returns", f"INSERT INTO token (id, organisation_id, name, sha256, created, scope, last4) VALUES "
            f"(2, {MINE}, "
            "'x', 'y', now(), 'read', '') ON CONFLICT (id) DO UPDATE SET scope = 'read' RETURNING name, sha256", write=True),
    of_text("merge", "MERGE INTO token t USING (SELECT max(\"key\") AS k FROM fact WHERE organisation_id = 2) s ON "
            "t.organisation_id = 1 "
            "WHEN MATCHED THEN UPDATE SET name = coalesce(s.k, 'rien')", "SELECT name FROM token", write=True),
    of_text("rows locked", f"{READ} FOR UPDATE", "TABLE fact", "LOCK TABLE fact", write=True),
    of_text("lateral", "SELECT o.code, f.* FROM organisation o, LATERAL (SELECT \"key\" FROM fact WHERE organisation_id = "
            "o.id) f"),
    of_text("errors that quote", "SELECT \"key\"::int FROM fact WHERE organisation_id = 2",
            "SELECT 1 / (length(\"key\") - length(\"key\")) "
            "FROM fact WHERE organisation_id = 2", "SELECT xmlparse(document \"key\") FROM fact WHERE organisation_id = 2",
            _THEIRS),
    of_text("whole rows as one value", "SELECT row_to_json(f) FROM fact f", "SELECT array_agg(f) FROM fact f",
            "SELECT query_to_xml('SELECT * FROM fact', true, true, '')", "SELECT table_to_xml('fact', true, true, '')"),
    of_text("plan that tells", f"EXPLAIN (ANALYZE, VERBOSE) {READ}", _THEIRS),
    of_text("fewer checks", "SET LOCAL session_replication_role = replica", "SET LOCAL check_function_bodies = off", READ,
            write=True),
    of_text("a transaction's other moments", "SET TRANSACTION READ WRITE", "SET TRANSACTION SNAPSHOT '00000003-0000001B-1'",
            READ),
    Probe("names of ours taken by a session", _poisoned),
    Probe("kept past the transaction", _held),
    of_text("references", "CREATE TABLE child (id int REFERENCES fact (id))", _THEIRS, write=True),
    of_text("truncate", "TRUNCATE token", "TRUNCATE fact CASCADE", write=True, effect=True),
    reading("several statements at once", _several),
    Probe("writes of others' rows", lambda g: in_turn(g, (
        "UPDATE token SET name = 'pris' WHERE organisation_id = 2", "DELETE FROM token WHERE organisation_id = 2",
        "INSERT INTO audit VALUES (99, '', 2, 'x', 'x', 'CANARI', 'x', 'x', 'x')"), True), effect=True),
)
