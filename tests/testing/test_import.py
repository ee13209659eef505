"""The written town goes through the real import, and every fact arrives as the town says."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from geoservice.catalog.layers import load
from geoservice.operations import accounts, credits
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.testing import demo
from geoservice.testing.factlist import UNKNOWN

COLUMNS = ("category, subcategory, nature, gravity, place, placement, lon, lat, day, minute, duration, complaint, cost_cents, "
           "residence, building, hall")
COMPLAINTS = {"": 0, "oui": 1, "non": 2}


@pytest.fixture(scope="module")
def loaded(town, tmp_path_factory):
    said: list[str] = []
    storage = demo.load_town(Settings(data=tmp_path_factory.mktemp("import") / "data"), town, said.append)
    yield storage, said
    storage.close()


def test_no_line_is_refused_and_every_file_is_read(loaded, town, tmp_path):
    files = town.write(tmp_path).imports()
    assert len(loaded[1]) == len(files) >= 20
    assert {file.layer for file in files} == set(load().layers)  # the demo shows every layer
    assert all(line.endswith(" 0 refusées") for line in loaded[1]), [x for x in loaded[1] if not x.endswith(" 0 refusées")]


def expected(facts, i):
    """The row that line i must become; AGP is coarsened to its residence."""
    value = {name: column[i].item() for name, column in facts.columns.items()}
    agp = value["category"] == "AGP"
    nowhere = agp or np.isnan(value["lon"])
    long = value["end_day"] != UNKNOWN
    return (value["category"], value["subcategory"], value["nature"], value["gravity"], value["place"],
            "residence" if agp else value["placement"], None if nowhere else value["lon"], None if nowhere else value["lat"],
            value["day"], None if value["minute"] == UNKNOWN else value["minute"],
            1440 - value["minute"] + value["end_minute"] if long else 0, COMPLAINTS[value["complaint"]],
            None if value["cost"] == UNKNOWN else value["cost"] * 100, value.get("residence", ""), value.get("building", ""),
            "" if agp else value.get("hall", ""))


@pytest.mark.parametrize("name", ["orvelle-habitat", "toit-valbrunois", "logis-des-peupliers", "ville-valbrune", "habitant",
                                  "transport"])
def test_every_fact_arrives_as_it_was_written(loaded, town, name):
    facts = town.facts[name]
    with loaded[0].read() as connection:
        found = connection.execute(text(f"SELECT key, {COLUMNS} FROM fact WHERE kind = :kind"), {"kind": facts.kind}).all()
    rows = {row[0]: row[1:] for row in found}
    assert len(rows) == sum(len(f) for f in town.facts.values() if f.kind == facts.kind)
    for i, key in enumerate(facts["id"].tolist()):
        category, sub, nature, gravity, place, placement, *middle, complaint, cost, residence, building, hall = rows[key]
        middle[-1] = middle[-1] or 0
        seen = (category, sub or "", nature or "", gravity or 0, place or "", placement, *middle, complaint, cost,
                residence or "", building or "", hall or "")
        wanted = expected(facts, i)
        said = facts["building"][i] if "building" in facts.columns else ""
        assert (*seen[:14], *seen[15:]) == (*wanted[:14], *wanted[15:]), key
        assert not said or seen[14] == said


def test_open_reports_arrive_with_their_category_and_nature(loaded, town):
    total = town.totals()["ville"]
    with loaded[0].read() as connection:
        for column, wanted in (("category", total.by_category), ("nature", total.by_nature)):
            query = text(f"SELECT {column}, count(*) FROM fact WHERE kind = 'ville' GROUP BY 1 ORDER BY 1")
            assert {code: count for code, count in connection.execute(query)} == wanted  # noqa: C416 - rows, not pairs


def test_published_counts_arrive_with_some_withheld(loaded):
    with loaded[0].read() as connection:
        rows = connection.execute(text("SELECT zone, withheld, count, denominator_unit FROM aggregate")).all()
    assert len(rows) == 24
    assert {zone for zone, *_ in rows} == {"99901", "99902"}
    assert all((count is None) == bool(withheld) for _, withheld, count, _ in rows)
    assert 3 <= sum(withheld for _, withheld, *_ in rows) < 12
    assert {unit for *_, unit in rows} == {"habitants", "logements"}


def test_nobody_is_credited_for_a_town_that_nobody_published(loaded):
    storage, catalog = loaded[0], load()
    reader = open_reader(storage, catalog, accounts.viewer_of_organisation(storage, "orvelle-habitat", "essai"))
    assert {credits.texts(reader, layer) for layer in catalog.layers} == {("Ville fictive", "données inventées")}
