"""Pictures of every view of the page, to be looked at: `make screenshots`.

All go to var/screenshots, and those of the README to docs/images.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGS, served
from tests.browser.page_watch import settle, settle_side
from tests.browser.shared_surface import Surface, running
from tests.conftest import CHROMIUM

ROOT = Path(__file__).parents[2]
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "820": (820, 1180), "1024": (1024, 768), "400pc": (320, 200)}
# committed, because the README and the guide show them
KEPT = {"fiche-1280": "carte", "carte-1280": "hexagones", "table-1280": "table", "residence-1280": "residence",
        "bailleur-820": "tablette", "sans-webgl-1280": "no-webgl", "partage-820": "partage"}
LARGEST = 400_000  # bytes of a committed picture
BLIND = (*ARGS, "--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis")


@dataclass(frozen=True)
class View:
    """A name, what comes after the host, the sizes it is taken at, and what is done first."""

    name: str
    path: str = "/"
    sizes: tuple[str, ...] = ("1280",)
    before: Callable[[Page], None] = lambda page: None


def table(page: Page) -> None:
    page.keyboard.press("t")
    page.locator("#table tbody button").nth(1).press("Enter")


def compare(page: Page) -> None:
    page.get_by_role("button", name="N / N−1").click()


def card(page: Page) -> None:
    page.locator("#ranking li[data-rank] button").first.click()
    page.locator("section.verdict[data-final=true]").wait_for()


def areas(page: Page) -> None:
    page.get_by_role("button", name="Où agir").click()
    page.locator(".rank-why summary").first.click()


def search(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("les")


def filters(page: Page) -> None:
    page.get_by_role("button", name="Filtres", exact=True).click()


def hours(page: Page) -> None:
    page.locator("#filters .hours").scroll_into_view_if_needed()


HOT = "/#kind=ville&category=DEG&from=2025-11-01&to=2026-11-01&mode=points-chauds&mesh=11"
VIEWS = (
    View("premiere-vue", sizes=tuple(SIZES)), View("points-chauds", HOT, tuple(SIZES)),
    View("fiche", sizes=("1280", "1920"), before=card),
    View("ou-agir", HOT, ("820", "1024"), areas), View("table-chauds", HOT, ("1280",), table),
    View("carte", "/#mode=hexagones", sizes=tuple(SIZES)), View("bailleur", "/#kind=bailleur", ("1280", "820")),
    View("table", "/#kind=bailleur", ("1280",), table),
    View("chaleur", "/#kind=ville&mode=chaleur", ("1280",)), View("comparer", before=compare), View("chercher", before=search),
    View("heures", "/#kind=bailleur&weekdays=5,6&hours=20-24", ("1280",), hours), View("filtres", sizes=("820",), before=filters),
    View("lieux", "/lieux"), View("residence", "/lieux#kind=bailleur&zone=residence:OH003", ("1280", "820", "400pc")),
)


def main() -> None:
    """Build the demo, take all pictures, copy the kept ones."""
    with (tempfile.TemporaryDirectory() as folder, served("demo", Path(folder) / "data", Path(folder)) as address,
          sync_playwright() as playwright):
        target = ROOT / "var" / "screenshots"
        target.mkdir(parents=True, exist_ok=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for view in VIEWS:
            for size in view.sizes:
                take(browser, address, view, size, target)
        browser.close()
        blind = playwright.chromium.launch(executable_path=CHROMIUM, args=BLIND)
        take(blind, address, View("sans-webgl", "/#mode=hexagones"), "1280", target)
        take(blind, address, View("sans-webgl-chauds", HOT), "1280", target)
        blind.close()
        with running(Path(folder) / "shared", Path(folder)) as surface:
            shared_pages(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS), surface, target)
    keep(target)


def shared_pages(browser: Browser, surface: Surface, target: Path) -> None:
    """The page of released maps on a tablet, its meeting mode, and what a share link opens."""
    for size in ("820", "1024"):
        width, height = SIZES[size]
        page = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR").new_page()
        page.goto(f"{surface.address}/partage")
        page.get_by_label("Votre clé de lecture").fill(surface.key)
        page.get_by_role("button", name="Ouvrir").click()
        settle(page)
        page.screenshot(path=target / f"partage-{size}.png")
        page.get_by_role("button", name="Mode réunion").click()
        page.locator("#meeting h1").wait_for()
        page.screenshot(path=target / f"partage-reunion-{size}.png")
        page.goto(f"{surface.address}/p/{surface.link}")
        page.screenshot(path=target / f"partage-lien-{size}.png", full_page=True)
        page.context.close()
    browser.close()


def take(browser: Browser, address: str, view: View, size: str, target: Path) -> None:
    """One picture; a small window is taken at its whole length."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR")
    page = context.new_page()
    page.goto(address + view.path)
    ready = settle if view.path.startswith("/lieux") else settle_side
    ready(page)
    page.wait_for_timeout(600)  # tiles of the ground
    view.before(page)
    ready(page)
    page.wait_for_timeout(1_200)
    page.screenshot(path=target / f"{view.name}-{size}.png", full_page=size == "400pc" or view.path.startswith("/lieux#"))
    context.close()


def keep(target: Path) -> None:
    """Copy what is committed, with few colours so that it stays light."""
    from PIL import Image

    images = ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, kept in KEPT.items():
        file = images / f"{kept}.png"
        shutil.copyfile(target / f"{name}.png", file)
        Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)} {size} bytes")
        if size > LARGEST:
            raise SystemExit(f"{file.name} is larger than {LARGEST} bytes: take less, or fewer colours.")


if __name__ == "__main__":
    main()
