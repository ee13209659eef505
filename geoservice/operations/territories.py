"""Territories: grounds on which organisations publish together, what each asks for, and who signed for a kind of its own."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from geoservice.core.disclosure.parameters import VOLUME_CLASSES, Parameters, volume_floor
from geoservice.core.disclosure.slots import GROUPS, Groups
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import audit, sharedground
from geoservice.operations.permissions import Action, require
from geoservice.operations.sharedground import Ground
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import LABELS, Category, Kind, Viewer

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}", re.ASCII)
_INSEE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)


@dataclass(frozen=True)
class Terms:
    """What a territory asks for. volumes: the yearly volume it DECLARES for each kind (a public number, never counted here);
    open_kinds: kinds of which open facts enter, as an organisation of their own; groups: of categories."""

    volumes: dict[str, int]
    open_kinds: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(GROUPS))
    parameters: Parameters = field(default_factory=Parameters)

    def __post_init__(self) -> None:
        """Refuse kinds and groups that do not exist, and volumes under the smallest class."""
        kinds = [str(kind) for kind in Kind]
        if not self.volumes or not {*self.volumes, *self.open_kinds} <= set(kinds):
            raise BadInput(f"Déclarez un volume annuel pour au moins une origine : {', '.join(kinds)} (--volume bailleur=5000).")
        if set(self.open_kinds) - set(self.volumes):
            raise BadInput("Une origine dont les données ouvertes entrent a besoin d’un volume déclaré.")
        low = [kind for kind, volume in self.volumes.items() if volume_floor(volume) == 0]
        if low:
            raise BadInput(f"Moins de {VOLUME_CLASSES[0]} faits par an ({', '.join(low)}) : c’est trop peu pour être diffusé "
                           "sans désigner personne.")
        Groups(self.groups)
        known = {str(category) for category in Category}
        wrong = sorted({each for members in self.groups.values() for each in members} - known)
        if wrong or not all(re.fullmatch(r"[a-z][a-z-]{0,19}", name) for name in self.groups):
            raise BadInput("Un groupe s’écrit nom=SAL,DEG, avec des codes de catégories et un nom en minuscules.")

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def terms_of(text: str) -> Terms:
    """Terms from their JSON."""
    held = json.loads(text)
    return Terms(held["volumes"], tuple(held["open_kinds"]), {name: tuple(each) for name, each in held["groups"].items()},
                 Parameters(**held["parameters"]))


@dataclass(frozen=True)
class Signature:
    """An organisation (number, code) that accepted, as the only owner of a kind, that its counts of ten and more be read."""

    kind: str
    organisation_id: int
    organisation: str
    signed: str


@dataclass(frozen=True, eq=False)
class Territory:
    """A territory as it is kept; `ground` are its places."""

    number: int
    code: str
    name: str
    communes: tuple[str, ...]
    terms: Terms
    ground: Ground
    signatures: tuple[Signature, ...]

    def signed(self, kind: str) -> Signature | None:
        """The signature for a kind, if there is one."""
        return next((each for each in self.signatures if each.kind == kind), None)


@dataclass(frozen=True)
class Plan:
    """What somebody wants a new territory to be."""

    code: str
    name: str
    communes: tuple[str, ...]
    terms: Terms


def create(storage: Storage, viewer: Viewer, plan: Plan) -> Territory:
    """A new territory: its places are made now, once, from the layers that are imported."""
    require(viewer, Action.PUBLISH)
    if not _CODE.fullmatch(plan.code):
        raise BadInput("Le code d’un territoire s’écrit en minuscules, chiffres et tirets (2 à 40), par exemple « orvelle ».")
    if not 1 <= len(plan.name) <= 120 or not plan.name.isprintable():
        raise BadInput("Le nom d’un territoire compte de 1 à 120 caractères visibles.")
    communes = tuple(dict.fromkeys(plan.communes))
    if not communes or not all(_INSEE.fullmatch(each) for each in communes):
        raise BadInput("Donnez les communes du territoire par leur code INSEE (--commune 93066).")
    _alone(storage, plan.code, communes)
    ground = sharedground.build(storage, plan.code, communes, plan.terms.parameters)
    ground.places()  # refuses what could not be published
    values = {"code": plan.code, "name": plan.name, "communes": ",".join(communes), "terms": plan.terms.text(),
              "atoms": sharedground.pack(ground), "digest": ground.atoms.digest}
    with storage.only_writer():
        _alone(storage, plan.code, communes)
        with storage.write() as connection:
            number = stored.add_territory(connection, values)
            audit.note(connection, OPEN, audit.actor_of(viewer), "territoire.cree", f"territoire {number}")
    return Territory(number, plan.code, plan.name, communes, plan.terms, ground, ())


def _alone(storage: Storage, code: str, communes: tuple[str, ...]) -> None:
    """One release a territory, one territory a commune."""
    with storage.read() as connection:
        others = stored.territories(connection)
    for other in others:
        if other.code == code:
            raise Conflict(f"Le territoire « {code} » existe déjà.")
        shared = set(other.communes.split(",")) & set(communes)
        if shared:
            raise Conflict(f"La commune {min(shared)} appartient déjà au territoire « {other.code} » : deux diffusions ne "
                           "couvrent jamais le même lieu.")


def change(storage: Storage, viewer: Viewer, code: str, volumes: dict[str, int], open_kinds: tuple[str, ...]) -> Territory:
    """Declare other volumes; for kinds that are out already they count from the next revision on."""
    require(viewer, Action.PUBLISH)
    found = load(storage, code)
    terms = replace(found.terms, volumes={**found.terms.volumes, **volumes},
                    open_kinds=tuple(dict.fromkeys((*found.terms.open_kinds, *open_kinds))))
    with storage.write() as connection:
        stored.set_terms(connection, found.number, terms.text())
        audit.note(connection, OPEN, audit.actor_of(viewer), "territoire.change", f"territoire {found.number}")
    return replace(found, terms=terms)


def sign(storage: Storage, viewer: Viewer, code: str, kind: str) -> Signature:
    """The viewer's organisation accepts, as the only owner of a kind, that its counts of ten and more are read."""
    require(viewer, Action.MANAGE_AGREEMENTS, viewer.organisation_id)
    found = load(storage, code)
    if kind not in found.terms.volumes:
        raise BadInput(f"« {code} » diffuse {', '.join(found.terms.volumes)} : « {kind} » n’en fait pas partie.")
    before = found.signed(kind)
    if before is not None:
        raise Conflict(f"« {kind} » est déjà signée par « {before.organisation} ».")
    values = {"territory_id": found.number, "kind": kind, "organisation_id": viewer.organisation_id,
              "actor": audit.actor_of(viewer)}
    with storage.write() as connection:
        stored.sign(connection, values)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "territoire.signe",
                   f"territoire {found.number} {kind}")
    signature = load(storage, code).signed(kind)
    assert signature is not None
    return signature


def load(storage: Storage, code: str) -> Territory:
    """A territory with its places; NotFound without one, NotReady when its places are not those that were made."""
    with storage.read() as connection:
        row = stored.territory(connection, code)
        known = [each.code for each in stored.territories(connection)]
        signed = [] if row is None else stored.signatures(connection, row.id)
    if row is None:
        raise NotFound(f"Le territoire « {code} » n’existe pas. " + (
            f"Territoires connus : {', '.join(known)}." if known else "Créez-le avec « geoservice territory create »."))
    ground = sharedground.unpack(row.atoms)
    if ground.atoms.digest != row.digest:
        raise Conflict(f"Les îlots de diffusion de « {code} » ne sont pas ceux qui ont été créés : restaurez une sauvegarde.")
    return Territory(row.id, row.code, row.name, tuple(row.communes.split(",")), terms_of(row.terms), ground, tuple(
        Signature(each.kind, each.organisation_id, each.organisation, each.signed.isoformat(timespec="seconds"))
        for each in signed))


def listing(storage: Storage) -> list[Any]:
    """Codes, names and communes of all territories."""
    with storage.read() as connection:
        return list(stored.territories(connection))


def parameters(given: dict[str, str]) -> Parameters:
    """Parameters with some other numbers than the measured ones, by name."""
    known = {each.name: each.type for each in fields(Parameters)}
    try:
        return Parameters(**{name: float(value) if known[name] == "float" else int(value) for name, value in given.items()})
    except KeyError as error:
        raise BadInput(f"Le paramètre {error} n’existe pas ; choix possibles : {', '.join(known)}.") from None
    except ValueError:
        raise BadInput("La valeur d’un paramètre est un nombre.") from None


def _signed(by: Signature | None) -> dict[str, str] | None:
    return None if by is None else {"by": by.organisation, "at": by.signed}


def told(territory: Territory) -> dict[str, Any]:
    """What `territory show` says, as one object; everything in it is public."""
    made, found = territory.ground.atoms, territory.ground.places()
    inside = made.atom >= 0
    return {"code": territory.code, "name": territory.name, "communes": list(territory.communes),
            "kinds": {kind: {"label": LABELS[Kind(kind)], "declared": volume, "class": volume_floor(volume),
                             "open": kind in territory.terms.open_kinds,
                             "signed": _signed(territory.signed(kind))}
                      for kind, volume in territory.terms.volumes.items()},
            "groups": {name: list(members) for name, members in territory.terms.groups.items()},
            "parameters": asdict(territory.terms.parameters),
            "atoms": {"version": made.version, "digest": made.digest, "sources": list(made.sources),
                      "number": len(made.dwellings),
                      "lived_in": int((made.dwellings > 0).sum()), "cells": int(inside.sum()), "left_out": int((~inside).sum()),
                      "dwellings": round(float(made.dwellings.sum()))},
            "places": {level: len(held) for level, held in found.published.items()},
            "warnings": territory.ground.warnings()}
