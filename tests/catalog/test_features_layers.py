"""The contract of every layer folder that stores no facts: a declaration, a look, a sample that its own sources accept."""

import re
from pathlib import Path

import pytest

from geoservice.catalog import layers
from geoservice.catalog.intake.addresses import AddressIntake
from geoservice.catalog.intake.aggregates import AggregateIntake
from geoservice.catalog.intake.features import FeatureIntake
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import ADDRESS, AGGREGATE, FEATURE
from tests.catalog.test_features import TODAY

CATALOG = layers.load()
NAMES = [name for name, spec in CATALOG.layers.items() if spec.stores != "facts"]
INTAKES = {"features": (FeatureIntake, FEATURE), "aggregates": (AggregateIntake, AGGREGATE),
           "addresses": (AddressIntake, ADDRESS)}


def test_the_layers_of_this_part_are_all_there():
    assert set(NAMES) >= {"qpv", "patrimoine", "halls", "cameras", "batiments", "limites", "aggregates", "adresses", "eclairage"}


@pytest.mark.parametrize("name", NAMES)
def test_its_sample_is_recognised_and_accepted(name):
    sample, = Path(CATALOG.folders[name]).glob("sample.*")
    with open_table(sample, None) as table:
        source = CATALOG.recognise(name, table.columns)
    assert source is not None
    make, columns = INTAKES[CATALOG.layer(name).stores]
    intake, rows = make(source, TODAY), []
    with open_table(sample, source) as table:
        for batch in table.batches():
            taken = intake.take(batch)
            assert not taken.rejects
            rows += taken.rows
    assert len(rows) >= 2
    assert all(len(row) == len(columns) for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_whose_it_is_and_how_it_looks(name):
    spec = CATALOG.layer(name)
    assert spec.title
    assert spec.attribution
    assert spec.licence
    assert spec.minzoom <= spec.maxzoom
    assert set(spec.style) == {"legend", "layers"}
    for entry in spec.style["legend"]:
        assert entry["label"]
        assert re.fullmatch(r"#[0-9a-f]{6}", entry["color"])
    for layer in spec.style["layers"]:
        assert layer["type"] in ("line", "fill", "circle", "symbol")
        assert not {"id", "source", "source-layer"} & set(layer)
    assert bool(spec.style["layers"]) == (spec.geometry != "none")


def test_qpv_never_hide_the_data_under_a_fill():
    assert {layer["type"] for layer in CATALOG.layer("qpv").style["layers"]} == {"line", "symbol"}


@pytest.mark.parametrize("name", NAMES)
def test_every_source_is_distinct_and_licensed(name):
    sources = CATALOG.sources[name].values()
    assert sources
    for source in sources:
        assert source.licence or source.access == "organisation"
        columns = [accepted[0] for accepted in source.columns.values()]
        assert CATALOG.recognise(name, columns) == source, "its own first column names must be recognised as this source"
