"""Leaflet as text for one page: scripts, styles and images inside, nothing to fetch."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from pathlib import Path

from geoservice.errors import NotReady

_VENDOR = Path(__file__).resolve().parents[1] / "web" / "page" / "vendor"
_OWN = Path(__file__).resolve().parent
_IMAGE = re.compile(r"url\((images/[\w-]+\.png)\)")
_ICONS = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}


@cache
def style() -> str:
    """Leaflet's rules and ours."""
    inlined = _IMAGE.sub(lambda match: f"url({_data_url(match[1])})", _vendor("leaflet.css"))
    return inlined + (_OWN / "map.css").read_text("utf-8")


@cache
def script() -> str:
    """Leaflet, its markers' images (it would look for them beside the page), and `geoserviceMap`."""
    leaflet = re.sub(r"\n//# sourceMappingURL=.*", "", _vendor("leaflet.js"))  # or the browser's tools ask for it
    icons = json.dumps({name: _data_url(f"images/{image}") for name, image in _ICONS.items()})
    return "\n".join([leaflet, f"L.Icon.Default.imagePath = '';\nL.Icon.Default.mergeOptions({icons});",
                      (_OWN / "map.js").read_text("utf-8")])


def _vendor(name: str) -> str:
    return _bytes(name).decode("utf-8")


def _data_url(name: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(_bytes(name)).decode('ascii')}"


def _bytes(name: str) -> bytes:
    try:
        return (_VENDOR / name).read_bytes()
    except FileNotFoundError:
        raise NotReady("Les fichiers de la carte n’ont pas été installés avec geoservice. Réinstallez-le : « make install », "
                       "ou « pip install . ».") from None
