"""The opportunity study that comes before any camera (USH, Cahier 141), a draft that people complete.

What was seen, what a plan would see and cannot, what else could be done, whether an effect could show, who is filmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.stats.words import facts as facts_words
from geoservice.core.stats.words import percent
from geoservice.export import french, siteplate
from geoservice.export.french import NNBSP
from geoservice.export.paper import MARK, Bars, Block, Charts, Heading, Paper, Paragraph, bullets, table
from geoservice.export.paperpdf import Edition
from geoservice.export.siteplate import Frame, Site
from geoservice.operations import sitingpapers, sitingpapers_file, sitingwish
from geoservice.operations.levermonths import RING_M
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import WEIGHTS
from geoservice.operations.sitingdemand import LEFT
from geoservice.operations.sitingground import OPERATORS, PURPOSES
from geoservice.operations.sitinglaw import regime_for
from geoservice.operations.sitingpapers_facts import BAND_H, REDUCTION, Facts, facts_of
from geoservice.operations.sitingpapers_site import DRAFT, bounds_of, field_of, site_of
from geoservice.operations.sitingtable import STRENGTHS
from geoservice.types import LABELS

_SMALL = Frame(180, 92)
_HOME_M = 40.0  # from a field to where the register puts a residence
_MOST_CATEGORIES = 8
_MONTH = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc.")
_TOLD = {"optimal": "aucun autre plan de ce nombre n’a plus de poids en vue, c’est prouvé",
         "stopped": "le calcul s’est arrêté avant la preuve", "placed": "posées à la main, rien n’a été choisi ni prouvé"}


def paper(reader: Reader, plan: Plan, edited: datetime) -> tuple[Paper, Edition]:
    """The study; BadInput for a plan without cameras, NotEnough as for the plan itself."""
    site, found = site_of(plan), facts_of(reader, plan)
    blocks = (*_short(plan, found), *_seen(reader, plan, found), *_plan(plan, site, found), *_answers(plan), *_effect(found),
              *_people(reader, plan, site), *_decide(plan))
    title = "Étude d’opportunité : vidéo et autres réponses"
    return Paper(french.typeset(title), blocks), sitingpapers.edition(reader, plan, edited, title)


def _bullets(*texts: str, boxes: bool = False) -> Block:
    return bullets(*map(french.typeset, texts), boxes=boxes)


def _short(plan: Plan, found: Facts) -> Iterator[Block]:
    """What somebody in a hurry reads."""
    order, others = list(STRENGTHS), [each for each in plan.answers if not each.plan]
    other = min(others, key=lambda each: (order.index(each.strength), -each.share), default=None)
    many = french.counted(len(plan.cameras), "caméra aurait", "caméras auraient")
    missing = sum(each.state == sitingpapers_file.MISSING for each in sitingpapers_file.pieces(plan))
    yield Heading("En bref")
    yield _bullets(
        f"{many} en vue les lieux de {_of(found.seen, found.all)} ; "
        f"{_TOLD.get(plan.status, 'rien n’est prouvé')}. Voir un lieu n’est pas empêcher un fait.",
        *(f"{one}." for one in plan.warnings),
        *([f"Sans filmer : {other.label.lower()}, pour {percent(other.share)} des faits (preuve {STRENGTHS[other.strength]})."]
          if other else ["Aucune réponse sans caméra du catalogue ne correspond à ces faits : en chercher sur place."]),
        f"Effet : {_gate_short(found)}",
        f"Droit : {french.counted(len(plan.law.refusals), 'refus', 'refus')}, {french.counted(missing, 'pièce', 'pièces')} du "
        "dossier à trouver sur place ou à lever.")


def _of(part: int, whole: int) -> str:
    share = f" ({percent(part / whole)})" if whole else ""
    return f"{facts_words(part)} sur {french.number(whole)}{share}"


def _gate_short(found: Facts) -> str:
    if not found.gates:
        return f"impossible à dire. {found.gate_reason}"
    possible = next((each for each in found.gates if each.possible), None)
    if possible is None:
        return f"même si tout disparaît, il ne se verra pas en {found.gates[-1].months} mois."
    return (f"en {possible.months} mois, une baisse de {percent(possible.least or 0)} ou plus se verrait huit fois sur dix ; les "
            f"études en attendent {percent(REDUCTION)} environ.")


def _seen(reader: Reader, plan: Plan, found: Facts) -> Iterator[Block]:
    kind = plan.asked.query.kind
    yield Heading("Ce qui a été vu")
    yield Paragraph(french.typeset(
        f"{sitingwish.about(reader, plan.asked.query)}. {facts_words(found.all)} avec une position"
        f"{f', origine : {LABELS[kind].lower()}' if kind else ''}. Un signalement n’est pas un fait prouvé, et un lieu sans "
        "signalement n’est pas un lieu sans fait."))
    yield table(("Catégorie", "Faits", "Part", "En vue du plan"), (
        (LABELS[category], french.number(whole), percent(whole / found.all), french.number(part))
        for category, whole, part in found.categories[:_MOST_CATEGORIES]))
    charts = [*_months(found), *_hours(found)]
    if charts:
        yield Charts(tuple(charts))
    yield _bullets(_tendency(found), *_clock(found))


def _months(found: Facts) -> Iterator[Bars]:
    if len(found.starts) > 1:
        labels = tuple(f"{_MONTH[each.month - 1]} {each.year}" if place % 6 == 0 else ""
                       for place, each in enumerate(found.starts))
        words = ", ".join(f"{_MONTH[each.month - 1]} {each.year} {many}"
                          for each, many in zip(found.starts, found.months.tolist(), strict=True))
        yield Bars("Faits par mois entier", tuple(found.months.tolist()), labels, f"Faits par mois{NNBSP}: {words}.")


def _hours(found: Facts) -> Iterator[Bars]:
    if found.hours.sum():
        bands = [f"{BAND_H * place} h" for place in range(len(found.hours))]
        words = ", ".join(f"de {band} à {BAND_H * place + BAND_H} h {many}"
                          for place, (band, many) in enumerate(zip(bands, found.hours.tolist(), strict=True)))
        yield Bars("Faits en vue, par tranche de trois heures", tuple(found.hours.tolist()), tuple(bands), f"{words}.")


def _tendency(found: Facts) -> str:
    if isinstance(found.tendency, str):
        return f"Tendance : {found.tendency}"
    if found.tendency.direction == "aucune":
        return f"Tendance : pas de hausse ni de baisse nette sur {found.tendency.n} mois entiers."
    p = "moins de 0,001" if found.tendency.p < 0.001 else french.number(found.tendency.p, 3)
    return f"Tendance : {found.tendency.direction} sur {found.tendency.n} mois entiers (p = {p})."


def _clock(found: Facts) -> list[str]:
    known = int(found.hours.sum())
    if not known:
        return ["Heures : aucune n’est connue pour les faits en vue ; relever les heures avant de choisir une réponse."]
    bands = np.argsort(-found.hours, kind="stable")[:2].tolist()
    often = " et ".join(f"{BAND_H * place} h–{BAND_H * place + BAND_H} h" for place in bands if found.hours[place])
    without = french.counted(found.timeless, "fait est", "faits sont")
    return [f"Heures : surtout {often} ; {without} sans heure, sur {french.number(found.seen)} en vue. "
            "De nuit, la portée des caméras est celle de l’éclairage."]


def _plan(plan: Plan, site: Site, found: Facts) -> Iterator[Block]:
    yield Heading("Ce que le plan verrait, et ce qu’il ne peut pas voir")
    plate = siteplate.plate(site, bounds_of(site), _SMALL, "Le plan")
    yield sitingpapers.scaled(plate, f"{DRAFT}. Les plans complets sont dans « Plan de masse et plans de détail ».")
    left = [f"{french.number(many)} {LEFT[name]}" for name, many in plan.seen.left_out.items() if many]
    usable = int(plan.seen.facts.sum())
    yield _bullets(
        f"Plan fait pour {PURPOSES[plan.asked.purpose]}. L’objectif permet, de jour, de {sitingpapers.reaches_of(plan)}. "
        f"{WEIGHTS[plan.asked.weights].capitalize()}.",
        f"{_of(usable, found.all)} peuvent guider un plan" + (f" ; hors d’atteinte : {french.listed(left)}." if left else "."),
        f"{french.number(usable - found.seen)} de plus sont dehors, placés assez précisément, et hors de vue de ces caméras.",
        f"{french.counted(plan.ground.walls.unknown, 'bâtiment', 'bâtiments')} de hauteur inconnue (vue supposée bouchée) ; ni "
        "arbre, ni auvent, ni véhicule n’est connu.",
        *(f"{name} : {percent(share)} du poids en vue." for name, share in plan.shares.items()))


def _answers(plan: Plan) -> Iterator[Block]:
    yield Heading("Les réponses possibles, côte à côte")
    yield table(("Réponse", "Faits", "Coût, ordre de grandeur", "Preuve", "Filme"), (
        (each.label, percent(each.share), french.typeset(f"de {french.number(each.low)} à {french.number(each.high)} € "
                                                         f"{'en tout, ' if each.plan else 'par '}{each.per}"),
         STRENGTHS[each.strength], "oui" if each.films else "non") for each in plan.answers))
    yield Paragraph(french.typeset(
        "Faits : pour le plan, ceux dont le lieu est en vue ; pour les autres, ceux dont la catégorie et le lieu sont les leurs. "
        "Les parts ne s’ajoutent pas. Les coûts sont à remplacer par vos marchés."), note=True)
    yield Heading("Ce qu’on en sait", 3)
    yield _bullets(*(f"{each.label} : {' ; '.join(each.evidence)}." for each in plan.answers))


def _effect(found: Facts) -> Iterator[Block]:
    yield Heading("Peut-on montrer un effet ?".replace(" ?", f"{NNBSP}?"))
    if not found.gates:
        yield Paragraph(french.typeset(f"Impossible à dire d’avance : {found.gate_reason}"))
        return
    yield table(("Durée", "Faits attendus sans rien faire", "Baisse qui se verrait", f"Baisse de {percent(REDUCTION)} vue"), (
        (f"{each.months} mois", french.number(each.expected, 1), "pas même une disparition" if each.least is None
         else f"{percent(each.least)} ou plus", f"{round(100 * each.chance)} fois sur 100") for each in found.gates))
    spread = french.number(found.gates[0].dispersion, 1)
    yield Paragraph(french.typeset(
        f"Mailles d’une cinquantaine de mètres en vue, comparées à des mailles de même niveau à plus de {RING_M} m ; faits des "
        f"{len(found.starts)} mois entiers connus, simulés avec leur irrégularité ({spread} fois celle du "
        f"hasard). {percent(REDUCTION)} : baisse moyenne des études (Piza et al. 2019). Un effet qui ne peut pas se voir ne "
        "justifie pas la dépense par des chiffres : le dire avant."), note=True)


def _people(reader: Reader, plan: Plan, site: Site) -> Iterator[Block]:
    regime, seen = regime_for(plan.asked.operator), shapely.union_all([field_of(each) for each in site.cameras])
    area, roads = float(seen.area), sum(each.view.road_share * each.view.area_m2 for each in plan.cameras)
    yield Heading("Droit, et personnes filmées")
    yield _bullets(
        f"{regime.title} : {OPERATORS[plan.asked.operator]} filme. Règles lues le {french.day(regime.as_of)}, à faire relire. "
        + regime.notes.replace("\n", " "),
        *(f"Refusé, {each.camera or 'plan'} : {each.sentence}" for each in plan.law.refusals),
        f"Surface en vue : {french.number(area)} m², dont {french.number(min(roads, area))} m² au plus de voie publique : "
        "habitants, visiteurs, enfants, salariés et passants, à toute heure, sans qu’ils puissent l’éviter.",
        _homes(reader, plan, seen),
        f"Images gardées {regime.retention_days} jours au plus, vues sur incident seulement, par des fonctions désignées.")


def _homes(reader: Reader, plan: Plan, seen: Any) -> str:
    """Whose residences stand in a field, and how many dwellings they have."""
    found = reader.features("patrimoine", plan.ground.box) if "patrimoine" in reader.catalog.layers else None
    rows = [] if found is None else [
        row for row, known in enumerate(found.properties) if known.get("level", "residence") == "residence"
        and found.geometry[row] is not None]
    if found is not None and rows:
        metres = crs.geometries_to_metres(found.geometry[rows], plan.ground.epsg)
        rows = [row for row, near in zip(rows, shapely.dwithin(metres, seen, _HOME_M).tolist(), strict=True) if near]
    if found is None or not rows:
        return "Résidences dans un champ : aucune n’est connue ; les compter sur place."
    dwellings = [found.properties[row].get("dwellings") for row in rows]
    names = french.listed([found.names[row] or found.keys[row] for row in rows])
    known = sum(each for each in dwellings if each)
    homes = french.counted(known, "logement", "logements") + (
        "" if all(dwellings) else ", au moins : certaines n’ont pas de nombre de logements")
    return f"Résidences à moins de {_HOME_M:.0f} m d’un champ : {names} ({homes})."


def _decide(plan: Plan) -> Iterator[Block]:
    yield Heading("À décider")
    yield _bullets(
        "Essayer d’abord une réponse sans caméra, ou dire pourquoi elle ne suffit pas.",
        "Finalité : à quels faits ces caméras répondent, et lesquels elles ne verront pas.",
        "Proportion : moins de caméras, un champ plus étroit, un masque de plus feraient-ils autant ?",
        "Relevé sur place : portes, fenêtres, balcons, ouvertures de tiers, arbres ; puis revoir le plan.",
        "Information et avis : locataires, délégué à la protection des données, instances du personnel.",
        "Suivi : témoins, durée et règle d’arrêt écrits avant la pose (journal des leviers), et date du bilan.",
        f"Décision, date et qui décide : {MARK}.", boxes=True)
