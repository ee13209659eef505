"""The journal of levers in the demo's town: the one that was planted there, locked on its eve, and one that began too lately."""

from __future__ import annotations

from datetime import date, timedelta

from geoservice.catalog.layers import Catalog
from geoservice.operations import accounts
from geoservice.operations import leverjournal as journal
from geoservice.operations.leverjournal import Wish
from geoservice.operations.levermonths import HOME
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.residences import residences
from geoservice.operations.setup import Storage
from geoservice.testing.truths import Lever, Truth

COST, LATELY_COST = "48000", "21000"
_LATELY_DAYS = 40  # before the end of the facts: a month is known, the first look is at three
_BEFORE, _AFTER = "24", "12"


def note(storage: Storage, catalog: Catalog, truth: Truth, organisation: str) -> list[int]:
    """Numbers of the levers of an organisation: the planted ones that are its own, and one of another residence, lately."""
    reader = open_reader(storage, catalog, accounts.viewer_of_organisation(storage, organisation, "demo"))
    planted = [lever for lever in truth.levers if lever.organisation == organisation]
    numbers = [_locked(reader, _planted(lever), lever.start) for lever in planted]
    busy = {code for number in numbers for plan in [journal.one(storage, reader.viewer, number)]
            for code in (*plan.treated, *plan.controls)}
    busy |= {HOME + lever.to for lever in planted if lever.to}
    free = [code for code in sorted(residences(reader)) if HOME + code not in busy]
    since = truth.end - timedelta(_LATELY_DAYS)
    return numbers + [_locked(reader, _lately(code, since), since) for code in free[:1]]


def _locked(reader: Reader, wish: Wish, start: date) -> int:
    """A plan noted and locked the day before it starts."""
    eve = start - timedelta(1)
    number = journal.plan(reader, wish, eve)
    journal.lock(reader, number, eve)
    return number


def _planted(lever: Lever) -> Wish:
    """What was done there, as those who did it would have noted it the day before, with the controls that are proposed."""
    return Wish("traversant" if lever.to else "acces", "bailleur", lever.start.isoformat(), lever.residence, lever.categories,
                cost=COST, reduction=str(round(100 - 100 * lever.factor)), months_before=_BEFORE, months_after=_AFTER)


def _lately(code: str, since: date) -> Wish:
    works = since + timedelta(5)
    return Wish("eclairage", "ville", since.isoformat(), code, ("DEG", "OCC"), works_until=works.isoformat(), cost=LATELY_COST,
                reduction="20", months_before=_BEFORE, months_after=_AFTER)
