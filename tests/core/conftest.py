"""Worked values of the shared reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CHECKS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "checks.json"


@pytest.fixture(scope="session")
def checks() -> dict:
    """Worked values of published tests and papers, each with its source."""
    if not CHECKS.exists():
        pytest.skip("worked values are read from ../shared/reference/checks.json, which is not here")
    return json.loads(CHECKS.read_text("utf-8"))
