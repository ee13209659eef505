"""A folium map in one file: Leaflet inside, no tiles, and every text from data shown as text.

folium's own tooltips, popups and layer names are markup, and a `</script>` in one ends the page's script; so what we draw goes
to the page as escaped JSON and becomes text nodes there (map.js). What a caller adds with folium itself is theirs to escape.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure
from folium.template import Template

from geoservice.errors import BadInput
from geoservice.export import palette
from geoservice.export.tables import LONLAT, Table, to_geojson
from geoservice.notebook import leaflet
from geoservice.types import LABELS, Kind

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

HEIGHT_PX = 560
FRANCE = (-5.2, 41.3, 9.6, 51.1)
MANY = 5_000  # shapes; beyond, one canvas is quicker than as many SVG paths
_EDGE = palette.COUNTS.colours[3]  # the lowest class is pale, and is seen by its edge
_NNBSP = "\u202f"
_COLUMN_LABELS = {"count": "Faits", "cell": "Cellule", "name": "Nom", "code": "Code", "key": "Identifiant", "ref": "Zone",
                  "generation": "Génération"}
_UNITS = {"cell": ("hexagone", "case"), "residence": ("résidence", "résidence"), "commune": ("commune", "commune")}
_UNKNOWN_LABELS = {"hour": "d’heure inconnue", "gravity": "de gravité inconnue", "place": "de lieu inconnu",
                   "nature": "de nature inconnue"}
# folium runs Jinja again over what its templates gave, so a name like {{ … }} would be executed here, in Python;
# outside of strings JSON has none of these
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "{{": "\\u007b\\u007b", "{%": "\\u007b%", "{#": "\\u007b#"}
_FIELDS = 12  # at most, in a tooltip


def draw(frame: GeoDataFrame, zones: GeoDataFrame | None = None, title: str | None = None) -> OfflineMap:
    """A map of a frame (classes of its column `count`, else plain shapes) under the outlines of `zones`.

    Both in EPSG:4326. BadInput when a frame has another CRS or no geometry.
    """
    shown = _drawable(frame)
    counted = "count" in shown.columns
    parts = [_counts(shown, frame.attrs) if counted else _shapes(shown, frame.attrs)]
    near = None if zones is None else _near(_drawable(zones), shown)
    if near is not None and len(near):
        parts.append(_outlines(near, zones.attrs))
    return OfflineMap({
        "title": title or (f"Faits par {_unit(shown, frame.attrs)[0]}" if counted else "Carte"),
        "bounds": _corners(_view([part.total_bounds for part in (shown, near) if part is not None and len(part)])),
        "canvas": len(shown) > MANY, "ink": palette.INK,
        "layers": [layer for layer, _, _ in parts], "legend": [legend for _, legend, _ in parts],
        "attributions": list(dict.fromkeys(credit for _, _, credit in parts if credit))})


class OfflineMap(folium.Map):
    """A folium map that asks the network for nothing; `save(path)` writes one file that can be sent.

    `spec` is all that it draws, as plain values. folium's plugins bring addresses of their own, which this cannot help.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # folium's own way of declaring them
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template("""
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>html, body, .folium-map { width: 100%; height: 100%; margin: 0; padding: 0; }</style>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <div class="folium-map" id="{{ this.get_name() }}" role="application" aria-label="{{ this.label }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = geoserviceMap("{{ this.get_name() }}", {{ this.code }});
        {% endmacro %}
        """)

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(tiles=None)
        self.spec = spec
        self.label = _markup(f"Carte : {spec['title']}")
        self.code = script_json(spec)
        _Page(title=_markup(spec["title"])).add_child(self)

    def render(self, **kwargs: Any) -> None:
        """Put Leaflet in the head, once, then draw."""
        header = self.get_root().header
        header.add_child(_Text("style", leaflet.style()), name="geoservice_style")
        header.add_child(_Text("script", leaflet.script()), name="geoservice_script")
        super().render(**kwargs)


class _Text(Element):
    """A trusted script or style of ours, as it is."""

    _template = Template("<{{ this.tag }}>{{ this.text }}</{{ this.tag }}>")

    def __init__(self, tag: str, text: str) -> None:
        super().__init__()
        self.tag, self.text = tag, text


class _Page(Figure):
    """folium's page, in French; in a notebook a frame that may run its script and reach nothing of the notebook."""

    def render(self, **kwargs: Any) -> str:
        return super().render(**kwargs).replace("<html>", '<html lang="fr">', 1)

    def _repr_html_(self, **kwargs: Any) -> str:
        return (f'<iframe title="{self.title}" sandbox="allow-scripts" srcdoc="{html.escape(self.render(**kwargs))}" '
                f'style="width:100%;height:{HEIGHT_PX}px;border:1px solid {palette.HAIRLINE}"></iframe>')


def script_json(value: Any) -> str:
    """JSON that can stand in a page's script: nothing in it ends the script or starts a template, and NaN is refused."""
    text = json.dumps(value, allow_nan=False)  # ASCII, so line separators are escaped too
    for risk, safe in _ESCAPES.items():
        text = text.replace(risk, safe)
    return text


def _markup(text: str) -> str:
    """Text for an attribute or a title, where templates are run as well."""
    return html.escape(text).replace("{", "&#123;")


def _drawable(frame: GeoDataFrame) -> GeoDataFrame:
    """Rows with a shape; BadInput for what is no frame in EPSG:4326."""
    crs = getattr(frame, "crs", None)
    if crs is None or crs.to_epsg() != LONLAT:
        raise BadInput("La carte attend un GeoDataFrame en EPSG:4326 ; convertissez-le d’abord : « tableau.to_crs(4326) ».")
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)]


Part = tuple[dict[str, Any], dict[str, Any], str]  # what is drawn, what the legend says, what is credited


def _counts(frame: GeoDataFrame, about: dict[str, Any]) -> Part:
    counts = frame["count"].to_numpy()
    most = int(counts.max(initial=0))
    bounds = [bound for bound in palette.breaks(counts) if bound <= most]
    classes = palette.classes(counts, bounds)
    per_class = [int((classes == number).sum()) for number in range(len(bounds))]
    ramp, ends = palette.COUNTS, [*(bound - 1 for bound in bounds[1:]), most]
    legend = [{"colour": ramp.colours[number], "opacity": ramp.opacity, "label": _range(bound, ends[number]),
               "note": _plural(per_class[number], _unit(frame, about)[1])}
              for number, bound in enumerate(bounds)]
    stroke = {"className": "gs-shape", "color": _EDGE, "weight": 0.75, "opacity": 0.7, "fillOpacity": ramp.opacity}
    layer = {"strokes": [stroke], "colours": ramp.colours[:len(bounds)], **_data(frame, classes)}
    kind = about.get("kind")
    name = "Faits" if kind is None else f"Faits ({LABELS[Kind(kind)].lower()})"
    return layer, {"title": name, "swatch": None, "classes": legend, "hints": _hints(counts, about)}, credit(about)


def _unit(frame: GeoDataFrame, about: dict[str, Any]) -> tuple[str, str]:
    """What is counted by, in a title and in a number of them."""
    return _UNITS.get("cell" if "cell" in frame.columns else about.get("level", ""), ("objet", "objet"))


def _shapes(frame: GeoDataFrame, about: dict[str, Any]) -> Part:
    stroke = {"className": "gs-shape", "color": palette.ACCENT, "weight": 1.5, "fillColor": palette.ACCENT, "fillOpacity": 0.25}
    hints = [] if len(frame) else ["Rien à dessiner."]
    swatch = {"colour": palette.ACCENT, "opacity": 0.6, "line": False}
    name = str(about.get("title", "Objets"))
    return ({"strokes": [stroke], "colours": None, **_data(frame)},
            {"title": name, "swatch": swatch, "classes": [], "hints": hints}, credit(about))


def _outlines(frame: GeoDataFrame, about: dict[str, Any]) -> Part:
    halo = {"className": "gs-halo", "color": palette.PAPER, "weight": 5, "opacity": 0.85, "fill": False}
    dashes = {"className": "gs-zone", "color": palette.INK, "weight": 2, "opacity": 1, "dashArray": "6 4", "fill": False}
    generations = sorted(set(frame.get("generation", ())))
    name = " ".join([str(about.get("title", "Zones")), *map(str, generations)])
    swatch = {"colour": palette.INK, "line": True}
    return ({"strokes": [halo, dashes], "colours": None, **_data(frame)},
            {"title": name, "swatch": swatch, "classes": [], "hints": []}, credit(about))


def _data(frame: GeoDataFrame, classes: Sequence[int] | None = None) -> dict[str, Any]:
    names = [name for name in frame.columns if name != frame.geometry.name][:_FIELDS]
    columns = {str(name): [_plain(value) for value in frame[name]] for name in names}
    fields = [[_COLUMN_LABELS.get(name, name), name] for name in columns]
    fields.sort(key=lambda field: field[1] != "count")
    if classes is not None:
        columns["~class"] = [int(number) for number in classes]
    return {"data": json.loads(to_geojson(Table(columns, frame.geometry.to_numpy()))), "fields": fields}


def _plain(value: Any) -> Any:
    import pandas as pd

    return "" if pd.api.types.is_scalar(value) and pd.isna(value) else value


def _near(zones: GeoDataFrame, frame: GeoDataFrame) -> GeoDataFrame:
    """Zones whose box touches the box of the frame: a country of outlines would weigh more than the map."""
    if not len(frame):
        return zones
    west, south, east, north = frame.total_bounds
    box = zones.geometry.bounds
    return zones[(box["maxx"] >= west) & (box["minx"] <= east) & (box["maxy"] >= south) & (box["miny"] <= north)]


def _hints(counts: Any, about: dict[str, Any]) -> list[str]:
    """What the colours do not show: the total, and the facts that are not on the map."""
    if not len(counts):
        return ["Aucun fait avec ces filtres."]
    hints = [f"{_plural(int(counts.sum()), 'fait')} au total."]
    hints += [f"{_plural(number, 'fait')} {_UNKNOWN_LABELS.get(name, name)}, non {'compté' if number < 2 else 'comptés'}."
              for name, number in about.get("unknown", {}).items() if number]
    if "level" in about:
        hints.append("Y compris les faits sans position.")
    if about.get("unplaced"):
        hints.append(f"{_plural(about['unplaced'], 'fait')} sans position, hors de la carte.")
    return hints


def credit(about: dict[str, Any]) -> str:
    """What a map says of a source, from what stands beside a frame."""
    return " — ".join(str(about[name]) for name in ("title", "attribution", "licence") if about.get(name))


def _view(boxes: list[Any]) -> Sequence[float]:
    """What to look at: the shapes, and the zones as far as they do not make the shapes small."""
    if not boxes:
        return FRANCE
    west, south, east, north = boxes[0]
    wide, high = max(east - west, 0.004) / 3, max(north - south, 0.004) / 3
    zones = boxes[-1]
    return (max(min(west, zones[0]), west - wide), max(min(south, zones[1]), south - high),
            min(max(east, zones[2]), east + wide), min(max(north, zones[3]), north + high))


def _corners(box: Sequence[float]) -> list[list[float]]:
    west, south, east, north = (float(side) for side in box)
    return [[south, west], [north, east]]


def _range(low: int, high: int) -> str:
    return _number(low) if low == high else f"{_number(low)} à {_number(high)}"


def _plural(number: int, word: str) -> str:
    return f"{_number(number)} {word}{'s' if number >= 2 else ''}"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", _NNBSP)
