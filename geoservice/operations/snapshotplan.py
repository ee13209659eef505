"""Which figures a snapshot has, in the order of its paper: what each is called, its unit, and how it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoservice.core.stats.given import NotEnough
from geoservice.operations.areanames import names_of
from geoservice.operations.hotareas import centre_of
from geoservice.operations.reader import Reader
from geoservice.operations.snapshotfigures import hot
from geoservice.operations.snapshotview import View
from geoservice.types import LABELS, UNMAPPED_CATEGORIES, Category, Kind, member_of

MOST_AREAS, MOST_HOMES, MOST_QUARTERS = 6, 10, 12
_SIGNALS = {"piles": "Faits empilés sur un même point", "source_unique": "Part de la source la plus fréquente",
            "geocodage": "Part des faits placés sur un point", "heures": "Heures arrondies"}


@dataclass(frozen=True)
class Wished:
    """A figure before its value; `told`: words and positions beside it, which no arithmetic makes."""

    key: str
    what: str
    unit: str
    how: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)


def plan(reader: Reader, view: View) -> Iterator[Wished]:
    """Every figure of a snapshot."""
    kinds, spans = list(view.header["kinds"]), view.header["spans"]
    pair = [spans["now"], spans["before"]]
    for kind in kinds:
        yield _wish(f"{kind}.faits", f"Faits, origine {_word(kind)}", "faits", "facts", kind=kind, spans=pair, staff=0)
    if "since" in spans:
        for kind in kinds:
            yield _wish(f"{kind}.depuis", f"Faits depuis la réunion précédente, origine {_word(kind)}", "faits", "since",
                        kind=kind,
                        spans=[spans["since"], spans["since_before"]])
    yield _wish("decisions", "Décisions par état", "décisions", "decided")
    for kind in kinds:
        yield from _in_time(view, kind)
        yield from _categories(view, kind, pair)
    for kind in kinds:
        yield from _areas(reader, view, kind)
    for kind in kinds:
        yield from _homes(view, kind, pair)
    if view.has("census.now"):
        yield _wish("halls.etats", "Halls par état", "halls", "hall_states")
    yield from _quarters(view, pair)
    for kind in kinds:
        for code, words in _SIGNALS.items():
            yield _wish(f"{kind}.qualite.{code}", f"{words}, origine {_word(kind)}", "part", "signal", kind=kind,
                        days=spans["now"], code=code)


def _wish(key: str, what: str, unit: str, operation: str, **parameters: Any) -> Wished:
    return Wished(key, what, unit, {"operation": operation, "parameters": parameters})


def _word(kind: str) -> str:
    return LABELS[Kind(kind)].lower()


def _in_time(view: View, kind: str) -> Iterator[Wished]:
    spans = view.header["spans"]
    yield _wish(f"{kind}.mois", f"Faits par mois, origine {_word(kind)}", "faits", "months", kind=kind, days=spans["months"])
    yield _wish(f"{kind}.tendance", f"Tendance des mois, origine {_word(kind)}", "faits par jour", "tendency", kind=kind,
                days=spans["months"])
    yield _wish(f"{kind}.heures", f"Faits par tranche de trois heures, origine {_word(kind)}", "faits", "hours", kind=kind,
                days=spans["now"])


def _categories(view: View, kind: str, pair: list[list[int]]) -> Iterator[Wished]:
    """Categories with any fact in either span, most facts first."""
    counts = sum(np.bincount(view.of("category", kind, days), minlength=len(Category) + 1) * weight
                 for days, weight in zip(pair, (1, 1e-6), strict=True))
    found = [(float(counts[code]), member_of(Category, code)) for code in range(1, len(counts)) if counts[code]]
    for staff in UNMAPPED_CATEGORIES:
        told = [view.staff(kind, place) for place in (0, 1)]
        if any(told):
            found.append((told[0] + 1e-6 * told[1], staff))
    for _, word in sorted(found, key=lambda pair: -pair[0]):
        yield _wish(f"{kind}.categorie.{word}", f"{LABELS[word]}, origine {_word(kind)}", "faits", "category", kind=kind,
                    spans=pair, category=str(word), staff=0)


def _areas(reader: Reader, view: View, kind: str) -> Iterator[Wished]:
    days = view.header["spans"]["now"]
    yield _wish(f"{kind}.points", f"Points chauds, origine {_word(kind)}", "lieux", "hot", kind=kind, days=days)
    try:
        hot(view, kind, days)
    except NotEnough:
        return
    found = view.analysis(kind, days)
    rows = [rows for rows, _, _ in view.areas(kind, days)[0][:MOST_AREAS]]
    centres = [centre_of(found, each) for each in rows]
    for rank, (name, centre, cells) in enumerate(zip(names_of(reader, found, rows, centres), centres, rows, strict=True), 1):
        made = _wish(f"{kind}.point.{rank}", f"{name}, point chaud n° {rank}, origine {_word(kind)}", "faits", "area", kind=kind,
                     days=days, rank=rank)
        yield Wished(made.key, made.what, made.unit, made.how,
                     {"name": name, "centre": list(centre), "rows": cells.tolist()})


def _homes(view: View, kind: str, pair: list[list[int]]) -> Iterator[Wished]:
    """Residences with most facts of the kind; none where no fact names one."""
    unit = view.of("unit", kind, pair[0])
    counts = np.bincount(unit, minlength=len(view.header["units"]))
    counts[0] = 0
    if not counts.any():
        return
    yield _wish(f"{kind}.residences", f"Résidences concernées, origine {_word(kind)}", "résidences", "homes", kind=kind,
                days=pair[0], staff=0)
    yield _wish(f"{kind}.halls", f"Halls nommés par un fait, origine {_word(kind)}", "halls", "halls", kind=kind, days=pair[0])
    for row in np.argsort(-counts, kind="stable")[:MOST_HOMES].tolist():
        if counts[row]:
            code = view.header["units"][row]
            name = view.header["homes"].get(code, [code])[0]
            made = _wish(f"{kind}.residence.{code}", f"{name}, origine {_word(kind)}", "faits", "home", kind=kind, spans=pair,
                         code=code, staff=0)
            yield Wished(made.key, made.what, made.unit, made.how, {"name": name})


def _quarters(view: View, pair: list[list[int]]) -> Iterator[Wished]:
    """QPV with most facts of any one kind: kinds are compared, never added."""
    zones = view.header["qpv"]
    counts = np.zeros(len(zones) + 1)
    for kind in view.header["kinds"]:
        counts = np.maximum(counts, np.bincount(view.of("qpv", kind, pair[0]), minlength=len(zones) + 1))
    counts[0] = 0
    for place in np.argsort(-counts, kind="stable")[:MOST_QUARTERS].tolist():
        if counts[place]:
            reference, name = zones[place - 1]
            made = _wish(f"qpv.{reference}", f"QPV {name}, par origine", "faits", "quarter", place=place, spans=pair)
            yield Wished(made.key, made.what, made.unit, made.how, {"name": name})
