"""The paper of a meeting for those outside: what organisations publish together, and what its owner chose to tell and noted.

Nothing here reads a fact. Released counts are protected; an owner's own exact figure is there only once `disclosing.disclose` has
said what it gives away, noted it and told later audits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from geoservice.export.french import counted, day, number, typeset
from geoservice.export.palette import GROUND
from geoservice.export.paper import Block, Heading, Paper, Paragraph, Picture, Pictures, Table, bullets
from geoservice.export.paperpdf import Edition
from geoservice.operations import shared_picture, shared_read, territories
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.meetings import IN_CHARGE, LEVERS, NOTHING_YET, STATES, Decision, Meeting
from geoservice.operations.permissions import Action, require
from geoservice.operations.publishing_files import FIGURE
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import Wish
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

LEVELS = ("commune", "qpv")
MOST_PLACES = 25
_SIZE = (1_080, 620)


@dataclass(frozen=True)
class Own:
    """An exact figure that the owner noted as told outside: facts of a place (as the release names it) and months, both
    included."""

    place: str
    months: tuple[str, str]
    facts: int


def own_figures(storage: Storage, viewer: Viewer, opened: Opened) -> list[Own]:
    """What the viewer's organisation noted for a territory: numbers of facts, never the facts."""
    require(viewer, Action.READ_RELEASE, viewer.organisation_id)
    known = {row.code for row in territories.listing(storage)}
    if opened.territory not in known:
        return []
    territory = territories.load(storage, opened.territory).number
    with storage.read() as connection:
        rows = [row for row in stored.disclosures(connection, territory)
                if row.organisation_id == viewer.organisation_id and row.state == FIGURE]
    names = {ref: shapes.name_of(opened, ref) for level in LEVELS if level in opened.release.places
             for ref in opened.release.places[level].names}
    return [Own(row.residence or names.get(row.place, row.place),
                (shared_read.month_name(row.first), shared_read.month_name(row.last)), len(row.keys) // 8) for row in rows]


def paper(opened: Opened, meeting: Meeting, decided: list[tuple[Decision, str]], own: tuple[str, list[Own]]) -> tuple[Paper,
                                                                                                                      Edition]:
    """The paper; own: the organisation and what it noted."""
    organisation, figures = own
    title = opened.title or opened.territory
    blocks = [*_released(opened), *_own(organisation, figures), *_decided(meeting, decided), Heading("Ce que disent ces nombres"),
              bullets(*map(_said, shared_read.promise(opened.release))), Heading("Ce qu’ils ne disent pas"),
              bullets(*map(_said, shared_read.warnings(opened.release)))]
    lines = (f"{title} : nombres que les organisations diffusent ensemble, protégés",
             f"Document à partager. Diffusion {opened.id[:16]}…, préparé par {organisation}.")
    foot = f"{meeting.title} – {title} – diffusion {opened.id[:16]}…"
    moment = datetime(meeting.day.year, meeting.day.month, meeting.day.day, tzinfo=UTC)
    return Paper(meeting.title, tuple(blocks)), Edition(tuple(map(typeset, lines)), foot, moment)


def _said(text: str) -> str:
    return typeset(text)


def _released(opened: Opened) -> Iterator[Block]:
    yield Heading("Faits par origine")
    yield Paragraph(typeset("Les origines sont côte à côte et ne s’additionnent jamais. « Non diffusé » ne dit rien du "
                            "nombre."), note=True)
    for kind in opened.release.kinds:
        yield Heading(shared_read.kind_label(kind), 3)
        levels = [level for level in shared_read.levels_of(opened.release) if shared_read.tables_of(opened.release, kind, level)]
        if not levels:
            yield Paragraph("Rien n’est diffusé pour cette origine.")
            continue
        for level in (level for level in LEVELS if level in levels):
            yield _table(opened, kind, level)
        yield _map(opened, kind, levels[-1])


def _table(opened: Opened, kind: str, level: str) -> Table:
    """The places of a level with most facts shown, then those not shown, by name."""
    found = shared_read.changes(opened, Wish(kind, level))
    column = shared_read.column(opened, Wish(kind, level))
    names = [shapes.name_of(opened, ref) for ref in opened.release.places[level].names]
    values = shared_read.plain(column.values)
    order = sorted(range(len(names)), key=lambda row: (values[row] is None, -(values[row] or 0), names[row]))[:MOST_PLACES]
    head = {"commune": "Commune", "qpv": "Quartier prioritaire"}[level]
    return Table((head, f"Faits, {shared_read.period_label(column.period)}", "Sur un an"), tuple(
        (names[row], "non diffusé" if values[row] is None else number(values[row] or 0), found["changes"][row]
         or "non comparable")
        for row in order))


def _map(opened: Opened, kind: str, level: str) -> Pictures:
    column = shared_read.column(opened, Wish(kind, level))
    drawn = shared_picture.draw(opened, column, size=_SIZE)
    legend = tuple((each.colour or GROUND, f"{each.words} ({counted(each.places, 'lieu', 'lieux')})") for each in drawn.classes)
    caption = f"{shared_read.kind_label(kind)}, {shared_read.period_label(column.period)}"
    return Pictures((Picture(drawn.drawing, caption, legend),))


def _own(organisation: str, figures: list[Own]) -> Iterator[Block]:
    if not figures:
        return
    yield Heading(typeset(f"Chiffres exacts que {organisation} a choisi de donner"))
    yield Table(("Lieu", "Mois", "Faits de l’organisation"), tuple(
        (each.place, each.months[0] if each.months[0] == each.months[1] else f"de {each.months[0]} à {each.months[1]}",
         number(each.facts)) for each in figures))
    yield Paragraph("Donnés après avertissement, notés au journal, et connus des audits des diffusions suivantes.", note=True)


def _decided(meeting: Meeting, decided: list[tuple[Decision, str]]) -> Iterator[Block]:
    """What this meeting decided; a team's own meeting tells nobody."""
    if meeting.kind == "interne" or not decided:
        return
    yield Heading("Décisions de la réunion")
    yield Table(("Levier", "Lieu", "En charge", "Échéance", "État"), tuple(
        (LEVERS.get(each.lever, each.lever), place, IN_CHARGE.get(each.in_charge, each.in_charge),
         "–" if each.due is None else day(each.due), STATES.get(each.status or "", NOTHING_YET)) for each, place in decided))

