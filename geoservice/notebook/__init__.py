"""The Reader for analysts: `connect(data, token)` gives counts, zones and features as GeoDataFrames.

Maps need no network.
"""

from __future__ import annotations

from geoservice.notebook.session import Session, connect

__all__ = ["Session", "connect"]
