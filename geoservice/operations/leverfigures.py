"""Figures of a plan: could an effect be seen, are the controls like the treated places, and what happened."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from geoservice.core.stats.given import NotEnough
from geoservice.export import french
from geoservice.operations import levercontrols, levergate, leverresult
from geoservice.operations.analyse import index_version
from geoservice.operations.levercontrols import Balance
from geoservice.operations.levergate import Gate
from geoservice.operations.levermonths import Months, known_days, later, months, places
from geoservice.operations.leverplan import Plan
from geoservice.operations.leverresult import Result, Seen
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf

_gates: Shelf[Gate] = Shelf(256)
_results: Shelf[Result] = Shelf(256)


def before_of(reader: Reader, found: Plan, today: date) -> Months:
    """Facts of the months before the start, or before the day after the last that is known; months nobody knows are left out."""
    first, last = _known(reader, found)
    anchor = min(found.since, last + timedelta(1), today)
    return months(reader, found.kind, found.categories, [*_starts(found, anchor, first), anchor])


def _known(reader: Reader, found: Plan) -> tuple[date, date]:
    known = known_days(reader, found.kind)
    if known is None:
        raise NotEnough("aucun_fait", "Aucun fait de cette origine à portée : rien ne peut se comparer.")
    return known


def _starts(found: Plan, anchor: date, first: date) -> list[date]:
    """First days of the months before a day that facts wholly cover; NotEnough with fewer than are compared after."""
    starts = [later(anchor, -each) for each in range(found.months_before, 0, -1)]
    starts = [start for start in starts if start >= first]
    if len(starts) < found.months_after:
        raise NotEnough("historique-court", f"{len(starts)} mois sont connus avant l’action, il en faut {found.months_after}, "
                                            "autant qu’on en compare après. Importez plus d’historique, ou comparez-en moins.")
    return starts


def gate(reader: Reader, found: Plan, today: date) -> Gate:
    """Whether an effect of a plan could be seen; NotEnough where that cannot be told."""
    return _gates.get(_key(reader, found, today), lambda: _gate(reader, found, today))


def _gate(reader: Reader, found: Plan, today: date) -> Gate:
    known = before_of(reader, found, today)
    rows = [known.rows(codes) for codes in (found.treated, found.controls)]
    return levergate.gate(known.counts[rows[0]], known.counts[rows[1]], found.months_after, 1 - found.ratio / 100)


def balance(reader: Reader, found: Plan, today: date, taken: Sequence[str] = ()) -> list[Balance]:
    """How alike treated places and controls were before."""
    return levercontrols.balance(before_of(reader, found, today), found.treated, found.controls, taken)


@dataclass(frozen=True)
class Link:
    """A residence linked to the treated places beyond their ring, by its code: by a through-route, by a street; whether it is a
    control."""

    code: str
    by_route: bool
    by_street: bool
    control: bool

    @property
    def why(self) -> str:
        """What links it, in words."""
        words = [word for word, is_so in (("hall traversant", self.by_route), ("même rue", self.by_street)) if is_so]
        return french.listed(words)


def links(reader: Reader, found: Plan) -> list[Link]:
    """Functional neighbours of the treated places; controls among them too, whose facts are not followed as theirs."""
    known = places(reader, found.categories)
    linked, controls = known.links(found.treated), known.homes(found.controls)
    return [Link(known.stock.residences[row], row in linked.by_route, row in linked.by_street, row in controls)
            for row in linked.rows.tolist() if known.stock.residences[row]]


def evaluate(reader: Reader, found: Plan, today: date) -> Result:
    """What the lever did, as far as it is known; NotEnough where it cannot be told, for want of facts or of a lock."""
    _judged(found)
    return _results.get(_key(reader, found, today), lambda: _evaluate(reader, found, today))


def _key(reader: Reader, found: Plan, today: date) -> tuple[Hashable, ...]:
    return str(reader.shelf.storage.settings.data), reader.shelf.organisations, index_version(reader), found, today


def _evaluate(reader: Reader, found: Plan, today: date) -> Result:
    first, last = _known(reader, found)
    known_until = min(today, last + timedelta(1))
    elapsed = sum(later(found.counted_from, each) <= known_until for each in range(1, found.months_after + 1))
    before = _starts(found, found.since, first)
    after = [later(found.counted_from, each) for each in range(elapsed + 1)]
    works = found.counted_from > found.since  # what happened during them counts nowhere
    edges = [*before, found.since, *after[0 if works else 1:]]
    counted = months(reader, found.kind, found.categories, edges)
    if works:
        counted = replace(counted, counts=np.delete(counted.counts, len(before), axis=1))
    rows = [counted.rows(found.treated), counted.rows(found.controls), counted.around(found.treated, found.controls),
            counted.further(found.treated, found.controls)]
    homes = counted.by_home[:, :len(before)] / counted.places_of_homes()[:, None]
    homes = homes[np.array([bool(code) for code in counted.stock.residences])]
    seen = Seen(len(before), *(counted.counts[each] for each in rows[:3]), homes, counted.counts[rows[3]])
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
