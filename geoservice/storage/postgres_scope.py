"""A scope held to by PostgreSQL itself: forced row-level security, under a role that owns nothing and passes no policy.

The owner of the tables makes and changes them, and is asked for nothing else. The service signs in as a role of its own. What a
transaction may see is a setting local to it, signed in the server by a key that this role cannot read: `scope_enter` signs for
whoever brings the key, policies believe no other setting (`set_config` is for everybody), and a signature is of one session.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from geoservice.errors import NotReady
from geoservice.storage import scope as rules
from geoservice.storage.scope import RowScope

_OURS = "service_role"  # role, password and key of the service: the owner's alone
_FREE = (_OURS, "alembic_version")
_ALL = "*"
# hashed twice: to one digest alone anybody could add
_SIGNED = """encode(sha256(convert_to(known || encode(sha256(convert_to(
known || '#' || pg_backend_pid() || '#' || claim, 'UTF8')), 'hex'), 'UTF8')), 'hex')"""
_FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION scope_enter(given text, claim text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = {{schema}}, pg_temp AS $$
        DECLARE known text := (SELECT key FROM {_OURS});
        BEGIN
            IF known IS NULL OR given IS DISTINCT FROM known THEN
                RAISE EXCEPTION 'no scope without the key' USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM set_config('geoservice.scope', claim || '#' || {_SIGNED}, true);
        END $$""",
    f"""CREATE OR REPLACE FUNCTION scope_claim() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path = {{schema}}, pg_temp AS $$
        DECLARE known text := (SELECT key FROM {_OURS});
            said text := current_setting('geoservice.scope', true);
            claim text := split_part(said, '#', 1);
        BEGIN
            IF known IS NOT NULL AND split_part(said, '#', 2) = {_SIGNED} THEN
                RETURN claim;
            END IF;
            RETURN '';
        END $$""",
    f"""CREATE OR REPLACE FUNCTION scope_all() RETURNS boolean LANGUAGE sql STABLE
        SET search_path = {{schema}}, pg_temp AS $$ SELECT scope_claim() = '{_ALL}' $$""",
    """CREATE OR REPLACE FUNCTION scope_numbers(place int) RETURNS bigint[] LANGUAGE sql STABLE
        SET search_path = {schema}, pg_temp AS
        $$ SELECT string_to_array(nullif(split_part(scope_claim(), '|', place), ''), ',')::bigint[] $$""",
)
_PLACES = {rules.SEES: 1, rules.OWN: 2, rules.PERSON: 3}
_HELP = ("En administrateur de PostgreSQL, donnez-lui ce droit (« ALTER ROLE {owner} CREATEROLE »), ou créez vous-même un rôle "
         "(« CREATE ROLE {role} LOGIN PASSWORD '…' ») et donnez son adresse dans GEOSERVICE_DATABASE_SERVICE_URL.")


def claim_of(scope: RowScope) -> str:
    """What is signed: three lists of numbers."""
    return "|".join(",".join(str(int(number)) for number in numbers) for numbers in scope.numbers().values())


# --- what the owner sets up

def settle(connection: Connection) -> None:
    """The service's role, its key, the policies of every table there is; safe to repeat. NotReady where no role can be made."""
    schema = _schema(connection)
    connection.exec_driver_sql("SELECT set_config('client_min_messages', 'warning', true)")
    loosen(connection)
    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {_OURS} (role text NOT NULL, password text NOT NULL, "
                               "key text NOT NULL, rules text NOT NULL)")
    role = _role(connection, schema)
    for function in _FUNCTIONS:
        connection.exec_driver_sql(function.format(schema=f'"{schema}"'))
    connection.exec_driver_sql("REVOKE ALL ON FUNCTION scope_enter(text, text) FROM PUBLIC")
    connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
    connection.exec_driver_sql(f'GRANT EXECUTE ON FUNCTION scope_enter(text, text) TO "{role}"')
    columns = _columns(connection)
    orders = [order for table in columns if table not in _FREE for order in _guards(table, role, columns)]
    connection.exec_driver_sql(f"DO $all$ BEGIN {'; '.join(orders)}; END $all$")  # at once: there are hundreds
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) NOT NULL, "
                               "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))")  # as migrations make it
    connection.exec_driver_sql(f'GRANT SELECT ON alembic_version TO "{role}"')
    connection.exec_driver_sql(f'GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"')
    connection.exec_driver_sql(f"UPDATE {_OURS} SET rules = %s", (rules.digest(),))


def loosen(connection: Connection) -> None:
    """Take the policies away, so that tables can be changed; `settle` puts them back in the same transaction."""
    found = connection.exec_driver_sql("SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()")
    orders = [f'DROP POLICY "{policy}" ON "{table}";' for table, policy in found]
    connection.exec_driver_sql(f"DO $all$ BEGIN {' '.join(orders)} END $all$")


def forget(connection: Connection) -> None:
    """Drop the role that `settle` made, with all it may do here."""
    if connection.exec_driver_sql("SELECT to_regclass(%s)", (_OURS,)).scalar() is None:
        return
    role = connection.exec_driver_sql(f"SELECT role FROM {_OURS} WHERE password <> ''").scalar()
    if role is not None and _exists(connection, role):
        connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
        connection.exec_driver_sql(f'DROP ROLE "{role}"')


def _schema(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SELECT current_schema()").scalar_one())


def _columns(connection: Connection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'r' AND "
            "c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"):
        found.setdefault(table, set()).add(column)
    return found


def _role(connection: Connection, schema: str) -> str:
    """The name of the service's role, made when there is none; its password is new when it was not ours."""
    known = connection.exec_driver_sql(f"SELECT role FROM {_OURS}").scalar()
    given: URL | None = connection.get_execution_options().get("geoservice_service")
    if given is not None:
        role, password = given.username or "", ""
    elif known is not None and _exists(connection, known):
        return str(known)
    else:
        role, password = _name(connection, schema), secrets.token_urlsafe(32)
        _make(connection, role, password)
    connection.exec_driver_sql(f"DELETE FROM {_OURS}")
    connection.exec_driver_sql(f"INSERT INTO {_OURS} VALUES (%s, %s, %s, '')", (role, password, secrets.token_hex(32)))
    return role


def _name(connection: Connection, schema: str) -> str:
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    return f"{schema[:40]}_{sha256(f'{database}/{schema}'.encode()).hexdigest()[:8]}_service"


def _exists(connection: Connection, role: str) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).first() is not None


def _make(connection: Connection, role: str, password: str) -> None:
    try:
        with connection.begin_nested():
            if _exists(connection, role):
                connection.exec_driver_sql(f"ALTER ROLE \"{role}\" PASSWORD '{password}'")
            else:
                connection.exec_driver_sql(f"CREATE ROLE \"{role}\" LOGIN NOINHERIT PASSWORD '{password}'")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        owner = connection.exec_driver_sql("SELECT current_user").scalar_one()
        raise NotReady(f"Le rôle « {owner} » de PostgreSQL n’a pas le droit de créer celui sous lequel le service travaille. "
                       + _HELP.format(owner=owner, role=role)) from error


def _guards(table: str, role: str, columns: dict[str, set[str]]) -> tuple[str, ...]:
    """What forces policies on a table. One whose rule this version of the tables cannot hold to is for maintenance alone."""
    held = all(wanted <= columns.get(name, set()) for name, wanted in rules.columns_of(table).items())
    seen, written = (rules.condition(table, f'"{table}"', changing, _DIALECT) if held else "1 = 0" for changing in (False, True))
    seen, written = (f"(SELECT scope_all()) OR ({each})" for each in (seen, written))
    return (f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY owner ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true)',
            f'CREATE POLICY seen ON "{table}" FOR SELECT USING ({seen})',
            f'CREATE POLICY added ON "{table}" FOR INSERT WITH CHECK ({written})',
            f'CREATE POLICY changed ON "{table}" FOR UPDATE USING ({written}) WITH CHECK ({written})',
            f'CREATE POLICY deleted ON "{table}" FOR DELETE USING ({written})',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{role}"')


_DIALECT = rules.Dialect(lambda column, name: f"{column} = ANY ((SELECT scope_numbers({_PLACES[name]}))::bigint[])",
                         lambda table: f'"{table}"')


# --- what the service works by

def credentials(owner: Engine) -> tuple[str, str, str]:
    """Role, password and key of the service, as the owner reads them; policies of another version are replaced on the way."""
    with owner.connect() as connection, connection.begin():
        there = connection.exec_driver_sql("SELECT to_regclass(%s)", (_OURS,)).scalar() is not None
        found = connection.exec_driver_sql(f"SELECT role, password, key, rules FROM {_OURS}").first() if there else None
    if found is None or found.rules != rules.digest() or _another(owner, found.role):
        with owner.connect().execution_options(geoservice_write=True) as connection, connection.begin():
            settle(connection)
            found = connection.exec_driver_sql(f"SELECT role, password, key, rules FROM {_OURS}").one()
    return found.role, found.password, found.key


def _another(owner: Engine, role: str) -> bool:
    given: URL | None = owner.get_execution_options().get("geoservice_service")
    return given is not None and given.username != role


def listen(engine: Engine, key: str) -> None:
    """Every transaction of the engine enters its scope; a connection that comes back forgets all that was said on it."""
    engine.update_execution_options(geoservice_key=_Key(key))
    event.listen(engine, "begin", _enter)
    event.listen(engine, "reset", _forget)


class _Key:
    """A key that no error and no log shows."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "key"


def _enter(connection: Connection) -> None:
    options = connection.get_execution_options()  # of a transaction that was not begun as it should be: nothing
    _claim(connection, _ALL if options.get("geoservice_everybody") else claim_of(options.get("geoservice_scope") or RowScope()))


def _claim(connection: Connection, claim: str) -> None:
    key = connection.get_execution_options()["geoservice_key"]
    connection.exec_driver_sql("SELECT scope_enter(%s, %s)", (key.text, claim))


def _forget(raw: Any, _record: Any, state: Any) -> None:
    if state.terminate_only:
        return
    raw.rollback()
    raw.autocommit = True
    raw.execute("DISCARD ALL")
    raw.autocommit = False


def check(engine: Engine, role: str) -> None:
    """NotReady when the role of the service could pass the policies, or cannot sign in."""
    try:
        with engine.connect() as connection, connection.begin():
            mighty = connection.exec_driver_sql(
                "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid AND relnamespace = "
                "current_schema()::regnamespace) FROM pg_roles r WHERE rolname = current_user").scalar_one()
    except DBAPIError as error:
        if any(word in str(error.orig) for word in ("authentication", "pg_hba", "password")):
            raise NotReady(f"PostgreSQL refuse le rôle du service « {role} » : autorisez-le par mot de passe dans pg_hba.conf "
                           "(scram-sha-256), ou donnez l’adresse d’un autre dans GEOSERVICE_DATABASE_SERVICE_URL.") from error
        raise
    if mighty:
        raise NotReady(f"Le rôle « {role} » de PostgreSQL possède les tables ou passe outre leurs règles ; le service travaille "
                       "sous un autre. Changez GEOSERVICE_DATABASE_SERVICE_URL.")


def enter(_connection: Connection, _scope: RowScope, _write: bool) -> None:
    """Nothing before the transaction begins: `listen` does it then."""


@contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """What the service itself does within somebody's transaction."""
    scope = connection.get_execution_options().get("geoservice_scope")
    if scope is None:
        yield
        return
    _claim(connection, _ALL)
    yield  # an error undoes the transaction, and the claim with it
    _claim(connection, claim_of(scope))
