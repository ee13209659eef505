"""Cameras that people put themselves, as a text of an address: `lon,lat,azimuth,what it hangs on;…`, or `none`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from geoservice.errors import BadInput
from geoservice.operations.sitingplaces import KINDS, STREET

NONE = "none"
BY_HAND = "placed"
MOST = 30
_NUMBER = r"-?\d{1,3}(?:\.\d{1,12})?"
_ONE = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER})(?:,([a-z]{{1,12}}))?", re.ASCII)


@dataclass(frozen=True)
class Placed:
    """Where somebody wants a camera: lon, lat, azimuth clockwise from north, and what it hangs on (`sitingplaces.KINDS`)."""

    lon: float
    lat: float
    azimuth: float
    kind: str = BY_HAND

    @property
    def public(self) -> bool:
        """Whether it hangs on a support of the street."""
        return self.kind in STREET


def parse(text: str) -> tuple[Placed, ...]:
    """Cameras of a text; BadInput says what one looks like."""
    if text == NONE:
        return ()
    parts = text.split(";")
    if len(parts) > MOST:
        raise BadInput(f"Un plan a {MOST} caméras au plus.")
    return tuple(map(_placed, parts))


def text_of(placed: Iterable[Placed]) -> str:
    """The text of cameras, to a centimetre and a tenth of a degree."""
    return ";".join(f"{each.lon:.7f},{each.lat:.7f},{each.azimuth % 360:.1f},{each.kind}" for each in placed) or NONE


def _placed(text: str) -> Placed:
    found = _ONE.fullmatch(text)
    if not found:
        raise BadInput("« spots » attend des caméras séparées par « ; », chacune comme 2.4491,48.8921,135 : longitude, latitude, "
                       "direction en degrés depuis le nord ; ou « none » pour partir du terrain nu.")
    lon, lat, azimuth = (float(found[each]) for each in (1, 2, 3))
    if not (abs(lon) <= 180 and abs(lat) <= 90 and math.isfinite(azimuth)):
        raise BadInput("« spots » attend des degrés, longitude d’abord.")
    kind = found[4] or BY_HAND
    if kind not in KINDS:
        raise BadInput(f"Une caméra est posée sur l’un de ces supports : {', '.join(KINDS)}.")
    return Placed(lon, lat, azimuth, kind)
