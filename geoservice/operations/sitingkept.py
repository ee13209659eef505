"""Plans of cameras that an organisation keeps: what was asked and where the cameras are, shown against today's data.

A name is the place, the day and the number: nobody writes one. What was kept never changes; a plan is withdrawn, not edited.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from geoservice.core.query import day_number
from geoservice.core.siting import choose
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.export import french
from geoservice.operations import audit, sitingground, sitingspots, sitingwish
from geoservice.operations.indexing import FACTS
from geoservice.operations.leverplan import date_of
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan, Solve
from geoservice.operations.sitingspots import Placed
from geoservice.operations.sitingwish import SPOTS
from geoservice.storage import plans as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

NUMBER = "plan"  # the parameter that names a kept plan
_OF = {FACTS: "les faits", "batiments": "les bâtiments", "voies": "les voies", "patrimoine": "le patrimoine",
       "halls": "les halls", "cameras": "les caméras existantes"}


@dataclass(frozen=True)
class Kept:
    """A plan as it was kept: parameters (`given`, cameras among them), facts in view of all there were, the state of each data
    set by name, the day of its rules."""

    number: int
    given: Mapping[str, str]
    covered: int
    facts: int
    versions: Mapping[str, str]
    rules: date
    created: datetime
    withdrawn: bool

    @property
    def cameras(self) -> int:
        """How many."""
        return len(sitingspots.parse(self.given[SPOTS]))


def keep(reader: Reader, given: Mapping[str, str]) -> int:
    """Keep the plan of an address whose cameras are said; its number. NotEnough, BadInput and NotFound as for the plan itself."""
    viewer = reader.viewer
    require(viewer, Action.RECORD, viewer.organisation_id)
    if SPOTS not in given or given[SPOTS] == sitingspots.NONE:
        raise BadInput("Un plan se garde avec ses caméras : demandez-en un, ou posez-les.")
    given = {**given, **sitingwish.filters_of(reader, given)}
    made = sitingwish.made_of(reader, given)
    asked = {name: text for name, text in given.items() if name != SPOTS}
    values = {"organisation_id": viewer.organisation_id, "asked": json.dumps(asked, sort_keys=True),
              "spots": sitingspots.text_of(placed_of(made)), "covered": made.covered, "facts": made.seen.total,
              "versions": json.dumps(versions_of(reader), sort_keys=True), "rules": day_number(made.law.as_of)}
    with reader.shelf.storage.write(scope_of(viewer)) as connection:
        number = stored.add(connection, values)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "plan.garde", f"plan {number}")
    return number


def withdraw(storage: Storage, viewer: Viewer, number: int) -> None:
    """It leaves the list."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    one(storage, viewer, number)
    with storage.write(scope_of(viewer)) as connection:
        if not stored.withdraw(connection, number):
            raise Conflict("Ce plan est déjà retiré.")
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "plan.retire", f"plan {number}")


def listing(storage: Storage, viewer: Viewer) -> list[Kept]:
    """Plans of the viewer's organisation that are not withdrawn, the latest first."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        return [_kept(row) for row in stored.listing(connection, viewer.organisation_id)]


def one(storage: Storage, viewer: Viewer, number: int) -> Kept:
    """One plan; NotFound when the viewer's organisation has none of this number."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        row = stored.one(connection, viewer.organisation_id, number)
    if row is None:
        raise NotFound("Ce plan n’existe pas.")
    return _kept(row)


def plan_of(reader: Reader, given: Mapping[str, str], solve: Solve = choose.best) -> Plan:
    """The plan that parameters name: a kept one (`plan`, its cameras against today's data), else that of `sitingwish.made_of`."""
    if NUMBER not in given:
        return sitingwish.made_of(reader, given, solve)
    return sitingwish.made_of(reader, one(reader.shelf.storage, reader.viewer, number_of(given[NUMBER])).given)


def number_of(text: str) -> int:
    """The number of a kept plan; BadInput for any other text."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadInput("Un plan gardé se nomme par son numéro.")
    return int(text)


def name_of(reader: Reader, kept: Kept) -> str:
    """« Les Alouettes · 22 nov. 2026 · n° 3 »."""
    return f"{sitingwish.where(reader, kept.given.get('zone', ''))} · {french.day(kept.created.date())} · n°\u00a0{kept.number}"


def changed(reader: Reader, kept: Kept) -> list[str]:
    """Which data are not what they were when a plan was kept."""
    now = versions_of(reader)
    return [label for name, label in _OF.items() if now.get(name) != kept.versions.get(name)]


def versions_of(reader: Reader) -> dict[str, str]:
    """The state of each data set that a plan is evaluated with."""
    return {name: reader.version(name) for name in (FACTS, *sitingground.LAYERS) if name in reader.catalog.layers}


def placed_of(plan: Plan) -> list[Placed]:
    """The cameras of a plan as an address says them."""
    return [Placed(each.view.spot.lon, each.view.spot.lat, each.view.spot.azimuth, each.kind) for each in plan.cameras]


def _kept(row: object) -> Kept:
    return Kept(row.id, {**json.loads(row.asked), SPOTS: row.spots}, row.covered, row.facts,  # type: ignore[attr-defined]
                json.loads(row.versions), date_of(row.rules), row.created, row.withdrawn is not None)  # type: ignore[attr-defined]
