"""One contract for every layer folder: it loads, it draws, its sources are recognised, its sample is read without a reject."""

from __future__ import annotations

import re
from datetime import date

import pytest

from geoservice.catalog.intake.addresses import AddressIntake
from geoservice.catalog.intake.aggregates import AggregateIntake
from geoservice.catalog.intake.facts import FactIntake
from geoservice.catalog.intake.features import FeatureIntake
from geoservice.catalog.layers import load, shipped_folder
from geoservice.catalog.readers import open_table
from geoservice.catalog.recognise import fold_name
from geoservice.catalog.rows import ADDRESS, AGGREGATE, FACT, FEATURE

CATALOG = load()
LAYERS = list(CATALOG.layers)
SOURCES = [(layer, source) for layer, sources in CATALOG.sources.items() for source in sources]
ROWS = {"facts": FACT, "features": FEATURE, "aggregates": AGGREGATE, "addresses": ADDRESS}
INTAKES = {"features": FeatureIntake, "aggregates": AggregateIntake, "addresses": AddressIntake}
DRAWN = {"point": {"circle", "symbol", "heatmap", "fill", "line"}, "line": {"line"},
         "polygon": {"fill", "line", "fill-extrusion", "symbol"}}
COLOUR = re.compile(r"^#[0-9a-f]{6}$")


def sample(layer):
    found = sorted(CATALOG.folders[layer].glob("sample.*"))
    assert len(found) == 1, f"layers/{layer} needs one sample file"
    return found[0]


def intake(layer, source):
    if CATALOG.layer(layer).stores == "facts":
        return FactIntake(source, date(2026, 1, 15), 1)
    return INTAKES[CATALOG.layer(layer).stores](source, date(2026, 1, 15))


def taken(layer):
    with open_table(sample(layer), None) as table:
        source = CATALOG.recognise(layer, table.columns)
    assert source is not None, f"the sample of {layer} is recognised by none of its sources"
    with open_table(sample(layer), source) as table:
        taker = intake(layer, source)
        parts = [taker.take(batch) for batch in table.batches()]
        return parts + list(taker.finish() if hasattr(taker, "finish") else ())


def test_every_folder_is_a_layer():
    folders = [f.name for f in shipped_folder().iterdir() if f.is_dir()]
    assert sorted(folders) == sorted(LAYERS)
    assert len(LAYERS) >= 8
    assert len(SOURCES) >= 15


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_says_what_people_read(layer):
    spec = CATALOG.layer(layer)
    assert spec.title
    assert spec.title[0].isupper()
    assert spec.attribution
    assert spec.licence
    assert spec.minzoom <= spec.maxzoom
    assert CATALOG.sources[layer], f"{layer} has no source"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_is_drawn_has_a_style_and_a_legend(layer):
    spec = CATALOG.layer(layer)
    drawn, legend = spec.style.get("layers", []), spec.style.get("legend", [])
    if spec.geometry == "none":
        assert drawn == []
        return
    assert drawn
    assert {part["type"] for part in drawn} <= DRAWN[spec.geometry]
    assert not {key for part in drawn for key in part} & {"id", "source", "source-layer"}
    assert legend
    assert all(entry["label"] and COLOUR.match(entry["color"].lower()) for entry in legend)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_sample_is_recognised_and_read(layer):
    parts = taken(layer)
    rows, names = [row for part in parts for row in part.rows], ROWS[CATALOG.layer(layer).stores]
    assert [r.sentence for part in parts for r in part.rejects] == []
    assert rows
    assert all(len(row) == len(names) for row in rows)


@pytest.mark.parametrize(("layer", "name"), SOURCES)
def test_a_source_declares_its_licence_and_access_and_can_be_recognised(layer, name):
    source = CATALOG.source(layer, name)
    assert source.title
    assert source.licence or source.access == "organisation"  # what is published is published under a licence
    assert source.access in ("open", "organisation")
    assert (source.kind is not None) == (CATALOG.layer(layer).stores == "facts")
    columns = list(dict.fromkeys(names[0] for names in source.columns.values() if names))
    assert set(source.bind(reversed(columns))) == set(source.bind([c.upper() for c in columns]))
    for field, names in source.columns.items():
        assert all(fold_name(n) for n in names), f"{layer}/{name}: {field} accepts an empty column name"


def test_a_column_of_facts_means_one_thing_but_for_nature():
    takers = [fields for name in CATALOG.sources["incidents"] for fields in _takers(CATALOG.source("incidents", name)).values()]
    assert len(takers) > 100
    assert [fields for fields in takers if len(fields) > 1] == [{"category", "nature"}]


def _takers(source):
    found = {}
    for field, names in source.columns.items():
        for name in names:
            found.setdefault(fold_name(name), set()).add(field)
    return found
