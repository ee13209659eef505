"""What the town's organisations publish together: agreements, a territory, a release, and two halls that an owner tells of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from geoservice.operations import accounts, agreements, audit, disclosing, publishing, territories
from geoservice.operations.publishing_facts import month_of
from geoservice.operations.setup import Storage
from geoservice.testing.assembly import UNTIL
from geoservice.testing.names import CITY, COMMUNES, ORVELLE, TOWN
from geoservice.types import Role, Viewer

TERRITORY = "valbrune"
SINCE = date(2025, 1, 1)
AGREED_UNTIL = date(2027, 1, 1)
TODAY = UNTIL + timedelta(days=20)  # the town's own clock: its last month has just been closed
FIRST = month_of(SINCE)
VOLUMES = {"bailleur": 5_000, "ville": 2_000}
STATES = (("n1", "orange"), ("w2", "jaune"))  # slots of the drawing: a hall of each
Progress = Callable[[int, int, str], None]


def share(storage: Storage, halls: dict[str, str], progress: Progress | None = None) -> publishing.Outcome:
    """Agree, make the territory, publish, and tell of halls (hall code → state). Once."""
    for code in accounts.organisations(storage):
        opener = ORVELLE.code if code == CITY.code else CITY.code
        for commune in COMMUNES:
            agreements.agree(storage, admin(storage, code), agreements.Terms(
                f"commune:{commune.code}", agreements.SHAREABLE, SINCE, AGREED_UNTIL, opener))
    terms = territories.Terms(VOLUMES, ("ville",))
    territories.create(storage, PLATFORM, territories.Plan(TERRITORY, TOWN, tuple(each.code for each in COMMUNES), terms))
    done = publishing.publish(storage, PLATFORM, publishing.Wish(TERRITORY, TODAY, first=FIRST), progress)
    month = month_of(UNTIL)
    for hall, state in halls.items():
        disclosing.disclose(storage, admin(storage, ORVELLE.code),
                            disclosing.Telling(TERRITORY, f"hall:{hall}", (month, month), state, TODAY), sure=True)
    return done


PLATFORM = Viewer(0, "plateforme", audit.COMMAND, audit.COMMAND, role=Role.PLATFORM_ADMIN)


def admin(storage: Storage, code: str) -> Viewer:
    """Who administers an organisation of the town."""
    return Viewer(accounts.organisations(storage)[code], code, audit.COMMAND, audit.COMMAND, role=Role.ORG_ADMIN)
