"""Ways past a scope, each a function of a Ground that returns whatever it learnt. Those of one database alone are beside it.

A probe tries its trick, whether or not that fails, and then reads: against a build without scopes each of them learns something.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal_column, select, text, union_all, update
from sqlmodel import Session, SQLModel

from geoservice.storage.scope import RULES
from geoservice.storage.tables import Fact, ImportRun, Membership, Source, Token
from tests.attack.ground import CANARY, MINE, THEIRS, Ground

READ = 'SELECT organisation_id, "key" FROM fact'
_OWN_FACTS = 60  # thirty of one's own, thirty open


@dataclass(frozen=True)
class Probe:
    """A named attack; `effect`: it changes rows of others instead of reading them; `writes`: it may leave a folder changed."""

    name: str
    attack: Callable[[Ground], Any]
    effect: bool = False
    writes: bool = True


def of_text(name: str, *statements: str, write: bool = False, effect: bool = False) -> Probe:
    """Statements sent one after the other as text in one transaction; those that fail are passed over."""
    return Probe(name, lambda ground: in_turn(ground, statements, write), effect, write or effect)


def in_turn(ground: Ground, statements: tuple[str, ...], write: bool = False) -> list[Any]:
    """What each statement said: rows, or its error's words."""
    with ground.begin(write) as connection:
        return [said(connection, statement) for statement in statements]


def said(connection: Connection, statement: str) -> Any:
    """Rows of a statement, or what its error says (which may quote a row); the transaction goes on."""
    try:
        with connection.begin_nested():
            result = connection.exec_driver_sql(statement)
            return result.all() if result.returns_rows else ""
    except Exception as error:
        return _words(error)


def _words(error: Exception) -> str:
    """What an error tells, without the statement that it repeats: that is the attacker's own text."""
    return str(getattr(error, "orig", error))


def reading(name: str, do: Callable[[Connection], Any], write: bool = False) -> Probe:
    """A probe that needs a connection and no more."""
    def attack(ground: Ground) -> Any:
        with ground.begin(write) as connection:
            return do(connection)

    return Probe(name, attack, writes=write)


def changing(name: str, do: Callable[[Connection], Any]) -> Probe:
    """A probe that leaves its mark in the rows of others."""
    return Probe(name, reading(name, do, write=True).attack, effect=True)


def _rows(statement: Any) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(statement).all()


def _session(do: Callable[[Session], Any]) -> Callable[[Connection], Any]:
    def use(connection: Connection) -> Any:
        with Session(bind=connection, autoflush=False) as session:
            return do(session)

    return use


def _copied(connection: Connection) -> Any:
    """Rows of others copied into a table that everybody reads."""
    _try(connection, insert(Source).from_select(["layer", "name"], select(literal_column("'copie'"), Fact.key).where(
        Fact.organisation_id == THEIRS)))
    return connection.execute(select(Source.name)).all()


def _try(connection: Connection, statement: Any) -> str:
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except Exception as error:
        return _words(error)
    return ""


def _own_row(connection: Connection) -> Any:
    """What others have, carried into a row of one's own."""
    theirs = select(func.max(Fact.key)).where(Fact.organisation_id == THEIRS).scalar_subquery()
    _try(connection, update(Token).where(Token.organisation_id == MINE).values(name=func.coalesce(theirs, "rien")))
    return connection.execute(select(Token.name)).all()


def _more_than_mine(connection: Connection) -> Any:
    """How many there are is told by counting alone."""
    found = connection.execute(text("SELECT count(*) FROM fact")).scalar_one()
    return CANARY if found > _OWN_FACTS else found


def _greatest(connection: Connection) -> Any:
    """So is the greatest number of a row."""
    mine = connection.execute(select(func.max(Token.id)).where(Token.organisation_id == MINE)).scalar_one()
    return CANARY if connection.execute(text("SELECT max(id) FROM token")).scalar_one() != mine else ""


def _oracle(connection: Connection) -> Any:
    asked = f"SELECT 1 WHERE EXISTS (SELECT 1 FROM fact WHERE \"key\" LIKE '{CANARY}%')"
    return CANARY if connection.exec_driver_sql(asked.replace("%", "%%") if connection.dialect.name == "postgresql"
                                                else asked).first() else ""


def _pandas(do: Callable[[Any, Connection], Any]) -> Callable[[Connection], Any]:
    def use(connection: Connection) -> Any:
        import pandas as pd

        return do(pd, connection).to_dict("list")

    return use


def _raw(connection: Connection) -> Any:
    cursor: Any = connection.connection.cursor()
    cursor.execute(READ)
    return cursor.fetchall()


def _driver(connection: Connection) -> Any:
    raw: Any = connection.connection.dbapi_connection
    return raw.execute(READ).fetchall()


def _engine(ground: Ground) -> Any:
    """Another connection of the engine that a viewer's connection came from, without saying who asks."""
    with ground.begin(False) as connection, connection.engine.connect() as another:
        return another.exec_driver_sql(READ).all()


def _after_an_error(ground: Ground) -> Any:
    with suppress(Exception), ground.begin(False) as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    with ground.begin(False) as connection:
        said(connection, "SELECT nothing FROM nowhere")
        return connection.exec_driver_sql(READ).all()


def _after_its_end(ground: Ground) -> Any:
    """The transaction is ended by text, another begun: the scope must not end with it."""
    found: list[Any] = []
    with suppress(Exception), ground.begin(False) as connection:
        with suppress(Exception):
            for word in ("COMMIT", "BEGIN"):
                connection.exec_driver_sql(word)
        found += connection.exec_driver_sql(READ).all()
    return found


def _kept_connection(ground: Ground) -> Any:
    """The driver's connection, kept when the transaction was over and used once the pool has it back."""
    with ground.begin(False) as connection:
        raw: Any = connection.connection.dbapi_connection
    try:
        return raw.execute(READ).fetchall()
    except Exception as error:
        with ground.begin(False) as connection:  # a closed one tells nothing: what the next says counts
            return [_words(error), connection.exec_driver_sql(READ).all()]
    finally:
        with suppress(Exception):
            raw.rollback()


def _threads(ground: Ground) -> Any:
    """Many at once, from one pool."""
    found: list[Any] = []

    def ask() -> None:
        for _ in range(20):
            with ground.begin(False) as connection:
                found.extend(connection.exec_driver_sql(READ).all())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _given_away(connection: Connection) -> Any:
    """A row of one's own becomes another's."""
    _try(connection, update(Token).where(Token.organisation_id == MINE).values(organisation_id=THEIRS, name=CANARY))


_JOINED = select(Fact.key, ImportRun.source).join(ImportRun, ImportRun.id == Fact.import_id)
_SUB = select(func.min(Fact.key)).scalar_subquery()
COMMON: tuple[Probe, ...] = (
    # ORM
    reading("ORM select", _session(lambda s: [fact.key for fact in s.scalars(select(Fact)).all()])),
    reading("ORM get by number", _session(lambda s: [getattr(s.get(Fact, number), "key", None) for number in range(1, 91)])),
    reading("ORM join", _session(lambda s: s.execute(_JOINED).all())),
    reading("ORM from a text", _session(lambda s: [f.key for f in s.scalars(
        select(Fact).from_statement(text("SELECT * FROM fact"))).all()])),
    reading("ORM scalar subquery as a column", _session(lambda s: s.execute(select(_SUB)).all())),
    reading("ORM session's connection", _session(lambda s: s.connection().exec_driver_sql(READ).all())),
    # Core
    reading("Core select of the table", _rows(select(Fact.__table__))),
    reading("Core alias", _rows(select(Fact.__table__.alias("anything")))),
    reading("Core union", _rows(union_all(select(Token.name), select(Fact.key)))),
    reading("Core literal columns", _rows(select(literal_column('"key"')).select_from(text("fact")))),
    reading("Core EXISTS of others", _rows(select(Token.name, _SUB).where(select(Membership.id).exists()))),
    reading("Core lateral or correlated", _rows(select(Token.id, select(func.max(Fact.key)).where(
        Fact.organisation_id != Token.organisation_id, Fact.organisation_id != 0).scalar_subquery()))),
    reading("Core insert from select into what all read", _copied, write=True),
    reading("Core update that carries it into one's own row", _own_row, write=True),
    reading("Core update returning", _rows(update(Fact).values(line=2).returning(Fact.key)), write=True),
    reading("Core delete returning", _rows(delete(Fact).where(Fact.organisation_id == THEIRS, Fact.id < 40).returning(Fact.key)),
            write=True),
    changing("Core update of all", lambda c: c.execute(update(Token).values(name="pris"))),
    changing("Core delete of all", lambda c: c.execute(delete(Token))),
    changing("Core insert for another", lambda c: _try(c, insert(Token).values(
        organisation_id=THEIRS, name=CANARY, sha256="n", scope="write", last4="", created=func.now()))),
    changing("Core row given away", _given_away),
    # text
    reading("text select", lambda c: c.execute(text(READ)).all()),
    reading("text of the driver", lambda c: c.exec_driver_sql(READ).all()),
    of_text("text union", f"SELECT name FROM token UNION ALL SELECT \"key\" FROM fact WHERE organisation_id = {THEIRS}"),
    of_text("text subselect", 'SELECT (SELECT min("key") FROM fact)', 'SELECT * FROM (SELECT * FROM fact) AS fact'),
    of_text("text common table expression", 'WITH fact2 AS (SELECT * FROM fact) SELECT "key" FROM fact2'),
    of_text("text recursive expression", 'WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 90) '
            'SELECT f."key" FROM a JOIN fact f ON f.id = a.n'),
    of_text("text window", 'SELECT "key", count(*) OVER () FROM fact'),
    of_text("text aggregate", 'SELECT min("key"), max("key") FROM fact'),
    of_text("text self join", f'SELECT b."key" FROM token a JOIN fact b ON b.organisation_id <> a.organisation_id WHERE '
            f"b.organisation_id = {THEIRS}"),
    of_text("text case and cast whose error quotes", 'SELECT CAST("key" AS integer), "key" FROM fact WHERE organisation_id = 2'),
    of_text("text condition that is always true", f'SELECT "key" FROM fact WHERE organisation_id = {MINE} OR 1 = 1'),
    of_text("text savepoint and rollback", "SAVEPOINT a", "ROLLBACK TO a", READ),
    Probe("text update and delete of others", lambda g: in_turn(g, (
        "UPDATE token SET name = 'pris'", "DELETE FROM token", f"INSERT INTO layer_state VALUES ('x', {THEIRS}, 1, 1)"), True),
        effect=True),
    reading("counting", _more_than_mine),
    reading("the greatest number", _greatest),
    reading("a question answered by a row", _oracle),
    # around
    reading("pandas of a text", _pandas(lambda pd, c: pd.read_sql(text(READ), c))),
    reading("pandas of a statement", _pandas(lambda pd, c: pd.read_sql(select(Fact.key), c))),
    reading("pandas of a table", _pandas(lambda pd, c: pd.read_sql_query("SELECT * FROM fact", c))),
    reading("cursor of the driver", _raw),
    reading("connection of the driver", _driver),
    Probe("another connection of the engine", _engine),
    Probe("after an error", _after_an_error),
    Probe("after COMMIT by text", _after_its_end),
    Probe("a connection kept past its return", _kept_connection),
    Probe("many threads of one pool", _threads),
    *(of_text(f"table {name}", f'SELECT * FROM "{name}"') for name in sorted(RULES)
      if name not in ("fact", "organisation", "address", "source")),
)
assert set(SQLModel.metadata.tables) >= set(RULES)
