"""Words of the field: closed lists and the small values every step of the stairs may hold.

Lists are closed on purpose: there is no free text and no column for a person. The order of a list is
part of the FactIndex format (a code is its position + 1, 0 means unknown), so members are only ever appended.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

DAY_ZERO = "1970-01-01"  # days are counted from here, in local time
UNKNOWN_HOUR = 255

E = TypeVar("E", bound=StrEnum)


class Kind(StrEnum):
    """Who saw the fact. Counts of different kinds stand side by side and are never added."""

    BAILLEUR = "bailleur"
    VILLE = "ville"
    HABITANT = "habitant"
    TRANSPORT = "transport"


class Nature(StrEnum):
    """Through which channel the fact was reported."""

    GARDIEN = "gardien"
    AGENT_SECURITE = "agent_securite"
    MEDIATEUR = "mediateur"
    RECLAMATION = "reclamation"
    SIGNALEMENT = "signalement"
    PATROUILLE = "patrouille"
    MAIN_COURANTE = "main_courante"
    PLAINTE = "plainte"
    CONSTAT_VIDEO = "constat_video"
    MARCHE = "marche"


class Place(StrEnum):
    """Where in or around the building the fact happened."""

    HALL = "HALL"
    CAGE = "CAGE"
    PALIER = "PALIER"
    ASC = "ASC"
    CAVE = "CAVE"
    SSOL = "SSOL"
    PARK_SS = "PARK-SS"
    PARK_AIR = "PARK-AIR"
    POUB = "POUB"
    VELO = "VELO"
    TOIT = "TOIT"
    COUR = "COUR"
    FACADE = "FACADE"
    ABORDS = "ABORDS"
    VOIE = "VOIE"
    LOGT = "LOGT"
    LOGE = "LOGE"


class Placement(StrEnum):
    """How the position of a fact was found. `rue` and `commune` count in tables and are never points."""

    COORDONNEES = "coordonnees"
    HALL = "hall"
    BATIMENT = "batiment"
    RESIDENCE = "residence"
    NUMERO = "numero"
    RUE = "rue"
    COMMUNE = "commune"


POINT_PLACEMENTS = tuple(p for p in Placement if p not in (Placement.RUE, Placement.COMMUNE))


class Category(StrEnum):
    """Typology of facts. `TEC` is an anomaly and not an incivility; `AUT` is what a city's reports hold besides."""

    OCC = "OCC"
    TRF = "TRF"
    DEG = "DEG"
    VEH = "VEH"
    SAL = "SAL"
    BRU = "BRU"
    ANI = "ANI"
    AGP = "AGP"
    AGL = "AGL"
    VOL = "VOL"
    TEC = "TEC"
    AUT = "AUT"


class Role(StrEnum):
    """What a person is in an organisation; `operations/permissions.py` says what each may do."""

    DSU_MEMBER = "dsu_member"
    ANALYST = "analyst"
    ORG_ADMIN = "org_admin"
    POLICE_LIAISON = "police_liaison"
    PLATFORM_ADMIN = "platform_admin"


class Scope(StrEnum):
    """What a token is good for."""

    READ = "read"
    WRITE = "write"


# AGP (an assault on staff) exists only as counts of a residence or larger: never a tile, a cell or a release.
UNMAPPED_CATEGORIES = (Category.AGP,)

SUBCATEGORIES: dict[Category, dict[str, str]] = {
    Category.OCC: {"hall": "hall", "cage": "cage d’escalier", "cave": "cave", "parking": "parking", "toit": "toit",
                   "logement": "logement vacant"},
    Category.TRF: {"point": "point de deal", "guet": "guet", "stockage": "stockage", "entrave": "entrave à la circulation"},
    Category.DEG: {"tag": "tag", "porte": "porte", "bal": "boîtes aux lettres", "ascenseur": "ascenseur",
                   "eclairage": "éclairage", "video": "vidéo", "incendie": "incendie"},
    Category.VEH: {"ventouse": "voiture ventouse", "epave": "épave", "rodeo": "rodéo", "mecanique": "mécanique sauvage",
                   "incendie": "incendie"},
    Category.SAL: {"depot": "dépôt", "jet": "jet", "urine": "urine", "encombrants": "encombrants"},
    Category.BRU: {},
    Category.ANI: {},
    Category.AGP: {"verbale": "verbale", "menace": "menace", "physique": "physique", "arme": "arme",
                   "domicile": "au domicile"},
    Category.AGL: {"racket": "racket", "menace": "menace", "violence": "violence"},
    Category.VOL: {"logement": "logement", "cave": "cave", "vehicule": "véhicule", "bal": "boîte aux lettres"},
    Category.TEC: {},
    Category.AUT: {},
}

LABELS: dict[StrEnum, str] = {
    Kind.BAILLEUR: "Bailleur", Kind.VILLE: "Ville", Kind.HABITANT: "Habitants", Kind.TRANSPORT: "Transport",
    Nature.GARDIEN: "Gardien", Nature.AGENT_SECURITE: "Agent de sécurité", Nature.MEDIATEUR: "Médiateur",
    Nature.RECLAMATION: "Réclamation de locataire", Nature.SIGNALEMENT: "Signalement d’habitant",
    Nature.PATROUILLE: "Patrouille municipale", Nature.MAIN_COURANTE: "Main courante", Nature.PLAINTE: "Plainte",
    Nature.CONSTAT_VIDEO: "Constat vidéo", Nature.MARCHE: "Marche exploratoire",
    Place.HALL: "Hall", Place.CAGE: "Cage d’escalier", Place.PALIER: "Palier", Place.ASC: "Ascenseur",
    Place.CAVE: "Cave", Place.SSOL: "Sous-sol", Place.PARK_SS: "Parking souterrain", Place.PARK_AIR: "Parking aérien",
    Place.POUB: "Local poubelles", Place.VELO: "Local vélos", Place.TOIT: "Toit", Place.COUR: "Cour",
    Place.FACADE: "Façade", Place.ABORDS: "Abords", Place.VOIE: "Voie", Place.LOGT: "Logement", Place.LOGE: "Loge",
    Placement.COORDONNEES: "Coordonnées", Placement.HALL: "Hall", Placement.BATIMENT: "Bâtiment",
    Placement.RESIDENCE: "Résidence", Placement.NUMERO: "Numéro", Placement.RUE: "Rue", Placement.COMMUNE: "Commune",
    Role.DSU_MEMBER: "Membre DSU", Role.ANALYST: "Analyste", Role.ORG_ADMIN: "Administrateur de l’organisation",
    Role.POLICE_LIAISON: "Référent police", Role.PLATFORM_ADMIN: "Administrateur de la plateforme",
    Scope.READ: "Lecture", Scope.WRITE: "Lecture et écriture",
    Category.OCC: "Occupation, squat", Category.TRF: "Deal, économie parallèle", Category.DEG: "Dégradations",
    Category.VEH: "Véhicules", Category.SAL: "Propreté", Category.BRU: "Bruit", Category.ANI: "Animaux",
    Category.AGP: "Atteinte au personnel", Category.AGL: "Atteinte aux habitants", Category.VOL: "Vols",
    Category.TEC: "Anomalie technique", Category.AUT: "Autre",
}

GRAVITIES: dict[int, str] = {1: "Gêne", 2: "Incivilité répétée", 3: "Dégradation ou menace",
                             4: "Violence, entrave ou trafic"}


def code_of(member: StrEnum | None) -> int:
    """Position of a member in its closed list, counted from 1; 0 for unknown."""
    return 0 if member is None else list(type(member)).index(member) + 1


def member_of(words: type[E], code: int) -> E | None:
    """The member behind a code of `code_of`; None for 0."""
    return None if code == 0 else list(words)[code - 1]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who may read: the organisation they belong to (0 would be open data alone) and how they came in.

    Without a role (a token, the demo, the command line) they act as their organisation. `person` and `mark` are numbers for the
    audit; `glass` is true while a platform administrator may look into the organisation, as two people agreed.
    """

    organisation_id: int
    organisation: str
    name: str
    via: str
    role: Role | None = None
    person: int | None = None
    scope: Scope = Scope.WRITE
    mark: str = ""
    territory: str | None = None
    glass: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east, north in EPSG:4326 degrees."""

    west: float
    south: float
    east: float
    north: float

    def __contains__(self, point: tuple[float, float]) -> bool:
        lon, lat = point
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def intersects(self, other: Box) -> bool:
        return not (other.west > self.east or other.east < self.west or other.south > self.north
                    or other.north < self.south)
