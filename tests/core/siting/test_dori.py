"""What a lens lets one do at a distance: densities of EN 62676-4 on a worked lens."""

from __future__ import annotations

import pytest

from geoservice.core.siting.dori import DENSITIES, Optics
from geoservice.errors import BadInput


def test_distances_of_a_four_millimetre_lens(checks: dict) -> None:
    known = checks["dori"]
    lens = Optics(known["lens_mm"], known["sensor_mm"], known["width_px"])
    assert {name: round(lens.reach(name), 1) for name in DENSITIES} == known["distance_m"]
    assert lens.field_deg == pytest.approx(known["hfov_deg"], abs=0.5)
    for name, least in DENSITIES.items():
        assert lens.density(lens.reach(name)) == pytest.approx(least)


def test_impossible_lenses_are_refused() -> None:
    for wrong in ((0, 5.4, 1920), (4, float("nan"), 1920), (4, 5.4, -1)):
        with pytest.raises(BadInput):
            Optics(*wrong)
    with pytest.raises(BadInput, match="distance"):
        Optics(4, 5.4, 1920).density(0)
    with pytest.raises(BadInput, match="Usage inconnu"):
        Optics(4, 5.4, 1920).reach("read")
