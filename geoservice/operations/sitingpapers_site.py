"""From a plan of cameras to what its papers draw: the site in metres, plates to scale, layers for QGIS. No fact is among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.siting.dori import DENSITIES
from geoservice.errors import BadInput
from geoservice.export import french, siteplate
from geoservice.export.siteplate import Camera, Frame, Plate, Site
from geoservice.export.tables import Table
from geoservice.operations import sitingground, sitinglaw
from geoservice.operations.siting import Chosen, Plan
from geoservice.operations.sitingground import Ground
from geoservice.operations.sitinglaw import PLACES
from geoservice.operations.sitingplaces import KINDS

DRAFT = "Projet, à discuter"
FORMATS = {"a4": "A4", "a3": "A3"}
_WHOLE = {"a4": Frame(180, 196), "a3": Frame(390, 206)}
_DETAIL = Frame(180, 150)
_MARGIN_M, _NEAR_M, _LEAST_M = 8.0, 0.3, 0.6


def check_format(sheet: str) -> None:
    """BadInput for a format of paper that there is not."""
    if sheet not in FORMATS:
        raise BadInput(f"« paper » attend l’une de ces valeurs : {', '.join(FORMATS)}.")


def site_of(plan: Plan) -> Site:
    """What the plates show, in metres; BadInput for a plan without cameras."""
    if not plan.cameras:
        raise BadInput(plan.clash or "Ce plan n’a pas de caméra : il n’y a rien à mettre sur un plan.")
    ground, cameras = own_ground(plan), [_camera(plan.ground, each) for each in plan.cameras]
    seen = shapely.union_all([field_of(each) for each in cameras])
    third, ours = (_facades(ground, seen, which) for which in (~ground.own, ground.own))
    return Site(ground.roads, ground.walls.footprints, ground.own, cameras, mask_of(plan, seen), third, ours,
                np.empty(0, dtype=object))


def own_ground(plan: Plan) -> Ground:
    """The ground as whoever films has it: to a town the buildings of a landlord are third parties', whoever asks."""
    return plan.ground if plan.asked.operator == "bailleur" else replace(plan.ground, own=np.zeros_like(plan.ground.own))


def field_of(camera: Camera) -> Any:
    """All that a camera sees, whatever the class."""
    return shapely.union_all(list(camera.fields.values()))


def mask_of(plan: Plan, seen: Any) -> Any:
    """The public road of a field, where the regime wants it masked and the plan has masks; else None."""
    wanted = any(each.what == "voie" for each in sitinglaw.regime_for(plan.asked.operator).excluded)
    near = plan.ground.roads[plan.ground.road_tree.query(seen, predicate="intersects")]
    return shapely.union_all(near).intersection(seen) if wanted and plan.asked.masked and len(near) else None


def whole_plate(site: Site, sheet: str) -> Plate:
    """Everything on one sheet."""
    title = f"Plan de masse de {french.counted(len(site.cameras), 'caméra', 'caméras')}"
    return siteplate.plate(site, bounds_of(site), _WHOLE[sheet], title)


def detail_plate(plan: Plan, site: Site, place: int) -> Plate:
    """One camera with its whole field, its own mask and the façades in it; the others as numbers."""
    camera, ground = site.cameras[place], own_ground(plan)
    seen = field_of(camera)
    third, ours = (_facades(ground, seen, which) for which in (~ground.own, ground.own))
    others = [Camera(each.number, each.place, each.azimuth, {}) for each in site.cameras if each is not camera]
    alone = Site(site.roads, site.buildings, site.own, [*others, camera], mask_of(plan, seen), third, ours, site.openings)
    return siteplate.plate(alone, around([seen, shapely.Point(camera.place)]), _DETAIL,
                           f"Plan de détail de la caméra {camera.number}")


def _camera(ground: Ground, chosen: Chosen) -> Camera:
    spot = chosen.view.spot
    x, y = ground.metres(np.array([[spot.lon, spot.lat]]))[0].tolist()
    shapes = crs.geometries_to_metres(np.array(list(chosen.view.classes.values()), dtype=object), ground.epsg)
    return Camera(chosen.code.removeprefix("C"), (x, y), spot.azimuth, dict(zip(chosen.view.classes, shapes, strict=True)))


def _facades(ground: Ground, seen: Any, which: np.ndarray) -> Any:
    """The walls of some buildings that a field touches, as lines; None where it touches none."""
    near = ground.walls.tree.query(seen, predicate="dwithin", distance=_NEAR_M)
    edges = shapely.boundary(ground.walls.footprints[near[which[near]]])
    touched = shapely.line_merge(shapely.intersection(edges, seen.buffer(_NEAR_M)))
    parts = shapely.get_parts(touched)
    parts = parts[shapely.length(parts) > _LEAST_M] if len(parts) else parts
    return shapely.multilinestrings(list(parts)) if len(parts) else None


def bounds_of(site: Site) -> tuple[float, float, float, float]:
    """Around every camera and its field, in metres; a camera in a wall has none."""
    return around([*(field_of(each) for each in site.cameras), *(shapely.Point(each.place) for each in site.cameras)])


def around(shapes: list[Any]) -> tuple[float, float, float, float]:
    """West, south, east, north of shapes in metres, with a margin."""
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    return west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M


# --- for QGIS

def layers_of(plan: Plan, edited: datetime) -> dict[str, Table]:
    """Layers of a GeoPackage in the projection of the plan: cameras, champs by DORI class, masques, facades_a_relever."""
    site = site_of(plan)
    shared = {"statut": DRAFT, "regles": plan.law.title, "regles_lues_le": plan.law.as_of.isoformat(),
              "edite_le": edited.date().isoformat()}
    fields = [(each.code, name, camera.fields[name]) for each, camera in zip(plan.cameras, site.cameras, strict=True)
              for name in reversed(DENSITIES) if not camera.fields[name].is_empty]
    masks = [(each.code, mask) for each, camera in zip(plan.cameras, site.cameras, strict=True)
             for mask in [mask_of(plan, field_of(camera))] if mask is not None and not mask.is_empty]
    facades = [(whose, line) for whose, line in (("tiers", site.third), ("exploitant", site.ours)) if line is not None]
    return {
        "cameras": _layer(plan, shared, [shapely.Point(each.place) for each in site.cameras], {
            "numero": [each.code for each in plan.cameras], "support": [KINDS[each.kind] for each in plan.cameras],
            "azimut_deg": [round(each.view.spot.azimuth % 360, 1) for each in plan.cameras],
            "hauteur_m": [each.view.spot.height_m for each in plan.cameras],
            "objectif_mm": [float(each.view.spot.lens) for each in plan.cameras],
            "filme": [PLACES[each.view.place] for each in plan.cameras],
            "champ_m2": [round(each.view.area_m2) for each in plan.cameras],
            "part_voie_publique": [round(each.view.road_share, 3) for each in plan.cameras],
            "refus": [" ".join(one.sentence for one in each.view.refusals) for each in plan.cameras]}),
        "champs": _layer(plan, shared, [shape for *_, shape in fields], {
            "camera": [code for code, *_ in fields], "classe_dori": [sitingground.PURPOSES[name] for _, name, _ in fields],
            "surface_m2": [round(shape.area, 1) for *_, shape in fields]}),
        "masques": _layer(plan, shared, [shape for _, shape in masks], {
            "camera": [code for code, _ in masks], "objet": ["voie publique"] * len(masks),
            "nature": ["irréversible"] * len(masks), "surface_m2": [round(shape.area, 1) for _, shape in masks]}),
        "facades_a_relever": _layer(plan, shared, [line for _, line in facades], {
            "a_qui": [whose for whose, _ in facades], "a_faire": ["ouvertures à relever sur place"] * len(facades),
            "longueur_m": [round(line.length, 1) for _, line in facades]})}


def _layer(plan: Plan, shared: dict[str, str], shapes: list[Any], columns: dict[str, list[Any]]) -> Table:
    return Table({**columns, **{name: [value] * len(shapes) for name, value in shared.items()}},
                 np.array(shapes, dtype=object), plan.ground.epsg)
