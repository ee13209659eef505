"""A plan of cameras as a folium map in one file: buildings, fields by DORI class, cameras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from geoservice.export import palette
from geoservice.export.tables import Table, to_geojson
from geoservice.notebook.map import OfflineMap, credit
from geoservice.operations.sitingground import PURPOSES

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geoservice.notebook.siting import CameraPlan

# as on the page « Décider »
_CLASSES = {"detect": "#abbee5", "observe": "#8b97d4", "recognise": "#6a5fb5", "identify": "#4b2e83"}
_OPACITY, _WALL = 0.55, "#c9d1d6"


def draw(plan: CameraPlan, ground: GeoDataFrame, title: str) -> OfflineMap:
    """Fields lie on buildings, cameras on both; names are text, never markup."""
    layers = [_walls(ground), _fields(plan), _cameras(plan)]
    box = (plan.cameras if len(plan.cameras) else ground).total_bounds
    if len(plan.fields):
        box = plan.fields.total_bounds
    west, south, east, north = (float(side) for side in box)
    return OfflineMap({
        "title": title, "bounds": [[south, west], [north, east]], "canvas": False, "closest": 19, "ink": palette.INK,
        "layers": [layer for layer, _ in layers], "legend": [legend for _, legend in layers],
        "attributions": [text for text in (credit(ground.attrs),) if text]})


def _data(columns: dict[str, list[Any]], shapes: Any) -> dict[str, Any]:
    return json.loads(to_geojson(Table(columns, shapes.to_numpy())))


def _walls(ground: GeoDataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    heights = [None if value is None or value != value else float(value) for value in ground.get("height", [None] * len(ground))]
    stroke = {"className": "gs-wall", "color": palette.HAIRLINE, "weight": 1, "fillColor": _WALL, "fillOpacity": 0.9}
    unknown = sum(value is None for value in heights)
    hints = [f"Hauteur inconnue\u202f: {unknown} sur {len(ground)} ; ils arrêtent toujours la vue.".replace(" ;", "\u202f;")]
    return ({"strokes": [stroke], "colours": None, "fields": [["Hauteur (m)", "height"]],
             "data": _data({"height": ["" if value is None else value for value in heights]}, ground.geometry)},
            {"title": "Bâtiments", "swatch": {"colour": _WALL, "opacity": 1, "line": False}, "classes": [],
             "hints": hints if unknown else []})


def _fields(plan: CameraPlan) -> tuple[dict[str, Any], dict[str, Any]]:
    found, order = plan.fields, list(_CLASSES)
    stroke = {"className": "gs-shape", "color": palette.INK, "weight": 0.5, "opacity": 0.5, "fillOpacity": _OPACITY}
    columns = {"camera": found["camera"].tolist(), "label": found["label"].tolist(),
               "~class": [order.index(name) for name in found["class"]]}
    legend = [{"colour": colour, "opacity": _OPACITY, "label": PURPOSES[name], "note": "", "line": False}
              for name, colour in _CLASSES.items() if (found["class"] == name).any()]
    return ({"strokes": [stroke], "colours": list(_CLASSES.values()), "fields": [["Caméra", "camera"], ["Permet de", "label"]],
             "data": _data(columns, found.geometry)},
            {"title": "En vue, de jour", "swatch": None, "classes": legend, "hints": []})


def _cameras(plan: CameraPlan) -> tuple[dict[str, Any], dict[str, Any]]:
    shown = plan.cameras
    stroke = {"className": "gs-camera", "color": palette.PAPER, "weight": 2, "fillColor": palette.ACCENT, "fillOpacity": 1}
    names = {"camera": "Caméra", "facts": "Faits en vue", "support": "Support", "place": "Filme", "azimuth": "Azimut (degrés)"}
    return ({"strokes": [stroke], "colours": None, "fields": [[words, name] for name, words in names.items()],
             "data": _data({name: shown[name].tolist() for name in names}, shown.geometry)},
            {"title": f"Caméras ({len(shown)})", "swatch": {"colour": palette.ACCENT, "opacity": 1, "line": False}, "classes": [],
             "hints": [f"{plan.covered} des {plan.facts} faits en vue, de jour."]})
