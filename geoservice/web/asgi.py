"""The factory that uvicorn's workers call: everything comes from GEOSERVICE_* variables."""

from __future__ import annotations

import os

from fastapi import FastAPI

from geoservice.settings import Settings
from geoservice.web.app import create_app


def factory() -> FastAPI:
    """An application per process; GEOSERVICE_DEMO=1 is set by `geoservice demo` alone."""
    return create_app(Settings(), demo=os.environ.get("GEOSERVICE_DEMO") == "1")
