"""The factory that uvicorn's workers call: everything comes from GEOSERVICE_* variables."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI

from geoservice.core import compiled
from geoservice.settings import Settings
from geoservice.web import heavy, logs
from geoservice.web.app import create_app
from geoservice.web.computingboard import FOLDER, Board


def factory() -> FastAPI:
    """An application per process; GEOSERVICE_DEMO=1 is set by `geoservice demo` alone."""
    settings = Settings()
    logs.configure(settings.log_format)
    compiled.allow()
    heavy.warm()
    board = Board(Path(os.environ[FOLDER])) if FOLDER in os.environ else None
    return create_app(settings, demo=os.environ.get("GEOSERVICE_DEMO") == "1", board=board)
