from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core import grid
from geoservice.core.disclosure import atoms
from geoservice.core.disclosure.atoms import Source, build
from geoservice.core.disclosure.parameters import Parameters
from geoservice.errors import BadInput
from tests.core.disclosure.town import ground

CELLS = ground(3)


def _sources(seed: int, low: float, empty: float) -> list[Source]:
    rng = np.random.default_rng(seed)
    whole = np.where(rng.random(len(CELLS)) < empty, 0, rng.gamma(1, low, len(CELLS))).round()
    social = np.where(rng.random(len(CELLS)) < .7, 0, rng.integers(1, 40, len(CELLS)))
    return [Source("carreaux", CELLS, whole, True), Source("rpls", CELLS, social.astype(float), False)]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.sampled_from([1.0, 4.0, 15.0]), empty=st.sampled_from([0.0, .5, .97]))
def test_an_atom_holds_eleven_by_every_complete_source_or_nobody_in_any(seed: int, low: float, empty: float) -> None:
    sources = _sources(seed, low, empty)
    made = build("v", CELLS, sources)
    floor = sources[1].dwellings
    for atom in range(len(made.dwellings)):
        inside = made.atom == atom
        best = [np.maximum(source.dwellings, floor)[inside].sum() for source in sources if source.complete]
        nobody = all(source.dwellings[inside].sum() == 0 for source in sources)
        assert nobody or min(best) >= 11
    lost = made.atom < 0
    # cells without an atom are a last resort: all that is lived in within the territory is under eleven
    assert not lost.any() or np.maximum(sources[0].dwellings, floor).sum() < 11


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.sampled_from([1.0, 4.0]))
def test_a_bundle_is_of_siblings(seed: int, low: float) -> None:
    made = build("v", CELLS, _sources(seed, low, .3))
    for atom in range(len(made.dwellings)):
        cells = made.cells[made.atom == atom]
        shared = next(res for res in (10, 9, 8, 7) if len(np.unique(grid.parents(cells, res))) == 1)
        # one step under the shared ancestor, whole children or cells that are all of one child
        assert len(cells) == 1 or shared < 10


def test_the_smallest_siblings_are_joined_first() -> None:
    nine = grid.parents(CELLS, 9)
    family = CELLS[nine == nine[0]]
    dwellings = np.array([3.0, 4, 5, 20, 0, 90, 12])
    others = CELLS[nine != nine[0]]
    held = np.concatenate([dwellings, np.full(len(others), 50.0)])
    made = build("v", CELLS, [Source("s", np.concatenate([family, others]), held, True)])
    found = made.of(family)
    assert found[0] == found[1] == found[2]          # 3 + 4 + 5 = 12
    assert len(set(found.tolist())) == 5             # the others, the empty one too, stay as they are
    assert made.dwellings[found[0]] == 12


def test_a_parent_with_too_few_joins_its_smallest_sibling_whole() -> None:
    nine = grid.parents(CELLS, 9)
    dwellings = np.where(nine == nine[0], 0.0, 50.0)
    dwellings[0] = 4
    made = build("v", CELLS, [Source("s", CELLS, dwellings, True)])
    mates = np.unique(nine[made.atom == made.atom[0]])
    assert len(mates) == 2
    assert len(set(made.atom[np.isin(nine, mates)].tolist())) == 1
    assert len(np.unique(grid.parents(CELLS[made.atom == made.atom[0]], 8))) == 1


def test_empty_needs_every_source_to_say_so() -> None:
    nobody, some = np.zeros(len(CELLS)), np.full(len(CELLS), 30.0)
    made = build("v", CELLS, [Source("a", CELLS, nobody, True), Source("b", CELLS, some, True)])
    assert (made.atom == -1).all()  # the sources disagree: no cell is surely inhabited by eleven, none surely empty


def test_social_housing_alone_is_told_to_be_weaker() -> None:
    social = build("v", CELLS, [Source("rpls", CELLS, np.full(len(CELLS), 30.0), False)])
    assert social.weaker
    assert "plus faible" in social.warnings()[0]
    assert not build("v", CELLS, [Source("carreaux", CELLS, np.full(len(CELLS), 30.0), True)]).warnings()


def test_the_digest_is_of_the_table_and_facts_outside_have_no_atom() -> None:
    one, same = (build("v", cells, _sources(1, 8, .2)) for cells in (CELLS, CELLS[::-1]))
    assert one.digest == same.digest
    assert build("w", CELLS, _sources(1, 8, .2)).digest != one.digest
    assert build("v", CELLS, _sources(2, 8, .2)).digest != one.digest
    paris = grid.index(np.array([2.35]), np.array([48.85]))
    assert one.of(paris).tolist() == [-1]
    assert one.of(CELLS).tolist() == one.atom.tolist()


@pytest.mark.parametrize("change", [
    {"ground": grid.parents(CELLS, 9)}, {"ground": CELLS[:0]}, {"sources": []},
    {"sources": [Source("s", CELLS, np.full(len(CELLS), -1.0), True)]},
    {"sources": [Source("s", CELLS, np.full(len(CELLS), np.nan), True)]}])
def test_impossible_ground_or_sources_are_refused(change: dict) -> None:
    given_ = {"ground": CELLS, "sources": _sources(1, 5, .1)} | change
    with pytest.raises(BadInput):
        build("v", given_["ground"], given_["sources"])


def test_a_higher_bar_makes_fewer_atoms() -> None:
    sources = _sources(3, 6, .2)
    assert len(build("v", CELLS, sources, Parameters(dwellings=40)).dwellings) < len(build("v", CELLS, sources).dwellings)
    assert atoms.RESOLUTION == 10
