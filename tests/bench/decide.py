"""`python -m tests.bench.decide`: « Décider » and the journal of levers, asked of a real service through HTTP and in Chromium.

On real footprints of Montpellier with invented facts: the field of one camera, its repainting while the camera is moved, and
the papers of a plan of 30 cameras. On the demo's town: the note of a lever. On the large landlord, 5,000 residences and 500,000
facts: the pages. What is computed first is told apart, without a promise. Writes docs/figures/decide.json where every row was
measured; without Chromium its rows are left out, and nothing is saved.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import numpy as np

from geoservice.settings import Settings
from geoservice.web import compiling
from tests.bench import decide_world as world
from tests.bench import estate, figures, pages
from tests.bench.decide_world import Team
from tests.bench.figures import Figure
from tests.browser.conftest import ARGS, served
from tests.conftest import CHROMIUM

COMMAND = "python -m tests.bench.decide"
FIELD_MS, PAPER_S, PAGE_MS = 100.0, 3.0, 300.0
POSITIONS, MOVES, PAPERS, ROUNDS, PAUSE_MS = 200, 20, 3, 5, 400
TOWN = "footprints of Montpellier, Pas du Loup"
TOLD, _PLAN = "told, no promise", "siteplan"  # what a page with a plan has
# from the event of a move to the task after the frame in which a field was drawn anew
_WATCH = """() => {
  window.taken = [];
  let begun = 0;
  const moved = (event) => { if (event.type === "keydown" || event.buttons) begun = event.timeStamp; };
  for (const name of ["keydown", "pointermove"]) addEventListener(name, moved, true);
  new MutationObserver(() => {
    if (!begun) return;
    const from = begun;
    begun = 0;
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => window.taken.push(performance.now() - from);
      after.port2.postMessage(0);
    });
  }).observe(document.querySelector(".siteplan .fields"), { childList: true, subtree: true });
}"""


class Door:
    """A client of a service in a process of its own, that times answers."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def ms(self, path: str, has: str = "") -> float:
        """Milliseconds of one answer, which has to be there, whole, with these words in it."""
        begun = time.perf_counter()
        answer = self.client.get(path)
        taken = 1e3 * (time.perf_counter() - begun)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        assert not has or has in answer.text, (path, answer.text[:300])
        return taken


@contextmanager
def doors(command: str, data: Path, logs: Path, token: str = "") -> Iterator[tuple[Door, str]]:
    """The real command, and a client of it."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with (served(command, data, logs) as address,
          httpx2.Client(base_url=address, headers=headers, timeout=180, trust_env=False) as client):
        yield Door(client), address


@cache
def commit() -> str:
    """The commit at the beginning: what is imported then is what is measured."""
    return figures.commit()


def row(name: str, value: float, unit: str, limit: float | None) -> Figure:
    """A row of issue 7; without a limit it is told."""
    value = float(f"{value:.4g}")
    target, met = (TOLD, True) if limit is None else (f"≤ {limit:.0f} {unit}", value <= limit)
    return Figure(name, 7, value, unit, None, None, None, target, met, COMMAND, figures.today(), commit())


def spread(name: str, values: list[float], limit: float) -> list[Figure]:
    """Median and 95th percentile, both within the limit."""
    return [row(f"{name}, median", float(np.median(values)), "ms", limit),
            row(f"{name}, 95th percentile", float(np.percentile(values, 95)), "ms", limit)]


def montpellier(folder: Path) -> Iterator[Figure]:
    """Plan, fields, papers and the page of a team in Montpellier."""
    team = world.montpellier(folder)
    subprocess.run(compiling.PROGRAM, check=True)  # what a machine does once
    with doors("serve", team.data, folder, team.token) as (door, address):
        plan = f"/decider?{team.plan}"
        what = f"plan of {world.CAMERAS} cameras for {world.FACTS:,} facts, {TOWN}"
        yield row(f"{what}: its page, first time, by a service just started", door.ms(plan, _PLAN) / 1e3, "s", None)
        yield from _fields(door, team)
        yield from _papers(door, team, what)
        if CHROMIUM.exists():
            yield from _moved(address, team)


def _fields(door: Door, team: Team) -> list[Figure]:
    filters = {name: text for name, text in httpx2.QueryParams(team.plan).items() if name in ("kind", "bbox", "operator")}
    took = [door.ms(f"/api/siting/field?{urlencode({**filters, **place})}", '"enough":true')
            for place in world.positions(POSITIONS, world.SEED + 1)]
    return spread(f"field of one camera with the facts in view, {POSITIONS} positions in the open, each asked once, {TOWN}, GET",
                  took, FIELD_MS)


def _papers(door: Door, team: Team, what: str) -> Iterator[Figure]:
    for name in ("plans", "etude", "dossier"):
        path = f"/decider/{name}.pdf?{team.plan}"
        first, *others = [door.ms(path) / 1e3 for _ in range(1 + PAPERS)]
        yield row(f"{what}: {name}.pdf, the first one", first, "s", PAPER_S)
        yield row(f"{what}: {name}.pdf, slowest of the {PAPERS} next ones", max(others), "s", PAPER_S)


def _moved(address: str, team: Team) -> Iterator[Figure]:
    """In the page of the plan: one move after another, by keys and by hand."""
    from playwright.sync_api import Page, sync_playwright

    def moves(page: Page, move: Callable[[int], None]) -> list[float]:
        page.evaluate("window.taken.length = 0")
        for number in range(MOVES):
            move(number)
            page.wait_for_function("many => window.taken.length >= many", arg=number + 1)
            page.wait_for_timeout(PAUSE_MS)
        return page.evaluate("window.taken")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR",
                                   extra_http_headers={"Authorization": f"Bearer {team.token}"}).new_page()
        page.goto(f"{address}/decider?{team.plan}")
        page.wait_for_selector('body[data-state="ready"]')
        page.evaluate(_WATCH)
        camera = page.locator('.camera[data-code="C1"]')
        camera.focus()
        what = f"of a plan of {world.CAMERAS} cameras, {MOVES} moves one by one, {TOWN}, Chromium"
        keys = moves(page, lambda number: page.keyboard.press(f"Shift+Arrow{('Right', 'Left')[number % 2]}"))
        yield from spread(f"from a key that moves a camera to its field painted anew, {what}", keys, FIELD_MS)
        box = camera.locator(".dot").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        drags = moves(page, lambda number: page.mouse.move(x + 6 * (number % 3 + 1), y))
        page.mouse.up()
        yield from spread(f"from a drag of a camera to its field painted anew, {what}", drags, FIELD_MS)
        browser.close()


def note(folder: Path) -> Iterator[Figure]:
    """The evaluation note of the lever that is planted in the demo's town, in a service that has drawn nothing yet."""
    with doors("demo", folder / "demo", folder) as (door, _):
        first, *others = [door.ms("/leviers/1/note.pdf") / 1e3 for _ in range(1 + PAPERS)]
    yield row("evaluation note of the demo’s lever, PDF, the first one of a service just started", first, "s", PAPER_S)
    yield row(f"evaluation note of the demo’s lever, PDF, slowest of the {PAPERS} next ones", max(others), "s", PAPER_S)


def landlord(folder: Path, built: Path | None) -> Iterator[Figure]:
    """The pages of the large landlord."""
    if built:
        shutil.copytree(built, folder / "data")
    settings = Settings(data=folder / "data") if built else pages.build(folder, estate.FACTS)[0]
    team, numbers = world.landlord(settings)
    said = f"{estate.RESIDENCES:,} residences, {estate.FACTS:,} facts, {len(numbers)} levers locked"
    shown = {"« Décider », its form": "/decider",
             f"« Décider » with a plan of at most {world.CAMERAS} cameras among footprints of Bondy": f"/decider?{team.plan}",
             "journal of levers": "/leviers", "page of a lever": f"/leviers/{numbers[len(numbers) // 2]}"}
    with doors("serve", settings.data, folder, team.token) as (door, _):
        for name, path in shown.items():
            has = _PLAN if team.plan in path else ""
            yield row(f"{name}, first time ({said})", door.ms(path, has), "ms", None)
            slowest = max(door.ms(path, has) for _ in range(ROUNDS))
            yield row(f"{name}, known already: slowest of {ROUNDS} ({said})", slowest, "ms", PAGE_MS)


def measured(built: Path | None) -> list[Figure]:
    """All rows, printed as they come."""
    commit()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, part in (("montpellier", montpellier), ("demo", note), ("estate", lambda there: landlord(there, built))):
            (Path(folder) / name).mkdir()
            for one in part(Path(folder) / name):
                print(figures.show([one]), flush=True)
                found.append(one)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--estate", type=Path, metavar="FOLDER", help="the large landlord's data folder, built before (copied)")
    rows = measured(parser.parse_args().estate)
    if CHROMIUM.exists():
        figures.save("decide", rows)
    else:
        print(f"{CHROMIUM} is missing: how fast a field is painted anew was not measured, and nothing is saved (make chromium).")
    return 0 if all(one.met for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
