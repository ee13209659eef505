"""Markup and formulas in every text that somebody may give: a page shows them, a file holds them, nothing runs them.

Maps in notebooks are tried with the same payloads in tests/notebook/test_map.py.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings
from tests.browser.conftest import SCREEN, browser, served  # noqa: F401  (browser is a fixture)
from tests.browser.page_watch import Watch

MARKUP = "<img src=x onerror=\"alert('pwned')\"><script>alert('pwned')</script>"
BREAKS = "'\";--></script><svg onload=alert('pwned')>${alert('pwned')}{{7*7}}javascript:alert('pwned')"
FORMULAS = ("=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "=HYPERLINK(\"http://x\")")
FIRST = ("=", "+", "-", "@", "\t", "\r")
LAYERS = Path(__file__).resolve().parents[2] / "layers"


@dataclass(frozen=True)
class Planted:
    address: str
    token: str

    def get(self, path: str) -> bytes:
        with urlopen(Request(self.address + path, headers={"Authorization": f"Bearer {self.token}"}), timeout=30) as answer:
            return answer.read()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    layers = _own_layer(folder / "layers")
    storage = setup.create(Settings(data=folder / "data", layers=layers))
    accounts.create_organisation(storage, "essai")
    token = accounts.create_token(storage, MARKUP, "essai")
    for layer, source, path in _files(folder):
        report = ingest.run(storage, load(layers), ingest.ImportRequest(layer, (path,), "essai", source))
        assert report.accepted > 0, (layer, report.as_json())
    storage.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOSERVICE_LAYERS", str(layers))
        with served("serve", folder / "data", folder) as address:
            yield Planted(address, token)


def _own_layer(folder: Path) -> Path:
    """A layer of the user's own with markup in its title, description, attribution, licence and legend."""
    shutil.copytree(LAYERS / "cameras", folder / "pieges")
    declared = (folder / "pieges" / "layer.toml").read_text("utf-8").splitlines()
    texts = {"title", "description", "attribution", "licence"}
    lines = [f"{line.split('=')[0]}= {json.dumps(MARKUP)}" if line.split("=")[0].strip() in texts else line for line in declared]
    (folder / "pieges" / "layer.toml").write_text("\n".join(lines), "utf-8")
    style = json.loads((folder / "pieges" / "style.json").read_text("utf-8"))
    for entry in style.get("legend", []):
        entry["label"] = BREAKS
    (folder / "pieges" / "style.json").write_text(json.dumps(style), "utf-8")
    return folder


def _files(folder: Path) -> list[tuple[str, str | None, Path]]:
    names = [MARKUP, BREAKS, *FORMULAS]
    residences = [[f"R{n}", name, "12", f"{2.35 + n / 500:.4f}", "48.86"] for n, name in enumerate(names)]
    facts = [[f"{FORMULAS[n % 6]}{n}", f"{1 + n % 28:02}/03/2025", "22:15", "tag", f"R{n % len(names)}", f"{2.35 + n / 5000:.5f}", "48.86"]  # noqa: E501
             for n in range(60)]  # fmt: skip
    ring = [[2.34, 48.85], [2.38, 48.85], [2.38, 48.87], [2.34, 48.87], [2.34, 48.85]]
    zones = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code_qp": f"QN0750{n}M", "lib_qp": name, "lib_com": [name]},
         "geometry": {"type": "Polygon", "coordinates": [ring]}} for n, name in enumerate(names)]}  # fmt: skip
    (folder / "qp.geojson").write_text(json.dumps(zones))
    return [
        ("patrimoine", None, _csv(folder / "r.csv", ["code_residence", "nom_residence", "nb_logements", "longitude", "latitude"], residences)),  # noqa: E501
        ("incidents", None, _csv(folder / "f.csv", ["identifiant", "date", "heure", "type", "code_residence", "longitude", "latitude"], facts)),  # noqa: E501
        ("qpv", "qp2024", folder / "qp.geojson"),
    ]  # fmt: skip


def _csv(path: Path, names: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([names, *rows])
    return path


@pytest.mark.slow
def test_every_page_shows_it_as_text(planted: Planted, browser) -> None:  # noqa: F811
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    context.add_cookies([{"name": "geoservice", "value": planted.token, "url": planted.address}])
    watch = Watch(context.new_page())
    page = watch.page
    try:
        watch.open(f"{planted.address}/")
        page.keyboard.press("t")
        page.wait_for_timeout(500)
        assert "<img src=x" in page.locator("body").inner_text() + json.dumps(json.loads(planted.get("/api/layers")))
        # inline code of the payloads would show as elements; a dialog or an error of the policy fails the watch
        assert page.locator("img[src=x], svg[onload], body script:not([src])").count() == 0
        for path in ("/lieux", "/importer", "/connexion", "/nowhere-" + "%3Cscript%3Ealert(1)%3C/script%3E"):
            page.goto(planted.address + path)
            page.wait_for_timeout(300)
            assert page.locator("img[src=x], svg[onload]").count() == 0, path
        watch.expected.append("404")
        watch.check()
    finally:
        context.close()


@pytest.mark.parametrize("path", ["/api/units?level=residence&format=csv", "/api/cells?resolution=9&format=csv",
                                  "/api/zones?layer=qpv&format=csv", "/api/features/patrimoine?format=csv"])  # fmt: skip
def test_no_cell_of_a_csv_is_a_formula(planted: Planted, path: str) -> None:
    rows = list(csv.reader(io.StringIO(planted.get(path).decode("utf-8-sig")), delimiter=";"))
    cells = [cell for row in rows for cell in row]
    assert len(rows) > 1
    assert [cell for cell in cells if cell.lstrip(" ").startswith(FIRST) and not _number(cell)] == []
    if "cells" not in path:
        assert any(cell.startswith("'=") for cell in cells)


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_the_rejects_of_an_import_hold_no_formula(tmp_path: Path) -> None:
    from geoservice import cli

    data, out = str(tmp_path / "data"), tmp_path / "rejects.csv"
    rows = [[f"F{n}", formula, "22:15", formula, "2.35", "48.86"] for n, formula in enumerate(FORMULAS)]
    path = _csv(tmp_path / "=f.csv", ["identifiant", "date", "heure", "type", "longitude", "latitude"], rows)
    assert cli.main(["init", "--data", data]) == 0
    assert cli.main(["import", "--data", data, "--organisation", "organisation-1", "incidents", str(path)]) == 0
    assert cli.main(["rejects", "--data", data, "1", "--csv", str(out)]) == 0
    text = out.read_text("utf-8-sig")
    found = [cell for row in csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ",") for cell in row]
    assert len(found) > len(FORMULAS)
    assert [cell for cell in found if cell.startswith(FIRST)] == []
