"""The plans of a camera plan on paper: site plan and a detail plan for each camera, to scale, with what must be looked at there.

No fact is drawn: these plans go to people outside. Openings of third parties are in no file: façades in a field are marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import shapely

from geoservice.core.siting.dori import DENSITIES
from geoservice.errors import NotFound
from geoservice.export import french, siteplate
from geoservice.export.drawing import Drawing
from geoservice.export.palette import PAPER
from geoservice.export.paper import Block, Heading, Paper, Paragraph, Scaled, bullets, table
from geoservice.export.paperpdf import Edition
from geoservice.export.siteplate import KEY, SCALE_SLACK, Plate, Site
from geoservice.operations import credits, sheets, sitingground
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Chosen, Plan
from geoservice.operations.sitingasked import moment_of
from geoservice.operations.sitinglaw import PLACES
from geoservice.operations.sitingpapers_site import DRAFT, check_format, detail_plate, site_of, whole_plate
from geoservice.operations.sitingplaces import KINDS

UNSURVEYED = "Ouvertures de tiers à relever sur place"
_WINDS = ("nord", "nord-est", "est", "sud-est", "sud", "sud-ouest", "ouest", "nord-ouest")
_LAYERS = ("batiments", "voies", "patrimoine", "halls", "eclairage", "cameras")


def paper(reader: Reader, plan: Plan, edited: datetime, sheet: str = "a4") -> tuple[Paper, Edition]:
    """Site plan and detail plans with what they suppose; BadInput for a plan without cameras or an unknown format."""
    check_format(sheet)
    site, many = site_of(plan), len(plan.cameras)
    whole = whole_plate(site, sheet)
    blocks = [*_told(plan, site, whole.scale), *_cameras(plan), *_sources(reader),
              Heading(f"Plan de masse, {siteplate.scale_words(whole.scale).lower()}"), scaled(whole, _under(plan)),
              *(block for place in range(many) for block in _detail(plan, site, place))]
    title = "Plan de masse et plans de détail" if many > 1 else "Plan de masse et plan de détail"
    return Paper(title, tuple(blocks)), edition(reader, plan, edited, title)


def edition(reader: Reader, plan: Plan, edited: datetime, title: str) -> Edition:
    """What stands around every paper of a plan: where, that it is a draft, and the day its rules were read."""
    where, day = where_of(reader, plan), french.day(edited.date())
    cameras = french.counted(len(plan.cameras), "caméra exploitée", "caméras exploitées")
    lines = (f"{where}, {cameras} par {sitingground.OPERATORS[plan.asked.operator]} ; document de {reader.viewer.organisation}",
             f"{DRAFT}. Édité le {day}. Règles lues le {french.day(plan.law.as_of)} ({plan.law.title}), à faire relire.")
    return Edition(tuple(french.typeset(line) for line in lines), french.typeset(f"{title} – {where} – {DRAFT.lower()}, {day}"),
                   edited)


def where_of(reader: Reader, plan: Plan) -> str:
    """The place of a plan as people call it."""
    return sheets.territory_of(reader, plan.asked.query, plan.ground.lonlat(plan.seen.cells), plan.seen.cell_facts)


def drawing(reader: Reader, plan: Plan, edited: datetime, sheet: str = "a4", camera: str = "") -> Drawing:
    """The site plan, or the detail plan of one camera, as one sheet with its legend; NotFound for a camera that is not there."""
    check_format(sheet)
    site, codes = site_of(plan), [each.code for each in plan.cameras]
    if camera and camera not in codes:
        raise NotFound(f"Ce plan n’a pas cette caméra. Il a : {', '.join(codes)}.")
    plate = detail_plate(plan, site, codes.index(camera)) if camera else whole_plate(site, sheet)
    around = edition(reader, plan, edited, plate.drawing.title)
    return siteplate.with_legend(plate, [*around.subtitle, french.typeset(f"{UNSURVEYED}. Échelle vraie à l’impression à 100 %."),
                                         *map(french.typeset, sources_of(reader))])


def _told(plan: Plan, site: Site, scale: int) -> Iterator[Block]:
    third = 0.0 if site.third is None else site.third.length
    yield Heading("À lire d’abord")
    yield bullets(*(french.typeset(each) for each in (
        f"{DRAFT} : une proposition, jamais une décision. Les zones sont calculées, pas mesurées : elles se vérifient sur place.",
        f"{UNSURVEYED} : aucun fichier ne les donne. {french.number(third)} m de façades de tiers sont dans un champ, en trait "
        "épais sur les plans.",
        *(["Portes, fenêtres et balcons des logements : à relever de même (trait épais en tirets), à masquer de façon "
           "irréversible."] if site.ours is not None else []),
        _masks(plan),
        f"Échelles vraies si le document est imprimé à 100 %, sans ajustement à la page ; le nord est celui de la projection "
        f"(EPSG:{plan.ground.epsg}), qui change les longueurs de {french.number(100 * SCALE_SLACK, 1)} % au plus.",
        f"{sitingground.LENSES[plan.asked.lens]} : " + reaches_of(plan) + f". {moment_of(plan.asked)}, terrain et toits plats ; "
        f"{french.counted(plan.ground.walls.unknown, 'bâtiment', 'bâtiments')} de hauteur inconnue (vue supposée bouchée) ; "
        "arbres et mobilier ne sont pas connus.",
        *(f"{each.camera or 'Plan'} : {each.sentence}" for each in plan.law.refusals))))


def reaches_of(plan: Plan) -> str:
    """To how many metres the lens serves each purpose."""
    optics = sitingground.optics_of(plan.asked.lens)
    return ", ".join(f"{label} jusqu’à {french.number(optics.reach(name), 1)} m" for name, label in sitingground.PURPOSES.items())


def _masks(plan: Plan) -> str:
    if plan.asked.operator != "bailleur":
        return "Une commune filme la voie publique : l’intérieur des immeubles et leurs entrées ont un masque irréversible."
    return ("La voie publique d’un champ est sous masque irréversible (hachures verticales serrées)." if plan.asked.masked
            else "Aucun masque n’est prévu sur la voie publique : un bailleur ne la filme pas.")


def _cameras(plan: Plan) -> Iterator[Block]:
    yield Heading("Caméras")
    yield table(("N°", "Posée sur", "Azimut", "Hauteur", "Objectif", "Filme", "Champ", "Voie publique"), (
        (each.code, KINDS[each.kind], azimuth_words(each.view.spot.azimuth), f"{french.number(each.view.spot.height_m, 1)} m",
         f"{each.view.spot.lens.replace('.', ',')} mm", PLACES[each.view.place], f"{french.number(each.view.area_m2)} m²",
         french.typeset(f"{french.number(100 * each.view.road_share)} %")) for each in plan.cameras))


def azimuth_words(azimuth: float) -> str:
    """« 180° sud »."""
    return f"{french.number(azimuth % 360)}° {_WINDS[round(azimuth / 45) % 8]}"


def _sources(reader: Reader) -> Iterator[Block]:
    yield Heading("Sources des plans")
    yield bullets(*map(french.typeset, sources_of(reader)))


def sources_of(reader: Reader) -> list[str]:
    """The layers a plan stands on: who published them, and the day they were imported."""
    out = []
    for layer in _LAYERS:
        if layer in reader.catalog.layers and len(reader.shelf.features(layer)):
            named = [f"{each.whom}{f' ({each.licence})' if each.licence else ''}"
                     f"{'' if day is None else f', importé le {french.day(day)}'}" for each, day in credits.dated(reader, layer)]
            out.append(f"{reader.catalog.layer(layer).title} : {' ; '.join(named) or 'origine et date inconnues'}.")
    return out


def scaled(plate: Plate, caption: str) -> Scaled:
    """A plate with the legend of what it shows."""
    order = [name for name in KEY if name in plate.shown]
    return Scaled(plate.drawing, french.typeset(caption), tuple((_small(name), french.typeset(KEY[name])) for name in order))


def _small(name: str) -> Drawing:
    return Drawing(80, 38, "", "", PAPER, tuple(siteplate.swatch(name)))


def _under(plan: Plan) -> str:
    return f"{DRAFT}. {UNSURVEYED}. Règles lues le {french.day(plan.law.as_of)}."


def _detail(plan: Plan, site: Site, place: int) -> Iterator[Block]:
    chosen, plate = plan.cameras[place], detail_plate(plan, site, place)
    spot, (x, y) = chosen.view.spot, site.cameras[place].place
    areas = shapely.area(np.array([site.cameras[place].fields[name] for name in DENSITIES], dtype=object))
    yield Heading(french.typeset(f"Plan de détail, caméra {chosen.code}, {siteplate.scale_words(plate.scale).lower()}"))
    yield scaled(plate, f"{_under(plan)} Les autres caméras sont là par leur numéro, sans leur champ.")
    yield table(("Caméra", "Valeur"), ((name, french.typeset(value)) for name, value in (
        ("Support et hauteur", f"{KINDS[chosen.kind]}, objectif à {french.number(spot.height_m, 1)} m du sol"),
        ("Position", f"X {french.number(x, 1)} m, Y {french.number(y, 1)} m (EPSG:{plan.ground.epsg})"),
        ("Regarde vers", f"{azimuth_words(spot.azimuth)}, objectif de {sitingground.LENSES[spot.lens]}"),
        ("Zones couvertes", ", ".join(f"{sitingground.PURPOSES[name]} {french.number(area)} m²" for name, area in zip(
            DENSITIES, areas.tolist(), strict=True))),
        ("Voie publique", f"{french.number(100 * chosen.view.road_share)} % du champ{_masked(plan, chosen)}"),
        ("À relever sur place", "ouvertures des façades en trait épais ; arbres, auvents, véhicules"))))
    if chosen.view.blind or chosen.view.unknown:
        yield Paragraph(french.typeset(f"{french.counted(chosen.view.unknown, 'bâtiment', 'bâtiments')} de hauteur inconnue à "
                                       "portée : la vue y est supposée bouchée."), note=True)


def _masked(plan: Plan, chosen: Chosen) -> str:
    if plan.asked.operator != "bailleur" or not chosen.view.road_share:
        return ""
    return ", sous masque irréversible" if plan.asked.masked else ", sans masque : refusé"
