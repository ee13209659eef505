"""The Plan IGN, when an administrator offers it: real images over TLS from a server that stands for data.geopf.fr, under the
page's own content security policy; and never a question to it before somebody ticks the box."""

from __future__ import annotations

import io
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import ARGS, SCREEN, served
from tests.browser.page_watch import DRAWN_MS, Watch, settle, settle_side
from tests.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GREEN = (20, 160, 60)


@dataclass
class Ign:
    """A server of one green image, and what it was asked for."""

    port: int
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def ign(tmp_path_factory) -> Iterator[Ign]:
    if shutil.which("openssl") is None:
        pytest.skip("a TLS server of our own needs the openssl command: apt-get install openssl")
    folder = tmp_path_factory.mktemp("ign")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=data.geopf.fr",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), GREEN).save(picture, "png")
    asked: list[dict[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(picture.getvalue(), asked))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Ign(server.server_address[1], asked)
    server.shutdown()
    server.server_close()


def handler(picture: bytes, asked: list[dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked.append({"path": parts.path, "host": self.headers["Host"], "referrer": self.headers.get("Referer", ""),
                          **{name: values[0] for name, values in parse_qs(parts.query).items()}})
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: object) -> None:
            """Quiet."""
    return Tiles


@pytest.fixture(scope="module")
def offered(tmp_path_factory, ign: Ign, playwright_chromium) -> Iterator[str]:
    """The demo with the basemap offered."""
    folder = tmp_path_factory.mktemp("offered")
    with served("demo", Path(folder) / "data", folder, GEOSERVICE_BASEMAP="true") as address:
        yield address


def test_the_plan_ign_is_drawn_under_the_policy(playwright_chromium, ign: Ign, offered: str) -> None:
    rules = f"--host-resolver-rules=MAP data.geopf.fr 127.0.0.1:{ign.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    args = [*(one for one in ARGS if not one.startswith("--host-resolver-rules")), rules, "--ignore-certificate-errors"]
    browser = playwright_chromium.launch(executable_path=CHROMIUM, args=args)
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    page = watch.page
    watch.open(f"{offered}/")
    settle_side(page)
    assert ign.asked == []  # nothing is asked elsewhere before somebody wants it
    assert watch.wrong == []
    watch.expected = ["asked elsewhere: https://data.geopf.fr/"]
    page.get_by_text("Fond de carte").click()
    expect(page.locator("#layers")).to_contain_text("ce service voit alors quelle zone vous regardez")
    page.get_by_label("Fond Plan IGN").check()
    settle(page)
    expect(page.locator("#map")).to_have_attribute("data-cells", re.compile(r"^[1-9]"), timeout=DRAWN_MS)
    page.wait_for_timeout(1_500)
    assert len(ign.asked) >= 2
    for tile in ign.asked:
        assert (tile["path"], tile["host"]) == ("/wmts", "data.geopf.fr")
        assert (tile["REQUEST"], tile["LAYER"]) == ("GetTile", "GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2")
        assert 0 <= int(tile["TILECOL"]) < 2 ** int(tile["TILEMATRIX"])
        assert tile["referrer"] in ("", f"{offered}/") or not tile["referrer"].startswith("http")  # never the view
    picture = Image.open(io.BytesIO(page.locator("#canvas").screenshot())).convert("RGB")
    red, green, blue = picture.getpixel((picture.width - 30, picture.height // 2))
    assert green > max(red, blue) + 8  # drawn, though pale
    expect(page.locator("#status-sources")).to_contain_text("© IGN")
    watch.check()  # no violation of the policy, no failed request
    before = len(ign.asked)
    page.get_by_label("Fond Plan IGN").uncheck()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Zoomer", exact=True).click()
    page.wait_for_timeout(800)
    assert len(ign.asked) == before
    context.close()
    browser.close()


def test_without_the_setting_the_policy_names_nobody(demo: str, offered: str, page) -> None:
    plain, with_ign = (page.request.get(f"{address}/connexion").headers["content-security-policy"] for address in (demo, offered))
    assert "http" not in plain
    hosts = re.findall(r"https?://\S+?(?=[; ]|$)", with_ign)
    assert hosts == ["https://data.geopf.fr"] * 2
    assert "Fond Plan IGN" not in page.locator("#layers").inner_text()
