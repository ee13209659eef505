from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoservice.core import grid
from geoservice.core.disclosure import release as releases
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.release import NOT_SHOWN, Published, Refused, Terms, changed, exposed, overlap, publish
from geoservice.core.disclosure.releasefile import digest, pack, pack_ledger, unpack, unpack_ledger
from geoservice.errors import BadInput, Conflict, UnreadableFile
from tests.core.disclosure import town

WHERE = town.territory()
FACTS = town.facts(WHERE, 900, 1)
SEAL = b"seal" * 8
JANUARY = 660  # 2025-01, months since 1970-01


@pytest.fixture(scope="module")
def whole() -> Published:
    return publish(town.order(WHERE), FACTS, town.SECRET)


def test_a_release_is_a_function_of_its_facts(whole: Published) -> None:
    again = publish(town.order(WHERE), FACTS.take(np.random.default_rng(1).permutation(len(FACTS))), town.SECRET)
    data = pack(whole.release, SEAL)
    assert pack(again.release, SEAL) == data
    assert digest(data) == digest(pack(again.release, SEAL))
    other = publish(town.order(WHERE), FACTS, b"t" * 32)
    assert changed(whole.release, other.release)


def test_two_worlds_that_differ_inside_atoms_and_months_give_the_same_bytes(whole: Published) -> None:
    rng = np.random.default_rng(3)
    atom = grid.parents(FACTS.cell, 10)
    cell = np.array([rng.choice(grid.disk(int(found), 2)) for found in FACTS.cell], dtype=np.uint64)
    week = replace(FACTS, day=FACTS.day + np.where(rng.random(len(FACTS)) < .5, 7, -7).astype(np.int32))
    hour = np.where(FACTS.hour == 255, 255, FACTS.hour // 3 * 3 + rng.integers(0, 3, len(FACTS))).astype(np.uint8)
    moved = replace(FACTS, cell=np.where(grid.parents(cell, 10) == atom, cell, FACTS.cell), hour=hour,
                    day=np.where(week.month == FACTS.month, week.day, FACTS.day))
    for column in ("cell", "day", "hour"):
        assert (getattr(moved, column) != getattr(FACTS, column)).mean() > .3
    other = publish(town.order(WHERE), moved.take(rng.permutation(len(FACTS))), town.SECRET)
    assert pack(other.release, SEAL) == pack(whole.release, SEAL)


def test_values_are_frozen_numbers_or_not_shown(whole: Published) -> None:
    shown = 0
    for table in whole.release.tables:
        assert table.values.shape == (len(whole.release.places[table.level].names), len(table.periods), len(table.groups))
        assert ((table.values == NOT_SHOWN) | (table.values >= 5)).all()
        shown += int((table.values > 0).sum())
    assert shown > 100
    assert {table.period for table in whole.release.tables} == {"year", "quarter", "month", "weekday", "band"}
    assert all("--" not in period for table in whole.release.tables for period in table.periods)
    year = whole.release.table(town.KIND, 2025, "commune", "year", "all")
    assert year is not None
    assert abs(int(year.values.sum()) - 900) <= 10
    assert whole.release.table(town.KIND, 2025, "r9", "month", "category") is None


def test_the_report_is_of_the_truth(whole: Published) -> None:
    (report,) = whole.reports
    assert report.verdict.clean
    assert len(report.verdict.readings) == 5
    worth = {(w.family.level, w.family.period, w.family.detail): w for w in report.utility.families}
    commune = worth["commune", "year", "all"]
    assert (commune.facts, commune.shown) == (900, 1.0)
    assert commune.error <= 5 / 300
    assert 0.5 < report.utility.shown <= 1
    assert set(report.utility.qpv) == {"QN1"}
    assert report.utility.qpv["QN1"]["year/all"][1] == 1
    assert report.left_out == 0


def test_closed_months_are_frozen_whatever_comes_late() -> None:
    rng = np.random.default_rng(4)
    late = (rng.random(len(FACTS)) < .1) & (FACTS.month < JANUARY + 5)
    done = publish(town.order(WHERE, range(JANUARY, JANUARY + 5)), FACTS.take(~late), town.SECRET)
    for last in (6, 9, 12):
        now = publish(town.order(WHERE, range(JANUARY, JANUARY + last)), FACTS, town.SECRET, previous=done)
        assert changed(done.release, now.release) == []
        assert len(set(now.release.months)) == last
        done = now
    assert len(done.ledger) == len(FACTS) - late.sum()  # late facts wait for the revision
    assert "2025" in {period for table in done.release.tables for period in table.periods}
    assert done.release.partition("2025-03") != done.release.partition("2025-04")


def test_a_year_that_is_out_is_carried_along_without_another_audit(whole: Published) -> None:
    more = replace(FACTS, day=FACTS.day + 365)
    said: list[str] = []
    now = publish(town.order(WHERE, range(JANUARY, JANUARY + 13)), FACTS.and_(more), town.SECRET, previous=whole,
                  progress=lambda done, of, what: said.append(what))
    assert [report.year for report in now.reports] == [2026]
    assert changed(whole.release, now.release) == []
    assert all("2026" in what for what in said)


def test_a_revision_is_fresh_and_audited_with_its_predecessor(whole: Published) -> None:
    corrected = FACTS.take(np.arange(len(FACTS)) % 40 != 0)
    one = publish(town.order(WHERE, revision=1), corrected, b"t" * 32, predecessors=(whole,))
    assert len(changed(whole.release, one.release)) > 10
    alone = publish(town.order(WHERE, revision=1), corrected, b"t" * 32)
    widths = [min(reading.width for reading in done.reports[0].verdict.readings) for done in (one, alone)]
    assert widths[0] <= widths[1]      # two numbers of the same facts say more than one
    assert one.reports[0].verdict.clean
    with pytest.raises(Conflict, match="secret nouveau"):
        publish(town.order(WHERE, revision=1), corrected, town.SECRET, predecessors=(whole,))
    with pytest.raises(Conflict, match="secret nouveau"):
        publish(town.order(WHERE, revision=0), corrected, b"t" * 32, predecessors=(whole,))


@pytest.mark.parametrize(("change", "what"), [
    ({"parameters": Parameters(rest_high=8)}, "paramètres"), ({"months": tuple(range(JANUARY, JANUARY + 3))}, "reste"),
    ({"revision": 1}, "garde son secret"), ({"places": town.territory(2)}, "îlots"),
    ({"groups": town.Groups({"tout": ("SAL", "DEG", "VOL")})}, "groupes")])
def test_a_release_is_only_continued_as_it_began(whole: Published, change: dict, what: str) -> None:
    with pytest.raises(Conflict, match=what):
        publish(replace(town.order(WHERE), **change), FACTS, town.SECRET, previous=whole)


def test_a_ledger_that_is_not_the_releases_is_found(whole: Published) -> None:
    odd = replace(whole, ledger=whole.ledger.take(np.arange(len(whole.ledger)) % 7 != 0))
    longer = town.order(WHERE, range(JANUARY, JANUARY + 13))
    part = publish(town.order(WHERE, range(JANUARY, JANUARY + 4)), FACTS, town.SECRET)
    with pytest.raises(Conflict, match="registre"):
        publish(town.order(WHERE), FACTS, town.SECRET, previous=replace(part, ledger=part.ledger.take(np.arange(150))))
    assert len(publish(longer, FACTS, town.SECRET, previous=odd).release.tables) > 0  # a closed year is carried, never redrawn


@pytest.mark.parametrize(("order", "facts", "secret"), [
    (town.order(WHERE), FACTS, b"short"), (town.order(WHERE, ()), FACTS, town.SECRET),
    (town.order(WHERE, organisations=3), FACTS, town.SECRET),
    (replace(town.order(WHERE), terms=(Terms(town.KIND, 2_000, (1, 2, 3, 4), solo=True),)), FACTS, town.SECRET)])
def test_orders_that_cannot_be_are_refused(order: releases.Order, facts: Facts, secret: bytes) -> None:
    with pytest.raises(BadInput):
        publish(order, facts, secret)


def test_a_solo_kind_stands_beside_and_is_never_added() -> None:
    solo = replace(FACTS.take(FACTS.organisation == 1), kind=np.full(int((FACTS.organisation == 1).sum()), "ville"))
    order = replace(town.order(WHERE), terms=(*town.order(WHERE).terms, Terms("ville", 2_000, (1,), solo=True)))
    done = publish(order, FACTS.and_(solo), town.SECRET)
    both = {kind: done.release.table(kind, 2025, "commune", "year", "all") for kind in (town.KIND, "ville")}
    assert abs(int(both[town.KIND].values.sum()) - 900) <= 10
    assert abs(int(both["ville"].values.sum()) - len(solo)) <= 10
    assert all(table.values[table.values > 0].min() >= 10 for table in done.release.tables
               if table.kind == "ville" and (table.values > 0).any())
    assert done.release.kinds == {town.KIND: False, "ville": True}


def test_an_audit_that_cannot_be_satisfied_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    from geoservice.core.disclosure import audit

    found = {}

    def never(case: audit.Case, view: releases.View, say: object = None) -> tuple:
        reading = audit.read(case, view, case.attackers[0])
        found["asked"] = True
        return view, audit.Verdict((replace(reading, violations=np.ones_like(reading.violations)),), 0, 0, 1)

    monkeypatch.setattr(releases, "audit", never)
    with pytest.raises(Refused, match="rien n’est publié"):
        publish(town.order(WHERE), FACTS, town.SECRET)
    assert found["asked"]


def test_an_owner_is_told_what_a_disclosure_would_prove(whole: Published) -> None:
    order = town.order(WHERE)
    assert exposed(order, whole, np.empty(0, dtype=np.uint64)) == 0
    rng = np.random.default_rng(1)
    most = FACTS.key[rng.random(len(FACTS)) < .97]  # nearly everything is told: what is left is proven
    assert exposed(order, whole, most) > 0
    told = replace(FACTS, public=np.isin(FACTS.key, most))
    later = publish(order, told, town.SECRET)
    assert later.reports[0].verdict.clean
    assert later.reports[0].verdict.hidden > 0  # the audit knew, and hid more


def test_two_releases_must_not_cover_the_same_ground_and_month(whole: Published) -> None:
    other = publish(town.order(WHERE, range(JANUARY, JANUARY + 3)), FACTS, b"t" * 32)
    later = publish(town.order(WHERE, range(JANUARY + 12, JANUARY + 13)), replace(FACTS, day=FACTS.day + 365), town.SECRET)
    elsewhere = replace(whole.release, ground=whole.release.ground + np.uint64(1))
    assert overlap(whole.release, other.release)
    assert not overlap(whole.release, later.release)
    assert not overlap(whole.release, elsewhere)


def test_a_file_holds_the_whole_release(whole: Published) -> None:
    data = pack(whole.release, SEAL)
    back = unpack(data, SEAL)
    assert pack(back, SEAL) == data
    assert changed(whole.release, back) == []
    assert back.parameters == whole.release.parameters
    assert back.places["r9"].names == whole.release.places["r9"].names
    assert len(data) < 200_000
    assert town.SECRET not in data


def test_every_tampering_of_a_file_is_found(whole: Published) -> None:
    data = pack(whole.release, SEAL)
    rng = np.random.default_rng(2)
    tried = 0
    for place in {*rng.integers(0, len(data), 300).tolist(), 0, len(data) - 1}:
        broken = bytearray(data)
        broken[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(UnreadableFile):
            unpack(bytes(broken), SEAL)
        tried += 1
    for cut in (b"", data[:10], data[:-1], data + b"x", data[1:]):
        with pytest.raises(UnreadableFile):
            unpack(cut, SEAL)
    assert tried > 250
    forged = replace(whole.release, territory="ailleurs")
    with pytest.raises(UnreadableFile, match="sceau"):
        unpack(pack(forged, b"another key of somebody else...."), SEAL)


def test_a_ledger_survives_its_bytes(whole: Published) -> None:
    back = unpack_ledger(pack_ledger(whole.ledger))
    assert np.array_equal(back.key, whole.ledger.key)
    assert back.kind.tolist() == whole.ledger.kind.tolist()
    assert publish(town.order(WHERE), back, town.SECRET).release.partition("2025") == whole.release.partition("2025")
