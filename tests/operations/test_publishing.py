"""From the database to a sealed file: whose facts enter, what stays, what is refused, and what nobody finds in the folder."""

from __future__ import annotations

import json
import stat
from datetime import date

import numpy as np
import pytest
from sqlalchemy import text

from geoservice.core.disclosure import release as core
from geoservice.core.disclosure import releasefile
from geoservice.errors import BadInput, Conflict, Forbidden, NotFound, NotReady
from geoservice.operations import (
    accounts,
    agreements,
    audit,
    publishing,
    publishing_facts,
    publishing_files,
    publishing_report,
    setup,
    territories,
)
from geoservice.operations.publishing import name_of
from geoservice.storage import releases as stored
from geoservice.types import Category, Role, Viewer, code_of
from tests import folders
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CITY, CODE, COMMUNE, LANDLORDS, PLATFORM, QPV, TODAY, month


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A folder with facts, where nothing is agreed."""
    return world.build(tmp_path_factory.mktemp("partage"))


@pytest.fixture
def storage(bare, tmp_path):
    """A folder of one's own."""
    opened = setup.open_storage(folders.copied(bare.data, tmp_path / "copie"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(bare, tmp_path_factory):
    """A folder where everything is agreed and a release is out, up to August 2026."""
    settings = folders.copied(bare.data, tmp_path_factory.mktemp("diffusee") / "data")
    opened = setup.open_storage(settings)
    world.agree(opened)
    world.territory(opened)
    world.publish(opened, "2026-08")
    opened.close()
    return settings


@pytest.fixture
def published(shared, tmp_path):
    """A folder of one's own, with that release."""
    opened = setup.open_storage(folders.copied(shared.data, tmp_path / "copie"))
    yield opened
    opened.close()


def in_folder(storage) -> core.Release:
    folder = storage.settings.shared_folder
    return releasefile.unpack((folder / f"{CODE}.release").read_bytes(), (folder / "seal").read_bytes())


def organisation(storage, code: str) -> int:
    return accounts.organisations(storage)[code]


# --- what leaves


def test_a_release_is_one_sealed_file_and_what_is_public_beside_it(published):
    release = in_folder(published)
    assert (release.territory, release.revision, release.kinds) == (CODE, 0, {"bailleur": False})
    assert [name_of(each) for each in (release.months[0], release.months[-1])] == ["2025-01", "2026-08"]
    assert sum(int((table.values > 0).sum()) for table in release.tables) > 500
    folder = published.settings.shared_folder
    assert sorted(path.name for path in folder.iterdir()) == [f"{CODE}{end}" for end in (
        ".disclosed.json", ".names.json", ".release")] + ["seal"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    told = json.loads((folder / f"{CODE}.names.json").read_text())
    assert told["title"] == "Pays du Lys"
    assert told["names"] == {f"commune:{COMMUNE}": "Lys-la-Belle", f"qpv2024:{QPV}": "Les Iris"}
    assert {each["organisation"] for each in told["openers"]} == {CITY}


def test_nothing_private_lies_in_the_shared_folder(published):
    (state,) = publishing.states(published, territories.load(published, CODE))
    everything = b"".join(path.read_bytes() for path in published.settings.shared_folder.iterdir())
    assert state.secret not in everything
    assert publishing_files.private_seal(state.secret) not in everything
    keys = state.published.ledger.key
    assert len(keys) > 3_000
    assert not any(np.uint64(key).tobytes() in everything for key in keys[:300].tolist())
    assert not any(code.encode() in everything for code in LANDLORDS)


def test_shown_counts_are_near_the_truth_and_no_kind_holds_assaults_on_staff(published):
    release, (state,) = in_folder(published), publishing.states(published, territories.load(published, CODE))
    table = release.table("bailleur", 2025, "commune", "year", "all")
    true = int((1970 + state.published.ledger.month // 12 == 2025).sum())
    assert abs(int(table.values[0, 0, 0]) - true) <= 5
    assert true > 1_500
    assert code_of(Category.AGP) not in state.published.ledger.category
    with published.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fact WHERE category = 'AGP'")).scalar() > 100


def test_the_report_is_one_object_without_a_number_that_is_none(storage):
    world.agree(storage)
    world.territory(storage)
    outcome = world.publish(storage, "2025-12")
    found = json.loads(json.dumps(publishing_report.told(storage, outcome), allow_nan=False))
    (year,) = found["audits"]
    assert (year["proven"], year["narrow"], year["attackers"]) == (0, 0, 4)
    assert year["shown"] > 0.9
    assert year["error"] < 0.05
    assert found["qpv"][f"qpv2024:{QPV}"]["counts"]["bailleur 2025"]["year/all"] == [1, 1]
    assert found["sha256"] == releasefile.digest((storage.settings.shared_folder / f"{CODE}.release").read_bytes())
    lines = "\n".join(publishing_report.lines(found))
    assert "12 mois, de 2025-01 à 2025-12" in lines
    assert "Un référent lit pour Les Iris" in lines
    assert "nan" not in lines


# --- whose facts


def test_who_has_no_agreement_gives_nothing(storage):
    world.agree(storage, ("rives", "plaine"))
    world.territory(storage)
    outcome = world.publish(storage)
    givers = set(outcome.state.published.ledger.organisation.tolist())
    assert givers == {organisation(storage, "rives"), organisation(storage, "plaine")}


def test_an_agreement_gives_its_categories_in_its_zone_for_its_whole_months(storage):
    world.agree(storage, ("plaine", "monts"))
    world.agree(storage, ("rives",), categories=(Category.DEG,), zone=f"qpv2024:{QPV}", since=date(2025, 3, 2),
                until=date(2026, 2, 15))
    made = world.territory(storage)
    ledger = world.publish(storage).state.published.ledger
    mine = ledger.take(ledger.organisation == organisation(storage, "rives"))
    assert len(mine) > 20
    assert set(mine.category.tolist()) == {code_of(Category.DEG)}
    assert (name_of(int(mine.month.min())), name_of(int(mine.month.max()))) == ("2025-04", "2026-01")
    zone = made.ground.qpv.of_atom[made.ground.atoms.of(mine.cell)]
    assert set(zone.tolist()) == {0}


@pytest.mark.parametrize(("since", "until", "revoked", "months"), [
    ((2025, 1, 1), (2025, 4, 1), None, ("2025-01", "2025-03")),
    ((2025, 1, 2), (2025, 4, 1), None, ("2025-02", "2025-03")),
    ((2025, 1, 1), (2025, 3, 31), None, ("2025-01", "2025-02")),
    ((2025, 1, 1), (2026, 1, 1), (2025, 6, 20), ("2025-01", "2025-05")),
    ((2025, 1, 5), (2025, 1, 28), None, None),
])
def test_full_months(since, until, revoked, months):
    from types import SimpleNamespace

    days = [(date(*each) - date(1970, 1, 1)).days for each in (since, until)]
    taken = None if revoked is None else SimpleNamespace(date=lambda: date(*revoked))
    first, last = publishing_facts._months(SimpleNamespace(since=days[0], until=days[1], revoked=taken))
    assert (first > last) if months is None else (name_of(first), name_of(last)) == months


def test_an_agreement_that_is_taken_back_ends_with_the_month_before(storage):
    numbers = world.agree(storage)
    world.territory(storage)
    agreements.withdraw(storage, world.admin(storage, "rives"), numbers[0])
    with storage.write() as connection:
        connection.execute(text("UPDATE agreement SET revoked = '2026-05-20 08:00:00' WHERE id = :n"), {"n": numbers[0]})
    ledger = world.publish(storage).state.published.ledger
    mine = ledger.month[ledger.organisation == organisation(storage, "rives")]
    assert name_of(int(mine.max())) == "2026-04"


def test_a_kind_with_one_organisation_waits_for_its_signature(storage):
    world.agree(storage, ("rives",))
    world.territory(storage)
    with pytest.raises(NotReady, match="signe"):
        world.publish(storage)
    assert not (storage.settings.shared_folder / f"{CODE}.release").exists()
    signature = territories.sign(storage, world.admin(storage, "rives"), CODE, "bailleur")
    assert (signature.organisation, signature.kind) == ("rives", "bailleur")
    release = world.publish(storage).state.published.release
    assert release.kinds == {"bailleur": True}
    shown = np.concatenate([table.values[table.values >= 0] for table in release.tables])
    assert shown.min() >= 10
    with pytest.raises(Conflict, match="déjà signée"):
        territories.sign(storage, world.admin(storage, "rives"), CODE, "bailleur")


def test_once_a_kind_has_one_owner_others_wait_for_the_revision(storage):
    world.agree(storage, ("rives",))
    world.territory(storage)
    territories.sign(storage, world.admin(storage, "rives"), CODE, "bailleur")
    world.publish(storage, "2026-07")
    world.agree(storage, ("plaine", "monts"))
    outcome = world.publish(storage, "2026-09")
    assert set(outcome.state.published.ledger.organisation.tolist()) == {organisation(storage, "rives")}
    assert "les faits des autres" in outcome.waiting["bailleur"]
    revised = world.publish(storage, revision=True, today=date(2027, 1, 20), until="2026-12", first=None)
    assert len(set(revised.state.published.ledger.organisation.tolist())) == 3
    assert revised.state.published.release.kinds == {"bailleur": False}


def test_a_kind_that_is_signed_later_joins_in_january(storage):
    """Within a year that is out in part it would add numbers to months that are out."""
    with storage.write() as connection:
        connection.execute(text("UPDATE fact SET kind = 'habitant' WHERE organisation_id = :n"),
                           {"n": organisation(storage, "monts")})
    world.agree(storage)
    world.territory(storage, volumes={"bailleur": 2_000, "habitant": 900})
    first = world.publish(storage, "2025-11")
    assert "signe" in first.waiting["habitant"]
    territories.sign(storage, world.admin(storage, "monts"), CODE, "habitant")
    assert "janvier" in (publishing.joins_later(storage, CODE, "habitant") or "")
    assert publishing.joins_later(storage, CODE, "bailleur") is None  # it is in
    second = world.publish(storage, "2025-12")
    assert "janvier" in second.waiting["habitant"]
    assert set(in_folder(storage).kinds) == set(second.state.published.ledger.kind.tolist()) == {"bailleur"}
    third = world.publish(storage, "2026-03").state.published
    assert set(in_folder(storage).kinds) == {"bailleur", "habitant"}
    assert publishing.joins_later(storage, CODE, "habitant") is None
    assert core.changed(second.state.published.release, third.release) == []
    quarter = third.release.table("habitant", 2026, "commune", "quarter", "all")
    true = ((third.ledger.kind == "habitant") & (third.ledger.month >= month("2026-01"))).sum()
    assert abs(int(quarter.values[0, 0, 0]) - int(true)) <= 5
    assert third.release.table("habitant", 2025, "commune", "year", "all") is None


def test_another_volume_counts_from_the_revision_on(published):
    territories.change(published, PLATFORM, CODE, {"bailleur": 5_000}, ())
    assert world.publish(published).state.volumes == {"bailleur": 2_000}
    revised = world.publish(published, revision=True, today=date(2027, 1, 20), first=None)
    assert revised.state.volumes == {"bailleur": 5_000}


def test_a_signature_of_somebody_else_does_not_count(storage):
    world.agree(storage, ("rives",))
    world.territory(storage)
    territories.sign(storage, world.admin(storage, "plaine"), CODE, "bailleur")
    with pytest.raises(NotReady):
        world.publish(storage)


# --- months


@pytest.mark.parametrize(("day", "last"), [((2026, 10, 14), "2026-08"), ((2026, 10, 15), "2026-09"), ((2026, 1, 15), "2025-12"),
                                           ((2026, 1, 3), "2025-11")])
def test_a_month_closes_on_the_fifteenth_of_the_next(day, last):
    assert name_of(publishing_facts.last_closed(date(*day))) == last


def test_a_month_that_is_not_closed_is_refused(published):
    with pytest.raises(Conflict, match="2026-10 n’est pas clos"):
        world.publish(published, "2026-10")
    with pytest.raises(Conflict, match="ne recule pas"):
        world.publish(published, "2026-05")
    with pytest.raises(Conflict, match="commence en 2025-01"):
        world.publish(published, first=month("2025-06"))


def test_closed_months_stay_and_late_facts_wait_for_the_revision(published, tmp_path):
    before = in_folder(published)
    world.late(published, tmp_path / "tard.csv", "rives", ("2025-05", "2026-02", "2026-09"))
    after = world.publish(published)
    release, ledger = in_folder(published), after.state.published.ledger
    assert core.changed(before, release) == []
    assert release.months == (*before.months, month("2026-09"))
    assert after.state.issue == 2
    assert release.commitment == before.commitment
    late = _keys_of(published, "F99-")
    assert len(late) == 60
    assert 0 < np.isin(ledger.key, late).sum() < 25  # those of September alone
    assert set(ledger.month[np.isin(ledger.key, late)].tolist()) == {month("2026-09")}
    revised = world.publish(published, revision=True, today=date(2027, 1, 20), first=None)
    assert np.isin(revised.state.published.ledger.key, late).sum() > 40
    assert revised.state.revision == 1
    assert in_folder(published).commitment != release.commitment
    assert len(core.changed(release, in_folder(published))) > 10
    assert [state.revision for state in publishing.states(published, territories.load(published, CODE))] == [0, 1]


def _keys_of(storage, prefix: str) -> np.ndarray:
    """Keys of the facts whose numbers begin so; facts without one get theirs when they are published."""
    with storage.read() as connection:
        rows = connection.execute(text("SELECT id FROM fact WHERE key LIKE :p"), {"p": f"{prefix}%"}).scalars().all()
        known = stored.keys(connection)
    missing = publishing_facts.draw([number for number in rows if number not in known])
    with storage.write() as connection:
        stored.add_keys(connection, missing)
    return np.array([(known | missing)[number] for number in rows], dtype=np.uint64)


def test_keys_stay_from_release_to_release_and_go_with_their_fact(published, tmp_path):
    with published.read() as connection:
        before = stored.keys(connection)
    world.publish(published)
    with published.read() as connection:
        after = stored.keys(connection)
    assert len(set(before.values())) == len(before) > 3_000
    assert before.items() <= after.items()
    assert max(before.values()) > 2**63  # all 64 bits
    with published.write() as connection:
        gone = next(iter(before))
        connection.execute(text("DELETE FROM sighting"))
        connection.execute(text("DELETE FROM fact WHERE id = :n"), {"n": gone})
    with published.read() as connection:
        assert gone not in stored.keys(connection)


def test_a_revision_waits_for_the_next_year_and_is_audited_with_what_it_replaces(published, monkeypatch):
    with pytest.raises(Conflict, match="2027"):
        world.publish(published, revision=True, first=None)
    seen = []
    real = core.publish
    monkeypatch.setattr(core, "publish", lambda *given, **named: seen.append(given) or real(*given, **named))
    world.publish(published, revision=True, today=date(2027, 1, 20), first=None)
    ((_, _, secret, previous, predecessors, _),) = seen
    assert previous is None
    assert [each.release.revision for each in predecessors] == [0]
    assert len(secret) == 32
    assert core.commitment(secret) != predecessors[0].release.commitment


def test_nothing_new_is_said_and_changes_nothing(published):
    before = (published.settings.shared_folder / f"{CODE}.release").read_bytes()
    outcome = world.publish(published, "2026-08")
    assert not outcome.changed
    assert "rien de nouveau" in next(publishing_report.lines(publishing_report.told(published, outcome)))
    assert (published.settings.shared_folder / f"{CODE}.release").read_bytes() == before


def test_the_same_state_gives_the_same_bytes_whatever_happened_inside_places_and_months(shared, tmp_path):
    """Facts moved to another cell of their atom and another day of their month: the next release is equal, byte for byte."""
    files = []
    for name in ("un", "deux"):
        storage = setup.open_storage(folders.copied(shared.data, tmp_path / name))
        with storage.write() as connection:  # the keys that the next release would draw
            numbers = connection.execute(text("SELECT id FROM fact ORDER BY id")).scalars().all()
            known = stored.keys(connection)
            stored.add_keys(connection, {number: number * 7_919 for number in numbers if number not in known})
        if name == "deux":
            assert _move(storage) > 50
        world.publish(storage)
        files.append((storage.settings.shared_folder / f"{CODE}.release").read_bytes())
        storage.close()
    assert files[0] == files[1]


def _move(storage) -> int:
    """Facts of September go to another cell of their atom, and to the same weekday of another week."""
    made = territories.load(storage, CODE).ground.atoms
    first = publishing_facts.first_day(month("2026-09"))
    moved = 0
    with storage.write() as connection:
        rows = connection.execute(text("SELECT id, cell, day FROM fact WHERE cell <> 0 AND day >= :a AND day < :b"),
                                  {"a": first, "b": first + 30}).all()
        for number, cell, day in rows:
            atom = int(made.of(np.array([cell], dtype=np.int64).astype(np.uint64))[0])
            if atom >= 0:
                there = made.cells[made.atom == atom]
                other = int(there[-1])  # a cell of resolution 10 of the same atom
                week = day + 7 if day - first < 20 else day - 7
                connection.execute(text("UPDATE fact SET cell = :c, day = :d WHERE id = :n"),
                                   {"c": other, "d": week, "n": number})
                moved += other != cell
    return moved


# --- refusals


def test_two_territories_never_cover_the_same_ground(published):
    with pytest.raises(Conflict, match="appartient déjà"):
        territories.create(published, PLATFORM, territories.Plan("autre", "A", (COMMUNE,), territories.Terms({"bailleur": 900})))
    with published.write() as connection:  # one that slipped in
        connection.execute(text("UPDATE shared_territory SET communes = '59009', code = 'vieux'"))
    world.territory(published)
    with pytest.raises(Conflict, match="vieux"):
        world.publish(published)
    with published.read() as connection:
        assert len(stored.latest(connection)) == 1


def test_a_refused_audit_publishes_nothing_and_leaves_a_row(published, monkeypatch):
    def refuse(*_given, **_named):
        raise core.Refused("L’audit trouve encore de petits nombres prouvables.")

    before = (published.settings.shared_folder / f"{CODE}.release").read_bytes()
    monkeypatch.setattr(core, "publish", refuse)
    with pytest.raises(core.Refused):
        world.publish(published)
    assert (published.settings.shared_folder / f"{CODE}.release").read_bytes() == before
    assert [state.issue for state in publishing.states(published, territories.load(published, CODE))] == [1]
    with published.read() as connection:
        last = connection.execute(text("SELECT action, outcome FROM audit ORDER BY seq DESC LIMIT 1")).one()
    assert tuple(last) == ("diffusion.refusee", audit.REFUSED)


def test_a_dry_run_writes_nothing(storage):
    world.agree(storage)
    world.territory(storage)
    outcome = world.publish(storage, dry_run=True)
    assert not outcome.written
    assert len(outcome.state.published.ledger) > 3_000
    assert not storage.settings.shared_folder.exists()
    with storage.read() as connection:
        assert stored.keys(connection) == {}
        assert stored.latest(connection) == []


@pytest.mark.parametrize("role", [None, *(role for role in Role if role is not Role.PLATFORM_ADMIN)])
def test_only_the_platform_publishes(published, role):
    viewer = Viewer(organisation(published, CITY), CITY, "x", "jeton", role=role)
    with pytest.raises(Forbidden):
        publishing.publish(published, viewer, publishing.Wish(CODE, TODAY))
    with pytest.raises(Forbidden):
        territories.create(published, viewer, territories.Plan("a", "A", ("59009",), territories.Terms({"bailleur": 900})))


def test_every_contributor_finds_the_release_in_its_audit(published):
    for code in LANDLORDS:
        found = [entry for entry in audit.listing(published, organisation(published, code)) if entry.action == "diffusion"]
        assert len(found) == 1
        assert found[0].object == "territoire 1 revision 0 diffusion 1"
    assert not [entry for entry in audit.listing(published, organisation(published, CITY)) if entry.action == "diffusion"]
    assert audit.verify(published).fault is None


# --- territories


def test_places_come_from_dwellings_and_hold_eleven_or_none(storage):
    made = world.territory(storage)
    atoms = made.ground.atoms
    assert atoms.sources == ("menages", "logements-sociaux")
    assert not atoms.weaker
    lived_in = atoms.dwellings[atoms.dwellings > 0]
    assert lived_in.min() >= 11
    assert len(lived_in) > 100
    assert 0.9 < lived_in.sum() / _households(storage) < 1.1
    again = territories.load(storage, CODE)
    assert again.ground.atoms.digest == atoms.digest
    assert np.array_equal(again.ground.qpv.of_atom, made.ground.qpv.of_atom)
    assert again.terms == made.terms


def _households(storage) -> float:
    from geoservice.operations.features import FeatureShelf

    found = FeatureShelf(storage, (0,)).features("menages")
    inside = [shape.centroid.x < world.WEST + world.SIDE * world.STEP for shape in found.geometry]
    return sum(known["households"] for known, here in zip(found.properties, inside, strict=True) if here)


def test_where_only_social_housing_is_known_the_territory_is_told(storage):
    with storage.write() as connection:
        connection.execute(text("DELETE FROM feature WHERE layer = 'menages'"))
        connection.execute(text("UPDATE layer_state SET changes = changes + 1 WHERE layer = 'menages'"))
    made = world.territory(storage)
    assert made.ground.atoms.weaker
    assert "plus faible" in territories.told(made)["warnings"][0]


@pytest.mark.parametrize(("plan", "error", "said"), [
    ({"communes": ("59351",)}, NotFound, "limites"),
    ({"communes": ("Lille",)}, BadInput, "INSEE"),
    ({"code": "Pays du Lys"}, BadInput, "minuscules"),
    ({"name": ""}, BadInput, "nom"),
])
def test_a_territory_that_cannot_be_says_why(storage, plan, error, said):
    values = {"code": CODE, "name": "Lys", "communes": (COMMUNE,), "terms": territories.Terms({"bailleur": 2_000})}
    with pytest.raises(error, match=said):
        territories.create(storage, PLATFORM, territories.Plan(**(values | plan)))


@pytest.mark.parametrize(("terms", "said"), [
    ({"volumes": {}}, "Déclarez"), ({"volumes": {"police": 2_000}}, "Déclarez"), ({"volumes": {"bailleur": 300}}, "trop peu"),
    ({"volumes": {"bailleur": 900}, "open_kinds": ("ville",)}, "volume déclaré"),
    ({"volumes": {"bailleur": 900}, "groups": {"a": ("AGP",)}}, "AGP"),
    ({"volumes": {"bailleur": 900}, "groups": {"a": ("XXX",)}}, "codes"),
])
def test_terms_that_cannot_be_say_why(terms, said):
    with pytest.raises(BadInput, match=said):
        territories.Terms(**terms)
