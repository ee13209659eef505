"""The folium map: one file, no network, and names that stay names."""

from __future__ import annotations

import html
import json
import re

import folium
import geopandas
import pytest
import shapely

from geoservice.errors import BadInput
from geoservice.export import palette
from geoservice.notebook.map import draw, script_json
from tests.notebook.folder import NAMES, POLYGLOT, SOUTH
from tests.notebook.look import look, needs_chromium

QUESTIONS = {
    "cells": "document.querySelectorAll('path.gs-shape').length",
    "zones": "document.querySelectorAll('path.gs-zone').length",
    "fills": "[...document.querySelectorAll('path.gs-shape')].map(path => path.getAttribute('fill'))",
    "drawn": "[...document.querySelectorAll('path.gs-shape')].every(path => path.getBoundingClientRect().width > 5)",
    "legend": "document.querySelector('.gs-legend').innerText",
    "page": "document.body.innerText",
    "title": "document.title",
    "lang": "document.documentElement.lang",
    "scripts": "document.querySelectorAll('script').length",
    "tips": """[...document.querySelectorAll('path.gs-zone')].map(path => {
        path.dispatchEvent(new MouseEvent('mouseover', {bubbles: true, clientX: 300, clientY: 300}));
        return document.querySelector('.leaflet-tooltip').textContent; })""",
}


def test_the_file_names_no_other_address(session):
    text = page_of(session.map(session.cells(kind="bailleur")))
    fetched = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)|url\(([^)]+)\)|@import""", text)

    assert {source or url for source, url in fetched if not (source or url).startswith(("data:", "#"))} <= {
        "https://leafletjs.com", "https://leafletjs.com/"} | {"#default#VML"}
    assert isinstance(session.map(session.cells(kind="bailleur")), folium.Map)


def test_classes_and_colours_are_those_of_the_service(session):
    spec = session.map(session.cells(kind="bailleur")).spec
    counts, zones = spec["layers"]

    assert [feature["properties"]["~class"] for feature in counts["data"]["features"]] == [
        [1, 3, 6].index(feature["properties"]["count"]) for feature in counts["data"]["features"]]
    assert tuple(counts["colours"]) == palette.COUNTS.colours[:3]
    assert [line["label"] for line in spec["legend"][0]["classes"]] == ["1 à 2", "3 à 5", "6"]
    assert spec["legend"][0]["hints"] == ["10 faits au total.", "1 fait sans position, hors de la carte."]
    assert len(zones["data"]["features"]) == 2


def test_zones_far_from_the_facts_stay_out(session):
    cells = session.cells(kind="bailleur", zone="qpv2024:QN09300A")
    zones = session.map(cells).spec["layers"][1]["data"]["features"]

    assert [zone["properties"]["code"] for zone in zones] == ["QN09300A"]


def test_no_fact_is_said(session):
    spec = session.map(session.cells(kind="bailleur", from_="2030-01-01")).spec

    assert spec["legend"][0]["hints"] == ["Aucun fait avec ces filtres."]
    assert spec["bounds"][0][0] < SOUTH < spec["bounds"][1][0]


@pytest.mark.parametrize("frame", [
    geopandas.GeoDataFrame({"count": [1]}, geometry=[shapely.box(0, 0, 1, 1)]),
    geopandas.GeoDataFrame({"count": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=2154),
])
def test_another_crs_is_refused(frame):
    with pytest.raises(BadInput, match="EPSG:4326"):
        draw(frame)


def test_script_json_cannot_end_the_script():
    text = script_json({POLYGLOT: [POLYGLOT]})

    assert not set(text) & set("<>&\u2028")
    assert not re.search("{{|{%|{#", text)  # folium runs Jinja over it
    assert json.loads(text) == {POLYGLOT: [POLYGLOT]}
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


@needs_chromium
@pytest.mark.browser
def test_it_draws_with_the_network_off(session, tmp_path):
    cells = session.cells(kind="bailleur", resolution=9)
    seen = look(saved(session.map(cells), tmp_path), QUESTIONS)

    assert seen.requests == [(tmp_path / "carte.html").as_uri()]
    assert seen.complaints == []
    assert seen.answers["cells"] == len(cells) == 3
    assert seen.answers["drawn"]
    assert set(seen.answers["fills"]) == set(palette.COUNTS.colours[:3])
    assert "Faits (bailleur)" in seen.answers["legend"]
    assert seen.answers["lang"] == "fr"


@needs_chromium
@pytest.mark.browser
def test_names_of_the_data_stay_text(session, tmp_path):
    cells = session.cells(kind="bailleur", resolution=9)
    cells["cell"] = POLYGLOT
    cells.attrs |= {"title": POLYGLOT, "attribution": POLYGLOT, "licence": POLYGLOT, "unknown": {POLYGLOT: 2}}
    zones = session.zones("qpv").rename(columns={"code": POLYGLOT})
    zones.attrs["title"] = POLYGLOT
    seen = look(saved(session.map(cells, zones=zones, title=POLYGLOT), tmp_path), QUESTIONS)

    assert seen.complaints == []
    assert seen.requests == [(tmp_path / "carte.html").as_uri()]
    assert seen.answers["cells"] == 3
    assert seen.answers["scripts"] == 2  # Leaflet, and the map
    assert any(NAMES["QN09300B"] in tip for tip in seen.answers["tips"])
    assert seen.answers["page"].count("{{7*7}}") >= 4
    assert seen.answers["title"] == POLYGLOT


@needs_chromium
@pytest.mark.browser
def test_points_and_the_frame_in_a_notebook(session, tmp_path):
    shown = session.map(session.features("patrimoine"), zones=None)
    notebook = tmp_path / "carte.html"
    notebook.write_text(f"<!DOCTYPE html><meta charset=utf-8>{shown._repr_html_()}", encoding="utf-8")
    seen = look(notebook, {"frame": "document.querySelector('iframe').getAttribute('sandbox')"})
    alone = look(saved(shown, tmp_path / "alone"), QUESTIONS)

    assert seen.complaints == alone.complaints == []
    assert seen.answers["frame"] == "allow-scripts"
    assert seen.framed == 1
    assert alone.answers["cells"] == 1


def page_of(shown) -> str:
    return html.unescape(shown.get_root().render())


def saved(shown, folder):
    folder.mkdir(exist_ok=True)
    shown.save(folder / "carte.html")
    return folder / "carte.html"
