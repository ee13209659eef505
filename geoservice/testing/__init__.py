"""A synthetic town with planted truths, and bulk facts for benchmarks. Deterministic: a seed gives the same values and bytes.

    town(seed=1, years=3, until=date(2026, 10, 31)) -> Town     # geometry, facts, truth
    Town.write(folder) -> Files                                 # what organisations would hand over, ready to import
    facts(n, seed) -> columns;  fact_blocks(n, seed) -> the same in blocks;  write_facts_csv(path, n, seed)
"""

from __future__ import annotations

from geoservice.testing.assembly import Town, inside, town
from geoservice.testing.bulk import fact_blocks, facts, write_facts_csv
from geoservice.testing.factlist import FactList, Totals
from geoservice.testing.files import Files, Import
from geoservice.testing.truths import (
    Band,
    ComplaintFall,
    Dispersion,
    HotSpot,
    HourProfile,
    Lever,
    NearRepeat,
    Silence,
    Truth,
)

__all__ = [
    "Band",
    "ComplaintFall",
    "Dispersion",
    "FactList",
    "Files",
    "HotSpot",
    "HourProfile",
    "Import",
    "Lever",
    "NearRepeat",
    "Silence",
    "Totals",
    "Town",
    "Truth",
    "fact_blocks",
    "facts",
    "inside",
    "town",
    "write_facts_csv",
]
