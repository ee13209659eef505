"""Pages of accounts in a real browser: by keyboard alone, without a script, and accessible."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from geoservice.operations import accounts, people, setup
from geoservice.settings import Settings
from geoservice.types import Role
from geoservice.web.app import create_app
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser
PASSWORD = "quatre mots bien choisis"


@pytest.fixture
def address(tmp_path) -> Iterator[str]:
    settings = Settings(data=tmp_path / "data")
    storage = setup.create(settings)
    people.join(storage, "admin@rives.fr", people.Place(accounts.create_organisation(storage, "rives"), Role.ORG_ADMIN), PASSWORD)
    accounts.create_organisation(storage, "plaine")
    storage.close()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="error", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def test_an_administrator_works_by_keyboard(browser: Browser, address: str) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{address}/connexion")
        no_serious_violation(page)
        expect(page.locator("#email")).to_be_focused()
        page.keyboard.type("admin@rives.fr")
        page.keyboard.press("Tab")
        page.keyboard.type("faux")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("incorrect")
        no_serious_violation(page)
        page.keyboard.type("admin@rives.fr")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: not url.endswith("/connexion"), wait_until="commit")
        page.goto(f"{address}/membres")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        page.get_by_label("Adresse e-mail").focus()
        page.keyboard.type("claire@rives.fr")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="claire@rives.fr est membre")).to_be_visible()
        expect(page.get_by_label("Rôle de claire@rives.fr", exact=True)).to_have_value("analyst")
        no_serious_violation(page)
        for path, title in (("compte", "Compte"), ("journal", "Journal")):
            page.goto(f"{address}/{path}")
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            no_serious_violation(page)
        expect(page.locator("tbody")).to_contain_text("Membre ajouté")
        for path, title in (("accords", "Conventions"), ("acces", "Accès exceptionnels")):
            page.goto(f"{address}/{path}")
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            no_serious_violation(page)
    finally:
        page.close()
