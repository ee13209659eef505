"""Writes the town as the files that real organisations hand over, byte for byte the same for the same town."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geoservice.testing import dwelt, published
from geoservice.testing.blocks import FLOOR_M
from geoservice.testing.factlist import UNKNOWN, FactList
from geoservice.testing.frame import DECIMALS, FRAME, Points
from geoservice.testing.furniture import nearest_address
from geoservice.testing.names import CITY, COMMUNES, RIVER, Organisation
from geoservice.testing.plan import RIVER_WIDTH_M
from geoservice.testing.rates import CITY as CITY_RATES
from geoservice.testing.rates import INHABITANTS, LANDLORD, TRANSPORT

if TYPE_CHECKING:
    from geoservice.testing.assembly import Town

LANDLORD_COLUMNS = ("id", "code_residence", "batiment", "hall", "adresse", "code_postal", "commune", "lon", "lat", "date",
                    "heure", "date_fin", "heure_fin", "categorie", "nature", "lieu", "gravite", "plainte", "cout")
REPORT_COLUMNS = ("id", "date", "heure", "categorie", "nature", "lieu", "gravite", "adresse", "code_postal", "commune",
                  "lon", "lat")
DMR_COLUMNS = ("numero", "type", "soustype", "adresse", "code_postal", "ville", "arrondissement", "conseilquartier", "datedecl",
               "anneedecl", "moisdecl", "prefixe", "intervenant", "id_dmr", "geo_shape", "geo_point_2d", "mois_annee_decla")
BAN_COLUMNS = ("id", "id_fantoir", "numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune",
               "code_insee_ancienne_commune", "nom_ancienne_commune", "x", "y", "lon", "lat", "type_position", "alias",
               "nom_ld", "libelle_acheminement", "nom_afnor", "source_position", "source_nom_voie",
               "certification_commune", "cad_parcelles")


@dataclass(frozen=True)
class Import:
    """One file in the order to import it: `geoservice import LAYER FILE --organisation CODE`."""

    layer: str
    path: Path
    organisation: str
    kind: str | None = None  # of facts


@dataclass(frozen=True)
class Files:
    """What `Town.write` wrote. Dictionaries are by organisation code; `truth` holds truths, rates and totals as JSON."""

    qpv_2024: Path
    qpv_2015: Path
    limites: Path
    batiments: Path
    adresses: Path
    cameras: Path
    eclairage: Path
    voies: Path
    eau: Path
    statistiques: Path
    menages: Path
    logements_sociaux: Path
    patrimoine: dict[str, Path]
    patrimoine_batiments: dict[str, Path]
    halls: dict[str, Path]
    emplacements: dict[str, Path]
    bailleurs: dict[str, Path]
    ville: Path
    habitants: Path
    transport: Path
    truth: Path

    @property
    def all(self) -> tuple[Path, ...]:
        found: list[Path] = []
        for value in vars(self).values():
            found.extend(value.values() if isinstance(value, dict) else [value])
        return tuple(found)

    def imports(self) -> tuple[Import, ...]:
        """Everything, places before the facts that need them."""
        common = (("eau", self.eau), ("voies", self.voies), ("limites", self.limites), ("qpv", self.qpv_2024),
                  ("qpv", self.qpv_2015), ("adresses", self.adresses), ("batiments", self.batiments),
                  ("eclairage", self.eclairage), ("cameras", self.cameras), ("aggregates", self.statistiques),
                  ("menages", self.menages), ("logements-sociaux", self.logements_sociaux))
        out = [Import(layer, path, CITY.code) for layer, path in common]
        places = (("patrimoine", self.patrimoine), ("patrimoine", self.patrimoine_batiments), ("halls", self.halls),
                  ("emplacements", self.emplacements))
        for layer, by_owner in places:
            out += [Import(layer, path, owner) for owner, path in by_owner.items()]
        out += [Import("incidents", path, owner, "bailleur") for owner, path in self.bailleurs.items()]
        out += [Import("incidents", path, CITY.code, kind) for path, kind in
                ((self.ville, "ville"), (self.habitants, "habitant"), (self.transport, "transport"))]
        return tuple(out)


def write(town: Town, folder: Path) -> Files:
    folder.mkdir(parents=True, exist_ok=True)
    owners = [o for o in town.organisations if town.of(o)]
    by = {"patrimoine": residence_rows, "patrimoine-batiments": building_rows, "halls": hall_rows,
          "emplacements": spot_rows}
    tables = {name: {o.code: table(folder / f"{name}-{o.code}.csv", *rows(town, o)) for o in owners} for name, rows in by.items()}
    lists = {o.code: table(folder / f"faits-{o.code}.csv", LANDLORD_COLUMNS, fact_rows(town.facts[o.code], LANDLORD_COLUMNS))
             for o in owners}
    reports = {k: table(folder / f"signalements-{k}.csv", REPORT_COLUMNS, fact_rows(town.facts[k], REPORT_COLUMNS))
               for k in ("habitant", "transport")}
    return Files(
        qpv_2024=geojson(folder / "qpv_2024.geojson", quarter_features(town, 2024)),
        qpv_2015=geojson(folder / "qpv_2015.geojson", quarter_features(town, 2015)),
        limites=geojson(folder / "limites.geojson", commune_features(town)),
        batiments=geojson(folder / "batiments.geojson", building_features(town)),
        adresses=addresses(folder / "adresses-999.csv.gz", town),
        cameras=table(folder / "cameras.csv", ("Code postal", "Numéro", "Implantation", "Précision de l’implantation",
                                               "Date de mise en service", "lon", "lat"), camera_rows(town)),
        eclairage=geojson(folder / "eclairage.geojson", lamp_features(town)),
        voies=geojson(folder / "voies.geojson", road_features(town)), eau=geojson(folder / "eau.geojson", water_features(town)),
        statistiques=table(folder / "statistiques.csv", published.COLUMNS, published.rows(town.seed, town.until)),
        menages=geojson(folder / "menages.geojson", dwelt.squares(town)),
        logements_sociaux=table(folder / "logements-sociaux.csv", dwelt.COLUMNS, dwelt.social(town)),
        patrimoine=tables["patrimoine"], patrimoine_batiments=tables["patrimoine-batiments"], halls=tables["halls"],
        emplacements=tables["emplacements"],
        bailleurs=lists, ville=table(folder / "signalements-ville.csv", DMR_COLUMNS, dmr_rows(town), ","),
        habitants=reports["habitant"], transport=reports["transport"], truth=truth(folder / "truth.json", town))


# --- encoders -----------------------------------------------------------------------------------------------------

def table(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]], delimiter: str = ";") -> Path:
    """A CSV in UTF-8 with line feeds; None and NaN are empty."""
    path.write_bytes(csv_bytes(columns, rows, delimiter))
    return path


def csv_bytes(columns: Iterable[str], rows: Iterable[Iterable[object]], delimiter: str) -> bytes:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def geojson(path: Path, features: Iterable[dict]) -> Path:
    body = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    head = '{"type":"FeatureCollection","name":"' + path.stem + '","crs":{"type":"name","properties":{"name":' \
           '"urn:ogc:def:crs:OGC:1.3:CRS84"}},"features":[\n'
    path.write_text(f"{head}{body}\n]}}\n", encoding="utf-8")
    return path


def feature(kind: str, coordinates: list, **properties: object) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def ring(points: Points) -> list:
    """A closed ring, anticlockwise as GeoJSON asks."""
    p = np.asarray(points, dtype=float)
    p = p[:-1] if np.array_equal(p[0], p[-1]) else p
    x, y = p.T
    p = p if (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0 else p[::-1]
    return [FRAME.lonlat(np.vstack([p, p[:1]])).tolist()]


def degrees(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.{DECIMALS}f}"


def lonlat(x: float, y: float) -> tuple[str, str]:
    lon, lat = FRAME.lonlat(np.array([(x, y)]))[0]
    return degrees(lon), degrees(lat)


def clock(minute: int) -> str:
    return "" if minute == UNKNOWN else f"{minute // 60:02d}:{minute % 60:02d}"


def yes(value: bool) -> str:
    return "oui" if value else "non"


# --- places -------------------------------------------------------------------------------------------------------

def quarter_features(town: Town, generation: int) -> Iterable[dict]:
    for n, q in enumerate(town.quarters(generation), start=1):
        codes, names = (", ".join(getattr(COMMUNES[c], part) for c in q.communes) for part in ("code", "name"))
        if generation == 2015:
            yield feature("Polygon", ring(q.ring), CODE_QP=q.code, NOM_QP=q.name, COMMUNE_QP=names)
        else:
            yield feature("Polygon", ring(q.ring), fid=n, code_qp=q.code, lib_qp=q.name, insee_reg="99", lib_reg="Région fictive",
                          insee_dep="99", lib_dep="Département fictif", insee_com=codes, lib_com=names, siren_epci="999999999")


def commune_features(town: Town) -> Iterable[dict]:
    for commune, shape in zip(COMMUNES, town.plan.communes, strict=True):
        yield feature("Polygon", ring(np.array(shape.exterior.coords)), insee=commune.code, nomcom=commune.name, numdep="99")


def building_features(town: Town) -> Iterable[dict]:
    for n, (f, height) in enumerate(zip(town.footprints, town.heights.tolist(), strict=True), start=1):
        unknown = np.isnan(height)
        yield feature("Polygon", ring(f.ring), ID=f"BATIMENT99{n:014d}", NATURE="Indifférenciée", USAGE1=f.use,
                      NB_LOGTS=f.dwellings, NB_ETAGES=None if unknown else max(1, round(height / FLOOR_M)),
                      HAUTEUR=None if unknown else height)


def lamp_features(town: Town) -> Iterable[dict]:
    for n, point in enumerate(FRAME.lonlat(town.lamps).tolist(), start=1):
        yield feature("Point", point, objectid=n, patri_id=990_000 + n, type="Fonctionnel" if n % 7 else "Habillage")


def road_features(town: Town) -> Iterable[dict]:
    for n, s in enumerate(town.plan.streets, start=1):
        yield feature("LineString", FRAME.lonlat(s.points).tolist(), ID=f"TRONROUT99{n:014d}", NATURE="Route à 1 chaussée",
                      NOM_COLL_G=s.name, IMPORTANCE=str(s.rank + 2), LARGEUR=s.width)


def water_features(town: Town) -> Iterable[dict]:
    """The river from bank to bank."""
    import shapely

    banks = shapely.LineString(town.plan.river).buffer(RIVER_WIDTH_M / 2, cap_style="flat", quad_segs=4)
    yield feature("Polygon", ring(np.array(banks.exterior.coords)), ID="SURFEAU9900000001", NATURE="Rivière", TOPONYME=RIVER)


def residence_rows(town: Town, owner: Organisation) -> tuple[tuple[str, ...], list[tuple]]:
    columns = ("code_residence", "nom", "adresse", "code_postal", "code_insee", "commune", "nb_logements", "annee_construction",
               "lon", "lat")
    rows = [(r.code, r.name, nearest_address(r, town.addresses).line, COMMUNES[r.commune].postcode, COMMUNES[r.commune].code,
             COMMUNES[r.commune].name, r.dwellings, r.year, *lonlat(r.x, r.y)) for r in town.of(owner)]
    return columns, rows


def building_rows(town: Town, owner: Organisation) -> tuple[tuple[str, ...], list[tuple]]:
    """Buildings stand at the middle of their halls."""
    columns = ("code_batiment", "code_residence", "niveau", "nom", "nb_logements", "lon", "lat")
    rows = []
    for r in town.of(owner):
        for code, footprint in zip(r.buildings, r.footprints, strict=True):
            x, y = np.mean([(h.x, h.y) for h in r.halls if h.building == code], axis=0)
            rows.append((code, r.code, "bâtiment", f"{r.name}, bâtiment {code[-1]}", footprint.dwellings, *lonlat(x, y)))
    return columns, rows


def hall_rows(town: Town, owner: Organisation) -> tuple[tuple[str, ...], list[tuple]]:
    columns = ("code", "residence", "batiment", "lon", "lat", "traversant", "digicode", "sureleve", "acces_vehicule", "eclairage")
    rows = [(h.code, r.code, h.building, *lonlat(h.x, h.y), yes(h.through), yes(h.keypad), yes(h.raised), yes(h.vehicles),
             h.lighting) for r in town.of(owner) for h in r.halls]
    return columns, rows


def spot_rows(town: Town, owner: Organisation) -> tuple[tuple[str, ...], list[tuple]]:
    """Where the landlord would hang a camera: the street lamp nearest to each residence."""
    near = [(r.code, town.lamps[np.hypot(*(town.lamps - (r.x, r.y)).T).argmin()]) for r in town.of(owner)]
    return ("emplacement", "support", "lon", "lat"), [(f"E-{code}", "lampadaire", *lonlat(*lamp)) for code, lamp in near]


def camera_rows(town: Town) -> Iterable[tuple]:
    for c in town.cameras:
        yield COMMUNES[0].postcode, c.number, c.site, "croisement", c.service, *lonlat(c.x, c.y)


def addresses(path: Path, town: Town) -> Path:
    """A file of the national base of addresses, with the columns that nobody fills left empty."""
    streets = {name: n for n, name in enumerate(dict.fromkeys(a.street for a in town.addresses), start=1)}
    rows = []
    for a in town.addresses:
        commune = COMMUNES[a.commune]
        key = f"{commune.code}_{streets[a.street]:04d}_{a.number:05d}{'_' + a.suffix if a.suffix else ''}"
        known = {"id": key, "numero": a.number, "rep": a.suffix, "nom_voie": a.street, "code_postal": commune.postcode,
                 "code_insee": commune.code, "nom_commune": commune.name, "type_position": "entrée",
                 "source_position": "commune", "source_nom_voie": "commune", "certification_commune": 1}
        known["lon"], known["lat"] = lonlat(a.x, a.y)
        rows.append([known.get(c, "") for c in BAN_COLUMNS])
    path.write_bytes(gzip.compress(csv_bytes(BAN_COLUMNS, rows, ";"), mtime=0))
    return path


# --- facts --------------------------------------------------------------------------------------------------------

def fact_rows(facts: FactList, columns: tuple[str, ...]) -> Iterable[tuple]:
    """Lines of a landlord's register or of a list of reports, in the order of the list."""
    days = {d: str(date.fromordinal(719163 + d)) for d in np.unique(facts["day"]).tolist()}
    days |= {d + 1: str(date.fromordinal(719164 + d)) for d in list(days)} | {UNKNOWN: ""}
    located = facts["placement"] == "coordonnees"
    texts = {
        "id": facts["id"].tolist(), "date": [days[d] for d in facts["day"].tolist()],
        "heure": [clock(m) for m in facts["minute"].tolist()], "categorie": categories(facts),
        "nature": facts["nature"].tolist(), "lieu": facts["place"].tolist(),
        "gravite": [g or "" for g in facts["gravity"].tolist()], "adresse": facts["address"].tolist(),
        "code_postal": facts["postcode"].tolist(), "commune": facts["city"].tolist(),
        "lon": [degrees(v) for v in np.where(located, facts["lon"], np.nan).tolist()],
        "lat": [degrees(v) for v in np.where(located, facts["lat"], np.nan).tolist()],
        "date_fin": [days[d] for d in facts["end_day"].tolist()], "heure_fin": [clock(m) for m in facts["end_minute"].tolist()],
        "plainte": facts["complaint"].tolist(), "cout": ["" if c == UNKNOWN else c for c in facts["cost"].tolist()]}
    if "residence" in facts.columns:
        texts |= {"code_residence": facts["residence"].tolist(), "batiment": facts["building"].tolist(),
                  "hall": facts["hall"].tolist()}
    return zip(*(texts[c] for c in columns), strict=True)


def categories(facts: FactList) -> list[str]:
    """`DEG.tag` where the kind of damage is known, else `DEG`."""
    return [f"{c}.{s}" if s else c for c, s in zip(facts["category"].tolist(), facts["subcategory"].tolist(), strict=True)]


def dmr_rows(town: Town) -> Iterable[tuple]:
    """Lines shaped as the open reports of Paris; no arrondissement, for the importer reads it as one of Paris."""
    facts = town.facts["ville"]
    services = {"SAL": "Ramen", "DEG": "graffitis", "VEH": "DPMP-Divisions", "TEC": "CIELIS", "AUT": "DVD"}
    days = facts["day"].astype("datetime64[D]").astype(str).tolist()
    columns = zip(facts["rank"].tolist(), facts["type"].tolist(), facts["subtype"].tolist(), facts["address_rank"].tolist(), days,
                  facts["category"].tolist(), facts["id"].tolist(), facts["lon"].tolist(), facts["lat"].tolist(), strict=True)
    for n, type_, subtype, rank, day, category, key, lon, lat in columns:
        a = town.addresses[rank]
        shape = f"{{'type': 'Feature', 'geometry': {{'coordinates': [{lon}, {lat}], 'type': 'Point'}}, 'properties': {{}}}}"
        yield (n, type_, subtype, f"{a.line}, {a.postcode} {a.city.upper()}", a.postcode, a.city, "", "CENTRE", day,
               day[:4], int(day[5:7]), "Android" if n % 3 else "Back Office", services[category], key, shape,
               f"{{'lon': {lon}, 'lat': {lat}}}", day[:7])


def truth(path: Path, town: Town) -> Path:
    """Truths, stated rates and totals; dates as ISO text."""
    rates = {"bailleur": LANDLORD, "ville": CITY_RATES, "habitant": INHABITANTS, "transport": TRANSPORT}
    content = {"truth": asdict(town.truth), "rates": {k: [asdict(r) for r in v] for k, v in rates.items()},
               "totals": {name: asdict(t) for name, t in town.totals().items()}}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str, allow_nan=False) + "\n", encoding="utf-8")
    return path
