"""A meeting of the demo's town: a CLSPD some weeks ago, what it decided."""

from __future__ import annotations

from datetime import date, timedelta

from geoservice.catalog.layers import Catalog
from geoservice.operations import accounts, meetings
from geoservice.operations.meetings import Wish
from geoservice.operations.reader import open_reader
from geoservice.operations.residences import residences
from geoservice.operations.setup import Storage

WEEKS = 9
# lever, which residence by its rank in the patrimoine, function in charge, days after the meeting that it is due
DECIDED = (("acces", 0, "bailleur", 45), ("mediation", 1, "mediation", 120), ("enlevement", 2, "ville", 30))


def meet(storage: Storage, catalog: Catalog, organisation: str, today: date) -> int:
    """The meeting of an organisation, with its decisions; its number. No later meeting has followed them yet."""
    viewer = accounts.viewer_of_organisation(storage, organisation, "demo")
    reader = open_reader(storage, catalog, viewer)
    day = today - timedelta(weeks=WEEKS)
    number = meetings.open_meeting(reader, Wish("clspd", day.isoformat()))
    codes = sorted(residences(reader))
    for lever, rank, in_charge, days in DECIDED[:len(codes)]:
        meetings.decide(reader, number, {"lever": lever, "place": f"residence:{codes[rank]}", "in_charge": in_charge,
                                         "due": (day + timedelta(days)).isoformat()})
    return number
