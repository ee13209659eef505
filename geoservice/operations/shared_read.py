"""What a release says, asked by name: values of a level, series of a place, weekdays and hours. Pure functions of the release.

A count that is not shown is None, whatever stands behind it: nothing here can tell one reason from another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from geoservice.core.disclosure.places import LEVELS
from geoservice.core.disclosure.release import NOT_SHOWN, Release, Table
from geoservice.core.disclosure.slots import BAND_HOURS, PERIODS
from geoservice.errors import BadInput, KindRequired
from geoservice.export.french import typeset
from geoservice.operations.shared import Opened
from geoservice.types import LABELS, Category, Kind

STEPS = ("month", "quarter", "year")
LEVEL_NAMES = {"commune": "Communes", "qpv": "Quartiers prioritaires", "r7": "Hexagones d’environ 5 km²",
               "r8": "Hexagones d’environ 75 ha", "r9": "Hexagones d’environ 10 ha"}
GROUP_NAMES = {"proprete": "Propreté", "degradations": "Dégradations et vols", "tranquillite": "Tranquillité",
               "cadre": "Cadre de vie", "autres": "Autres"}
MASKED = "non diffusé"
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")


@dataclass(frozen=True)
class Wish:
    """What is asked of a release; None takes the default that `chosen` gives."""

    kind: str | None = None
    level: str | None = None
    period: str | None = None
    group: str | None = None


@dataclass(frozen=True, eq=False)
class Column:
    """One published column: values (places,) int32 with NOT_SHOWN, in the order of the level's places."""

    kind: str
    level: str
    period: str
    group: str
    values: np.ndarray

    @property
    def shown(self) -> np.ndarray:
        return self.values != NOT_SHOWN


def kind_of(release: Release, given: str | None) -> str:
    """The kind that is meant; KindRequired when there are several and none is named, for they are never added."""
    if given is None:
        if len(release.kinds) == 1:
            return next(iter(release.kinds))
        raise KindRequired(f"Cette diffusion a plusieurs origines de faits, qui ne s’additionnent pas : donnez « kind » "
                           f"({', '.join(release.kinds)}).")
    if given not in release.kinds:
        raise BadInput(f"« kind » attend l’une de ces valeurs : {', '.join(release.kinds)}.")
    return given


def levels_of(release: Release) -> list[str]:
    """Levels that have a published family, coarsest first."""
    found = {table.level for table in release.tables}
    return [level for level in LEVELS if level in found]


def level_of(release: Release, given: str | None) -> str:
    """A level of this release, the finest when none is given."""
    levels = levels_of(release)
    if given is None and levels:
        return levels[-1]
    if given not in levels:
        raise BadInput(f"« level » attend l’une de ces valeurs : {', '.join(levels) or 'aucune'}.")
    return given


def period_kind(period: str) -> str:
    """Which of PERIODS a period's name belongs to."""
    return {"": "year", "Q": "quarter", "D": "weekday", "H": "band"}.get(period[5:6], "month")


def tables_of(release: Release, kind: str, level: str) -> list[Table]:
    """The published families of a kind at a level, by year, then period, in a fixed order."""
    found = [table for table in release.tables if (table.kind, table.level) == (kind, level)]
    return sorted(found, key=lambda table: (table.year, PERIODS.index(table.period), table.detail))


def periods_of(release: Release, kind: str, level: str, group: str) -> list[str]:
    """Calendar periods (years, quarters, months) published for a group at a level."""
    return [period for table in tables_of(release, kind, level) if group in table.groups and table.period in STEPS
            for period in table.periods]


def groups_of(release: Release, kind: str, level: str) -> list[str]:
    """Groups published at a level for some calendar period, widest first."""
    found: dict[str, None] = {}
    for detail in ("all", "group", "category"):
        for table in tables_of(release, kind, level):
            if table.detail == detail and table.period in STEPS:
                found.update(dict.fromkeys(table.groups))
    return list(found)


def period_label(period: str) -> str:
    """A calendar period for people: `2024`, `1er trimestre 2024`, `mars 2024`."""
    year, rest = period[:4], period[5:]
    if rest.startswith("Q"):
        return f"{'1er' if rest[1] == '1' else f'{rest[1]}e'} trimestre {year}"
    return f"{_MONTHS[int(rest) - 1]} {year}" if rest.isdigit() else year


def latest(periods: list[str]) -> str:
    """The period that a page opens on: the last whole year, else the last quarter, else the last month."""
    return max(periods, key=lambda period: (-STEPS[::-1].index(period_kind(period)), period))


def opening(release: Release, kind: str) -> str | None:
    """The level that a page opens on: the finest that shows half of its places in the latest period, all categories together,
    else the one that shows most of them. None where the kind has no calendar period."""
    shares = [(float((values != NOT_SHOWN).mean()), level) for level in levels_of(release)
              if (values := _latest_values(release, kind, level)) is not None]
    half = [level for share, level in shares if share >= 0.5]
    return half[-1] if half else max(shares, key=lambda each: each[0])[1] if shares else None


def _latest_values(release: Release, kind: str, level: str) -> np.ndarray | None:
    """All categories of the period that a page opens on, (places,); None where none is published or there is no place."""
    tables = [table for table in tables_of(release, kind, level) if "all" in table.groups and table.period in STEPS]
    if not tables or not len(release.places[level].names):
        return None
    period = latest([period for table in tables for period in table.periods])
    return next(values_of(table, period, "all") for table in tables if period in table.periods)


def column(opened: Opened, wish: Wish) -> Column:
    """The one column that a wish names; BadInput says what is published where it is not."""
    release = opened.release
    kind, level = kind_of(release, wish.kind), level_of(release, wish.level)
    group = wish.group or "all"
    groups = groups_of(release, kind, level)
    if group not in groups:
        raise BadInput(f"« group » attend à ce niveau l’une de ces valeurs : {', '.join(groups) or 'aucune'}.")
    periods = periods_of(release, kind, level, group)
    period = latest(periods) if wish.period is None else wish.period
    table = next((table for table in tables_of(release, kind, level) if group in table.groups and period in table.periods
                  and table.period in STEPS), None)
    if table is None:
        raise BadInput("Cette période n’est pas diffusée à ce niveau pour ce groupe. Périodes diffusées : "
                       f"{', '.join(periods[:40]) or 'aucune'}{'…' if len(periods) > 40 else ''}.")
    return Column(kind, level, period, group, values_of(table, period, group))


def values_of(table: Table, period: str, group: str) -> np.ndarray:
    """Values (places,) of one period and group of a family."""
    return table.values[:, table.periods.index(period), table.groups.index(group)]


def plain(values: np.ndarray) -> list[int | None]:
    """Numbers as people may read them: None for every count that is not shown."""
    return [None if value == NOT_SHOWN else value for value in values.tolist()]


def values(opened: Opened, wish: Wish) -> dict[str, Any]:
    """Values of a level in the order of its places."""
    found = column(opened, wish)
    shown = int(found.shown.sum())
    return {"release": opened.id, "kind": found.kind, "level": found.level, "period": found.period, "group": found.group,
            "values": plain(found.values), "shown": shown, "masked": len(found.values) - shown}


def place_of(opened: Opened, level: str, name: str | None) -> int:
    """Position of a place of a level by its public reference."""
    names = opened.release.places[level].names
    if name not in names:
        raise BadInput("« place » attend la référence d’un lieu de ce niveau, telle que /places la donne.")
    return names.index(name)


def trend(opened: Opened, wish: Wish, place: str | None, step: str) -> dict[str, Any]:
    """The series of one place; a period that is not shown is None, and none is made up from others."""
    release = opened.release
    kind, level = kind_of(release, wish.kind), level_of(release, wish.level)
    if step not in STEPS:
        raise BadInput(f"« by » attend l’une de ces valeurs : {', '.join(STEPS)}.")
    row, group = place_of(opened, level, place), wish.group or "all"
    tables = [table for table in tables_of(release, kind, level) if table.period == step and group in table.groups]
    if not tables:
        known = [one for one in STEPS if any(group in table.groups and table.period == one
                                             for table in tables_of(release, kind, level))]
        raise BadInput(f"Ce niveau n’est pas diffusé à ce pas pour ce groupe. Pas possibles : {', '.join(known) or 'aucun'}.")
    periods = [(table, period) for table in tables for period in table.periods]
    series = [int(values_of(table, period, group)[row]) for table, period in periods]
    return {"release": opened.id, "kind": kind, "level": level, "place": place, "by": step, "group": group,
            "periods": [period for _, period in periods], "values": plain(np.array(series, dtype=np.int64)),
            **change_of([period for _, period in periods], series, release)}


def change_of(periods: list[str], series: list[int], release: Release) -> dict[str, Any]:
    """The last period beside the same one a year before, in a word: up, down or nothing clear; None where one is not shown.

    A difference counts when it is more than 2.6 standard deviations of two counts that vary twice as much as chance alone (facts
    come in bunches) and carry the noise of the release.
    """
    before = f"{int(periods[-1][:4]) - 1}{periods[-1][4:]}"
    nothing = {"change": None, "before": before if before in periods else None, "last": periods[-1]}
    if before not in periods:
        return nothing
    now, then = series[-1], series[periods.index(before)]
    spread = float(np.sqrt(max(1.0, 2.0 * (max(now, 0) + max(then, 0)) + 2.0 * release.parameters.variance)))
    word = "hausse" if now - then > 2.6 * spread else "baisse" if then - now > 2.6 * spread else "pas de changement net"
    return {**nothing, "change": None if NOT_SHOWN in (now, then) else word}


def changes(opened: Opened, wish: Wish) -> dict[str, Any]:
    """A period beside the same one a year before, for every place of a level in a word; None where one is not shown."""
    now = column(opened, wish)
    before = f"{int(now.period[:4]) - 1}{now.period[4:]}"
    told = {"release": opened.id, "kind": now.kind, "level": now.level, "period": now.period, "group": now.group}
    if before not in periods_of(opened.release, now.kind, now.level, now.group):
        return {**told, "before": None, "changes": [None] * len(now.values)}
    then = column(opened, Wish(now.kind, now.level, before, now.group))
    words = [change_of([before, now.period], [int(first), int(last)], opened.release)["change"]
             for first, last in zip(then.values.tolist(), now.values.tolist(), strict=True)]
    return {**told, "before": before, "changes": words}


def hours(opened: Opened, wish: Wish, year: str | None, place: str | None) -> dict[str, Any]:
    """Weekdays (Monday first) and bands of three hours of one place over a whole year."""
    release = opened.release
    kind, level = kind_of(release, wish.kind), level_of(release, wish.level or hour_level(release))
    row = place_of(opened, level, place)
    years = sorted({table.year for table in tables_of(release, kind, level) if table.period in ("weekday", "band")})
    if not years:
        raise BadInput("Les jours de la semaine et les heures ne sont pas diffusés à ce niveau pour cette origine. Niveaux "
                       f"possibles : {', '.join(hour_levels(release)) or 'aucun'}.")
    chosen = years[-1] if year is None else int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0
    if chosen not in years:
        raise BadInput(f"« year » attend l’une de ces valeurs : {', '.join(map(str, years))}.")
    found = {table.period: plain(table.values[row, :, 0]) for table in tables_of(release, kind, level)
             if table.year == chosen and table.detail == "all" and table.period in ("weekday", "band")}
    return {"release": opened.id, "kind": kind, "level": level, "place": place, "year": chosen,
            "weekdays": found.get("weekday"), "bands": found.get("band"), "band_hours": BAND_HOURS}


def hour_levels(release: Release) -> list[str]:
    """Levels whose weekdays or hours are published, coarsest first."""
    found = {table.level for table in release.tables if table.period in ("weekday", "band")}
    return [level for level in LEVELS if level in found]


def hour_level(release: Release) -> str | None:
    return next(iter(hour_levels(release)), None)


# --- what the whole release is

def month_name(month: int) -> str:
    """A month since 1970-01 as 2024-03."""
    return f"{1970 + month // 12}-{month % 12 + 1:02d}"


def summary(opened: Opened) -> dict[str, Any]:
    """What a list says of a release."""
    release = opened.release
    return {"territory": opened.territory, "title": opened.title or opened.territory, "release": opened.id,
            "revision": release.revision, "months": [month_name(month) for month in sorted(release.months)],
            "kinds": [{"code": kind, "label": kind_label(kind), "solo": solo} for kind, solo in release.kinds.items()],
            "levels": [{"code": level, "label": LEVEL_NAMES.get(level, level), "places": len(release.places[level].names)}
                       for level in levels_of(release)]}


def manifest(opened: Opened) -> dict[str, Any]:
    """All that a release publishes, under which rules, and what these promise."""
    release = opened.release
    families = [{"kind": table.kind, "year": table.year, "level": table.level, "period": table.period, "detail": table.detail,
                 "periods": list(table.periods), "groups": list(table.groups)} for table in release.tables]
    return {**summary(opened), "atoms": release.atoms, "families": families, "groups": _groups(release),
            "opens": {kind: opening(release, kind) for kind in release.kinds},
            "parameters": asdict(release.parameters), "masked": MASKED, "promise": promise(release),
            "warnings": warnings(release)}


def kind_label(kind: str) -> str:
    return LABELS[Kind(kind)] if kind in list(Kind) else kind


def group_label(group: str) -> str:
    """A group's name for people."""
    sort, _, name = group.partition(":")
    if sort == "all":
        return "Toutes les catégories"
    if sort == "category":
        return LABELS[Category(name)] if name in list(Category) else name
    return GROUP_NAMES.get(name, name.capitalize())


def _groups(release: Release) -> list[dict[str, Any]]:
    every = [name for names in release.groups.values() for name in names]
    out = [{"code": "all", "label": group_label("all"), "categories": every}]
    out += [{"code": f"group:{name}", "label": group_label(f"group:{name}"), "categories": list(held)}
            for name, held in release.groups.items()]
    return out + [{"code": f"category:{name}", "label": group_label(f"category:{name}"), "categories": [name]}
                  for held in release.groups.values() for name in held]


def promise(release: Release) -> list[str]:
    """What the numbers are, in sentences, from the release's own parameters."""
    rules = release.parameters
    return [typeset(sentence) for sentence in (
        f"Chaque lieu compte au moins {rules.dwellings} logements, ou aucun.",
        f"Chaque nombre porte un petit aléa, de {rules.reach} au plus en plus ou en moins : il est le même à chaque demande.",
        f"« {MASKED.capitalize()} » ne dit rien du nombre : il peut être nul, ou grand et porté par une seule organisation.",
        f"Un nombre n’est montré que s’il atteint {rules.bar} et si, sans chacune des organisations qui y contribuent, il en "
        f"reste au moins {rules.rest_low} à {rules.rest_high}.",
        "Avant chaque diffusion, un audit cherche si un petit nombre pourrait être prouvé à partir de tous les autres.",
        "Les mois clos ne changent plus avant la révision annuelle.",
        "Les totaux ne sont pas la somme exacte des parties : chacun a son propre aléa.")]


def warnings(release: Release) -> list[str]:
    """What is not promised, or weaker here than elsewhere."""
    out = ["Il peut souvent être deviné qu’un lieu non diffusé compte quelques faits ; cela ne peut pas être prouvé.",
           "Un décompte dépend de qui signale : ce n’est pas une mesure de la délinquance."]
    if release.parameters.min_contributors < 3:
        out.append("Là où deux organisations contribuent à un grand nombre, chacune peut estimer la part de l’autre à cinq près.")
    for kind, solo in release.kinds.items():
        if solo:
            out.append(f"« {kind_label(kind)} » n’a qu’une organisation, qui a accepté que ses nombres de "
                       f"{release.parameters.solo_bar} et plus soient lus.")
    if len(release.kinds) > 1:
        out.append("Les origines de faits ne s’additionnent pas.")
    return [typeset(sentence) for sentence in out]
