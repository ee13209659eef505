"""A plan of a lever as a form asks for it, read into the columns of the journal: closed lists, numbers, codes of places."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from geoservice.catalog import levers as catalogue
from geoservice.core.query import day_number
from geoservice.errors import BadInput, NotFound
from geoservice.operations import levercontrols
from geoservice.operations.leverfigures import before_of
from geoservice.operations.levermonths import HALL, HOME, later
from geoservice.operations.leverplan import Plan, date_of
from geoservice.operations.meetings import IN_CHARGE
from geoservice.operations.reader import Reader
from geoservice.operations.stock import stock
from geoservice.types import Category, Kind

BEFORE, AFTER = (12, 18, 24, 36), (6, 12, 18, 24)
MOST_PLACES, _MOST_EUROS = 60, 20_000_000


@dataclass(frozen=True)
class Wish:
    """A plan as somebody asks for it, in texts of a form; places one a line, `controls` empty: those that are proposed."""

    code: str
    in_charge: str
    since: str
    treated: str
    categories: tuple[str, ...]
    works_until: str = ""
    cost: str = ""
    reduction: str = "30"
    kind: str = "bailleur"
    controls: str = ""
    months_before: str = "12"
    months_after: str = "12"


def values(reader: Reader, wish: Wish, today: date, taken: Sequence[str]) -> dict[str, Any]:
    """Columns of a plan but its number, dates and locks; `taken`: places of other levers, which are no controls."""
    if wish.code not in {each.code for each in catalogue.load().lever} or wish.in_charge not in IN_CHARGE:
        raise BadInput("Choisissez le levier et qui en a la charge dans les listes.")
    if wish.kind not in tuple(Kind):
        raise BadInput("Choisissez une origine de faits : elles ne s’additionnent pas.")
    categories = sorted({Category(each) for each in wish.categories if each in tuple(Category)})
    if not categories:
        raise BadInput("Choisissez au moins une catégorie de faits : celles que l’action doit faire baisser.")
    since, works = _day(wish.since, "le début"), _day(wish.works_until, "la fin des travaux") if wish.works_until else None
    if works is not None and not since <= works <= later(since, 36):
        raise BadInput("La fin des travaux vient après leur début, trois ans plus tard au plus.")
    before, after = _choice(wish.months_before, BEFORE), _choice(wish.months_after, AFTER)
    if after > before:
        raise BadInput("On compare autant de mois avant qu’après : prenez au moins autant de mois avant.")
    treated = _places(reader, wish.treated)
    if not treated:
        raise BadInput("Donnez au moins un lieu traité : une résidence, ou des halls.")
    found = {"code": wish.code, "in_charge": wish.in_charge, "since": day_number(since),
              "works_until": None if works is None else day_number(works) + 1, "cost_cents": _cents(wish.cost),
              "ratio": 100 - _whole(wish.reduction, 1, 100, "la baisse attendue"), "categories": json.dumps(categories),
              "kind": wish.kind, "treated": json.dumps(treated, ensure_ascii=False), "months_before": before,
              "months_after": after}
    controls = _places(reader, wish.controls)
    if set(controls) & set(treated):
        raise BadInput("Un lieu ne peut pas être traité et témoin à la fois.")
    if not controls:
        drafted = _draft(found, treated, today)
        controls = levercontrols.propose(before_of(reader, drafted, today), treated, taken).codes
    return {**found, "controls": json.dumps(controls, ensure_ascii=False)}


def drafted(reader: Reader, wish: Wish, today: date, taken: Sequence[str]) -> Plan:
    """The plan that a wish would be, noted nowhere."""
    found = values(reader, wish, today, taken)
    return replace(_draft(found, json.loads(found["treated"]), today), controls=tuple(json.loads(found["controls"])))


def _draft(values: dict[str, Any], treated: Sequence[str], today: date) -> Plan:
    return Plan(0, values["code"], values["in_charge"], date_of(values["since"]), None, None, values["ratio"],
                tuple(Category(each) for each in json.loads(values["categories"])), Kind(values["kind"]), tuple(treated), (),
                values["months_before"], values["months_after"], datetime(today.year, 1, 1), None, None, False, True)  # noqa: DTZ001


def _day(text: str, what: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"Pour {what}, donnez une date comme 2026-01-31.") from None
    if not 2000 <= found.year <= 2100:
        raise BadInput(f"Pour {what}, donnez un jour entre 2000 et 2100.")
    return found


def _whole(text: str, low: int, high: int, what: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII) or not low <= int(text) <= high:
        raise BadInput(f"Pour {what}, donnez un nombre entier de {low} à {high}.")
    return int(text)


def _cents(text: str) -> int | None:
    return 100 * _whole(text, 1, _MOST_EUROS, "le coût en euros") if text.strip() else None


def _choice(text: str, among: Sequence[int]) -> int:
    if text not in {str(each) for each in among}:
        raise BadInput(f"Un nombre de mois est l’un de : {', '.join(map(str, among))}.")
    return int(text)


def _places(reader: Reader, text: str) -> list[str]:
    """Residences and halls by code, one a line or after commas, sorted; NotFound names what is not in the patrimoine."""
    known, found = stock(reader), set()
    for code in (part.strip() for part in re.split(r"[\n\r,;]+", text)):
        bare = code.removeprefix(HALL).removeprefix(HOME)
        if bare in known.residences and bare and not code.startswith(HALL):
            found.add(HOME + bare)
        elif bare in known.keys and bare and not code.startswith(HOME):
            found.add(HALL + bare)
        elif code:
            raise NotFound("Un de ces lieux n’est pas dans votre patrimoine : donnez des codes de résidences ou de halls.")
    if len(found) > MOST_PLACES:
        raise BadInput(f"Un plan a {MOST_PLACES} lieux au plus par liste.")
    homes = {each.removeprefix(HOME) for each in found if each.startswith(HOME)}
    # a hall of a residence that is named is in it already
    return sorted(each for each in found if each.startswith(HOME)
                  or known.residences[known.home[known.keys.index(each.removeprefix(HALL))]] not in homes)
