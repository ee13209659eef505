"""What the form of « Décider » has to choose from."""

from __future__ import annotations

from typing import Any

from geoservice.operations.sitingasked import EXISTING, MOST_CAMERAS, SITES
from geoservice.operations.sitingground import LENSES, OPERATORS, PURPOSES
from geoservice.types import LABELS, Category, Nature, Place

WEIGHED = {"count": "chacun compte pour un", "gravity": "selon la gravité", "excess": "excès des points chauds",
           "hours": "heures où il y a eu un fait"}
UNWEIGHED = {"hours": "heure inconnue, ou connue à un intervalle", "excess": "hors des points chauds", "count": "", "gravity": ""}
HOURS = {"22-6": "de 22 h à 6 h", "18-22": "de 18 h à 22 h", "6-18": "de 6 h à 18 h"}
WEEKDAYS = {"1-5": "du lundi au vendredi", "6,7": "samedi et dimanche"}
_RARE = {"weights": "count", "place": "", "nature": "", "gravity_min": "", "hours": "", "weekdays": "", "least": "0",
         "budget": "", "backup": "0", "night_m": "", "existing": "directed",
         "masks": "1", "height_m": "4", "sites": "all", "separation_m": "10"}
_KEPT = ("bbox", "points", "forbidden", "spacing_m")  # what the map gives and the form has no field for


def choices(given: dict[str, str]) -> dict[str, Any]:
    """What the form has to choose from, and whether its rarer part is open: something in it is not as usual."""
    return {"lenses": LENSES, "purposes": PURPOSES, "operators": OPERATORS, "most": MOST_CAMERAS,
            "categories": [each for each in Category if each is not Category.AGP], "weighed": WEIGHED, "unweighed": UNWEIGHED,
            "sites": SITES, "counting": EXISTING, "inside": list(Place), "natures": list(Nature),
            "gravities": [(str(least), f"{least} ou plus") for least in range(2, 5)], "hours": _also(HOURS, given.get("hours")),
            "weekdays": _also(WEEKDAYS, given.get("weekdays")),
            "named": lambda some: [(str(each), LABELS[each]) for each in some],
            "kept": [name for name in _KEPT if name in given],
            "more": any(given.get(name, usual) != usual for name, usual in _RARE.items())}


def _also(known: dict[str, str], given: str | None) -> list[tuple[str, str]]:
    """Choices, and beside them what an address asks for that is none of them."""
    return [*known.items(), *([(given, given)] if given and given not in known else [])]
