"""Signing in with a real browser, over plain HTTP and a name that is not this machine's: what a landlord's office has.

There the browser sends no Sec-Fetch-Site, so the form stands on its Origin, which `no-referrer` would turn into « null ».
"""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn

from geoservice.web.app import create_app
from tests.conftest import CHROMIUM

pytestmark = pytest.mark.browser


@pytest.fixture
def port(world):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(world.settings), log_level="error", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.05)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def test_a_person_signs_in_and_out_over_plain_http(world, port, playwright_chromium):
    rules = "--host-resolver-rules=MAP carte.example 127.0.0.1"
    browser = playwright_chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
    try:
        page = browser.new_page()
        page.goto(f"http://carte.example:{port}/", wait_until="domcontentloaded")
        assert page.url.endswith("/connexion")
        page.fill("#token", "geo_faux")
        page.click("#by-token button")
        assert "n’est pas reconnu" in page.inner_text("#token-error")
        page.fill("#token", world.rives)
        with page.expect_response("**/connexion") as answer:
            page.click("#by-token button")
        assert answer.value.status == 303
        assert "sec-fetch-site" not in answer.value.request.headers
        page.wait_for_url(f"http://carte.example:{port}/**", wait_until="domcontentloaded")
        assert page.evaluate("fetch('/api/session').then(answer => answer.json())")["organisation"] == "rives"
        assert page.evaluate("document.cookie") == ""
        # another site's page cannot send this form
        form = f'<form id="f" method="post" action="http://carte.example:{port}/deconnexion"></form>'
        page.route("http://ailleurs.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
        page.goto("http://ailleurs.example/")
        with page.expect_response("**/deconnexion") as refused:
            page.evaluate("document.getElementById('f').submit()")
        assert refused.value.status == 403
        page.wait_for_url("**/deconnexion")
        page.goto(f"http://carte.example:{port}/", wait_until="domcontentloaded")
        assert page.url.rstrip("#/").endswith(str(port))
    finally:
        browser.close()
