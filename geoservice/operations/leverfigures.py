"""Figures of a plan: could an effect be seen, are the controls like the treated places, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from geoservice.core.stats.given import NotEnough
from geoservice.operations import levercontrols, levergate, leverresult
from geoservice.operations.levercontrols import Balance
from geoservice.operations.levergate import Gate
from geoservice.operations.levermonths import Months, last_known, later, months
from geoservice.operations.leverplan import Plan
from geoservice.operations.leverresult import Result, Seen
from geoservice.operations.reader import Reader


def before_of(reader: Reader, found: Plan, today: date) -> Months:
    """Facts of the months before the start, or before the day after the last that is known."""
    last = last_known(reader, found.kind)
    if last is None:
        raise NotEnough("aucun_fait", "Aucun fait de cette origine à portée : rien ne peut se comparer.")
    anchor = min(found.since, last + timedelta(1), today)
    edges = [later(anchor, -each) for each in range(found.months_before, -1, -1)]
    return months(reader, found.kind, found.categories, edges)


def gate(reader: Reader, found: Plan, today: date) -> Gate:
    """Whether an effect of a plan could be seen; NotEnough where that cannot be told."""
    known = before_of(reader, found, today)
    rows = [known.rows(codes) for codes in (found.treated, found.controls)]
    return levergate.gate(known.counts[rows[0]], known.counts[rows[1]], found.months_after, 1 - found.ratio / 100)


def balance(reader: Reader, found: Plan, today: date, taken: Sequence[str] = ()) -> list[Balance]:
    """How alike treated places and controls were before."""
    return levercontrols.balance(before_of(reader, found, today), found.treated, found.controls, taken)


def evaluate(reader: Reader, found: Plan, today: date) -> Result:
    """What the lever did, as far as it is known; NotEnough where it cannot be told, for want of facts or of a lock."""
    _judged(found)
    last = last_known(reader, found.kind)
    known_until = min(today, (last or found.since) + timedelta(1))
    elapsed = sum(later(found.counted_from, each) <= known_until for each in range(1, found.months_after + 1))
    before = [later(found.since, -each) for each in range(found.months_before, 0, -1)]
    after = [later(found.counted_from, each) for each in range(elapsed + 1)]
    works = found.counted_from > found.since  # what happened during them counts nowhere
    edges = [*before, found.since, *after[0 if works else 1:]]
    counted = months(reader, found.kind, found.categories, edges)
    if works:
        counted = replace(counted, counts=np.delete(counted.counts, found.months_before, axis=1))
    rows = [counted.rows(found.treated), counted.rows(found.controls), counted.around(found.treated, found.controls)]
    homes = counted.of_homes()[:, :found.months_before] / counted.places_of_homes()[:, None]
    homes = homes[np.array([bool(code) for code in counted.stock.residences])]
    seen = Seen(found.months_before, *(counted.counts[each] for each in rows), homes)
    return leverresult.judge(seen, elapsed, found.months_after, found.cost_cents)


def _judged(found: Plan) -> None:
    if found.withdrawn:
        raise NotEnough("retire", "Ce plan est retiré : il n’est pas évalué.")
    if found.locked is None:
        raise NotEnough("non-verrouille", "Ce plan n’a pas été verrouillé avant le début : une comparaison choisie après coup ne "
                                          "prouve rien, il n’est pas évalué ici.")
    if not found.intact:
        raise NotEnough("altere", "Ce plan n’est plus celui qui a été verrouillé : son empreinte ne correspond pas. Il n’est pas "
                                  "évalué ; cherchez au journal qui l’a changé, et comment.")
