"""A scope held to by SQLite itself: views stand before the tables, and an authorizer refuses what goes past them.

Names of views and triggers that may read tables are random: SQLite tells an authorizer by name alone through what a table is
read, and a common table expression can be given any name (`WITH fact AS (SELECT * FROM main.fact)`). What would tell those names
(EXPLAIN, the schema) or reads past the authorizer (backup, blobs) is refused. Statements that change rows are those that this
program composed, one at a time; triggers of the connection look at every row. An authorizer is asked when a statement is
prepared, so it is set again, which makes every statement be prepared again, whenever what it allows changes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlmodel import SQLModel

from geoservice.storage import scope as rules
from geoservice.storage.scope import RowScope

_FUNCTIONS = frozenset({
    "abs", "avg", "ceil", "ceiling", "coalesce", "count", "cume_dist", "date", "datetime", "dense_rank", "exp", "first_value",
    "floor", "format", "glob", "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array", "json_extract",
    "json_group_array", "json_object", "julianday", "lag", "last_value", "lead", "length", "like", "likelihood", "likely",
    "ln", "log", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif", "octet_length", "percent_rank",
    "power", "printf", "quote", "random", "rank", "replace", "round", "row_number", "rtrim", "sign", "sqrt", "strftime",
    "string_agg", "substr", "substring", "sum", "time", "total", "trim", "typeof", "unicode", "unlikely", "upper", "zeroblob"})
_DML = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) ("?)(\w+)\2(?=[\s(])')
_PAST_VIEWS = re.compile(r"(?<![\w$])main(?![\w$])", re.IGNORECASE)
_REFUSED = "une ligne d’une autre organisation"


class _Gate:
    """What one connection is allowed now: `active` inside a scope, `trusted` while this module works, `table` being changed."""

    def __init__(self, module: Any) -> None:
        self.module, self.secret = module, f"s{secrets.token_hex(16)}"
        self.active = self.trusted = self.reading = self.writing = False
        self.table = ""
        self.permitted: tuple[str, str] | None = None
        self.free = {module.SQLITE_SELECT, module.SQLITE_RECURSIVE, module.SQLITE_TRANSACTION, module.SQLITE_SAVEPOINT}
        self.changes = {module.SQLITE_INSERT, module.SQLITE_UPDATE, module.SQLITE_DELETE}

    def __call__(self, action: int, first: str | None, second: str | None, database: str | None, through: str | None) -> int:
        if self.trusted or (self.active and self._allowed(action, first, second, database, through or "")):
            return int(self.module.SQLITE_OK)
        return int(self.module.SQLITE_DENY)

    def _allowed(self, action: int, first: str | None, second: str | None, database: str | None, through: str) -> bool:
        if action in self.free:
            return True
        if action == self.module.SQLITE_FUNCTION:
            return (second or "").lower() in _FUNCTIONS
        if action == self.module.SQLITE_READ:
            return self._readable(first or "", database or "", through)
        return action in self.changes and database == "main" and first == self.table

    def _readable(self, table: str, database: str, through: str) -> bool:
        if through.startswith(self.secret):
            return True
        if database == "temp":
            return table in rules.RULES or table.startswith(self.secret)
        return database == "main" and bool(self.table) and table in _related(self.table)


@cache
def _related(table: str) -> frozenset[str]:
    """A table and those that its references name, or whose references name it: SQLite looks at their keys when rows change."""
    found = {table, *(key.column.table.name for key in SQLModel.metadata.tables[table].foreign_keys)}
    return frozenset(found | {other.name for other in SQLModel.metadata.tables.values()
                              for key in other.foreign_keys if key.column.table.name == table})


@cache
def _cursor_class(module: Any) -> Any:
    """The driver's cursor, each of whose statements is looked at by its connection first."""

    class Cursor(module.Cursor):
        def execute(self, sql: str, *values: Any) -> Any:
            with self.connection.changing(sql):
                return super().execute(sql, *values)

        def executemany(self, sql: str, values: Any) -> Any:
            with self.connection.changing(sql):
                return super().executemany(sql, values)

        def executescript(self, *_: Any) -> Any:
            raise module.NotSupportedError("several statements at once")

    return Cursor


@cache
def connection_class(module: Any) -> Any:
    """The driver's connection, held to a scope; it has none, and reads nothing, before `enter`."""

    class Scoped(module.Connection):
        gate: _Gate | None = None

        def cursor(self, _factory: Any = None) -> Any:
            return super().cursor(_cursor_class(module))

        @contextmanager
        def changing(self, sql: str) -> Iterator[None]:
            """Let the one statement that was permitted change its table; keep what would tell our names from everybody."""
            gate = self.gate
            if gate is None or gate.trusted:
                yield
                return
            if "explain" in sql.lower():
                raise module.NotSupportedError("EXPLAIN")
            if gate.permitted is None or gate.permitted[0] != sql:
                yield
                return
            gate.table, gate.permitted = gate.permitted[1], None
            try:
                yield
            finally:
                gate.table = ""
                super().set_authorizer(gate)

        @contextmanager
        def trusting(self) -> Iterator[_Gate]:
            """What this module itself does, past the authorizer."""
            gate = self.gate = self.gate or _Gate(module)
            gate.trusted = True
            try:
                yield gate
            finally:
                gate.trusted = False
                super().set_authorizer(gate)

        def _no(self, *_: Any, **__: Any) -> Any:
            raise module.NotSupportedError("past the scope")

        set_authorizer = backup = serialize = deserialize = open_blob = blobopen = iterdump = _no
        load_extension = enable_load_extension = executescript = set_trace_callback = _no

    return Scoped


def listen(engine: Engine) -> None:
    """Let statements of an engine on scoped connections change rows, where this program composed them."""
    event.listen(engine, "connect", _close)
    event.listen(engine, "before_cursor_execute", _permit, retval=True)
    event.listen(engine, "checkin", _leave)


def _close(raw: Any, _record: Any) -> None:
    """From its beginning a connection is allowed nothing."""
    with raw.trusting():
        pass


def _leave(raw: Any, _record: Any) -> None:
    if raw is not None and raw.gate.reading:
        raw.gate.active = False
        with raw.trusting():
            raw.execute("DELETE FROM temp._scope")


def enter(connection: Connection, scope: RowScope, write: bool) -> None:
    """Give a connection its scope, before its transaction begins."""
    raw: Any = connection.connection.dbapi_connection
    with raw.trusting() as gate:
        if not gate.reading:
            _views(raw, gate)
        if write and not gate.writing:
            _triggers(raw, gate)
        raw.execute("DELETE FROM temp._scope")
        for name, numbers in scope.numbers().items():
            raw.executemany("INSERT INTO temp._scope VALUES (?, ?)", [(name, number) for number in numbers])
        gate.active = True


def _dialect() -> rules.Dialect:
    return rules.Dialect(lambda column, name: f"{column} IN (SELECT number FROM temp._scope WHERE name = '{name}')",
                         lambda table: f'main."{table}"', _used)


def _used(table: str, row: str) -> str:
    """True. Of a table that is read by the number of its rows alone, SQLite does not say through which view."""
    columns = SQLModel.metadata.tables[table].columns
    name = next(column.name for column in reversed(list(columns)) if not column.primary_key or column.name != "id")
    return f'{row}."{name}" IS {row}."{name}"'


def _views(raw: Any, gate: _Gate) -> None:
    """One view a table under its name, upon one under a name that nobody knows."""
    raw.execute("CREATE TEMP TABLE _scope (name TEXT, number INTEGER, PRIMARY KEY (name, number)) WITHOUT ROWID")
    for table in SQLModel.metadata.tables.values():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        seen = rules.condition(table.name, "held", False, _dialect())
        raw.execute(f'CREATE TEMP VIEW "{gate.secret}_{table.name}" AS SELECT {names} FROM main."{table.name}" AS held '
                    f"WHERE {seen}")
        raw.execute(f'CREATE TEMP VIEW "{table.name}" AS SELECT {names} FROM temp."{gate.secret}_{table.name}"')
    gate.reading = True


def _triggers(raw: Any, gate: _Gate) -> None:
    """Nobody changes a row that the scope may not, in whatever way."""
    for table in SQLModel.metadata.tables:
        for moment, rows in (("AFTER INSERT", ("NEW",)), ("BEFORE UPDATE", ("OLD", "NEW")), ("BEFORE DELETE", ("OLD",))):
            body = " ".join(_refusal(table, row) for row in rows)
            raw.execute(f'CREATE TEMP TRIGGER "{gate.secret}_{table}_{moment[-6:].lower()}" {moment} ON main."{table}" '
                        f"WHEN NOT EXISTS (SELECT 1 FROM temp._scope WHERE name = 'all') BEGIN {body} END")
    gate.writing = True


def _refusal(table: str, row: str) -> str:
    """Somebody else's row is passed over as if it were not there; one's own cannot become somebody else's."""
    what = "RAISE(IGNORE)" if row == "OLD" else f"RAISE(ABORT, '{_REFUSED}')"
    return f"SELECT {what} WHERE NOT ({rules.condition(table, row, True, _dialect())});"


def _permit(connection: Any, _cursor: Any, sql: str, values: Any, context: Any, _many: bool) -> tuple[str, Any]:
    """Lead a statement that changes rows to the table behind the view, when this program composed it."""
    raw = connection.connection.dbapi_connection
    gate = raw.gate
    composed = getattr(context, "compiled", None) is not None or context.execution_options.get("geoservice_composed")
    found = _DML.match(sql) if composed and gate is not None and gate.active and not gate.trusted else None
    if found is None or found[3] not in rules.RULES or _PAST_VIEWS.search(sql):
        return sql, values
    statement = f'{found[1]} main."{found[3]}"{sql[found.end():]}'
    gate.permitted = (statement, found[3])
    return statement, values


@contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """What the service itself does within somebody's transaction: statements by tables, not text."""
    raw: Any = connection.connection.dbapi_connection
    gate = getattr(raw, "gate", None)
    if gate is None or gate.trusted:  # no scope, or past it already
        yield
        return
    connection.execution_options(schema_translate_map={None: "main"})
    try:
        with raw.trusting():
            raw.execute("INSERT INTO temp._scope VALUES ('all', 0)")
            try:
                yield
            finally:
                raw.execute("DELETE FROM temp._scope WHERE name = 'all'")
    finally:
        connection.execution_options(schema_translate_map={})
