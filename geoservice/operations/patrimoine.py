"""The patrimoine as its people know it: residence, buildings, halls, with what matters for prevention; edited in the page.

An edit is a new version of the feature, in an import of its own: it is in the history, and undone as any import. A file that is
imported again and says what was known before an edit leaves the edit; one that says something new replaces it, and the import
tells how many.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from geoservice.catalog.intake.features import Feature, feature_row
from geoservice.catalog.rows import FEATURE
from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit, jobs, residences
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Near
from geoservice.storage import features, imports
from geoservice.storage import jobs as stored_jobs
from geoservice.storage.facts import Owner
from geoservice.storage.store import Storage
from geoservice.types import Viewer

SOURCE = features.BY_HAND
_KEY, _GENERATION, _NAME, _GEOMETRY, _PROPERTIES = (FEATURE.index(name) for name in (
    "key", "generation", "name", "geometry", "properties"))
LIGHT = ("bon", "moyen", "mauvais", "en panne", "présent", "absent")


@dataclass(frozen=True)
class Field:
    """Something that can be said of a place: its label, its closed list (code → label; None: a number or identifier), and how a
    text is read (BadInput where it cannot be)."""

    label: str
    words: Mapping[str, str] | None
    read: Callable[[str], Any]


def _count(most: int, words: str) -> Callable[[str], Any]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
            raise BadInput(words)
        return int(text)
    return read


def _code(pattern: str, words: str) -> Callable[[str], Any]:
    def read(text: str) -> str:
        found = re.sub(r"[\s-]", "", text).upper()
        if not re.fullmatch(pattern, found, re.ASCII):
            raise BadInput(words)
        return found
    return read


def _word(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in words:
            raise BadInput("Choisissez dans la liste.")
        return words[text]
    return read


_YES_NO = _word({"oui": True, "non": False})
_SAID = {"oui": "Oui", "non": "Non"}
_YEAR = Field("Année de construction", None, _count(2_200, "L’année s’écrit en quatre chiffres."))
_DWELLINGS = Field("Logements", None, _count(20_000, "Le nombre de logements est un nombre entier positif."))
_RNB = Field("Identifiant RNB", None, _code("[0-9A-Z]{12}", "Un identifiant RNB a douze lettres et chiffres."))
_RPLS = Field("Identifiant RPLS", None, _code("[0-9A-Z]{1,20}", "Un identifiant RPLS a vingt lettres et chiffres au plus."))
_HALL = {
    "traversant": Field("Traversant", _SAID, _YES_NO), "sureleve": Field("Surélevé", _SAID, _YES_NO),
    "digicode": Field("Digicode ou contrôle d’accès", _SAID, _YES_NO),
    "acces_vehicule": Field("Accès pour véhicules", _SAID, _YES_NO),
    "eclairage": Field("Éclairage", {word: word.capitalize() for word in LIGHT}, _word({word: word for word in LIGHT})),
}
FIELDS: dict[str, dict[str, Field]] = {
    "residence": {"dwellings": _DWELLINGS, "year": _YEAR, "rnb": _RNB, "rpls": _RPLS},
    "batiment": {"dwellings": _DWELLINGS, "year": _YEAR, "rnb": _RNB, "rpls": _RPLS},
    "hall": {**_HALL, "rnb": _RNB},
}


@dataclass(frozen=True)
class Place:
    """A residence, building or hall: its layer and key, its level (a key of FIELDS), whether this organisation may edit it."""

    layer: str
    key: str
    level: str
    code: str
    name: str
    building: str | None
    point: tuple[float, float] | None
    known: dict[str, Any]
    own: bool

    @property
    def fields(self) -> dict[str, Field]:
        """What can be said of it."""
        return FIELDS[self.level]

    def value(self, name: str) -> str:
        """What a form holds; '' where it is unknown."""
        value = self.known.get(name)
        return "" if value is None else _shown(value)


@dataclass(frozen=True)
class Home:
    """A residence with its buildings and halls; `qpv`: what is near the residence, then each hall, in both generations."""

    residence: Place
    buildings: list[Place]
    halls: list[Place]
    qpv: list[list[Near]]


@dataclass(frozen=True)
class Change:
    """One version of a place: the import that brought it, when, by hand or by which source, and (label, before, after)."""

    import_id: int
    moment: Any
    by_hand: bool
    source: str
    changes: list[tuple[str, str, str]]


def home(reader: Reader, code: str) -> Home:
    """A residence as the patrimoine has it; NotFound when it is in no layer."""
    found = [place for place in _places(reader, "patrimoine", code) if place.level == "residence"]
    if not found:
        raise NotFound("Cette résidence n’est pas dans votre patrimoine.")
    buildings = [place for place in _places(reader, "patrimoine", code) if place.level == "batiment"]
    halls = _places(reader, "halls", code)
    near, *halls_near = ([*residences.near_qpv(reader, place.point)] for place in (found[0], *halls))
    return Home(found[0], buildings, halls, [near, *halls_near])


def _places(reader: Reader, layer: str, residence: str) -> list[Place]:
    """What a layer has of a residence, by name."""
    if layer not in reader.catalog.layers:
        return []
    found = reader.shelf.features(layer)
    rows = [row for row, (key, known) in enumerate(zip(found.keys, found.properties, strict=True))
            if residence in (key, known.get("residence"))]
    mine = _own_keys(reader, layer, [found.keys[row] for row in rows])
    places = []
    for row in rows:
        known, shape, key = found.properties[row], found.geometry[row], found.keys[row]
        level = "hall" if layer == "halls" else known.get("level") or "residence"
        code = str(known.get({"hall": "hall", "batiment": "building"}.get(level, "")) or key)
        point = None if shape is None else (shape.centroid.x, shape.centroid.y)
        if level in FIELDS and (level != "residence" or key == residence):
            name = found.names[row] or code
            places.append(Place(layer, key, level, code, name, known.get("building"), point, known, key in mine))
    return sorted(places, key=lambda place: (place.building or "", place.name))


def _own_keys(reader: Reader, layer: str, keys: list[str]) -> set[str]:
    with reader.shelf.storage.read(scope_of(reader.viewer)) as connection:
        return features.own_keys(connection, layer, reader.viewer.organisation_id, keys)


def edit(storage: Storage, viewer: Viewer, which: tuple[str, str], said: Mapping[str, str]) -> int | None:
    """Say something else of a place, `which` by layer and key; `said`: texts by the names of its fields, '' for unknown.

    The number of the import that it is; None when nothing changed. Only one's own places are edited.
    """
    require(viewer, Action.RECORD, viewer.organisation_id)
    layer, key = which
    with storage.write(scope_of(viewer)) as connection:
        versions = features.history(connection, layer, viewer.organisation_id, key) if layer in ("patrimoine", "halls") else []
        if not versions:
            raise NotFound("Ce lieu n’est pas dans votre patrimoine : ce qui vient de données ouvertes se corrige à sa source.")
        row = versions[0][1]
        known = json.loads(row[_PROPERTIES])
        level = "hall" if layer == "halls" else known.get("level") or "residence"
        given = {name: _read(field, said[name]) for name, field in FIELDS[level].items() if name in said}
        changed = {name: value for name, value in given.items() if value != known.get(name)}
        if not changed:
            return None
        number = stored_jobs.receive(connection, layer, viewer.organisation_id, SOURCE)
        fresh = feature_row(Feature(row[_KEY], row[_GENERATION], row[_NAME], shapely.from_wkb(row[_GEOMETRY]), known | changed))
        owner = Owner(viewer.organisation_id, imports.source_id(connection, layer, SOURCE), number)
        features.write(connection, features.features_of(layer, owner), number, [fresh], by_hand=True)
        imports.advance(connection, number, 1, {**dict.fromkeys(imports.COUNTERS, 0), "lines": 1, "updated": 1}, [])
        imports.finish(connection, number, "done")
        imports.touch(connection, layer, viewer.organisation_id)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "patrimoine.change", f"import {number}")
    return number


def _read(field: Field, text: str) -> Any:
    return None if not text.strip() else field.read(text.strip())


def take_back(storage: Storage, viewer: Viewer, number: int) -> None:
    """Undo an edit, as any import is undone; NotFound for what is no edit of the page."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    if jobs.find(storage, viewer, number).run["source"] != SOURCE:
        raise NotFound("Cette modification n’existe pas.")
    jobs.ask_undo(storage, viewer, number)


def history(storage: Storage, viewer: Viewer, which: tuple[str, str]) -> list[Change]:
    """What changed of a place, the last change first; the oldest version that is kept changed nothing."""
    layer, key = which
    with storage.read(scope_of(viewer)) as connection:
        versions = features.history(connection, layer, viewer.organisation_id, key)
        runs = {number: imports.find(connection, number) for number, _ in versions}
    known = [json.loads(row[_PROPERTIES]) for _, row in versions]
    return [_change(runs[number], number, now, before)
            for (number, _), now, before in zip(versions, known, [*known[1:], None], strict=bool(versions))]


def _change(run: dict[str, Any] | None, number: int, known: dict[str, Any], before: dict[str, Any] | None) -> Change:
    labels = {name: field.label for level in FIELDS.values() for name, field in level.items()}
    names = [] if before is None else [name for name in {**before, **known} if before.get(name) != known.get(name)]
    changes = [(labels.get(name, name), _shown((before or {}).get(name)), _shown(known.get(name))) for name in names]
    source = (run or {}).get("source", "")
    return Change(number, (run or {}).get("finished"), source == SOURCE, source, changes)


def _shown(value: Any) -> str:
    return "inconnu" if value is None else "oui" if value is True else "non" if value is False else str(value)
