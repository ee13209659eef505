"""Fiche de registre (RGPD art. 30), in the order of CNIL's model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoservice.export.paper import MARK, Block, Heading, Paper, Paragraph, bullets, table
from geoservice.operations import papers, papers_measures, retention

if TYPE_CHECKING:
    from geoservice.operations.papers import Agreed, Known

PURPOSES = (
    "Connaître les faits d’incivilité et de dégradation signalés dans les résidences et leurs abords : où, quand, de quel "
    "type, à quel coût",
    "Choisir et suivre des actions de prévention situationnelle (éclairage, accès, médiation, gardiennage)",
    "Rendre compte aux instances locales (CLSPD, GLTD, contrat de ville, bilans d’abattement de TFPB), en nombres seulement",
)
SHARING = "Mettre en commun, entre organisations liées par un accord, des nombres protégés, par lieu et par période"
NOT_DONE = ("Aucune personne n’est recherchée, suivie ni notée. Le service ne prédit pas de comportement. Aucune décision "
            "individuelle n’est prise d’après lui.")
BASES = (
    "Organisme public ou délégataire (commune, office public de l’habitat) : mission d’intérêt public, RGPD art. 6(1)(e)",
    "Bailleur privé (entreprise sociale pour l’habitat) : intérêt légitime, RGPD art. 6(1)(f), avec sa mise en balance",
)
OPEN_POINTS = (
    "Base légale : choisir parmi les deux ci-dessus et le motiver",
    "Données d’infraction (RGPD art. 10, loi Informatique et Libertés art. 46) : le service n’a aucune colonne pour une "
    "personne ; confirmer qu’un fait daté, avec son lieu, ne désigne personne chez vous (petites résidences, maisons)",
    "Atteintes au personnel (catégorie AGP) : comptées par résidence seulement ; confirmer l’information des représentants du "
    "personnel",
    "Référentiels de la CNIL pour le logement social : le « pack » de 2014 est en cours de remplacement (consultation close le "
    "15 février 2026) ; vérifier le texte en vigueur",
    "Durées : chacune est une proposition argumentée, à valider ou à raccourcir (GEOSERVICE_RETENTION)",
)


def compose(known: Known) -> Paper:
    """The fiche of one organisation, or of the whole service."""
    return Paper("Fiche de registre : cartographie des faits de tranquillité résidentielle", (
        *papers.head(known), *_who(known), *_why(known), *_what(known), *_recipients(known), *durations(known), *_security(known),
        *_rights()))


def _who(known: Known) -> tuple[Block, ...]:
    joint = sorted({code for each in known.agreed for code in (each.giver, each.opener)} - {known.organisation or ""})
    return (Heading("1. Acteurs"), table(("Rôle", "Qui"), (
        ("Responsable de traitement",
         f"code « {known.organisation} » ; dénomination et adresse : {MARK}" if known.organisation else MARK),
        ("Représentant légal", MARK), ("Délégué à la protection des données", MARK),
        ("Responsables conjoints (art. 26), d’après les accords", ", ".join(joint) or "aucun accord n’est enregistré"),
        ("Sous-traitant (hébergeur, exploitant)", MARK),
        ("Numéro et date de la fiche", MARK))))


def _why(known: Known) -> tuple[Block, ...]:
    shares = [SHARING] if known.agreed or known.shared else []
    return (Heading("2. Finalités"), bullets(*PURPOSES, *shares), Paragraph(NOT_DONE),
            Heading("3. Base légale"), Paragraph("À trancher par le responsable de traitement, après avis du DPO :"),
            bullets(*BASES, boxes=True), Heading("Points ouverts pour le DPO", 3), bullets(*OPEN_POINTS, boxes=True))


def _what(known: Known) -> tuple[Block, ...]:
    tables = [rule for rule in known.policy.rules if rule.table and rule.then != "keep"]
    accounts = ("person", "identity", "membership", "sign_in", "attempt", "token", "break_glass")
    facts = [rule.title for rule in tables if rule.table not in accounts]
    own = [rule.title for rule in known.policy.rules if rule.table in accounts]
    return (Heading("4. Personnes et données"), table(("Personnes concernées", "Données"), (
        ("Utilisateurs du service (agents des organisations)", " ; ".join(own)),
        ("Habitants, clients, auteurs, victimes, témoins",
         "aucune donnée nominative ; un lieu peut identifier indirectement les occupants d’un petit immeuble"),
        ("Personnel agressé (catégorie AGP)", "un nombre par résidence ; ni point, ni hall, ni nom"))),
        Paragraph("Autres données tenues : " + " ; ".join(facts) + "."),
        Paragraph("Données sensibles (art. 9) : aucune colonne n’en tient. Données d’infraction (art. 10) : voir les points "
                  "ouverts."))


def _recipients(known: Known) -> tuple[Block, ...]:
    members = [(f"{label} ({number})", "selon son rôle, dans son organisation") for label, number in known.members.items()]
    openers = [(f"Organisation « {each.opener} »", f"diffusions protégées : {_given(each)}") for each in known.agreed
               if known.organisation in (None, each.giver)]
    return (Heading("5. Destinataires"), table(("Destinataire", "De quoi"), (*members, *openers, *outside(known))),
            Paragraph("Transferts hors de l’Union européenne : le service n’en fait aucun de lui-même ; services extérieurs "
                      f"ci-dessus et hébergement : {MARK}."))


def _given(each: Agreed) -> str:
    return f"{each.zone}, faits de « {each.giver} », jusqu’au {each.last:%d/%m/%Y} ({each.state})"


def outside(known: Known) -> list[tuple[str, str]]:
    """Services of others that these settings call."""
    settings = known.settings
    found = []
    if settings.geocoding:
        found.append((f"Service de géocodage ({settings.geocoding_url})", "les adresses à placer, sans autre donnée"))
    if settings.basemap:
        found.append(("Géoplateforme de l’IGN",
                      "les images de fond de carte sont demandées par le navigateur de l’utilisateur : l’IGN voit son adresse "
                      "de réseau et la zone regardée"))
    if settings.oidc_issuer:
        found.append((f"{settings.oidc_name} ({settings.oidc_issuer})", "la connexion des utilisateurs"))
    return found or [("Services extérieurs", "aucun : ni géocodage, ni fond de carte, ni fournisseur d’identité n’est branché")]


def durations(known: Known) -> tuple[Block, ...]:
    """Every rule of retention as it holds for this organisation."""
    rows = retention.as_rows(known.policy, known.organisation)
    return (Heading("6. Durées de conservation"),
            table(("Données", "Durée", "Comptée depuis", "Ensuite", "Pourquoi"),
                  ((row["title"], row["kept"], row["since"], row["then"], row["why"]) for row in rows)),
            Paragraph(f"L’effacement est fait par « geoservice purge » ; sa planification chaque nuit relève de l’exploitant. "
                      f"Les sauvegardes faites avant contiennent encore ce qui a été effacé : leur propre durée est à fixer "
                      f"({MARK})."))


def _security(known: Known) -> tuple[Block, ...]:
    return (Heading("7. Mesures de sécurité"), Paragraph("Celles que le service applique, avec ce qui a été mesuré :"),
            table(("Mesure", "Ce qu’elle fait ici", "Mesuré"), papers_measures.against(known)),
            Paragraph(f"Chiffrement du disque et du transport, lieu des sauvegardes, gestion des postes, habilitation et "
                      f"sensibilisation des agents : {MARK}."))


def _rights() -> tuple[Block, ...]:
    return (Heading("8. Droits des personnes"), bullets(
        "Utilisateurs : accès et rectification sur la page « Compte » ; effacement par l’administrateur, ou « geoservice purge "
        "--person EMAIL » à leur demande : il ne reste que leur numéro au journal",
        "Habitants : aucune donnée nominative ne permet de les retrouver (RGPD art. 11) ; une demande relative à un lieu "
        "s’instruit avec l’organisation qui a transmis le fait",
        f"Information des personnes, contact pour exercer ses droits : {MARK}"),)
