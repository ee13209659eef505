"""What a plan of cameras is asked: its fields, once. Bodies have them as they are, addresses and forms as texts.

In an address shares are in percent, `masks` is 0 or 1, points are `lon,lat;lon,lat`, forbidden rings `lon,lat lon,lat lon,lat;…`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, get_args, get_type_hints

import shapely

from geoservice.core.query import FactQuery
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations import sitingground
from geoservice.operations.sitingground import HEIGHT_M, OPERATORS, PURPOSES

LonLat = tuple[float, float]
MOST_CAMERAS, USUAL_CAMERAS = 30, 4
NIGHT, NIGHT_M = (22, 6), (5.0, 100.0)  # local hours; metres
BUDGET = (1_000.0, 1_000_000.0)  # euros
MOST_POINTS, MOST_SHAPES, MOST_CORNERS = 60, 20, 200
WEIGHTS = {"count": "chaque fait compte pour un", "gravity": "un fait compte pour sa gravité, de 1 à 4 (1 si elle est inconnue)",
           "excess": "un fait compte pour la part qui dépasse l’attendu, dans un point chaud solide ou fragile du territoire",
           "hours": "chaque heure datée où un lieu a connu un fait compte pour une"}
SITES = {"all": "tous les supports connus", "points": "mes emplacements seulement"}
EXISTING = {"directed": "celles dont la direction est connue", "all": "toutes, tout autour si rien n’est su", "none": "aucune"}
FILTER = ("kind", "from", "to", "category", "nature", "place", "gravity_min", "hours", "weekdays", "zone", "bbox")
_PERCENT = ("least", "backup")
_CALLED = {"masked": "masks"}  # in an address
_DIGITS = 7  # of a degree: a centimetre


@dataclass(frozen=True)
class Asked:
    """What a plan is asked: facts; how many cameras, for how many euros (4 when neither is said), of which lens and height; what
    they must let one do, who films, how facts weigh; least: the share of each QPV's weight that must be seen; masked: public
    roads behind irreversible masks; points: places of one's own (lon, lat) where a camera could hang, `sites` whether they alone;
    forbidden: rings (lon, lat) without cameras; backup: what a second camera on a place is worth, of the first; existing: which
    cameras that exist count as seeing; night_m: by night, and to how many metres anything is seen then."""

    query: FactQuery
    cameras: int | None = None
    budget: float | None = None
    lens: str = "4"
    purpose: str = "observe"
    weights: str = "count"
    operator: str = "bailleur"
    least: float = 0.0
    height_m: float = 4.0
    spacing_m: float = 15.0
    separation_m: float = 10.0
    masked: bool = True
    sites: str = "all"
    points: tuple[LonLat, ...] = ()
    forbidden: tuple[tuple[LonLat, ...], ...] = ()
    backup: float = 0.0
    existing: str = "directed"
    night_m: float | None = None

    def __post_init__(self) -> None:
        if self.cameras is not None and not 1 <= self.cameras <= MOST_CAMERAS:
            raise BadInput(f"Le nombre de caméras va de 1 à {MOST_CAMERAS}.")
        if self.budget is not None and not BUDGET[0] <= self.budget <= BUDGET[1]:
            raise BadInput("Le budget va de 1 000 à 1 000 000 €.")
        for value, words, name in ((self.purpose, PURPOSES, "purpose"), (self.weights, WEIGHTS, "weights"),
                                   (self.operator, OPERATORS, "operator"), (self.lens, sitingground.LENSES, "lens"),
                                   (self.sites, SITES, "sites"), (self.existing, EXISTING, "existing")):
            if value not in words:
                raise BadInput(f"« {name} » attend l’une de ces valeurs : {', '.join(words)}.")
        if not (HEIGHT_M[0] <= self.height_m <= HEIGHT_M[1] and 5 <= self.spacing_m <= 100 and 1 <= self.separation_m <= 100):
            raise BadInput("La hauteur va de 2 à 30 m, l’écart entre emplacements de 5 à 100 m, leur séparation de 1 à 100 m.")
        if not 0 <= self.least <= 1:
            raise BadInput("La part à couvrir dans chaque QPV va de 0 à 1 (de 0 à 100 % dans un formulaire).")
        if not 0 <= self.backup <= 1:
            raise BadInput("Ce que vaut une seconde caméra va de 0 à 1 fois la première (de 0 à 100 % dans un formulaire).")
        if self.night_m is not None and not NIGHT_M[0] <= self.night_m <= NIGHT_M[1]:
            raise BadInput("La portée de nuit va de 5 à 100 m : celle de l’éclairage ou des infrarouges de la caméra.")
        _check_places(self.points, self.forbidden)

    @property
    def facts(self) -> FactQuery:
        """Which facts guide it: by night those of the night, unless hours are said."""
        return self.query if self.night_m is None or self.query.hours else replace(self.query, hours=NIGHT)

    @property
    def reach_m(self) -> float:
        """To how many metres a camera serves the purpose."""
        return min(sitingground.optics_of(self.lens).reach(self.purpose), self.night_m or math.inf)

    @property
    def most(self) -> int:
        """How many cameras at most: with a budget as many as it pays, unless a number is said too."""
        return self.cameras or (USUAL_CAMERAS if self.budget is None else MOST_CAMERAS)


def moment_of(asked: Asked) -> str:
    """« De jour », « De nuit, à 30 m au plus »."""
    return "De jour" if asked.night_m is None else f"De nuit, à {number(asked.night_m)} m au plus"


def wishes() -> dict[str, tuple[Any, Any]]:
    """Every field but the query, with its type and what it is when nothing is said."""
    types = get_type_hints(Asked)
    return {each.name: (types[each.name], each.default) for each in fields(Asked) if each.name != "query"}


@cache
def parameters() -> tuple[str, ...]:
    """What these fields are called in an address."""
    return tuple(_CALLED.get(name, name) for name in wishes())


def of_texts(query: FactQuery, given: Mapping[str, str]) -> Asked:
    """A plan from the parameters of an address; BadInput names the one that cannot be read."""
    called = {name: _CALLED.get(name, name) for name in wishes()}
    return Asked(query, **{name: _read(name, given[there]) for name, there in called.items() if given.get(there)})


def to_texts(asked: Asked) -> dict[str, str]:
    """The parameters of an address that say this plan, without those that say what is usual; its filter is not among them."""
    return {_CALLED.get(name, name): _written(name, getattr(asked, name)) for name, (_, usual) in wishes().items()
            if getattr(asked, name) != usual}


def _check_places(points: tuple[LonLat, ...], forbidden: tuple[tuple[LonLat, ...], ...]) -> None:
    if len(points) > MOST_POINTS:
        raise BadInput(f"Un plan prend au plus {MOST_POINTS} emplacements à vous : gardez les plus utiles.")
    if len(forbidden) > MOST_SHAPES or sum(map(len, forbidden)) > MOST_CORNERS:
        raise BadInput(f"Un plan prend au plus {MOST_SHAPES} zones interdites, "
                       f"de {MOST_CORNERS} sommets en tout : simplifiez-les.")
    for lon, lat in (*points, *(corner for ring in forbidden for corner in ring)):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise BadInput("Emplacements et zones interdites sont en degrés, longitude d’abord, par exemple 2.35,48.86.")
    for ring in forbidden:
        if len(set(ring)) < 3:
            raise BadInput("Une zone interdite a trois sommets au moins : lon,lat lon,lat lon,lat.")
        if not shapely.Polygon(ring).is_valid:
            raise BadInput("Le contour d’une zone interdite se croise : redonnez ses sommets dans l’ordre de son tour.")


def _read(name: str, text: str) -> Any:
    kind = wishes()[name][0]
    if name in _READERS:
        return _READERS[name](text)
    if kind is bool:
        if text not in ("0", "1"):
            raise BadInput(f"« {_CALLED.get(name, name)} » attend l’une de ces valeurs : 0, 1.")
        return text == "1"
    if kind is str:
        return text
    try:
        value = int(text) if int in (kind, *get_args(kind)) else float(text)
    except ValueError:
        raise BadInput(f"« {name} » attend un nombre{' entier' if int in (kind, *get_args(kind)) else ''}.") from None
    return value / 100 if name in _PERCENT else value


def _written(name: str, value: Any) -> str:
    if name == "points":
        return ";".join(map(_corner, value))
    if name == "forbidden":
        return ";".join(" ".join(map(_corner, ring)) for ring in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{100 * value:g}" if name in _PERCENT else f"{value:g}" if isinstance(value, float) else str(value)


def _corner(place: LonLat) -> str:
    return ",".join(f"{round(value, _DIGITS):.{_DIGITS}f}".rstrip("0").rstrip(".") for value in place)


def _points(text: str) -> tuple[LonLat, ...]:
    return tuple(_lonlat(part, "points") for part in text.split(";") if part.strip())


def _rings(text: str) -> tuple[tuple[LonLat, ...], ...]:
    return tuple(tuple(_lonlat(corner, "forbidden") for corner in part.split()) for part in text.split(";") if part.strip())


def _lonlat(text: str, name: str) -> LonLat:
    try:
        lon, lat = (float(part) for part in text.split(","))
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise ValueError
    except ValueError:
        shape = "lon,lat;lon,lat" if name == "points" else "lon,lat lon,lat lon,lat;lon,lat lon,lat lon,lat"
        raise BadInput(f"« {name} » attend des degrés, longitude d’abord, comme {shape}.") from None
    return round(lon, _DIGITS), round(lat, _DIGITS)


_READERS: dict[str, Callable[[str], Any]] = {"points": _points, "forbidden": _rings}
