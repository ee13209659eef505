"""What a plan is asked: one definition for bodies and addresses, and a sentence for what cannot be read."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.query import FactQuery
from geoservice.errors import BadInput
from geoservice.operations import sitingasked, sitingwish
from geoservice.operations.sitingasked import Asked, of_texts, parameters, to_texts, wishes
from geoservice.operations.sitingground import LENSES, OPERATORS, PURPOSES
from geoservice.types import Kind
from geoservice.web.routes import decidepage
from geoservice.web.routes.siting import Wish
from tests.markdown import ROOT

QUERY = FactQuery(Kind.BAILLEUR)
DEGREES = st.tuples(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000)).map(
    lambda pair: (round(pair[0] / 1e7, 7), round(pair[1] / 1e7, 7)))


def test_bodies_addresses_and_plans_have_the_same_fields() -> None:
    names = {each.name for each in fields(Asked)} - {"query"}
    assert set(Wish.model_fields) == names | {"filter"}
    assert set(wishes()) == names
    assert len(parameters()) == len(names) == len(set(parameters()))
    assert set(decidepage.NAMES) == set(parameters()) | set(sitingasked.FILTER) | {sitingwish.SPOTS}
    usual = Wish()
    assert Asked(QUERY, **{name: getattr(usual, name) for name in names}) == Asked(QUERY) == of_texts(QUERY, {})


def test_the_table_of_the_contract_names_every_field() -> None:
    told = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8").partition("**Fields of a plan of cameras**")[2]
    assert re.findall(r"^\| `(\w+)` \| `(\w+)=", told, re.MULTILINE) == list(zip(wishes(), parameters(), strict=True))


def triangle(corner: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    lon, lat = min(corner[0], 179.0), min(corner[1], 89.0)
    return (lon, lat), (round(lon + 0.5, 7), lat), (lon, round(lat + 0.5, 7))


@settings(max_examples=100, deadline=None)
@given(st.builds(
    Asked, st.just(QUERY), cameras=st.none() | st.integers(1, 30),
    budget=st.none() | st.integers(1_000, 99_999).map(float), lens=st.sampled_from(list(LENSES)),
    purpose=st.sampled_from(list(PURPOSES)),
    operator=st.sampled_from(list(OPERATORS)), least=st.integers(0, 100).map(lambda n: n / 100), masked=st.booleans(),
    backup=st.integers(0, 100).map(lambda n: n / 100), existing=st.sampled_from(list(sitingasked.EXISTING)),
    night_m=st.none() | st.integers(5, 100).map(float),
    height_m=st.integers(4, 60).map(lambda n: n / 2), sites=st.sampled_from(list(sitingasked.SITES)),
    points=st.lists(DEGREES, max_size=4).map(tuple), forbidden=st.lists(DEGREES.map(triangle), max_size=3).map(tuple)))
def test_an_address_says_a_plan_and_is_read_back(asked: Asked) -> None:
    texts = to_texts(asked)
    assert set(texts) <= set(parameters())
    assert of_texts(QUERY, texts) == asked


@pytest.mark.parametrize(("wrong", "told"), [
    ({"backup": "120"}, "0 à 100 %"), ({"existing": "1"}, "« existing »"), ({"night_m": "2"}, "5 à 100 m"),
    ({"budget": "10"}, "1 000 à 1 000 000"), ({"budget": "nan"}, "1 000 à"),
    ({"cameras": "x"}, "nombre entier"), ({"cameras": "2.5"}, "nombre entier"), ({"height_m": "haut"}, "attend un nombre"),
    ({"height_m": "nan"}, "de 2 à 30 m"), ({"least": "101"}, "0 à 100 %"), ({"masks": "oui"}, "0, 1"),
    ({"sites": "toits"}, "« sites »"), ({"points": "2.35"}, "lon,lat;lon,lat"), ({"points": "2.35,nord"}, "longitude d’abord"),
    ({"points": "2.35,inf"}, "longitude d’abord"),
    ({"points": "48.9,2.4;200,48"}, "longitude d’abord"), ({"points": ";".join(["2.4,48.9"] * 61)}, "au plus 60"),
    ({"forbidden": "2.4,48.9 2.5,48.9"}, "trois sommets"), ({"forbidden": "0,0 1,1 1,0 0,1"}, "se croise"),
    ({"forbidden": ";".join(["0,0 1,0 1,1"] * 21)}, "au plus 20"),
    ({"forbidden": " ".join(f"{n / 1000},{n * n / 1e6}" for n in range(201))}, "200 sommets")])
def test_what_cannot_be_read_is_a_sentence(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        of_texts(QUERY, wrong)
