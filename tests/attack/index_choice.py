"""Attacks on the choice of index files: by HTTP, by viewers that nobody made, by rights that are over."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.core.query import parse
from geoservice.operations import accounts, glass, people, reader, signin
from geoservice.operations.people import Place
from geoservice.storage.store import Storage
from geoservice.types import Kind, Role, Scope, Viewer
from geoservice.web.app import create_app
from geoservice.web.routes import tiles
from tests.attack.probing import Outcome
from tests.web.world import CANARY, PLAINE, World, build

PASSWORD = "un-long-mot-de-passe-47"
_ALL = (0, 1, 2)
_BOX = f"{PLAINE[0] - 0.1},{PLAINE[1] - 0.1},{PLAINE[0] + 0.1},{PLAINE[1] + 0.1}"


@dataclass(frozen=True)
class Town:
    """A folder with two landlords, the service on it, and the cells that hold facts of the second alone."""

    world: World
    app: FastAPI
    cells: frozenset[str]

    @property
    def storage(self) -> Storage:
        return self.app.state.service.storage

    def get(self, path: str, token: str = "", **headers: str) -> Any:
        """An answer, as its status and words."""
        client = TestClient(self.app, headers={"Authorization": f"Bearer {token or self.world.rives}", **headers},
                            raise_server_exceptions=False, follow_redirects=False)
        answer = client.get(path)
        return answer.status_code, answer.text


@dataclass(frozen=True)
class Attack:
    """`ask` tries as the other landlord; with `over`, as somebody whose right ended, and the control is before it did."""

    name: str
    ask: Callable[[Town], Any]
    over: Callable[[Town, bool], Any] | None = None


@cache
def town() -> Town:
    """Made once a process."""
    world = build(Path(tempfile.mkdtemp(prefix="choice-")))
    app = create_app(world.settings)
    TestClient(app).__enter__()
    made = Town(world, app, frozenset())
    _, words = made.get(f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}", world.plaine)
    return Town(world, app, frozenset(re.findall(r'"(89[0-9a-f]{13})"', words)))


def learnt(answer: Any) -> bool:
    """Whether an answer tells of the second landlord: its word, one of its cells, a picture where it alone has facts."""
    words = repr(answer)
    return CANARY in words or any(cell in words for cell in town().cells)


@contextmanager
def everybody() -> Iterator[None]:
    """A build whose choice is no choice."""
    kept = reader.organisations_of, tiles.organisations_of
    reader.organisations_of = tiles.organisations_of = lambda _viewer: _ALL  # type: ignore[assignment]
    try:
        yield
    finally:
        reader.organisations_of, tiles.organisations_of = kept


def _path(name: str, path: str, **headers: str) -> Attack:
    return Attack(name, lambda place: place.get(path, **headers))


def _drawn(path: str) -> Callable[[Town], Any]:
    return lambda place: CANARY if place.get(path)[0] == 200 else ""


def _counted(viewer: Viewer) -> Callable[[Town], Any]:
    """What a Reader counts for a viewer that no door made."""
    return lambda place: _facts(place, viewer)


def _facts(place: Town, viewer: Viewer) -> Any:
    found = reader.open_reader(place.storage, load(), viewer)
    counts = found.cells(parse({"resolution": "9"}).with_(kind=Kind.BAILLEUR))
    return [f"{cell:x}" for cell in counts.cells.tolist()]


def _token(place: Town, over: bool) -> Any:
    """A token that was revoked."""
    token = accounts.create_token(place.storage, "à révoquer", "plaine")
    if over:
        number = max(each.id for each in accounts.tokens(place.storage, 2))
        accounts.revoke_token(place.storage, 2, number)
    return place.get(f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}", token)


def _expired(place: Town, over: bool) -> Any:
    token = accounts.create_token(place.storage, "à échéance", "plaine", accounts.TokenWish("x", Scope.READ, 1))
    if over:
        _set(place, "token", "expires", accounts.tokens(place.storage, 2)[-1].id)
    return place.get(f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}", token)


def _set(place: Town, table: str, column: str, number: int) -> None:
    with place.storage.write() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = :moment WHERE id = :number"),
                           {"moment": datetime.now(UTC) - timedelta(days=2), "number": number})


def _person(place: Town, name: str, role: Role, organisation: int) -> str:
    """The cookie of somebody who joins."""
    email = f"{name}-{datetime.now(UTC).timestamp()}@exemple.fr"
    people.join(place.storage, email, Place(organisation, role), PASSWORD)
    return signin.sign_in(place.storage, signin.Credentials(email, PASSWORD, "127.0.0.1"))


def _left(place: Town, over: bool) -> Any:
    """Somebody who is no member any more."""
    secret = _person(place, "parti", Role.ANALYST, 2)
    found = signin.find(place.storage, secret)
    if over and found is not None:
        number = next(each.id for each in people.members(place.storage, 2) if each.person_id == found.viewer.person)
        people.leave(place.storage, number, 2)
    again = signin.find(place.storage, secret)
    return [] if again is None else _facts(place, again.viewer)


def _looking(place: Town, over: bool) -> Any:
    """A platform administrator whose exceptional look is over."""
    secret = _person(place, "plateforme", Role.PLATFORM_ADMIN, 1)
    owner = signin.find(place.storage, _person(place, "accord", Role.ORG_ADMIN, 2))
    asking = signin.find(place.storage, secret)
    assert owner is not None
    assert asking is not None
    wish = glass.ask(place.storage, asking.viewer, "plaine", "panne", 2)
    glass.approve(place.storage, owner.viewer, wish)
    if over:
        _set(place, "break_glass", "ends", wish)
    found = signin.find(place.storage, secret)
    return [] if found is None else _facts(place, found.viewer)


def _nobody_agreed(place: Town, over: bool) -> Any:
    """A wish that nobody approved."""
    secret = _person(place, "seul", Role.PLATFORM_ADMIN, 1)
    asking = signin.find(place.storage, secret)
    assert asking is not None
    wish = glass.ask(place.storage, asking.viewer, "plaine", "panne", 2)
    if not over:
        with place.storage.write() as connection:
            connection.execute(text("UPDATE break_glass SET approved_by = 1 WHERE id = :number"), {"number": wish})
    found = signin.find(place.storage, secret)
    return [] if found is None else _facts(place, found.viewer)


_TILE = "12/2073/1409"
ATTACKS = (
    _path("headers that name another", f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}", **{
        "X-Organisation": "2", "X-Organization-Id": "2", "X-Forwarded-User": "plaine", "X-Remote-User": "plaine"}),
    _path("cookies that name another", f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}",
          Cookie="organisation=2; geoservice_organisation=plaine; session=2"),
    _path("cells of another town", f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}"),
    _path("residence of another as a zone", f"/api/cells?kind=bailleur&resolution=9&zone=residence:{CANARY}-0"),
    _path("sheet of another's residence", f"/api/residences/{CANARY}-0?kind=bailleur"),
    _path("search for another's names", f"/api/search?q={CANARY}"),
    _path("features of all", "/api/features/patrimoine"),
    _path("geometry of all", "/api/geometry?kind=bailleur&resolution=9"),
    _path("units of all", "/api/units?kind=bailleur&level=residence"),
    _path("file of all", f"/api/cells?kind=bailleur&resolution=9&bbox={_BOX}&format=csv"),
    Attack("vector tile of another town", _drawn(f"/tiles/incidents/{_TILE}.mvt?kind=bailleur")),
    Attack("heat of another town", _drawn(f"/tiles/incidents/{_TILE}.png?kind=bailleur")),
    Attack("a liaison of that organisation", _counted(Viewer(2, "plaine", "x", "connexion", Role.POLICE_LIAISON, 9))),
    Attack("an administrator of the platform", _counted(Viewer(2, "plaine", "x", "connexion", Role.PLATFORM_ADMIN, 9))),
    Attack("a viewer of open data", _counted(Viewer(0, "", "x", "token"))),
    Attack("a viewer of no organisation", _counted(Viewer(-2, "", "x", "token"))),
    Attack("a path for a number", _counted(Viewer("../index/2", "", "x", "token"))),  # type: ignore[arg-type]
    Attack("several for a number", _counted(Viewer((2, 1), "", "x", "token"))),  # type: ignore[arg-type]
    Attack("a revoked token", lambda _: "", _token),
    Attack("an expired token", lambda _: "", _expired),
    Attack("a member who left", lambda _: "", _left),
    Attack("an exceptional look that is over", lambda _: "", _looking),
    Attack("an exceptional look nobody approved", lambda _: "", _nobody_agreed),
)


def run(attack: Attack) -> Outcome:
    """The attack, and the same where everybody sees everything, or before the right was over."""
    place = town()
    if attack.over is not None:
        return Outcome(attack.name, learnt(attack.over(place, True)), learnt(attack.over(place, False)))
    passed = learnt(_tried(attack, place))
    with everybody():
        return Outcome(attack.name, passed, learnt(_tried(attack, place)))


def _tried(attack: Attack, place: Town) -> Any:
    try:
        return attack.ask(place)
    except (TypeError, ValueError) as error:
        return str(error)


def run_all() -> Iterator[Outcome]:
    """Every attack."""
    yield from (run(attack) for attack in ATTACKS)
