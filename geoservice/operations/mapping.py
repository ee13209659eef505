"""A source corrected by hand: which column fills which field, and what values mean. Always the organisation's own data."""

from __future__ import annotations

import glob
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoservice.catalog.draft import CLOSED
from geoservice.catalog.layers import Catalog
from geoservice.catalog.recognise import missing
from geoservice.catalog.schema import FACT_FIELDS, ReadHints, SourceSpec, ValueMap, check_source, is_code, parse
from geoservice.errors import BadInput, Forbidden
from geoservice.operations import ingest
from geoservice.types import Kind

DEFAULT = "incidents"
OWN = "fichier"  # the name of a mapping that is nobody's, as on the command line
MOST_VALUES, LONGEST_VALUE = 2_000, 500
# how dates are written where day and month could be either; day first is how they are read anyway
DATES: dict[str, tuple[str, ...]] = {"jour": (), "mois": tuple(
    f"%m{mark}%d{mark}{year}{clock}" for mark in "/-." for year in ("%Y", "%y")
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"))}
_GEOMETRY_FIELDS = ("point", "lon", "x")
# the fields of a fact and of a residence, as people say them; other layers have their own words
LABELS: dict[str, str] = {
    "key": "Identifiant", "date": "Date", "time": "Heure", "end_date": "Date de fin", "end_time": "Heure de fin",
    "category": "Catégorie", "subtype": "Détail de la catégorie", "nature": "Nature du signalement", "gravity": "Gravité",
    "place": "Lieu dans le bâti", "complaint": "Plainte déposée", "cost": "Coût", "lon": "Longitude", "lat": "Latitude",
    "x": "Coordonnée X", "y": "Coordonnée Y", "epsg": "Code EPSG", "point": "Point (latitude, longitude)", "hall": "Hall",
    "building": "Bâtiment", "residence": "Résidence", "commune": "Commune (code INSEE)", "address": "Adresse",
    "number": "Numéro dans la voie", "street": "Voie", "postcode": "Code postal", "citycode": "Code INSEE", "city": "Ville",
    "code": "Code", "name": "Nom", "dwellings": "Nombre de logements", "year": "Année de construction", "landlord": "Bailleur",
    "programme": "Programme", "mode": "Mode de réalisation", "floors": "Étages", "suffix": "Indice de répétition",
    "street_type": "Type de voie", "quality": "Qualité", "precision_m": "Précision en mètres", "qpv2024": "QPV 2024",
    "qpv2015": "QPV 2015", "traversant": "Hall traversant", "sureleve": "Hall surélevé", "digicode": "Digicode",
    "acces_vehicule": "Accès des véhicules", "eclairage": "Éclairage", "height": "Hauteur", "level": "Niveau",
    "generation": "Millésime", "type": "Type", "departement": "Département", "communes": "Communes",
}


def label_of(need: str) -> str:
    """A required field, or `a|b` for either, as people say it."""
    return " ou ".join(LABELS.get(field, field) for field in need.split("|"))


@dataclass(frozen=True)
class Correction:
    """What a person changed: `columns` field → column (None: as recognised), `values` field → value → code."""

    source: str | None = None
    columns: Mapping[str, str] | None = None
    values: Mapping[str, Mapping[str, str]] | None = None
    kind: str | None = None
    crs: str | None = None
    sheet: str | None = None
    member: str | None = None  # the file name of a table in an archive
    dates: str | None = None

    @property
    def read(self) -> ReadHints:
        """Which table of the file."""
        return ReadHints(sheet=self.sheet, member=None if self.member is None else glob.escape(self.member))


@dataclass(frozen=True)
class Reading:
    """How a file is going to be read: the source, whether it is one that the layer knows, and the file's columns."""

    spec: SourceSpec
    known: bool
    columns: list[str]

    @property
    def bound(self) -> dict[str, str]:
        """Field → column."""
        return self.spec.bind(self.columns)

    def missing(self, geometry: bool) -> list[str]:
        """Required fields, `a|b` for either, that nothing fills."""
        return missing(self.spec, {**self.bound, **(dict.fromkeys(_GEOMETRY_FIELDS, "") if geometry else {})})


def layer_of(catalog: Catalog, columns: Sequence[str]) -> str:
    """The layer whose sources understand most columns; facts where none does."""
    found = [(len(set(source.bind(columns).values())), name) for name in catalog.layers
             if (source := catalog.recognise(name, columns)) is not None]
    best = max((score for score, _ in found), default=0)
    names = [name for score, name in found if score == best]
    return DEFAULT if DEFAULT in names or not names else names[0]


def fields_of(catalog: Catalog, layer: str) -> list[str]:
    """Every field that a column can fill in a layer."""
    if catalog.layer(layer).stores == "facts":
        return list(FACT_FIELDS)
    return list(dict.fromkeys(field for source in catalog.sources[layer].values() for field in source.columns))


def read_as(catalog: Catalog, layer: str, file: tuple[Path, list[str]], correction: Correction) -> Reading:
    """The source for a file (its path and columns): named or recognised, else proposed; then corrected.

    Forbidden where the data are open: they serve everybody, so the person who keeps the service imports them.
    """
    path, columns = file
    base = catalog.source(layer, correction.source) if correction.source else catalog.recognise(layer, columns)
    known = base is not None
    spec = base or _proposed(catalog, layer, path, correction.read)
    _own_only(spec, catalog, layer)
    return Reading(_corrected(spec, catalog, layer, columns, correction), known, columns)


def _own_only(spec: SourceSpec, catalog: Catalog, layer: str) -> None:
    if spec.access == "open" or catalog.layer(layer).stores == "addresses":
        raise Forbidden(f"« {spec.title} » : ces données sont publiées et servent à toutes les organisations. Elles s’importent "
                        "en ligne de commande, par la personne qui administre le service : "
                        f"« geoservice import {layer} FICHIER ».")


def _proposed(catalog: Catalog, layer: str, path: Path, read: ReadHints) -> SourceSpec:
    """What the names of columns suggest, with the words that the layer's own sources understand."""
    stores = catalog.layer(layer).stores
    draft = ingest.propose(catalog, ingest.ImportRequest(layer, (path,), read=read))
    spec = check_source(parse(SourceSpec, {"name": OWN, **tomllib.loads(draft.toml)}, OWN), stores, OWN)
    if stores != "facts":
        return spec
    known: dict[str, ValueMap] = {}
    for source in catalog.sources[layer].values():
        if source.access == "organisation":
            known = {**source.values, **known}
    own = {name: values.model_copy(update={"map": {**known[name].map, **values.map}, "rules": known[name].rules})
           if name in known else values for name, values in spec.values.items()}
    return spec.model_copy(update={"values": {**known, **own}})


def _corrected(spec: SourceSpec, catalog: Catalog, layer: str, columns: list[str], given: Correction) -> SourceSpec:
    stores = catalog.layer(layer).stores
    tables: dict[str, Any] = {**spec.model_dump(exclude_unset=True, mode="json"), "access": "organisation", "layer": layer}
    if given.columns is not None:
        _check_columns(given.columns, fields_of(catalog, layer), columns)
        tables["columns"] = {field: [column] for field, column in given.columns.items()}
    if given.values:
        _check_values(given.values, stores)
        known = tables.get("values", {})
        tables["values"] = {**known, **{field: {**known.get(field, {}), "map": {**known.get(field, {}).get("map", {}), **codes}}
                                        for field, codes in given.values.items()}}
    if given.kind is not None and stores == "facts":
        tables["kind"] = _kind(given.kind)
    if given.crs is not None:
        if not re.fullmatch(r"EPSG:\d{4,6}", given.crs, re.ASCII):
            raise BadInput("Le système de coordonnées s’écrit comme EPSG:2154.")
        tables["crs"] = given.crs
    chosen = given.read.model_dump(exclude_none=True)
    if chosen:
        tables["read"] = {**tables.get("read", {}), **chosen}
    if given.dates is not None:
        tables["formats"] = {**tables.get("formats", {}), "date": _dates(given.dates)}
    return check_source(parse(SourceSpec, tables, OWN), stores, OWN)


def _dates(text: str) -> list[str]:
    if text not in DATES:
        raise BadInput(f"L’ordre des dates est l’un de ceux-ci : {', '.join(DATES)}.")
    return list(DATES[text])


def _kind(text: str) -> str:
    if text not in set(Kind):
        raise BadInput(f"L’origine des faits est l’une de celles-ci : {', '.join(Kind)}.")
    return text


def _check_columns(given: Mapping[str, str], fields: Sequence[str], columns: Sequence[str]) -> None:
    if not set(given) <= set(fields):
        raise BadInput(f"Un champ de la correspondance n’existe pas. Champs possibles : {', '.join(fields)}.")
    if not set(given.values()) <= set(columns):
        raise BadInput("Une colonne de la correspondance n’est pas dans ce fichier. Relancez l’aperçu.")


def _check_values(given: Mapping[str, Mapping[str, str]], stores: str) -> None:
    if stores != "facts" or not set(given) <= set(CLOSED):
        raise BadInput(f"Les valeurs se traduisent pour ces champs d’un fait : {', '.join(CLOSED)}.")
    for field, codes in given.items():
        if len(codes) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in codes):
            raise BadInput(f"Un champ a {MOST_VALUES} valeurs au plus, de {LONGEST_VALUE} caractères au plus.")
        if any(code and not is_code(field, code) for code in codes.values()):
            raise BadInput(f"Un code du champ « {field} » n’existe pas. Choisissez-le dans la liste de l’aperçu.")
