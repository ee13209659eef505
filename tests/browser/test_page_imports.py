"""The page of imports in Chromium: a file dropped, checked, corrected, imported, seen on the map, undone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import COMMAND, served
from tests.browser.page_watch import Watch, settle, total, view

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOW_MS = 60_000
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"
SIZES = [(1280, 800), (820, 1180), (320, 640)]


@dataclass(frozen=True)
class Office:
    """An empty service, and a token to it."""

    address: str
    token: str


@pytest.fixture(scope="module")
def office(tmp_path_factory, playwright_chromium) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    printed = subprocess.run([COMMAND, "init", "--data", folder / "data"], capture_output=True, text=True, check=True)
    with served("serve", folder / "data", folder) as address:
        yield Office(address, max(re.findall(r"[\w.-]{20,}", printed.stdout), key=len))


@pytest.fixture
def page(watch: Watch, office: Office) -> Page:
    watch.expected = ["Failed to load resource"]
    page = watch.page
    page.goto(f"{office.address}/connexion")
    page.get_by_label("Votre jeton").fill(office.token)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(#.*)?$"))
    page.goto(f"{office.address}/donnees")
    ready(page)
    return page


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "registre mars.csv"
    rows = [
        f"r{n};{1 + n % 28:02}/03/2026;22:10;{('tag', 'machin', 'tapage')[n % 3]};{2.45 if n % 20 else 99};48.9;{HOSTILE} {n}"
        for n in range(90)
    ]
    path.write_text("\n".join(["Identifiant;Date;Moment;Quoi;Longitude;Latitude;Commentaire", *rows]), "utf-8")
    return path


def ready(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-state", "ready", timeout=SLOW_MS)


def sums(page: Page, where: str) -> list[int]:
    return [int(re.sub(r"\D", "", text)) for text in page.locator(f"{where} .sums dd").all_inner_texts()]


def serious(page: Page) -> list[str]:
    report = Axe().run(page).response
    assert len(report["passes"]) > 10
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in report["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def fits(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (width, height)
    page.set_viewport_size({"width": 1120, "height": 640})


def test_a_file_from_the_desk_to_the_map_and_back(page: Page, office: Office, register: Path) -> None:
    expect(page.locator("#past")).to_contain_text("Aucun import")
    assert serious(page) == []
    page.set_input_files("#file", register)
    expect(page.locator("#check")).to_be_visible(timeout=SLOW_MS)
    ready(page)
    expect(page.locator("#check-words")).to_contain_text("registre mars.csv")
    expect(page.locator("#columns")).to_contain_text(HOSTILE)  # as text
    assert page.title() == "Données – geoservice"
    page.get_by_label("La colonne « Quoi » contient").select_option("category")
    ready(page)
    expect(page.get_by_role("heading", name="Catégorie")).to_be_visible(timeout=SLOW_MS)
    page.get_by_label("La colonne « Moment » contient").focus()
    with page.expect_response("**/api/imports/preview"):
        page.get_by_label("La colonne « Moment » contient").select_option("time")
    ready(page)
    expect(page.get_by_label("La colonne « Moment » contient")).to_be_focused()  # after the page is drawn again
    ready(page)
    assert sums(page, "#trial") == [90, 56, 0, 34]
    assert serious(page) == []
    fits(page)
    page.get_by_label("« machin » veut dire").select_option("SAL.depot")
    expect(page.locator("#trial .sums dd").nth(1)).to_have_text("85", timeout=SLOW_MS)
    ready(page)
    expect(page.locator("#trial tbody tr")).to_have_count(5)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Toutes les lignes refusées (CSV)").click()
    assert len(saved.value.path().read_text("utf-8-sig").splitlines()) == 6
    page.get_by_role("button", name="Importer", exact=True).click()
    expect(page.locator("#under-way-title")).to_have_text("Import terminé", timeout=SLOW_MS)
    assert sums(page, "#progress") == [90, 85, 0, 0, 0, 5]
    assert serious(page) == []
    cells = page.request.get(f"{office.address}/api/cells?kind=bailleur&category=SAL").json()
    assert cells["total"] == 29
    page.get_by_role("link", name="Voir sur la carte").click()
    settle(page)  # the map opens where and when the imported facts are
    assert (view(page)["kind"], view(page)["from"], view(page)["to"]) == ("bailleur", "2026-03-01", "2026-03-29")
    assert view(page)["at"].startswith("2.45000,48.90000,")
    assert total(page) == 85
    expect(page.locator("#map")).to_have_attribute("data-facts", "85", timeout=SLOW_MS)
    page.goto(f"{office.address}/donnees")
    ready(page)
    undone(page)
    assert page.request.get(f"{office.address}/api/cells").json()["total"] == 0


def undone(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Voir les lignes refusées")).click()
    expect(page.locator("#refused tbody tr")).to_have_count(5)
    page.get_by_role("button", name=re.compile("^Annuler. Import")).click()
    expect(page.get_by_role("dialog")).to_contain_text("registre mars.csv")
    assert serious(page) == []
    page.keyboard.press("Escape")  # the import stays
    expect(page.locator("#past tbody tr").first).to_contain_text("Terminé")
    page.get_by_role("button", name=re.compile("^Annuler. Import")).click()
    page.get_by_role("button", name="Annuler l’import").click()
    expect(page.locator("#under-way-title")).to_have_text("Import annulé", timeout=SLOW_MS)
    expect(page.locator("#past tbody tr").first).to_contain_text("Annulé")


def test_a_file_that_cannot_be_read_says_what_to_do(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "abîmé.xlsx"
    broken.write_bytes(b"PK\x03\x04" + b"\0" * 500)
    page.set_input_files("#file", broken)
    expect(page.get_by_role("alert")).not_to_be_empty(timeout=SLOW_MS)
    expect(page.locator("#check")).to_be_hidden()
    empty = tmp_path / "vide.csv"
    empty.write_bytes(b"")
    page.set_input_files("#file", empty)
    expect(page.get_by_role("alert")).to_contain_text("vide", timeout=SLOW_MS)


def _chooser(page: Page):
    """The window that chooses a file; a busy Chromium sometimes lets the first key go by without opening it."""
    for _ in range(3):
        try:
            with page.expect_file_chooser(timeout=8_000) as chooser:
                page.keyboard.press("Enter")
            return chooser.value
        except PlaywrightTimeout:
            continue
    raise AssertionError("the key Enter opens no window to choose a file")


def test_the_keyboard_alone_chooses_a_file(page: Page, register: Path) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "file":
            break
    expect(page.locator("#file")).to_be_focused()
    expect(page.locator("body")).not_to_have_attribute("data-state", "loading")
    chosen = _chooser(page)
    chosen.set_files(register)
    expect(page.locator("#check")).to_be_focused(timeout=SLOW_MS)
