"""The page's variable font as fixed fonts that a PDF can embed: made once a process, for it takes a second."""

from __future__ import annotations

import atexit
import threading
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

WEIGHTS = {"": 400, "B": 600}
FONT = Path(__file__).resolve().parents[1] / "web" / "page" / "vendor" / "source-sans-3-latin.woff2"  # the page's own
_turn = threading.Lock()  # who comes while they are made waits for them: made once


def fixed(font: Path) -> dict[str, Path]:
    """TrueType files of the regular ("") and semi-bold ("B") weights of a variable font (woff2), until the process ends."""
    with _turn:
        return _made(font)


@lru_cache(maxsize=4)
def _made(font: Path) -> dict[str, Path]:
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    folder = TemporaryDirectory(prefix="geoservice-fonts-")
    atexit.register(folder.cleanup)
    made = {}
    for style, weight in WEIGHTS.items():
        with TTFont(font, recalcTimestamp=False) as variable:
            static = instantiateVariableFont(variable, {"wght": weight})
            static.flavor = None
            made[style] = Path(folder.name) / f"font{style}.ttf"
            static.save(made[style])
    return made
