"""Plans on paper: lengths are true, zones are told apart without colour, and what nobody surveyed is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import shapely

from geoservice.errors import BadInput, NotFound
from geoservice.export import siteplate
from geoservice.export.fonts import FONT
from geoservice.export.paper import TENTH_MM, Scaled, to_html, to_markdown
from geoservice.export.paperpdf import to_pdf
from geoservice.export.siteplate import Frame
from geoservice.export.svg import to_svg
from geoservice.export.tables import to_gpkg_layers
from geoservice.operations import siting, sitingpapers, sitingpapers_file, sitingpapers_site
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Asked, Plan
from tests.operations.test_siting import QUERY, world

EDITED = datetime(2026, 11, 22, 9, tzinfo=UTC)
POINT_MM = 25.4 / 72


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def plan(street: Reader) -> Plan:
    return siting.plan(street, Asked(QUERY, cameras=2, masked=True))


@pytest.fixture(scope="module")
def made(street: Reader, plan: Plan) -> bytes:
    return to_pdf(*sitingpapers.paper(street, plan, EDITED), FONT)


def boxes(made: bytes, page: int) -> list[tuple[float, float]]:
    """Width and height in millimetres of every closed path of a page that has four corners, and is filled."""
    with pypdfium2.PdfDocument(made) as document:
        sheet, found = document[page], []
        for each in sheet.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=5):
            left, bottom, right, top = each.get_bounds()
            found.append(((right - left) * POINT_MM, (top - bottom) * POINT_MM))
        sheet.close()
    return found


def test_a_known_length_is_true_on_paper(street: Reader, plan: Plan, made: bytes) -> None:
    """The block is 40 m by 10 m: its footprint in metres over the scale is what a ruler reads on the PDF."""
    site = sitingpapers_site.site_of(plan)
    own = site.buildings[site.own][0]
    west, south, east, north = shapely.bounds(own)
    sides = np.hypot(*np.diff(shapely.get_coordinates(shapely.minimum_rotated_rectangle(own)), axis=0).T)
    assert sorted(sides[:2]) == pytest.approx([10, 40], rel=0.005)
    scale = sitingpapers_site.whole_plate(site, "a4").scale
    wanted = ((east - west) * 1_000 / scale, (north - south) * 1_000 / scale)
    pen = 0.3  # of ink, half on each side
    assert any(np.allclose(box, wanted, atol=pen + 0.05) for box in boxes(made, 1)), (wanted, boxes(made, 1))


def test_a_detail_plan_is_true_too(plan: Plan, made: bytes) -> None:
    """What a camera detects reaches 56.9 m from a lens at 4 m, 56.8 m on the ground: on paper that over the scale."""
    site = sitingpapers_site.site_of(plan)
    for place, camera in enumerate(site.cameras):
        scale = sitingpapers_site.detail_plate(plan, site, place).scale
        west, south, east, north = shapely.bounds(camera.fields["detect"])
        wanted = ((east - west) * 1_000 / scale, (north - south) * 1_000 / scale)
        assert any(np.allclose(box, wanted, atol=0.3) for box in boxes(made, 2 + place)), wanted
    far = shapely.hausdorff_distance(shapely.Point(site.cameras[0].place), site.cameras[0].fields["detect"])
    assert far == pytest.approx(np.sqrt((4 * 1920 / 5.4 / 25) ** 2 - 2.5 ** 2), abs=0.1)


def test_the_scale_bar_is_as_long_as_it_says(made: bytes) -> None:
    """Four parts of 10 m at 1:1,000 are 10 mm each: two dark ones and two light ones, 30 mm from end to end."""
    with pypdfium2.PdfDocument(made) as document:
        text = document[1].get_textpage().get_text_bounded()
    assert "1:1" in text
    assert "40" in text
    assert sum(abs(wide - 30) < 0.4 and abs(tall - 1) < 0.4 for wide, tall in boxes(made, 1)) == 2


def test_scales_are_round_and_fit(plan: Plan) -> None:
    frame = Frame(180, 196)
    assert siteplate.scale_for((0, 0, 90, 90), frame) == 500
    assert siteplate.scale_for((0, 0, 90.1, 90), frame) == 1_000
    assert siteplate.scale_for((0, 0, 30, 39), frame) == 200
    with pytest.raises(BadInput, match="trop étendu"):
        siteplate.scale_for((0, 0, 9_000, 90), frame)
    for place in range(len(plan.cameras)):
        site = sitingpapers_site.site_of(plan)
        found = sitingpapers_site.detail_plate(plan, site, place)
        assert found.scale in siteplate.SCALES
        assert found.drawing.width * TENTH_MM == 180


def test_every_zone_has_its_own_hatching(plan: Plan) -> None:
    drawn = sitingpapers_site.whole_plate(sitingpapers_site.site_of(plan), "a4").drawing
    patterns = {}
    for group in drawn.groups:
        if group.name.endswith("-hatch"):
            angles = {round(float(np.degrees(np.arctan2(*(part[-1] - part[0])[::-1]))) % 180) for path in group.paths
                      for part in path.parts}
            patterns[group.name] = (frozenset(angles), bool(group.paint.dash))
    assert set(patterns) == {"identify-hatch", "recognise-hatch", "observe-hatch", "detect-hatch", "mask-hatch"}
    assert len(set(patterns.values())) == len(patterns), patterns
    assert all(group.paint.stroke == "#1b2733" for group in drawn.groups if group.name.endswith("-hatch"))


def test_hatches_stay_in_their_zone(plan: Plan) -> None:
    site = sitingpapers_site.site_of(plan)
    groups = {group.name: group for group in sitingpapers_site.whole_plate(site, "a4").drawing.groups}
    for name in ("identify", "recognise", "observe", "detect", "mask"):
        fill = shapely.union_all([shapely.Polygon(path.parts[0], path.parts[1:]) for path in groups[f"{name}-fill"].paths])
        lines = shapely.linestrings([path.parts[0] for path in groups[f"{name}-hatch"].paths])
        assert shapely.length(lines).sum() > 0
        assert shapely.length(shapely.difference(lines, fill.buffer(0.5))).sum() == 0, name


def test_the_street_is_masked_for_a_landlord_alone(street: Reader, plan: Plan) -> None:
    site = sitingpapers_site.site_of(plan)
    road = shapely.union_all(site.roads)
    seen = shapely.union_all([sitingpapers_site.field_of(each) for each in site.cameras])
    assert site.mask.area == pytest.approx(road.intersection(seen).area)
    assert site.mask.area > 50
    for asked in (Asked(QUERY, cameras=2, masked=False), Asked(QUERY, cameras=2, operator="commune", masked=True)):
        assert sitingpapers_site.site_of(siting.plan(street, asked)).mask is None


def test_facades_in_a_field_are_to_be_surveyed(plan: Plan) -> None:
    site = sitingpapers_site.site_of(plan)
    others = shapely.union_all(site.buildings[~site.own])
    seen = shapely.union_all([sitingpapers_site.field_of(each) for each in site.cameras])
    assert site.third.length > 5
    assert shapely.hausdorff_distance(site.third, shapely.intersection(others.boundary, site.third.buffer(0.01))) < 0.1
    assert shapely.distance(site.third, seen) < 0.3
    assert len(site.openings) == 0


def test_the_paper_says_what_it_is(street: Reader, plan: Plan, made: bytes) -> None:
    with pypdfium2.PdfDocument(made) as document:
        pages = [page.get_textpage().get_text_bounded().replace("\xa0", " ") for page in document]
    text = " ".join(" ".join(pages).split())
    assert len(pages) == 2 + len(plan.cameras)
    for words in ("Projet, à discuter", "Règles lues le 30 juin 2025", "Ouvertures de tiers à relever sur place", "EPSG:2154",
                  "imprimé à 100 %", "Plan de détail, caméra C1", "Plan de détail, caméra C2", "hauteur inconnue", "Sources"):
        assert words in text, words
    assert b"/StructTreeRoot" in made
    assert b"fr-FR" in made
    figures = [block for block in sitingpapers.paper(street, plan, EDITED)[0].blocks if isinstance(block, Scaled)]
    assert all("Zones couvertes" in each.drawing.description for each in figures)


def test_no_fact_is_on_a_plan(street: Reader, plan: Plan) -> None:
    """Whatever the facts were, what is drawn of the same cameras is the same."""
    from dataclasses import replace

    without = replace(plan.seen, cells=np.empty((0, 2)), cell_facts=np.empty(0, np.int64), places=np.empty((0, 2)))
    one, other = (siteplate.plate(sitingpapers_site.site_of(each), (0, 0, 1, 1), Frame(10, 10), "x")
                  for each in (plan, replace(plan, seen=without)))
    assert to_svg(one.drawing) == to_svg(other.drawing)


def test_a3_is_a_wide_page_of_the_same_document(street: Reader, plan: Plan) -> None:
    with pypdfium2.PdfDocument(to_pdf(*sitingpapers.paper(street, plan, EDITED, "a3"), FONT)) as document:
        sizes = [tuple(round(side * POINT_MM) for side in page.get_size()) for page in document]
    assert sizes == [(210, 297), (420, 297), (210, 297), (210, 297)]
    with pytest.raises(BadInput, match="a4, a3"):
        sitingpapers.paper(street, plan, EDITED, "a5")


def test_the_drawing_is_svg_in_millimetres(street: Reader, plan: Plan) -> None:
    for camera in ("", "C2"):
        root = ElementTree.fromstring(to_svg(sitingpapers.drawing(street, plan, EDITED, camera=camera), TENTH_MM))
        wide, tall = (float(root.get(name).removesuffix("mm")) for name in ("width", "height"))
        assert wide == 180
        assert [float(each) for each in root.get("viewBox").split()[2:]] == [wide * 10, pytest.approx(tall * 10)]
        said = " ".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "Projet, à discuter" in said
        assert "Ouvertures de tiers à relever sur place" in said
    with pytest.raises(NotFound, match="C1, C2"):
        sitingpapers.drawing(street, plan, EDITED, camera="C9")


def test_the_same_paper_as_markdown_and_html(street: Reader, plan: Plan) -> None:
    paper, _ = sitingpapers.paper(street, plan, EDITED)
    assert "<svg" in to_html(paper)
    assert "Zones couvertes" in to_markdown(paper)


def test_layers_open_in_a_gis(plan: Plan, tmp_path: Path) -> None:
    import pyogrio

    path = tmp_path / "plan.gpkg"
    path.write_bytes(to_gpkg_layers(sitingpapers_site.layers_of(plan, EDITED)))
    assert [name for name, _ in pyogrio.list_layers(path)] == ["cameras", "champs", "masques", "facades_a_relever"]
    read = {name: pyogrio.read_dataframe(path, layer=name) for name, _ in pyogrio.list_layers(path)}
    assert {each.crs.to_epsg() for each in read.values()} == {2154}
    assert read["cameras"]["numero"].tolist() == ["C1", "C2"]
    assert set(read["champs"]["classe_dori"]) == {"détecter", "observer", "reconnaître", "identifier"}
    assert read["champs"]["surface_m2"].to_numpy() == pytest.approx(read["champs"].geometry.area.to_numpy(), abs=0.06)
    assert read["masques"].geometry.area.sum() > 50
    assert set(read["facades_a_relever"]["a_qui"]) >= {"tiers"}
    for each in read.values():
        assert set(each["regles_lues_le"]) == {"2025-06-30"}
        assert set(each["statut"]) == {"Projet, à discuter"}


def test_a_layer_without_rows_is_there(street: Reader, tmp_path: Path) -> None:
    import pyogrio

    path = tmp_path / "plan.gpkg"
    bare = siting.plan(street, Asked(QUERY, cameras=1, masked=False))
    path.write_bytes(to_gpkg_layers(sitingpapers_site.layers_of(bare, EDITED)))
    assert pyogrio.read_info(path, layer="masques")["features"] == 0


def states(plan: Plan) -> dict[str, str]:
    return {each.code: each.state for each in sitingpapers_file.pieces(plan)}


def test_the_file_says_what_is_there_and_what_is_missing(street: Reader, plan: Plan) -> None:
    found = {each.code: each for each in sitingpapers_file.pieces(plan)}
    assert {code: each.state for code, each in found.items()} == {
        "registre": "à joindre", "aipd": "à joindre", "opportunite": "fourni par ces documents",
        "plans": "fourni par ces documents", "information": "à joindre", "habilites": "à joindre",
        "conservation": "fourni par ces documents", "masques": "manquant", "convention_l272_2": "sans objet"}
    assert "m de façades dans un champ" in found["masques"].why
    assert all(each.reference and each.as_of.isoformat() == "2025-06-30" for each in found.values())
    bare = siting.plan(street, Asked(QUERY, cameras=2, masked=False))
    refused = [each for each in sitingpapers_file.pieces(bare) if each.code == "refus"]
    assert [each.state for each in refused] == ["manquant"] * len(bare.law.refusals)
    assert "aucun masque" in next(each.why for each in sitingpapers_file.pieces(bare) if each.code == "masques")


def test_the_file_of_a_town_asks_for_openings_of_third_parties(street: Reader) -> None:
    town = siting.plan(street, Asked(QUERY, cameras=2, operator="commune"))
    assert any(each.view.place == "voie" for each in town.cameras)
    found = states(town)
    assert (found["plan_de_masse"], found["plan_de_detail"], found["ouvertures"]) == (
        "fourni par ces documents", "fourni par ces documents", "manquant")
    from dataclasses import replace

    square = replace(town, cameras=tuple(replace(each, view=replace(each.view, place="lieu_ouvert")) for each in town.cameras))
    assert {states(square)[code] for code in ("plan_de_masse", "plan_de_detail", "ouvertures")} == {"sans objet"}


def test_the_file_on_paper_has_its_days(street: Reader, plan: Plan) -> None:
    for started, words in ((None, "tous les 36 mois"), (date(2026, 12, 1), "1er déc. 2029")):
        with pypdfium2.PdfDocument(to_pdf(*sitingpapers_file.paper(street, plan, EDITED, started), FONT)) as document:
            text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).replace("\xa0", " ").split())
            assert len(document) <= 2
        assert words in text
        assert "manquant" in text
        assert "Projet, à discuter" in text
    events = sitingpapers_file.events(street, siting.plan(street, Asked(QUERY, cameras=2, operator="commune")), date(2026, 12, 1))
    assert [each.uid.split("-")[1] for each in events] == ["images", "affiches", "bilan", "aipd", "renouvellement", "fin"]
    assert len({each.uid for each in events}) == len(events)


def test_every_camera_has_its_page(street: Reader, plan: Plan) -> None:
    from dataclasses import replace

    many = replace(plan, cameras=tuple(replace(plan.cameras[place % 2], code=f"C{place + 1}") for place in range(30)))
    lengths = [len(pypdfium2.PdfDocument(to_pdf(*sitingpapers.paper(street, each, EDITED), FONT))) for each in (plan, many)]
    assert lengths[1] - lengths[0] >= 28


def test_a_plan_without_cameras_has_no_paper(street: Reader) -> None:
    none = siting.plan(street, Asked(QUERY, cameras=2))
    from dataclasses import replace

    with pytest.raises(BadInput, match="pas de caméra"):
        sitingpapers.paper(street, replace(none, cameras=()), EDITED)
