"""Measures that really exist, as papers tell them: each with the module that is it, and the figures that were measured for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from geoservice.export import french
from geoservice.operations import passwords

if TYPE_CHECKING:
    from geoservice.operations.papers import Known

ACCESS, CHANGE, LOSS = "acces", "modification", "disparition"
UNMEASURED = "chiffre non livré avec cette installation"


@dataclass(frozen=True)
class Figure:
    """A measured row: a file of docs/figures, words its id holds, and what it says in French."""

    file: str
    words: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class Measure:
    """`risks`: what it works against; `told`: the sentence, from what is known; `module`: where it is, in the package."""

    title: str
    risks: tuple[str, ...]
    told: Callable[[Known], str]
    module: str
    figures: tuple[Figure, ...] = ()
    there: Callable[[Known], bool] = lambda _known: True


def _signing_in(known: Known) -> str:
    settings = known.settings
    return (f"mot de passe de {passwords.LEAST} caractères au moins, gardé par argon2id ; {settings.sign_in_tries} essais par "
            f"compte et {settings.sign_in_network_tries} par réseau en un quart d’heure ; fin de connexion après "
            f"{settings.sign_in_idle_minutes} minutes sans usage et {settings.sign_in_hours} heures en tout ; fermeture à "
            "distance")


def _journal(known: Known) -> str:
    verdict = known.journal
    state = "intact" if verdict.fault is None else f"ALTÉRÉ vers la ligne {verdict.fault[0]}"
    return (f"chaque ligne scelle la précédente ; ni valeur, ni nom, ni adresse du réseau ; gardé {known.kept('journal')} ; "
            f"relu ce jour : {state}, {french.number(verdict.rows)} lignes")


def _purging(known: Known) -> str:
    day = "AUCUNE n’est inscrite au journal" if known.purged is None else f"le {french.day(date.fromisoformat(known.purged))}"
    return (f"par une purge (voir les durées) : faits {known.kept('faits')}, lieu précis et heure "
            f"{known.kept('faits-precision')}, fichiers reçus {known.kept('fichiers')} ; la base est réécrite, rien ne reste "
            f"dans ses pages libres ; dernière purge menée à son terme : {day}")


MEASURES: tuple[Measure, ...] = (
    Measure("Aucune colonne pour une personne", (ACCESS,),
            lambda _: "hors des comptes, la base n’a de colonne ni pour un nom, ni pour un texte libre, ni pour un contact, ni "
                      "pour une plaque ; les colonnes d’un fichier reçu que rien ne déclare sont écartées à l’entrée (une "
                      "valeur refusée est gardée le temps de corriger le fichier) ; un fait est un type, un lieu, un moment, "
                      "un coût",
            "storage/tables.py"),
    Measure("Cloisonnement des organisations", (ACCESS,),
            lambda known: f"{len(known.organisations)} organisation(s) ; les faits de chacune ne s’ouvrent qu’à ses membres, "
                          "par une seule table de rôles ; un index de lecture par organisation",
            "operations/permissions.py"),
    Measure("Connexion", (ACCESS,), _signing_in, "operations/signin.py"),
    Measure("Fournisseur d’identité", (ACCESS,),
            lambda known: f"connexion par {known.settings.oidc_name}, reliée à un compte invité par son organisation",
            "operations/oidc.py", there=lambda known: known.settings.oidc_issuer is not None),
    Measure("Jetons des programmes", (ACCESS,),
            lambda _: "montrés une fois, gardés par leur empreinte, limités à la lecture ou à l’écriture, à durée, révocables",
            "operations/accounts.py"),
    Measure("Accès exceptionnel de l’administrateur de la plateforme", (ACCESS,),
            lambda _: "aucun fait sans l’accord d’une seconde personne, pour 24 heures au plus, inscrit au journal de "
                      "l’organisation",
            "operations/glass.py"),
    Measure("Diffusion partagée contrôlée", (ACCESS,),
            lambda known: f"les partenaires ne lisent que des fichiers publiés : lieux d’au moins "
                          f"{known.shared[0].terms.parameters.dwellings} logements, mois clos, bruit, masques, contrôle avant "
                          "diffusion",
            "core/disclosure/release.py",
            (Figure("disclosure", ("small nodes whose existence is proven", "outsider and every organisation"),
                    "petits nombres dont l’existence est prouvée, ou dont l’étendue est inférieure à 4"),
             Figure("disclosure", ("naive threshold", "outsider"),
                    "les mêmes attaques sur un simple seuil : petits nombres retrouvés")),
            lambda known: bool(known.shared)),
    Measure("Journal scellé", (ACCESS, CHANGE), _journal, "operations/audit.py",
            (Figure("audit", ("random tamperings found",), "altérations au hasard retrouvées"),)),
    Measure("Effacement à terme", (ACCESS,),
            _purging, "operations/purge.py"),
    Measure("Fichiers reçus lus à l’écart", (ACCESS, CHANGE),
            lambda _: "classeurs et fichiers géographiques sont lus par un processus sans réseau, limité en mémoire et en temps",
            "catalog/readers/sandbox.py",
            (Figure("hostile", ("crashes",), "plantages sur le corpus de fichiers hostiles"),)),
    Measure("Écritures durables", (CHANGE, LOSS),
            lambda known: f"{known.health.engine}, {known.health.durability}"
                          + (" : une écriture acquittée est sur le disque" if known.health.durable
                             else " : ATTENTION, une écriture acquittée peut se perdre avec cette base, telle qu’elle est "
                                  "réglée"),
            "storage/engine.py",
            (Figure("kill", ("lost an acknowledged row",), "lignes acquittées perdues par un arrêt brutal"),
             Figure("kill", ("tore the database",), "bases ou index déchirés par un arrêt brutal"))),
    Measure("Versions et annulation", (CHANGE,),
            lambda known: f"chaque version d’un fait est gardée {known.kept('versions')} ; un import s’annule d’un geste, et "
                          "l’état d’avant revient",
            "storage/undo.py"),
    Measure("Sauvegardes vérifiées", (LOSS,),
            lambda _: "« geoservice backup » copie un service en marche et relit la copie ; leur rythme et leur lieu relèvent "
                      "de l’exploitant",
            "storage/backup.py"),
)


def against(known: Known, risk: str | None = None) -> list[tuple[str, str, str]]:
    """Title, sentence and measured figures of the measures that are there, against one risk or any."""
    return [(each.title, each.told(known), measured(known, each)) for each in MEASURES
            if each.there(known) and (risk is None or risk in each.risks)]


def measured(known: Known, measure: Measure) -> str:
    """What was measured for it, with the target and the day; a dash where nothing is."""
    return " ; ".join(_said(known.figures.get(figure.file, []), figure) for figure in measure.figures) or "–"


def _said(rows: list[dict[str, Any]], figure: Figure) -> str:
    found = [row for row in rows if all(word in row["id"] for word in figure.words)]
    if not found:
        return f"{figure.said} : {UNMEASURED}"
    values = sorted({f"{_number(row['measured'])}{_unit(row['unit'])}" for row in found})
    missed = sum(not row["met"] for row in found)
    reached = "cible atteinte" if not missed else f"cible NON atteinte ({missed} sur {len(found)})"
    day = max(row["date"] for row in found)
    return f"{figure.said} : {' / '.join(values)} ({reached}, mesuré le {day})"


def _unit(unit: str) -> str:
    return f"{french.NNBSP}%" if unit == "%" else ""


def _number(value: float) -> str:
    return french.number(value) if float(value).is_integer() else french.number(value, 1)
