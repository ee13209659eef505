"""The real open data beside the project; tests that need it skip with a reason where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real files."""
    if not (DATA / "PROVENANCE.md").is_file():
        pytest.skip("les données réelles (../shared/data) ne sont pas à côté du projet")
    return DATA
