"""How long from a click on a filter to the new colours on the canvas of a city; no graphics card here, so an upper bound."""

from __future__ import annotations

import json
from statistics import median

import pytest
from playwright.sync_api import Page

from tests.browser.page_watch import settle_side, wait_drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# the moment of the click itself, then the first frame that the page says it drew with the new counts
SINCE_CLICK = """name => new Promise((resolve, reject) => {
  const box = document.querySelector(`input[name=category][value=${name}]`);
  const region = document.getElementById('map');
  const start = performance.now();
  const seen = new MutationObserver(() => { seen.disconnect(); resolve(performance.now() - start); });
  seen.observe(region, {attributes: true, attributeFilter: ['data-repaint-ms']});
  setTimeout(() => reject(new Error('nothing was painted')), 10000);
  delete region.dataset.repaintMs;
  seen.takeRecords();
  box.click();
})"""


def test_a_filter_repaints_a_city_at_once(page: Page, record_property) -> None:
    wait_drawn(page)
    found = []
    for name in ("DEG", "SAL", "VEH", "DEG", "SAL", "VEH", "AUT", "TEC"):
        found.append(page.evaluate(SINCE_CLICK, name))
        settle_side(page)
    report = {"median_ms": round(median(found)), "worst_ms": round(max(found)), "runs": len(found), "drawn_by": "SwiftShader"}
    record_property("repaint", json.dumps(report))
    print(json.dumps(report))
    assert median(found) < 1_000  # a busy machine without a graphics card; the figure itself is in the report
