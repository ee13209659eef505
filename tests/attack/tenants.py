"""Two landlords in one data folder, each with its own canary in every text that it keeps: what the cross-tenant matrix is run on.

The canary of a landlord is one word. Its facts lie in a town of their own, so that their cells are canaries as well. Nothing that
both may know (codes of organisations, open data) holds either.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import insert, text
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.core import crs, grid
from geoservice.operations import (
    accounts,
    agreements,
    audit,
    glass,
    ingest,
    leverjournal,
    meetings,
    overrides,
    people,
    setup,
    signin,
    snapshots,
)
from geoservice.operations.passwords import NOBODY
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import people as stored
from geoservice.storage import plans
from geoservice.storage.store import Storage
from geoservice.storage.tables import ImportRun
from geoservice.types import Category, Role, Scope, Viewer
from tests.attack import tenants_shared

FACTS, SPREAD = 160, 0.004
ZOOM = 12
TYPES = ("tag", "squat de hall", "dépôt sauvage", "tapage")
PEOPLE = {"dsu_member": Role.DSU_MEMBER, "analyst": Role.ANALYST, "org_admin": Role.ORG_ADMIN,
          "police_liaison": Role.POLICE_LIAISON, "platform_admin": Role.PLATFORM_ADMIN}
TOKENS = {"token_read": Scope.READ, "token_write": Scope.WRITE}
STRANGERS = ("anonymous", "share_link", "reading_key")  # who has no account here
ROLES = (*PEOPLE, *TOKENS, *STRANGERS)
NOWHERE = "999999"


@dataclass
class Tenant:
    """A landlord, and the numbers and names by which its things are asked for."""

    code: str
    word: str
    town: tuple[float, float]
    number: int = 0
    names: dict[str, str] = field(default_factory=dict)
    cells: frozenset[str] = frozenset()
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)  # by state, by role

    def email(self, role: str) -> str:
        return f"{self.word.lower()}-{role.replace('_', '-')}@exemple.fr"

    @property
    def box(self) -> tuple[float, float, float, float]:
        (lon, lat), half = self.town, 6 * SPREAD
        return lon - half, lat - half, lon + half, lat + half


@dataclass(frozen=True)
class Asker:
    """Somebody who asks, by the one client there is: it forgets after each answer what that answer gave it."""

    client: TestClient
    headers: dict[str, str]

    def request(self, method: str, address: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
        self.client.cookies.clear()
        return self.client.request(method, address, headers=self.headers | (headers or {}), follow_redirects=False, **more)


@dataclass
class Town:
    """The running service and its two landlords."""

    app: FastAPI
    mine: Tenant
    theirs: Tenant
    client: TestClient

    @property
    def storage(self) -> Storage:
        return self.app.state.service.storage

    def names(self, target: str, role: str, state: str) -> dict[str, str]:
        """Names of one's own things, of the other landlord's (their share link has ended: another may be opened), of none."""
        theirs = self.theirs.names | {"secret": self.theirs.secrets["revoked"]["share_link"]}
        link = {"secret": self.mine.secrets[state][role]} if role == "share_link" and state != "other_site" else {}
        return {"own": self.mine.names | link, "other": theirs, "none": nothing()}[target]

    def asker(self, tenant: Tenant, role: str, state: str = "active") -> Asker:
        """Somebody of a landlord, as a browser or a program."""
        secret = tenant.secrets[state].get(role, "")
        shown = {"Cookie": f"geoservice={secret}"} if role in PEOPLE else {"Authorization": f"Bearer {secret}"}
        return Asker(self.client, shown if secret else {})


def build(folder: Path) -> tuple[Settings, Tenant, Tenant]:
    """Write the files, import them, and plant a canary in every text."""
    settings = Settings(data=folder / "data", sign_in_network_tries=10_000, sign_in_tries=100)
    storage, catalog = setup.create(settings), load()
    both = Tenant("rives", "QZRIVESQZ", (2.45, 48.90)), Tenant("plaine", "QZPLAINEQZ", (2.25, 48.80))
    for code in ("rives", "plaine", "tiers"):
        accounts.create_organisation(storage, code)
    for tenant in both:
        tenant.number = accounts.organisations(storage)[tenant.code]
        _people(storage, tenant)
        _facts(storage, catalog, tenant, folder)
        _agreed(storage, tenant)
        tenant.names |= {"meeting": str(meeting := _met(storage, tenant)), "snapshot": str(_frozen(storage, tenant, meeting)),
                         "lever": _lever(storage, tenant), "plan": _plan(storage, tenant)}
        tenants_shared.plant(settings.shared_folder, tenant)
        audit.note_alone(storage, tenant.number, f"personne {tenant.word}", "export", f"GET {tenant.word}")
    shared = both[0].cells & both[1].cells
    for tenant in both:
        tenant.cells -= shared
    storage.close()
    return settings, *both


def _people(storage: Storage, tenant: Tenant) -> None:
    """One person of each role, a browser of each and two tokens, in each state."""
    for role, what in PEOPLE.items():
        _member(storage, tenant, tenant.email(role), what)
    tenant.names["colleague"] = _member(storage, tenant, tenant.email("colleague"), Role.DSU_MEMBER)
    for state in ("active", "revoked", "expired"):
        given = {role: signin.begin(storage, _person(storage, tenant.email(role))) for role in PEOPLE}
        given |= {role: accounts.make_token(storage, tenant.number, accounts.TokenWish(
            f"{tenant.word} {state} {role}", scope, 30)) for role, scope in TOKENS.items()}
        tenant.secrets[state] = given
        if state != "active":
            _end(storage, given.values(), "revoked" if state == "revoked" else "")
    tenant.names |= {"member": str(next(one.id for one in people.members(storage, tenant.number) if one.role == "analyst")),
                     "sign_in": str(signin.find(storage, tenant.secrets["active"]["dsu_member"]).number),
                     "token": str(next(one.id for one in accounts.tokens(storage, tenant.number) if accounts.is_alive(one)))}


def _person(storage: Storage, email: str) -> int:
    with storage.read() as connection:
        return stored.find(connection, email).id


def _member(storage: Storage, tenant: Tenant, email: str, role: Role) -> str:
    """A member without the work of a password; the membership's number."""
    with storage.write() as connection:
        person = stored.add(connection, email, NOBODY)
        territory = f"qpv2024:{tenant.word}0" if role is Role.POLICE_LIAISON else None
        return str(stored.add_membership(connection, person, tenant.number, role, territory))


def _end(storage: Storage, secrets: Any, how: str) -> None:
    """These cookies and tokens are revoked, or past their end."""
    moment = (datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None)
    with storage.write() as connection:
        for secret in secrets:
            for table, end in (("sign_in", "ends"), ("token", "expires")):
                connection.execute(text(f"UPDATE {table} SET {how or end} = :moment WHERE sha256 = :digest"),
                                   {"moment": moment, "digest": accounts.hash_of(secret)})


def _facts(storage: Storage, catalog: Any, tenant: Tenant, folder: Path) -> None:
    """Residences, halls and facts, of which one line is refused and says the canary."""
    word, (lon, lat) = tenant.word, tenant.town
    points = np.random.default_rng(tenant.number).normal(tenant.town, SPREAD, (FACTS, 2)).round(6)
    files = {
        "patrimoine": ["code_residence;nom_residence;nb_logements;adresse;ville;bailleur;longitude;latitude",
                       *(f"{word}-{n};Résidence {word} {n};12;{n} rue {word};{word};{word};{lon + n / 1000};{lat}"
                         for n in range(3))],
        "halls": ["code_hall;nom_hall;code_residence;adresse;longitude;latitude",
                  *(f"H{word}{n};Hall {word} {n};{word}-{n};{n} rue {word};{lon + n / 1000};{lat + 0.001}" for n in range(3))],
        "incidents": ["identifiant;date;heure;type;code_residence;longitude;latitude",
                      *(f"{word}{n};{1 + n % 28:02}/{1 + n % 12:02}/2024;{n % 24:02}:15;{TYPES[n % 4]};{word}-{n % 3};{x};{y}"
                        for n, (x, y) in enumerate(points.tolist())),
                      f"{word}X;31/02/2024 {word};10:00;tag;{word}-0;{lon};{lat}"]}
    runs = {}
    for layer, lines in files.items():
        path = folder / f"{word}-{layer}.csv"
        path.write_text("\n".join(lines))
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), tenant.code, None))
        assert report.accepted >= len(lines) - 2, report.as_json()
        runs[layer] = str(report.import_id)
    tenant.cells = frozenset(cell for resolution in (8, 9, 10, 11, 12) for cell in grid.to_text(
        np.unique(grid.parents(grid.index(*points.T), resolution))))
    x, y = crs.world(*np.array([tenant.town]).T)
    tenant.names |= {
        "import": runs["incidents"], "residence": f"{word}-0", "code": f"{word}-0", "x": str(int(x[0] * 2**ZOOM)),
        "y": str(int(y[0] * 2**ZOOM)), "z": str(ZOOM), "word": word,
        "cell": grid.to_text(grid.parents(grid.index(*np.array([points[0]]).T), 9))[0],
        "bbox": ",".join(f"{side:.3f}" for side in tenant.box), "zone": f"residence:{word}-0"}


def _agreed(storage: Storage, tenant: Tenant) -> None:
    """An agreement with a third organisation and a wish to look, neither of which the other landlord is part of."""
    who = viewer(storage, tenant, "org_admin")
    first = datetime.now(UTC).date()
    terms = agreements.Terms(f"qpv2024:{tenant.word}0", (Category.DEG,), first, first + timedelta(30), "tiers")
    tenant.names["agreement"] = str(agreements.agree(storage, who, terms))
    tenant.names["glass"] = str(glass.ask(storage, viewer(storage, tenant, "platform_admin"), tenant.code, "panne", 2))
    tenant.names["hall"], tenant.names["later"] = _hall(storage, tenant), _later()
    tenant.names["override"] = _override(storage, tenant, who)


def _later() -> str:
    return str(datetime.now(UTC).date() + timedelta(days=9))


def _hall(storage: Storage, tenant: Tenant) -> str:
    with storage.read() as connection:
        return str(connection.execute(text("SELECT key FROM feature WHERE layer = 'halls' AND organisation_id = :number "
                                           "ORDER BY id"), {"number": tenant.number}).scalars().first())


def _override(storage: Storage, tenant: Tenant, who: Viewer) -> str:
    """The state of a hall that a landlord's own people said."""
    first, hall = datetime.now(UTC).date(), tenant.names["hall"]
    return str(overrides.say(storage, who, [hall], overrides.Said(hall, "rouge", "presence", first, first + timedelta(9))))


def _met(storage: Storage, tenant: Tenant) -> int:
    """A meeting about a landlord's facts, and what it decided about one of its residences."""
    reader = open_reader(storage, load(), viewer(storage, tenant, "dsu_member"))
    number = meetings.open_meeting(reader, meetings.Wish("interne", "2024-12-31"))
    meetings.decide(reader, number, {"lever": "acces", "place": tenant.names["zone"], "in_charge": "bailleur", "due": ""})
    return number


def _lever(storage: Storage, tenant: Tenant) -> str:
    """A plan of a landlord about its own residences, which begins in some days."""
    reader = open_reader(storage, load(), viewer(storage, tenant, "dsu_member"))
    wish = leverjournal.Wish("acces", "bailleur", _later(), tenant.names["residence"], ("DEG",), controls=f"{tenant.word}-1")
    return str(leverjournal.plan(reader, wish, datetime.now(UTC).date()))


def _plan(storage: Storage, tenant: Tenant) -> str:
    """A kept plan of cameras about one of a landlord's residences."""
    lon, lat = tenant.town
    asked = {"kind": "bailleur", "zone": tenant.names["zone"], "cameras": "1"}
    with storage.write(scope_of(viewer(storage, tenant, "dsu_member"))) as connection:
        return str(plans.add(connection, {
            "organisation_id": tenant.number, "asked": json.dumps(asked), "spots": f"{lon},{lat},0,facade", "covered": 1,
            "facts": 2, "versions": "{}", "rules": 20_000}))


def _frozen(storage: Storage, tenant: Tenant, meeting: int) -> int:
    """What it looked at."""
    return snapshots.make(open_reader(storage, load(), viewer(storage, tenant, "dsu_member")), meeting, date(2024, 12, 31))


def viewer(storage: Storage, tenant: Tenant, role: str) -> Viewer:
    """Somebody of a landlord, inside."""
    found = signin.find(storage, tenant.secrets["active"][role])
    assert found is not None, role
    return found.viewer


def nothing() -> dict[str, str]:
    """Names and numbers of nothing at all, in the sea."""
    numbers = dict.fromkeys(("member", "colleague", "sign_in", "token", "import", "undone", "agreement", "glass",
                             "link", "key", "patrol", "override", "meeting", "snapshot", "lever", "plan"), NOWHERE)
    shared = {"territory": "territoire-nul", "qpv": "qpv2024:NUL", "commune": "commune:NUL", "group": "all", "secret": "x" * 9,
              "wished": str(datetime.now(UTC).date()), "hall": "RIEN-0", "later": _later()}
    return {**numbers, **shared, "residence": "RIEN-0", "code": "RIEN-0", "x": "2100", "y": "1500", "z": str(ZOOM),
            "word": "zzrienzz", "cell": grid.to_text(grid.parents(grid.index(np.array([4.5]), np.array([43.0])), 9))[0],
            "bbox": "4.4,42.9,4.6,43.1", "zone": "residence:RIEN-0", "upload": "0" * 64, "version": "0" * 16}


# --- what a request uses up is made anew

def fresh(town: Town, what: str, role: str) -> str:
    """The number of a thing of one's own that the next request may end."""
    storage, mine = town.storage, town.mine
    if what == "member":
        return _member(storage, mine, f"{mine.word.lower()}-{datetime.now(UTC).timestamp()}@exemple.fr", Role.DSU_MEMBER)
    if what == "sign_in":
        person = _person(storage, mine.email(role if role in PEOPLE else "dsu_member"))
        return str(signin.find(storage, signin.begin(storage, person)).number)
    if what == "token":
        wish = accounts.TokenWish("à révoquer", person=_person(storage, mine.email(role)) if role in PEOPLE else None)
        accounts.make_token(storage, mine.number, wish)
        return str(max(one.id for one in accounts.tokens(storage, mine.number)))
    if what == "agreement":
        first = datetime.now(UTC).date()
        terms = agreements.Terms("commune:93066", (Category.DEG,), first, first + timedelta(9), "tiers")
        return str(agreements.agree(storage, viewer(storage, mine, "org_admin"), terms))
    if what == "override":
        return _override(storage, mine, viewer(storage, mine, "org_admin"))
    if what == "lever":
        return _lever(storage, mine)
    if what == "plan":
        return _plan(storage, mine)
    if what in ("meeting", "snapshot"):
        meeting = _met(storage, mine)
        frozen = _frozen(storage, mine, meeting)
        return str(meeting if what == "meeting" else frozen)
    if what in ("link", "key", "patrol"):
        return tenants_shared.fresh(town.app.state.door.shared, mine, what)
    asker = replace(viewer(storage, town.theirs, "platform_admin"), glass=False)  # whoever looks already asks for no more
    return str(glass.ask(storage, asker, mine.code, "panne", 2))


def undone_import(town: Town, tenant: Tenant) -> str:
    """An import of a landlord that was taken back: there is nothing of it to undo."""
    with town.storage.write() as connection:
        return str(connection.execute(insert(ImportRun).values(
            layer="incidents", organisation_id=tenant.number, source=tenant.word, signature=tenant.word, status="undone",
            started=datetime.now(UTC)).returning(ImportRun.id)).scalar_one())


def state_of(town: Town, tenant: Tenant) -> str:
    """Everything that only its own people may change of a landlord."""
    own = ("token", "membership", "import_run", "fact", "feature", "hall_override", "meeting", "snapshot", "decision",
           "decision_step", "lever", "siting_plan")
    asked = dict.fromkeys(own, "organisation_id") | {"agreement": "giver_id"}
    with town.storage.read() as connection:
        found = [connection.execute(text(f"SELECT * FROM {table} WHERE {column} = {tenant.number} ORDER BY id")).all()
                 for table, column in asked.items()]
        found.append(connection.execute(text(
            "SELECT s.id, s.revoked FROM sign_in s JOIN membership m ON m.id = s.membership_id "
            f"WHERE m.organisation_id = {tenant.number} ORDER BY s.id")).all())
    return str([*found, tenants_shared.state_of(town.app.state.door.shared, tenant)])
