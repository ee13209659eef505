"""Before and after with controls: the worked values of Wheeler and Ratcliffe 2018, ptools and the POP Center."""

from __future__ import annotations

from typing import Any

import pytest

from geoservice.core.impact.wdd import Z80, Z95, Change, minimum_drop, wdd
from geoservice.core.impact.wdq import quotient
from geoservice.errors import BadInput

GROUPS = ("control", "treated", "control_displacement", "displacement")


def changes(known: dict[str, Any], areas: tuple[float, ...] = (1, 1, 1, 1)) -> dict[str, Change]:
    return {name: Change(*known[name], area) for name, area in zip(GROUPS, areas, strict=True)}


def test_wdd_is_that_of_wheeler_and_ratcliffe(checks: dict) -> None:
    found = wdd(**changes(checks["wdd"]))
    assert found.value == checks["wdd"]["WDD"]
    assert found.error == pytest.approx(checks["wdd"]["SE"], abs=5e-4)
    assert found.z == pytest.approx(checks["wdd"]["Z"], abs=5e-3)
    assert (found.low, found.high) == pytest.approx(checks["wdd"]["CI95"], abs=0.05)


def test_wdd_by_area_is_that_of_ptools(checks: dict) -> None:
    known = checks["wdd_area_weights"]
    found = wdd(**changes(checks["wdd"], tuple(known["weights"])))
    assert found.value == pytest.approx(known["WDD"], abs=5e-4)
    assert found.error == pytest.approx(known["SE"], abs=5e-4)
    assert found.z == pytest.approx(known["Z"], abs=5e-4)


def test_wdq_is_that_of_the_pop_center(checks: dict) -> None:
    known = checks["wdq"]
    found = quotient(Change(*known["R"]), Change(*known["C"]), Change(*known["D"]))
    assert found.wdq == pytest.approx(known["WDQ"], abs=5e-7)
    assert (found.gross_effect, found.total_net_effect) == pytest.approx((known["gross_effect"], known["total_net_effect"]))
    assert found.ratio == pytest.approx(known["IRR"], abs=5e-5)
    assert (found.low, found.high) == pytest.approx(known["IRR_CI95"], abs=5e-4)


def test_the_least_drop_that_shows(checks: dict) -> None:
    """Beside the published values: the drop found does reach z, as wdd itself says."""
    known = checks["minimum_drop_wdd"]
    for count, drop, powered in zip(known["counts"], known["z_1.96"], known["z_2.8016_80pct_power"], strict=True):
        found = minimum_drop(count)
        assert found == pytest.approx(drop, abs=0.05)
        assert minimum_drop(count, Z95 + Z80) == pytest.approx(powered, abs=0.05)
        if found <= count:
            assert wdd(Change(count, count - found), Change(count, count)).z == pytest.approx(-Z95)


def test_what_cannot_be_measured_is_refused() -> None:
    for wrong in (lambda: Change(-1, 2), lambda: Change(1, float("nan")), lambda: Change(1, 2, 0)):
        with pytest.raises(BadInput):
            wrong()
    with pytest.raises(BadInput, match="Aucun fait"):
        wdd(Change(0, 0), Change(0, 0))
    with pytest.raises(BadInput, match="nul"):
        quotient(Change(5, 0), Change(5, 5), Change(5, 5))
    with pytest.raises(BadInput, match="témoins"):
        quotient(Change(10, 5), Change(20, 10), Change(5, 5))
    with pytest.raises(BadInput, match="au moins un fait"):
        minimum_drop(0)
