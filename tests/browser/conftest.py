"""A real server on the demo town, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.page_watch import Watch, settle_side
from tests.conftest import CHROMIUM

COMMAND = Path(sys.executable).with_name("geoservice")
# every name but the loopback address is unknown: a page that asks for anything else fails
ARGS = ("--no-sandbox", "--no-first-run", "--enable-unsafe-swiftshader", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
SCREEN = {"width": 1120, "height": 640}  # the office arrangement, small because WebGL is drawn by the processor here
BUILD_S = 180


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on two busy processors now and then misses a frame or a key: what failed is asked once more, and shown as `R`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser(playwright_chromium) -> Iterator[Browser]:
    browser = playwright_chromium.launch(executable_path=CHROMIUM, args=ARGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def blind_browser(playwright_chromium) -> Iterator[Browser]:
    """A browser without WebGL, as on an office PC over remote desktop."""
    browser = playwright_chromium.launch(executable_path=CHROMIUM, args=[*ARGS, "--disable-gpu", "--disable-software-rasterizer",
                                                                         "--disable-3d-apis"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory, playwright_chromium) -> Iterator[str]:
    """The demo town, served; its address without a slash at the end."""
    data = tmp_path_factory.mktemp("demo") / "data"
    with served("demo", data, tmp_path_factory.mktemp("log")) as address:
        yield address


@contextmanager
def served(command: str, data: Path, logs: Path, **settings: str) -> Iterator[str]:
    """`geoservice COMMAND` in a process of its own on a free port, until it is ready; stopped at the end.

    `settings` are variables of its environment.
    """
    port = free_port()
    log = (logs / f"{command}.log").open("w")
    process = subprocess.Popen([COMMAND, command, "--data", data, "--port", str(port)], stdout=log, stderr=log,
                               env={**os.environ, **settings})
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, Path(log.name))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(address: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + BUILD_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped:\n{log.read_text()[-2000:]}")
        try:
            with urlopen(f"{address}/health/ready", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise TimeoutError(f"the server was not ready after {BUILD_S} s:\n{log.read_text()[-2000:]}")


@pytest.fixture
def watch(browser) -> Iterator[Watch]:
    """A new window that remembers what went wrong in it; a test fails when something did."""
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    yield watch
    context.close()
    watch.check()


@pytest.fixture(scope="session")
def window(browser, demo) -> Iterator[tuple[Watch, str]]:
    """One window on the demo for most tests, and the address of its hexagons: loading anew takes seconds here."""
    with opened(browser, f"{demo}/#mode=hexagones") as found:
        yield found


@contextmanager
def opened(browser, address: str) -> Iterator[tuple[Watch, str]]:
    """A watched window whose map and panels are there, and the address that it then has."""
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    watch.open(address)
    settle_side(watch.page)
    yield watch, watch.page.url
    context.close()


@pytest.fixture
def page(window) -> Iterator[Page]:
    """The demo's first view in hexagons, drawn; what goes wrong in it fails the test."""
    watch, first = window
    page = watch.page
    watch.wrong, watch.expected = [], []
    page.unroute_all(behavior="ignoreErrors")
    page.set_viewport_size(SCREEN)
    # what went wrong in one test is that test's: the next one loads anew
    broken = page.locator("dialog[open], body[data-side='error'], body[data-state='error']").count()
    if not page.url.startswith(first.partition("#")[0] + "#") or broken:
        watch.open(first)
    else:
        page.evaluate("hash => { document.activeElement?.blur(); location.hash = hash; }", f"#{first.partition('#')[2]}")
        page.locator("#found").evaluate("element => element.replaceChildren()")
        page.wait_for_timeout(120)  # the change of the address is heard in a task of its own
    settle_side(page)
    yield page
    page.unroute_all(behavior="ignoreErrors")
    watch.check()
