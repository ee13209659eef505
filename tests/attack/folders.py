"""A build served from a folder that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attack import serving
from tests.attack.serving import Build, Surface


@contextmanager
def served(build: Build) -> Iterator[tuple[Build, Surface]]:
    """The build and its surface."""
    with tempfile.TemporaryDirectory() as folder:
        surface = serving.serve(Path(folder) / "partage", build)
        try:
            yield build, surface
        finally:
            surface.client.close()
