"""Whose rows a connection sees and changes, table by table. The database itself holds to it: `engine.py` hands these rules over.

Every table has a rule here (`tests/storage/test_scope.py`): a new one without is refused until somebody says whose its rows are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

OPEN = 0
SEES, OWN, PERSON = "sees", "own", "person"


@dataclass(frozen=True)
class RowScope:
    """Organisations whose data are in sight (0: open data), the one that acts (None: none), and the person who does: numbers.

    Open data are seen, never changed; accounts are those of `own` and `person` alone.
    """

    sees: tuple[int, ...] = ()
    own: int | None = None
    person: int | None = None

    @staticmethod
    def of_organisation(number: int) -> RowScope:
        """An organisation that acts for itself: by the command line, by a token."""
        return RowScope(tuple(sorted({OPEN, number})), number)

    def numbers(self) -> dict[str, tuple[int, ...]]:
        """The three sets by name; nobody's organisation owns no account."""
        return {SEES: self.sees, OWN: () if not self.own else (self.own,), PERSON: () if self.person is None else (self.person,)}


@dataclass(frozen=True)
class Column:
    """The number in a column of the row is in a set of the scope."""

    name: str
    among: str


@dataclass(frozen=True)
class Parent:
    """The row names a row of another table, whose own rule decides."""

    name: str
    table: str
    key: str = "id"


@dataclass(frozen=True)
class Rule:
    """Who sees a row and who may change it: any of the conditions (none: only maintenance; ANYONE: everybody). `why` in words."""

    why: str
    seen: tuple[Column | Parent, ...] = ()
    written: tuple[Column | Parent, ...] = ()
    seen_by_all: bool = False
    written_by_all: bool = False


def _of(column: str, why: str) -> Rule:
    """Data of an organisation, or open: seen by those who may, changed by the organisation that acts."""
    return Rule(why, (Column(column, SEES),), (Column(column, OWN),))


def _account(why: str, *also: Column) -> Rule:
    """Accounts and traces: of the organisation that acts alone, never open."""
    return Rule(why, (Column("organisation_id", OWN), *also), (Column("organisation_id", OWN), *also))


def _through(name: str, table: str, why: str, key: str = "id") -> Rule:
    return Rule(why, (Parent(name, table, key),), (Parent(name, table, key),))


_ME = Column("person_id", PERSON)
_PUBLISHER = "private to the publisher, who has facts of several organisations before it"
RULES: Mapping[str, Rule] = {
    # data
    "fact": _of("organisation_id", "a fact is its organisation's, or open"),
    "fact_version": _through("fact_id", "fact", "an older version is whose the fact is"),
    "feature": _of("organisation_id", "a residence or hall is its organisation's; zones are open"),
    "aggregate": _of("organisation_id", "a published count is open, or one's own"),
    "address": Rule("addresses are imported from the open gazetteer alone", seen_by_all=True),
    "source": Rule("names of declared exports, which belong to nobody; an entry may bring the first", seen_by_all=True,
                   written_by_all=True),
    "layer_state": _of("organisation_id", "how often a layer changed tells when somebody imports"),
    "geocoded_address": Rule("what somebody's files asked the geocoding service about"),
    # imports
    "import_run": _of("organisation_id", "an import is the organisation's that brought it"),
    "upload": _of("organisation_id", "received bytes are the sender's"),
    "rejected_line": _through("import_id", "import_run", "a refused line quotes a file"),
    "sighting": _through("import_id", "import_run", "what an import met"),
    "replaced_row": _through("import_id", "import_run", "what an import had brought"),
    # accounts and traces
    "organisation": Rule("codes of organisations: an agreement names another one", seen_by_all=True),
    "token": _account("tokens are the organisation's"),
    "membership": _account("who belongs to an organisation is its own to know", _ME),
    "person": Rule("members of the organisation, and oneself",
                   (Column("id", PERSON), Parent("id", "membership", "person_id")),
                   (Column("id", PERSON), Parent("id", "membership", "person_id"))),
    "identity": _through("person_id", "person", "how a provider knows a person"),
    "sign_in": _through("membership_id", "membership", "the browsers of members, and one's own"),
    "attempt": Rule("tries to sign in, before anybody is known"),
    "agreement": Rule("both sides of an agreement see it, the giver changes it",
                      (Column("giver_id", OWN), Column("opener_id", OWN)), (Column("giver_id", OWN),)),
    "break_glass": _account("the organisation looked into, and whoever asked", Column("asked_by", PERSON)),
    "audit": _account("what was done in the organisation"),
    "audit_day": Rule("heads of the chain of all organisations"),
    # what a team notes
    "hall_override": _account("what a landlord says of its own halls"),
    "fact_merger": _of("organisation_id", "which reports are one fact is seen with the facts: they would count twice"),
    "follow_up": _account("whom an organisation turned to"),
    "meeting": _account("meetings are whose team prepares them"),
    "snapshot": _account("what a meeting looked at holds the organisation's exact counts"),
    "decision": _account("what was decided, for those who follow it"),
    "decision_step": _account("how far it is"),
    "lever": _account("what a landlord plans and how it is judged is its own"),
    "lever_unlock": _through("lever_id", "lever", "why a plan was opened again"),
    "siting_plan": _account("where a team thinks of cameras, and how many of its facts they see"),
    # what is published together
    "shared_territory": Rule(_PUBLISHER),
    "territory_signature": Rule(_PUBLISHER),
    "release_state": Rule(_PUBLISHER),
    "record_key": Rule(_PUBLISHER),
    "disclosure": Rule(_PUBLISHER),
}


@dataclass(frozen=True)
class Dialect:
    """How a database says that a column's number is in a set of the scope, names a table past what a viewer sees, and what it
    wants said of every row of a table."""

    among: Callable[[str, str], str]
    table: Callable[[str], str]
    always: Callable[[str, str], str] = lambda _table, _row: "1 = 1"


def condition(table: str, row: str, changing: bool, dialect: Dialect) -> str:
    """SQL that is true for the rows of `table` (named `row` in the statement) that the scope sees, or may change."""
    rule = RULES.get(table, Rule(""))
    if rule.written_by_all if changing else rule.seen_by_all:
        return dialect.always(table, row)
    parts = [_part(each, row, changing, dialect) for each in (rule.written if changing else rule.seen)]
    return f"({' OR '.join(parts) or '1 = 0'}) AND {dialect.always(table, row)}"


def _part(part: Column | Parent, row: str, changing: bool, dialect: Dialect) -> str:
    if isinstance(part, Column):
        return dialect.among(f'{row}."{part.name}"', part.among)
    parent = f"of_{part.table}"
    return (f'EXISTS (SELECT 1 FROM {dialect.table(part.table)} AS {parent} WHERE {parent}."{part.key}" = {row}."{part.name}" '
            f"AND ({condition(part.table, parent, changing, dialect)}))")


def columns_of(table: str) -> dict[str, set[str]]:
    """Tables and columns that a table's rule reads, its own included: a database that lacks one cannot hold to the rule."""
    found: dict[str, set[str]] = {table: set()}
    rule = RULES.get(table, Rule(""))
    for part in (*rule.seen, *rule.written):
        found[table].add(part.name)
        if isinstance(part, Parent):
            for name, columns in columns_of(part.table).items():
                found.setdefault(name, set()).update(columns)
            found[part.table].add(part.key)
    return found


def digest() -> str:
    """Changes with the rules: a database that holds to others has to be given these."""
    return hashlib.sha256(repr(sorted(RULES.items())).encode()).hexdigest()[:16]
