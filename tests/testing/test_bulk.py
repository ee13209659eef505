"""Bulk facts: stable, chunked, and written as they are."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import numpy as np

from geoservice import testing
from geoservice.testing.bulk import BLOCK, DAYS, FIRST_DAY, REGION
from geoservice.types import UNKNOWN_HOUR, Category, Place, member_of


def test_the_first_facts_do_not_depend_on_the_number():
    few, many = testing.facts(1_000, seed=3), testing.facts(BLOCK + 500, seed=3)
    assert len(many["lon"]) == BLOCK + 500
    for name in few:
        assert (few[name] == many[name][:1_000]).all()
    assert not (few["lon"] == testing.facts(1_000, seed=4)["lon"]).any()
    assert sum(len(b["day"]) for b in testing.fact_blocks(2 * BLOCK + 7, seed=3)) == 2 * BLOCK + 7
    assert len(testing.facts(0)["lon"]) == 0


def test_facts_are_valid_and_clustered():
    found = testing.facts(200_000)
    assert ((found["lon"] >= REGION.west) & (found["lon"] <= REGION.east)).all()
    assert ((found["lat"] >= REGION.south) & (found["lat"] <= REGION.north)).all()
    assert ((found["day"] >= FIRST_DAY) & (found["day"] < FIRST_DAY + DAYS)).all()
    assert ((found["hour"] < 24) | (found["hour"] == UNKNOWN_HOUR)).all()
    assert 0.13 < (found["hour"] == UNKNOWN_HOUR).mean() < 0.17
    categories = {member_of(Category, c) for c in np.unique(found["category"]).tolist()}
    assert Category.AGP not in categories
    assert len(categories) == 11
    square = np.floor(found["lon"] / 0.01).astype(int) * 100_000 + np.floor(found["lat"] / 0.01).astype(int)
    counts = np.unique(square, return_counts=True)[1]
    assert counts.var() / counts.mean() > 20
    share = np.sort(counts)[::-1][: 2_350].sum() / counts.sum()  # a tenth of the squares of 0.01°
    assert 0.6 < share < 0.9


def test_the_csv_holds_the_same_facts(tmp_path):
    path = testing.write_facts_csv(tmp_path / "facts.csv", 3_000, seed=2)
    found = testing.facts(3_000, seed=2)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert list(rows[0]) == ["id", "date", "heure", "categorie", "nature", "gravite", "lieu", "lon", "lat"]
    assert [r["id"] for r in rows] == [str(i) for i in range(1, 3_001)]
    for i in range(0, 3_000, 37):
        row = rows[i]
        assert row["date"] == (date(1970, 1, 1) + timedelta(days=int(found["day"][i]))).isoformat()
        assert (float(row["lon"]), float(row["lat"])) == (found["lon"][i], found["lat"][i])
        assert row["categorie"] == member_of(Category, int(found["category"][i]))
        assert row["lieu"] == (member_of(Place, int(found["place"][i])) or "")
        assert row["gravite"] == (str(found["gravity"][i]) if found["gravity"][i] else "")
        hour = int(found["hour"][i])
        assert row["heure"][:2] == ("" if hour == UNKNOWN_HOUR else f"{hour:02d}")
    again = testing.write_facts_csv(tmp_path / "again.csv", 3_000, seed=2)
    assert again.read_bytes() == path.read_bytes()
