"""What the State publishes of a commune and its département (SSMSI): context beside facts, never added nor divided by them.

A value that is not published is None: neither 0, nor under six, nor the mean of its département.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoservice.operations.reader import Reader

_OVERSEAS = ("97", "98")


@dataclass(frozen=True)
class Value:
    """One period: `count` None where withheld; `rate` per thousand of `denominator`, None where either is unknown."""

    period: str
    count: int | None
    withheld: bool
    rate: float | None
    denominator: int | None


@dataclass(frozen=True)
class Official:
    """A series of one indicator in one zone, by period."""

    level: str
    zone: str
    name: str
    indicator: str
    unit: str
    denominator_unit: str
    values: tuple[Value, ...]


def official(reader: Reader, commune: str | None) -> tuple[Official, ...]:
    """Published series of a commune, then of its département; empty without any, or without a commune."""
    if commune is None or "aggregates" not in reader.catalog.layers:
        return ()
    zones = (("commune", commune), ("departement", departement_of(commune)))
    series: dict[tuple, list[dict[str, Any]]] = {}
    for row in reader.aggregates(zones):
        series.setdefault((row["level"], row["zone"], row["indicator"], row["unit"]), []).append(row)
    limits = reader.zones("limites") if "limites" in reader.catalog.layers else []
    names = {zone.reference.code: zone.name for zone in limits}
    made = [_series(rows, names) for rows in series.values()]
    return tuple(sorted(made, key=lambda each: (each.level, each.indicator, each.unit)))


def departement_of(commune: str) -> str:
    """The département of an INSEE commune code."""
    return commune[:3] if commune.startswith(_OVERSEAS) else commune[:2]


def _series(rows: list[dict[str, Any]], names: dict[str, str]) -> Official:
    first = rows[0]
    values = {row["period"]: _value(row) for row in rows}
    name = first["zone_name"] or names.get(first["zone"], "")
    return Official(first["level"], first["zone"], name, first["indicator"], first["unit"], first["denominator_unit"] or "",
                    tuple(values[period] for period in sorted(values)))


def _value(row: dict[str, Any]) -> Value:
    withheld = bool(row["withheld"]) or row["count"] is None
    return Value(row["period"], None if withheld else int(row["count"]), withheld, None if withheld else row["rate"],
                 row["denominator"])
