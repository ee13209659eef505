"""A small data folder with two organisations, one of which says CANARI wherever it says anything: what probes are run on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlmodel import SQLModel

from geoservice.operations import setup
from geoservice.settings import Settings
from geoservice.storage import engine as db
from geoservice.storage import imports
from geoservice.storage import lever_tables as lever
from geoservice.storage import release_tables as r
from geoservice.storage import tables as t
from geoservice.storage import watch_tables as w
from geoservice.storage.scope import RULES, RowScope
from geoservice.storage.siting_tables import SitingPlan
from geoservice.storage.store import Storage

CANARY, KEY, NUMBER = "CANARI", 7_310_001_973, 1_731_000_197
OPEN, MINE, THEIRS = 0, 1, 2
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_FACT = {"seen": 1, "line": 1, "day": 20_000, "minute": 60, "duration": None, "utc": None, "category": "SAL", "subcategory": None,
         "kind": "bailleur", "nature": None, "gravity": None, "place": None, "placement": "coordonnees", "lon": 2.3, "lat": 48.8,
         "cell": 1, "building": None, "hall": None, "commune": None, "complaint": 0, "cost_cents": None}


@dataclass
class Ground:
    """The folder, and how a probe opens a transaction: `begin(write)` gives a connection, a viewer's or the control's."""

    storage: Storage
    begin: Callable[[bool], AbstractContextManager[Connection]]
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def dialect(self) -> str:
        return self.storage.engine.dialect.name

    @property
    def path(self) -> str:
        return str(self.storage.settings.database)


def build(folder: Path) -> Storage:
    """A data folder with rows of both organisations, and open ones, in every table that has rows of organisations."""
    storage = setup.create(Settings(data=folder))
    with storage.write() as connection:
        for number, word in ((MINE, "ici"), (THEIRS, CANARY)):
            connection.execute(insert(t.Organisation).values(code=f"org-{number}", created=_NOW))
            _accounts(connection, number, word)
            _data(connection, number, word)
        _facts(connection, OPEN, "ouvert", 1)
        connection.execute(insert(t.Source).values(layer="incidents", name="saisie"))
        connection.execute(insert(t.GeocodedAddress).values(address=CANARY, answer=CANARY, received=_NOW))
        connection.execute(insert(t.Attempt).values(subject=CANARY, moment=1))
        _published(connection, fact=40)
        connection.execute(insert(t.AuditDay).values(day="2026-01-02", seq=2, hash=CANARY))
    return storage


def _accounts(connection: Connection, number: int, word: str) -> None:
    end = _NOW + timedelta(days=9_000)
    for table, values in (
            (t.Token, {"organisation_id": number, "name": word, "sha256": f"{word}1", "created": _NOW, "scope": "write",
                       "last4": ""}),
            (t.Person, {"email": f"{word}@exemple.fr".lower() + word, "password": word}),
            (t.Identity, {"person_id": number, "issuer": word, "sha256": word, "created": _NOW}),
            (t.Membership, {"person_id": number, "organisation_id": number, "role": "org_admin", "territory": word}),
            (t.SignIn, {"membership_id": number, "sha256": word, "created": _NOW, "seen": _NOW, "ends": end}),
            (t.Agreement, {"giver_id": number, "opener_id": number, "zone": word, "categories": "SAL", "since": 1, "until": 2,
                           "created": _NOW}),
            (t.BreakGlass, {"organisation_id": number, "asked_by": number, "reason": word, "asked": _NOW, "ends": end}),
            (t.Audit, {"seq": number, "moment": "2026-01-02", "organisation_id": number, "actor": word, "action": "x",
                       "object": word, "outcome": "fait", "previous": word, "hash": word})):
        connection.execute(insert(table).values(**values))


def _data(connection: Connection, number: int, word: str) -> None:
    run = {"layer": "incidents", "organisation_id": number, "source": word, "signature": word, "status": "done", "notes": "[]",
           "started": _NOW, **dict.fromkeys(("batches", *imports.COUNTERS), 0)}
    connection.execute(insert(t.ImportRun).values(**run))
    for table, values in (
            (t.Upload, {"import_id": number, "organisation_id": number, "name": word, "sha256": word, "size": 1,
                        "received": _NOW}),
            (t.RejectedLine, {"import_id": number, "file": word, "line": 1, "column": "x", "value": word, "code": "x",
                              "sentence": word}),
            (t.Sighting, {"import_id": number, "stores": word, "seen": 1, "rows": word.encode()}),
            (t.ReplacedRow, {"stores": word, "row_id": 1, "import_id": number, "mark": 1, "content": word.encode()}),
            (t.LayerState, {"layer": word, "organisation_id": number, "changes": 1, "built": 1}),
            (t.Feature, {"layer": "patrimoine", "organisation_id": number, "source_id": 1, "import_id": number, "key": word,
                         "generation": "", "name": word, "content": word.encode(), "geometry": None, "west": 2.0, "south": 48.0,
                         "east": 2.1, "north": 48.1, "properties": word}),
            (t.Aggregate, {"organisation_id": number, "source_id": 1, "import_id": number, "zone": word, "zone_name": word,
                           "level": "x", "period": "x", "indicator": "x", "unit": "x", "count": 1, "withheld": 0,
                           "content": word.encode()})):
        connection.execute(insert(table).values(**values))
    _facts(connection, number, word, number)


def _published(connection: Connection, fact: int) -> None:
    """What the publisher alone has before it."""
    word = CANARY.encode()
    connection.execute(insert(r.SharedTerritory).values(code=CANARY, name=CANARY, communes="", terms="{}", atoms=word, digest="",
                                                        created=_NOW))
    connection.execute(insert(r.TerritorySignature).values(territory_id=1, kind="x", organisation_id=THEIRS, actor=CANARY,
                                                           signed=_NOW))
    connection.execute(insert(r.ReleaseState).values(territory_id=1, revision=1, issue=1, secret=word, terms="{}", packed=word,
                                                     ledger=word, repaired=word, begun=_NOW, published=_NOW))
    connection.execute(insert(r.RecordKey).values(fact_id=fact, key=KEY))
    connection.execute(insert(r.Disclosure).values(territory_id=1, organisation_id=THEIRS, place=CANARY, residence=CANARY,
                                                   hall=CANARY, state="x", first=1, last=2, day=3, keys=word))


def _facts(connection: Connection, number: int, word: str, run: int) -> None:
    says = {**_FACT, "content": word.encode(), "residence": word, "import_id": run}
    for n in range(30):
        fact = connection.execute(insert(t.Fact).values(organisation_id=number, source_id=1, key=f"{word}{n}", **says)
                                  .returning(t.Fact.id)).scalar_one()
    connection.execute(insert(t.FactVersion).values(fact_id=fact, **says))
    if number != OPEN:
        _noted(connection, number, word, fact)


def _noted(connection: Connection, number: int, word: str, fact: int) -> None:
    """What a team notes of its own."""
    mine = {"organisation_id": number, "created": _NOW}
    for table, values in (
            (w.HallOverride, {**mine, "hall": word, "state": "vert", "reason": word, "since": 1}),
            (w.FactMerger, {**mine, "id": NUMBER if number == THEIRS else 1, "fact_id": fact, "head_id": fact - 1}),
            (w.FollowUp, {**mine, "fact_id": fact, "partner": word, "opened": 1}),
            (w.Meeting, {**mine, "kind": "clspd", "day": 1, "zone": word}),
            (w.Snapshot, {**mine, "meeting_id": number, "sha256": word, "content": word.encode()}),
            (w.Decision, {**mine, "meeting_id": number, "lever": "acces", "place": word, "in_charge": word}),
            (w.DecisionStep, {"organisation_id": number, "decision_id": number, "meeting_id": number, "status": word, "day": 1}),
            (lever.Lever, {**mine, "code": "acces", "in_charge": word, "since": 1, "ratio": 70, "categories": "OCC",
                           "kind": "bailleur", "treated": word, "controls": word, "months_before": 12, "months_after": 12}),
            (lever.LeverUnlock, {"lever_id": number, "moment": 1, "reason": word}),
            (SitingPlan, {**mine, "asked": word, "spots": word, "covered": 1, "facts": 2, "versions": word, "rules": 1})):
        connection.execute(insert(table).values(**values))


def scoped(storage: Storage) -> Ground:
    """What somebody of the first organisation has."""
    scope = RowScope.of_organisation(MINE)
    return Ground(storage, lambda write: storage.write(scope) if write else storage.read(scope))


def naive(storage: Storage) -> Ground:
    """The same build without scopes, as the owner of the tables: probes that find nothing here would prove nothing."""
    settings = storage.settings

    @contextmanager
    def begin(write: bool) -> Iterator[Connection]:
        engine = db.open_engine(settings)
        try:
            with engine.connect().execution_options(geoservice_write=write) as connection, connection.begin():
                yield connection
        finally:
            engine.dispose()

    return Ground(storage, begin)


def state(storage: Storage) -> dict[str, list[str]]:
    """Every row of the other organisation and of nobody, as text, by table."""
    found: dict[str, list[str]] = {}
    with storage.read() as connection:
        for name, table in SQLModel.metadata.tables.items():
            if RULES.get(name) is not None:
                rows = [repr(tuple(row)) for row in connection.execute(select(table))]
                found[name] = sorted(row for row in rows if leaks(row))
    return found


def leaks(answer: Any) -> bool:
    """Whether the other organisation's word stands in an answer, in whatever clothes."""
    return bool(re.search(f"{CANARY}|{CANARY.encode().hex()}|{KEY}|{NUMBER}", repr(answer), re.IGNORECASE))
