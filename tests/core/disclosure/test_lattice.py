from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core import grid
from geoservice.core.disclosure import places
from geoservice.core.disclosure.cubes import cube
from geoservice.core.disclosure.lattice import families
from geoservice.core.disclosure.parameters import Parameters, volume_floor
from geoservice.core.disclosure.places import Zones, assign
from geoservice.core.disclosure.slots import Groups, Slots
from geoservice.errors import BadInput
from geoservice.types import Category, code_of
from tests.core.disclosure import town

WHERE = town.territory()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 400))
def test_every_sum_of_the_lattice_holds_for_true_counts_and_keys(seed: int, count: int) -> None:
    lattice = town.lattice(WHERE)
    found = cube(lattice, town.facts(WHERE, count, seed))
    counts, keys = found.counts(), found.keys()
    checked = 0
    for values in (counts, keys):
        for axis, relations in ((values, lattice.places.relations), (values.T, lattice.slots.relations)):
            for batch in relations:
                sums = np.add.reduceat(axis[batch.children], batch.starts, axis=0)
                assert np.array_equal(sums, axis[batch.parents])
                assert len(np.unique(batch.children)) == len(batch.children)  # at most once a child in a batch
                checked += len(batch.parents)
    assert checked > 100
    commune = [place.node for place in WHERE.published["commune"]]
    assert counts[commune, lattice.slots.column("2025", "all")].sum() == count


def test_slivers_of_crossing_borders_are_nodes() -> None:
    hexagons = [place.node for level in ("r7", "r8", "r9") for place in WHERE.published[level]]
    zones = [place.node for level in ("commune", "qpv") for place in WHERE.published[level]]
    crossing = 0
    known = {WHERE.of(node).tobytes() for node in range(WHERE.nodes)}
    for hexagon in hexagons:
        for zone in zones:
            common = np.intersect1d(WHERE.of(hexagon), WHERE.of(zone))
            if 0 < len(common) < min(len(WHERE.of(hexagon)), len(WHERE.of(zone))):
                crossing += 1
                assert common.astype(WHERE.of(0).dtype).tobytes() in known
    assert crossing > 5


def test_places_partition_the_atoms_at_each_level() -> None:
    for level in ("commune", "r7", "r8", "r9"):
        cells = np.concatenate([WHERE.cells(place) for place in WHERE.published[level]])
        assert np.array_equal(np.sort(cells), WHERE.atoms.cells)
        assert sum(place.dwellings for place in WHERE.published[level]) == pytest.approx(WHERE.atoms.dwellings.sum())


def test_a_hexagon_is_the_parent_of_its_cells_and_never_a_second_look_up() -> None:
    for level, resolution in places.HEXAGONS.items():
        for place in WHERE.published[level]:
            assert grid.to_text(np.unique(grid.parents(WHERE.cells(place), resolution))) == [place.name]


def test_zones_are_whole_atoms_by_majority() -> None:
    atoms = WHERE.atoms
    finest = np.repeat(atoms.cells, 3)
    zone = np.tile([0, 0, -1], len(atoms.cells))
    light = assign(atoms, ("Z",), finest, zone, np.tile([1.0, 1, 5], len(atoms.cells)))
    heavy = assign(atoms, ("Z",), finest, zone, np.tile([4.0, 4, 5], len(atoms.cells)))
    assert set(light.of_atom.tolist()) == {-1}
    assert set(heavy.of_atom.tolist()) == {0}
    with pytest.raises(BadInput):
        places.build(atoms, Zones(("A",), np.full(len(atoms.dwellings), -1)))


def test_families_follow_from_public_facts_alone() -> None:
    chosen = families(WHERE, town.GROUPS, 2_000)
    by_name = {(one.level, one.period, one.detail): one.density for one in chosen}
    inhabited = len(WHERE.published["r8"])
    assert by_name["r8", "year", "all"] == pytest.approx(2_000 / inhabited)
    share = WHERE.published["qpv"][0].dwellings / WHERE.atoms.dwellings.sum()
    assert by_name["qpv", "year", "all"] == pytest.approx(2_000 * share)
    assert min(by_name.values()) >= 10
    assert ("commune", "weekday", "all") in by_name
    assert not [one for one in chosen if one.period in ("weekday", "band") and (one.level not in ("commune", "r7"))]
    assert not [one for one in chosen if one.period in ("weekday", "band") and one.detail != "all"]
    fewer = families(WHERE, town.GROUPS, 500)
    assert {(one.level, one.period, one.detail) for one in fewer} < set(by_name)
    assert families(WHERE, town.GROUPS, 0) == ()
    assert len(families(WHERE, town.GROUPS, 2_000, Parameters(density=50))) < len(chosen)


@pytest.mark.parametrize(("yearly", "floor"), [(499, 0), (500, 500), (1_999, 1_000), (36_000, 20_000), (10**6, 50_000)])
def test_the_declared_class_gives_its_lower_end(yearly: int, floor: int) -> None:
    assert volume_floor(yearly) == floor


def test_staff_and_facts_without_a_point_never_enter() -> None:
    facts = town.facts(WHERE, 50, 1)
    facts.category[:10] = code_of(Category.AGP)
    facts.cell[10:15] = 0
    facts.kind[15:20] = "ville"
    assert cube(town.lattice(WHERE), facts).counts()[0, 0] <= 30
    assert len(cube(town.lattice(WHERE), facts).facts) == 30
    with pytest.raises(BadInput):
        Groups({"a": ("SAL", "AGP")})
    with pytest.raises(BadInput):
        Groups({"a": ("SAL",), "b": ("SAL", "DEG")})


def test_periods_close_with_their_last_month() -> None:
    part = Slots(2025, (1, 2, 3, 4), town.GROUPS)
    assert part.periods["quarter"] == ("2025-Q1",)
    assert part.periods["year"] == part.periods["weekday"] == part.periods["band"] == ()
    assert len(part.periods["month"]) == 4
    whole = Slots(2025, tuple(range(1, 13)), town.GROUPS)
    assert whole.periods["year"] == ("2025",)
    assert whole.periods["band"][-1] == "2025-H--"
    assert whole.family("band", "all").shape == (8, 1)  # the unknown band is a node of the audit, never published


def test_a_group_of_one_category_is_that_category() -> None:
    slots = Slots(2025, tuple(range(1, 13)), town.GROUPS)
    assert slots.column("2025", "group:proprete") == slots.column("2025", "category:SAL")
    assert len({(slot.period, slot.group) for slot in slots.columns}) == len(slots.columns)


def test_node_ids_name_each_published_node_once() -> None:
    lattice = town.lattice(WHERE)
    nodes = [lattice.node_id(row, column) for row, column in np.argwhere(lattice.published()).tolist()]
    assert len(nodes) > 1_000
    assert len(set(nodes)) == len(nodes)
    assert all(node.startswith("bailleur|") for node in nodes)


def test_parents_and_children_agree() -> None:
    lattice = town.lattice(WHERE)
    rng = np.random.default_rng(1)
    for row, column in rng.integers(0, lattice.shape, (40, 2)).tolist():
        for parent in lattice.parents(row, column):
            assert any((row, column) in part for part in lattice.children(*parent))
