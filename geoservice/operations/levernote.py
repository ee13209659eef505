"""The evaluation note of a lever: the plan as it was locked, what came of it and how surely, for those who decide what is next.

It says what is known on the day it is made: before the first look a project of a note, with the gate and no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from geoservice.core.impact.neighbours import REACH_M
from geoservice.core.stats import words
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, NotFound
from geoservice.export import french
from geoservice.export.eventchart import Study
from geoservice.export.french import typeset
from geoservice.export.paper import Block, Events, Heading, Paper, Paragraph, Table, bullets
from geoservice.export.paperpdf import Edition
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations import leverresult
from geoservice.operations.levercontrols import BALANCED, Balance
from geoservice.operations.leverfigures import Link
from geoservice.operations.levergate import Gate
from geoservice.operations.levermonths import HOME, RING_M, later, names
from geoservice.operations.leverplan import Plan
from geoservice.operations.leverresult import Result
from geoservice.operations.meetings import IN_CHARGE
from geoservice.operations.reader import Reader
from geoservice.types import LABELS

STATUS = "Document interne : chiffres exacts de l’organisation, à ne pas diffuser"
METHOD = (
    "Les lieux traités sont comparés aux témoins, choisis et verrouillés avant le début, sur autant de mois avant qu’après : "
    "une tendance ou une saison que tous partagent s’annule (différence pondérée, WDD, Wheeler et Ratcliffe 2018).",
    "L’intervalle vient de l’écart entre les changements des lieux eux-mêmes (Welch 1947), jamais plus étroit que celui du "
    "hasard simple. Il est élargi pour les points d’étape, tous les trois mois (Lan et DeMets 1983) : regarder souvent ne fait "
    "pas conclure plus.",
    "« Conclu » : l’intervalle ne contient pas zéro. « Non conclu » : au terme, il le contient ; ce n’est pas la preuve que rien "
    "n’a changé. « Trop tôt » : le terme n’est pas atteint.",
    f"Autour : vos résidences à {RING_M} m. Voisins de fonction, au-delà : même bailleur, à {REACH_M:.0f} m au plus, par un hall "
    "traversant de part et d’autre ou dans la même rue ; ils n’entrent ni dans l’effet ni dans le coût.",
)
CAVEATS = (
    "Une baisse des signalements n’est une baisse des faits que si l’on signale comme avant : voyez les silences.",
    "Ce qui a changé aux seuls lieux traités en même temps que l’action (un départ, des travaux, une autre mesure) se confond "
    "avec elle.",
    "Ce qui est vu ici vaut pour ces lieux et ces mois ; un autre lieu demande un autre plan.",
    "Les origines ne s’additionnent pas : seule celle du plan est comptée.",
)


@dataclass(frozen=True)
class Told:
    """Everything that a note says of a plan; an answer or the reason why there is none."""

    plan: Plan
    organisation: str
    treated: list[str]
    controls: list[str]
    unlocks: list[tuple[date, str]]
    gate: Gate | None
    gate_reason: str
    balance: list[Balance]
    linked: list[tuple[str, Link]]
    result: Result | None
    result_reason: str


def tell(reader: Reader, number: int, today: date) -> Told:
    """What there is to say of a plan on a day; NotFound for what is not the viewer's."""
    plan = journal.one(reader.shelf.storage, reader.viewer, number)
    gate = balance = result = linked = None
    closed = lacking = ""
    try:
        gate = figures.gate(reader, plan, today)
    except (NotEnough, NotFound, BadInput) as why:
        closed = str(why)
    try:
        balance = figures.balance(reader, plan, today, journal.taken(reader, number))
        linked = [(names(reader, [HOME + each.code])[0], each) for each in figures.links(reader, plan)]
    except (NotEnough, NotFound, BadInput):
        pass  # the gate says why
    try:
        result = figures.evaluate(reader, plan, today)
    except (NotEnough, NotFound, BadInput) as why:
        lacking = str(why)
    return Told(plan, reader.viewer.organisation, names(reader, plan.treated), names(reader, plan.controls),
                journal.unlocks(reader.shelf.storage, reader.viewer, number), gate, closed, balance or [], linked or [], result,
                lacking)


def paper(told: Told, today: date) -> tuple[Paper, Edition]:
    """The note, and what stands around it."""
    blocks = [*_first(told), *_counts(told), *_in_time(told), *_plan(told), *_gate(told), *_method()]
    return Paper(title(told.plan), tuple(blocks)), _edition(told, today)


def title(plan: Plan) -> str:
    """« Évaluation : … », a project of it before anything is locked."""
    return f"{'Évaluation' if plan.locked else 'Projet d’évaluation'} : {plan.label[0].lower()}{plan.label[1:]}"


def months_of(plan: Plan, result: Result | None) -> list[tuple[str, float, bool]]:
    """Months of the event study: name, facts beyond expectation, whether it is beyond what chance keeps to."""
    if result is None or result.study is None:
        return []
    days = [later(plan.since, each - result.start) for each in range(result.start)]
    days += [later(plan.counted_from, each) for each in range(len(result.study.gap) - result.start)]
    return [(f"{day:%m/%Y}", float(gap), abs(float(gap)) > result.study.half)
            for day, gap in zip(days, result.study.gap, strict=True)]


def study_of(plan: Plan, result: Result | None) -> tuple[Study, str] | None:
    """The event study as a chart, and in a sentence; None where there is none."""
    rows = months_of(plan, result)
    if not rows or result is None or result.study is None:
        return None
    outside = sum(beyond for _, _, beyond in rows[result.start:])
    said = (f"Écart mensuel aux témoins, {result.start} mois avant et {len(rows) - result.start} après : {outside} "
            "mois après le début sortent de la bande du hasard.")
    return Study(result.study.gap, result.study.half, result.start, [name for name, _, _ in rows]), typeset(said)


def _edition(told: Told, today: date) -> Edition:
    plan = told.plan
    locked = "non verrouillé" if plan.sha256 is None or plan.locked is None else (
        f"verrouillé le {french.day(plan.locked.date())}, empreinte {plan.sha256[:16]}…")
    lines = (french.listed(told.treated), f"Action à partir du {french.day(plan.since)}, plan {locked}",
             f"{told.organisation}, note du {french.day(today)}", f"{STATUS}.")
    foot = f"Levier {plan.number} – {told.organisation} – {french.day(today)}" + (
        "" if plan.sha256 is None else f" – plan {plan.sha256[:16]}…")
    return Edition(tuple(map(typeset, lines)), foot, datetime(today.year, today.month, today.day, tzinfo=UTC))


def _said(*sentences: str) -> Block:
    return bullets(*(typeset(each) for each in sentences if each))


def _first(told: Told) -> Iterator[Block]:
    """What is to be read first: the word, then what goes with it."""
    result = told.result
    if result is None:
        yield Heading("Pas de résultat")
        yield Paragraph(typeset(told.result_reason))
        return
    yield Heading(typeset(f"Résultat : {result.word}"))
    said = result.sentence.partition(" : ")[2] or result.sentence  # the word is said
    yield Paragraph(typeset(f"{said[0].upper()}{said[1:]}"))
    if result.effect is None or result.ring is None or result.linked is None:
        return
    hidden = told.gate.sentence if told.gate is not None and not told.gate.possible else ""
    yield _said(hidden, result.ring.sentence, result.linked.sentence, _controls_linked(told), result.mean_sentence,
                result.cost_sentence)


def _controls_linked(told: Told) -> str:
    those = [name for name, link in told.linked if link.control]
    if not those:
        return ""
    return (f"{french.listed(those)} {'sont témoins et voisins' if len(those) > 1 else 'est témoin et voisin'} de fonction : si "
            "des faits y sont partis, l’effet paraît plus grand qu’il n’est.")


def _counts(told: Told) -> Iterator[Block]:
    result, plan = told.result, told.plan
    if result is None or result.effect is None or result.treated is None or result.control is None or result.ring is None:
        return
    yield Heading("Les comptes")
    rows = [("Lieux traités", result.treated, result.effect), ("Témoins", result.control, None),
            (f"Autour ({RING_M} m)", result.ring.group, result.ring.effect)]
    if result.linked is not None:
        rows.append(("Voisins de fonction", result.linked.group, result.linked.effect))
    cells = [(name, str(group.places), french.number(group.before), french.number(group.after), *_effect(effect))
             for name, group, effect in rows if group is not None]
    if result.total is not None and result.ring.group is not None:
        both = (result.treated, result.ring.group)
        cells.insert(3, ("Traités et autour", str(sum(each.places for each in both)), french.number(sum(
            each.before for each in both)), french.number(sum(each.after for each in both)), *_effect(result.total)))
    yield Table(("Groupe", "Lieux", "Avant", "Après", "Écart aux témoins", "Intervalle corrigé"), tuple(cells))
    yield Paragraph(typeset(
        f"Faits d’origine « {LABELS[plan.kind].lower()} », {_categories(plan)}, {result.months} mois avant et {result.months} "
        f"mois après ; {result.planned} sont prévus. L’écart est en faits, au-delà de ce que les témoins laissent attendre."),
        note=True)
    yield from _ratios(result)


def _effect(found: leverresult.Effect | None) -> tuple[str, str]:
    return ("–", "–") if found is None else (words.number(found.value), f"{words.number(found.low)} à {words.number(found.high)}")


def _ratios(result: Result) -> Iterator[Block]:
    if result.quotient is None:
        yield Paragraph(typeset(result.quotient_reason), note=True)
        return
    one = result.quotient
    yield Table(("Mesure", "Valeur", "Se lit"), (
        ("Rapport des taux (IRR)", words.number(one.ratio, 2),
         typeset(f"De {words.number(one.low, 2)} à {words.number(one.high, 2)}, intervalle corrigé ; 1 : comme les témoins")),
        ("Quotient de déplacement (WDQ)", words.number(one.wdq, 2),
         typeset("Au-dessus de 0 : diffusion ; de 0 à −1 : déplacement plus petit que l’effet ; au-dessous : plus grand")),
        ("Effet net total", words.number(-one.total_net_effect),
         typeset("Faits, alentours compris, en proportion des témoins ; au-dessous de 0 : faits évités"))))
    yield Paragraph("Le quotient et l’effet net ne disent rien du hasard : c’est l’écart, avec son intervalle, qui conclut.",
                    note=True)


def _in_time(told: Told) -> Iterator[Block]:
    result, drawn = told.result, study_of(told.plan, told.result)
    if result is None or result.effect is None:
        return
    yield Heading("Mois après mois")
    if drawn is None or result.study is None:
        yield Paragraph(typeset(result.study_reason))
        return
    study, said = drawn
    values = ", ".join(f"{name} {words.number(gap)}" for name, gap, _ in months_of(told.plan, result))
    yield Events("Faits par mois, au-delà des témoins", study, f"{said} {values}.")
    alike = ("Avant le début, rien ne dit que les lieux s’écartaient déjà des témoins." if result.study.alike else
             "Avant le début, les lieux s’écartaient déjà des témoins : l’écart d’après n’est pas tout entier celui de l’action.")
    yield Paragraph(typeset(f"{said} Bande : ce que le hasard donne à un mois seul, d’après les mois d’avant ; un carré en sort. "
                            f"{alike}"), note=True)


def _plan(told: Told) -> Iterator[Block]:
    plan = told.plan
    yield Heading("Le plan, tel qu’il a été verrouillé" if plan.locked else "Le plan, pas encore verrouillé")
    end = later(plan.counted_from, plan.months_after) - timedelta(1)
    works = "" if plan.works_until is None else f", travaux jusqu’au {french.day(plan.works_until - timedelta(1))}"
    cost = "non noté" if not plan.cost_cents else f"{french.number(plan.cost_cents // 100)}{french.NNBSP}€"
    yield Table(("Quoi", "Dans le plan"), tuple((name, typeset(value)) for name, value in (
        ("Levier", plan.label), ("En charge", IN_CHARGE[plan.in_charge]), ("Premier jour", f"{french.day(plan.since)}{works}"),
        ("Coût", cost), ("Baisse attendue", f"{100 - plan.ratio} %"),
        ("Faits", f"{LABELS[plan.kind]} : {_categories(plan)}"), ("Lieux traités", french.listed(told.treated)),
        ("Témoins", french.listed(told.controls)),
        ("Comparé", f"{plan.months_after} mois, jusqu’au {french.day(end)} ; {plan.months_before} mois regardés avant"))))
    if plan.sha256:
        yield Paragraph(typeset(f"Empreinte du plan (SHA-256) : {plan.sha256}. Ses seize premiers signes sont au journal de "
                                "l’organisation, dont la chaîne ne se récrit pas sans que cela se voie."), note=True)
    yield Heading("Ce qui s’est écarté du plan", 3)
    yield from _deviations(told)


def _deviations(told: Told) -> Iterator[Block]:
    plan = told.plan
    lines = [f"Déverrouillé le {french.day(day)} : {reason[0].lower()}{reason[1:]}." for day, reason in told.unlocks]
    if plan.withdrawn:
        lines.append("Ce levier est retiré : il n’est pas évalué.")
    if not plan.intact:
        lines.append("Ce plan n’est plus celui qui a été verrouillé : son empreinte ne correspond pas. Il n’est pas évalué.")
    if lines:
        yield _said(*lines)
    elif plan.locked:
        yield Paragraph("Rien : le plan n’a pas été déverrouillé depuis, et son empreinte correspond.")
    else:
        yield Paragraph(typeset("Le plan n’est pas verrouillé : il peut encore changer."))


def _gate(told: Told) -> Iterator[Block]:
    yield Heading(typeset("Pouvait-on le voir ?"))
    if told.gate is None:
        yield Paragraph(typeset(told.gate_reason))
    else:
        yield Paragraph(typeset(f"{told.gate.word.capitalize()}. {told.gate.sentence}"))
        varied = "comme" if told.gate.dispersion < 1.05 else f"{words.number(told.gate.dispersion)} fois plus que"
        yield Paragraph(typeset(f"Simulation de 2 000 fois ces lieux, au seuil de 5 % ; {told.gate.history} mois connus avant, "
                                f"où les faits varient {varied} le hasard simple."), note=True)
    if told.balance:
        yield Heading(typeset("Les témoins ressemblaient-ils aux lieux traités ?"), 3)
        yield Table(("Écart avant l’action", "À toutes", "Aux témoins", "Jugement"), tuple(
            (each.label.capitalize(), words.number(each.before, 2), words.number(each.after, 2),
             "différent" if abs(each.after) > BALANCED else "semblable") for each in told.balance))
        yield Paragraph(typeset("Écarts standardisés des lieux traités à toutes vos résidences et aux témoins ; au-delà de "
                                f"{french.number(BALANCED, 2)}, ils diffèrent."), note=True)


def _method() -> Iterator[Block]:
    yield Heading("Méthode")
    yield _said(*METHOD)
    yield Heading("Ce que cette note ne dit pas")
    yield _said(*CAVEATS)


def _categories(plan: Plan) -> str:
    return french.listed([LABELS[each].lower() for each in plan.categories])
