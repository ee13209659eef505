"""Counts that a ministry would publish of the town's communes: the official communal layout, with values that are withheld."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from geoservice.testing.names import COMMUNES

COLUMNS = ("CODGEO_2026", "annee", "indicateur", "unite_de_compte", "nombre", "taux_pour_mille", "est_diffuse", "insee_pop",
           "insee_log", "complement_info_nombre", "complement_info_taux")
# inhabitants and dwellings of the two communes, and yearly rates for 1,000 of either: stated, and independent of the facts
PEOPLE = ((19_400, 9_310), (3_900, 1_820))
INDICATORS = (("Cambriolages de logement", "Infraction", 5.2), ("Vols de véhicule", "Véhicule", 2.1),
              ("Vols avec armes", "Infraction", 0.12), ("Destructions et dégradations volontaires", "Infraction", 8.4))
LEAST = 6  # fewer are withheld, as the State's statistics do
YEARS = 3


def rows(seed: int, until: date) -> Iterable[tuple[object, ...]]:
    """Three whole years before `until`, for each commune and indicator. Same seed and day, same rows."""
    random = np.random.default_rng([seed, 1_996])
    for (people, dwellings), commune in zip(PEOPLE, COMMUNES, strict=True):
        for year in range(until.year - YEARS, until.year):
            for indicator, unit, per_thousand in INDICATORS:
                base = dwellings if indicator.startswith("Cambriolages") else people
                count = int(random.poisson(per_thousand * base / 1_000))
                said = (count, _decimal(1_000 * count / base), "diff") if count >= LEAST else ("NA", "NA", "ndiff")
                beside = ("NA", "NA") if count >= LEAST else (_decimal(per_thousand * base / 1_000), _decimal(per_thousand))
                yield (commune.code, year, indicator, unit, *said, people, dwellings, *beside)


def _decimal(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")
