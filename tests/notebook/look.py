"""Opens a saved map in Chromium with the network shut, and tells what happened.

In a thread of its own: another test of the session may hold Playwright's event loop in the main one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGS = ("--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND")
# every tooltip is drawn once, as under a hand that passes over the map
HOVER_ALL = """document.querySelectorAll('path.leaflet-interactive').forEach(path => ['mouseover', 'mouseout'].forEach(
    name => path.dispatchEvent(new MouseEvent(name, {bubbles: true, clientX: 300, clientY: 300}))))"""
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="browser tests need Debian's Chromium")


@dataclass
class Seen:
    """Every request, complaints (console, errors, dialogs), shapes drawn in a frame, and the answers to what was asked."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    framed: int = 0
    answers: dict[str, Any] = field(default_factory=dict)


def look(path: Path, questions: dict[str, str], picture: Path | None = None) -> Seen:
    """Open a file; `questions` are expressions evaluated in the page once it is drawn, by name."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_look, path, questions, picture).result()


def _look(path: Path, questions: dict[str, str], picture: Path | None) -> Seen:
    seen = Seen()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport={"width": 1200, "height": 800}, locale="fr-FR")
        _listen(page, seen)
        page.goto(path.as_uri())
        page.wait_for_selector(".gs-legend, iframe")
        page.evaluate(HOVER_ALL)
        if page.locator("iframe").count():
            shapes = page.frame_locator("iframe").locator("path.gs-shape")
            shapes.first.wait_for(state="attached")
            seen.framed = shapes.count()
        seen.answers = {name: page.evaluate(question) for name, question in questions.items()}
        page.wait_for_timeout(200)  # an image that fails would say so now
        if picture is not None:
            page.screenshot(path=picture)
        browser.close()
    return seen


def _listen(page: Page, seen: Seen) -> None:
    def shut(route: Route) -> None:
        if route.request.url.startswith(("file://", "data:")):
            route.continue_()
        else:
            route.abort()

    page.route("**/*", shut)
    page.on("request", lambda request: None if request.url.startswith("data:") else seen.requests.append(request.url))
    page.on("console", lambda message: message.type in ("error", "warning") and seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
