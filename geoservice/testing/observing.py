"""From draws to lines: hour, nature, place, gravity, complaint, cost, and how the line says where it was.

What an organisation writes is less than what happened: hours are missing, some lines give an address only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoservice.testing import planting as p
from geoservice.testing import rates as r
from geoservice.testing.factlist import UNKNOWN, FactList
from geoservice.testing.frame import FRAME, Points, stream
from geoservice.testing.furniture import Address, nearest_address
from geoservice.testing.housing import Residence
from geoservice.testing.names import ORGANISATIONS, Organisation
from geoservice.testing.process import Draws, Units, hours

Columns = dict[str, NDArray]
CITY_WORDS = {  # category → (type, subtype, weight); words of the real exports of Paris; "[" marks agents' patrols
    "SAL": (("Objets abandonnés", "Autres objets encombrants abandonnés", 5), ("Propreté", "Déchets et/ou salissures divers", 4),
            ("Objets abandonnés", "Cartons ou sacs de déchets ménagers", 1.5), ("Propreté", "Épanchement d'urine", 0.6),
            ("Propreté", "[] Patrouille propreté DT", 1.6)),
    "DEG": (("Graffitis, tags, affiches et autocollants",
             "Graffitis et autocollants sur mur, façade sur rue, pont et descente d'eau pluviale", 5),
            ("Graffitis, tags, affiches et autocollants", "Graffitis sur rideau métallique", 1),
            ("Graffitis, tags, affiches et autocollants",
             "[réservé agents DPE-STPP] Affiches sur mur, façade sur rue, pont (surface inférieure à 1 m²)", 0.9)),
    "VEH": (("Autos, motos, vélos, trottinettes...", "Épave d'automobile ou d'un autre véhicule motorisé", 4),
            ("Autos, motos, vélos, trottinettes...", "[] Automobile ou autre véhicule motorisé en stationnement gênant U2", 2),
            ("Autos, motos, vélos, trottinettes...", "Épave de deux-roues motorisé", 2)),
    "TEC": (("Éclairage / Électricité", "Éclairage public éteint la nuit", 1),),
    "AUT": (("Arbres, végétaux et animaux", "Herbes éparses", 1),
            ("Voirie et espace public", "Trottoirs : Affaissement, trou, bosse, pavé arraché", 2)),
}


@dataclass(frozen=True)
class Where:
    """What is known of places when lines are written."""

    residences: tuple[Residence, ...]
    addresses: tuple[Address, ...]

    @property
    def points(self) -> Points:
        return np.array([(a.x, a.y) for a in self.addresses])


def pick(table: dict[str, dict[str, float]], category: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.str_]:
    """A word of the category's closed list for each fact; "" where the category has no list."""
    out = np.full(len(category), "", dtype="U16")
    for name, words in table.items():
        rows = np.flatnonzero(category == name)
        weights = np.array(list(words.values()), dtype=float)
        out[rows] = rng.choice(list(words), len(rows), p=weights / weights.sum())
    return out


def blank(values: NDArray, share: float, rng: np.random.Generator, nothing: object = "") -> NDArray:
    return np.where(rng.random(len(values)) < share, nothing, values)


def attributes(kind: str, category: NDArray[np.str_], grounds: NDArray[np.bool_], rng: np.random.Generator) -> Columns:
    """Closed-list columns of facts of these categories."""
    place = np.where(grounds & (category == "SAL"), pick(r.GROUNDS, category, rng), pick(r.PLACES, category, rng))
    gravity = np.zeros(len(category), dtype=np.int64)
    for name, weights in r.GRAVITY.items():
        rows = np.flatnonzero(category == name)
        gravity[rows] = 1 + rng.choice(4, len(rows), p=np.array(weights) / sum(weights))
    cost = np.full(len(category), UNKNOWN)
    for name, (low, high, share) in r.COST.items():
        rows = np.flatnonzero((category == name) & (rng.random(len(category)) < share))
        cost[rows] = rng.integers(low, high, len(rows))
    nature = rng.choice(list(r.NATURES[kind]), len(category), p=_weights(r.NATURES[kind]))
    chance = np.array([r.COMPLAINT.get(c, 0.01) for c in category.tolist()])
    complaint = np.where(rng.random(len(category)) < chance, "oui", "non")
    return {"subcategory": pick(r.SUBCATEGORIES, category, rng), "place": blank(place, r.NO_PLACE, rng),
            "gravity": blank(gravity, r.NO_GRAVITY, rng, 0), "nature": blank(nature, r.NO_NATURE, rng),
            "complaint": blank(complaint, r.NO_COMPLAINT, rng), "cost": cost}


def _weights(words: dict[str, float]) -> NDArray[np.float64]:
    return np.array(list(words.values())) / sum(words.values())


def times(kind: str, draws: Draws, category: NDArray[np.str_], of: tuple[r.Rate, ...], rng: np.random.Generator) -> Columns:
    """Day and minute, the end of intervals, and missing hours."""
    minute = hours(of, draws.rate, rng)
    minute = np.where(spring_gap(draws.day) & (minute // 60 == 2), minute + 60, minute)  # an hour that did not exist
    long = np.array([r.INTERVAL.get(c, 0.0) for c in category.tolist()]) * (kind == "bailleur")
    interval = rng.random(len(draws)) < long
    start = np.where(interval, rng.integers(204, 252, len(draws)) * 5, minute)  # 17:00 to 20:55, found the next morning
    end = rng.integers(78, 114, len(draws)) * 5
    unknown = (rng.random(len(draws)) < r.NO_HOUR[kind]) & ~interval
    return {"day": draws.day, "minute": np.where(unknown, UNKNOWN, start),
            "end_day": np.where(interval, draws.day + 1, UNKNOWN), "end_minute": np.where(interval, end, UNKNOWN)}


def spring_gap(day: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Is the day the last Sunday of March, when 2 o'clock does not exist in Paris?"""
    dates = day.astype("datetime64[D]")
    march = dates.astype("datetime64[M]").astype(int) % 12 == 2
    of_month = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    return march & ((day + 3) % 7 == 6) & (of_month >= 25)


def landlord_lines(draws: Draws, units: Units, where: Where, jitter: Points, seed: int, change: int) -> Columns:
    """Columns of all landlords' facts together, in the order of the draws. `jitter` metres from the unit to the event."""
    rng = stream(seed, "landlord lines")
    category = np.array([x.category for x in r.LANDLORD])[draws.rate]
    grounds = units.at[draws.unit] == "residence"
    cols = {"category": category, **times("bailleur", draws, category, r.LANDLORD, rng),
            **attributes("bailleur", category, grounds, rng)}
    rank = units.residence[draws.unit]
    mine = rank == p.rank_of(where.residences, p.COMPLAINTS)
    share = np.where(draws.day < change, p.COMPLAINT_BEFORE, p.COMPLAINT_AFTER)
    planted = np.where(rng.random(len(draws)) < share, "oui", "non")
    cols["complaint"] = np.where(mine & (cols["complaint"] != ""), planted, cols["complaint"])
    dice = rng.random(len(draws))
    by_hall = np.select([dice < 0.78, dice < 0.90, dice < 0.96], ["hall", "coordonnees", "numero"], "residence")
    by_grounds = np.select([dice < 0.45, dice < 0.57, dice < 0.83, dice < 0.97],
                           ["residence", "batiment", "coordonnees", "numero"], "rue")
    placement = np.where(grounds, by_grounds, by_hall)
    placement = np.where(category == "VOL", "coordonnees", placement)
    placement = np.where(category == "AGP", np.where(dice < 0.6, "residence", "hall"), placement)
    return {**cols, **landlord_places(placement, draws, units, where, jitter, rng)}


def landlord_places(placement: NDArray[np.str_], draws: Draws, units: Units, where: Where, jitter: Points,
                    rng: np.random.Generator) -> Columns:
    """The columns that say where, filled as `placement` says, and the point that follows from them."""
    houses = where.residences
    rank = units.residence[draws.unit]
    own = [nearest_address(x, where.addresses) for x in houses]
    first = np.cumsum([0, *(len(x.halls) for x in houses)])
    any_hall = first[rank] + (rng.random(len(draws)) * np.array([len(x.halls) for x in houses])[rank]).astype(int)
    halls = [h for x in houses for h in x.halls]
    hall = np.where(units.at[draws.unit] == "hall", draws.unit, any_hall)  # units list halls first, in the same order
    building = np.array([h.building for h in halls])[hall]
    said = np.isin(placement, ("hall", "batiment", "residence", "coordonnees"))
    addressed = np.isin(placement, ("numero", "rue"))
    middle = {(i, b): np.mean([(h.x, h.y) for h in x.halls if h.building == b], axis=0)
              for i, x in enumerate(houses) for b in x.buildings}
    points = np.select(
        [placement[:, None] == w for w in ("hall", "coordonnees", "batiment", "residence", "numero")],
        [np.array([(h.x, h.y) for h in halls])[hall], units.points[draws.unit] + jitter,
         np.array([middle[i, b] for i, b in zip(rank.tolist(), building.tolist(), strict=True)]),
         np.array([(x.x, x.y) for x in houses])[rank], np.array([(a.x, a.y) for a in own])[rank]], np.nan)
    text = np.where(placement == "numero", np.array([a.line for a in own])[rank], np.array([a.street for a in own])[rank])
    lonlat = FRAME.lonlat(points)
    return {"placement": placement, "lon": lonlat[:, 0], "lat": lonlat[:, 1],
            "residence": np.where(said, np.array([x.code for x in houses])[rank], ""),
            "building": np.where(placement == "batiment", building, ""),
            "hall": np.where(placement == "hall", np.array([h.code for h in halls])[hall], ""),
            "address": np.where(addressed, text, ""),
            "postcode": np.where(addressed, np.array([a.postcode for a in own])[rank], ""),
            "city": np.where(addressed, np.array([a.city for a in own])[rank], ""), "unit": units.codes[draws.unit],
            "owner": units.owner[draws.unit]}


def by_landlord(columns: Columns) -> dict[str, FactList]:
    """One list for each organisation that owns residences, in order of time, numbered as its register would."""
    return {o.code: numbered(o, "bailleur", columns, columns["owner"] == i, f"{o.prefix}-")
            for i, o in enumerate(ORGANISATIONS)}


def numbered(owner: Organisation, kind: str, columns: Columns, mask: NDArray[np.bool_], prefix: str) -> FactList:
    rows = np.flatnonzero(mask)
    rows = rows[np.lexsort((columns["minute"][rows], columns["day"][rows]))]
    chosen = {k: v[rows] for k, v in columns.items() if k != "owner"}
    ids = np.array([f"{prefix}{n:06d}" for n in range(1, len(rows) + 1)])
    return FactList(owner.code, kind, {"id": ids, **chosen})


def dmr_numbers(facts: FactList) -> FactList:
    """The list with the identifiers of a city's tool: year, a letter for the month, and a rank within the month."""
    months = facts["day"].astype("datetime64[D]").astype("datetime64[M]")
    _, first, which = np.unique(months, return_index=True, return_inverse=True)
    rank = np.arange(len(facts)) - first[which] + 1
    ids = [f"G{m[:4]}{'ABCDEFGHIJKL'[int(m[5:7]) - 1]}{n:06d}" for m, n in zip(months.astype(str), rank, strict=True)]
    return FactList(facts.organisation, facts.kind, {**facts.columns, "id": np.array(ids), "rank": rank})


def street_places(draws: Draws, units: Units, where: Where, rng: np.random.Generator) -> tuple[NDArray[np.int64], Points]:
    """For facts of cells: the rank of an address of the cell, and the event a few metres from it, in the same cell."""
    points = where.points
    order = np.argsort(p.cell_of(points), kind="stable")
    cells = p.cell_of(points)[order]
    first, last = (np.searchsorted(cells, units.codes[draws.unit], side) for side in ("left", "right"))
    chosen = order[first + (rng.random(len(draws)) * (last - first)).astype(int)]
    low = np.floor(points[chosen] / p.CELL_M) * p.CELL_M
    return chosen, np.clip(points[chosen] + rng.normal(0, 5, (len(draws), 2)), low + 0.1, low + p.CELL_M - 0.1)


def city_lines(draws: Draws, units: Units, where: Where, seed: int) -> Columns:
    """Open reports: a day, a type and a point; who walks for the city is marked `[`."""
    rng = stream(seed, "city lines")
    category = np.array([x.category for x in r.CITY])[draws.rate]
    words = np.full((len(draws), 2), "", dtype="U110")
    for name, choices in CITY_WORDS.items():
        rows = np.flatnonzero(category == name)
        weights = np.array([w for *_, w in choices], dtype=float)
        words[rows] = np.array([c[:2] for c in choices])[rng.choice(len(choices), len(rows), p=weights / weights.sum())]
    chosen, points = street_places(draws, units, where, rng)
    lonlat, size = FRAME.lonlat(points), len(draws)
    patrol = np.char.startswith(words[:, 1], "[")
    empty, unknown = np.full(size, ""), np.full(size, UNKNOWN)
    return {"category": category, "day": draws.day, "minute": unknown, "end_day": unknown, "end_minute": unknown,
            "type": words[:, 0], "subtype": words[:, 1], "nature": np.where(patrol, "patrouille", "signalement"),
            "subcategory": empty, "place": empty, "gravity": np.zeros(size, dtype=np.int64), "complaint": empty, "cost": unknown,
            "placement": np.full(size, "coordonnees"), "lon": lonlat[:, 0], "lat": lonlat[:, 1], "address_rank": chosen,
            "unit": units.codes[draws.unit]}


def other_lines(kind: str, draws: Draws, units: Units, where: Where, seed: int) -> Columns:
    """Reports of inhabitants (addresses or points), or incidents at stops (points)."""
    rng = stream(seed, f"{kind} lines")
    of = r.INHABITANTS if kind == "habitant" else r.TRANSPORT
    category = np.array([x.category for x in of])[draws.rate]
    cols = {"category": category, **times(kind, draws, category, of, rng),
            **attributes(kind, category, np.ones(len(draws), dtype=bool), rng)}
    cols["place"] = np.where(cols["place"] == "", "", "VOIE")
    cols["subcategory"] = np.full(len(draws), "")
    cols["cost"], cols["complaint"] = np.full(len(draws), UNKNOWN), np.full(len(draws), "")
    if kind == "transport":
        lonlat = FRAME.lonlat(units.points[draws.unit] + rng.normal(0, 4, (len(draws), 2)))
        empty = np.full(len(draws), "")
        return {**cols, "placement": np.full(len(draws), "coordonnees"), "lon": lonlat[:, 0], "lat": lonlat[:, 1],
                "address": empty, "postcode": empty, "city": empty, "unit": units.codes[draws.unit]}
    chosen, points = street_places(draws, units, where, rng)
    dice = rng.random(len(draws))
    placement = np.select([dice < 0.55, dice < 0.90], ["numero", "coordonnees"], "rue")
    points = np.select([placement[:, None] == w for w in ("numero", "coordonnees")], [where.points[chosen], points], np.nan)
    known, said = [where.addresses[i] for i in chosen.tolist()], placement != "coordonnees"
    text = np.where(placement == "numero", [a.line for a in known], [a.street for a in known])
    lonlat = FRAME.lonlat(points)
    return {**cols, "placement": placement, "lon": lonlat[:, 0], "lat": lonlat[:, 1], "address": np.where(said, text, ""),
            "postcode": np.where(said, [a.postcode for a in known], ""), "city": np.where(said, [a.city for a in known], ""),
            "unit": units.codes[draws.unit]}
