"""Hot spots drawn by the server: what is on the picture is what /api/hotspots tells, and the files of a view are of that view."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image

from geoservice.export import palette
from geoservice.operations import hotpicture
from geoservice.web.routes.picture import FONT

NAME = "{http://www.w3.org/2000/svg}"
HOT = "kind=ville&resolution=9"
needs_font = pytest.mark.skipif(not FONT.is_file(), reason="la police de la page est apportée par « make install »")


def test_areas_are_those_of_the_answer(rives):
    told = rives.get(f"/api/hotspots?{HOT}").json()["areas"]
    answer = rives.get(f"/api/map.svg?{HOT}&show=hotspots")
    root = ElementTree.fromstring(answer.text)
    marks = [text.text for text in root.iter(f"{NAME}text")]
    assert marks == [str(area["rank"]) for area in told if area["verdict"] in hotpicture.WORDS]
    assert marks
    groups = {group.get("class"): group for group in root.iter(f"{NAME}g")}
    for verdict in {area["verdict"] for area in told}:
        name = hotpicture.NAMES[verdict]
        assert groups[f"{name}-fond"].get("fill") == palette.HOT[name].fill
        assert groups[name].get("stroke") == palette.HOT[name].line
    assert not any((name or "").startswith("classe-") for name in groups)
    assert f"{len(marks)}\u202fpoint" in root.find(f"{NAME}desc").text


def test_residences_are_discs_and_too_little_data_is_a_sentence(rives):
    few = ElementTree.fromstring(rives.get("/api/map.svg?kind=ville&from=1999-01-01&to=1999-02-01&show=hotspots").text)
    assert few.find(f"{NAME}desc").text.endswith(".")
    assert not list(few.iter(f"{NAME}text"))
    assert rives.get("/api/map.svg?kind=bailleur&show=hotspots").status_code == 200


def test_options_are_for_hot_spots_alone(rives):
    for path in ("/api/map.svg", "/api/map.png", "/api/carte.pdf"):
        assert rives.get(f"{path}?{HOT}&null=binomial").status_code == 400
        assert rives.get(f"{path}?{HOT}&show=tout").status_code == 400
    plain, other = (rives.get(f"/api/map.svg?{HOT}&show=hotspots{more}").headers["etag"] for more in ("", "&null=binomial"))
    assert plain != other


@needs_font
def test_the_sheet_lists_the_areas_and_says_how_they_were_tested(rives):
    told = rives.get(f"/api/hotspots?{HOT}").json()["areas"]
    page = pypdfium2.PdfDocument(rives.get(f"/api/carte.pdf?{HOT}&show=hotspots").content)[0]
    text = page.get_textpage().get_text_range().replace("\u00a0", " ")
    assert "Où agir d’abord" in text
    assert "Points chauds" in text
    assert f"{told[0]['low']} à " in text
    assert "fausses alertes" in text


@needs_font
def test_the_picture_has_the_rank_and_the_legend(rives):
    address = f"/api/map.png?{HOT}&width=600&height=400"
    hot, plain = (Image.open(io.BytesIO(rives.get(f"{address}{more}").content)) for more in ("&show=hotspots", ""))
    assert hot.width == plain.width == 600
    colours = {colour for _, colour in hot.getcolors(1 << 20)}
    assert any(sum(abs(a - b) for a, b in zip(colour, palette.rgb(look.line), strict=True)) < 30
               for colour in colours for look in palette.HOT.values())
    assert hot.crop((0, 0, 600, 400)).tobytes() != plain.crop((0, 0, 600, 400)).tobytes()
