"""`pip install .`: a wheel with the page and the layers inside, which works far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).parent / "uv"
VENDORED = ("maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css", "leaflet.js", "source-sans-3-latin.woff2")


def _run(*words: str | Path, **environment: str) -> str:
    done = subprocess.run([str(word) for word in words], cwd=environment.pop("cwd", ROOT), capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=300)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not UV.exists(), reason="uv is not beside this Python: `make install` puts it there")
def test_the_wheel_carries_the_page_and_the_layers(tmp_path: Path) -> None:
    _run(UV, "build", "--quiet", "--wheel", "--build-constraints", "requirements-build.lock", "--out-dir", tmp_path, ".")
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    layers = {folder.parent.name for folder in (ROOT / "layers").glob("*/layer.toml")}
    assert {f"geoservice/_layers/{name}/layer.toml" for name in layers} <= held
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "geoservice/web/page").rglob("*.js")}
    assert pages | {f"geoservice/web/page/vendor/{name}" for name in VENDORED} <= held
    assert {f"geoservice/_figures/{name}.json" for name in ("audit", "disclosure", "hostile", "kill")} <= held
    assert "geoservice/retention.toml" in held
    assert not [name for name in held if name.startswith(("tests/", "var/")) or name.endswith(".db")]

    away = tmp_path / "away"
    _run(UV, "pip", "install", "--quiet", "--no-deps", "--target", away, wheel)
    told = _run(sys.executable, "-m", "geoservice.cli", "layers", PYTHONPATH=str(away), cwd=str(tmp_path))
    assert {line.split()[0] for line in told.splitlines()} == layers
    where = _run(sys.executable, "-c", "import geoservice; print(geoservice.__file__)", PYTHONPATH=str(away), cwd=str(tmp_path))
    assert Path(where.strip()).is_relative_to(away)
