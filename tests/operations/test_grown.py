"""An index that only got further facts: its register and its stock are carried on, and are what they would be made anew."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from geoservice import testing
from geoservice.catalog.layers import load
from geoservice.core.query import FactQuery
from geoservice.operations import accounts, attaching, entry, indexing, register, stock, yearly
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import register as stored
from geoservice.testing import demo
from geoservice.types import Kind

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    storage = demo.load_town(Settings(data=tmp_path_factory.mktemp("grown") / "data"), testing.town(seed=3))
    indexing.refresh(storage)
    code = next(iter(accounts.organisations(storage)))
    yield storage, accounts.viewer_of_organisation(storage, code, "essai")
    storage.close()


def reader(world):
    storage, viewer = world
    return open_reader(storage, load(), viewer)


def enter(world, number, **more):
    storage, viewer = world
    fields = {"key": f"neuf-{number}", "date": (DAY + timedelta(number % 5)).isoformat(), "category": "DEG.tag",
              "cost": 120 + number, "complaint": "oui", "lon": 2.45, "lat": 48.9, **more}
    entry.enter(storage, viewer, Kind.BAILLEUR, fields)


def whole(world, monkeypatch):
    """The register and the stock made of nothing that was kept."""
    storage, viewer = world
    with storage.read(scope_of(viewer)) as connection:
        found = stored.read(connection, viewer.organisation_id, lambda *spots: attaching.residences_near(
            load(), reader(world).shelf, viewer.organisation_id, spots))
    monkeypatch.setattr(stock._Numbered, "grown", lambda *given: None)
    stock._kept._values.clear()
    made = stock.stock(reader(world))
    monkeypatch.undo()
    return found, made


def same_stock(one, other):
    for name in ("keys", "codes", "names", "residences", "residence_names"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("home", "points", "dwellings", "halls"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    for name in ("hall_of", "home_of"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert set(mine) == set(theirs)
        assert all(np.array_equal(mine[each], theirs[each]) for each in mine)


def test_entries_are_added_to_what_is_kept(world, monkeypatch):
    storage, viewer = world
    before = register.register_of(reader(world), viewer.organisation_id)
    ground = stock.stock(reader(world)).ground
    homes = [code for code in before.residences if code][:3]
    read = []
    anew = stored.read
    monkeypatch.setattr(stored, "read", lambda *given: read.append(given) or anew(*given))
    for number, code in enumerate(homes):
        enter(world, number, residence=code)
        if number != 1:  # two entries may come in together
            indexing.refresh(storage)
    found = register.register_of(reader(world), viewer.organisation_id)
    assert (read, len(found)) == ([], len(before) + 3)
    carried = stock.stock(reader(world))
    assert carried.ground is ground  # the same halls: nothing is measured again
    fresh, made = whole(world, monkeypatch)
    assert set(found.columns) == set(fresh.columns)
    assert all(np.array_equal(found[name], fresh[name]) and found[name].dtype == fresh[name].dtype for name in found.columns)
    assert (found.residences, found.sources) == (fresh.residences, fresh.sources)
    same_stock(carried, made)


def test_a_place_that_nobody_knew_is_numbered_anew(world, monkeypatch):
    storage, _ = world
    ground = stock.stock(reader(world)).ground
    enter(world, 11, residence="NOUVELLE", hall="Z")
    indexing.refresh(storage)
    found = stock.stock(reader(world))
    assert found.ground is not ground
    assert "NOUVELLE" in found.residences
    same_stock(found, whole(world, monkeypatch)[1])


def test_a_change_that_is_no_entry_reads_the_register_again(world, monkeypatch):
    storage, viewer = world
    enter(world, 21)
    indexing.refresh(storage)
    before = register.register_of(reader(world), viewer.organisation_id)
    entry.take_back(storage, viewer, "neuf-21")
    indexing.refresh(storage)
    assert len(register.register_of(reader(world), viewer.organisation_id)) == len(before) - 1


def test_a_code_with_the_marks_that_part_texts_is_read_whole(world):
    storage, viewer = world
    for number, code in enumerate(("A,B", "A~1B", "~0,~", "é / à"), 31):
        enter(world, number, residence=code)
    indexing.refresh(storage)
    found = register.register_of(reader(world), viewer.organisation_id)
    assert {"A,B", "A~1B", "~0,~", "é / à"} <= set(found.residences)
    assert yearly.yearly(reader(world), FactQuery(), "A,B").lines[0].facts.sum() == 0
    assert sum(line.facts.sum() for line in yearly.yearly(reader(world), FactQuery(), "A,B").lines if line.total) == 1
