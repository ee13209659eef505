"""The map drawn by the server, as SVG and on A4: what it holds, and what hostile names cannot make of it."""

from __future__ import annotations

import json
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.export import palette, svg
from geoservice.export.drawing import Drawing, Group, Label, Paint, Path
from geoservice.operations import ingest, picture, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from geoservice.web.routes.picture import FONT
from tests import folders
from tests.web.world import CANARY, CITY, CITY_FACTS, RIVES_FACTS

NAME = "{http://www.w3.org/2000/svg}"
EVIL = "</title><script>alert(1)</script>\" onload='x' &amp; ]]> \x00\x07 \ud800 é ﷽"
needs_font = pytest.mark.skipif(not FONT.is_file(), reason="la police de la page est apportée par « make install »")


def drawn(client, **asked: str) -> ElementTree.Element:
    answer = client.get("/api/map.svg", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/svg+xml")
    return ElementTree.fromstring(answer.text)


def cells(root: ElementTree.Element) -> dict[str, int]:
    return {path.get("data-h3"): int(path.get("data-n")) for path in root.iter(f"{NAME}path") if path.get("data-h3")}


def test_hexagons_are_the_cells_in_the_classes_of_the_palette(rives):
    root = drawn(rives, kind="bailleur", resolution="9", bbox="2.3,48.8,2.6,49.0")
    table = rives.get("/api/cells?kind=bailleur&resolution=9").json()
    assert cells(root) == dict(zip(table["cells"], table["counts"], strict=True))
    bounds = palette.breaks(table["counts"])
    seen = 0
    for group in root.iter(f"{NAME}g"):
        if (name := group.get("class")).startswith("classe-"):
            number = int(name.removeprefix("classe-")) - 1
            assert group.get("fill") == palette.COUNTS.colours[number]
            for path in group:
                seen += 1
                assert palette.classes([int(path.get("data-n"))], bounds)[0] == number
    assert seen == len(table["cells"])


def test_the_picture_says_in_words_what_it_shows(rives):
    root = drawn(rives, kind="bailleur", category="DEG", **{"from": "2024-02-01"})
    title, words = root.find(f"{NAME}title").text, root.find(f"{NAME}desc").text
    assert (root.get("role"), root.get("lang")) == ("img", "fr")
    assert root.get("aria-labelledby").split() == [root.find(f"{NAME}{tag}").get("id") for tag in ("title", "desc")]
    assert title == "Carte des faits (Bailleur)"
    assert "du 1er févr. 2024 au 28 déc. 2024" in words
    assert "Catégorie\u202f: Dégradations" in words
    assert f"{sum(cells(root).values())}\u202ffaits" in words


def test_a_box_is_what_is_shown_and_cuts_no_cell(rives):
    box = "2.34,48.85,2.36,48.87"
    inside = cells(drawn(rives, kind="ville", resolution="9", bbox=box))
    whole = rives.get("/api/cells?kind=ville&resolution=9").json()
    counts = dict(zip(whole["cells"], whole["counts"], strict=True))
    assert inside.items() <= counts.items()
    assert 0 < len(inside) < len(counts)
    cut = rives.get(f"/api/cells?kind=ville&resolution=9&bbox={box}").json()
    assert set(cut["cells"]) <= set(inside)


def test_quarters_are_dashed_lines_with_a_halo_and_never_a_fill(rives):
    groups = {group.get("class"): group for group in drawn(rives, kind="ville", zone="qpv2024:QN07501M").iter(f"{NAME}g")}
    assert groups["qpv"].get("stroke-dasharray")
    assert groups["qpv"].get("fill") == groups["qpv-halo"].get("fill") == "none"
    assert len(groups["qpv"]) == 1  # the newest generation alone


@pytest.mark.parametrize("asked", [{"width": "0"}, {"height": "4001"}, {"width": "x"}, {"width": "٣٠٠"}, {"format": "svg"}])
def test_sizes_are_bounded(rives, asked):
    assert rives.get("/api/map.svg", params={"kind": "ville", **asked}).status_code == 400


def test_too_many_cells_are_refused_with_what_to_do(rives, monkeypatch):
    monkeypatch.setattr(picture, "MOST_CELLS", 50)
    answer = rives.get("/api/map.svg?kind=ville&resolution=12")
    assert answer.status_code == 400
    assert "plus grossière" in answer.json()["detail"]


def test_without_facts_there_is_still_a_map(rives):
    root = drawn(rives, kind="transport")
    assert cells(root) == {}
    assert "0\u202ffait dans" in root.find(f"{NAME}desc").text


def test_hostile_names_are_text():
    label = Label(1, 2, EVIL, 12, palette.INK)
    path = Path((np.array([[0.0, 0.0], [1.0, 1.0]]),), False, {"h3": EVIL})
    body = svg.to_svg(Drawing(200, 100, EVIL, EVIL, palette.GROUND, (Group("g", Paint(palette.INK), (path,)),), (label,)))
    root = ElementTree.fromstring(body)
    assert Counter(element.tag.removeprefix(NAME) for element in root.iter()) == {
        "svg": 1, "title": 1, "desc": 1, "rect": 1, "g": 1, "path": 1, "text": 1}
    kept = EVIL.replace("\x00", "").replace("\x07", "").replace("\ud800", "")
    assert root.find(f"{NAME}title").text == kept
    assert root.find(f"{NAME}text").text == kept
    for element in root.iter():
        assert not {name for name in element.attrib if name.startswith("on") or "href" in name or name == "style"}


@pytest.fixture(scope="module")
def hostile(world, tmp_path_factory):
    """The world with a residence and a QPV whose names attack, where the city's facts are."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(data=folder / "data")
    folders.copied(world.settings.data, settings.data)
    evil = EVIL.replace("\x00", "").replace("\ud800", "")
    (lon, lat) = CITY
    ring = [[lon + x * 0.001, lat + y * 0.001] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    quarter = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {
        "code_qp": "QN07599Z", "lib_qp": evil, "insee_dep": "75", "insee_com": "75056", "lib_com": evil}}
    road = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[lon - 0.05, lat], [lon + 0.05, lat]]},
            "properties": {"osm_id": "1", "highway": "primary", "name": f"=HYPERLINK {evil}"}}
    storage = setup.open_storage(settings)
    for layer, feature in (("qpv", quarter), ("voies", road)):
        file = folder / f"{layer}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        source = {"qpv": "qp2024", "voies": "osm"}[layer]
        report = ingest.run(storage, load(), ingest.ImportRequest(layer, (file,), "rives", source))
        assert report.accepted == 1, report.as_json()
    storage.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {world.rives}"}) as client:
        yield client


def test_hostile_names_from_files_draw_a_map_and_nothing_else(hostile):
    for zone in ({}, {"zone": "qpv2024:QN07599Z"}):
        root = drawn(hostile, kind="ville", **zone)
        assert {element.tag.removeprefix(NAME) for element in root.iter()} <= {"svg", "title", "desc", "rect", "g", "path"}
        for element in root.iter():
            assert not {name for name in element.attrib if name.startswith("on") or "href" in name or name == "style"}


def sheet(client, **asked: str):
    import pypdfium2

    answer = client.get("/api/carte.pdf", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    text = " ".join("".join(page.get_textpage().get_text_range() for page in document).replace("\xa0", " ").split())
    return document, text


@needs_font
def test_the_sheet_says_what_was_asked_and_what_it_is_made_of(rives):
    document, text = sheet(rives, kind="bailleur", category="DEG,OCC", hours="20-6", weekdays="6,7",
                           **{"from": "2024-02-01", "to": "2024-07-01"})
    for words in ("Faits signalés, origine : bailleur", "du 1er févr. 2024 au 30 juin 2024",
                  "Catégories : Dégradations et Occupation", "Heures : de 20 h à 6 h", "Jours : samedi et dimanche",
                  "Faits par hexagone", "Intervalle",
                  "95 %", "Sources et licences", "Quartier prioritaire (QPV)", "ne s’additionnent jamais", "Page 1 sur"):
        assert words in text, words
    width, height = document[0].get_size()
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)
    unknown = sheet(rives, kind="bailleur", gravity_min="1")[1]
    assert "Gravité : 1 ou plus" in unknown
    assert f"Écartés faute d’information : {RIVES_FACTS} faits sans gravité." in unknown


@needs_font
def test_the_sheet_counts_like_the_tables_and_marks_the_busiest(rives):
    _, text = sheet(rives, kind="bailleur", resolution="9", bbox="2.3,48.8,2.6,49.0")
    table = rives.get("/api/cells?kind=bailleur&resolution=9").json()
    assert f"{RIVES_FACTS} faits sur cette carte." in text
    assert "40 autres n’ont pas de position" in text
    for count in sorted(table["counts"], reverse=True)[:10]:
        assert f" {count} " in text
    assert "Résidence R " in text  # a place that people know


@needs_font
def test_the_sheet_is_one_landlords_own(rives, plaine):
    assert CANARY not in sheet(rives, kind="bailleur")[1]
    assert CANARY in sheet(plaine, kind="bailleur")[1]
    assert f"{CITY_FACTS // 1000} 000 faits" in sheet(plaine, kind="ville", resolution="7", bbox="2.1,48.7,2.6,49.0")[1]


@needs_font
def test_hostile_names_on_paper_are_text(hostile):
    document, text = sheet(hostile, kind="ville", zone="qpv2024:QN07599Z")
    assert "QPV </title><script>alert(1)</script>" in text
    assert "HYPERLINK" in text
    raw = document.get_metadata_dict()
    assert "script" not in str(raw)


@needs_font
def test_a_sheet_without_facts_says_so(rives):
    _, text = sheet(rives, kind="transport")
    assert "0 fait sur cette carte." in text
    assert "Aucun fait avec ces filtres" in text
    assert "Les hexagones qui comptent" not in text
