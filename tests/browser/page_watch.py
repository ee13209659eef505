"""A window of the browser with its complaints: console errors, broken rules, requests to elsewhere."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, expect

DRAWN_MS = 30_000
REPORT_VIOLATIONS = """document.addEventListener('securitypolicyviolation',
  e => console.error('CSP', e.violatedDirective, e.blockedURI))"""
NNBSP = "\u202f"
FILTERS = ("kind", "from", "to", "category", "nature", "place", "gravity_min", "hours", "weekdays", "zone")


class Watch:
    """Opens addresses and keeps what went wrong since."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.expected: list[str] = []
        self.asked = 0
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: message.type == "error" and self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        self.asked += 1
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.wrong.append(f"asked elsewhere: {url}")

    def open(self, address: str) -> None:
        """Go there and wait until hexagons or the table can be read."""
        self.page.goto("about:blank")  # an address that differs after the # alone would not load again
        self.page.goto(address)
        settle(self.page)

    def check(self) -> None:
        """Nothing went wrong but what the test expected, and something was asked at all."""
        assert self.asked > 0
        assert [text for text in self.wrong if not any(part in text for part in self.expected)] == []


def settle(page: Page) -> None:
    """Wait for the counts of the last change."""
    expect(page.locator("body")).to_have_attribute("data-state", "ready", timeout=DRAWN_MS)


def settle_side(page: Page) -> None:
    """Wait for what is beside the map too: histogram, hours, counts beside the filters, the ranking."""
    settle(page)
    expect(page.locator("body")).to_have_attribute("data-side", "ready", timeout=DRAWN_MS)


def numbers(texts: list[str]) -> list[int]:
    """Whole numbers as the page writes them."""
    return [int(re.sub(r"\D", "", text)) for text in texts]


def api(page: Page, route: str, **more: str) -> dict:
    """What a route answers for the filters in the address."""
    answer = page.request.get(f"{origin(page)}{route}", params={**filters_of(page), **more})
    assert answer.ok, answer.text()
    return answer.json()


def filters_of(page: Page) -> dict[str, str]:
    """The filters in the address, as the API takes them."""
    return {name: value for name, value in view(page).items() if name in FILTERS}


def wait_drawn(page: Page) -> int:
    """Hexagons on the map once it is idle, as MapLibre itself finds them."""
    expect(page.locator("#map")).to_have_attribute("data-cells", re.compile(r"^[1-9]\d*$"), timeout=DRAWN_MS)
    return int(page.locator("#map").get_attribute("data-cells"))


def view(page: Page) -> dict[str, str]:
    """The view in the address."""
    return dict(parse_qsl(urlsplit(page.url).fragment))


def total(page: Page) -> int:
    """The number of facts that the page shows for the territory."""
    return int(page.locator("#overview .figure strong").inner_text().replace(NNBSP, ""))


def api_cells(page: Page, **more: str) -> dict:
    """Cells of the filters in the address."""
    return api(page, "/api/cells", **more)


def origin(page: Page) -> str:
    """Scheme, host and port of the page."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"
