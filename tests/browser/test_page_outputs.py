"""What is taken away from a view: pictures of what is on the screen, files whose names explain themselves, one printed page."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.page_watch import settle, settle_side, view, wait_drawn

pytestmark = pytest.mark.browser

NAME = r"carte-[a-z0-9-]+-{kind}-{first}-\d{{4}}-\d\d-\d\d-edition-{today}\.{ending}"


def download(page: Page, words: str) -> tuple[str, bytes, str]:
    """The name, the content and the address of what a line of the menu gives."""
    if page.locator(".menu").get_attribute("open") is None:
        page.locator(".menu summary").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name=words).click()
    return saved.value.suggested_filename, saved.value.path().read_bytes(), saved.value.url


@pytest.mark.slow
def test_a_picture_is_what_is_on_the_screen(page: Page) -> None:
    wait_drawn(page)
    for _ in range(2):
        page.get_by_role("button", name="Zoomer", exact=True).click()
        page.wait_for_timeout(400)
    settle(page)
    size = page.locator("#map").bounding_box()
    name, content, address = download(page, "Image de la carte (PNG)")
    given = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    west, south, east, north = map(float, given["bbox"].split(","))
    lon, lat, _ = map(float, view(page)["at"].split(","))
    assert abs((west + east) / 2 - lon) < 0.002
    assert abs((south + north) / 2 - lat) < 0.002
    image = Image.open(io.BytesIO(content))
    assert abs(image.width - 2 * size["width"]) <= 2  # under the map stand its period, filters and sources
    assert image.height >= 2 * size["height"]
    assert speaking(name, page, "png"), name
    whole = Image.open(io.BytesIO(page.request.get(address.replace(f"bbox={given['bbox']}", "")).body())).convert("RGB")
    assert image.convert("RGB").tobytes() != whole.tobytes()


def speaking(name: str, page: Page, ending: str) -> bool:
    """Whose territory, which origin, which dates."""
    seen = view(page)
    wanted = NAME.format(kind=seen["kind"], first=seen["from"], today=datetime.now(UTC).date(), ending=ending)
    return re.fullmatch(wanted, name) is not None


@pytest.mark.slow
def test_the_sheet_has_a_name_that_explains_itself(page: Page) -> None:
    wait_drawn(page)
    name, content, _ = download(page, "Page A4 (PDF)")
    assert speaking(name, page, "pdf"), name
    assert content.startswith(b"%PDF")


@pytest.mark.parametrize("card", [False, True])
def test_the_browser_prints_one_composed_page(page: Page, card: bool) -> None:
    """As Ctrl+P would: title, map, legend, period and method on a single A4 sheet; controls stay on the screen."""
    wait_drawn(page)
    if card:
        page.keyboard.press("t")
        page.locator("#table tbody button").first.press("Enter")
        expect(page.locator("#card .figure")).to_be_visible()
    settle_side(page)
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    text = " ".join("".join(sheet.get_textpage().get_text_range() for sheet in document).split())
    width, height = document[0].get_size()
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)
    assert len(document) == 1, text
    for words in (page.locator("#territory").inner_text(), "Origine", "Imprimé le", "Où agir d’abord", "Sources"):
        assert words in text, words
    for control in ("Partager", "Effacer les filtres", "Chercher", "Fiche"):
        assert control not in text, control
    picture = document[0].render(scale=1).to_pil().convert("RGB")
    colours = {tuple(one) for _, one in picture.getcolors(1 << 24)}
    assert len(colours) > 200  # the map itself is there, not an empty frame
