"""The drawing of values: what it says as text, that names stay names, and what it refuses."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from geoservice.errors import BadInput
from geoservice.notebook.charts import Axis, dots
from tests.notebook.folder import POLYGLOT


def test_values_and_intervals_are_text_and_lie_where_they_should(tmp_path):
    made = dots(["un", "deux"], [0.5, -2.0], Axis("Rapport", reference=1.0, decimals=2), [(0.25, 1.5), (-3.0, 0.0)])
    root = ET.fromstring(made.svg)
    texts = [found.text for found in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "0,50 (0,25 à 1,50)" in texts
    assert "−2,00 (−3,00 à 0,00)" in texts
    first, second = (float(each.get("cx")) for each in root.iter("{http://www.w3.org/2000/svg}circle"))
    assert second < first
    made.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == made.svg == made._repr_svg_()


def test_bars_go_from_the_reference():
    root = ET.fromstring(dots(["a", "b"], [3, -1], Axis("Changement", decimals=0)).svg)
    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}line") if each.get("stroke-width") == "12"]
    ends = [sorted((float(bar.get("x1")), float(bar.get("x2")))) for bar in bars]
    assert ends[0][0] == ends[1][1]


def test_names_stay_names():
    root = ET.fromstring(dots([POLYGLOT.replace("\u2028", "")], [1.0], Axis(POLYGLOT.replace("\u2028", ""))).svg)
    assert not [each for each in root.iter() if each.tag.endswith(("script", "img"))]


@pytest.mark.parametrize(("labels", "values"), [([], []), (["a"], [1, 2]), (["a"], [float("nan")])])
def test_what_cannot_be_drawn_is_refused(labels, values):
    with pytest.raises(BadInput):
        dots(labels, values, Axis("x"))
