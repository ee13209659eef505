"""What owners tell outside, and the one door to facts of several organisations."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import geoservice
from geoservice.errors import BadInput, Forbidden, NotFound
from geoservice.operations import accounts, audit, disclosing, publishing, publishing_facts, setup, territories
from geoservice.operations.disclosing import Telling
from geoservice.operations.permissions import ALLOWED, Action, can
from geoservice.storage import releases as stored
from geoservice.types import Role, Viewer
from tests import folders
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CITY, CODE, COMMUNE, QPV, TODAY, month


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    settings = world.build(tmp_path_factory.mktemp("dite"))
    opened = setup.open_storage(settings)
    world.agree(opened)
    world.territory(opened)
    drawn = np.random.default_rng(4)
    with pytest.MonkeyPatch.context() as patch:  # the same draws every time: what a disclosure gives away depends on them
        patch.setattr(publishing.secrets, "token_bytes", drawn.bytes)
        world.publish(opened, "2026-08")
    opened.close()
    return settings


@pytest.fixture
def storage(shared, tmp_path):
    opened = setup.open_storage(folders.copied(shared.data, tmp_path / "copie"))
    yield opened
    opened.close()


def tell(storage, place: str, sure: bool = True, state: str | None = None, code: str = "rives", months=None) -> disclosing.Told:
    given = (month("2026-07"), month("2026-07")) if months is None else months
    return disclosing.disclose(storage, world.admin(storage, code), Telling(CODE, place, given, state, TODAY), sure)


def halls(storage) -> list[dict]:
    return json.loads((storage.settings.shared_folder / f"{CODE}.disclosed.json").read_text())["halls"]


def rows(storage) -> list:
    with storage.read() as connection:
        return list(stored.disclosures(connection, 1))


def test_nothing_is_noted_until_the_owner_is_sure(storage):
    found = tell(storage, "hall:B", sure=False, state="orange")
    assert (found.noted, rows(storage), halls(storage)) == (False, [], [])
    assert list(found.lines())[-1] == "Rien n’est noté sans --yes."


def test_a_halls_state_is_shown_to_readers_and_known_to_audits(storage):
    found = tell(storage, "hall:B", state="orange", months=(month("2025-01"), month("2026-08")))
    assert found.noted
    assert found.facts > 20
    assert halls(storage) == [{"date": "2026-10-20", "hall": "B", "owner": "rives", "residence": "R1", "state": "orange"}]
    told = publishing.disclosed(storage, territories.load(storage, CODE))
    assert len(told) == found.facts
    after = world.publish(storage, "2026-09").state.published.ledger
    assert set(np.flatnonzero(after.public).tolist()) == set(np.flatnonzero(np.isin(after.key, told)).tolist())
    assert after.public.sum() > 15  # those without a category in a group, or off the territory, are in no release
    last = audit.listing(storage, accounts.organisations(storage)["rives"])
    assert "divulgation" in {entry.action for entry in last}


def test_an_exact_figure_is_known_to_audits_and_shown_to_nobody(storage):
    found = tell(storage, f"qpv2024:{QPV}")
    assert found.facts > 10
    assert halls(storage) == []
    assert rows(storage)[0].state == "chiffre"
    assert len(publishing.disclosed(storage, territories.load(storage, CODE))) == found.facts


def test_telling_almost_everything_is_warned_about(storage):
    """An owner who tells all it has: what two others have together is then read within five, and small ones are proven."""
    every = (month("2025-01"), month("2026-08"))
    found = tell(storage, f"commune:{COMMUNE}", code="plaine", months=every, sure=False)
    assert found.before == 0
    assert found.after > 5
    assert f"avec cela : {found.after} (sans cela : 0)" in "\n".join(found.lines())
    little = tell(storage, "hall:B", sure=False)
    assert (little.before, little.after) == (0, 0)
    assert "Attention" not in "\n".join(little.lines())
    assert found.facts > 1_000 > little.facts


@pytest.mark.parametrize(("place", "state", "error", "said"), [
    ("hall:Z", "orange", NotFound, "halls"),
    ("hall:A", "orange", BadInput, "hall:RÉSIDENCE/A"),
    ("residence:R9", None, NotFound, "patrimoine"),
    ("commune:59009", None, NotFound, "territoire"),
    ("cave:3", None, BadInput, "hall:CODE"),
    ("hall:B", "violet", BadInput, "vert"),
    (f"commune:{COMMUNE}", "rouge", BadInput, "hall"),
])
def test_what_cannot_be_told_says_why(storage, place, state, error, said):
    with pytest.raises(error, match=said):
        tell(storage, place, state=state)
    assert rows(storage) == []


def test_a_hall_code_that_serves_twice_is_told_with_its_residence(storage):
    tell(storage, "hall:R2/A", state="vert")
    assert [(row["residence"], row["hall"]) for row in halls(storage)] == [("R2", "A")]


@pytest.mark.parametrize("role", [None, Role.DSU_MEMBER, Role.ANALYST, Role.POLICE_LIAISON, Role.PLATFORM_ADMIN])
def test_only_an_administrator_of_the_owner_tells(storage, role):
    number = accounts.organisations(storage)["rives"]
    with pytest.raises(Forbidden):
        disclosing.disclose(storage, Viewer(number, "rives", "x", "jeton", role=role),
                            Telling(CODE, "hall:B", (month("2026-07"),) * 2, "vert", TODAY), True)


def test_who_may_publish_and_who_may_sign():
    assert [role for role, allowed in ALLOWED.items() if Action.PUBLISH in allowed] == [Role.PLATFORM_ADMIN]
    assert [role for role, allowed in ALLOWED.items() if Action.DISCLOSE in allowed] == [Role.ORG_ADMIN]
    assert not can(Viewer(1, "a", "a", "glass", role=Role.PLATFORM_ADMIN, glass=True), Action.PUBLISH)


def test_one_owner_tells_nothing_of_another(storage):
    """The facts of a disclosure are the teller's alone, whatever codes the others use."""
    found = tell(storage, "hall:B", months=(month("2025-01"), month("2026-08")))
    with storage.read() as connection:
        mine = {row[0] for block in stored.facts_of(connection, (accounts.organisations(storage)["rives"],), ("bailleur",),
                                                    (0, 30_000)) for row in block}
        keys = stored.keys(connection)
    told = set(publishing.disclosed(storage, territories.load(storage, CODE)).tolist())
    assert found.facts == len(told) > 20
    assert told <= {keys[number] for number in mine if number in keys}


# --- one door


PACKAGE = Path(geoservice.__file__).parent
PUBLISHER = {"operations/publishing.py", "operations/publishing_facts.py", "operations/publishing_files.py",
             "operations/territories.py", "operations/disclosing.py"}
# an owner tells of its own facts on the page of a meeting: after a warning, and it is noted
TELLS = {"web/routes/meetings.py": {"geoservice.operations.disclosing"}}
PRIVATE = {"facts_of", "keys", "add_keys", "states", "keep_state"}


def _uses(root: Path) -> dict[str, set[str]]:
    """What each module takes from `storage.releases`, by module: names, or attributes of the module under its name there."""
    found: dict[str, set[str]] = {}
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "geoservice.storage":
                aliases = [alias.asname or alias.name for alias in node.names if alias.name == "releases"]
                names |= {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)
                          and isinstance(each.value, ast.Name) and each.value.id in aliases} | ({"*"} if aliases else set())
            elif isinstance(node, ast.ImportFrom) and node.module == "geoservice.storage.releases":
                names |= {alias.name for alias in node.names} | {"*"}
        if names:
            found[path.relative_to(root).as_posix()] = names
    return found


def test_facts_of_several_organisations_are_read_in_one_place():
    uses = _uses(PACKAGE)
    assert {module for module, names in uses.items() if names & PRIVATE} <= PUBLISHER
    assert {module for module, names in uses.items() if "facts_of" in names} == {
        "operations/publishing_facts.py", "operations/disclosing.py"}


def test_no_reader_and_no_page_reaches_the_publisher():
    modules = {name.removesuffix(".py").replace("/", ".") for name in PUBLISHER}
    named = {f"geoservice.{module}" for module in modules}
    for path in [*(PACKAGE / "web").rglob("*.py"), *(PACKAGE / "notebook").rglob("*.py"), PACKAGE / "operations" / "reader.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                taken = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
                assert not taken & named - TELLS.get(path.relative_to(PACKAGE).as_posix(), set()), path


def test_what_a_page_tells_for_an_owner_is_of_its_own_facts_alone():
    """The one question of `disclosing` about facts names the organisation that asks, and no other."""
    source = (PACKAGE / "operations" / "disclosing.py").read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
             and node.func.attr == "facts_of"]
    assert [ast.unparse(call.args[1]) for call in calls] == ["(viewer.organisation_id,)"]


def test_a_planted_reader_is_seen(tmp_path):
    (tmp_path / "reader.py").write_text("from geoservice.storage import releases as r\nprint(r.facts_of)\n")
    assert _uses(tmp_path) == {"reader.py": {"facts_of", "*"}}


def test_open_facts_enter_where_the_territory_says_so_and_are_known_to_everybody(storage, tmp_path):
    """As an organisation of their own (0), whose facts the audit takes for public."""
    from sqlalchemy import text

    with storage.write() as connection:  # a register that a city opened
        connection.execute(text("UPDATE fact SET organisation_id = 0, kind = 'ville' WHERE organisation_id = :n"),
                           {"n": accounts.organisations(storage)["monts"]})
    made = territories.load(storage, CODE)
    closed = publishing_facts.gather(storage, made, (month("2025-01"), month("2026-08")), np.empty(0, np.uint64))
    assert closed.givers("ville") == ()
    territories.change(storage, world.PLATFORM, CODE, {"ville": 900}, ("ville",))
    opened = publishing_facts.gather(storage, territories.load(storage, CODE), (month("2025-01"), month("2026-08")),
                                     np.empty(0, np.uint64))
    mine = opened.facts.kind == "ville"
    assert mine.sum() > 1_000
    assert set(opened.facts.organisation[mine].tolist()) == {0}
    assert opened.facts.public[mine].all()
    assert not opened.facts.public[~mine].any()
    assert CITY not in {str(each) for each in opened.givers("ville")}
