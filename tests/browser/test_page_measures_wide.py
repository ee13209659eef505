"""The page of measures with whatever registers hold: names without a space, silent sources, many years, large numbers.

Nothing makes the page wider than its window: tables scroll on their own, words break.
"""

from __future__ import annotations

import csv
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.browser.test_page_safety import no_serious_violation

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = ((1280, 800), (820, 1180), (360, 740))
LAST, YEARS, HOMES = date(2026, 10, 31), 7, 12
LONG = "Résidence du Général Leclerc et de la Deuxième Division Blindée, bâtiments A à Z, côté rue et côté jardin"
SOURCES = ("export-hebdomadaire-du-centre-de-relation-client-et-des-gardiens-d-immeuble", "releves-des-mediateurs-de-nuit")
MAPPING = '''title = "essai"
access = "organisation"
kind = "bailleur"
[columns]
key = ["id"]
date = ["date"]
category = ["type"]
residence = ["residence"]
nature = ["nature"]
complaint = ["plainte"]
cost = ["cout"]
'''
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def write(folder: Path) -> list[tuple[str, Path, Path | None]]:
    """Residences and two registers: one falls silent, complaints cease in the first residence while facts do not."""
    homes = folder / "residences.csv"
    with homes.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(("code_residence", "nom", "nb_logements", "lon", "lat"))
        names = [f"{LONG} {row}" if row % 2 else f"{LONG} {row}".replace(" ", "") for row in range(HOMES)]
        out.writerows((f"R{row}", name, 12_345 - row, 2.4 + row / 100, 48.9) for row, name in enumerate(names))
    found: list[tuple[str, Path, Path | None]] = [("patrimoine", homes, None)]
    first = LAST - timedelta(365 * YEARS)
    for number, (source, until) in enumerate(zip(SOURCES, (LAST, LAST - timedelta(150)), strict=True)):
        path, mapping = folder / f"{source}.csv", folder / f"{source}.toml"
        mapping.write_text(MAPPING, "utf-8")
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(("id", "date", "type", "residence", "nature", "plainte", "cout"))
            for day in range(0, (until - first).days, 2 + number):
                when, row = first + timedelta(day), day // 2 % HOMES
                tired = row == 0 and when > first + (LAST - first) / 2
                asked = "non" if tired or day * 7 // 24 % 10 > 6 else "oui"
                kind = ("DEG.porte", "OCC", "VEH.epave", "AGP.menace")[day % 4]
                out.writerow((day, when.isoformat(), kind, f"R{row}", ("gardien", "mediateur")[number], asked, 9_876_543))
        found.append(("incidents", path, mapping))
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the service answers, and a token."""
    folder = tmp_path_factory.mktemp("wide")
    settings = Settings(data=folder / "data")
    storage, catalog = setup.create(settings), load(None)
    accounts.create_organisation(storage, "bailleur")
    for layer, path, mapping in write(folder):
        found = ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), "bailleur", mapping=mapping))
        assert found.counters()["rejected"] == 0
    token = accounts.create_token(storage, "essai", "bailleur")
    storage.close()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="error", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", token
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def page(browser: Browser, address: tuple[str, str]) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", extra_http_headers={"Authorization": f"Bearer {address[1]}"})
    page = context.new_page()
    page.goto(f"{address[0]}/mesures")
    yield page
    context.close()


def test_no_register_makes_the_page_wider_than_its_window(page: Page) -> None:
    assert page.locator("td.mute").count() >= 3, "a silent source, whose months are told to screen readers"
    assert page.locator("#plaintes .note li").count() >= 1
    assert page.locator("#bilan thead tr").first.locator("th").count() > YEARS
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, page.evaluate(WIDE)) == (width, 0)
        no_serious_violation(page)


def test_every_table_scrolls_in_a_box_of_its_own_that_holds_all_of_it(page: Page) -> None:
    page.set_viewport_size({"width": 820, "height": 1180})
    assert page.locator("main table").count() >= 5
    assert page.locator("main table").count() == page.locator("main .scroll > table").count()
    # what is placed absolutely inside a box that scrolls, and not by that box, is not cut by it: it widens the page
    assert page.evaluate("[...document.querySelectorAll('main .scroll .unseen')].every("
                         "(one) => one.offsetParent.closest('.scroll'))")
