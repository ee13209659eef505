"""How long each column is kept: the rules of `geoservice/retention.toml`, shortened where the settings ask for it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geoservice.errors import BadInput
from geoservice.settings import Settings

FILE = Path(__file__).resolve().parents[1] / "retention.toml"
KINDS_OF_TIME = ("days", "minutes", "setting")
BY_MONTH = "le mois du fait"  # days of facts end with a whole month, so that no month is counted in part
Days = Annotated[int, Field(ge=1, le=36_525)]


class Rule(BaseModel):
    """One rule: some columns of a table, or some files; see the head of retention.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    title: str
    then: Literal["keep", "follow", "delete", "coarsen", "seal"]
    since: str = Field(alias="from")
    why: str
    table: str | None = None
    columns: tuple[str, ...] = ()
    files: str | None = None
    days: Days | None = None
    minutes: Annotated[int, Field(ge=1)] | None = None
    setting: str | None = None
    least: int = 1
    own: bool = False

    @property
    def timed(self) -> bool:
        """Whether it goes by age."""
        return self.then not in ("keep", "follow")


@dataclass(frozen=True)
class Policy:
    """The rules that hold here. `shorter`: days by rule; `of`: the same by organisation's code."""

    rules: tuple[Rule, ...]
    settings: Settings
    shorter: Mapping[str, int] = field(default_factory=dict)
    of: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def rule(self, name: str) -> Rule:
        """One rule by name."""
        return next(rule for rule in self.rules if rule.name == name)

    def days(self, rule: Rule, organisation: str | None = None) -> int | None:
        """How many days it keeps, for one organisation when it asks for less; None where it is not counted in days."""
        general = getattr(self.settings, rule.setting) if rule.setting else rule.days
        asked = (self.shorter.get(rule.name), self.of.get(organisation or "", {}).get(rule.name))
        return None if general is None else min(general, *(days for days in asked if days is not None), general)

    def limit(self, rule: Rule, moment: datetime, organisation: str | None = None) -> datetime:
        """What is older than this goes; UTC."""
        if rule.minutes is not None:
            return moment - timedelta(minutes=rule.minutes)
        limit = moment - timedelta(days=self.days(rule, organisation) or 0)
        return datetime(limit.year, limit.month, 1, tzinfo=UTC) if rule.since == BY_MONTH else limit

    def apart(self, rule: Rule) -> tuple[str, ...]:
        """Codes of organisations that keep less than the others by this rule."""
        return tuple(sorted(code for code, asked in self.of.items() if rule.name in asked)) if rule.own else ()

    def said(self, rule: Rule, organisation: str | None = None) -> str:
        """« 365 jours », « 15 minutes », « sans durée »."""
        if not rule.timed:
            return "sans durée propre"
        if rule.minutes is not None:
            return f"{rule.minutes}\u202fminutes"
        days = self.days(rule, organisation) or 0
        years = round(days / 365.25)
        exact = years and abs(days - years * 365.25) < 1.5
        return (f"{years}\u202fan{'s' if years > 1 else ''}" if exact else f"{days}\u202fjour{'s' if days > 1 else ''}")


@cache
def rules() -> tuple[Rule, ...]:
    """The rules as they are shipped."""
    found = tuple(Rule(**each) for each in tomllib.loads(FILE.read_text("utf-8"))["rule"])
    for rule in found:
        times = sum(getattr(rule, name) is not None for name in KINDS_OF_TIME)
        assert times == rule.timed, rule.name
        assert (rule.table is None) != (rule.files is None), rule.name
    assert len({rule.name for rule in found}) == len(found)
    return found


def policy(settings: Settings) -> Policy:
    """The rules with what the settings shorten; BadInput where they ask for more, or for what no rule is called."""
    path = settings.retention
    if path is None:
        return Policy(rules(), settings)
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        asked = _Shorter(**given)
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadInput(f"« {path.name} » (GEOSERVICE_RETENTION) ne peut pas être lu : un fichier TOML avec [durees] et "
                       "[organisation.CODE], en jours par nom de règle.") from error
    for code, days in [(None, asked.durees), *asked.organisation.items()]:
        for name, number in days.items():
            _allowed(settings, name, number, code)
    return Policy(rules(), settings, asked.durees, asked.organisation)


class _Shorter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    durees: dict[str, Days] = {}
    organisation: dict[str, dict[str, Days]] = {}


def _allowed(settings: Settings, name: str, days: int, code: str | None) -> None:
    rule = next((rule for rule in rules() if rule.name == name and rule.timed and rule.minutes is None), None)
    if rule is None:
        known = ", ".join(rule.name for rule in rules() if rule.timed and rule.minutes is None)
        raise BadInput(f"GEOSERVICE_RETENTION : « {name} » n’est pas une durée ; choisissez parmi {known}.")
    if code is not None and not rule.own:
        raise BadInput(f"GEOSERVICE_RETENTION : « {name} » vaut pour tout le service, pas pour une organisation.")
    most = Policy(rules(), settings).days(rule) or 0
    if not rule.least <= days <= most:
        raise BadInput(f"GEOSERVICE_RETENTION : « {name} » se raccourcit entre {rule.least} et {most} jours, pas {days}.")


def uncovered(columns: Mapping[str, list[str]]) -> list[str]:
    """What is wrong between the rules and the tables there are, one sentence each."""
    known = {(rule.table, column): rule.name for rule in rules() for column in rule.columns}
    twice = len(known) != sum(len(rule.columns) for rule in rules())
    found = [f"column {table}.{name} has no rule: add it to geoservice/retention.toml"
             for table, names in columns.items() for name in names if (table, name) not in known]
    found += [f"rule {rule} names {table}.{name}, which is no column" for (table, name), rule in known.items()
              if name not in columns.get(table or "", [])]
    return found + (["a column has two rules"] if twice else [])


def day_number(moment: datetime) -> int:
    """Days since 1970-01-01."""
    return (moment.date() - date(1970, 1, 1)).days


def as_rows(given: Policy, organisation: str | None = None) -> list[dict[str, Any]]:
    """Every rule as a person reads it: name, title, how long, from when, what happens, why."""
    return [{"name": rule.name, "title": rule.title, "kept": given.said(rule, organisation), "since": rule.since,
             "then": THEN[rule.then], "why": rule.why, "about": rule.table or rule.files} for rule in given.rules]


THEN = {"delete": "effacement", "coarsen": "réduction à la résidence ou à la commune, et au jour", "seal": "effacement, scellé",
        "follow": "part avec lui", "keep": "effacé par décision, non par l’âge"}
