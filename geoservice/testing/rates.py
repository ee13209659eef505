"""The stated rates from which every fact is drawn, and how a fact of a category looks.

Rates are means for a quiet place; planted truths multiply them. Hall rates follow practice: in a given month most
halls see nobody (1,512 halls of OPH93, June 2010: 83.66 % none, 8.47 % occasional, 7.87 % daily).
Between places rates vary as a gamma of the given shape, and each place has a gamma month of shape MONTH_SHAPE,
so counts are negative binomial in space and in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MONTH_SHAPE = 10.0
OCCASIONAL_SHARE = 0.0847  # halls with occasional occupation
OCCASIONAL_FACTOR = 5.0


@dataclass(frozen=True)
class Rate:
    """A category at a sort of place: facts a year there, spread between places, and its calendar.

    `shape` gamma shape between places; `peak` month of most facts, `swing` relative amplitude;
    `weekend` factor of Saturday and Sunday; `hours` ((from, to, share), …) summing to 1, wrapping at midnight.
    """

    category: str
    at: str  # hall | residence | cell | stop
    per_year: float
    shape: float
    peak: int = 7
    swing: float = 0.15
    weekend: float = 1.0
    hours: tuple[tuple[int, int, float], ...] = ((7, 22, 0.85), (22, 7, 0.15))


EVENING = ((20, 2, 0.70), (14, 20, 0.22), (2, 14, 0.08))
NIGHT = ((18, 24, 0.45), (0, 6, 0.25), (6, 18, 0.30))
OFFICE = ((7, 12, 0.55), (12, 19, 0.40), (19, 7, 0.05))

LANDLORD = (
    Rate("OCC", "hall", 3.0, 1.2, 11, 0.25, 1.25, EVENING),
    Rate("TRF", "hall", 0.5, 0.8, 6, 0.10, 1.05, ((15, 24, 0.72), (10, 15, 0.20), (0, 10, 0.08))),
    Rate("DEG", "hall", 4.0, 0.9, 10, 0.20, 1.15, NIGHT),
    Rate("SAL", "hall", 5.0, 1.5, 7, 0.10, 0.60, OFFICE),
    Rate("BRU", "hall", 4.0, 1.0, 7, 0.40, 1.50, ((21, 4, 0.74), (4, 21, 0.26))),
    Rate("ANI", "hall", 1.0, 0.8, 5, 0.20),
    Rate("TEC", "hall", 4.0, 2.0, 1, 0.20, 0.40, OFFICE),
    Rate("AGL", "hall", 0.4, 0.8, 9, 0.10, 1.10, NIGHT),
    Rate("VEH", "residence", 9.0, 0.9, 7, 0.30, 1.20, NIGHT),
    Rate("SAL", "residence", 14.0, 1.2, 7, 0.15, 0.70, OFFICE),
    Rate("AGP", "residence", 1.4, 0.9, 6, 0.05, 0.50, OFFICE),
    Rate("VOL", "residence", 8.0, 1.0, 12, 0.20, 1.05, NIGHT),
)
CITY = (
    Rate("SAL", "cell", 4.4, 0.55, 6, 0.15, 0.70),
    Rate("DEG", "cell", 1.8, 0.40, 4, 0.10, 0.80),
    Rate("VEH", "cell", 1.3, 0.50, 7, 0.20, 0.90),
    Rate("TEC", "cell", 0.5, 1.00, 12, 0.50, 0.80),
    Rate("AUT", "cell", 1.1, 0.80, 5, 0.30, 0.70),
)
INHABITANTS = (
    Rate("BRU", "cell", 0.80, 0.45, 7, 0.45, 1.50, ((21, 4, 0.74), (4, 21, 0.26))),
    Rate("SAL", "cell", 0.60, 0.60, 6, 0.10),
    Rate("VEH", "cell", 0.45, 0.50, 7, 0.30, 1.25, NIGHT),
    Rate("OCC", "cell", 0.30, 0.40, 11, 0.20, 1.20, EVENING),
    Rate("DEG", "cell", 0.25, 0.60, 10, 0.20, 1.10, NIGHT),
    Rate("TRF", "cell", 0.12, 0.40, 6, 0.10, 1.00, ((15, 24, 0.72), (0, 15, 0.28))),
)
TRANSPORT = (
    Rate("DEG", "stop", 7.0, 1.0, 10, 0.2, 1.1, NIGHT),
    Rate("BRU", "stop", 4.0, 1.0, 6, 0.2, 1.2, NIGHT),
    Rate("SAL", "stop", 4.0, 1.5),
    Rate("AGL", "stop", 2.0, 0.8, 9, 0.1, 1.1, NIGHT),
    Rate("VOL", "stop", 1.5, 1.0, 12, 0.2),
)

# closed lists of each category with weights: places, subcategories; gravity 1..4; complaint; cost in euros (low, high, share)
PLACES = {
    "OCC": {"HALL": 6, "CAGE": 3, "CAVE": 1, "SSOL": 0.6, "TOIT": 0.3}, "TRF": {"HALL": 6, "CAGE": 2, "ABORDS": 2},
    "DEG": {"HALL": 4, "ASC": 2, "CAGE": 2, "FACADE": 1, "CAVE": 0.6}, "SAL": {"POUB": 3, "CAGE": 2, "HALL": 2, "ASC": 1},
    "BRU": {"CAGE": 2, "PALIER": 2, "COUR": 1, "HALL": 2}, "ANI": {"COUR": 2, "HALL": 1, "CAGE": 1},
    "TEC": {"ASC": 4, "HALL": 2, "CAGE": 2, "VELO": 0.5}, "AGL": {"HALL": 2, "ABORDS": 2, "CAGE": 1},
    "VEH": {"PARK-AIR": 6, "PARK-SS": 2, "VOIE": 2}, "AGP": {"LOGE": 3, "HALL": 2, "COUR": 1},
    "VOL": {"LOGT": 3, "CAVE": 3, "PARK-SS": 2, "HALL": 1}, "AUT": {"VOIE": 1},
}
GROUNDS = {"SAL": {"ABORDS": 4, "POUB": 3, "COUR": 2, "PARK-AIR": 1}}
SUBCATEGORIES = {
    "OCC": {"hall": 7, "cage": 3, "cave": 1}, "TRF": {"point": 5, "guet": 3, "stockage": 1},
    "DEG": {"tag": 4, "porte": 4, "bal": 2, "ascenseur": 2, "eclairage": 1, "incendie": 0.3}, "AGL": {"menace": 2, "racket": 1},
    "VEH": {"ventouse": 5, "epave": 2, "rodeo": 2, "mecanique": 2, "incendie": 0.3},
    "SAL": {"depot": 4, "encombrants": 4, "jet": 2, "urine": 1}, "AGP": {"verbale": 6, "menace": 3, "physique": 1},
    "VOL": {"cave": 4, "logement": 2, "vehicule": 3, "bal": 1},
}
GRAVITY = {
    "OCC": (3, 5, 2, 0.5), "TRF": (0, 1, 2, 7), "DEG": (1, 3, 6, 0.3), "SAL": (6, 4, 0.2, 0), "BRU": (5, 4, 0.3, 0),
    "ANI": (6, 2, 1, 0.1), "TEC": (1, 0, 0, 0), "AGL": (0, 0, 5, 5), "VEH": (4, 4, 1, 0.6), "AGP": (1, 3, 5, 2),
    "VOL": (0, 2, 7, 1), "AUT": (1, 0, 0, 0),
}
COMPLAINT = {"DEG": 0.11, "VOL": 0.40, "AGP": 0.45, "AGL": 0.30, "TRF": 0.05, "VEH": 0.06, "OCC": 0.03}
COST = {"DEG": (60, 900, 0.7), "SAL": (30, 180, 0.4), "TEC": (80, 600, 0.6), "VEH": (90, 240, 0.2)}
NATURES = {
    "bailleur": {"gardien": 5, "reclamation": 3, "agent_securite": 2, "mediateur": 1, "main_courante": 0.5,
                 "constat_video": 0.3, "marche": 0.2},
    "habitant": {"signalement": 1}, "transport": {"agent_securite": 2, "main_courante": 1},
}
NO_GRAVITY, NO_PLACE, NO_NATURE, NO_COMPLAINT = 0.08, 0.05, 0.03, 0.06
NO_HOUR = {"bailleur": 0.12, "ville": 1.0, "habitant": 0.25, "transport": 0.02}
INTERVAL = {"VOL": 0.35, "DEG": 0.10, "SAL": 0.03}  # share of landlords' facts known as "between … and …"


def calendar(rate: Rate, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Relative rate of each day (days since 1970-01-01): season by month and weekend, mean about 1."""
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    season = 1 + rate.swing * np.cos(2 * np.pi * (month - rate.peak) / 12)
    weekend = (days + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return season * np.where(weekend, rate.weekend, 1.0) * 7 / (5 + 2 * rate.weekend)


def hour_weights(rate: Rate) -> NDArray[np.float64]:
    """Probability of each of the 24 hours."""
    weights = np.zeros(24)
    for start, end, share in rate.hours:
        hours = np.arange(start, end if end > start else end + 24) % 24
        weights[hours] += share / len(hours)
    assert abs(weights.sum() - 1) < 1e-9, rate
    return weights
