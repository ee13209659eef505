"""The census of the demo's landlords: planted truths, states said by hand, kinds apart, staff nowhere, one landlord a viewer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from geoservice import testing
from geoservice.catalog.layers import load
from geoservice.core.observatory.halls import UNKNOWN
from geoservice.core.query import EPOCH, FactQuery
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput, Forbidden, NotFound
from geoservice.operations import accounts, audit, census, chronology, cumul, marks, overrides, rates, residences, silence
from geoservice.operations.indexing import refresh
from geoservice.operations.reader import open_reader
from geoservice.operations.stock import stock
from geoservice.settings import Settings
from geoservice.storage.tables import Fact
from geoservice.testing import demo
from geoservice.types import Category, Kind, Role, Scope, code_of

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def town():
    return testing.town(seed=1)


@pytest.fixture(scope="module")
def storage(town, tmp_path_factory):
    made = demo.load_town(Settings(data=tmp_path_factory.mktemp("census") / "data"), town)
    refresh(made)
    yield made
    made.close()


def viewer(storage, code, **more):
    return replace(accounts.viewer_of_organisation(storage, code, "test"), **more)


def reader(storage, code):
    return open_reader(storage, load(), viewer(storage, code))


def counted(storage, code, **wanted):
    return census.census(reader(storage, code), census.Wanted(TODAY, **wanted))


def landlords(storage, town):
    return [one.code for one in town.organisations if one.code in accounts.organisations(storage)]


def test_every_hall_of_the_patrimoine_has_a_state_and_no_other(storage, town):
    for code in landlords(storage, town):
        halls = [hall.code for home in town.residences if home.owner.code == code for hall in home.halls]
        if halls:
            assert sorted(counted(storage, code).stock.codes) == sorted(halls)


def test_halls_of_the_silent_residence_are_unknown_and_no_others(storage, town):
    planted = town.truth.silence
    found = counted(storage, planted.organisation)
    of_home = np.array([found.stock.residences[home] for home in found.stock.home])
    assert (found.now[of_home == planted.residence] == UNKNOWN).all()
    assert (found.now[of_home != planted.residence] != UNKNOWN).all()
    assert "inconnu" in found.sentence
    assert f"{(of_home == planted.residence).sum()} inconnus" in found.sentence


def test_planted_hot_halls_are_at_least_yellow(storage, town):
    """Halls where occupation and dealing are 20 times as frequent until the end."""
    checked = 0
    for spot in town.truth.hot_spots:
        if spot.role == "foyer" and spot.kind == "bailleur" and "TRF" in spot.categories and spot.end > date(2026, 10, 1):
            for code in spot.sources:
                found = counted(storage, code)
                rows = [row for row, hall in enumerate(found.stock.codes) if hall in spot.units]
                checked += len(rows)
                assert (found.now[rows] >= 1).all(), spot.name
                assert found.now[rows].mean() > found.now[found.now >= 0].mean()
    assert checked >= 5


def test_states_before_the_silence_were_known(storage, town):
    planted = town.truth.silence
    found = counted(storage, planted.organisation, until=planted.start)
    assert (found.now != UNKNOWN).all()


def test_another_kind_is_never_added(storage, town):
    code = town.truth.silence.organisation
    with pytest.raises(NotEnough):
        counted(storage, code, kind=Kind.TRANSPORT)


def test_staff_facts_change_nothing(storage, town):
    """`AGP` facts are of residences; a hall's state and reports do not know them."""
    code = town.truth.silence.organisation
    found = counted(storage, code)
    index = reader(storage, code).indexes[accounts.organisations(storage)[code]]
    homes, starts = np.array([bool(code) for code in index.units.residence]), found.computed.starts
    told = homes[index["unit"]] & (index["kind"] == code_of(Kind.BAILLEUR))
    told &= (index["day"] >= starts[0]) & (index["day"] < starts[-1])
    staff = index["category"] == code_of(Category.AGP)
    assert (told & staff).sum() > 10
    assert found.computed.reports.sum() == (told & ~staff).sum()


def test_the_map_marks_the_silent_residence_and_says_where_it_cannot_tell(storage, town):
    planted = town.truth.silence
    words = marks.Marks(reader(storage, planted.organisation), "patrimoine", TODAY).columns()["silence"]
    assert words[planted.residence] == marks.SILENT
    assert set(words.values()) <= {marks.SILENT, marks.HEARD, marks.UNTOLD}
    assert list(words.values()).count(marks.HEARD) > list(words.values()).count(marks.SILENT)
    mine = [each for each in town.residences if each.owner.code == planted.organisation]
    assert {each.code for each in mine} <= set(words)


def test_the_silent_residence_is_the_first_silence(storage, town):
    planted = town.truth.silence
    found = silence.silences(reader(storage, planted.organisation), silence.Wanted(TODAY))
    first = int(found.order[0])
    assert found.stock.residences[found.rows[first]] == planted.residence
    assert found.watch.silent.tolist().count(True) == 1
    assert found.watch.silent[first]
    assert found.seen[first] == 0
    index = reader(storage, planted.organisation).indexes[accounts.organisations(storage)[planted.organisation]]
    named = np.array([code == planted.residence for code in index.units.residence])[:index.units.attached_from]
    last = int(index["day"][np.isin(index["unit"], np.flatnonzero(named))].max())
    assert last < (planted.start - EPOCH).days  # nobody names it any more; a neighbour's fact without a code may lie near it
    assert (found.attached > 0, found.since[first] >= 90) == (True, True)
    assert "aucun signalement depuis" in found.sentence(first)
    lost_a_day = planted.lost.value / (date(2026, 10, 31) - planted.start).days
    assert 0.4 * 90 * lost_a_day < found.watch.expected.mean[first] < 1.3 * 90 * lost_a_day  # its own silence is in its past year


def test_whatever_counts_a_residence_counts_the_same_facts(storage, town):
    """Facts that only lie near a place are in the list, the page, the chronology and the rates alike."""
    for code in landlords(storage, town):
        here = reader(storage, code)
        query = FactQuery(kind=Kind.BAILLEUR)
        listed = {each.residence.code: each for each in residences.listed(here, query)[1]}
        rated = rates.rates(here, query)
        by_rate = dict(zip(rated.codes, rated.facts.tolist(), strict=True))
        assert all(listed[home].count == number for home, number in by_rate.items())
        assert sum(each.attached for each in listed.values()) == rated.attached
        short = [home for home in listed if listed[home].count <= chronology.MOST]
        for home in sorted(short, key=lambda home: -listed[home].attached)[:3]:
            told = chronology.chronology(here, chronology.Asked(home))
            lines = told.lines
            assert not told.more
            near = sum(line.certainty == chronology.PROBABLE for line in lines)
            found = residences.profile(here, home, query)
            assert (len(lines), near) == (listed[home].count, listed[home].attached) == (found.portrait.count, found.attached)
            assert {part: found.parts[part] for part in found.parts if found.parts[part]} == dict(
                Counter(line.part for line in lines))


def test_most_facts_without_a_code_are_given_their_own_residence(storage, town):
    """Against where they were drawn: an address is often that of two residences, so that this is probable and never certain."""
    halls = {hall.code: home.code for home in town.residences for hall in home.halls}
    for code in landlords(storage, town):
        told = town.facts[code]
        key_of = keys(storage)
        truth = {key: halls.get(unit, unit) for key, unit in zip(told["id"].tolist(), told["unit"].tolist(), strict=True)}
        right = total = 0
        for home in residences.residences(reader(storage, code)):
            for each in chronology.chronology(reader(storage, code), chronology.Asked(home)).lines:
                if each.certainty == chronology.PROBABLE:
                    total += 1
                    right += truth[key_of[each.number]] == home
        assert total == 0 or right / total > 0.7, (code, right, total)


def keys(storage):
    with storage.read() as connection:
        return dict(connection.execute(select(Fact.id, Fact.key)).all())


def test_no_other_landlord_has_a_silence(storage, town):
    for code in landlords(storage, town):
        if code != town.truth.silence.organisation:
            try:
                found = silence.silences(reader(storage, code), silence.Wanted(TODAY))
            except NotEnough:
                continue
            assert not found.watch.silent.any(), code


def test_silent_halls(storage, town):
    planted = town.truth.silence
    found = silence.silences(reader(storage, planted.organisation), silence.Wanted(TODAY, level="hall"))
    homes = {found.stock.residences[found.stock.home[found.rows[place]]] for place in np.flatnonzero(found.watch.silent)}
    assert homes <= {planted.residence}
    with pytest.raises(BadInput):
        silence.silences(reader(storage, planted.organisation), silence.Wanted(TODAY, level="commune"))


def test_scores_are_the_product_of_their_parts(storage, town):
    found = cumul.sites(reader(storage, landlords(storage, town)[0]), cumul.Wanted(TODAY))
    parts = found.parts
    np.testing.assert_allclose(parts.score, parts.families * parts.months / 12 * parts.days)
    assert (np.diff(parts.score) <= 0).all()
    assert (found.low <= found.high).all()
    assert len(found.rows) > 5
    halls = cumul.sites(reader(storage, landlords(storage, town)[0]), cumul.Wanted(TODAY, level="hall"))
    staff = [family.value for family in cumul.FAMILIES].index("AGP")
    assert found.facts[:, staff].sum() > 0
    assert halls.facts[:, staff].sum() == 0


def said(hall, state="rouge", days=30):
    return overrides.Said(hall, state, "presence", TODAY, TODAY + timedelta(days))


def test_a_state_said_by_hand_stands_until_it_ends_or_is_taken_back(storage, town):
    code = town.truth.silence.organisation
    who, keys = viewer(storage, code), stock(reader(storage, code)).keys
    number = overrides.say(storage, who, keys, said(keys[0]))
    found = counted(storage, code)
    assert found.now[0] == 3
    assert found.said[0].id == number
    assert found.computed.states[0, -1] != 3
    later = census.census(reader(storage, code), census.Wanted(TODAY + timedelta(30)))
    assert later.now[0] != 3
    assert not later.said
    overrides.revoke(storage, who, number)
    assert counted(storage, code).now[0] != 3
    with pytest.raises(NotFound):
        overrides.revoke(storage, who, number)
    words = [entry.action for entry in audit.listing(storage, who.organisation_id)]
    assert words[:2] == ["hall.etat-retire", "hall.etat"]


def test_only_ones_own_halls_and_words_of_the_lists(storage, town):
    mine, theirs = landlords(storage, town)[:2]
    who, keys = viewer(storage, mine), stock(reader(storage, mine)).keys
    with pytest.raises(NotFound):
        overrides.say(storage, who, keys, said(stock(reader(storage, theirs)).keys[0]))
    for wrong in (replace(said(keys[0]), state="noir"), replace(said(keys[0]), reason="parce que"),
                  replace(said(keys[0]), until=TODAY), replace(said(keys[0]), until=TODAY + timedelta(900))):
        with pytest.raises(BadInput):
            overrides.say(storage, who, keys, wrong)
    for reads in (replace(who, scope=Scope.READ), replace(who, role=Role.ANALYST)):
        with pytest.raises(Forbidden):
            overrides.say(storage, reads, keys, said(keys[0]))
    number = overrides.say(storage, who, keys, said(keys[0]))
    with pytest.raises(NotFound):
        overrides.revoke(storage, viewer(storage, theirs), number)
    assert counted(storage, theirs).said == {}
    overrides.revoke(storage, who, number, keys[0])


def test_report_is_an_observation_with_its_chance(storage, town):
    for code in landlords(storage, town):
        try:
            found = counted(storage, code).spill
        except NotEnough:
            continue
        assert found.observed <= found.improved
        assert found.low <= found.expected <= max(found.high, found.expected)
        assert 0 < found.p <= 1
