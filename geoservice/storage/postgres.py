"""PostgreSQL, where one address is set: engine, transactions, and what its errors mean. psycopg is imported only here.

The address is `postgresql://user@host/base?schema=nom`; `{folder}` in the schema's name stands for a digest of the data folder's
path, so that several folders share a base.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from geoservice.core.chain import SEAL, SEALED_AFTER_DAYS
from geoservice.errors import NotReady, disk_full, read_only
from geoservice.storage import postgres_scope

SCHEMA = "geoservice"
_FEW = 50  # rows that are inserted as they are
enter, lifted, loosen = postgres_scope.enter, postgres_scope.lifted, postgres_scope.loosen
_ONLY_ADDED_TO = (
    f"""CREATE OR REPLACE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE last audit%%ROWTYPE;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                SELECT * INTO last FROM audit ORDER BY seq DESC LIMIT 1;
                IF last.action = '{SEAL}' AND last.seq > OLD.seq THEN
                    IF split_part(last.object, ':', 1)::bigint >= OLD.seq
                        AND left(last.moment, 10)::date - left(OLD.moment, 10)::date >= {SEALED_AFTER_DAYS} THEN
                        RETURN OLD;
                    END IF;
                END IF;
            END IF;
            RAISE EXCEPTION 'the audit is only added to';
        END $$""",
    "CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()",
    "CREATE OR REPLACE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to()",
)
_CHECK = "Vérifiez GEOSERVICE_DATABASE_URL et que PostgreSQL est démarré."


def _address(url: str, folder: Path) -> tuple[URL, str]:
    """The address as the driver wants it, and the schema."""
    try:
        given = make_url(url)
    except ArgumentError as error:
        raise NotReady("GEOSERVICE_DATABASE_URL n’est pas une adresse : postgresql://utilisateur@machine/base.") from error
    if given.get_backend_name() != "postgresql":
        raise NotReady("GEOSERVICE_DATABASE_URL doit commencer par « postgresql:// » (sans elle : SQLite, dans le dossier).")
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    schema = str(given.query.get("schema", SCHEMA)).replace("{folder}", digest)
    if not schema.replace("_", "a").isalnum() or not schema.isascii():
        raise NotReady("Le schéma de GEOSERVICE_DATABASE_URL s’écrit avec des lettres sans accent, des chiffres et « _ ».")
    return given.difference_update_query(["schema"]).set(drivername="postgresql+psycopg"), schema


def open_engine(url: str, folder: Path, service: str | None = None) -> Engine:
    """An engine in the schema of a data folder, as the owner of its tables; texts of time are UTC, commits wait for the disk.

    `service`: an address for the service, whose role the owner may not make.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise NotReady("Le pilote de PostgreSQL manque : installez « geoservice[postgresql] ».") from error
    address, schema = _address(url, folder)
    engine = _engine(address, schema)
    given = None if service is None else _address(service, folder)[0]
    engine.update_execution_options(geoservice_service=given)
    return engine


def _engine(address: URL, schema: str, **more: Any) -> Engine:
    # tables of a session, which anybody can make, never stand before ours
    options = f"-c search_path={schema},pg_temp -c timezone=UTC -c synchronous_commit=on"
    engine = create_engine(address, connect_args={"options": options, "connect_timeout": 10, "prepare_threshold": None},
                           pool_pre_ping=True, **more)
    event.listen(engine, "begin", _begin)
    return engine


def open_service(url: str, folder: Path, service: str | None = None) -> Engine:
    """The engine the service works by: a role that owns nothing, whose transactions see what their scope says."""
    owner = open_engine(url, folder, service)
    address, schema = _address(url, folder)
    try:
        role, password, key = postgres_scope.credentials(owner)
        given: URL | None = owner.get_execution_options()["geoservice_service"]
    finally:
        owner.dispose()
    engine = _engine(given or address.set(username=role, password=password), schema, pool_reset_on_return=None,
                     hide_parameters=True)
    postgres_scope.listen(engine, key)
    try:
        postgres_scope.check(engine, role)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("geoservice_plain"):
        return  # what cannot run in a transaction
    if connection.get_execution_options().get("geoservice_write"):
        # One writer at a time. What it reads must be read after the lock: each statement sees what was committed before it.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(current_setting('search_path'), 0))")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def create_schema(connection: Connection) -> None:
    """The schema, when there is none."""
    connection.exec_driver_sql("SELECT set_config('client_min_messages', 'warning', true)")
    name = str(connection.exec_driver_sql("SELECT current_setting('search_path')").scalar_one()).partition(",")[0]
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{name}"')


def discard(url: str, folder: Path) -> None:
    """Drop the schema of a data folder with all it holds."""
    engine = open_engine(url, folder)
    _, schema = _address(url, folder)
    try:
        with engine.connect().execution_options(geoservice_write=True) as connection, connection.begin():
            connection.exec_driver_sql("SELECT set_config('client_min_messages', 'warning', true)")
            postgres_scope.forget(connection)
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    finally:
        engine.dispose()


def identity(url: str, folder: Path) -> str:
    """The cluster and the schema's number in it."""
    engine = open_engine(url, folder)
    try:
        with engine.connect() as connection, connection.begin():
            return str(connection.exec_driver_sql(
                "SELECT system_identifier || '-' || current_schema()::regnamespace::oid FROM pg_control_system()").scalar())
    finally:
        engine.dispose()


_SENTENCES = {
    "08": f"PostgreSQL ne répond pas. {_CHECK}",
    "28": f"PostgreSQL refuse cet utilisateur ou ce mot de passe. {_CHECK}",
    "3D": f"La base PostgreSQL n’existe pas : créez-la avec « createdb ». {_CHECK}",
    "42501": "L’utilisateur de PostgreSQL n’a pas le droit de créer ou de lire ces tables.",
    "53300": "PostgreSQL n’a plus de connexion libre ; réessayez dans un instant.",
    "57P": "PostgreSQL s’arrête ou redémarre ; rien de ce qui était enregistré n’est perdu. Réessayez dans un instant.",
    "58": "Le disque de PostgreSQL ne répond pas comme il faut ; vérifiez-le, puis relancez la même commande.",
    "55P03": "La base de données est occupée par une autre écriture ; réessayez dans un instant.",
    "40": "La base de données est occupée par une autre écriture ; réessayez dans un instant.",
    "XX": "La base PostgreSQL est abîmée. Restaurez une sauvegarde : « geoservice restore FICHIER --data DOSSIER ».",
}


def plain(error: DBAPIError, _folder: Path | None) -> NotReady | None:
    """What an error of PostgreSQL means for people; None where it means a mistake of ours."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the connection itself: no server, a wrong name, a server that left
        lost = type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout") or error.connection_invalidated
        return NotReady(_SENTENCES["08"]) if lost else None
    if state == "53100":
        return disk_full()
    if state == "25006":
        return read_only()
    return next((NotReady(sentence) for code, sentence in _SENTENCES.items() if state.startswith(code)), None)


class Watch:
    """A connection of its own that tells when anything was committed by another one."""

    def __init__(self, engine: Engine) -> None:
        pooled = engine.raw_connection()
        pooled.detach()
        self._connection: Any = pooled.dbapi_connection
        self._connection.autocommit = True

    def mark(self) -> str:
        """The transactions that are over: changes with every commit (and sometimes without)."""
        return self._connection.execute("SELECT pg_current_snapshot()::text").fetchone()[0]

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert many tuples, by COPY beside the table: COPY into one with policies is refused. A NUL, which a text cannot hold here,
    becomes the replacement character."""
    quoted = ", ".join(f'"{name}"' for name in names)
    texts = [place for place, name in enumerate(names) if table.c[name].type.python_type is str]
    clean = [_without_nul(row) if any(row[place] is not None and "\0" in row[place] for place in texts) else row for row in rows]
    if len(rows) < _FEW:
        marks = ", ".join(["%s"] * len(names))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})', clean)
        return
    raw: Any = connection.connection.dbapi_connection
    with raw.cursor() as cursor:
        cursor.execute(f'CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {quoted} FROM "{table.name}" WITH NO DATA')
        with cursor.copy(f"COPY pg_temp.arriving ({quoted}) FROM STDIN") as out:
            for row in clean:
                out.write_row(row)
        cursor.execute(f'INSERT INTO "{table.name}" ({quoted}) SELECT {quoted} FROM pg_temp.arriving')
        cursor.execute("DROP TABLE pg_temp.arriving")


def _without_nul(row: tuple) -> tuple:
    return tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)


def plain_sql(sql: str) -> str:
    """A statement with `?` marks as the driver wants it."""
    return sql.replace("%", "%%").replace("?", "%s")


def health(connection: Connection) -> tuple[str, str, bool]:
    """Version, how it writes, and whether a commit is on the disk."""
    version, fsync, commit = connection.exec_driver_sql(
        "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").one()
    return f"PostgreSQL {version.split(' ')[0]}", f"fsync {fsync}, synchronous_commit {commit}", (fsync, commit) == ("on", "on")


def integrity(connection: Connection) -> str:
    """`ok`, or the first table that cannot be read to its end."""
    names = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND "
                                       "has_table_privilege(format('%%I.%%I', schemaname, tablename), 'SELECT') ORDER BY 1")
    for (name,) in names.all():
        try:
            connection.exec_driver_sql(f'SELECT count(t.*) FROM "{name}" t').scalar()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "")[:2] in ("XX", "58"):
                return str(name)
            raise
    return "ok"


def number_given(connection: Connection, table: Table, number: int) -> None:
    """The sequence goes on after it."""
    connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), {number})")


def scrub(engine: Engine) -> bool:
    """Every table written anew. What the server's own write-ahead log and its archives still hold is for its operator."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT", geoservice_plain=True) as connection:
        names = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND "
                                       "has_table_privilege(format('%%I.%%I', schemaname, tablename), 'SELECT') ORDER BY 1")
        for (name,) in names.all():
            connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{name}"')
    return True


def settle(connection: Connection) -> None:
    """Texts compared by bytes and whole numbers of 64 bits, as SQLite has them, where columns are not so already; an audit whose
    rows are only added, but for old ones that its last row seals."""
    found = connection.exec_driver_sql(
        "SELECT table_name, column_name, data_type, coalesce(collation_name, ''), character_maximum_length "
        "FROM information_schema.columns WHERE table_schema = current_schema() AND (data_type = 'integer' OR "
        "(data_type IN ('character varying', 'text') AND coalesce(collation_name, '') <> 'C')) ORDER BY 1, 2").all()
    changes: dict[str, list[str]] = {}
    for table, column, kind, _, length in found:
        wanted = "bigint" if kind == "integer" else f'varchar{f"({length})" if length else ""} COLLATE "C"'
        changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE {wanted}')
    for table, each in changes.items():  # a table is written anew once
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {", ".join(each)}')
    if connection.exec_driver_sql("SELECT to_regclass('audit')").scalar() is not None:
        for statement in _ONLY_ADDED_TO:
            connection.exec_driver_sql(statement)
    postgres_scope.settle(connection)
