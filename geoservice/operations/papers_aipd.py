"""Projet d'analyse d'impact, in the outline of CNIL's PIA: context, principles, risks, validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoservice.export.paper import MARK, Block, Heading, Paper, Paragraph, bullets, table
from geoservice.operations import papers, papers_measures, papers_registre
from geoservice.operations.papers_measures import ACCESS, CHANGE, LOSS
from geoservice.types import LABELS, Category

if TYPE_CHECKING:
    from geoservice.operations.papers import Known

RISKS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # impacts, threats, sources
    ACCESS: ("Accès illégitime à des données", (
        "désigner les occupants d’un immeuble ou d’un hall, les stigmatiser, les exposer à des représailles",
        "apprendre à une organisation les faits d’une autre, par différences entre des nombres partagés"), (
        "mot de passe volé, jeton prêté, poste laissé ouvert",
        "lecture d’une carte partagée croisée avec ses propres faits ou avec le terrain",
        "copie du dossier de données ou d’une sauvegarde"), (
        "partenaire curieux, agent d’une organisation, attaquant extérieur, exploitant",)),
    CHANGE: ("Modification non désirée de données", (
        "agir au mauvais endroit, accuser un lieu à tort, fausser un bilan",), (
        "fichier mal rempli ou truqué, import au mauvais nom, écriture directe dans la base",
        "effacement de traces après coup"), (
        "agent par erreur, attaquant, exploitant",)),
    LOSS: ("Disparition de données", (
        "ne plus pouvoir suivre une action ni rendre compte",), (
        "panne de disque, arrêt brutal, erreur de manipulation, purge mal réglée"), (
        "panne, exploitant, attaquant",)),
}


def compose(known: Known) -> Paper:
    """The draft for one organisation, or for the whole service."""
    return Paper("Projet d’analyse d’impact (AIPD) : cartographie des faits de tranquillité résidentielle", (
        *papers.head(known),
        Paragraph("Une AIPD est attendue : la gestion du logement social et les fichiers mutualisés de manquements figurent "
                  "sur la liste de la CNIL de 2018 (à vérifier par le DPO). Plan de la CNIL (méthode PIA).", note=True),
        *_context(known), *_principles(known), *_risks(known), *_validation()))


def _context(known: Known) -> tuple[Block, ...]:
    shared = "; ".join(f"{each.name} ({', '.join(each.communes)})" for each in known.shared)
    return (Heading("1. Contexte"), Heading("1.1 Vue d’ensemble", 3),
            bullets(*papers_registre.PURPOSES), Paragraph(papers_registre.NOT_DONE), table(("Élément", "Valeur"), (
                ("Organisations sur ce service", ", ".join(known.organisations) or "aucune"),
                ("Membres, par rôle", ", ".join(f"{label} : {number}" for label, number in known.members.items()) or "aucun"),
                ("Accords de partage", f"{sum(each.state == 'en cours' for each in known.agreed)} en cours, "
                                       f"{len(known.agreed)} en tout"),
                ("Territoires de diffusion", shared or "aucun"),
                ("Enjeux, volumes, population concernée", MARK), ("Référentiels applicables", MARK))),
            Heading("1.2 Données, processus et supports", 3),
            table(("Étape", "Ce qui se passe", "Support"), (
                ("Collecte", "exports d’un bailleur ou d’une ville, saisie d’un fait par programme ; listes fermées, aucun "
                             "texte libre",
                 "fichier reçu, gardé " + known.kept("fichiers")),
                ("Placement", "coordonnées, code de hall ou de résidence, adresse" + (
                    f" (envoyée à {known.settings.geocoding_url})" if known.settings.geocoding else ", sur place : rien n’est "
                                                                                                    "envoyé"),
                 known.health.engine),
                ("Usage", "carte et statistiques pour les membres de l’organisation", "index de lecture par organisation"),
                ("Partage", "diffusions protégées, sous accord daté" if known.agreed or known.shared else "aucun à ce jour",
                 "fichiers publiés"),
                ("Fin", "réduction puis effacement : " + known.kept("faits-precision") + ", puis " + known.kept("faits"),
                 "purge"))))


def _principles(known: Known) -> tuple[Block, ...]:
    coarse = LABELS[Category.AGP].lower()
    return (Heading("2. Principes fondamentaux"), Heading("2.1 Proportionnalité et nécessité", 3),
            table(("Principe", "Ce qui est fait", "Reste à décider"), (
                ("Finalités déterminées", "celles de la fiche de registre", "les confirmer : " + MARK),
                ("Fondement", "voir la fiche de registre", " / ".join(papers_registre.BASES)),
                ("Minimisation", f"aucune personne ; {coarse} : par résidence seulement ; point et heure réduits après "
                                 f"{known.kept('faits-precision')}", "champs facultatifs d’un export : " + MARK),
                ("Exactitude", "chaque ligne refusée est dite avec sa raison ; un import s’annule ; les versions sont gardées "
                 + known.kept("versions"), "qui corrige, et sous quel délai : " + MARK),
                ("Conservation limitée", "une règle par colonne, appliquée par la purge", "valider les durées"))),
            *papers_registre.durations(known)[1:],
            Heading("2.2 Droits des personnes", 3), table(("Droit", "Comment", "Reste à décider"), (
                ("Information", "le guide dit ce qui est gardé et combien de temps", "affichage, règlement intérieur : " + MARK),
                ("Accès, rectification, effacement", "page « Compte », administrateur, « geoservice purge --person »",
                 "contact : " + MARK),
                ("Opposition, limitation", "sans objet pour un fait sans personne ; à instruire par lieu", MARK),
                ("Sous-traitance (art. 28)", "–", "contrat d’hébergement : " + MARK),
                ("Responsabilité conjointe (art. 26)", "annexe éditée d’après les accords", "signatures : " + MARK),
                ("Transferts hors UE", "aucun par le service", "hébergement : " + MARK))))


def _risks(known: Known) -> tuple[Block, ...]:
    blocks: list[Block] = [Heading("3. Risques"), Heading("3.1 Mesures existantes", 3),
                           table(("Mesure", "Ce qu’elle fait ici", "Mesuré"), papers_measures.against(known))]
    for number, (risk, (title, impacts, threats, sources)) in enumerate(RISKS.items(), 2):
        measures = [name for name, _, _ in papers_measures.against(known, risk)]
        blocks += [Heading(f"3.{number} {title}", 3), table(("Élément", "Valeur"), (
            ("Impacts possibles", " ; ".join(impacts)), ("Menaces", " ; ".join(threats)), ("Sources", " ; ".join(sources)),
            ("Mesures", ", ".join(measures)),
            ("Gravité (négligeable, limitée, importante, maximale)", MARK),
            ("Vraisemblance (négligeable, limitée, importante, maximale)", MARK)))]
    return (*blocks, Heading("3.5 Risques résiduels connus", 3), bullets(*residual(known)))


def residual(known: Known) -> list[str]:
    """What is left, as the service itself says it."""
    found = ["Celui qui peut écrire dans la base peut récrire tout le journal : garder ailleurs, chaque jour, ce que « "
             "geoservice audit head » affiche",
             "Les sauvegardes, les copies du disque et, pour PostgreSQL, le journal d’écriture du serveur et ses archives "
             "contiennent encore ce que la purge a effacé : leur fin relève de l’exploitant",
             "Une empreinte de 16 octets de chaque fait reste avec lui jusqu’à son effacement, pour reconnaître la même ligne "
             "dans un export cumulatif"]
    if known.shared or known.agreed:
        from geoservice.operations import papers_annexe

        found += [f"Diffusions : {title.lower()} ; {text}" for title, text in papers_annexe.NOT_PROMISED]
    if not known.health.durable:
        found.append("La base est réglée de sorte qu’une écriture acquittée peut se perdre")
    return found


def _validation() -> tuple[Block, ...]:
    return (Heading("4. Validation"), table(("Élément", "Valeur"), (
        ("Plan d’action (mesures supplémentaires, échéances, responsables)", MARK), ("Avis du DPO", MARK),
        ("Avis des personnes concernées ou de leurs représentants (locataires, personnel)", MARK),
        ("Consultation préalable de la CNIL (art. 36), si le risque résiduel est élevé", MARK),
        ("Décision du responsable de traitement, date et signature", MARK))))
