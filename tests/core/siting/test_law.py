"""What a regime refuses of a plan, and what its file lacks; with the texts and the day they were read."""

from __future__ import annotations

from datetime import date

import pytest

from geoservice.catalog import regimes
from geoservice.core.siting import law
from geoservice.core.siting.law import Camera, Plan

COMMON, STREET = (regimes.load()[name] for name in ("parties-communes", "voie-publique"))


def plan(*cameras: Camera, **more) -> Plan:
    return Plan(cameras, **{"retention_days": 30, **more})


def codes(regime, given: Plan) -> list[tuple[str, str]]:
    return [(each.camera, each.code) for each in law.refusals(regime, given)]


def test_a_plan_of_common_parts_alone_is_refused_nothing():
    assert law.refusals(COMMON, plan(Camera("C1", "parties_communes"), Camera("C2", "abords_immediats"))) == []


@pytest.mark.parametrize(("target", "words"), [("voie", "voie publique"), ("portes_logements", "portes"),
                                               ("fenetres_balcons", "fenêtres"), ("interieurs", "intérieur")])
def test_what_may_not_be_seen_is_refused_until_it_is_masked(target, words):
    refused = law.refusals(COMMON, plan(Camera("C1", "parties_communes", {target: 0.08})))
    assert [(each.camera, each.code) for each in refused] == [("C1", target)]
    assert words in refused[0].sentence
    assert "8,0 %" in refused[0].sentence
    assert refused[0].references
    assert refused[0].as_of == COMMON.as_of
    assert codes(COMMON, plan(Camera("C1", "parties_communes", {target: 0.08}, {target: 0.08}))) == []
    assert codes(COMMON, plan(Camera("C1", "parties_communes", {target: 0.08}, {target: 0.05}))) == [("C1", target)]


def test_a_landlords_camera_on_the_street_and_images_kept_too_long():
    assert codes(COMMON, plan(Camera("C1", "voie"), retention_days=31)) == [("C1", "lieu"), ("", "conservation")]
    assert codes(STREET, plan(Camera("C1", "voie"))) == []


def test_the_file_needs_a_detail_plan_for_the_street_or_from_eight_cameras():
    def lacking(regime, *cameras: Camera, papers: frozenset[str] = frozenset()) -> set[str]:
        return {paper.code for paper in law.missing(regime, plan(*cameras, papers=papers))}

    square = Camera("C1", "lieu_ouvert")
    assert "plan_de_detail" not in lacking(STREET, square)
    assert "plan_de_detail" in lacking(STREET, *[square] * 8)
    assert {"plan_de_detail", "plan_de_masse"} <= lacking(STREET, Camera("C1", "voie"))
    assert "rapport" not in lacking(STREET, square, papers=frozenset({"rapport"}))
    assert "convention_l272_2" not in lacking(COMMON, Camera("C1", "parties_communes"))
    assert "registre" in lacking(COMMON, Camera("C1", "parties_communes"))


@pytest.mark.parametrize(("started", "ended"), [(date(2026, 1, 15), date(2031, 1, 15)), (date(2024, 2, 29), date(2029, 2, 28)),
                                                (date(2026, 12, 31), date(2031, 12, 31))])
def test_an_authorisation_ends_after_five_years(started, ended):
    given = plan(Camera("C1", "voie"), started=started)
    assert law.ends(STREET, given) == ended
    assert law.ends(COMMON, given) is None
    assert law.ends(STREET, plan(Camera("C1", "voie"))) is None
