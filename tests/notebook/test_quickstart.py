"""notebooks/ as an analyst runs it, on the synthetic town, and its map as they open it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import nbformat
import pytest

from geoservice.catalog.layers import load
from geoservice.errors import BadInput, NotFound
from geoservice.notebook import connect
from geoservice.operations import accounts
from geoservice.settings import Settings
from geoservice.testing import levers, town
from geoservice.testing.demo import load_town
from tests.notebook.folder import Folder
from tests.notebook.look import look, needs_chromium

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
QUICK_START = ROOT / "notebooks" / "demarrage.ipynb"
RUN_S = 240


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Folder:
    """The town, imported as its organisations' files."""
    path = tmp_path_factory.mktemp("town") / "data"
    storage = load_town(Settings(data=path), town(years=2))
    token, other = (accounts.create_token(storage, "analyste", code) for code in ("orvelle-habitat", "toit-valbrunois"))
    storage.close()
    return Folder(path, token, other)


@pytest.fixture(scope="module")
def ran(made) -> nbformat.NotebookNode:
    """The quick start executed on the town."""
    return executed(QUICK_START, made)


def executed(notebook: Path, made: Folder, **environment: str) -> nbformat.NotebookNode:
    """A notebook with its outputs, run on the town."""
    result = made.path.parent / notebook.name
    own = {"GEOSERVICE_DATA": str(made.path), "GEOSERVICE_TOKEN": made.token, **environment}
    done = subprocess.run([sys.executable, "-m", "tests.notebook.execute", notebook, result, made.path.parent], text=True,
                          cwd=ROOT, env={**os.environ, **own}, capture_output=True, timeout=RUN_S)
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(result, as_version=4)


# notebook -> what it must have said on the town, where things are planted
SAID = {
    "points-chauds": ("Point chaud solide", "cartes simulées sans aucun foyer"),
    "qualite": ("viennent d’une même source", "geocodage"),
    "repetitions": ("fois plus que par hasard à moins de 100 m dans les 7 jours", "pas de près plus que par hasard"),
    "evaluer-une-carte": ("faits dans la période suivante", "comptage brut"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_the_notebooks_of_statistics_run_and_find_what_is_planted(made, name):
    found = executed(ROOT / "notebooks" / f"{name}.ipynb", made)
    assert not complaints(found)
    for words in SAID[name]:
        assert words in texts(found)


# landlord -> what the notebook of levers must have said of the one that is planted there
PLANTED = {"orvelle-habitat": ("Ni déplacement ni diffusion",), "toit-valbrunois": ("Un déplacement se voit", "contient zéro")}


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> Folder:
    """The town of the demo with its journal of levers."""
    path = tmp_path_factory.mktemp("levers") / "data"
    made = town()
    storage = load_town(Settings(data=path), made)
    for code in PLANTED:
        levers.note(storage, load(), made.truth, code)
    tokens = [accounts.create_token(storage, "analyste", code) for code in PLANTED]
    storage.close()
    return Folder(path, *tokens)


@pytest.mark.slow
@pytest.mark.parametrize("landlord", PLANTED)
def test_the_notebook_of_levers_finds_what_is_planted_and_says_what_it_cannot(journal, landlord):
    token = journal.token if landlord == "orvelle-habitat" else journal.other
    found = executed(ROOT / "notebooks" / "evaluer-un-levier.ipynb", replace(journal, token=token))
    assert not complaints(found)
    said = texts(found)
    assert "Même si tout disparaît" in said
    assert "Conclu\u202f: les faits ont baissé" in said.replace("Conclu :", "Conclu\u202f:")
    assert "L’intervalle contient la vérité." in said
    assert "Trop tôt" in said
    assert 'class="dot' in said
    for words in PLANTED[landlord]:
        assert words in said


@pytest.mark.slow
def test_a_journal_is_ones_own_and_nothing_is_noted_from_a_notebook(journal):
    with connect(journal.path, journal.token) as ours, connect(journal.path, journal.other) as theirs:
        numbers = [set(each.levers("2026-11-22")["number"]) for each in (ours, theirs)]
        assert len(numbers[0]) == len(numbers[1]) == 2
        assert not numbers[0] & numbers[1]
        with pytest.raises(NotFound):
            ours.lever(min(numbers[1]))
        with pytest.raises(BadInput, match="2026-01-31"):
            ours.levers("hier")
        with pytest.raises(BadInput, match="catégorie"):
            ours.gate("OH005", "2025-06-09", "XXX")
        assert ours.gate("OH005", "2025-06-09", "OCC", months=(6,))["word"].tolist() == ["incertain"]
        early = ours.lever(max(numbers[0]), "2026-11-22")
        assert (early.word, early.chart, len(early.counts), early.ratio) == ("trop tôt", None, 0, None)
        assert set(ours.levers("2026-11-22")["number"]) == numbers[0]


def test_planted_hot_spots_are_found_where_they_are(made):
    """Those of the town's open facts; near repeats and the rhythm of occupied halls are found in the landlord's."""
    truth = town(years=2).truth
    with connect(made.path, made.token) as session:
        for spot in [spot for spot in truth.hot_spots if spot.kind == "ville" and spot.role == "foyer"]:
            areas = session.hot_areas(kind="ville", category=",".join(spot.categories), from_=spot.start, to=spot.end,
                                      resolution=11)
            metres = areas.to_crs(2154)
            middle = geopandas.GeoSeries.from_xy([spot.lon], [spot.lat], crs=4326).to_crs(2154)[0]
            assert metres.distance(middle).min() < spot.radius_m, spot.name
            assert areas.loc[metres.distance(middle).argmin(), "verdict"] == "solide"
        near = session.near_repeats(kind="bailleur", category=truth.near_repeat.category)
        first = near[(near["metres"] == 100) & (near["days"] == truth.near_repeat.days)].iloc[0]
        assert first["p"] <= 0.01 < first["ratio"] - 1
        hours = session.profile(kind="bailleur", category=truth.hour_profile.category)
        inside = hours["hour"].ge(truth.hour_profile.hours[0]) | hours["hour"].lt(truth.hour_profile.hours[1])
        assert hours.loc[inside, "ratio"].mean() > 2 * hours.loc[~inside, "ratio"].mean()


@pytest.mark.slow
def test_the_real_study_runs_where_its_data_are(made):
    real = ROOT.parent / "shared" / "data"
    if not (real / "PROVENANCE.md").is_file():
        pytest.skip("les données réelles (../shared/data) ne sont pas à côté du projet")
    found = executed(ROOT / "notebooks" / "dans-ma-rue.ipynb", made, GEOSERVICE_REEL=str(real))
    assert not complaints(found)
    assert "'accepted': 39515" in texts(found)
    assert "5544 faits dans le trimestre suivant" in texts(found)


def test_the_real_study_says_what_to_do_without_its_data(tmp_path):
    study = nbformat.read(ROOT / "notebooks" / "dans-ma-rue.ipynb", as_version=4)
    first = next(cell.source for cell in study.cells if cell.cell_type == "code")
    done = subprocess.run([sys.executable, "-c", first], env={**os.environ, "GEOSERVICE_REEL": str(tmp_path)}, text=True,
                          capture_output=True, timeout=RUN_S)
    assert done.returncode != 0
    assert "export GEOSERVICE_REEL=dossier" in done.stderr


def complaints(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Errors and warnings among the outputs."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert outputs
    return [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def test_the_quick_start_runs_and_leaves_its_files(ran, made):
    exports = made.path / "exports"
    cells = geopandas.read_parquet(exports / "cellules.parquet")
    same = geopandas.read_file(exports / "cellules.gpkg")

    assert {path.name for path in exports.iterdir()} == {"cellules.parquet", "cellules.gpkg", "carte.html"}
    assert len(cells) == len(same) > 20
    assert cells["count"].sum() == same["count"].sum() > 100
    assert f"{cells['count'].sum()} faits dans {len(cells)} hexagones" in texts(ran)


def test_every_cell_of_the_quick_start_says_something_true(ran):
    """No error and no warning printed; the layers, kinds and both QPV are in what it shows."""
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]

    assert len(outputs) >= 8
    assert not complaints(ran)
    assert "Quartiers prioritaires (QPV)" in texts(ran)
    assert "bailleur" in texts(ran)
    assert "faits_par_hectare" in texts(ran)
    assert "geo_" not in texts(ran).replace("geo_service", "")


@needs_chromium
@pytest.mark.browser
def test_the_saved_map_draws_with_the_network_off(ran, made, tmp_path):
    page = made.path / "exports" / "carte.html"
    seen = look(page, {"cells": "document.querySelectorAll('path.gs-shape').length",
                       "zones": "document.querySelectorAll('path.gs-zone').length",
                       "wide": "[...document.querySelectorAll('path.gs-shape')].every(p => p.getBoundingClientRect().width > 3)",
                       "legend": "document.querySelector('.gs-legend').innerText"}, tmp_path / "carte.png")

    assert seen.requests == [page.as_uri()]
    assert seen.complaints == []
    assert seen.answers["cells"] == len(geopandas.read_parquet(made.path / "exports" / "cellules.parquet"))
    assert seen.answers["wide"]
    assert seen.answers["zones"] >= 2
    assert "faits au total" in seen.answers["legend"]
    assert (tmp_path / "carte.png").stat().st_size > 5_000


def test_notebooks_are_kept_without_outputs():
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert code, path.name
        assert not [cell for cell in code if cell.outputs or cell.execution_count is not None], path.name


def texts(notebook: nbformat.NotebookNode) -> str:
    """All that the notebook printed or showed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    found: list[Any] = [[output.get("text", ""), *output.get("data", {}).values()] for output in outputs]
    return "\n".join(str(text) for each in found for text in each)
