"""What was done, by whom, on what: never a payload, a name, an e-mail or an address of the network."""

from __future__ import annotations

import logging
from typing import Any

from geoservice.core.chain import SEAL, START, Entry, Verdict, check
from geoservice.errors import BadInput, GeoserviceError
from geoservice.storage import audit as stored
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Viewer

COMMAND, SERVICE, NOBODY = "commande", "service", "inconnu"
DONE, REFUSED = "fait", "refus"
SHOWN = 100
log = logging.getLogger("geoservice.audit")

LABELS = {
    "connexion": "Connexion", "deconnexion": "Déconnexion", "connexion.limite": "Trop d’essais de connexion",
    "connexion.revoquee": "Connexion fermée à distance", "connexion.organisation": "Organisation choisie",
    "identite.reliee": "Compte relié à un fournisseur d’identité", "identite.retiree": "Lien avec un fournisseur retiré",
    "acces": "Accès demandé", "export": "Export",
    "import.demande": "Import demandé", "import": "Import", "annulation.demande": "Annulation demandée",
    "annulation": "Annulation d’un import", "saisie": "Saisie d’un fait",
    "saisie.annulee": "Saisie annulée", "signalements.reunis": "Signalements réunis en un fait",
    "signalement.separe": "Signalement séparé d’un fait", "suite.ouverte": "Partenaire saisi", "suite.close": "Suite close",
    "patrimoine.change": "Patrimoine modifié", "patrimoine.annule": "Modification du patrimoine annulée",
    "jeton.cree": "Jeton créé", "jeton.revoque": "Jeton révoqué", "membre.ajoute": "Membre ajouté",
    "membre.role": "Rôle changé", "membre.retire": "Membre retiré", "personne.supprimee": "Compte supprimé",
    "mot-de-passe": "Mot de passe changé",
    "organisation.creee": "Organisation créée", "convention.creee": "Convention créée",
    "convention.retiree": "Convention retirée",
    "territoire.cree": "Territoire de partage créé", "territoire.change": "Territoire de partage modifié",
    "territoire.signe": "Origine à propriétaire unique signée", "diffusion": "Diffusion publiée",
    "diffusion.refusee": "Diffusion refusée par l’audit", "divulgation": "Information donnée hors du service",
    "lien.cree": "Lien de partage créé", "lien.revoque": "Lien de partage retiré", "cle.creee": "Clé de lecture créée",
    "cle.revoquee": "Clé de lecture retirée", "patrouille.demandee": "Passage demandé",
    "patrouille.retiree": "Demande de passage retirée", "patrouille.repondue": "Demande de passage répondue",
    "seance.creee": "Réunion créée", "seance.close": "Réunion close", "decision.prise": "Décision notée",
    "decision.suivie": "Décision suivie", "instantane.fait": "Instantané figé", "instantane.allege": "Faits figés effacés",
    "hall.etat": "État d’un hall dit à la main", "hall.etat-retire": "État d’un hall rendu aux règles",
    "levier.note": "Levier noté", "levier.change": "Plan de levier modifié", "levier.verrouille": "Plan de levier verrouillé",
    "levier.deverrouille": "Plan de levier déverrouillé", "levier.retire": "Levier retiré",
    "plan.garde": "Plan de caméras gardé", "plan.retire": "Plan de caméras retiré",
    "purge": "Effacement de ce qui est échu", SEAL: "Lignes anciennes scellées et effacées",
    "bris-de-glace.demande": "Accès exceptionnel demandé", "bris-de-glace.accorde": "Accès exceptionnel accordé",
}


def actor_of(viewer: Viewer) -> str:
    """Who acts, as a sort and a number."""
    return viewer.mark or viewer.via


def note(connection: Any, organisation_id: int, actor: str, action: str, thing: str = "", outcome: str = DONE) -> None:
    """Add a row, in the transaction of what it tells."""
    if action not in LABELS or action == SEAL:  # seals are made by `stored.seal` alone
        raise ValueError(action)
    stored.append(connection, organisation_id, actor, (action, thing, outcome))


def note_alone(storage: Storage, organisation_id: int, actor: str, action: str, thing: str = "", outcome: str = DONE) -> None:
    """Add a row about something that writes nothing itself; where the folder cannot be written, a line of the log says so."""
    try:
        with storage.write(RowScope()) as connection:
            note(connection, organisation_id, actor, action, thing, outcome)
    except GeoserviceError:
        log.warning("audit: a row could not be written")


def verify(storage: Storage, anchor: str | None = None) -> Verdict:
    """Read the whole chain; `anchor` is what `head` once printed: NUMBER:HASH."""
    with storage.read() as connection:
        return check(stored.entries(connection), stored.days(connection), None if anchor is None else _anchor(anchor))


def head(storage: Storage) -> str:
    """NUMBER:HASH of the last row, to be kept elsewhere."""
    with storage.read() as connection:
        days = stored.days(connection)
    number, digest = max(days.values(), default=(0, START))
    return f"{number}:{digest}"


def days(storage: Storage) -> dict[str, str]:
    """NUMBER:HASH of the last row of each day."""
    with storage.read() as connection:
        return {day: f"{number}:{digest}" for day, (number, digest) in stored.days(connection).items()}


def listing(storage: Storage, organisation_id: int, before: int | None = None, most: int = SHOWN) -> list[Entry]:
    """Rows of an organisation, newest first."""
    with storage.read(RowScope.of_organisation(organisation_id)) as connection:
        return stored.latest(connection, organisation_id, before, most)


def _anchor(text: str) -> tuple[int, str]:
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16 and len(digest) == 64):
        raise BadInput("L’empreinte s’écrit NUMÉRO:EMPREINTE, comme « geoservice audit head » l’affiche.")
    return int(number), digest
