"""The notebooks on open data, where the data are: what they find is what PROVENANCE.md says; elsewhere they say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from tests.notebook.test_quickstart import ROOT, complaints, texts

REAL = ROOT.parent / "shared" / "data"
RUN_S = 240
# notebook -> what it says on the files of PROVENANCE.md, and the drawings it leaves
SAID = {
    "programmes-paris": (("266 des 4173 programmes et 1842 des 39515 signalements", "'accepted': 39515", "191.5"),
                         ("rapports", "hectares", "contour")),
    "bondy-logements": (("9605 logements sociaux à 660 adresses", "6065 logements sociaux en QPV avant, 6813 après",
                         "corrélation 0.711"), ("logements",)),
    "plan-montpellier": (("'batiments': 177, 'voies': 102, 'eclairage': 257, 'incidents': 240", "240 des 240 faits", "optimal",
                          "ordre de grandeur 2026, à remplacer", "Piza"), ("parts",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_they_run_on_the_real_files(name, tmp_path):
    if not (REAL / "PROVENANCE.md").is_file():
        pytest.skip("les données réelles (../shared/data) ne sont pas à côté du projet")
    said, drawings = SAID[name]
    result = tmp_path / f"{name}.ipynb"
    source = ROOT / "notebooks" / result.name
    done = subprocess.run([sys.executable, "-m", "tests.notebook.execute", source, result, tmp_path], text=True,
                          cwd=ROOT, env={**os.environ, "GEOSERVICE_REEL": str(REAL)}, capture_output=True, timeout=RUN_S)
    assert done.returncode == 0, done.stderr[-3000:]
    found = nbformat.read(result, as_version=4)
    assert not complaints(found)
    for words in said:
        assert words in texts(found)
    files = sorted(tmp_path.glob("*.svg"))
    assert {path.stem.rpartition("-")[2] for path in files} == set(drawings)
    assert all(ET.fromstring(path.read_text(encoding="utf-8")).tag.endswith("svg") for path in files)


@pytest.mark.parametrize("name", SAID)
def test_without_their_data_they_say_what_to_do(name, tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    done = subprocess.run([sys.executable, "-c", first], env={**os.environ, "GEOSERVICE_REEL": str(tmp_path)}, text=True,
                          capture_output=True, timeout=RUN_S)
    assert done.returncode != 0
    assert "export GEOSERVICE_REEL=dossier" in done.stderr


def test_a_drawing_is_one_file_that_names_no_address():
    text = (ROOT / "geoservice" / "notebook" / "charts.py").read_text(encoding="utf-8")
    assert text.count("http") == 1  # the namespace of SVG
