"""A platform administrator looks into an organisation only when somebody else agreed, for a time, reading alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geoservice.errors import BadInput, Forbidden, NotFound
from geoservice.operations import accounts, audit, glass, people, setup, signin
from geoservice.operations.permissions import Action, can
from geoservice.operations.reader import organisations_of
from geoservice.settings import Settings
from geoservice.types import Role

PASSWORD = "quatre mots bien choisis"


@pytest.fixture
def world(tmp_path):
    storage = setup.create(Settings(data=tmp_path / "d"))
    rives, plaine, platform = (accounts.create_organisation(storage, code) for code in ("rives", "plaine", "plateforme"))
    for email, number, role in (("un@p.fr", platform, Role.PLATFORM_ADMIN), ("deux@p.fr", platform, Role.PLATFORM_ADMIN),
                                ("rives@r.fr", rives, Role.ORG_ADMIN), ("plaine@r.fr", plaine, Role.ORG_ADMIN)):
        people.join(storage, email, people.Place(number, role), PASSWORD)
    secrets = {email: signin.sign_in(storage, signin.Credentials(email, PASSWORD, "10.0.0.1"))
               for email in ("un@p.fr", "deux@p.fr", "rives@r.fr", "plaine@r.fr")}
    yield storage, lambda email: signin.find(storage, secrets[email]).viewer
    storage.close()


@pytest.mark.parametrize("second", ["deux@p.fr", "rives@r.fr"])
def test_two_people_open_it_and_it_ends(world, second):
    storage, who = world
    assert organisations_of(who("un@p.fr")) == ()
    wish = glass.ask(storage, who("un@p.fr"), "rives", "panne", 2)
    assert organisations_of(who("un@p.fr")) == ()  # nobody agreed yet
    with pytest.raises(Forbidden, match="Une autre personne"):
        glass.approve(storage, who("un@p.fr"), wish)
    with pytest.raises(NotFound):
        glass.approve(storage, who("plaine@r.fr"), wish)  # not theirs to open
    assert [row.id for row in glass.waiting(storage, who(second))] == [wish]
    glass.approve(storage, who(second), wish)
    looking = who("un@p.fr")
    assert (looking.organisation, organisations_of(looking)) == ("rives", (0, looking.organisation_id))
    assert not any(can(looking, action) for action in (Action.EXPORT, Action.IMPORT, Action.MANAGE_MEMBERS, Action.READ_JOURNAL))
    told = [row.action for row in audit.listing(storage, looking.organisation_id)]
    assert told[:2] == ["bris-de-glace.accorde", "bris-de-glace.demande"]  # the organisation sees both
    with pytest.raises(NotFound):
        glass.approve(storage, who("deux@p.fr"), wish)
    with storage.write() as connection:
        connection.execute(text("UPDATE break_glass SET ends = :moment"),
                           {"moment": (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.%f")})
    assert organisations_of(who("un@p.fr")) == ()


def test_nobody_else_asks_and_only_for_known_reasons(world):
    storage, who = world
    with pytest.raises(Forbidden):
        glass.ask(storage, who("rives@r.fr"), "plaine", "panne", 1)
    for reason, hours in (("curiosité", 1), ("panne", 0), ("panne", 25)):
        with pytest.raises(BadInput):
            glass.ask(storage, who("un@p.fr"), "rives", reason, hours)
