"""The colours that carry meaning, as every colour vision sees them: read from the page's own module."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from geoservice.export import palette
from tests.browser.colour_vision import VISIONS, ciede2000, contrast, difference, over

pytestmark = pytest.mark.browser

PAPER, GROUND = palette.PAPER, palette.GROUND
APART = 9.0  # ΔE00 between neighbouring classes of the legend for every colour vision; 2.3 is about what an eye can tell
PHOTOCOPY = 7.5  # the same without any colour
FAR = 11.0  # between marks that mean different things
MARK = 3.0  # WCAG 1.4.11, for a mark against what is around it


@pytest.fixture(scope="module")
def colours(playwright_chromium, browser, demo: str) -> dict:
    page = browser.new_page()
    page.goto(f"{demo}/connexion")
    names = "RAMP, RAMP_OPACITY, PALE_EDGE, PALE_CLASSES, CHANGE, HOT"
    found = page.evaluate(f"async () => {{ const {{{names}}} = await import('/static/js/palette.js'); return {{{names}}}; }}")
    page.close()
    return found


@pytest.mark.parametrize(("one", "other", "wanted"), [  # Sharma, Wu & Dalal (2005), table 1
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644), ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082), ((50, 0, 0), (50, -1, 2), 2.3669)])
def test_differences_are_those_of_the_standard(one, other, wanted) -> None:
    assert abs(ciede2000(np.array(one, float), np.array(other, float)) - wanted) < 5e-5


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("ground", [PAPER, GROUND])
def test_neighbouring_classes_stay_apart(colours: dict, vision: str, ground: str) -> None:
    seen = [over(colour, colours["RAMP_OPACITY"], ground) for colour in colours["RAMP"]]
    apart = [difference(low, high, vision) for low, high in pairwise(seen)]
    assert len(apart) == 5
    assert min(apart) >= (PHOTOCOPY if vision == "none" else APART), apart


def test_a_pale_class_has_an_edge_that_is_seen(colours: dict) -> None:
    for number, colour in enumerate(colours["RAMP"]):
        seen = over(colour, colours["RAMP_OPACITY"], GROUND)
        mark = colours["PALE_EDGE"] if number < colours["PALE_CLASSES"] else seen
        assert contrast(mark, GROUND) >= MARK, (number, contrast(mark, GROUND))


@pytest.mark.parametrize("vision", VISIONS)
def test_verdicts_stay_apart(colours: dict, vision: str) -> None:
    """Fills of solid, fragile and the rest; an artefact is told by its hatch, which is far from its own ground."""
    hot = colours["HOT"]
    for one, other in combinations(("solide", "fragile", "reste"), 2):
        assert difference(hot[one]["fill"], hot[other]["fill"], vision) >= FAR, (one, other)
    assert difference(hot["artefact"]["line"], hot["artefact"]["fill"], vision) >= 3 * FAR


def test_lines_of_verdicts_are_seen_on_the_ground(colours: dict) -> None:
    hot = colours["HOT"]
    for verdict in ("solide", "fragile", "artefact"):
        for around in (GROUND, PAPER, hot["reste"]["fill"]):
            assert contrast(hot[verdict]["line"], around) >= MARK, (verdict, around)


@pytest.mark.parametrize("vision", [name for name in VISIONS if name != "none"])
def test_more_and_less_stay_apart(colours: dict, vision: str) -> None:
    less, more = colours["CHANGE"]["less"], colours["CHANGE"]["more"]
    assert difference(less, more, vision) >= 2 * FAR
    assert min(contrast(less, PAPER), contrast(more, PAPER)) >= 4.5  # they are also letters
