"""Planted cases of each sort lead to their verdict, each rule can be the one that decides, and sentences are fit for people."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.stats.verdict import (
    ARTEFACT,
    FRAGILE,
    NOT_HOT,
    RULES,
    SOLID,
    VERDICTS,
    Condition,
    Evidence,
    Rule,
    measures,
    verdict,
)
from geoservice.errors import BadInput

METHODS = Path(__file__).resolve().parents[3] / "docs" / "METHODS.md"
GOOD = Evidence(p=1e-5, q=1e-3, observed=42, expected=15, ratio_low=1.9, ratio_high=4.0, stability=25 / 27, stacked_share=0.1,
                reporter_share=0.5, reporter_share_elsewhere=0.45, busiest_day_share=0.06, coarse_share=0.1)
PLANTED = [
    (SOLID, None, {}),
    (SOLID, None, {"reporter_share": 1.0, "reporter_share_elsewhere": 1.0}),  # one register reports everything everywhere
    (SOLID, None, {"unit": "residence", "stacked_share": 1.0, "coarse_share": 1.0}),  # a stack is their data
    (SOLID, None, {"unit": "residence", "stacked_share": None}),
    (NOT_HOT, "hasard", {"q": 0.3, "stacked_share": 0.95}),
    (NOT_HOT, "ecart_faible", {"observed": 5_600, "expected": 5_000, "ratio_low": 1.08, "ratio_high": 1.16}),
    (ARTEFACT, "pile", {"stacked_share": 0.92}),
    (ARTEFACT, "releveur_unique", {"reporter_share": 0.97, "reporter_share_elsewhere": 0.3}),
    (ARTEFACT, "decoupage", {"stability": 3 / 27}),
    (FRAGILE, "pile_partielle", {"stacked_share": 0.6}),
    (FRAGILE, "releveur_dominant", {"reporter_share": 0.8, "reporter_share_elsewhere": 0.4}),
    (FRAGILE, "instable", {"stability": 12 / 27}),
    (FRAGILE, "un_jour", {"busiest_day_share": 0.7}),
    (FRAGILE, "place_grossiere", {"coarse_share": 0.8}),
    (FRAGILE, "peu_de_faits", {"observed": 4, "expected": 0.5}),
    (FRAGILE, "intervalle_large", {"ratio_low": 0.9}),
    (FRAGILE, "bord", {"edge": True}),
    (FRAGILE, "stabilite_inconnue", {"stability": None}),
    (FRAGILE, "pile_inconnue", {"stacked_share": None}),
]


@pytest.mark.parametrize(("expected", "code", "changed"), PLANTED)
def test_planted_cases(expected, code, changed):
    found = verdict(replace(GOOD, **changed))
    assert found.verdict == expected
    assert (found.reasons[0].code if found.reasons else None) == code
    assert found.sentence.endswith(".")
    assert not re.search(r"[{}]|None|nan|\d\.\d", found.sentence + "".join(reason.sentence for reason in found.reasons))


def test_every_rule_decides_somewhere_and_is_documented():
    assert {code for _, code, _ in PLANTED if code} == {rule.code for rule in RULES}
    text = METHODS.read_text(encoding="utf-8")
    for rule in RULES:
        assert re.search(rf"^\| `{rule.code}` \| {rule.weight} ", text, re.MULTILINE), rule.code


def test_conditions_name_measures_that_exist():
    known = measures(GOOD)
    named = [condition.measure for rule in RULES for condition in rule.conditions]
    assert len(named) > 15
    assert set(named) <= set(known)


def test_sentences_for_a_mayor():
    assert verdict(GOOD).sentence == (
        "Point chaud solide : 42\u00a0faits pour 15\u00a0attendus, soit 2,8\u00a0fois le nombre attendu (entre 1,9 et 4). "
        "Il résiste à tous les contrôles.")
    assert verdict(replace(GOOD, stability=8 / 27)).sentence == (
        "Point chaud à confirmer : 42\u00a0faits pour 15\u00a0attendus, mais il ne reste chaud que dans 8 découpages sur 27 "
        "(autres tailles, autres grilles, autres périodes).")
    assert "une seule source" in verdict(replace(GOOD, reporter_share=1.0, reporter_share_elsewhere=0.2)).sentence


def test_reasons_carry_their_values_heaviest_first():
    found = verdict(replace(GOOD, edge=True, stacked_share=0.85, stability=0.5))
    assert [(reason.code, reason.weight) for reason in found.reasons] == [
        ("pile", "artefact"), ("instable", "faiblesse"), ("bord", "faiblesse")]
    assert found.reasons[0].values == {"unit": "cellule", "stacked_share": 0.85}


def test_what_is_not_measured_is_told_and_never_in_favour():
    bare = Evidence(p=1e-6, q=1e-4, observed=42, expected=15, ratio_low=1.9, ratio_high=4.0)
    found = verdict(bare)
    assert found.verdict == FRAGILE
    assert set(found.unknown) == {"stability", "stacked_share", "reporter_share", "busiest_day_share", "coarse_share"}


def test_a_table_of_ones_own():
    strict = (Rule("vingt", "exclut", (Condition("observed", "<", 50),), "moins de cinquante"),)
    assert verdict(GOOD, strict).verdict == NOT_HOT


_SHARE = st.none() | st.floats(0, 1)


@given(q=st.floats(0, 1), observed=st.floats(0, 1e6), expected=st.floats(1e-6, 1e6), stability=_SHARE, stacked=_SHARE,
       here=_SHARE, elsewhere=_SHARE, day=_SHARE, edge=st.booleans())
def test_anything_measured_has_a_verdict_and_worse_evidence_never_a_better_one(q, observed, expected, stability, stacked, here,
                                                                              elsewhere, day, edge):
    evidence = Evidence(p=q, q=q, observed=observed, expected=expected, ratio_low=0.5, ratio_high=2.0, stability=stability,
                        stacked_share=stacked, reporter_share=here, reporter_share_elsewhere=elsewhere,
                        busiest_day_share=day, edge=edge)
    found = verdict(evidence)
    order = [VERDICTS.index(verdict(some).verdict) for some in (evidence, replace(evidence, edge=True),
             replace(evidence, edge=True, stacked_share=1.0), replace(evidence, edge=True, stacked_share=1.0, q=1.0))]
    assert order == sorted(order)
    assert (found.verdict == SOLID) == (not found.reasons)


@pytest.mark.parametrize("changed", [
    {"q": float("nan")}, {"q": 1.2}, {"expected": 0}, {"observed": -1}, {"ratio_high": float("inf")}, {"ratio_low": 5.0},
    {"stability": 2.0}, {"unit": "commune"}, {"stacked_share": float("nan")},
])
def test_what_cannot_be_is_refused(changed):
    with pytest.raises(BadInput):
        verdict(replace(GOOD, **changed))
