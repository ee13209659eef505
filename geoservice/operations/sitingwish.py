"""A plan by the parameters of an address, as the page « Décider » has them: the same words wherever one is named."""

from __future__ import annotations

from collections.abc import Mapping

from geoservice.core.query import FactQuery, parse
from geoservice.core.siting import choose
from geoservice.export import french
from geoservice.operations import meetings, siting, sitinghand, sitingspots
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan, Solve
from geoservice.operations.sitingasked import FILTER, NIGHT, Asked, of_texts, parameters

SPOTS = "spots"  # cameras that people put themselves
NAMES = (*FILTER, *parameters(), SPOTS)


def filters_of(reader: Reader, given: Mapping[str, str]) -> dict[str, str]:
    """Which facts the parameters say; by night those of the night; without an origin the first one in reach,
    which the page names."""
    filters = {name: text for name, text in given.items() if name in FILTER}
    if given.get("night_m") and not filters.get("hours"):
        filters["hours"] = "-".join(map(str, NIGHT))
    first = next(iter(reader.kinds()), None)
    return filters if "kind" in filters or first is None else {**filters, "kind": str(first)}


def asked_of(reader: Reader, given: Mapping[str, str]) -> Asked:
    """What the parameters say."""
    return of_texts(parse(filters_of(reader, given)), given)


def made_of(reader: Reader, given: Mapping[str, str], solve: Solve = choose.best) -> Plan:
    """The plan of parameters: cameras where people put them, else the best ones."""
    asked = asked_of(reader, given)
    if SPOTS in given:
        return sitinghand.plan(reader, asked, sitingspots.parse(given[SPOTS]))
    return siting.plan(reader, asked, solve)


def where(reader: Reader, zone: str) -> str:
    """The place of a plan as people call it."""
    return meetings.place_name(reader, zone) if zone else "Emprise choisie"


def about(reader: Reader, query: FactQuery) -> str:
    """Where, when and which facts, in words: paper has no form."""
    return " · ".join([where(reader, str(query.zone or "")), french.period(query, reader.period()), *french.filters(query)])
