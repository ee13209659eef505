"""The paper of a meeting, written from a snapshot: what a mayor reads first, then where, what, who and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from geoservice.core.observatory.halls import WORDS
from geoservice.core.query import EPOCH
from geoservice.core.snapshotfile import Snapshot
from geoservice.export import french
from geoservice.export.french import NNBSP
from geoservice.export.paper import Bars, Block, Charts, Heading, Paper, Paragraph, Pictures, Table, bullets
from geoservice.export.paperpdf import Edition
from geoservice.operations import meetingnotes
from geoservice.operations.meetingpicture import pictures
from geoservice.operations.meetings import NOTHING_YET, STATES
from geoservice.operations.reader import Reader
from geoservice.operations.sheets import sources_of
from geoservice.operations.snapshotfigures import WHOLLY
from geoservice.operations.snapshotview import Erased, View
from geoservice.types import LABELS, Category, Kind

VERDICTS = {"solide": "Solide", "fragile": "Fragile", "artefact": "Artefact probable"}
_LEAST_HOURS = 20
_MONTH = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc.")


class Told:
    """A snapshot's figures by key, and its words."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.header, self.digest = snapshot.header, snapshot.digest
        self.figures = {figure["key"]: figure for figure in snapshot.header["figures"]}
        self.kinds = [kind for kind in self.header["kinds"] if self.value(f"{kind}.faits")["now"]
                      or self.value(f"{kind}.faits")["before"]]

    def value(self, key: str) -> Any:
        """A figure's value; None where there is none."""
        return self.figures[key]["value"] if key in self.figures else None

    def mark(self, key: str) -> str:
        """A figure's number as the paper shows it."""
        return f"[{self.figures[key]['id']}]"

    def whole(self, kind: str, place: int) -> bool:
        """Whether the facts of a kind are known in (nearly) all of the period (0) or the one before (1)."""
        first, after = self.header["spans"]["now" if place == 0 else "before"]
        return self.value(f"{kind}.faits")["known_days"][place] >= WHOLLY * (after - first)

    def before(self, kind: str, number: int) -> str:
        """A count of the period before; nothing where that is not known."""
        return french.number(number) if self.whole(kind, 1) else "–"

    def under(self, start: str) -> list[dict[str, Any]]:
        """Figures whose key begins so, that have a value."""
        return [figure for key, figure in self.figures.items() if key.startswith(start) and figure["value"] is not None]


def paper(reader: Reader, snapshot: Snapshot, drawn: bool = True) -> tuple[Paper, Edition]:
    """The internal paper of a snapshot, with its maps or without, and what stands around it."""
    told, view = Told(snapshot), View(snapshot)
    blocks = [*_first(told), *_totals(told)]
    layers: tuple[str, ...] = ()
    try:
        maps, layers = pictures(reader, view) if drawn else ([], ())
        blocks += _maps(maps) if maps else ()
    except Erased:
        blocks.append(Paragraph("Les faits figés ont été effacés par la règle de conservation : la carte ne peut plus être "
                                "dessinée."))
    blocks += [*_hot(told), *_in_time(told), *_categories(told), *_homes(told), *_quarters(told),
               *decided(told.header["decisions"])]
    blocks += meetingnotes.quality(told.figures, told.kinds)
    sources = [sentence for kind in told.kinds for sentence in sources_of(reader, Kind(kind), () if kind != told.kinds[0]
                                                                          else layers)]
    blocks += meetingnotes.method(told.header, told.digest, list(dict.fromkeys(sources)))
    return Paper(title(told.header), tuple(blocks)), edition(told, "Document interne : chiffres exacts de l’organisation, à ne "
                                                             "pas diffuser")


def title(header: dict[str, Any]) -> str:
    """« CLSPD du 12 sept. 2024 », « Bilan du GLTD … » once its last day is over."""
    meeting = header["meeting"]
    over = meeting["kind"] == "gltd" and header["day"] >= header["spans"]["now"][1]
    return f"Bilan du {meeting['title']}" if over else meeting["title"]


def edition(told: Told, status: str) -> Edition:
    """Title's lines, foot and moment."""
    header = told.header
    now, before = header["spans"]["now"], header["spans"]["before"]
    lines = (header["meeting"]["place"],
             f"Faits {days(now)}, comparés à ceux {days(before)}",
             f"{header['organisation']}, instantané du {french.day(day(header['day']))}, empreinte {told.digest[:16]}…",
             f"{status}.")
    foot = f"{header['meeting']['title']} – {header['organisation']} – instantané {told.digest[:16]}…"
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=header["day"])
    return Edition(tuple(french.typeset(line) for line in lines), foot, moment)


def day(number: int) -> date:
    """A day by its number."""
    return EPOCH + timedelta(number)


def days(span: list[int]) -> str:
    """« du 1er janv. 2024 au 31 déc. 2024 », the last day included."""
    return f"du {french.day(day(span[0]))} au {french.day(day(span[1] - 1))}"


def label(kind: str) -> str:
    """A kind's word."""
    return LABELS[Kind(kind)]


def evolution(value: dict[str, Any]) -> str:
    """« hausse », « baisse », « pas de changement net », or why neither."""
    if value.get("ratio") is None:
        return "non comparable"
    return "hausse" if value["low"] > 1 else "baisse" if value["high"] < 1 else "pas de changement net"


def ratio(value: dict[str, Any]) -> str:
    """« × 1,2 (0,9 à 1,5) »."""
    if value.get("ratio") is None:
        return "–"
    return f"× {french.number(value['ratio'], 2)} ({french.number(value['low'], 2)} à {french.number(value['high'], 2)})"


def _first(told: Told) -> Iterator[Block]:
    yield Heading("À retenir")
    lines = []
    for kind in told.kinds:
        value = told.value(f"{kind}.faits")
        then = f", contre {french.number(value['before'])} sur la période d’avant ({evolution(value)})" if told.whole(kind,
                                                                                                                      1) else ""
        lines.append(f"{label(kind)} : {french.number(value['now'])} faits{then} {told.mark(f'{kind}.faits')}.")
        lines += _gaps(told, kind)
    since = [(kind, told.value(f"{kind}.depuis")) for kind in told.kinds if told.value(f"{kind}.depuis")]
    if since:
        parts = [f"{label(kind).lower()} {french.number(value['now'])}" + (
            f" ({french.number(value['before'])} aux mêmes dates un an plus tôt)" if value["before"] is not None else "")
            + f" {told.mark(f'{kind}.depuis')}" for kind, value in since]
        lines.append(f"Depuis la réunion précédente ({told.header['meeting']['previous']}), faits : {', '.join(parts)}.")
    for kind in told.kinds:
        lines += _hot_line(told, kind)
    homes = [(kind, told.value(f"{kind}.residences")) for kind in told.kinds if told.value(f"{kind}.residences")]
    lines += [f"{label(kind)} : {french.number(value['concerned'])} résidences concernées sur {french.number(value['known'])} "
              f"connues ; "
              f"une résidence sans signalement n’est pas une résidence sans fait {told.mark(f'{kind}.residences')}." for kind,
              value in homes]
    census = told.value("halls.etats")
    if census:
        total, unknown = sum(census["now"].values()), census["now"]["inconnu"]
        concerned = total - unknown - census["now"]["vert"]
        lines.append(f"Halls : {french.number(concerned)} concernés (jaune, orange ou rouge) sur {french.number(total)}, "
                     f"{french.number(unknown)} inconnus {told.mark('halls.etats')}.")
    states = told.value("decisions")
    if states["total"]:
        lines.append(f"Décisions suivies : {states['total']} ; faites : {states['fait']}, commencées : {states['commence']}, "
                     f"échéance passée : {states['late']} {told.mark('decisions')}.")
    yield bullets(*(french.typeset(line) for line in lines))


def _gaps(told: Told, kind: str) -> list[str]:
    """Periods that the facts of a kind do not cover: what is not known is neither nothing nor compared."""
    known, out = told.value(f"{kind}.faits")["known_days"], []
    for place, words in enumerate(("la période", "la période d’avant")):
        first, after = told.header["spans"]["now" if place == 0 else "before"]
        if not told.whole(kind, place):
            out.append(f"{label(kind)} : {words} n’est connue que {known[place]} jours sur {after - first} ; elle ne se compare "
                       f"pas.")
    return out


def _hot_line(told: Told, kind: str) -> list[str]:
    value = told.value(f"{kind}.points")
    if value is None:
        return []
    if not value["solide"] + value["fragile"]:
        doubtful = f", {value['artefact']} lieu artefact probable" if value["artefact"] == 1 else (
            f", {value['artefact']} lieux artefacts probables" if value["artefact"] else "")
        return [f"{label(kind)} : aucun point chaud solide ou fragile{doubtful} {told.mark(f'{kind}.points')}."]
    names = [figure["name"] for figure in told.under(f"{kind}.point.") if figure["value"]["verdict"] == "solide"][:3]
    which = f", d’abord {french.listed(names)}" if names else ""
    return [f"{label(kind)} : points chauds solides {value['solide']}, fragiles {value['fragile']}{which} "
            f"{told.mark(f'{kind}.points')}."]


def _totals(told: Told) -> Iterator[Block]:
    yield Heading("Faits par origine")
    rows = []
    for kind in told.kinds:
        value = told.value(f"{kind}.faits")
        staff = french.number(value["staff_now"]) if value["staff_now"] + value["staff_before"] else "–"
        rows.append((label(kind), french.number(value["now"]), told.before(kind, value["before"]), ratio(value),
                     evolution(value), staff, french.number(value["unplaced"]), told.mark(f"{kind}.faits")))
    yield Table(("Origine", "Faits", "Avant", "Rapport par jour", "Évolution", "Dont personnel", "Sans position", "N°"),
                tuple(rows))
    yield Paragraph(french.typeset(
        "Les origines sont côte à côte et ne s’additionnent jamais : un même fait peut être connu de plusieurs. Entre "
        "parenthèses, "
        "l’intervalle à 95 % ; « pas de changement net » quand il contient 1. « Dont personnel » : atteintes au personnel, en "
        "nombre seulement. Les numéros entre crochets sont ceux des chiffres de l’instantané."), note=True)


def _maps(maps: list[Any]) -> Iterator[Block]:
    yield Heading("Où")
    for place in range(0, len(maps), 2):
        yield Pictures(tuple(maps[place:place + 2]))
    yield Paragraph("Tirets : quartiers prioritaires. Traits violets : points chauds, numérotés comme dans le tableau qui suit ; "
                    "trait plein, solide ; pointillé, fragile ; hachures, artefact probable.".replace(" :", f"{NNBSP}:").replace(
                        " ;", f"{NNBSP};"), note=True)


def _hot(told: Told) -> Iterator[Block]:
    yield Heading("Points chauds")
    for kind in told.kinds:
        figure = told.figures[f"{kind}.points"]
        rows = tuple((f"{place}. {each['name']}", french.number(each["value"]["facts"]),
                      f"{french.number(int(each['value']['low']))} à {french.number(int(each['value']['high']))}",
                      f"× {french.number(each['value']['ratio'], 1)}", VERDICTS.get(each["value"]["verdict"], "–"),
                      f"[{each['id']}]")
                     for place, each in enumerate(told.under(f"{kind}.point."), 1))
        yield Heading(label(kind), 3)
        if rows:
            yield Table(("Lieu", "Faits", "Par hasard", "Rapport", "Verdict", "N°"), rows)
        else:
            yield Paragraph(french.typeset(figure.get("reason") or "Aucun lieu ne ressort plus que par "
                                           "hasard.") + f" [{figure['id']}]")


def _in_time(told: Told) -> Iterator[Block]:
    yield Heading("Mois après mois")
    series = [(kind, told.value(f"{kind}.mois")) for kind in told.kinds if told.value(f"{kind}.mois")["counts"]]
    for place in range(0, len(series), 2):
        yield Charts(tuple(_months(told, *each) for each in series[place:place + 2]))
    yield bullets(*(french.typeset(f"{label(kind)} : {_tendency(told.figures[f'{kind}.tendance'])} "
                                   f"{told.mark(f'{kind}.tendance')}")
                    for kind in told.kinds))
    hours = [(kind, told.value(f"{kind}.heures")) for kind in told.kinds]
    known = [(kind, value) for kind, value in hours if sum(value["bands"]) >= _LEAST_HOURS]
    if known:
        yield Heading("À quelles heures", 3)
    for place in range(0, len(known), 2):
        yield Charts(tuple(_hours(told, *each) for each in known[place:place + 2]))
    for kind, value in hours:
        if (kind, value) not in known:
            yield Paragraph(french.typeset(f"{label(kind)} : l’heure n’est pas connue ({french.number(value['unknown'])} faits "
                                           f"sans heure) {told.mark(f'{kind}.heures')}."), note=True)


def _months(told: Told, kind: str, value: dict[str, Any]) -> Bars:
    starts = [day(number) for number in value["first"]]
    labels = tuple(f"{_MONTH[start.month - 1]} {start.year}" if place % 6 == 0 else "" for place, start in enumerate(starts))
    words = ", ".join(f"{_MONTH[start.month - 1]} {start.year} {count}" for start, count in zip(starts, value["counts"],
                                                                                                strict=True))
    return Bars(f"{label(kind)}, faits par mois {told.mark(f'{kind}.mois')}", tuple(value["counts"]), labels,
                f"Faits par mois : {words}.")


def _hours(told: Told, kind: str, value: dict[str, Any]) -> Bars:
    labels = tuple(f"{3 * place} h" for place in range(8))
    words = ", ".join(f"de {3 * place} h à {3 * place + 3} h {count}" for place, count in enumerate(value["bands"]))
    return Bars(f"{label(kind)}, par tranche de trois heures {told.mark(f'{kind}.heures')}", tuple(value["bands"]), labels,
                f"{words} ; {value['unknown']} sans heure précise.")


def _tendency(figure: dict[str, Any]) -> str:
    value = figure["value"]
    if value is None:
        return figure.get("reason", "trop peu de mois")
    if value["direction"] == "aucune":
        return f"sans tendance nette sur {value['months']} mois."
    p = "moins de 0,001" if value["p"] < 0.001 else french.number(value["p"], 3)
    return (f"en {value['direction']} sur {value['months']} mois, d’environ {french.number(abs(value['yearly']))} faits par "
            f"mois en un an (p = {p}).")


def _categories(told: Told) -> Iterator[Block]:
    yield Heading("Catégories")
    for kind in told.kinds:
        rows = tuple((LABELS[Category(figure["key"].rpartition(".")[2])], french.number(figure["value"]["now"]),
                      told.before(kind, figure["value"]["before"]), ratio(figure["value"]), evolution(figure["value"]),
                      f"[{figure['id']}]")
                     for figure in told.under(f"{kind}.categorie."))
        yield Heading(label(kind), 3)
        yield Table(("Catégorie", "Faits", "Avant", "Rapport par jour", "Évolution", "N°"), rows)


def _homes(told: Told) -> Iterator[Block]:
    kinds = [kind for kind in told.kinds if told.value(f"{kind}.residences")]
    if not kinds:
        return
    yield Heading("Résidences et halls")
    for kind in kinds:
        homes, halls = told.value(f"{kind}.residences"), told.value(f"{kind}.halls")
        yield Paragraph(french.typeset(
            f"{label(kind)} : {french.number(homes['concerned'])} résidences concernées sur {french.number(homes['known'])} "
            f"{told.mark(f'{kind}.residences')}, {french.number(halls['concerned'])} halls nommés par un fait "
            f"{told.mark(f'{kind}.halls')}, {french.number(homes['elsewhere'])} faits hors résidence."))
        rows = tuple((figure["name"], *_rates(figure["value"], told.before(kind, figure["value"]["before"])), f"[{figure['id']}]")
                     for figure in told.under(f"{kind}.residence."))
        yield Table(("Résidence", "Faits", "Avant", "Logements", "Pour 100 logements", "N°"), rows)
    yield Paragraph(french.typeset("Dans l’ordre du nombre de faits, qui dit la charge et non un palmarès : des résidences dont "
                                   "les intervalles se recouvrent ne se classent pas."), note=True)
    yield from _hall_states(told)


def _hall_states(told: Told) -> Iterator[Block]:
    """The census as it was, unknown halls included."""
    value = told.value("halls.etats")
    if value is None:
        return
    yield Heading("État des halls", 3)
    yield Table(("Date", *(word.capitalize() for word in WORDS), "N°"), tuple(
        (name, *(french.number(value[when][word]) for word in WORDS), told.mark("halls.etats"))
        for name, when in (("À la fin de la période", "now"), ("Un an avant", "before"))))
    yield Paragraph(french.typeset(
        f"{french.counted(value['worse'], 'hall connu', 'halls connus')} dont l’état s’est aggravé, "
        f"{french.number(value['better'])} dont il "
        "s’est amélioré. Vert : isolé ; jaune : récurrent ; orange : organisé ; rouge : accaparé ; inconnu : personne n’y "
        "signale assez pour le dire."), note=True)


def _rates(value: dict[str, Any], before: str) -> tuple[str, ...]:
    rate = "logements inconnus" if value["rate"] is None else (
        f"{french.number(value['rate'])} ({french.number(value['low'])} à {french.number(value['high'])})")
    known = "–" if value["dwellings"] is None else french.number(value["dwellings"])
    return french.number(value["now"]), before, known, rate


def _quarters(told: Told) -> Iterator[Block]:
    found = told.under("qpv.")
    if not found:
        return
    yield Heading("Quartiers prioritaires")
    rows = tuple((figure["name"], *(f"{french.number(figure['value'][kind][0])} ({told.before(kind, figure['value'][kind][1])})"
                                    for kind in told.kinds), f"[{figure['id']}]") for figure in found)
    yield Table(("Quartier", *(f"{label(kind)} (avant)" for kind in told.kinds), "N°"), rows)


def decided(rows: list[dict[str, Any]]) -> Iterator[Block]:
    """Decisions and how far they are."""
    yield Heading("Décisions et suites")
    if not rows:
        yield Paragraph("Aucune décision n’est en cours.")
        return
    yield Table(("Levier", "Lieu", "En charge", "Échéance", "État", "Prise au"), tuple(
        (row["lever"], row["place"], row["in_charge"], "–" if row["due"] is None else french.day(day(row["due"])),
         f"{STATES.get(row['status'] or '', NOTHING_YET)}{', en retard' if row['late'] else ''}", row["meeting"])
         for row in rows))
