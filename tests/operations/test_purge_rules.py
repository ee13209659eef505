"""Every column of every table has one rule that says how long it is kept; settings can only shorten."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlmodel import SQLModel

from geoservice.errors import BadInput
from geoservice.operations import retention
from geoservice.settings import Settings
from geoservice.storage import tables  # noqa: F401  (declares them)

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


def columns() -> dict[str, list[str]]:
    return {table.name: [column.name for column in table.columns] for table in SQLModel.metadata.tables.values()}


def test_every_column_has_one_rule() -> None:
    assert len(columns()) >= 24
    assert retention.uncovered(columns()) == []


def test_a_new_column_and_a_lost_one_are_named() -> None:
    changed = columns()
    changed["fact"] = [*changed["fact"], "auteur"]
    changed["token"] = [name for name in changed["token"] if name != "last4"]
    assert retention.uncovered(changed) == ["column fact.auteur has no rule: add it to geoservice/retention.toml",
                                            "rule jetons names token.last4, which is no column"]


def test_what_is_about_people_goes_by_age_or_with_the_account() -> None:
    about = {rule.table: rule for rule in retention.rules() if rule.table in
             ("person", "membership", "sign_in", "token", "attempt", "break_glass", "identity")}
    assert len(about) == 7
    assert all(rule.timed or "aussitôt" in rule.since for rule in about.values())


def given(tmp_path, text: str, **more) -> retention.Policy:
    path = tmp_path / "durees.toml"
    path.write_text(text, "utf-8")
    return retention.policy(Settings(data=tmp_path, retention=path, **more))


def test_settings_shorten_for_all_and_for_one(tmp_path) -> None:
    policy = given(tmp_path, "[durees]\nfaits = 1461\n[organisation.rives]\nfaits = 730\nfichiers = 10")
    facts, files = policy.rule("faits"), policy.rule("fichiers")
    assert (policy.days(facts), policy.days(facts, "rives"), policy.days(facts, "plaine")) == (1_461, 730, 1_461)
    assert (policy.days(files), policy.days(files, "rives")) == (30, 10)
    assert policy.apart(facts) == ("rives",)
    assert policy.said(facts) == "4\u202fans"
    assert policy.said(files) == "30\u202fjours"
    assert policy.limit(facts, NOW) == datetime(2022, 11, 1, tzinfo=UTC)  # whole months alone
    assert policy.limit(policy.rule("essais"), NOW) == datetime(2026, 11, 22, 2, 45, tzinfo=UTC)
    assert retention.policy(Settings(data=tmp_path, retention_days=12)).days(files) == 12


@pytest.mark.parametrize(("text", "said"), [
    ("[durees]\nfaits = 4000", "entre 1 et 2192"), ("[durees]\njournal = 30", "entre 180 et 365"),
    ("[durees]\nfait = 30", "n’est pas une durée"), ("[durees]\ncomptes = 30", "n’est pas une durée"),
    ("[organisation.rives]\njournal = 200", "tout le service"), ("[durees]\nfaits = 0", "ne peut pas être lu"),
    ("[durees", "ne peut pas être lu"), ("[autre]\nx = 1", "ne peut pas être lu")])
def test_what_cannot_be_asked_is_refused_with_what_to_do(tmp_path, text, said) -> None:
    with pytest.raises(BadInput, match=said):
        given(tmp_path, text)
