"""A workbook that others can open, and a funnel that says what it draws."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from openpyxl import load_workbook

from geoservice.export import xlsx
from geoservice.export.funnel import Dots, svg


def test_a_workbook_keeps_numbers_text_and_what_is_unknown() -> None:
    made = xlsx.sheet("Bilan", ("nom", "n"), [("=1+1", 3), ("a & <b>", 2.5), (None, float("nan")), ("\x00x\ty", np.int64(7))])
    assert made == xlsx.sheet("Bilan", ("nom", "n"), [("=1+1", 3), ("a & <b>", 2.5), (None, float("nan")), ("\x00x\ty", 7)])
    book = load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["Bilan"]
    cells = list(book.active.iter_rows())
    assert [[cell.value for cell in row] for row in cells] == [
        ["nom", "n"], ["=1+1", 3], ["a & <b>", 2.5], [None, None], ["x\ty", 7]]
    assert cells[1][0].data_type != "f"
    assert cells[0][0].font.b
    assert not cells[1][0].font.b


def drawn(outside: list[int], names: list[str]) -> ET.Element:
    n = len(outside)
    dots = Dots(np.linspace(20, 200, n), np.linspace(10, 90, n), np.array(outside), names)
    inner, outer = (lambda x, wide=wide: (50 - wide / x, 50 + wide / x) for wide in (100, 200))
    return ET.fromstring(svg(dots, 50.0, inner, outer, "dit & fait"))


def test_a_funnel_has_a_mark_for_every_place_and_names_those_outside() -> None:
    found = drawn([0, 1, 0, -1], ["A", "B <i>", "C", "D"])
    assert found.get("aria-label") == "dit & fait"
    assert len(found.findall("circle")) == 2
    assert len(found.findall("rect")) == 2
    assert [text.text for text in found.findall("text") if text.get("class") == "label"] == ["B <i>", "D"]
    assert len(found.findall("polyline")) == 4
    assert not found.findall(".//script")
    assert all("style" not in each.attrib for each in found.iter())


def test_many_places_outside_are_drawn_without_names() -> None:
    found = drawn([1] * 30, [str(k) for k in range(30)])
    assert len(found.findall("rect")) == 30
    assert [text for text in found.findall("text") if text.get("class") == "label"] == []


@pytest.mark.parametrize("outside", [[0], [1]])
def test_one_place_is_a_funnel_too(outside: list[int]) -> None:
    assert len(drawn(outside, ["seule"])) > 4
