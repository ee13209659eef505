"""The journal of levers on the demo's planted ones: gate, lock, evaluation, displacement; what is locked stays, or is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from geoservice import testing
from geoservice.catalog.layers import load
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import accounts, audit, levercontrols, levergate, leverresult
from geoservice.operations import leverfigures as figures
from geoservice.operations import leverjournal as journal
from geoservice.operations.indexing import refresh
from geoservice.operations.leverjournal import Wish
from geoservice.operations.levermonths import HALL, HOME, later, months
from geoservice.operations.leverplan import digest_of
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import levers as stored
from geoservice.storage import purge
from geoservice.testing import demo, levers
from geoservice.types import Category, Kind, Scope

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def town():
    return testing.town(seed=1)


@pytest.fixture(scope="module")
def storage(town, tmp_path_factory):
    made = demo.load_town(Settings(data=tmp_path_factory.mktemp("levers") / "data"), town)
    refresh(made)
    yield made
    made.close()


def reader(storage, code, **more):
    return open_reader(storage, load(), replace(accounts.viewer_of_organisation(storage, code, "test"), **more))


def wish(planted, **more):
    return Wish(**{"code": "acces", "in_charge": "bailleur", "since": str(planted.start), "treated": planted.residence,
                   "categories": planted.categories, "cost": "40000", "reduction": str(round(100 - 100 * planted.factor)),
                   "months_before": "24", **more})


@pytest.fixture
def planned(storage, town):
    """A plan of a planted lever, made the day before it began; withdrawn afterwards, so that others may take its places."""
    made = []

    def make(outcome, locked=True, **more):
        planted = town.truth.lever(outcome)
        who, eve = reader(storage, planted.organisation), planted.start - timedelta(1)
        number = journal.plan(who, wish(planted, **more), eve)
        made.append((who, number))
        if locked:
            journal.lock(who, number, eve)
        return planted, who, journal.one(storage, who.viewer, number)

    yield make
    for who, number in made:
        if not journal.one(storage, who.viewer, number).withdrawn:
            journal.withdraw(storage, who.viewer, number)


@pytest.mark.parametrize("controls", ["proposed", "planted"])
def test_the_one_that_worked_is_concluded_as_the_gate_said_it_could_be(planned, town, controls):
    planted = town.truth.lever("worked")
    planted, who, plan = planned("worked", controls="" if controls == "proposed" else "\n".join(planted.controls))
    gate = figures.gate(who, plan, planted.start - timedelta(1))
    assert gate.possible
    assert "huit fois sur dix" in gate.sentence
    found = figures.evaluate(who, plan, TODAY)
    assert (found.word, found.months) == (leverresult.SEEN, 12)
    assert "baissé" in found.sentence
    assert found.effect.high < 0
    assert found.ring.word == "indéterminé"
    assert found.quotient.ratio in planted.relative
    direct = months(who, plan.kind, plan.categories, [later(planted.start, -12), planted.start, later(planted.start, 12)])
    home = direct.by_home[direct.stock.residences.index(planted.residence)].tolist()
    assert [found.treated.before, found.treated.after] == home


def test_the_demo_opens_with_one_that_is_concluded_and_one_that_is_too_early(storage, town):
    planted = town.truth.lever("worked")
    who = reader(storage, planted.organisation)
    try:
        first, lately = (journal.one(storage, who.viewer, number) for number in levers.note(storage, load(), town.truth,
                                                                                         planted.organisation))
        assert first.treated == (HOME + planted.residence,)
        assert figures.evaluate(who, first, TODAY).word == leverresult.SEEN
        assert figures.evaluate(who, first, TODAY).cost is not None
        assert figures.evaluate(who, lately, TODAY).word == leverresult.EARLY
        assert (first.intact, lately.intact) == (True, True)
        assert not set(first.treated + first.controls) & set(lately.treated)
    finally:
        for each in journal.listing(storage, who.viewer):
            if not each.withdrawn:
                journal.withdraw(storage, who.viewer, each.number)


def test_displacement_shows_in_the_ring_and_no_price_is_made_of_it(planned):
    planted, who, plan = planned("displaced")
    found = figures.evaluate(who, plan, TODAY)
    assert found.word == leverresult.SEEN
    assert (found.ring.word, found.ring.effect.low > 0) == ("déplacement", True)
    assert "déplacement se voit" in found.ring.sentence
    assert found.quotient.wdq < 0
    assert found.cost is None
    assert "contient zéro" in found.cost_sentence
    assert HOME + planted.to not in plan.controls


def test_controls_are_away_alike_and_of_the_same_landlord(planned, storage, town):
    planted, who, plan = planned("worked")
    known = {home.code: home for home in town.residences}
    ring = figures.before_of(who, plan, planted.start)
    near = set(ring.around(plan.treated, ()).tolist())
    assert len(plan.controls) == levercontrols.WANTED
    assert not near & set(ring.rows(plan.controls).tolist())
    assert {known[code.removeprefix(HOME)].owner.code for code in plan.controls} == {planted.organisation}
    level = figures.balance(who, plan, planted.start)[0]
    assert abs(level.after) < min(abs(level.before), levercontrols.BALANCED)


def test_a_place_with_few_facts_cannot_be_judged_and_it_is_said_before(planned, storage, town):
    planted = town.truth.lever("worked")
    quiet = next(home for home in town.residences if home.owner.code == planted.organisation and len(home.halls) == 2)
    _, who, plan = planned("worked", locked=False, treated=quiet.code, months_after="6", months_before="12")
    gate = figures.gate(who, plan, planted.start)
    assert not gate.possible
    assert gate.sentence.startswith("Même si tout disparaît, vous ne pourrez pas le montrer en 6 mois")
    assert gate.formula > 0.5


def test_a_locked_plan_does_not_change_and_opening_it_is_told(planned, storage):
    planted, who, plan = planned("worked")
    eve = planted.start - timedelta(1)
    with pytest.raises(Conflict, match="verrouillé"):
        journal.change(who, plan.number, wish(planted, cost="1"), eve)
    with pytest.raises(Conflict, match="verrouillé"):
        journal.lock(who, plan.number, eve)
    with pytest.raises(BadInput, match="raison"):
        journal.unlock(storage, who.viewer, plan.number, "parce que", eve)
    with storage.write() as connection:
        assert not stored.change(connection, plan.number, {"ratio": 1})
    assert journal.one(storage, who.viewer, plan.number) == plan
    journal.unlock(storage, who.viewer, plan.number, "cout", eve)
    journal.change(who, plan.number, wish(planted, cost="50000"), eve)
    assert journal.one(storage, who.viewer, plan.number).cost_cents == 5_000_000
    assert journal.unlocks(storage, who.viewer, plan.number) == [(eve, "Coût changé")]
    rows = {row.action: row.object for row in audit.listing(storage, who.viewer.organisation_id)}
    assert rows["levier.deverrouille"] == f"levier {plan.number} cout {plan.sha256[:16]}"
    with pytest.raises(NotEnough, match="pas été verrouillé"):
        figures.evaluate(who, journal.one(storage, who.viewer, plan.number), TODAY)
    with pytest.raises(Conflict, match="a commencé"):
        journal.lock(who, plan.number, planted.start)
    assert journal.one(storage, who.viewer, plan.number).locked is None
    again = journal.lock(who, plan.number, eve)
    assert again != plan.sha256


@pytest.mark.parametrize("change", [
    "controls = '[\"residence:OH001\"]'", "since = since + 30", "ratio = ratio + 1", "months_after = 6",
    "locked = '2020-01-01 00:00:00'", "organisation_id = organisation_id + 1"])
def test_a_changed_row_is_found_by_its_hash(planned, storage, change):
    _, who, plan = planned("worked")
    assert plan.intact
    with storage.write() as connection:
        before = dict(connection.execute(text("SELECT * FROM lever WHERE id = :n"), {"n": plan.number}).mappings().one())
        connection.execute(text(f"UPDATE lever SET {change} WHERE id = :n"), {"n": plan.number})
        changed = connection.execute(text("SELECT organisation_id FROM lever WHERE id = :n"), {"n": plan.number}).scalar_one()
    viewer = replace(who.viewer, organisation_id=changed)
    found = journal.one(storage, viewer, plan.number)
    assert not found.intact
    with pytest.raises(NotEnough, match="empreinte"):
        figures.evaluate(who, found, TODAY)
    with storage.write() as connection:
        names = ", ".join(f"{name} = :{name}" for name in before)
        connection.execute(text(f"UPDATE lever SET {names} WHERE id = :id"), before)
    assert journal.one(storage, who.viewer, plan.number).intact


def test_a_lock_after_the_start_is_found_even_under_its_own_hash(planned, storage):
    """Somebody who writes into the database and knows how the hash is made."""
    _, who, plan = planned("worked", locked=False)
    with storage.write() as connection:
        connection.execute(text("UPDATE lever SET locked = :day WHERE id = :n"), {"day": f"{TODAY} 00:00:00", "n": plan.number})
        stored.seal(connection, plan.number, digest_of(stored.one(connection, who.viewer.organisation_id, plan.number)))
    assert not journal.one(storage, who.viewer, plan.number).intact


def test_before_the_first_look_it_is_too_early_and_bounds_are_wider_then(planned):
    planted, who, plan = planned("worked")
    early = figures.evaluate(who, plan, later(planted.start, 3) - timedelta(1))
    assert (early.word, early.effect) == (leverresult.EARLY, None)
    looks = [figures.evaluate(who, plan, later(planted.start, month)) for month in (3, 5, 6, 9, 12)]
    assert [look.months for look in looks] == [3, 3, 6, 9, 12]
    bounds = [look.bound for look in looks]
    assert bounds[0] == bounds[1] > bounds[2] > bounds[3] > bounds[4] > 1.96
    assert looks[0].word == leverresult.EARLY


def test_months_that_nobody_knows_are_no_months_without_facts(planned, storage, town):
    """The town's register begins some twenty months before the lever: thirty-six are asked for, those known are counted."""
    planted, who, plan = planned("worked", months_before="36")
    gate = figures.gate(who, plan, planted.start - timedelta(1))
    assert gate.history in (18, 19)
    counted = figures.before_of(who, plan, planted.start).counts
    assert counted.shape[1] == gate.history
    assert figures.evaluate(who, plan, TODAY).start == gate.history
    with pytest.raises(NotEnough, match="il en faut 24"):
        planned("worked", months_before="36", months_after="24")


def test_months_of_the_works_count_nowhere(planned):
    planted, who, plan = planned("worked", works_until=str(later(town_start := date(2025, 6, 9), 2) - timedelta(1)))
    assert planted.start == town_start
    found = figures.evaluate(who, plan, TODAY)
    counted = months(who, plan.kind, plan.categories, [later(town_start, 2), later(town_start, 14)])
    assert found.treated.after == int(counted.counts[counted.rows(plan.treated)].sum())


def test_assaults_on_staff_are_judged_by_residence_alone(planned, storage, town):
    planted = town.truth.lever("worked")
    who = reader(storage, planted.organisation)
    hall = next(home.halls[0].code for home in town.residences if home.code == planted.residence)
    known = months(who, Kind.BAILLEUR, (Category.AGP,), [date(2024, 1, 1), TODAY])
    assert known.whole
    assert known.counts[:len(known.stock)].sum() == 0 < known.counts.sum()
    with pytest.raises(BadInput, match="à la résidence"):
        known.rows([HALL + hall])
    assert len(known.rows([HOME + planted.residence])) == 1


def test_what_is_asked_is_of_closed_lists_and_of_ones_own(storage, town):
    planted = town.truth.lever("worked")
    who, eve = reader(storage, planted.organisation), planted.start - timedelta(1)
    for wrong in ({"code": "magie"}, {"in_charge": "moi"}, {"kind": "tous"}, {"categories": ("XXX",)}, {"since": "demain"},
                  {"cost": "-1"}, {"reduction": "0"}, {"months_before": "7"}, {"months_after": "24", "months_before": "12"},
                  {"treated": ""}, {"works_until": "2020-01-01"}, {"controls": planted.residence}):
        with pytest.raises(BadInput):
            journal.plan(who, wish(planted, **wrong), eve)
    other = town.truth.lever("displaced")
    with pytest.raises(NotFound):
        journal.plan(who, wish(planted, treated=other.residence), eve)
    stranger = reader(storage, other.organisation)
    number = journal.plan(who, wish(planted), eve)
    with pytest.raises(NotFound):
        journal.one(storage, stranger.viewer, number)
    with pytest.raises(Forbidden):
        journal.lock(reader(storage, planted.organisation, scope=Scope.READ), number, eve)
    journal.withdraw(storage, who.viewer, number)
    with pytest.raises(Conflict, match="retiré"):
        journal.lock(who, number, eve)


def test_regression_to_the_mean_is_told_where_places_were_high_for_once():
    rng = np.random.default_rng(7)
    homes = rng.poisson(4, (50, 24)).astype(float)
    high = rng.poisson(9, (6, 24)).astype(float)
    control = rng.poisson(4, (9, 24)).astype(float)
    ring = np.empty((0, 24))
    found = leverresult.judge(leverresult.Seen(12, high, control, ring, homes[:, :12]), 12, 12, None)
    assert "mauvaise passe, ils perdraient" in found.mean_sentence
    usual = leverresult.judge(leverresult.Seen(12, control, control[::-1] + 0, ring, homes[:, :12]), 12, 12, None)
    assert usual.word == leverresult.UNSEEN
    assert "pas nettement au-dessus" in usual.mean_sentence
    assert usual.ring.effect is None


def test_a_cost_says_which_facts_it_leaves_out():
    rng = np.random.default_rng(11)
    control, ring = rng.poisson(9, (9, 24)).astype(float), rng.poisson(9, (4, 24)).astype(float)
    treated = np.hstack([rng.poisson(12, (6, 12)), rng.poisson(3, (6, 12))]).astype(float)
    for after, word in ((9, leverresult.UNTOLD), (30, leverresult.MOVED)):
        linked = np.hstack([rng.poisson(9, (4, 12)), rng.poisson(after, (4, 12))]).astype(float)
        found = leverresult.judge(leverresult.Seen(12, treated, control, ring, control, linked), 12, 12, 1_000_000)
        assert found.linked.word == word
        assert found.cost is not None
        assert ("voisins de fonction" in found.cost_sentence) == (word == leverresult.MOVED)


def test_the_gate_says_why_where_places_or_facts_lack():
    with pytest.raises(NotEnough, match="3 lieux"):
        levergate.gate(np.ones((2, 12)), np.ones((5, 12)), 6, 0.3)
    with pytest.raises(NotEnough, match="Aucun fait"):
        levergate.gate(np.zeros((4, 12)), np.ones((5, 12)), 6, 0.3)


def test_a_plan_goes_with_the_facts_it_is_judged_by_and_takes_its_unlocks_along(storage, town):
    planted = town.truth.lever("worked")
    who, eve = reader(storage, planted.organisation), planted.start - timedelta(1)
    number = journal.plan(who, wish(planted), eve)
    journal.lock(who, number, eve)
    journal.unlock(storage, who.viewer, number, "erreur", eve)
    with storage.write() as connection:
        kept = purge.batch(connection, "leviers", purge.Limit(datetime(2025, 6, 9, tzinfo=UTC)), 100)
        assert number not in kept
        gone = purge.batch(connection, "leviers", purge.Limit(datetime(2025, 6, 10, tzinfo=UTC)), 100)
        assert number in gone
        assert connection.execute(text("SELECT count(*) FROM lever_unlock WHERE lever_id = :n"), {"n": number}).scalar() == 0
