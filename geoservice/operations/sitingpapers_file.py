"""The file of a camera plan: each piece with its text and whether these papers give it, and the days that follow.

Rules are dated data (`layers/cameras/regimes`); what is given is read from the plan. A plan that is refused lacks that first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zlib import crc32

from geoservice.catalog import regimes
from geoservice.core.siting.deadlines import Due, dues
from geoservice.export import french
from geoservice.export.ics import Event
from geoservice.export.paper import Block, Heading, Paper, Paragraph, bullets, table
from geoservice.export.paperpdf import Edition
from geoservice.export.siteplate import Site
from geoservice.operations import sitingpapers
from geoservice.operations.reader import Reader
from geoservice.operations.siting import RETENTION_DAYS, Plan
from geoservice.operations.sitinglaw import regime_for
from geoservice.operations.sitingpapers_site import site_of

GIVEN, JOIN, MISSING, NOT_DUE = "fourni par ces documents", "à joindre", "manquant", "sans objet"
_LONG, _SHORT = 30, 7  # days before: to write a file, to have a look
STATES = (MISSING, JOIN, GIVEN, NOT_DUE)


@dataclass(frozen=True)
class Piece:
    """A piece of the file: one of STATES, why, the text that asks for it and the day it was read."""

    code: str
    label: str
    state: str
    why: str
    reference: str
    as_of: date


def pieces(plan: Plan) -> list[Piece]:
    """Refusals that stand in the way, then every piece of the regime; BadInput for a plan without cameras."""
    regime, site = regime_for(plan.asked.operator), site_of(plan)
    films = frozenset(each.view.place for each in plan.cameras)
    refused = [Piece("refus", f"Plan permis, caméra {each.camera}" if each.camera else "Plan permis", MISSING, each.sentence,
                     " ; ".join(each.references), each.as_of) for each in plan.law.refusals]
    return [*refused, *(_piece(plan, site, regime, each, each.due(films, len(plan.cameras))) for each in regime.file)]


def _piece(plan: Plan, site: Site, regime: regimes.Regime, paper: regimes.Paper, due: bool) -> Piece:
    state, why = _GIVEN[paper.given_by](plan, site) if paper.given_by else (JOIN, paper.todo)
    if not due:
        state, why = NOT_DUE, _not_due(paper)
    return Piece(paper.code, paper.label, state, why, paper.reference, regime.as_of)


def _not_due(paper: regimes.Paper) -> str:
    if paper.optional:
        return f"seulement dans ce cas ; {paper.todo}" if paper.todo else "seulement dans ce cas"
    few = f", et il y a moins de {paper.from_cameras} caméras" if paper.from_cameras else ""
    return f"la voie publique n’est pas filmée{few}"


def _plans(plan: Plan, _site: Site) -> tuple[str, str]:
    return GIVEN, f"plans à l’échelle de {french.counted(len(plan.cameras), 'caméra', 'caméras')}"


def _openings(_plan: Plan, site: Site) -> tuple[str, str]:
    if site.third is None:
        return GIVEN, "aucune façade de tiers n’est dans un champ"
    return MISSING, f"à relever sur place : {french.number(site.third.length)} m de façades de tiers dans un champ"


def _study(_plan: Plan, _site: Site) -> tuple[str, str]:
    return GIVEN, "étude d’opportunité, à discuter et à compléter"


def _masks(plan: Plan, site: Site) -> tuple[str, str]:
    facades = sum(0.0 if line is None else line.length for line in (site.third, site.ours))
    roads = any(each.view.road_share for each in plan.cameras)
    if roads and not plan.asked.masked:
        return MISSING, "aucun masque n’est prévu sur la voie publique"
    if facades:
        street = "la rue est masquée sur les plans ; " if roads else ""
        return MISSING, f"{street}portes, fenêtres et balcons à relever : {french.number(facades)} m de façades dans un champ"
    return GIVEN, "la rue est masquée sur les plans, et aucune façade n’est dans un champ" if roads else (
        "ni rue ni façade n’est dans un champ")


def _retention(_plan: Plan, _site: Site) -> tuple[str, str]:
    return GIVEN, f"{RETENTION_DAYS} jours au plus, dit ici"


_GIVEN: dict[str, Callable[[Plan, Site], tuple[str, str]]] = {
    "plans": _plans, "openings": _openings, "study": _study, "masks": _masks, "retention": _retention}


def calendar(plan: Plan, started: date | None) -> list[Due]:
    """The days of the regime of a plan."""
    return dues(regime_for(plan.asked.operator), started)


def events(reader: Reader, plan: Plan, started: date) -> list[Event]:
    """The same for people's calendars; an urgent authorisation is another one."""
    where, regime = sitingpapers.where_of(reader, plan), regime_for(plan.asked.operator)
    urgent = {each.code for each in regime.deadline if each.urgent}
    mark = f"{started:%Y%m%d}-{crc32(where.encode('utf-8', 'replace')):08x}"
    return [Event(f"cameras-{each.code}-{mark}", each.first, french.typeset(f"Caméras, {where} : {each.label}"),
                  french.typeset(f"{each.reference}. Règle lue le {french.day(each.as_of)}, à vérifier."), each.every_months,
                  each.until, _LONG if each.every_months is None else _SHORT)
            for each in calendar(plan, started) if each.first is not None and each.code not in urgent]


def paper(reader: Reader, plan: Plan, edited: datetime, started: date | None) -> tuple[Paper, Edition]:
    """The check list and the calendar."""
    title = "Pièces du dossier et échéances"
    return Paper(title, (*_list(plan), *_days(plan, started))), sitingpapers.edition(reader, plan, edited, title)


def counted(found: list[Piece]) -> str:
    """« 2 manquantes, 4 à joindre, 3 fournies »."""
    many = {state: sum(each.state == state for each in found) for state in STATES}
    words = {MISSING: ("manquante", "manquantes"), JOIN: ("à joindre", "à joindre"), GIVEN: ("fournie", "fournies")}
    return ", ".join(french.counted(many[state], *words[state]) for state in (MISSING, JOIN, GIVEN) if many[state])


def _list(plan: Plan) -> Iterator[Block]:
    found, regime = pieces(plan), regime_for(plan.asked.operator)
    yield Heading("Pièces du dossier")
    yield Paragraph(french.typeset(f"{regime.title} : {counted(found)}. {regime.notes}".replace("\n", " ")))
    yield table(("Pièce", "État", "Pourquoi", "Texte, lu le"), (
        tuple(french.typeset(text) for text in (each.label, each.state, each.why, f"{each.reference} ({french.day(each.as_of)})"))
        for each in sorted(found, key=lambda piece: STATES.index(piece.state))))


def _days(plan: Plan, started: date | None) -> Iterator[Block]:
    regime = regime_for(plan.asked.operator)
    yield Heading("Échéances")
    yield Paragraph(french.typeset(f"Depuis le {french.day(started)} ({regime.first_day})." if started else
                                   f"Sans date de départ ({regime.first_day}) : les règles seules. Donnez la date sur la page."))
    yield table(("Échéance", "Quand", "Texte, lu le"), (
        tuple(french.typeset(text) for text in (each.label, when(each), f"{each.reference} ({french.day(each.as_of)})"))
        for each in calendar(plan, started)))
    yield bullets(french.typeset("L’arrêté et la convention font foi : ces dates en sont un rappel, calculé des règles datées "
                                 "ci-dessus."))


def when(due: Due) -> str:
    """« 1er mars 2031 », « tous les 12 mois, dès le … », or the rule alone."""
    if due.first is None:
        return due.words
    return f"{due.words}, dès le {french.day(due.first)}" if due.every_months else french.day(due.first)
