"""The worlds of `worlds.toml` as territories and facts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from geoservice.core import crs, grid
from geoservice.core.disclosure import atoms, places
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.parameters import volume_floor
from geoservice.core.disclosure.release import Order, Terms
from geoservice.core.disclosure.slots import Groups
from geoservice.types import Box, Category, code_of

SPECS = tomllib.loads((Path(__file__).parent / "worlds.toml").read_text("utf-8"))
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
INCIDENTS = DATA / "incidents" / "dansmarue_paris_2023-07_2024-09_union.parquet"
KIND = "bailleur"
NAIVE_LEVELS = {"r7": 7, "r8": 8, "r9": 9, "r10": 10}
GROUPS = Groups()
# ten types of the source on ten of our codes, in the three groups of the notes: a measure needs their number, not their names
_PARIS_TYPES = {
    "Objets abandonnés": "SAL", "Propreté": "DEG", "Graffitis, tags, affiches et autocollants": "VEH",
    "Voirie et espace public": "OCC", "Mobiliers urbains": "TRF", "Éclairage / Électricité": "BRU",
    "Eau": "ANI", "Autos, motos, vélos, trottinettes...": "AGL",
    "Activités commerciales et professionnelles": "VOL", "Arbres, végétaux et animaux": "AUT"}
_PARIS_GROUPS = Groups({"proprete": ("SAL", "DEG"), "degradations": ("VEH", "OCC", "TRF", "BRU", "ANI"),
                        "autres": ("AGL", "VOL", "AUT")})


@dataclass(frozen=True)
class World:
    """A territory with its facts; zones are kept so that other lattices can be built on it."""

    name: str
    atoms: atoms.Atoms
    communes: places.Zones
    qpv: places.Zones
    groups: Groups
    facts: Facts
    declared: int

    def places(self, hexagons: dict[str, int] | None = None) -> places.Places:
        return places.build(self.atoms, self.communes, self.qpv, hexagons)

    def order(self, revision: int = 0, last: int | None = None) -> Order:
        """All months of the facts, or those up to `last` (since 1970-01)."""
        months = np.unique(self.facts.month)
        every = range(int(months[0]), (int(months[-1]) if last is None else last) + 1)
        terms = Terms(KIND, volume_floor(self.declared), tuple(np.unique(self.facts.organisation).tolist()))
        return Order(self.name, _places(self), self.groups, (terms,), tuple(every), revision)


_BUILT: dict[str, places.Places] = {}


def _places(world: World) -> places.Places:
    if world.name not in _BUILT:
        _BUILT[world.name] = world.places()
    return _BUILT[world.name]


@dataclass(frozen=True)
class _Residences:
    x: np.ndarray
    y: np.ndarray
    estate: np.ndarray
    owner: np.ndarray
    dwellings: np.ndarray
    rate: np.ndarray


def _epsg(lon: float, lat: float) -> int:
    return crs.metric_epsg(lon, lat)


@lru_cache(maxsize=4)
def synthetic(name: str) -> World:
    """A town of `worlds.toml`."""
    return town(name, SPECS[name])


def town(name: str, spec: dict) -> World:
    """A town of any such description."""
    rng = np.random.default_rng(spec["seed"])
    epsg = _epsg(spec["lon"], spec["lat"])
    centre = grid.parents(grid.index(np.array([spec["lon"]]), np.array([spec["lat"]])), 9)
    homes = _residences(spec, rng, epsg)
    nines = grid.disk(int(centre[0]), spec["radius"])
    ground = np.unique(np.concatenate([grid.parents(cells, 10) for cells in _tens(nines)]))
    lon, lat = crs.to_lonlat(homes.x, homes.y, epsg)
    cells = grid.index(lon, lat)
    kept = np.isin(grid.parents(cells, 10), ground)
    # everybody lives somewhere: a light carpet of other dwellings, in most cells
    carpet = rng.poisson(6, len(ground)) * (rng.random(len(ground)) < 0.8)
    source = atoms.Source("carreaux", np.concatenate([ground, cells[kept]]),
                          np.concatenate([carpet, homes.dwellings[kept]]).astype(float), True)
    made = atoms.build(f"{name}-1", ground, [source])
    zones = _zones(spec, rng, made, homes, epsg)
    return World(name, made, *zones, GROUPS, _facts(spec, rng, homes, epsg), spec["declared"])


def _tens(nines: np.ndarray) -> list[np.ndarray]:
    """Cells of resolution 10 in each of resolution 9, through points all over it."""
    box = grid.centres(nines)
    lon, lat = box.T
    found = grid.cover(Box(float(lon.min()) - .01, float(lat.min()) - .01, float(lon.max()) + .01, float(lat.max()) + .01), 10)
    return [found[np.isin(grid.parents(found, 9), nines)]]


def _residences(spec: dict, rng: np.random.Generator, epsg: int) -> _Residences:
    x, y = (float(value[0]) for value in crs.project(np.array([spec["lon"]]), np.array([spec["lat"]]), epsg))
    reach = 300.0 * spec["radius"]
    count, estates = spec["residences"], spec["estates"]
    angle, away = rng.random(estates) * 2 * np.pi, reach * 0.85 * np.sqrt(rng.random(estates))
    middle = np.column_stack([x + away * np.cos(angle), y + away * np.sin(angle)])
    across = rng.uniform(60, 500, estates) / 2
    estate = np.where(rng.random(count) < spec["in_estates"], rng.integers(0, estates, count), -1)
    angle, away = rng.random(count) * 2 * np.pi, np.sqrt(rng.random(count))
    inside = middle[estate] + (away * across[estate] * [np.cos(angle), np.sin(angle)]).T
    alone = np.column_stack([x + reach * .9 * away * np.cos(angle), y + reach * .9 * away * np.sin(angle)])
    at = np.where((estate >= 0)[:, None], inside, alone)
    return _Residences(at[:, 0], at[:, 1], estate, rng.choice(len(spec["shares"]), count, p=spec["shares"]) + 1,
                       np.maximum(6, rng.lognormal(3.7, 0.7, count)).round(), rng.gamma(spec["shape"], 1.0, count))


def _facts(spec: dict, rng: np.random.Generator, homes: _Residences, epsg: int) -> Facts:
    count = spec["yearly"] * len(spec["years"])
    weight = homes.rate * homes.dwellings
    home = rng.choice(len(homes.x), count, p=weight / weight.sum())
    lon, lat = crs.to_lonlat(homes.x[home] + rng.normal(0, spec["scatter_m"], count),
                             homes.y[home] + rng.normal(0, spec["scatter_m"], count), epsg)
    first = np.array([np.datetime64(f"{year}-01-01").astype(int) for year in spec["years"]])
    codes = np.array([code_of(Category(name)) for name in GROUPS.categories], dtype=np.uint8)
    weights = np.arange(len(codes), 0, -1.0)
    return Facts(grid.index(lon, lat), (rng.choice(first, count) + rng.integers(0, 365, count)).astype(np.int32),
                 np.where(rng.random(count) < .3, 255, rng.choice(24, count)).astype(np.uint8),
                 rng.choice(codes, count, p=weights / weights.sum()), np.full(count, KIND), homes.owner[home],
                 rng.integers(0, 2**64, count, dtype=np.uint64), np.zeros(count, dtype=bool))


def _zones(spec: dict, rng: np.random.Generator, made: atoms.Atoms, homes: _Residences,
           epsg: int) -> tuple[places.Zones, places.Zones]:
    lon, lat = grid.centres(made.cells).T
    x, y = crs.project(lon, lat, epsg)
    seats = rng.choice(len(x), spec["communes"], replace=False)
    commune = np.argmin([(x - x[seat]) ** 2 + (y - y[seat]) ** 2 for seat in seats], axis=0)
    qpv = np.full(len(x), -1)
    largest = np.argsort(-np.bincount(homes.estate[homes.estate >= 0], minlength=spec["estates"]))[:spec["qpv"]]
    for number, estate in enumerate(largest):
        mine = homes.estate == estate
        qpv[np.hypot(x - homes.x[mine].mean(), y - homes.y[mine].mean()) < 320] = number
    ones = np.ones(len(x))
    names = tuple(f"commune:{number:05d}" for number in range(spec["communes"]))
    return (places.assign(made, names, made.cells, commune, ones),
            places.assign(made, tuple(f"qpv2024:QN{number:05d}" for number in range(spec["qpv"])), made.cells, qpv, ones))


def paris_missing() -> str | None:
    """Why the real world cannot be built here."""
    return None if INCIDENTS.is_file() else "les données réelles (../shared/data) ne sont pas à côté du projet"


@lru_cache(maxsize=1)
def paris() -> World:
    """Dans Ma Rue; every cell of resolution 10 is an atom, the hardest case of the notes (there is no file of all dwellings)."""
    import geopandas
    import pandas
    import shapely

    spec = SPECS["paris"]
    rng = np.random.default_rng(spec["seed"])
    rows = pandas.read_parquet(INCIDENTS)
    rows = rows[(rows.date_declaration >= spec["from"]) & (rows.date_declaration < spec["until"])]
    lon, lat = rows.lon.to_numpy(), rows.lat.to_numpy()
    cell = grid.index(lon, lat)
    outlines = geopandas.read_file(DATA / "admin" / "paris_arrondissements_20.geojson").geometry.to_numpy()
    whole = shapely.union_all(outlines)
    found = grid.cover(Box(*whole.bounds), 10)
    inside = shapely.contains_xy(whole, *grid.centres(found).T)
    ground = np.unique(np.concatenate([found[inside], grid.parents(cell, 10)]))
    made = atoms.build("paris-1", ground, [atoms.Source("chaque cellule", ground, np.full(len(ground), 11.0), True)])
    points = grid.centres(ground)
    commune = np.argmin([shapely.distance(outline, shapely.points(points)) for outline in outlines], axis=0)
    zones = geopandas.read_file(DATA / "qpv" / "qp2024_75_93_simplifie.geojson").query("insee_dep == '75'")
    qpv = np.full(len(ground), -1)
    for number, outline in enumerate(zones.geometry.to_numpy()):
        qpv[shapely.contains_xy(outline, *points.T)] = number
    day = rows.date_declaration.to_numpy().astype("datetime64[D]").astype(int)
    day = np.where(day < np.datetime64("2024-01-01").astype(int), day + 366, day).astype(np.int32)
    count, ones = len(rows), np.ones(len(ground))
    facts = Facts(cell, day, rng.integers(0, 24, count).astype(np.uint8),
                  np.array([code_of(Category(_PARIS_TYPES[name])) for name in rows.type], dtype=np.uint8), np.full(count, KIND),
                  _landlords(lon, lat, spec), rng.integers(0, 2**64, count, dtype=np.uint64), np.zeros(count, dtype=bool))
    return World("paris", made, places.assign(made, tuple(f"commune:751{n + 1:02d}" for n in range(20)), ground, commune, ones),
                 places.assign(made, tuple(f"qpv2024:{code}" for code in zones.code_qp), ground, qpv, ones), _PARIS_GROUPS, facts,
                 spec["declared"])


def _landlords(lon: np.ndarray, lat: np.ndarray, spec: dict) -> np.ndarray:
    import pandas
    from scipy.spatial import cKDTree

    programmes = pandas.read_csv(DATA / "housing" / "logements-sociaux-finances-a-paris.csv", sep=";")
    programmes = programmes[programmes.bs != "(vide)"].dropna(subset=["coord_x_l93"])
    away, nearest = cKDTree(programmes[["coord_x_l93", "coord_y_l93"]]).query(np.column_stack(crs.project(lon, lat, 2154)))
    name = np.where(away > spec["reach_m"], "VILLE", programmes.bs.to_numpy().astype(str)[nearest])
    known, number = np.unique(name[name != "VILLE"], return_counts=True)
    kept = [*known[np.argsort(-number, kind="stable")][:spec["landlords"]].tolist(), "VILLE"]
    name = np.where(np.isin(name, kept), name, "autres")
    return np.unique(name, return_inverse=True)[1] + 1
