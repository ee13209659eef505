"""Facts of one file as columns, and the totals that importing the file must give."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1


@dataclass(frozen=True)
class FactList:
    """Columns of one file, in the order of its lines.

    Text columns hold "" for unknown. `day`, `end_day` days since 1970-01-01; `minute`, `end_minute` minutes of the local day, -1
    unknown; `cost` euros, -1 unknown; `gravity` 0 unknown. `lon, lat` are where the line puts the fact: its coordinates, hall,
    building, residence or address; NaN when it says no more than a street. `placement` is how (types.Placement); `coarse` marks
    AGP, which has no point. `written` (residence, hall …) columns hold what the line says; `unit` is where it was drawn.
    """

    organisation: str
    kind: str
    columns: dict[str, NDArray]

    def __len__(self) -> int:
        return len(self.columns["id"])

    def __getitem__(self, name: str) -> NDArray:
        return self.columns[name]

    def where(self, mask: NDArray[np.bool_]) -> FactList:
        return FactList(self.organisation, self.kind, {k: v[mask] for k, v in self.columns.items()})


@dataclass(frozen=True)
class Totals:
    """What a file holds, to check an import exactly."""

    rows: int
    by_year: dict[str, int]
    by_category: dict[str, int]
    by_year_category: dict[str, int]  # "2025 OCC"
    by_placement: dict[str, int]  # as the import must place them: AGP at its residence
    by_nature: dict[str, int]
    no_hour: int
    intervals: int
    agp: int
    no_point: int  # AGP, or known to the street only
    by_address: int
    by_coordinates: int
    no_gravity: int
    no_place: int
    complaints: dict[str, int]  # oui, non, inconnu
    cost_euros: int


def totals(facts: FactList) -> Totals:
    years = facts["day"].astype("datetime64[D]").astype("datetime64[Y]").astype(str)
    categories = facts["category"]
    agp = categories == "AGP"
    placement = np.where(agp, "residence", facts["placement"])
    return Totals(
        rows=len(facts), by_year=count(years), by_category=count(categories),
        by_year_category=count([f"{y} {c}" for y, c in zip(years, categories, strict=True)]),
        by_placement=count(placement), by_nature=count(facts["nature"]),
        no_hour=int((facts["minute"] == UNKNOWN).sum()), intervals=int((facts["end_day"] != UNKNOWN).sum()),
        agp=int(agp.sum()), no_point=int((agp | (placement == "rue")).sum()),
        by_address=int(np.isin(facts["placement"], ("numero", "rue")).sum()),
        by_coordinates=int((facts["placement"] == "coordonnees").sum()), no_gravity=int((facts["gravity"] == 0).sum()),
        no_place=int((facts["place"] == "").sum()), complaints=count([c or "inconnu" for c in facts["complaint"]]),
        cost_euros=int(facts["cost"][facts["cost"] > 0].sum()))


def count(values: NDArray | list[str]) -> dict[str, int]:
    return dict(sorted(Counter(str(v) for v in values).items()))
