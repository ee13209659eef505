"""Annexe à la convention inter-organismes: joint responsibility (RGPD art. 26), from agreements and territories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoservice.core.disclosure.parameters import Parameters
from geoservice.export import french
from geoservice.export.paper import MARK, Block, Heading, Paper, Paragraph, bullets, table
from geoservice.operations import papers, papers_measures
from geoservice.types import LABELS, Category, Kind

if TYPE_CHECKING:
    from geoservice.operations.papers import Known, Shared

# docs/PRIVACY.md in French, line by line (a test counts them)
PROMISED = (
    ("Aucune question ne place un fait plus finement que son lieu de diffusion et son mois (et, pour une commune ou les plus "
     "grands hexagones sur une année entière, son jour de semaine et trois heures de la journée)",
     "deux bases qui ne diffèrent qu’à l’intérieur de ces mailles donnent la même diffusion, octet pour octet"),
    ("Pour un petit nombre (1 à 4), ni une personne extérieure ni une organisation seule ne peut prouver qu’il n’est pas nul, "
     "et les nombres qui restent possibles s’étendent sur quatre au moins", "le contrôle de chaque diffusion"),
    ("Aucun petit nombre ne revient exactement par différences", "le treillis fixe, le bruit et les masques"),
    ("Un nombre masqué n’apprend à un grand contributeur rien de plus que « les autres en ont huit au plus, peut-être aucun »",
     "la règle stricte et le seuil tiré d’une clef"),
    ("Un nombre changé dans une révision ne révèle pas un fait tardif", "un secret neuf à chaque révision"),
    ("Une période close ne change jamais au sein d’une révision", "les mois clos sont gelés"),
    ("Un fichier altéré n’est pas ouvert", "une empreinte et un sceau sur chaque octet"),
)
NOT_PROMISED = (
    ("L’existence peut souvent être devinée", "un pari n’est pas une preuve, et ce sont les preuves qui sont empêchées"),
    ("Des organisations qui réunissent leurs registres peuvent soustraire ensemble",
     "le contrôle lit comme une organisation à la fois"),
    ("Les grands nombres entre deux contributeurs",
     "chacun lit celui de l’autre à cinq près environ ; un territoire peut demander trois contributeurs au moins"),
    ("Ce qui est connu d’ailleurs",
     "ce qu’un propriétaire dit au dehors est donné au contrôle ; ce qui l’a été sans le dire lui échappe, et une diffusion "
     "faite ne se reprend pas"),
    ("Le contrôle vaut ce que valent ses attaquants",
     "il est correct mais pas exhaustif, et chaque origine de faits est lue à part"),
    ("Ce n’est pas une garantie formelle contre toute connaissance",
     "ni une anonymisation des registres, ni une raison de publier plus que nécessaire"),
)
DUTIES = ("Information des personnes", "Réponse aux demandes de droits, point de contact",
          "Notification d’une violation (art. 33 et 34)",
          "AIPD et sa mise à jour", "Choix et contrôle de l’hébergeur (art. 28)",
          "Publication, révision et retrait d’une diffusion")


def compose(known: Known) -> Paper:
    """The annex of one organisation's agreements, or of all."""
    return Paper("Annexe à la convention inter-organismes : responsabilité conjointe (RGPD art. 26)", (
        *papers.head(known), *_parties(known), *_agreements(known), *_territories(known), *_promise(known), *_duties(known)))


def _parties(known: Known) -> tuple[Block, ...]:
    codes = sorted({code for each in known.agreed for code in (each.giver, each.opener)})
    rows = [(code, MARK, ", ".join(_roles(known, code))) for code in codes]
    return (Heading("1. Parties"), table(("Code dans le service", "Dénomination, représentant, DPO", "Rôle"), rows) if rows
            else Paragraph("Aucun accord n’est enregistré dans le service : les parties sont à nommer. " + MARK))


def _roles(known: Known, code: str) -> list[str]:
    return [word for word, mine in (("donne", any(each.giver == code for each in known.agreed)),
                                    ("ouvre", any(each.opener == code for each in known.agreed))) if mine]


def _agreements(known: Known) -> tuple[Block, ...]:
    rows = [(each.giver, each.opener, each.zone, ", ".join(each.categories), f"{each.since:%d/%m/%Y}", f"{each.last:%d/%m/%Y}",
             each.state) for each in known.agreed]
    return (Heading("2. Accords enregistrés"), table(
        ("Donne", "Peut ouvrir", "Zone", "Catégories", "Du", "Au (compris)", "État"), rows) if rows else Paragraph("Aucun."),
        Paragraph("Un accord se termine de lui-même. Il compte par mois entiers et par lieux entiers. Retiré, il ne compte "
                  f"plus pour la suite ; ce qui est publié le reste. Il est gardé {known.kept('conventions')} après sa fin."),
        Paragraph(f"Ne sont jamais partagés : {LABELS[Category.AGP].lower()}, les faits eux-mêmes, l’organisation dont vient "
                  "un fait."))


def _territories(known: Known) -> tuple[Block, ...]:
    blocks: list[Block] = [Heading("3. Territoires et réglages de la diffusion")]
    if not known.shared:
        return (*blocks, Paragraph("Aucun territoire n’est déclaré. Réglages par défaut, s’il l’était :"),
                _settings(Parameters()))
    for each in known.shared:
        blocks += [Heading(f"{each.name} (« {each.code} »)", 3), Paragraph(_declared(each)), _settings(each.terms.parameters)]
    return tuple(blocks)


def _declared(shared: Shared) -> str:
    volumes = ", ".join(f"{LABELS[Kind(kind)].lower()} {french.number(volume)}" for kind, volume in shared.terms.volumes.items())
    signed = ", ".join(f"{owner} pour {LABELS[Kind(kind)].lower()}" for kind, owner in shared.signatures)
    return (f"Communes : {', '.join(shared.communes)}. Volumes annuels déclarés : {volumes}. Signatures d’un propriétaire seul "
            f": {signed or 'aucune'}.")


def _settings(parameters: Parameters) -> Block:
    return table(("Réglage", "Valeur"), (
        ("Logements d’un lieu de diffusion, au moins (ou aucun)", str(parameters.dwellings)),
        ("Un nombre n’est montré qu’à partir de", str(parameters.bar)),
        ("Bruit : écart le plus grand, variance", f"{parameters.reach}, {french.number(parameters.variance, 1)}"),
        ("Ce qui reste sans l’un quelconque des contributeurs : seuil secret entre",
         f"{parameters.rest_low} et {parameters.rest_high}"),
        ("Seuil d’une origine à propriétaire unique", str(parameters.solo_bar)),
        ("Contributeurs d’un nombre, au moins", str(parameters.min_contributors)),
        ("Faits par lieu, période et groupe, pour qu’un niveau soit publié", french.number(parameters.density, 0)),
        ("Étendue que le contrôle exige d’un petit nombre", str(parameters.width))))


def _promise(known: Known) -> tuple[Block, ...]:
    measure = next(each for each in papers_measures.MEASURES if each.module == "core/disclosure/release.py")
    return (Heading("4. Ce qui est promis"), table(("Promesse", "Comment elle est tenue"), PROMISED),
            Paragraph("Mesuré : " + papers_measures.measured(known, measure) + "."),
            Heading("5. Ce qui n’est pas promis"), bullets(*(f"{title} : {text}." for title, text in NOT_PROMISED)))


def _duties(known: Known) -> tuple[Block, ...]:
    return (Heading("6. Répartition des obligations (art. 26)"),
            table(("Obligation", "Qui"), ((duty, MARK) for duty in DUTIES)),
            Paragraph(f"Chaque organisation reste seule responsable de son registre : collecte, exactitude, durée (faits : "
                      f"{known.kept('faits')}), droits. Les grandes lignes de cette annexe sont tenues à la disposition des "
                      "personnes concernées (art. 26(2))."),
            Heading("7. Fin de la convention"),
            bullets("Aucune nouvelle diffusion ne compte les faits de l’organisation qui part",
                    "Les diffusions faites restent ce qu’elles sont ; leur retrait se décide entre les parties",
                    f"Date et signatures : {MARK}"))
