"""The journal of levers as tables of a session: could an effect be seen, and what came of it; nothing is noted from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, NotFound
from geoservice.notebook import frames
from geoservice.notebook.charts import Chart, events
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations import levernote, leverwish
from geoservice.operations.levermonths import names
from geoservice.operations.levernote import Told
from geoservice.operations.leverresult import Group, Result
from geoservice.operations.leverwish import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from geoservice.operations.reader import Reader

_LISTED = ("number", "lever", "treated", "from", "cost_eur", "locked", "intact", "word", "sentence")
_COUNTS = ("group", "places", "before", "after", "effect", "low", "high")
_GATE = ("months", "expected", "least", "reduction", "chance", "word", "sentence")


@dataclass(frozen=True, eq=False)
class Lever:
    """A plan and what is known of it on a day: tables, and the sentences of its page.

    gate: one row. counts: facts of each group, its effect beyond the controls with the interval; months: facts beyond the
    controls, and whether a month is outside the band; linked: functional neighbours. Empty where nothing can be told: `reason`.
    """

    label: str
    word: str
    sentence: str
    reason: str
    sha256: str | None
    intact: bool
    gate: DataFrame
    balance: DataFrame
    counts: DataFrame
    ratio: tuple[float, float, float] | None
    months: DataFrame
    linked: DataFrame
    around: tuple[str, ...]
    regression: str
    cost: str
    unlocks: tuple[tuple[date, str], ...]
    chart: Chart | None


class Levers:
    """Levers of a session."""

    @property
    def _reader(self) -> Reader:
        raise NotImplementedError  # a session has one

    def levers(self, today: date | str | None = None) -> DataFrame:
        """Plans of the journal, the latest first: number, lever, treated, from, cost_eur, locked, intact, word, sentence."""
        reader, day, rows = self._reader, _day(today), []
        for plan in journal.listing(reader.shelf.storage, reader.viewer):
            try:
                found = figures.evaluate(reader, plan, day)
                said = (found.word, found.sentence)
            except (NotEnough, NotFound, BadInput) as why:
                said = ("", str(why))
            cost = None if plan.cost_cents is None else plan.cost_cents / 100
            where, locked = ", ".join(names(reader, plan.treated)), plan.locked is not None
            rows.append((plan.number, plan.label, where, plan.since, cost, locked, plan.intact, *said))
        return frames.table(rows, _LISTED, {})

    def lever(self, number: int, today: date | str | None = None) -> Lever:
        """One plan with its gate, its controls and its result; NotFound for what is not in the journal."""
        return _told(levernote.tell(self._reader, number, _day(today)))

    def gate(self, treated: str | Sequence[str], since: date | str, categories: str | Sequence[str], reduction: int = 30,
             months: Sequence[int] = leverwish.AFTER, controls: str | Sequence[str] = (), kind: str = "bailleur") -> DataFrame:
        """Could a reduction (percent) be seen, for each number of months: facts expected without it, the least reduction that is
        seen eight times in ten (None: not even all), how often that one would be. Controls are proposed unless they are given.
        """
        reader, day = self._reader, _day(since)
        rows = []
        for many in months:
            before = str(max(many, min(leverwish.BEFORE)))
            wish = Wish("acces", "bailleur", day.isoformat(), _lines(treated), tuple(_words(categories)), kind=kind,
                        reduction=str(reduction), controls=_lines(controls), months_before=before, months_after=str(many))
            try:
                found = figures.gate(reader, leverwish.drafted(reader, wish, day, journal.taken(reader, None)), day)
                rows.append(tuple(getattr(found, name) for name in _GATE))
            except NotEnough as why:
                rows.append((many, None, None, reduction / 100, None, "", str(why)))
        return frames.table(rows, _GATE, {})


def _told(told: Told) -> Lever:
    result, gate = told.result, told.gate
    study = levernote.study_of(told.plan, result)
    quotient = None if result is None else result.quotient
    gates = [] if gate is None else [tuple(getattr(gate, name) for name in _GATE)]
    return Lever(
        told.plan.label, "" if result is None else result.word, "" if result is None else result.sentence,
        told.result_reason if result is None else "", told.plan.sha256, told.plan.intact,
        frames.table(gates, _GATE, {"reason": told.gate_reason}),
        frames.table([(each.label, each.before, each.after) for each in told.balance], ("trait", "all", "controls"), {}),
        frames.table(_counts(result), _COUNTS, {}), None if quotient is None else (quotient.ratio, quotient.low, quotient.high),
        frames.table(levernote.months_of(told.plan, result), ("month", "gap", "outside"), {}),
        frames.table([(name, link.why, link.control) for name, link in told.linked], ("name", "why", "control"), {}),
        () if result is None or result.ring is None or result.linked is None else (result.ring.sentence, result.linked.sentence),
        "" if result is None else result.mean_sentence, "" if result is None else result.cost_sentence, tuple(told.unlocks),
        None if study is None else events(*study))


def _counts(result: Result | None) -> list[tuple[Any, ...]]:
    if result is None or result.ring is None or result.linked is None:
        return []
    groups: list[tuple[str, Group | None, Any]] = [
        ("lieux traités", result.treated, result.effect), ("témoins", result.control, None),
        ("autour", result.ring.group, result.ring.effect), ("voisins de fonction", result.linked.group, result.linked.effect)]
    return [(name, group.places, group.before, group.after, *((None, None, None) if effect is None else (
        effect.value, effect.low, effect.high))) for name, group, effect in groups if group is not None]


def _day(value: date | str | None) -> date:
    if value is None:
        return datetime.now(UTC).date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError:
        raise BadInput("Donnez un jour comme 2026-01-31.") from None


def _words(value: str | Sequence[str]) -> list[str]:
    return value.split(",") if isinstance(value, str) else list(value)


def _lines(value: str | Sequence[str]) -> str:
    return "\n".join(_words(value))
