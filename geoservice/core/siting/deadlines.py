"""The days that an authorisation brings: its end, what must be asked before, what comes back. Rules are data of the regime."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Deadline(Protocol):
    """A rule of a day: one of the three numbers is said."""

    code: str
    label: str
    reference: str
    after_months: int | None
    before_end_months: int | None
    every_months: int | None
    urgent: bool
    as_of: date | None


class Regime(Protocol):
    """What brings days: rules, how long an authorisation lasts (None: there is none), and the day the rules were read."""

    as_of: date
    duration_months: int | None
    deadline: Sequence[Deadline]


@dataclass(frozen=True)
class Due:
    """A day, once or every so many months until the end (None: as long as images are taken); words: the rule without a day."""

    code: str
    label: str
    first: date | None
    every_months: int | None
    until: date | None
    words: str
    reference: str
    as_of: date


def dues(regime: Regime, started: date | None) -> list[Due]:
    """Every day of a regime in order, by the day of the authorisation; without one, the rules in words alone."""
    found = [_due(regime, each, started) for each in regime.deadline]
    return sorted(found, key=lambda due: (due.first or date.max, due.code)) if started else found


def _due(regime: Regime, rule: Deadline, started: date | None) -> Due:
    end = None if regime.duration_months is None or started is None else months_after(started, regime.duration_months)
    if rule.before_end_months is not None:
        first = None if end is None else months_after(end, -rule.before_end_months)
        words = f"{rule.before_end_months} mois avant la fin" if rule.before_end_months else _after(regime.duration_months or 0)
        return Due(rule.code, rule.label, first, None, None, words, rule.reference, rule.as_of or regime.as_of)
    months = rule.every_months or rule.after_months or 0
    first = None if started is None else months_after(started, months)
    words = _after(months) if rule.every_months is None else "tous les mois" if months == 1 else f"tous les {months} mois"
    return Due(rule.code, rule.label, first, rule.every_months, end if rule.every_months else None, words, rule.reference,
               rule.as_of or regime.as_of)


def _after(months: int) -> str:
    return f"{months // 12} ans après" if months % 12 == 0 and months >= 24 else f"{months} mois après"


def months_after(day: date, months: int) -> date:
    """So many months later (or before, below 0); a month that is too short has its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
