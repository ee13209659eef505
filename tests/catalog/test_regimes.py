"""Regimes and levers are whole data, with a text and a day behind every rule."""

from __future__ import annotations

from datetime import date

import pytest

from geoservice.catalog import levers, regimes
from geoservice.errors import BadInput, NotFound
from geoservice.types import Category, Place

REGIMES = regimes.load()


def test_the_shipped_regimes_say_where_they_come_from():
    assert set(REGIMES) == {"voie-publique", "parties-communes"}
    for regime in REGIMES.values():
        assert regime.references
        assert regime.as_of > date(2023, 11, 27)  # the day of décret 2023-1102
        assert regime.excluded
        assert regime.retention_days == 30
    assert (REGIMES["voie-publique"].duration_months, REGIMES["voie-publique"].urgent_months) == (60, 4)
    assert REGIMES["parties-communes"].duration_months is None


def test_a_landlord_may_not_film_the_street_and_a_town_no_common_parts():
    assert regimes.regime_of(REGIMES, "parties_communes", "bailleur").name == "parties-communes"
    assert regimes.regime_of(REGIMES, "voie", "commune").name == "voie-publique"
    for place, operator in (("voie", "bailleur"), ("parties_communes", "commune"), ("logement", "bailleur")):
        with pytest.raises(NotFound, match="Aucun régime"):
            regimes.regime_of(REGIMES, place, operator)


def test_a_regime_with_an_unknown_key_is_refused_by_name(tmp_path):
    (tmp_path / "faux.toml").write_text('title = "x"\nconservation = 3\n', "utf-8")
    with pytest.raises(BadInput, match="faux"):
        regimes.load(tmp_path)


def test_every_lever_has_evidence_with_a_source_and_the_camera_stands_among_others():
    found = levers.load()
    codes = [lever.code for lever in found.lever]
    assert len(codes) == len(set(codes)) >= 8
    assert [lever.code for lever in found.lever if lever.films] == ["camera"]
    assert all(each.source and each.finding for lever in found.lever for each in lever.evidence)
    for lever in found.lever:  # a cost has a source, or says that it has none
        assert ("ordre de grandeur" in lever.cost.basis) != bool(lever.cost.source)
        assert str(lever.cost.year) in lever.cost.basis
    camera = next(lever for lever in found.lever if lever.films)
    assert {category for weak in camera.weak_for for category in weak.categories}.isdisjoint(camera.categories)


def test_a_pattern_finds_its_levers_and_the_camera_warns_where_it_does_little():
    pattern = {(Category.OCC, Place.HALL): 30, (Category.DEG, Place.HALL): 10, (Category.BRU, None): 10}
    found = levers.matched(levers.load(), pattern)
    shares = {match.lever.code: match.share for match in found}
    assert shares["acces"] == pytest.approx(40 / 50)
    assert shares["traversant"] == pytest.approx(30 / 50)
    assert shares["camera"] == pytest.approx(10 / 50)
    assert "stationnement" not in shares
    assert [match.share for match in found] == sorted(shares.values(), reverse=True)
    warned = next(match for match in found if match.lever.code == "camera").warnings
    assert len(warned) == 1
    assert "BRU, OCC" in warned[0]
    assert "Piza" in warned[0]
    assert levers.matched(levers.load(), {}) == []
