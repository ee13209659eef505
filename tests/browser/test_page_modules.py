"""The page's own arithmetic, run in the browser, against the Python that it mirrors and against tables done by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from geoservice.export import palette

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "geoservice" / "web" / "page"


def test_classes_are_those_of_the_server(watch, demo: str) -> None:
    watch.page.goto(f"{demo}/connexion")
    random = np.random.default_rng(11)
    samples = [[], [4], [1, 1, 2], list(range(1, 8)), *(random.negative_binomial(0.6, 0.05, 400).tolist() for _ in range(5)),
               (random.pareto(1.1, 900) * 30 + 1).astype(int).tolist()]
    script = "async samples => { const m = await import('/static/js/palette.js'); return samples.map(s => m.breaks(s)); }"
    found = watch.page.evaluate(script, samples)
    assert found == [palette.breaks(np.array(sample, dtype=np.int64)) for sample in samples]
    assert tuple(watch.page.evaluate("async () => (await import('/static/js/palette.js')).RAMP")) == palette.COUNTS.colours


@pytest.mark.parametrize(("day", "months", "wanted"), [("2024-03-31", -1, "2024-02-29"), ("2023-03-31", -1, "2023-02-28"),
                                                       ("2025-01-01", -12, "2024-01-01"), ("2024-10-31", 4, "2025-02-28")])
def test_months_end_where_months_end(watch, demo: str, day: str, months: int, wanted: str) -> None:
    watch.page.goto(f"{demo}/connexion")
    script = "async ([day, months]) => (await import('/static/js/days.js')).plusMonths(day, months)"
    assert watch.page.evaluate(script, [day, months]) == wanted


def test_french_typography(watch, demo: str) -> None:
    watch.page.goto(f"{demo}/connexion")
    script = """async () => { const w = await import('/static/js/words.js');
      return [w.number(1234567), w.date('2024-09-12'), w.share(1, 8), w.share(5, 40), w.hours('22-2'), w.distance(1230),
        w.plural(1, 'fait')]; }"""
    assert watch.page.evaluate(script) == ["1\u202f234\u202f567", "12\u00a0sept.\u00a02024", "", "12,5\u202f%",
                                           "22\u202fh–2\u202fh", "1,2\u202fkm", "1 fait"]


def test_every_string_of_maplibre_is_french() -> None:
    library = (PAGE / "vendor" / "maplibre-gl.mjs").read_text(encoding="utf-8")
    keys = r"\"([A-Z]\w+\.[A-Z]\w+)\": ?[`\"]"
    theirs = set(re.findall(keys, library[library.index('"AttributionControl.ToggleAttribution":'):][:2000]))
    ours = set(re.findall(keys, (PAGE / "js" / "locale.js").read_text(encoding="utf-8")))
    assert len(theirs) == 25
    assert ours == theirs


LANDMARK = re.compile(r"<(?:section|nav|aside|form)\b[^>]*|<[^>]*\brole=\"(?:region|navigation|search|complementary|form)\"[^>]*")
NAME = re.compile(r'aria-label(?:ledby)?="([^"]+)"')


def test_no_two_landmarks_of_a_page_have_one_name() -> None:
    """What axe calls landmark-unique: a table that scrolls inside a named section is a group there, no second region."""
    checked = 0
    for path in sorted(PAGE.glob("*.html")):
        names = [found[1] for tag in LANDMARK.findall(path.read_text(encoding="utf-8")) if (found := NAME.search(tag))]
        assert len(names) == len(set(names)), path.name
        checked += len(names)
    assert checked > 30


def test_no_markup_is_ever_made_from_text() -> None:
    modules = sorted((PAGE / "js").glob("*.js"))
    assert len(modules) >= 15
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML")
    assert [path.name for path in modules if forbidden.search(path.read_text(encoding="utf-8"))] == []
    pages = sorted(PAGE.glob("*.html"))
    assert len(pages) >= 3
    inline = re.compile(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|https?://", re.IGNORECASE)
    assert [path.name for path in pages if inline.search(path.read_text(encoding="utf-8"))] == []
