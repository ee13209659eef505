"""A plan of the journal of levers as it is stored, and the digest that fixes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from geoservice.catalog import levers as catalogue
from geoservice.core.query import EPOCH
from geoservice.operations.levermonths import RING_M
from geoservice.types import Category, Kind

_METHOD = 1
_PLAN = ("code", "in_charge", "since", "works_until", "cost_cents", "ratio", "categories", "kind", "treated", "controls",
         "months_before", "months_after")


@dataclass(frozen=True)
class Plan:
    """A plan. `works_until`: the day after the last of the works; `ratio`: facts expected after for 100 before. `intact` False:
    it is locked and not what was locked before it started."""

    number: int
    code: str
    in_charge: str
    since: date
    works_until: date | None
    cost_cents: int | None
    ratio: int
    categories: tuple[Category, ...]
    kind: Kind
    treated: tuple[str, ...]
    controls: tuple[str, ...]
    months_before: int
    months_after: int
    created: datetime
    locked: datetime | None
    sha256: str | None
    withdrawn: bool
    intact: bool

    @property
    def label(self) -> str:
        """The lever in words."""
        return next((each.label for each in catalogue.load().lever if each.code == self.code), self.code)

    @property
    def counted_from(self) -> date:
        """The first day after the works."""
        return self.works_until or self.since


def digest_of(row: Any) -> str:
    """SHA-256 of a plan: whose, which, every value that decides, and the rules it will be judged by."""
    told = {"organisation": row.organisation_id, "number": row.id, "method": _METHOD, "ring_m": RING_M,
            "locked": None if row.locked is None else f"{row.locked:%Y-%m-%dT%H:%M:%S}",
            **{name: getattr(row, name) for name in _PLAN}}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def plan_of(row: Any) -> Plan:
    """Of a row."""
    works = None if row.works_until is None else date_of(row.works_until)
    return Plan(row.id, row.code, row.in_charge, date_of(row.since), works, row.cost_cents, row.ratio,
                tuple(Category(each) for each in json.loads(row.categories)), Kind(row.kind), tuple(json.loads(row.treated)),
                tuple(json.loads(row.controls)), row.months_before, row.months_after, row.created, row.locked, row.sha256,
                row.withdrawn is not None, row.locked is None or _as_locked(row))


def _as_locked(row: Any) -> bool:
    """Whether it is what was locked, and was locked before it started."""
    return row.sha256 == digest_of(row) and row.locked.date() < date_of(row.since)


def date_of(number: int) -> date:
    """Of days since 1970-01-01."""
    return EPOCH + timedelta(number)
