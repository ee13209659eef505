"""Signing in with ProConnect in a real browser: the page's own policy lets it leave and come back, and signing out ends both."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from geoservice.operations import accounts, oidc, people, setup
from geoservice.settings import Settings
from geoservice.types import Role
from geoservice.web.app import create_app
from tests.conftest import CHROMIUM
from tests.web.identities import CLIENT, SECRET, running

pytestmark = pytest.mark.browser


@pytest.fixture
def there():
    with running() as provider:
        yield provider


@pytest.fixture
def here(there, tmp_path):
    """The service on this machine, over plain HTTP: the documented exception."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        there.redirects = (address + oidc.CALLBACK,)
        settings = Settings(data=tmp_path / "d", public_url=address, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
                            oidc_issuer=there.issuer)
        storage = setup.create(settings)
        accounts.create_organisation(storage, "rives")
        accounts.create_organisation(storage, "plaine")
        people.join(storage, "dsu@rives.fr", people.Place(1, Role.ANALYST), "quatre mots bien choisis")
        people.join(storage, "dsu@rives.fr", people.Place(2, Role.ANALYST))
        storage.close()
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="error", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield address
        server.should_exit = True
        thread.join(10)


def serious(page) -> list[str]:
    """What axe finds that keeps somebody out."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_a_person_leaves_comes_back_chooses_and_signs_out_of_both(here, there, playwright_chromium):
    browser = playwright_chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    try:
        page = browser.new_page()
        page.goto(f"{here}/compte", wait_until="load")
        assert serious(page) == []
        page.click("#by-provider")
        page.wait_for_url(f"{here}/connexion/organisation", wait_until="load")
        assert serious(page) == []
        page.click("button:has-text('plaine')")
        page.wait_for_url(f"{here}/**", wait_until="domcontentloaded")
        page.goto(f"{here}/compte", wait_until="domcontentloaded")
        assert "dsu@rives.fr, Analyste de plaine" in page.inner_text("main")
        page.select_option("#place", label="rives (Analyste)")
        page.click("button:has-text('Changer d’organisation')")
        page.wait_for_url(lambda url: not url.endswith("/compte"), wait_until="domcontentloaded")
        page.goto(f"{here}/compte", wait_until="domcontentloaded")
        assert "Analyste de rives" in page.inner_text("main")
        page.click("button:has-text('Se déconnecter')")
        page.wait_for_url(f"{here}/connexion", wait_until="domcontentloaded")  # by way of the provider
        assert "/session/end" in there.asked
        page.goto(f"{here}/compte", wait_until="domcontentloaded")
        assert page.url == f"{here}/connexion"
    finally:
        browser.close()
